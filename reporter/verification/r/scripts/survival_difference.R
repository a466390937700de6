# S(t) of each level less that of the first, and tests on the complementary log-log scale (Klein et al. 2007).
cloglog_test <- function(estimate, error) {
  df <- length(estimate) - 1
  usable <- is.finite(error) & error > 0 & is.finite(estimate) & estimate > 0 & estimate < 1
  if (!all(usable)) return(chi_square("", NA, df))
  scale <- log(-log(estimate))
  variance <- (error / (estimate * log(estimate)))^2
  contrasts <- cbind(-1, diag(df))
  difference <- contrasts %*% scale
  chi_square("", sum(difference * solve(contrasts %*% diag(variance) %*% t(contrasts), difference)), df)
}

check_survival_difference <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  parts <- split_levels(frame, options$group)
  z <- normal_quantile(options$conf_level)
  rows <- list()
  if (length(parts) < 2) return(result())
  for (horizon in options$horizons) {
    found <- vapply(parts, function(part) {
      data <- frame[part$rows, , drop = FALSE]
      if (horizon > max(data$.time)) return(c(NA, NA))
      fit <- summary(survfit(surv_of(data) ~ 1), times = horizon, extend = TRUE)
      c(fit$surv, fit$std.err)
    }, c(0, 0))
    at <- function(level = "", term = "") place(cohort, endpoint, "survival_difference", options$group, level, term, horizon)
    rows[[length(rows) + 1]] <- numbers(at(), cloglog_test(found[1, ], found[2, ]))
    for (j in seq_along(parts)[-1]) {
      difference <- found[1, j] - found[1, 1]
      error <- sqrt(found[2, 1]^2 + found[2, j]^2)
      values <- c(estimate = difference, std_error = error, conf_low = difference - z * error, conf_high = difference + z * error)
      where <- at(parts[[j]]$level, level_term(options$group, parts[[1]]$level))
      rows[[length(rows) + 1]] <- numbers(where, c(values, cloglog_test(found[1, c(1, j)], found[2, c(1, j)])))
    }
  }
  result(rows)
}

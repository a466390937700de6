# Restricted mean survival: summary(survfit, rmean = tau); differences from the first level with limits estimate -/+ z SE.
check_rmst <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  z <- normal_quantile(options$conf_level)
  with_limits <- function(estimate, error) c(estimate = estimate, std_error = error, conf_low = estimate - z * error,
                                             conf_high = estimate + z * error)
  rows <- list()
  first <- NULL
  for (part in split_levels(frame, options$group)) {
    data <- frame[part$rows, , drop = FALSE]
    fit <- survfit(surv_of(data) ~ 1)
    found <- if (options$tau > max(fit$time) && min(fit$surv) > 0) c(NA, NA)
      else if (options$tau < min(fit$time)) c(options$tau, 0)  # summary stops there, though nobody has died
      else unname(summary(fit, rmean = options$tau)$table[c("rmean", "se(rmean)")])
    here <- place(cohort, endpoint, "rmst", options$group, part$level, time = options$tau)
    rows[[length(rows) + 1]] <- numbers(here, c(n = nrow(data), with_limits(found[1], found[2])))
    if (is.null(first)) {
      first <- list(level = part$level, found = found)
      next
    }
    difference <- found[1] - first$found[1]
    error <- sqrt(found[2]^2 + first$found[2]^2)
    test <- if (is.na(error) || error == 0) NA else (difference / error)^2
    here <- place(cohort, endpoint, "rmst_difference", options$group, part$level, level_term(options$group, first$level),
                  options$tau)
    rows[[length(rows) + 1]] <- numbers(here, c(with_limits(difference, error), chi_square("", test, 1)))
  }
  result(rows)
}

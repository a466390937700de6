# Log-rank test: survdiff(rho = 0); with entry times, which survdiff does not take, the sums over the risk sets.

# Deaths and numbers at risk (entry < t <= time) of each group, a row an event time; `.group` is a factor.
risk_table <- function(frame) {
  times <- sort(unique(frame$.time[frame$.event]))
  below <- function(values, t) findInterval(t, sort(values), left.open = TRUE)
  by_group <- function(count) {
    of_level <- function(level) count(frame[frame$.group == level, , drop = FALSE])
    found <- vapply(levels(frame$.group), of_level, numeric(length(times)))
    matrix(found, nrow = length(times), ncol = nlevels(frame$.group))
  }
  list(times = times,
       deaths = by_group(function(own) tabulate(match(own$.time[own$.event], times), length(times)) + 0),
       at_risk = by_group(function(own) {
         entered <- if (is.null(own$.entry)) nrow(own) else below(own$.entry, times)
         entered - below(own$.time, times)
       }))
}

# Sums of w d, w d n_j / n, and of w^2 times the hypergeometric covariance.
rank_sums <- function(table, w) {
  k <- ncol(table$deaths)
  d <- rowSums(table$deaths)
  n <- rowSums(table$at_risk)
  covariance <- matrix(0, k, k)
  for (i in seq_along(table$times)) {
    if (n[i] < 2) next
    p <- table$at_risk[i, ] / n[i]
    covariance <- covariance + w[i]^2 * d[i] * (n[i] - d[i]) / (n[i] - 1) * (diag(p, k) - outer(p, p))
  }
  list(obs = colSums(w * table$deaths), exp = colSums(w * d * table$at_risk / n), var = covariance)
}

quadratic_form <- function(found) {
  used <- which(found$exp > 0)[-1]
  if (!length(used)) return(c(NA, 0))
  v <- found$var[used, used, drop = FALSE]
  if (qr(v)$rank < length(used)) return(c(NA, length(used)))
  difference <- (found$obs - found$exp)[used]
  c(sum(difference * solve(v, difference)), length(used))
}

# survdiff stops where the variance of O - E is singular: then there are observed and expected numbers and no test.
log_rank_of <- function(frame, rho) {
  if (!is.null(frame$.entry)) {
    table <- risk_table(frame)
    found <- rank_sums(table, rep(1, length(table$times)))
    found$chisq <- quadratic_form(found)[1]
    return(found)
  }
  tryCatch(survdiff(Surv(.time, .event) ~ .group, data = frame, rho = rho), error = function(said) {
    if (!grepl("singular", conditionMessage(said), fixed = TRUE)) stop(said)
    at_risk <- table(factor(frame$.time), frame$.group)
    at_risk <- apply(at_risk[rev(seq_len(nrow(at_risk))), , drop = FALSE], 2, cumsum)
    at_risk <- matrix(at_risk, ncol = nlevels(frame$.group))[rev(seq_len(nlevels(factor(frame$.time)))), , drop = FALSE]
    deaths <- as.vector(tapply(frame$.event, factor(frame$.time), sum))
    list(chisq = NA, obs = as.vector(tapply(frame$.event, frame$.group, sum)),
         exp = colSums(deaths * at_risk / rowSums(at_risk)))
  })
}

check_log_rank <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  frame$.group <- droplevels(frame[[options$group]])
  frame <- frame[!is.na(frame$.group), , drop = FALSE]
  present <- levels(frame$.group)
  if (length(present) < 2) {
    test <- c(statistic = NA, df = 0, p_value = NA, log_p_value = NA)
    observed <- sum(frame$.event)
    expected <- observed
  } else {
    found <- log_rank_of(frame, options$rho)
    df <- max(sum(found$exp > 0) - 1, 0)
    test <- chi_square("", if (df) found$chisq else NA, df)
    observed <- found$obs
    expected <- found$exp
  }
  # The outcome helped to form the groups: no test.
  if (isTRUE(nzchar(options$withheld))) test[c("statistic", "p_value", "log_p_value")] <- NA
  rows <- list(numbers(place(cohort, endpoint, "log_rank", options$group), test))
  for (i in seq_along(present)) {
    values <- c(n = sum(frame$.group == present[i]), observed = observed[i], expected = expected[i])
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "log_rank", options$group, present[i]), values)
  }
  result(rows)
}

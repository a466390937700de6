# Log-rank test: survdiff(rho = 0).

# survdiff stops where the variance of O - E is singular: then there are observed and expected numbers and no test.
log_rank_of <- function(frame, rho) {
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
  rows <- list(numbers(place(cohort, endpoint, "log_rank", options$group), test))
  for (i in seq_along(present)) {
    values <- c(n = sum(frame$.group == present[i]), observed = observed[i], expected = expected[i])
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "log_rank", options$group, present[i]), values)
  }
  result(rows)
}

# Log-rank test: survdiff(rho = 0).
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
    found <- survdiff(Surv(.time, .event) ~ .group, data = frame, rho = options$rho)
    test <- chi_square("", found$chisq, sum(found$exp > 0) - 1)
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

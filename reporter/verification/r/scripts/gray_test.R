# Gray's test (Ann Stat 1988;16:1141) by its formula, one event time after the other; the package cmprsk, where it is
# installed, is called too and must give the same statistic.
gray_parts <- function(time, cause, group, k) {
  levels_of <- seq_len(nlevels(group))
  n_groups <- length(levels_of)
  code <- as.integer(group)
  survival <- rep(1, n_groups)
  incidence <- rep(0, n_groups)
  pooled <- 0
  steps <- list()
  running <- matrix(0, n_groups, n_groups)
  expected <- rep(0, n_groups)
  for (t in sort(unique(time[cause > 0]))) {
    y <- vapply(levels_of, function(i) sum(time >= t & code == i), 0)
    d1 <- vapply(levels_of, function(i) sum(time == t & code == i & cause == k), 0)
    d2 <- vapply(levels_of, function(i) sum(time == t & code == i & cause > 0 & cause != k), 0)
    on <- y > 0
    weight <- ifelse(on, y / survival, 0)
    total <- sum(weight)
    subdistribution <- weight * (1 - incidence)
    expected <- expected + sum(d1) * subdistribution / sum(subdistribution)
    derivative <- diag(weight, n_groups) - outer(weight, weight) / total
    # By the pooled estimate nobody may be left: then there is no hazard any more.
    if (1 - pooled > 1e-9) running <- running + derivative * sum(d1) / (total * (1 - pooled))
    after <- ifelse(on, survival * (1 - (d1 + d2) / pmax(y, 1)), survival)
    pooled_after <- pooled + sum(d1) / total
    free <- if (1 - pooled_after > 1e-9) 1 - pooled_after else 0
    ratio <- ifelse(after > 0, free / after, 0)
    own_factor <- ifelse(after > 0, 1 - ratio, 1)
    own_ties <- if (sum(d1) > 1) 1 - (sum(d1) - 1) / (total * survival - 1) else 1
    own <- ifelse(on, own_ties * survival * sum(d1) / (total * pmax(y, 1)), 0)
    other_ties <- ifelse(d2 > 1, 1 - (d2 - 1) / (y - 1), 1)
    other <- ifelse(on & after > 0, other_ties * survival^2 * d2 / pmax(y, 1)^2, 0)
    steps[[length(steps) + 1]] <- list(a = derivative, c = running, own = own, own_factor = own_factor, other = other, ratio = ratio)
    incidence <- incidence + ifelse(on, survival * d1 / pmax(y, 1), 0)
    survival <- after
    pooled <- pooled_after
  }
  variance <- matrix(0, n_groups, n_groups)
  for (step in steps) {
    left <- running - step$c
    first <- step$a + sweep(left, 2, step$own_factor, "*")
    second <- sweep(left, 2, step$ratio, "*")
    variance <- variance + first %*% (step$own * t(first)) + second %*% (step$other * t(second))
  }
  list(expected = expected, variance = variance)
}

check_gray_test <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  if (!is.null(frame$.entry)) stop("Gray's test is not defined here with entry times")
  frame$.group <- droplevels(frame[[options$group]])
  frame <- frame[!is.na(frame$.group), , drop = FALSE]
  present <- levels(frame$.group)
  rows <- list()
  for (k in seq_along(options$causes)) {
    term <- encode_level(options$causes[k])
    found <- gray_parts(frame$.time, frame$.cause, frame$.group, k)
    observed <- vapply(present, function(level) sum(frame$.cause == k & frame$.group == level), 0)
    keep <- which(found$expected > 0)[-1]
    statistic <- NA
    if (length(keep)) {
      block <- found$variance[keep, keep, drop = FALSE]
      difference <- (observed - found$expected)[keep]
      if (qr(block, tol = 1e-12)$rank == length(keep)) statistic <- sum(difference * solve(block, difference, tol = 0))
    }
    test <- chi_square("", statistic, length(keep))
    # The outcome helped to form the groups: no test.
    if (isTRUE(nzchar(options$withheld))) test[c("statistic", "p_value", "log_p_value")] <- NA
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "gray_test", options$group, term = term), test)
    for (i in seq_along(present)) {
      values <- c(n = sum(frame$.group == present[i]), observed = observed[[i]], expected = found$expected[i])
      rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "gray_test", options$group, present[i], term), values)
    }
    agrees_with_cmprsk(frame, k, statistic, length(keep), length(present))
  }
  result(rows)
}

# Stops when cmprsk is installed and gives another statistic for the same groups.
agrees_with_cmprsk <- function(frame, k, statistic, df, n_groups) {
  if (is.na(statistic) || df != n_groups - 1 || !requireNamespace("cmprsk", quietly = TRUE)) return(invisible())
  # cmprsk itself stops on some samples of a few patients.
  test <- tryCatch(cmprsk::cuminc(frame$.time, frame$.cause, frame$.group, cencode = 0)$Tests, error = function(e) NULL)
  if (is.null(test)) return(invisible())
  other <- test[rownames(test) == as.character(k), "stat"]
  if (length(other) && is.finite(other) && abs(other - statistic) > 1e-6 * max(1, statistic)) {
    stop("cmprsk gives another statistic: ", format(other, digits = 10))
  }
}

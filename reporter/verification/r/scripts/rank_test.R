# Weighted, stratified and trend tests. survdiff has weights S(t-)^rho and strata; the others, and all with entry times, are
# sums over the risk sets (risk_table and rank_sums of log_rank.R).
rank_weights <- function(test, table) {
  d <- rowSums(table$deaths)
  n <- rowSums(table$at_risk)
  after <- cumprod(1 - d / n)
  before <- c(1, after)[seq_along(after)]
  switch(test$name, gehan = n, tarone_ware = sqrt(n), peto_peto = cumprod(1 - d / (n + 1)),
         fleming_harrington = before^test$rho * (1 - before)^test$gamma, rep(1, length(n)))
}

stratified_sums <- function(test, frame, stratum) {
  total <- list(obs = 0, exp = 0, var = 0)
  for (data in split(frame, stratum, drop = TRUE)) {
    table <- risk_table(data)
    found <- rank_sums(table, rank_weights(test, table))
    for (name in names(total)) total[[name]] <- total[[name]] + found[[name]]
  }
  total
}

trend_of <- function(sums, scores) {
  variance <- sum(scores * (sums$var %*% scores))
  if (variance <= 1e-12 * sum((scores - mean(scores))^2) * sum(diag(sums$var))) return(NA)
  sum(scores * (sums$obs - sums$exp))^2 / variance
}

# NULL where survdiff has no such weight, or stops because the variance is singular.
by_survdiff <- function(test, frame, stratum) {
  known <- test$name == "log_rank" || (test$name == "fleming_harrington" && test$gamma == 0)
  present <- length(unique(frame$.group))
  if (!known || !is.null(frame$.entry) || present < 2) return(NULL)
  data <- data.frame(.time = frame$.time, .event = frame$.event, .group = droplevels(frame$.group), .stratum = stratum)
  found <- tryCatch(if (nlevels(stratum) > 1) {
    survdiff(Surv(.time, .event) ~ .group + strata(.stratum), data = data, rho = test$rho)
  } else {
    survdiff(Surv(.time, .event) ~ .group, data = data, rho = test$rho)
  }, error = function(said) NULL)
  if (is.null(found)) return(NULL)
  df <- max(sum(rowSums(as.matrix(found$exp)) > 0) - 1, 0)
  c(if (df) found$chisq else NA, df)
}

check_rank_test <- function(frames, cohort, endpoint, options) {
  whole <- frame_of(frames, cohort, endpoint)
  rows <- list()
  for (test in options$tests) {
    frame <- whole[complete.cases(whole[c(options$group, test$strata)]), , drop = FALSE]
    frame$.group <- frame[[options$group]]
    stratum <- if (length(test$strata)) interaction(frame[test$strata], drop = TRUE) else factor(rep(1, nrow(frame)))
    found <- by_survdiff(test, frame, stratum)
    if (is.null(found)) {
      sums <- stratified_sums(test, frame, stratum)
      found <- if (!nrow(frame)) c(NA, 0) else if (test$name == "trend") c(trend_of(sums, test$scores), 1) else quadratic_form(sums)
    }
    name <- test$name
    if (name == "fleming_harrington") name <- paste(name, format(test$rho, digits = 6), format(test$gamma, digits = 6), sep = "_")
    if (length(test$strata)) name <- paste0(name, "_stratified")
    here <- place(cohort, endpoint, "rank_test", options$group, term = name)
    rows[[length(rows) + 1]] <- numbers(here, c(n = nrow(frame), chi_square("", found[1], found[2])))
  }
  result(rows)
}

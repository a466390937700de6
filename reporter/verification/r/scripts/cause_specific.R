# Cox model of one competing cause, all other events censored: the check of a Cox model on that status.
check_cause_specific <- function(frames, cohort, endpoint, options) {
  key <- paste(cohort, endpoint, sep = "/")
  frames[[key]]$.event <- frames[[key]]$.cause == options$cause
  frames[[key]]$.cause <- NULL
  options$analysis <- "cox_multivariable"
  rows <- check_cox(frames, cohort, endpoint, options)$rows
  named <- c(cox_multivariable = "cox_cause_specific", cox_model = "cox_cause_specific_model")
  kept <- lapply(names(named), function(name) {
    before <- paste0(key, "/", name, "/")
    part <- rows[startsWith(rows$address, before), , drop = FALSE]
    now <- place(cohort, endpoint, named[[name]], "cause", options$cause_name)
    part$address <- paste0(now, "/", substring(part$address, nchar(before) + 1))
    part
  })
  result(kept)
}

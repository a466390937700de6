# Predicted survival of single patients, with limits: survfit.coxph on the model fitted to the development cohort. NA where
# R prints NA; before the first time of the cohort survival is 1 without limits, past its last there is none.
check_patient <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  fit <- fit_terms(model_data(frame_of(frames, cohort, endpoint), terms), terms, options$ties, options)
  patients <- frame_of(frames, "patients", endpoint)
  newdata <- term_frame(patients, terms)
  found <- survfit(fit, newdata = newdata, stype = 2, ctype = if (options$ties == "efron") 2 else 1,
                   conf.type = options$conf_type, conf.int = options$conf_level)
  found <- of_each_patient(found)
  index <- findInterval(options$times * (1 + 1e-12), found$time)
  past <- options$times > max(found$time) * (1 + 1e-12)
  at <- function(part, before, i) ifelse(past, NA, c(before, as.matrix(part)[, i])[index + 1])
  curves <- list()
  for (i in seq_len(nrow(newdata))) {
    columns <- list(survival = at(found$surv, 1, i), conf_low = at(found$lower, NA, i), conf_high = at(found$upper, NA, i))
    for (stat in names(columns)) {
      curves[[length(curves) + 1]] <- curve_column(paste0("patient/", i), stat, options$times, columns[[stat]])
    }
  }
  result(curves = curves)
}

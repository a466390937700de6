# Predicted survival of single patients, with limits: survfit.coxph on the model fitted to the development cohort. NA where
# R prints NA; before the first time of the cohort survival is 1 without limits, past its last there is none.
check_patient <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  fit <- fit_terms(model_data(frame_of(frames, cohort, endpoint), terms), terms, options$ties, options)
  patients <- frame_of(frames, "patients", endpoint)
  newdata <- term_frame(patients, terms)
  found <- survfit(fit, newdata = newdata, stype = 2, ctype = if (options$ties == "efron") 2 else 1,
                   conf.type = options$conf_type, conf.int = options$conf_level)
  # Not found$surv, exp(-H0)^risk, which is 0 or 1 where the baseline at the centre under- or overflows and the patient's not.
  survival <- exp(-as.matrix(found$cumhaz))
  limits <- getFromNamespace("survfit_confint", "survival")(survival, as.matrix(found$std.err), TRUE, options$conf_type, options$conf_level)
  index <- findInterval(options$times * (1 + 1e-12), found$time)
  past <- options$times > max(found$time) * (1 + 1e-12)
  at <- function(part, before, i) ifelse(past, NA, c(before, as.matrix(part)[, i])[index + 1])
  curves <- list()
  for (i in seq_len(nrow(newdata))) {
    columns <- list(survival = at(survival, 1, i), conf_low = at(limits$lower, NA, i), conf_high = at(limits$upper, NA, i))
    for (stat in names(columns)) {
      curves[[length(curves) + 1]] <- curve_column(paste0("patient/", i), stat, options$times, columns[[stat]])
    }
  }
  result(curves = curves)
}

# The model fitted on the development cohort, frozen, on the validation cohort.
check_validation <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  fit <- fit_terms(model_data(frame_of(frames, "development", endpoint), terms), terms, options$ties)
  data <- model_data(frame_of(frames, cohort, endpoint), terms)
  data$.lp <- predict(fit, newdata = data, type = "lp")
  z <- normal_quantile(options$conf_level)
  limits <- function(found) {
    error <- sqrt(found$var)
    values <- c(found$concordance, error, found$concordance - z * error, found$concordance + z * error)
    setNames(values, c("harrell_c", "harrell_c_std_error", "harrell_c_conf_low", "harrell_c_conf_high"))
  }
  at <- function(analysis, time = NULL) place(cohort, endpoint, analysis, term = "cox", time = time)
  whole <- concordance(Surv(.time, .event) ~ .lp, data = data, reverse = TRUE)
  rows <- list(numbers(at("performance"), c(n = nrow(data), n_event = sum(data$.event), limits(whole))))
  last <- max(options$horizons)
  early <- concordance(Surv(.time, .event) ~ .lp, data = data, reverse = TRUE, ymax = last)
  rows[[2]] <- numbers(at("performance", last), limits(early))
  slope <- coxph(Surv(.time, .event) ~ .lp, data = data, ties = options$ties, control = tight_control)
  b <- unname(coef(slope))
  s <- sqrt(vcov(slope)[1, 1])
  rows[[3]] <- numbers(at("calibration"), c(calibration_slope = b, calibration_slope_std_error = s,
    calibration_slope_conf_low = b - z * s, calibration_slope_conf_high = b + z * s))
  fitted_curves <- survfit(fit, newdata = data, se.fit = FALSE, stype = 2, ctype = if (options$ties == "efron") 2 else 1)
  observed_curve <- survfit(Surv(.time, .event) ~ 1, data = data, conf.type = "log-log", conf.int = options$conf_level)
  risk_at <- function(time) 1 - as.numeric(summary(fitted_curves, times = time)$surv)
  for (time in options$horizons) {
    found <- summary(observed_curve, times = time)
    observed <- 1 - found$surv
    predicted <- mean(risk_at(time))
    ratio <- observed / predicted
    spread <- z * found$std.err / observed
    rows[[length(rows) + 1]] <- numbers(at("calibration", time), c(n_risk = sum(data$.time >= time), observed = observed,
      predicted = predicted, oe_ratio = ratio, oe_ratio_conf_low = ratio * exp(-spread), oe_ratio_conf_high = ratio * exp(spread)))
  }
  risk <- risk_at(last)
  # Ranks on the linear predictor, of which the risk is a monotone function.
  tenth <- pmin(10, pmax(1, ceiling(10 * rank(data$.lp, ties.method = "average") / nrow(data))))
  for (level in sort(unique(tenth))) {
    part <- data[tenth == level, , drop = FALSE]
    curve <- survfit(Surv(.time, .event) ~ 1, data = part, conf.type = "log-log", conf.int = options$conf_level)
    found <- summary(curve, times = last, extend = TRUE)
    values <- c(observed = 1 - found$surv, conf_low = 1 - found$upper, conf_high = 1 - found$lower)
    if (last > max(part$.time)) values[] <- NA
    where <- place(cohort, endpoint, "calibration_group", "predicted_risk", as.character(level), time = last)
    rows[[length(rows) + 1]] <- numbers(where, c(n = nrow(part), predicted = mean(risk[tenth == level]), values))
  }
  result(rows)
}

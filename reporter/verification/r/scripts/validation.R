# The model fitted on the development cohort, frozen, on the validation cohort.
check_validation <- function(frames, cohort, endpoint, options) {
  for (name in c("development", cohort)) {
    if (!is.null(frame_of(frames, name, endpoint)$.cause)) stop("with competing events the risk needs a model of every cause")
  }
  terms <- options$terms
  for (key in c("strata", "cluster", "weights", "offset")) if (any(nzchar(options[[key]]))) stop("not offered with ", key)
  if (options$ties == "exact") stop("not offered with exact ties")
  for (name in c("development", cohort)) if (".entry" %in% names(frame_of(frames, name, endpoint))) stop("not offered with entry times")
  development <- model_data(frame_of(frames, "development", endpoint), terms)
  fit <- fit_terms(development, terms, options$ties, options)
  if (any(fit$infinite) || !fit$converged) stop("a hazard ratio of the model runs to infinity")
  data <- model_data(frame_of(frames, cohort, endpoint), terms)
  data$.lp <- predict(fit, newdata = data, type = "lp")
  if (diff(range(data$.lp)) <= 1e-11 * max(1, abs(data$.lp))) data$.lp <- mean(data$.lp)
  z <- normal_quantile(options$conf_level)
  at <- function(analysis, time = NULL) place(cohort, endpoint, analysis, term = "cox", time = time)
  ranked <- data
  ranked$.lp <- equal_but_for_rounding(data$.lp)
  discrimination <- function(ymax, tau) {
    found <- if (is.null(ymax)) concordance(Surv(.time, .event) ~ .lp, data = ranked, reverse = TRUE)
             else concordance(Surv(.time, .event) ~ .lp, data = ranked, reverse = TRUE, ymax = ymax)
    error <- sqrt(found$var)
    values <- c(found$concordance, error, found$concordance - z * error, found$concordance + z * error, tau)
    setNames(values, c("harrell_c", "harrell_c_std_error", "harrell_c_conf_low", "harrell_c_conf_high", "tau"))
  }
  whole_tau <- if (any(data$.event)) max(data$.time[data$.event]) else NA
  n_all <- nrow(frame_of(frames, cohort, endpoint))
  counts <- c(n = nrow(data), n_event = sum(data$.event), n_missing = n_all - nrow(data))
  uno <- uno_values(ranked, frame_of(frames, cohort, endpoint), options, max(c(options$horizons, if (!length(options$horizons)) whole_tau)), z)
  rows <- list(numbers(at("performance"), c(counts, discrimination(NULL, whole_tau), if (!length(options$horizons)) uno)))
  rows[[2]] <- numbers(at("calibration"), calibration_slope(data, options$ties, z))
  if (!length(options$horizons)) return(result(rows))
  last <- max(options$horizons)
  rows[[3]] <- numbers(at("performance", last), c(discrimination(last, last), uno))
  fitted_curves <- survfit(fit, newdata = data, se.fit = FALSE, stype = 2, ctype = if (options$ties == "efron") 2 else 1)
  known <- options$horizons[options$horizons <= max(development$.time)]
  # One summary for all horizons: with a curve a patient it is the slow part. Rows are horizons. Not its surv: that is
  # exp(-H0)^risk, 0 or 1 where the baseline at the centre of the covariates under- or overflows and a patient's own does not.
  risks <- if (length(known)) -expm1(-matrix(summary(fitted_curves, times = known, extend = TRUE)$cumhaz, nrow = length(known)))
  risk_at <- function(time) if (time %in% known) risks[match(time, known), ] else rep(NA_real_, nrow(data))
  for (time in options$horizons) {
    found <- observed_at(data, time, options$conf_level)
    predicted <- mean(risk_at(time))
    ratio <- if (!is.na(predicted) && predicted > 0) found[["observed"]] / predicted else NA
    spread <- if (!is.na(found[["observed"]]) && found[["observed"]] > 0) z * found[["std_error"]] / found[["observed"]] else NA
    rows[[length(rows) + 1]] <- numbers(at("calibration", time), c(n_risk = sum(data$.time >= time), found["observed"],
      predicted = predicted, oe_ratio = ratio, oe_ratio_conf_low = ratio * exp(-spread), oe_ratio_conf_high = ratio * exp(spread)))
  }
  result(c(rows, by_predicted_risk(data, risk_at(last), options, function(level) {
    place(cohort, endpoint, "calibration_group", "predicted_risk", level, time = last)
  })))
}

# Cox model of the outcome on the frozen linear predictor alone; nothing to estimate without events or with one value.
calibration_slope <- function(data, ties, z) {
  b <- s <- NA
  slope <- tryCatch(fit_cox(Surv(.time, .event) ~ .lp, data, ties), error = function(said) {
    if (!grepl("no events|nothing to estimate", conditionMessage(said))) stop(said)
    NULL
  })
  if (!is.null(slope)) {
    if (slope$converged && slope$identified && !slope$infinite) {
      b <- unname(coef(slope))
      s <- sqrt(vcov(slope)[1, 1])
    }
  }
  c(calibration_slope = b, calibration_slope_std_error = s, calibration_slope_conf_low = b - z * s,
    calibration_slope_conf_high = b + z * s)
}

# Kaplan-Meier risk at a time with its limits; NA past the last follow-up.
observed_at <- function(data, time, conf_level) {
  if (time > max(data$.time)) return(c(observed = NA, std_error = NA, conf_low = NA, conf_high = NA))
  curve <- survfit(Surv(.time, .event) ~ 1, data = data, conf.type = "log-log", conf.int = conf_level)
  found <- summary(curve, times = time, extend = TRUE)
  c(observed = 1 - found$surv, std_error = found$std.err, conf_low = 1 - found$upper, conf_high = 1 - found$lower)
}

# Groups of equal size by the linear predictor (of which the risk is a monotone function): max_groups, fewer so that each
# has min_group_size patients, none when that leaves fewer than two.
by_predicted_risk <- function(data, risk, options, where) {
  n_groups <- min(options$max_groups, floor(nrow(data) / options$min_group_size))
  if (n_groups < 2 || anyNA(risk)) return(list())
  group <- pmin(n_groups, pmax(1, ceiling(n_groups * rank(data$.lp, ties.method = "average") / nrow(data))))
  lapply(sort(unique(group)), function(level) {
    part <- group == level
    found <- observed_at(data[part, , drop = FALSE], max(options$horizons), options$conf_level)
    numbers(where(as.character(level)),
            c(n = sum(part), predicted = mean(risk[part]), found[c("observed", "conf_low", "conf_high")]))
  })
}

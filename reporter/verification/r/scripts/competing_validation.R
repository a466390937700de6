# Absolute risk with competing events on the validation cohort: the cause-specific Cox models of the development cohort.
check_competing_validation <- function(frames, cohort, endpoint, options) {
  for (key in c("strata", "cluster", "weights", "offset")) {
    if (length(options[[key]]) && any(nzchar(options[[key]]))) stop("not offered with ", key)
  }
  terms <- options$terms
  frame <- frame_of(frames, cohort, endpoint)
  home <- frame_of(frames, "development", endpoint)
  if (!is.null(frame$.entry) || !is.null(home$.entry) || options$ties == "exact") stop("not offered")
  data <- model_data(frame, terms)
  kept <- attr(data, "rows")
  causes <- lapply(seq_len(options$n_causes), function(k) {
    part <- home
    part$.event <- home$.cause == k
    fit <- fit_terms(model_data(part, terms), terms, options$ties, options)
    if (any(fit$infinite)) stop("a hazard ratio of the model of cause ", k, " runs to infinity")
    base <- basehaz(fit, centered = TRUE)
    list(relative = exp(predict(fit, newdata = data, type = "lp")), time = base$time, hazard = base$hazard)
  })
  last <- max(home$.time[attr(model_data(home, terms), "rows")])
  risks <- lapply(options$horizons, function(h) if (h > last) rep(NA_real_, nrow(data)) else risk_of_first(causes, h))
  place_of <- function(analysis, time = NULL) place(cohort, endpoint, analysis, term = "cox", time = time)
  cause <- frame$.cause[kept]
  rows <- list(numbers(place_of("competing_performance"),
                       c(n = nrow(data), n_event = sum(cause == 1), n_competing = sum(cause > 1),
                         n_missing = sum(!kept))))
  z <- normal_quantile(options$conf_level)
  known <- which(vapply(risks, function(risk) !anyNA(risk), TRUE))
  if (length(known)) {
    at <- known[which.max(options$horizons[known])]
    rows[[2]] <- numbers(place_of("competing_performance", options$horizons[at]),
                         wolbers(ranking_time(frame)[kept], cause == 1, risks[[at]], options$horizons[at], z))
  }
  observed <- incidence_fit(frame[kept, , drop = FALSE], options$n_causes, list(conf_type = "plain", conf_level = options$conf_level))
  for (i in seq_along(options$horizons)) {
    rows[[length(rows) + 1]] <- numbers(place_of("competing_calibration", options$horizons[i]),
                                        observed_over_risk(observed, data$.time, options$horizons[i], mean(risks[[i]]), z))
  }
  result(rows)
}

# One event time of the first cause after the other.
risk_of_first <- function(causes, horizon) {
  first <- causes[[1]]
  risk <- 0
  previous <- 0
  for (j in which(first$time <= horizon)) {
    jump <- first$hazard[j] - previous
    previous <- first$hazard[j]
    if (jump == 0) next
    total <- 0
    for (cause in causes) {
      earlier <- cause$hazard[cause$time < first$time[j]]
      total <- total + cause$relative * (if (length(earlier)) earlier[length(earlier)] else 0)
    }
    risk <- risk + exp(-total) * first$relative * jump
  }
  rep_len(unname(risk), length(first$relative))
}

wolbers <- function(time, event, risk, horizon, z) {
  found <- concordance(Surv(time, event) ~ risk, reverse = TRUE, ymax = horizon)
  error <- sqrt(found$var)
  estimate <- unname(found$concordance)
  c(wolbers_c = estimate, wolbers_c_std_error = error, wolbers_c_conf_low = estimate - z * error,
    wolbers_c_conf_high = estimate + z * error, tau = horizon)
}

observed_over_risk <- function(fit, time, horizon, predicted, z) {
  last <- findInterval(horizon, fit$time)
  observed <- if (horizon > max(time)) NA else if (last) fit$pstate[last, 2] else 0
  error <- if (horizon > max(time)) NA else if (last) fit$std.err[last, 2] else 0
  ratio <- if (!is.na(predicted) && predicted > 0) observed / predicted else NA
  spread <- if (!is.na(observed) && observed > 0) z * error / observed else NA
  c(n_risk = sum(time >= horizon), observed = observed, predicted = predicted, oe_ratio = ratio,
    oe_ratio_conf_low = ratio * exp(-spread), oe_ratio_conf_high = ratio * exp(spread))
}

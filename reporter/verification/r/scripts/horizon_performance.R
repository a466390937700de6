# The model fitted on the development cohort, frozen, at each horizon on another cohort: AUC and Brier score with inverse
# probability of censoring weights, slope, smooth calibration, net benefit; Royston's D over the whole follow-up.
check_horizon_performance <- function(frames, cohort, endpoint, options) {
  for (name in c("development", cohort)) {
    frame <- frame_of(frames, name, endpoint)
    if (!is.null(frame$.cause)) stop("with competing events the risk needs a model of every cause")
    if (".entry" %in% names(frame)) stop("not offered with entry times")
  }
  for (key in c("strata", "cluster", "weights", "offset")) if (any(nzchar(options[[key]]))) stop("not offered with ", key)
  if (options$ties == "exact") stop("not offered with exact ties")
  development <- model_data(frame_of(frames, "development", endpoint), options$terms)
  fit <- fit_terms(development, options$terms, options$ties, options)
  if (any(fit$infinite) || !fit$converged) stop("a hazard ratio of the model runs to infinity")
  data <- model_data(frame_of(frames, cohort, endpoint), options$terms)
  if (!nrow(data)) stop("no patient has a value of every covariate")
  data$.lp <- predict(fit, newdata = data, type = "lp")
  data$.rank <- equal_but_for_rounding(data$.lp)
  base <- basehaz(fit, centered = TRUE)
  z <- normal_quantile(options$conf_level)
  at <- function(analysis, time = NULL, ...) place(cohort, endpoint, analysis, term = "cox", time = time, ...)
  rows <- list(numbers(at("performance"), royston_values(data, options$ties, z)))
  curves <- list()
  for (time in options$horizons) {
    hazard <- if (time > max(development$.time)) NA else max(0, base$hazard[base$time <= time])
    unknown <- time > max(data$.time) || is.na(hazard)
    data$.risk <- -expm1(-hazard * exp(data$.lp))
    rows <- c(rows, list(numbers(at("performance", time), scores_at(data, time, unknown, options, z))))
    for (threshold in sort(unique(c(options$grid, if (length(options$thresholds)) options$thresholds)))) {
      for (term in c("cox", "treat_all")) {
        positive <- if (term == "cox") data$.risk >= threshold else rep(TRUE, nrow(data))
        value <- if (unknown) NA else benefit_at(data, positive, time, threshold)
        where <- place(cohort, endpoint, "performance", "threshold", time_text(threshold), term = term, time = time)
        rows <- c(rows, list(numbers(where, c(net_benefit = value))))
      }
    }
    ended <- transform(data, .event = .event & .time <= time, .time = pmin(.time, time))
    smooth <- smooth_at(data, ended, time, hazard, unknown, options)
    slope <- if (time > max(data$.time)) rep(NA, 4) else slope_until(ended, options$ties, z)
    names(slope) <- paste0("calibration_slope", c("", "_std_error", "_conf_low", "_conf_high"))
    rows <- c(rows, list(numbers(at("calibration", time), c(slope, oe_by_count(data, time, unknown, z), smooth$distances))))
    for (stat in names(smooth$curve)) {
      where <- place(cohort, endpoint, "calibration_curve", "horizon", time_text(time), term = "cox")
      curves <- c(curves, list(curve_column(where, stat, (0:40) / 40, smooth$curve[[stat]])))
    }
  }
  result(rows, curves)
}

# G just before each time, by the definition: of those who were at risk of being censored at an earlier time u (who died at
# u was not), the share that was not.
free_of_censoring <- function(data, until) {
  times <- sort(unique(data$.time[!data$.event]))
  at_risk <- length(data$.time) - findInterval(times, sort(data$.time), left.open = TRUE) -
    tabulate(match(data$.time[data$.event], times), length(times))
  kept <- cumprod(1 - tabulate(match(data$.time[!data$.event], times), length(times)) / at_risk)
  c(1, kept)[findInterval(until, times, left.open = TRUE) + 1]
}

scores_at <- function(data, time, unknown, options, z) {
  n <- nrow(data)
  case <- data$.event & data$.time <= time
  control <- data$.time >= time & !case
  until <- pmin(data$.time, time)
  weight <- ifelse(case | control, 1 / free_of_censoring(data, until), 0)
  uncensored <- free_of_censoring(data, time)
  stats <- c("auc", "auc_std_error", "auc_conf_low", "auc_conf_high", "brier", "brier_std_error", "brier_conf_low",
             "brier_conf_high", "brier_null", "brier_scaled", "brier_scaled_std_error", "brier_scaled_conf_low",
             "brier_scaled_conf_high", "uncensored", "largest_weight", "effective_n")
  values <- setNames(rep(NA_real_, length(stats)), stats)
  counts <- c(n_risk = sum(data$.time >= time), n_event = sum(case))
  refused <- unknown || counts[["n_risk"]] < options$min_at_risk || uncensored < options$min_uncensored
  if (refused) return(c(counts, values))
  put <- function(name, estimate, influence, low) {
    error <- sqrt(sum(influence^2))
    values[paste0(name, c("", "_std_error", "_conf_low", "_conf_high"))] <<-
      c(estimate, error, max(estimate - z * error, low), min(estimate + z * error, 1))
  }
  # What a patient's own censoring does to the weights of those who stay longer: the derivative of the product-limit
  # estimate of G in the patient's weight.
  by_weights <- function(part) {
    times <- sort(unique(data$.time[!data$.event]))
    d <- tabulate(match(data$.time[!data$.event], times), length(times))
    y <- n - findInterval(times, sort(data$.time), left.open = TRUE) - tabulate(match(data$.time[data$.event], times), length(times))
    by_time <- order(until)
    later <- c(rev(cumsum(rev(part[by_time]))), 0)[findInterval(times, until[by_time]) + 1]
    step <- ifelse(y > d, later / (y - d), 0)
    own <- ifelse(data$.event, 0, step[match(data$.time, times)])
    # Who died at u was not at risk of censoring at u.
    seen <- ifelse(data$.event, findInterval(data$.time, times, left.open = TRUE), findInterval(data$.time, times))
    own - c(0, cumsum(step * d / y))[seen + 1]
  }
  if (any(case) && any(control) && diff(range(data$.rank)) > 0) {
    w <- weight[case]
    m <- sum(control)
    controls <- sort(data$.rank[control])
    # Half of those below plus half of those not above: ties count one half.
    share <- (findInterval(data$.rank[case], controls, left.open = TRUE) + findInterval(data$.rank[case], controls)) / 2 / m
    auc <- sum(w * share) / sum(w)
    part <- numeric(n)
    part[case] <- w * (share - auc)
    of_control <- numeric(n)
    order_case <- order(data$.rank[case])
    ranked <- data$.rank[case][order_case]
    mass <- c(0, cumsum(w[order_case]))
    r <- data$.rank[control]
    below <- (mass[findInterval(r, ranked, left.open = TRUE) + 1] + mass[findInterval(r, ranked) + 1]) / 2
    of_control[control] <- (1 - below / sum(w) - auc) / m
    influence <- (part + by_weights(part)) / sum(w) + of_control
    if (auc <= 1e-12 || auc >= 1 - 1e-12) influence <- NA
    put("auc", auc, influence, 0)
  }
  brier_of <- function(risk) {
    part <- weight * (case - risk)^2
    score <- sum(part) / n
    list(score = score, influence = (part - score + by_weights(part)) / n)
  }
  model <- brier_of(data$.risk)
  null <- brier_of(risk_by(data, rep(TRUE, n), time))
  put("brier", model$score, model$influence, 0)
  values["brier_null"] <- null$score
  if (null$score > 0) {
    ratio <- model$score / null$score
    put("brier_scaled", 1 - ratio, (model$influence - ratio * null$influence) / null$score, -Inf)
  }
  values[c("uncensored", "largest_weight", "effective_n")] <- c(uncensored, max(weight), sum(weight)^2 / sum(weight^2))
  c(counts, values)
}

# 1 - Kaplan-Meier of some patients; NA past their last follow-up unless nobody was left by then.
risk_by <- function(data, rows, time) {
  curve <- survfit(Surv(.time, .event) ~ 1, data = data[rows, , drop = FALSE])
  if (time > max(curve$time) && min(curve$surv) > 0) return(NA)
  1 - summary(curve, times = time, extend = TRUE)$surv
}

benefit_at <- function(data, positive, time, threshold) {
  if (!any(positive)) return(0)
  events <- risk_by(data, positive, time) * mean(positive)
  events - (mean(positive) - events) * threshold / (1 - threshold)
}

# Limits of O/E from the number of events alone.
oe_by_count <- function(data, time, unknown, z) {
  d <- sum(data$.event & data$.time <= time)
  ratio <- if (unknown || d == 0 || mean(data$.risk) == 0) NA else risk_by(data, rep(TRUE, nrow(data)), time) / mean(data$.risk)
  c(oe_ratio_events_conf_low = ratio * exp(-z / sqrt(d)), oe_ratio_events_conf_high = ratio * exp(z / sqrt(d)))
}

# Cox model on one column; NULL where nothing is estimable.
model_until <- function(formula, data, ties) {
  found <- tryCatch(fit_cox(formula, data, ties), error = function(said) {
    if (!grepl("no events|nothing to estimate", conditionMessage(said))) stop(said)
    NULL
  })
  if (is.null(found) || !found$converged || !all(found$identified) || any(found$infinite)) NULL else found
}

slope_until <- function(ended, ties, z) {
  if (diff(range(ended$.lp)) <= 1e-11 * max(1, abs(ended$.lp))) return(rep(NA, 4))
  found <- model_until(Surv(.time, .event) ~ .lp, ended, ties)
  if (is.null(found)) return(rep(NA, 4))
  b <- unname(coef(found))
  s <- sqrt(vcov(found)[1, 1])
  c(b, s, b - z * s, b + z * s)
}

# Royston and Sauerbrei's D: coefficient of the normal scores of the ranks, times sqrt(8 / pi).
royston_values <- function(data, ties, z) {
  values <- setNames(rep(NA_real_, 5), c("royston_d", "royston_d_std_error", "royston_d_conf_low", "royston_d_conf_high", "royston_r2"))
  n <- nrow(data)
  expected <- qnorm((seq_len(n) - 3 / 8) / (n + 1 / 4))
  data$.normal <- ave(expected[rank(data$.rank, ties.method = "first")], data$.rank)
  found <- if (diff(range(data$.rank)) > 0) model_until(Surv(.time, .event) ~ .normal, data, ties)
  if (is.null(found)) return(values)
  b <- unname(coef(found))
  d <- b * sqrt(8 / pi)
  s <- sqrt(vcov(found)[1, 1] * 8 / pi)
  values[] <- c(d, s, d - z * s, d + z * s, b^2 / (pi^2 / 6 + b^2))
  values
}

# Cox model on a restricted cubic spline of log(-log(1 - p)); distances of its risk from the predicted one.
smooth_at <- function(data, ended, time, hazard, unknown, options) {
  nothing <- list(distances = c(ici = NA, e50 = NA, e90 = NA, emax = NA), curve = list())
  if (unknown || !isTRUE(hazard > 0)) return(nothing)
  if (min(sum(data$.event & data$.time <= time), sum(data$.time >= time)) < options$min_events) return(nothing)
  x <- log(hazard) + data$.lp
  if (diff(range(x)) <= 1e-11 * max(1, abs(x))) return(nothing)
  knots <- unname(quantile(x, options$knots, type = 7))
  if (any(diff(knots) <= 1e-8 * diff(range(x)))) return(nothing)
  columns <- cubic_spline(x, knots)
  ended$.x1 <- columns[, 1]
  ended$.x2 <- columns[, 2]
  found <- model_until(Surv(.time, .event) ~ .x1 + .x2, ended, options$ties)
  if (is.null(found)) return(nothing)
  base <- basehaz(found, centered = TRUE)
  base <- max(0, base$hazard[base$time <= time])
  observed <- -expm1(-base * exp(predict(found, type = "lp")))
  away <- abs(observed - data$.risk)
  places <- unname(quantile(x, (0:40) / 40, type = 7))
  grid <- cubic_spline(places, knots)
  shown <- survfit(found, newdata = data.frame(.x1 = grid[, 1], .x2 = grid[, 2]), stype = 2,
                   ctype = if (options$ties == "efron") 2 else 1, conf.type = "log-log", conf.int = options$conf_level)
  shown <- summary(of_each_patient(shown), times = time, extend = TRUE)
  curve <- list(predicted = -expm1(-exp(places)), observed = 1 - c(shown$surv), conf_low = 1 - c(shown$upper),
                conf_high = 1 - c(shown$lower))
  list(distances = c(ici = mean(away), e50 = median(away), e90 = unname(quantile(away, 0.9, type = 7)), emax = max(away)),
       curve = curve)
}

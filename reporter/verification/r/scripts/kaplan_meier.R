# Kaplan-Meier: survfit, summary at the horizons, quantiles, and the whole curve.
check_kaplan_meier <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  rows <- list()
  curves <- list()
  for (part in split_levels(frame, options$group)) {
    data <- frame[part$rows, , drop = FALSE]
    fit <- survfit(surv_of(data) ~ 1, conf.type = options$conf_type, conf.int = options$conf_level)
    at <- function(analysis, time = NULL) place(cohort, endpoint, analysis, options$group, part$level, time = time)
    counts <- c(n = nrow(data), n_event = sum(data$.event), n_censor = sum(!data$.event))
    if (!is.null(data$.entry)) counts <- c(counts, n_late_entry = sum(data$.entry > 0))
    rows[[length(rows) + 1]] <- numbers(at("kaplan_meier"), counts)
    for (horizon in options$horizons) {
      known <- horizon <= max(data$.time)
      found <- summary(fit, times = horizon, extend = TRUE)
      values <- c(n_event = sum(data$.event & data$.time <= horizon), estimate = found$surv, std_error = found$std.err,
                  conf_low = found$lower, conf_high = found$upper)
      if (!known) values[] <- NA
      rows[[length(rows) + 1]] <- numbers(at("kaplan_meier", horizon), c(n_risk = at_risk_at(data, horizon), values))
    }
    rows[[length(rows) + 1]] <- numbers(at("survival_quantile"), median_row(fit))
    for (p in setdiff(options$quantiles, 0.5)) {
      where <- place(cohort, endpoint, "survival_quantile", options$group, part$level, paste0("p=", time_text(p)))
      rows[[length(rows) + 1]] <- numbers(where, quantile_row(fit, p, "quantile"))
    }
    full <- summary(fit, censored = TRUE)
    columns <- list(n_risk = full$n.risk, n_event = full$n.event, n_censor = full$n.censor, estimate = full$surv,
                    std_error = full$std.err, conf_low = full$lower, conf_high = full$upper,
                    cumulative_hazard = cumsum(full$n.event / full$n.risk), cumulative_n_event = cumsum(full$n.event))
    for (stat in names(columns)) {
      curves[[length(curves) + 1]] <- curve_column(at("kaplan_meier_curve"), stat, full$time, columns[[stat]])
    }
  }
  result(rows, curves)
}

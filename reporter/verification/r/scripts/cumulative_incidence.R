# Cumulative incidence of every cause: survfit of a status with several states (Aalen-Johansen, infinitesimal jackknife).
cause_factor <- function(cause, n) factor(cause, levels = 0:n, labels = c("censored", paste0("cause", seq_len(n))))

incidence_fit <- function(data, n, options) {
  data$.state <- cause_factor(data$.cause, n)
  if (is.null(data$.entry)) {
    survfit(Surv(.time, .state) ~ 1, data = data, conf.type = options$conf_type, conf.int = options$conf_level)
  } else {
    data$.id <- seq_len(nrow(data))
    survfit(Surv(.entry, .time, .state) ~ 1, data = data, id = .id, conf.type = options$conf_type,
            conf.int = options$conf_level)
  }
}

# The columns of one cause from a fit: state 1 is (s0), cause k is state k + 1. An incidence within 1e-12 of 1 differs from
# it by rounding: the standard error is 0, and the interval that of the type at 1.
incidence_columns <- function(fit, data, k, conf_type) {
  certain <- fit$pstate[, k + 1] >= 1 - 1e-12
  fit$pstate[certain, k + 1] <- 1
  fit$std.err[certain, k + 1] <- 0
  fit$lower[certain, k + 1] <- fit$upper[certain, k + 1] <- if (conf_type %in% c("log", "plain")) 1 else NA
  events <- as.vector(table(factor(data$.time[data$.cause == k], levels = sort(unique(data$.time)))))
  list(n_risk = fit$n.risk[, 1], n_event = events, estimate = fit$pstate[, k + 1], std_error = fit$std.err[, k + 1],
       conf_low = fit$lower[, k + 1], conf_high = fit$upper[, k + 1], cumulative_n_event = cumsum(events))
}

check_cumulative_incidence <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  rows <- list()
  curves <- list()
  causes <- options$causes
  for (part in split_levels(frame, options$group)) {
    data <- frame[part$rows, , drop = FALSE]
    fit <- incidence_fit(data, length(causes), options)
    for (k in seq_along(causes)) {
      at <- function(analysis, time = NULL) {
        place(cohort, endpoint, analysis, options$group, part$level, encode_level(causes[k]), time)
      }
      columns <- incidence_columns(fit, data, k, options$conf_type)
      rows[[length(rows) + 1]] <- numbers(at("cumulative_incidence"), c(n = nrow(data), n_event = sum(data$.cause == k)))
      for (horizon in options$horizons) {
        last <- findInterval(horizon, fit$time)
        values <- c(n_event = 0, estimate = 0, std_error = 0, conf_low = NA, conf_high = NA)
        if (last > 0) {
          values <- c(n_event = columns$cumulative_n_event[last], estimate = columns$estimate[last],
                      std_error = columns$std_error[last], conf_low = columns$conf_low[last],
                      conf_high = columns$conf_high[last])
        }
        if (horizon > max(data$.time)) values[] <- NA
        rows[[length(rows) + 1]] <- numbers(at("cumulative_incidence", horizon), c(n_risk = at_risk_at(data, horizon), values))
      }
      for (stat in names(columns)) {
        curves[[length(curves) + 1]] <- curve_column(at("cumulative_incidence_curve"), stat, fit$time, columns[[stat]])
      }
    }
  }
  result(rows, curves)
}

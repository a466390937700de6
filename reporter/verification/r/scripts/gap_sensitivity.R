# Kaplan-Meier with the gap rule that the study did not choose: times and events of that rule stand in the frame.
check_gap_sensitivity <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  data <- data.frame(time = frame$.other_time, event = frame$.other_event != 0)
  fit <- survfit(Surv(time, event) ~ 1, data = data, conf.type = options$conf_type, conf.int = options$conf_level)
  at <- function(time = NULL) place(cohort, endpoint, "gap_sensitivity", time = time)
  rows <- list(numbers(at(), c(n = nrow(data), n_event = sum(data$event), n_censor = sum(!data$event))))
  for (horizon in options$horizons) {
    found <- summary(fit, times = horizon, extend = TRUE)
    values <- c(n_event = sum(data$event & data$time <= horizon), estimate = found$surv, std_error = found$std.err,
                conf_low = found$lower, conf_high = found$upper)
    if (horizon > max(data$time)) values[] <- NA
    rows[[length(rows) + 1]] <- numbers(at(horizon), c(n_risk = sum(data$time >= horizon), values))
  }
  result(rows)
}

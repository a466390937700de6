# P(T > t | T > s): survfit on the rows with time > s (survfit(start.time = s) would count those who die at s).
check_conditional_survival <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  rows <- list()
  for (part in split_levels(frame, options$group)) {
    for (given in options$given) {
      data <- frame[part$rows & frame$.time > given, , drop = FALSE]
      for (horizon in options$horizons[options$horizons > given]) {
        values <- c(estimate = NA, std_error = NA, conf_low = NA, conf_high = NA)
        if (nrow(data) && horizon <= max(data$.time)) {
          fit <- survfit(surv_of(data) ~ 1, conf.type = options$conf_type, conf.int = options$conf_level)
          found <- summary(fit, times = horizon, extend = TRUE)
          values[] <- c(found$surv, found$std.err, found$lower, found$upper)
        }
        here <- place(cohort, endpoint, "conditional_survival", options$group, part$level,
                      paste0("given=", time_text(given)), horizon)
        counts <- c(n = nrow(data), n_event = sum(data$.event & data$.time <= horizon))
        rows[[length(rows) + 1]] <- numbers(here, c(counts, values))
      }
    }
  }
  result(rows)
}

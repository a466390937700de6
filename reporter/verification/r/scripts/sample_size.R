# Sample size by the criteria of Riley and others for a time-to-event outcome, from an anticipated R2 of Cox and Snell.
check_sample_size <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  if (any(nzchar(options$weights)) || !is.null(frame$.entry)) return(result())
  data <- model_data(frame, options$terms, options)
  p <- sum(fit_terms(data, options$terms, options$ties, options)$identified)
  n <- nrow(data)
  events <- sum(data$.event)
  max_r2 <- 1 - exp(2 * (events * log(events / n) - events) / n)
  r2 <- options$share_of_max * max_r2
  size <- function(slope) p / ((slope - 1) * log(1 - r2 / slope))
  up <- function(value) ceiling(value - 1e-9)
  rate <- events / sum(data$.time)
  risk <- NA
  if (!is.null(options$horizon)) {
    z <- normal_quantile(options$margin_level)
    longest <- log(1 + options$margin * exp(rate * options$horizon))
    risk <- rate * (z * options$horizon / longest)^2 / mean(data$.time)
  }
  needed <- c(up(size(options$shrinkage)), up(size(r2 / (r2 + options$optimism * max_r2))), up(risk))
  most <- max(needed, na.rm = TRUE)
  needed_events <- up(most * events / n)
  result(list(numbers(place(cohort, endpoint, "sample_size", term = "GLOBAL"), c(
    n = n, n_event = events, n_parameters = p, mean_follow_up = mean(data$.time), max_r2 = max_r2, anticipated_r2 = r2,
    needed_shrinkage = needed[1], needed_optimism = needed[2], needed_risk = needed[3], needed = most,
    needed_events = needed_events, needed_per_parameter = needed_events / p, events_per_parameter = events / p))))
}

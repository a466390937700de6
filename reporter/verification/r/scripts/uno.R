# Uno's concordance up to tau, beside Harrell's: pairs weighted by 1 / G(t-)^2, G the reverse Kaplan-Meier estimate in which
# deaths precede censorings. Used by the checks of concordance and validation.
uno_values <- function(data, frame, options, tau, z) {
  none <- c(uno_c = NA, uno_c_std_error = NA, uno_c_conf_low = NA, uno_c_conf_high = NA, uno_largest_weight = NA)
  if (any(c(".entry", ".cause") %in% names(frame))) return(none)
  if (length(options$strata) || any(nzchar(c(options$weights, options$cluster)))) return(none)
  if (is.na(tau) || !any(data$.event & data$.time <= tau)) return(none)
  if (sum(data$.time >= tau) < options$uno_min_at_risk) return(none)
  if (uncensored_before(data, tau) < options$uno_min_uncensored) return(none)
  found <- concordance(Surv(.time, .event) ~ .lp, data = data, reverse = TRUE, timewt = "n/G2", ymax = tau)
  if (is.na(found$concordance)) return(none)
  error <- sqrt(found$var)
  last <- max(data$.time[data$.event & data$.time <= tau])
  c(uno_c = unname(found$concordance), uno_c_std_error = error, uno_c_conf_low = unname(found$concordance) - z * error,
    uno_c_conf_high = unname(found$concordance) + z * error, uno_largest_weight = 1 / uncensored_before(data, last)^2)
}

# G(t-): who dies at a time is not at risk of being censored at it.
uncensored_before <- function(data, at) {
  times <- sort(unique(data$.time))
  index <- match(data$.time, times)
  n_event <- tabulate(index[data$.event], length(times))
  n_censor <- tabulate(index[!data$.event], length(times))
  n_risk <- rev(cumsum(rev(n_event + n_censor))) - n_event
  prod((1 - n_censor / n_risk)[times < at & n_censor > 0])
}

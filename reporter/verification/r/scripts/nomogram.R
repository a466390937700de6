# Nomogram of the multivariable model: points at the values of each axis, total points and survival, as rms::nomogram.
check_nomogram <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  if (length(options$interactions) || length(options$strata) || options$ties == "exact") return(result())
  if (any(nzchar(c(options$cluster, options$weights, options$offset)))) return(result())
  if (any(c(".entry", ".cause") %in% names(frame))) return(result())
  data <- model_data(frame, terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  if (!fit$converged || any(fit$infinite) || !all(fit$identified)) return(result())
  axes <- lapply(seq_along(terms), function(i) {
    term <- terms[[i]]
    b <- coef(fit)[fit$assign_of == i]
    if (length(term$levels)) return(list(levels = term$levels, part = c(0, unname(b))))
    at <- unlist(options$axes[[i]])
    list(levels = vapply(at, time_text, ""), part = drop(as.matrix(term_values(setNames(data.frame(at), term$column), term)) %*% b))
  })
  ranges <- vapply(axes, function(axis) diff(range(axis$part)), 1)
  if (!max(ranges) > 0) return(result())
  unit <- options$largest / max(ranges)
  centre <- sum(coef(fit) * fit$means)
  start <- sum(vapply(axes, function(axis) min(axis$part), 1)) - centre
  most <- unit * sum(ranges)
  where <- function(...) place(cohort, endpoint, "nomogram", ...)
  rows <- list(numbers(where(term = "GLOBAL"),
                       c(points_per_unit = unit, predictor_at_zero = start, most_points = most, predictor_centre = centre)))
  add <- function(at, values) rows[[length(rows) + 1]] <<- numbers(at, values)
  for (i in seq_along(terms)) for (k in seq_along(axes[[i]]$part)) {
    add(where(terms[[i]]$column, axes[[i]]$levels[k]), c(points = unit * (axes[[i]]$part[k] - min(axes[[i]]$part))))
  }
  base <- survfit(fit, se.fit = FALSE, stype = 2, ctype = if (options$ties == "efron") 2 else 1)
  for (time in options$horizons) if (time <= max(data$.time)) {
    hazard <- c(0, base$cumhaz)[findInterval(time, base$time) + 1]
    add(where(term = "GLOBAL", time = time), c(baseline_survival = exp(-hazard)))
    for (k in seq_len(ceiling((most + options$step) / options$step)) - 1) {
      total <- k * options$step
      add(where("total_points", time_text(total), time = time), c(survival = exp(-hazard * exp(total / unit + start))))
    }
    for (survival in options$survival) {
      points <- unit * (log(-log(survival) / hazard) - start)
      if (is.finite(points) && points >= 0 && points <= most) {
        add(where("survival", time_text(survival), time = time), c(total_points = points))
      }
    }
  }
  result(rows)
}

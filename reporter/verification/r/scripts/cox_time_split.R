# The Cox model up to the lower median event time and after it. survSplit with a coefficient for each period gives the same:
# the risk sets up to the cut and those after it do not meet.
check_cox_time_split <- function(frames, cohort, endpoint, options) {
  if (any(nzchar(options$cluster))) stop("the periods of clustered patients are not independent")
  if (options$ties == "exact") stop("not offered with exact ties")
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  whole <- fit_terms(data, terms, options$ties, options)
  events <- sort(data$.time[data$.event])
  cut <- events[floor((length(events) - 1) / 2) + 1]
  early <- data
  early$.event <- early$.event & early$.time <= cut
  early$.time <- pmin(early$.time, cut)
  if (!is.null(early$.entry)) early <- early[early$.entry < cut, , drop = FALSE]
  late <- data[data$.time > cut, , drop = FALSE]
  fits <- list(early = fit_or_null(early, terms, options), late = fit_or_null(late, terms, options))
  at <- function(...) place(cohort, endpoint, "cox_time_split", ...)
  names_of <- coefficient_terms(terms, options$interactions)
  rows <- list(numbers(at(term = "GLOBAL"), c(cut = cut)))
  for (period in names(fits)) {
    fit <- fits[[period]]
    used <- if (period == "early") early else late
    counts <- c(n = nrow(used), n_event = sum(used$.event))
    rows[[length(rows) + 1]] <- numbers(at("period", period, "GLOBAL"), counts)
    found <- wald_numbers(fit, length(names_of), normal_quantile(options$conf_level))
    for (j in seq_along(names_of)) rows[[length(rows) + 1]] <- numbers(at("period", period, names_of[j]), found[j, ])
  }
  labels <- c(vapply(terms, function(term) term$column, ""), interaction_names(terms, options$interactions))
  for (i in seq_along(labels)) {
    j <- which(whole$assign_of == i)
    rows[[length(rows) + 1]] <- numbers(at(term = labels[i]), chi_square("", change_of(fits, j), length(j)))
  }
  result(rows)
}

# Wald statistic of the hypothesis that coefficients j are the same in both periods.
change_of <- function(fits, j) {
  usable <- vapply(fits, function(fit) !is.null(fit) && fit$converged && !any(fit$infinite) && all(fit$identified[j]), NA)
  if (!all(usable)) return(NA)
  difference <- coef(fits$late)[j] - coef(fits$early)[j]
  variance <- vcov(fits$early)[j, j, drop = FALSE] + vcov(fits$late)[j, j, drop = FALSE]
  drop(difference %*% solve(variance, difference))
}

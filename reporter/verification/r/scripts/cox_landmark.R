# The Cox model of the patients followed beyond the landmark, time counted from it.
check_cox_landmark <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  whole <- model_data(frame, options$terms, options)
  left <- whole$.time <= options$landmark
  beyond <- frame[frame$.time > options$landmark, , drop = FALSE]
  beyond$.time <- beyond$.time - options$landmark
  if (!is.null(beyond$.entry)) beyond$.entry <- pmax(beyond$.entry - options$landmark, 0)
  data <- model_data(beyond, options$terms, options)
  fit <- fit_or_null(data, options$terms, options)
  at <- function(term) place(cohort, endpoint, "cox_landmark", term = term)
  counts <- c(n = nrow(data), n_event = sum(data$.event), n_excluded = sum(left), n_event_excluded = sum(whole$.event & left),
              log_likelihood = if (is.null(fit) || !fit$converged) NA else fit$loglik[2])
  rows <- list(numbers(at("GLOBAL"), counts))
  names_of <- coefficient_terms(options$terms, options$interactions)
  found <- wald_numbers(fit, length(names_of), normal_quantile(options$conf_level))
  for (j in seq_along(names_of)) rows[[length(rows) + 1]] <- numbers(at(names_of[j]), found[j, ])
  result(rows)
}

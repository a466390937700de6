# The Cox model stratified, in turn, by each covariate with levels whose test of proportional hazards has P < alpha.
check_cox_stratified <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  if (length(terms) < 2) return(result())
  labels <- vapply(terms, function(term) term$column, "")
  rows <- list()
  for (i in changing_terms(frame, options)) {
    other <- options
    other$terms <- terms[-i]
    other$interactions <- Filter(function(pair) !(labels[i] %in% unlist(pair)), options$interactions)
    other$strata <- c(options$strata, labels[i])
    data <- model_data(frame, other$terms, other)
    fit <- fit_or_null(data, other$terms, other)
    at <- function(term) place(cohort, endpoint, "cox_stratified", labels[i], term = term)
    reached <- if (is.null(fit) || !fit$converged) NA else fit$loglik[2]
    counts <- c(n_event = sum(data$.event), log_likelihood = reached)
    rows[[length(rows) + 1]] <- numbers(at("GLOBAL"), counts)
    names_of <- coefficient_terms(other$terms, other$interactions)
    found <- wald_numbers(fit, length(names_of), normal_quantile(options$conf_level))
    for (j in seq_along(names_of)) rows[[length(rows) + 1]] <- numbers(at(names_of[j]), found[j, ])
  }
  result(rows)
}

# Indices of the covariates with levels whose test has P < alpha; none where the test is not defined.
changing_terms <- function(frame, options) {
  terms <- options$terms
  data <- in_own_units(model_data(frame, terms, options), terms, options$interactions)$data
  fit <- fit_terms(data, terms, options$ties, options)
  if (any(fit$infinite) || !fit$converged) return(integer())
  found <- tryCatch(
    cox.zph(fit, transform = options$transform, terms = TRUE, global = FALSE),
    error = function(said) if (grepl("singular", conditionMessage(said), fixed = TRUE)) NULL else stop(said)
  )
  if (is.null(found)) return(integer())
  tested <- intersect(seq_along(terms), fit$assign_of[fit$identified])
  p <- found$table[seq_along(tested), "p"]
  has_levels <- vapply(terms[tested], function(term) length(term$levels) > 0, NA)
  tested[has_levels & p < options$alpha]
}

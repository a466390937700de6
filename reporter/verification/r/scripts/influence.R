# Influence of patients: dfbetas of each coefficient, and the model without the most influential ones.
check_influence <- function(frames, cohort, endpoint, options) {
  diagnostics_refused(options)
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  names_of <- coefficient_terms(terms, options$interactions)
  at <- function(...) place(cohort, endpoint, "influence", ...)
  n <- nrow(data)
  usable <- fit$converged && !any(fit$infinite)
  dfbetas <- if (usable) abs(as.matrix(residuals(fit, type = "dfbetas"))) else matrix(NA_real_, n, length(names_of))
  rows <- list(numbers(at(term = "GLOBAL"), c(n = n, cutoff = 2 / sqrt(n))))
  for (j in seq_along(names_of)) {
    known <- usable && fit$identified[j]
    values <- c(max_abs_dfbetas = if (known) max(dfbetas[, j]) else NA, n_above = if (known) sum(dfbetas[, j] > 2 / sqrt(n)) else NA)
    rows[[length(rows) + 1]] <- numbers(at(term = names_of[j]), values)
  }
  largest <- if (usable) apply(dfbetas[, fit$identified, drop = FALSE], 1, max)
  ranked <- if (usable) order(-signif(ifelse(largest < 1e-10, 0, largest), 8))
  for (k in options$left_out) {
    rest <- if (usable && k < n) fit_or_null(data[-ranked[seq_len(k)], , drop = FALSE], terms, options)
    found <- wald_numbers(rest, length(names_of), normal_quantile(options$conf_level))
    for (j in seq_along(names_of)) rows[[length(rows) + 1]] <- numbers(at("left_out", as.character(k), names_of[j]), found[j, ])
  }
  result(rows)
}

# Tests of whole covariates (with their interactions), of interactions and of non-linearity: the model fitted again without
# the columns, and Wald's quadratic form.
check_cox_term_test <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  columns <- vapply(terms, function(term) term$column, "")
  pairs <- interaction_pairs(terms, options$interactions)
  labels <- c(columns, interaction_names(terms, options$interactions))
  # Of each coefficient: the terms it is made of, and those in which it is a curved column of a spline.
  size <- lengths(lapply(terms, term_columns))
  main <- unlist(lapply(seq_along(terms), function(i) lapply(seq_len(size[i]), function(j) list(terms = i, curved = if (j > 1 && length(terms[[i]]$spline)) i))), recursive = FALSE)
  at <- split(seq_along(main), rep(seq_along(terms), size))
  products <- unlist(lapply(pairs, function(pair) {
    each <- expand.grid(at[[pair[1]]], at[[pair[2]]])
    lapply(seq_len(nrow(each)), function(k) {
      both <- main[c(each[k, 1], each[k, 2])]
      list(terms = pair, curved = c(both[[1]]$curved, both[[2]]$curved))
    })
  }), recursive = FALSE)
  made <- c(main, products)
  tested <- lapply(seq_along(terms), function(i) vapply(made, function(of) i %in% of$terms, NA))
  names(tested) <- columns
  for (k in seq_along(pairs)) tested[[labels[length(terms) + k]]] <- fit$assign_of == length(terms) + k
  splines <- which(vapply(terms, function(term) length(term$spline) > 0, NA))
  for (i in splines) tested[[paste0(columns[i], "=nonlinear")]] <- vapply(made, function(of) i %in% of$curved, NA)
  if (length(splines) > 1) tested[["GLOBAL=nonlinear"]] <- vapply(made, function(of) length(of$curved) > 0, NA)
  rows <- lapply(names(tested), function(name) {
    values <- test_columns(fit, data, tested[[name]], options)
    curved <- match(name, paste0(columns, "=nonlinear"))
    if (!is.na(curved)) values <- c(values, reference_value = median(data[[paste0("x", curved)]][, 1]) * terms[[curved]]$per)
    numbers(place(cohort, endpoint, "cox_term_test", term = name), values)
  })
  paired <- unlist(pairs)
  usable <- fit$converged && !any(fit$infinite)
  curves <- lapply(if (usable) setdiff(splines, paired) else integer(), function(i) {
    spline_effect(fit, data, i, terms[[i]], options, place(cohort, endpoint, "cox_spline_curve", term = columns[i]))
  })
  result(rows, do.call(c, curves))
}

# Log hazard ratio against the median over the range of the covariate, with its band.
spline_effect <- function(fit, data, i, term, options, where) {
  value <- data[[paste0("x", i)]][, 1] * term$per
  grid <- seq(min(value), max(value), length.out = 41)
  grid[abs(grid - median(value)) <= 1e-12 * diff(range(value))] <- median(value)
  basis <- function(x) cubic_spline(x, term$spline) / term$per
  here <- which(fit$assign_of == i)
  keep <- fit$identified[here]
  away <- sweep(basis(grid), 2, drop(basis(c(median(value), 0))[1, ]))[, keep, drop = FALSE]
  middle <- drop(away %*% coef(fit)[here[keep]])
  half <- normal_quantile(options$conf_level) * sqrt(pmax(rowSums((away %*% vcov(fit)[here[keep], here[keep], drop = FALSE]) * away), 0))
  columns <- list(estimate = middle, conf_low = middle - half, conf_high = middle + half)
  lapply(names(columns), function(stat) curve_column(where, stat, grid, columns[[stat]]))
}

test_columns <- function(fit, data, tested, options) {
  tested <- tested & fit$identified
  df <- sum(tested)
  if (!df) return(c(log_likelihood = NA, chi_square("lr", NA, 0), chi_square("wald", NA, 0)))
  ratio <- c(NA, df, NA)
  if (is.null(data$.cluster)) ratio <- ratio_without(fit, data, tested, options)
  usable <- fit$converged && !any(fit$infinite) && (is.null(data$.cluster) || length(unique(data$.cluster)) > df)
  b <- coef(fit)[tested]
  if (usable && length(fit$naive.var)) usable <- !balanced(vcov(fit)[tested, tested, drop = FALSE], fit$naive.var[tested, tested, drop = FALSE])
  wald <- if (usable) sum(b * solve(vcov(fit)[tested, tested, drop = FALSE], b, tol = 1e-30)) else NA
  c(log_likelihood = ratio[3], chi_square("lr", ratio[1], ratio[2]), chi_square("wald", wald, df))
}

# 2 (l(all) - l(without)), the difference in coefficients, and l(without).
ratio_without <- function(fit, data, tested, options) {
  keep <- which(!tested & fit$identified)
  all_of_it <- c(if (fit$converged) likelihood_ratio(fit$loglik[2], fit$loglik[1]) else NA, sum(fit$identified), if (fit$converged) fit$loglik[1] else NA)
  if (!length(keep)) return(all_of_it)
  data$.keep <- fit$x[, keep, drop = FALSE]
  reduced <- fit_cox(model_formula(data, ".keep"), data, options$ties)
  if (!any(reduced$identified)) return(all_of_it)
  reached <- if (fit$converged && reduced$converged) reduced$loglik[2] else NA
  c(likelihood_ratio(fit$loglik[2], reached), sum(fit$identified) - sum(reduced$identified), reached)
}

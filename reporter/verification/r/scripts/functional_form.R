# Martingale residuals of the model without a numeric covariate, smoothed over it: natural spline of 4 df by least squares.
check_functional_form <- function(frames, cohort, endpoint, options) {
  diagnostics_refused(options)
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  whole <- fit_terms(data, terms, options$ties, options)
  labels <- vapply(terms, function(term) term$column, "")
  z <- normal_quantile(options$conf_level)
  curves <- list()
  for (i in seq_along(terms)) {
    if (length(terms[[i]]$levels) || length(terms[[i]]$spline)) next
    residual <- residuals_without(data, i, labels, whole, options)
    x <- data[[paste0("x", i)]]
    found <- if (is.null(residual)) NULL else smooth_over(x, residual)
    if (is.null(found)) next
    column <- function(stat, value) curve_column(place(cohort, endpoint, "functional_form_curve", term = labels[i]), stat, found$x, value)
    curves <- c(curves, list(column("estimate", found$fit), column("conf_low", found$fit - z * found$se),
                             column("conf_high", found$fit + z * found$se)))
  }
  result(curves = curves)
}

# Residuals of the model without covariate i and its interactions; NULL where that model cannot be used.
residuals_without <- function(data, i, labels, whole, options) {
  if (length(labels) == 1) {
    null_formula <- update(formula(whole), . ~ . - x1)
    return(residuals(coxph(null_formula, data = data, ties = options$ties), type = "martingale"))
  }
  other <- options
  other$terms <- options$terms[-i]
  other$interactions <- Filter(function(pair) !(labels[i] %in% unlist(pair)), options$interactions)
  rest <- data
  rest[[paste0("x", i)]] <- NULL
  names(rest)[grepl("^x[0-9]+$", names(rest))] <- paste0("x", seq_along(other$terms))
  fit <- fit_or_null(rest, other$terms, other)
  if (is.null(fit) || !fit$converged || any(fit$infinite)) return(NULL)
  residuals(fit, type = "martingale")
}

smooth_over <- function(x, y) {
  distinct <- sort(unique(x))
  if (length(distinct) < 5) return(NULL)
  knots <- quantile(distinct, c(0, 1 / 3, 2 / 3, 1), names = FALSE)
  if (any(diff(knots) <= 1e-8 * diff(range(knots)))) return(NULL)
  basis <- function(at) splines::ns(at, knots = knots[2:3], Boundary.knots = knots[c(1, 4)], intercept = TRUE)
  grid <- seq(min(x), max(x), length.out = 40)
  decomposed <- qr(basis(x))
  coefficient <- qr.coef(decomposed, y)
  variance <- sum((y - basis(x) %*% coefficient)^2) / (length(x) - 4)
  back <- backsolve(qr.R(decomposed), diag(4))
  list(x = grid, fit = drop(basis(grid) %*% coefficient), se = sqrt(variance * rowSums((basis(grid) %*% back)^2)))
}

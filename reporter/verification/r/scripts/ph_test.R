# Proportional hazards: cox.zph, and the smooth that plot.cox.zph draws (natural spline of 4 df, band of 2 SE).
check_ph_test <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  if (options$ties == "exact") stop("exact ties have no test of proportional hazards")
  scaled <- in_own_units(model_data(frame_of(frames, cohort, endpoint), terms, options), terms, options$interactions)
  data <- scaled$data
  fit <- fit_terms(data, terms, options$ties, options)
  if (options$transform == "log" && any(data$.event & data$.time == 0)) stop("the logarithm of time 0 does not exist")
  rows <- list()
  labels <- c(vapply(terms, function(term) term$column, ""), interaction_names(terms, options$interactions))
  in_model <- seq_along(labels) %in% fit$assign_of[fit$identified]
  # cox.zph stops where the information is singular: too few distinct event times.
  found <- if (any(fit$infinite) || !fit$converged) NULL else tryCatch(
    no_singular(cox.zph(identified_part(fit), transform = options$transform, terms = TRUE, global = TRUE), fit, data),
    error = function(said) if (grepl("singular", conditionMessage(said), fixed = TRUE)) NULL else stop(said)
  )
  if (is.null(found)) {
    df <- c(table(factor(fit$assign_of[fit$identified], levels = seq_along(labels)))[in_model], sum(fit$identified))
    places <- c(labels[in_model], "GLOBAL")
    return(result(lapply(seq_along(places), function(i) {
      numbers(place(cohort, endpoint, options$analysis, term = places[i]), chi_square("", NA, df[[i]]))
    })))
  }
  labels <- labels[in_model]
  for (i in seq_along(labels)) {
    test <- chi_square("", found$table[i, "chisq"], found$table[i, "df"])
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, options$analysis, term = labels[i]), test)
  }
  test <- chi_square("", found$table["GLOBAL", "chisq"], found$table["GLOBAL", "df"])
  rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, options$analysis, term = "GLOBAL"), test)
  if (options$analysis != "ph_test") return(result(rows))
  each <- cox.zph(identified_part(fit), transform = options$transform, terms = FALSE, global = FALSE)
  curves <- list()
  grid <- seq(min(each$x), max(each$x), length.out = 40)
  # With more than a third of the deaths at one time two knots of the spline coincide; times nearer than a part in 10,000 of
  # their range are one for a smooth.
  knots <- quantile(c(grid, each$x), c(0, 1 / 3, 2 / 3, 1), names = FALSE)
  range <- diff(range(each$x))
  n_distinct <- 1 + sum(diff(sort(each$x)) > 1e-4 * range)
  # Where a column is constant in a stratum with deaths its residuals there are NA, and nothing is smoothed.
  if (n_distinct >= 5 && all(diff(knots) > 1e-4 * range) && !anyNA(each$y)) {
    basis <- splines::ns(c(grid, each$x), df = 4, intercept = TRUE)
    at <- basis[1:40, ]
    decomposed <- qr(basis[-(1:40), ])
    back <- backsolve(qr.R(decomposed), diag(4))
    spread <- rowSums((at %*% (back %*% t(back))) * at)
    names_of <- coefficient_terms(terms, options$interactions)[fit$identified]
    for (j in seq_along(names_of)) {
      scale <- scaled$scale[fit$identified][j]
      middle <- drop(at %*% qr.coef(decomposed, each$y[, j])) / scale
      half <- 2 * sqrt(each$var[j, j] * spread) / scale
      where <- place(cohort, endpoint, "ph_smooth_curve", term = names_of[j])
      curves <- c(curves, list(curve_column(where, "estimate", grid, middle), curve_column(where, "conf_low", grid, middle - half),
                               curve_column(where, "conf_high", grid, middle + half)))
    }
  }
  result(rows, curves)
}

# The model of the identified columns alone: where others are left out cox.zph loses count of the terms (sapply makes a matrix
# of as many columns each).
identified_part <- function(fit) {
  if (all(fit$identified)) return(fit)
  kept <- which(fit$identified)
  fit$x <- fit$x[, kept, drop = FALSE]
  fit$coefficients <- fit$coefficients[kept]
  fit$var <- as.matrix(fit$var)[kept, kept, drop = FALSE]
  if (length(fit$naive.var)) fit$naive.var <- as.matrix(fit$naive.var)[kept, kept, drop = FALSE]
  fit$assign <- Filter(length, lapply(fit$assign, function(columns) which(kept %in% columns)))
  fit
}

# The test, unless what it inverts is singular but for rounding: nearly all information at one time. Of few rows alone.
no_singular <- function(found, fit, data) {
  if (nrow(data) > many_rows) return(found)
  used <- which(fit$identified)
  blocks <- matrix(0, 2 * length(used), 2 * length(used))
  stratum <- if (is.null(data$.stratum)) rep(1, nrow(data)) else as.integer(data$.stratum)
  predictor <- fit$linear.predictors
  for (level in unique(stratum)) for (t in unique(found$time)) {
    dies <- data$.event & data$.time == t & stratum == level
    if (!any(dies)) next
    here <- stratum == level & data$.time >= t & (if (is.null(data$.entry)) TRUE else data$.entry < t)
    alone <- data[here, , drop = FALSE]
    alone$.event <- dies[here]
    information <- score_and_information(predictor[here], fit$x[here, used, drop = FALSE], alone, fit$method)$information
    g <- found$x[match(t, found$time)] - mean(found$x)
    blocks <- blocks + kronecker(matrix(c(1, g, g, g^2), 2), information)
  }
  unit <- sqrt(diag(blocks))
  if (!all(unit > 0) || min(eigen(blocks / outer(unit, unit), symmetric = TRUE, only.values = TRUE)$values) <= 1e-9) stop("singular")
  found
}

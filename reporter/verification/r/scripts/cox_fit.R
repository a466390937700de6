# Shared: the Cox model as the reference files fit it, by coxph.
# Columns that are not constant, nor a combination of those before them, among the rows at risk at the first event time:
# a combination that is constant there is constant in every risk set.
identified_columns <- function(x, data) {
  stratum <- if (is.null(data$.stratum)) rep(1L, nrow(x)) else as.integer(data$.stratum)
  entry <- if (is.null(data$.entry)) rep(-Inf, nrow(x)) else data$.entry
  at_risk <- rep(FALSE, nrow(x))
  for (level in unique(stratum)) {
    deaths <- sort(unique(data$.time[stratum == level & data$.event]))
    here <- which(stratum == level)
    at_risk[here] <- findInterval(data$.time[here], deaths) > findInterval(entry[here], deaths)
  }
  x <- x[at_risk, , drop = FALSE]
  within <- stratum[at_risk]
  centred <- x - matrix(vapply(seq_len(ncol(x)), function(j) ave(x[, j], within), numeric(nrow(x))), nrow(x))
  varies <- which(sqrt(colSums(centred^2)) > 1e-10 * sqrt(colSums(x^2)))
  decomposed <- qr(centred[, varies, drop = FALSE], tol = 1e-7)
  seq_len(ncol(x)) %in% varies[decomposed$pivot[seq_len(decomposed$rank)]]
}

# coxph with three additions: `identified`, `infinite` (its part in a direction in which next to nothing is left of the
# information that was there at coefficients of 0) and `converged` (a further step would gain nothing). Where a column is not
# identified the tolerance of the tight control is below rounding error, and coxph would not drop it.
fit_cox <- function(formula, data, ties) {
  if (!any(data$.event)) stop("no events: the hazard ratios cannot be estimated")
  if (nrow(data) < 2) stop("every covariate is constant: there is nothing to estimate")
  warned <- character()
  # Robust only with a cluster: coxph would switch to it for weights other than 0 and 1.
  robust <- ".cluster" %in% names(data)
  args <- list(formula = formula, data = quote(data), ties = ties, x = TRUE, model = TRUE, robust = robust)
  if (robust) args$cluster <- quote(.cluster)
  if (".weights" %in% names(data)) args$weights <- quote(.weights)
  fit_with <- function(control, init = NULL, args. = args) withCallingHandlers(
    do.call(coxph, c(args., list(control = control), if (!is.null(init)) list(init = init))),
    warning = function(said) {
      if (!grepl("Loglik converged before|may be infinite|Ran out of iterations|tolerance should be < eps", conditionMessage(said))) return()
      warned <<- c(warned, conditionMessage(said))
      invokeRestart("muffleWarning")
    }
  )
  plain <- replace(args[names(args) != "cluster"], "robust", FALSE)
  at_zero <- function(ties) fit_with(coxph.control(iter.max = 0), args. = replace(plain, "ties", ties))
  # With exact ties coxph breaks off where a column has no information: asked only when all have some.
  fit <- if (ties != "exact") with_finite_steps(fit_with, 1e-15)
  start <- NULL
  x <- if (is.null(fit)) at_zero("breslow")$x else fit$x
  identified <- identified_columns(x, data)
  if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
  if (ties == "exact") {
    # Whether there is any does not depend on the offset, without which the sum over the subsets has a closed form.
    identified <- with_information(identified, drawn_without_replacement(x, data), list(x = x), data)
    if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
    fit <- with_finite_steps(fit_with, 1e-15)
    start <- start_of_exact(at_zero, x, data, identified)
  } else if (".entry" %in% names(data)) {
    start <- at_zero(ties)
    identified <- with_information(identified, information_at_0(start, data), start, data)
  }
  if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
  if (!all(identified)) {
    warned <- character()
    fit <- with_finite_steps(fit_with, 1e-12)
  }
  overflows <- is.null(fit) || all(is.na(coef(fit)))
  if (is.null(start) && (overflows || robust)) start <- at_zero(ties)
  if (overflows) fit <- start
  if (overflows && robust) fit$naive.var <- fit$var
  if (robust) fit$rscore <- robust_score(start, data, identified)
  fit$identified <- identified
  fit$infinite <- rep(FALSE, length(identified))
  ran_out <- overflows || any(grepl("Ran out of iterations", warned))
  error <- suppressWarnings(sqrt(diag(as.matrix(if (robust) fit$naive.var else fit$var)))) * apply(fit$x, 2, function(column) diff(range(column)))
  # Of patients who enter late coxph takes those who left out of its sums: hazards so different spoil them.
  spoilt <- ".entry" %in% names(data) && nrow(data) <= 10 * many_rows && diff(range(fit$linear.predictors)) > 10
  climbs <- ran_out || spoilt || !all(is.finite(error[identified]) & error[identified] > 0 & error[identified] < 30)
  if (climbs) {
    at_0 <- information_at_0(if (is.null(start)) at_zero(ties) else start, data)
    fit <- if (ties == "exact" && work_of_exact(data) > most_work) judge_exact(fit, at_0, ran_out, overflows)
      else climb_on(fit, data, at_0)
    if (robust) fit$var <- robust_variance(fit, plain, fit_with, data)
  } else {
    fit$converged <- TRUE
  }
  fit$wald.test <- wald_test(fit)
  rounded <- nrow(data) > many_rows || ".entry" %in% names(data)
  if (climbs || !rounded || !all(identified) || any(fit$infinite)) return(fit)
  warned <- character()
  again <- fit_with(coxph.control(eps = 1e-9, toler.chol = 1e-15, iter.max = 20), unname(coef(fit)))
  if (any(grepl("Ran out of iterations", warned))) return(fit)
  at_maximum(fit, again)
}

# coxph by the tightest control with which it does not stop because a hazard overflows on the way to infinity; NULL where
# there is none.
with_finite_steps <- function(fit_with, toler_chol) {
  for (eps in 10^-(14:11)) {
    fit <- tryCatch(fit_with(coxph.control(eps = eps, toler.chol = toler_chol, iter.max = 50)), error = function(said) said)
    if (inherits(fit, "coxph") && all(is.finite(fit$loglik)) && isTRUE(largest_predictor(fit) < 340)) return(fit)
    overflow <- inherits(fit, "coxph") || grepl("overflow|NA/NaN/Inf in foreign|infinite argument in coxph.wtest", conditionMessage(fit))
    if (!overflow) stop(fit)
  }
  NULL
}

# Above 340 the square of a hazard overflows.
largest_predictor <- function(fit) max(abs(fit$linear.predictors - mean(fit$linear.predictors)))

# u' M^-1 u on the scale of M's diagonal, its null directions left out: coxph.wtest takes columns of very different units for
# dependent ones.
quadratic <- function(u, m) {
  unit <- sqrt(pmax(diag(m), .Machine$double.xmin))
  found <- eigen(m / outer(unit, unit), symmetric = TRUE)
  seen <- found$values > 1e-15 * max(found$values)
  sum((drop(t(found$vectors) %*% (u / unit))[seen])^2 / found$values[seen])
}

# The robust score statistic at coefficients of 0, as coxph's; NA where the scores of the clusters depend on each other.
robust_score <- function(start, data, identified) {
  each <- as.matrix(residuals(start, type = "score", weighted = TRUE))
  total <- rowsum(each[, which(identified), drop = FALSE], data$.cluster)
  middle <- crossprod(total)
  used <- which(identified)
  if (balanced(middle, information_at_0(start, data)[used, used, drop = FALSE])) return(NA)
  quadratic(colSums(total), middle)
}

# Where coxph stopped on the way to infinity its robust variance is not that of the supremum.
robust_variance <- function(fit, plain, fit_with, data) {
  there <- fit_with(coxph.control(iter.max = 0), init = ifelse(fit$identified, unname(coef(fit)), 0), args. = plain)
  each <- as.matrix(residuals(there, type = "score", weighted = TRUE))
  crossprod(rowsum(each, data$.cluster) %*% fit$naive.var)
}

# The information of exact ties at coefficients of 0 without an offset: at each time the variance of the sum over as many
# rows as died, drawn from those at risk.
drawn_without_replacement <- function(x, data) {
  stratum <- if (is.null(data$.stratum)) rep(1L, nrow(x)) else as.integer(data$.stratum)
  out <- matrix(0, ncol(x), ncol(x))
  for (level in unique(stratum)) for (t in unique(data$.time[stratum == level & data$.event])) {
    here <- stratum == level & data$.time >= t
    d <- sum(here & data$.time == t & data$.event)
    n <- sum(here)
    if (d < n) out <- out + d * (n - d) / (n * (n - 1)) * crossprod(scale(x[here, , drop = FALSE], scale = FALSE))
  }
  out
}

# The exact model at coefficients of 0, also where coxph breaks off.
start_of_exact <- function(at_zero, x, data, identified) {
  start <- tryCatch(at_zero("exact"), error = function(said) if (grepl("NA/NaN/Inf in foreign", conditionMessage(said))) NULL else stop(said))
  if (!is.null(start)) return(start)
  start <- at_zero("breslow")
  if (work_of_exact(data) > most_work) stop("coxph breaks off where a column has no information beside exact ties")
  start$method <- "exact"
  start$coefficients[] <- 0
  found <- score_and_information(offset_of(data), x, data, "exact")
  start$loglik[] <- found$value
  used <- which(identified)
  start$var <- matrix(0, ncol(x), ncol(x))
  start$var[used, used] <- inverse_of(found$information[used, used, drop = FALSE])
  start$score <- quadratic(found$score[used], found$information[used, used, drop = FALSE])
  start
}

# The inverse of coxph's variance where it kept all columns; else summed over the risk sets.
information_at_0 <- function(start, data) {
  variance <- as.matrix(start$var)
  unit <- sqrt(diag(variance))
  if (all(is.finite(unit) & unit > 0)) return(inverse_of(variance))
  if (start$method == "exact") {
    known <- which(unit > 0)
    information <- 0 * variance
    if (length(known)) information[known, known] <- inverse_of(variance[known, known, drop = FALSE])
    return(information)
  }
  score_and_information(start$linear.predictors, start$x, data, start$method)$information
}

# Of the identified columns, those that keep information beside the ones before them at coefficients of 0: a column may vary
# among all rows and yet in no risk set.
with_information <- function(identified, information, fit, data) {
  spread <- apply(fit$x, 2, function(column) sqrt(mean((column - mean(column))^2)))
  standard <- information / outer(spread, spread)
  deaths <- sum((if (is.null(data$.weights)) rep(1, nrow(data)) else data$.weights)[data$.event])
  used <- integer()
  for (j in which(identified)) {
    explained <- if (length(used)) sum(standard[j, used] * solve(standard[used, used, drop = FALSE], standard[used, j], tol = 0)) else 0
    if (standard[j, j] - explained > 1e-11 * deaths) used <- c(used, j)
  }
  seq_along(identified) %in% used
}

# Whether the robust variance of a combination is next to nothing beside its model-based one.
balanced <- function(robust, model_based) {
  unit <- sqrt(pmax(diag(model_based), 0))
  if (!all(unit > 0)) return(TRUE)
  back <- tryCatch(solve(chol(model_based / outer(unit, unit))), error = function(said) NULL)
  if (min(eigen(model_based / outer(unit, unit), symmetric = TRUE, only.values = TRUE)$values) < 1e-13) return(TRUE)
  is.null(back) || min(eigen(t(back) %*% (robust / outer(unit, unit)) %*% back, symmetric = TRUE, only.values = TRUE)$values) < 1e-4
}

# survfit.coxph with newdata gives exp(-H0)^risk, 0 or 1 where the baseline at the centre of the covariates under- or overflows
# and that of the patient does not: exp(-H0 risk), and the limits from it.
of_each_patient <- function(curves) {
  curves$surv <- exp(-curves$cumhaz)
  limits <- getFromNamespace("survfit_confint", "survival")(curves$surv, curves$std.err, TRUE, curves$conf.type, curves$conf.int)
  curves$lower <- limits$lower
  curves$upper <- limits$upper
  curves
}

# Wald's statistic of all coefficients; NA where the robust variance of one of their combinations is next to nothing (a
# hundredth of its standard error without clusters): few clusters balance each other there.
wald_test <- function(fit) {
  used <- which(fit$identified)
  variance <- as.matrix(fit$var)[used, used, drop = FALSE]
  if (length(fit$naive.var) && !any(fit$infinite) && balanced(variance, as.matrix(fit$naive.var)[used, used, drop = FALSE])) return(NA)
  error <- suppressWarnings(sqrt(diag(variance)))
  if (all(is.finite(error) & error > 0)) quadratic(coef(fit)[used], variance) else NA
}

# Of many rows, or with entry times, the log-likelihood is rounded by more than the eps of the tight control: coxph then takes
# the rounding for a step too far, halves it and ends short of the maximum. `again` starts there and takes a full step; what
# compares with coefficients of 0 is the first fit's.
many_rows <- 500
at_maximum <- function(fit, again) {
  for (part in c("score", "rscore", "identified", "infinite")) again[[part]] <- fit[[part]]
  again$loglik[1] <- fit$loglik[1]
  again$wald.test <- wald_test(again)
  again$converged <- TRUE
  again
}

# The model of the terms and, after them, the interactions; `assign_of` says to which of them each coefficient belongs.
fit_terms <- function(data, terms, ties, options = list()) {
  pairs <- interaction_pairs(terms, options$interactions)
  parts <- c(paste0("x", seq_along(terms)), vapply(pairs, function(pair) paste0("x", pair, collapse = ":"), ""))
  fit <- fit_cox(model_formula(data, parts), data, ties)
  size <- lengths(lapply(terms, term_columns))
  fit$assign_of <- rep(seq_along(parts), c(size, vapply(pairs, function(pair) prod(size[pair]), 1)))
  if (!any(fit$identified)) stop("every covariate is constant: there is nothing to estimate")
  fit
}

# A fit, or NULL without events or an identified column, and where coxph itself stops on the way to infinity.
fit_or_null <- function(data, terms, options) {
  tryCatch(fit_terms(data, terms, options$ties, options), error = function(said) {
    if (!grepl("no events|nothing to estimate|infinite argument in coxph.wtest", conditionMessage(said))) stop(said)
    NULL
  })
}

# Coefficients of a fit as a matrix, NA where there is none.
wald_numbers <- function(fit, size, z) {
  b <- s <- rep(NA_real_, size)
  if (!is.null(fit) && fit$converged) {
    keep <- fit$identified & !fit$infinite
    b[keep] <- coef(fit)[keep]
    s[keep] <- sqrt(diag(vcov(fit)))[keep]
    # A robust variance of nothing, as where the clusters balance each other, is none.
    if (length(fit$naive.var)) s[!(s > 1e-8 * sqrt(diag(as.matrix(fit$naive.var))))] <- NA
    b[is.na(s)] <- NA
  }
  log_p <- log(2) + pnorm(abs(b / s), lower.tail = FALSE, log.p = TRUE)
  cbind(estimate = b, std_error = s, statistic = b / s, p_value = exp(log_p), log_p_value = log_p, hazard_ratio = exp(b),
        conf_low = exp(b - z * s), conf_high = exp(b + z * s))
}

# Harrell's concordance of the multivariable model with its infinitesimal-jackknife standard error, and Uno's beside it.
check_concordance <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  if (!fit$converged) stop("coxph did not converge")
  data$.lp <- equal_but_for_rounding(fit$linear.predictors)
  z <- normal_quantile(options$conf_level)
  limits <- function(found) {
    error <- if (is.finite(found$concordance)) sqrt(found$var) else NA
    c(estimate = unname(found$concordance), std_error = error, conf_low = unname(found$concordance) - z * error,
      conf_high = unname(found$concordance) + z * error)
  }
  data$.rank <- ranking_time(frame_of(frames, cohort, endpoint))[attr(data, "rows")]
  whole <- concordance_within(data, NULL)
  count <- if (is.matrix(whole$count)) colSums(whole$count) else whole$count
  counts <- c(n_concordant = count[["concordant"]], n_discordant = count[["discordant"]], n_tied_risk = count[["tied.x"]],
              n_tied_time = count[["tied.y"]], n_tied_both = count[["tied.xy"]])
  tau <- if (any(data$.event)) max(data$.time[data$.event]) else NA
  uno <- uno_values(data, frame_of(frames, cohort, endpoint), options, if (is.null(options$horizon)) tau else options$horizon, z)
  beside <- if (is.null(options$horizon)) uno
  rows <- list(numbers(place(cohort, endpoint, "concordance", term = "cox"), c(limits(whole), tau = tau, counts, beside)))
  if (!is.null(options$horizon)) {
    early <- concordance_within(data, options$horizon)
    rows[[2]] <- numbers(place(cohort, endpoint, "concordance", term = "cox", time = options$horizon),
                         c(limits(early), tau = options$horizon, uno))
  }
  result(rows)
}

# Of `.lp` and `.rank`: within strata, from the entry times on, pairs weighted by case weights, influence summed by cluster.
concordance_within <- function(data, ymax) {
  has <- function(name) name %in% names(data)
  left <- if (has(".entry")) "Surv(.entry, .rank, .event)" else "Surv(.rank, .event)"
  formula <- as.formula(paste(left, "~ .lp", if (has(".stratum")) "+ strata(.stratum)"))
  args <- list(formula, data = quote(data), reverse = TRUE)
  if (!is.null(ymax)) args$ymax <- ymax
  if (has(".weights")) args$weights <- quote(.weights)
  if (has(".cluster")) args$cluster <- quote(.cluster)
  do.call(concordance, args)
}

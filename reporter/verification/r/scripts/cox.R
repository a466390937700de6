# Cox model: coefficients, model tests and baseline hazard.
check_cox <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  data <- model_data(frame, terms)
  fit <- fit_terms(data, terms, options$ties, options)
  z <- normal_quantile(options$conf_level)
  estimate <- coef(fit)
  error <- sqrt(diag(vcov(fit)))
  estimate[fit$infinite | !fit$identified] <- NA
  names(estimate) <- names(error) <- coefficient_terms(terms, options$interactions)
  analysis <- options$analysis
  rows <- list()
  add <- function(term, counts) {
    values <- counts
    if (term %in% names(estimate)) {
      b <- estimate[[term]]
      s <- if (is.na(b)) NA else error[[term]]
      log_p <- log(2) + pnorm(abs(b / s), lower.tail = FALSE, log.p = TRUE)
      values <- c(values, estimate = b, std_error = s, statistic = b / s, p_value = exp(log_p), log_p_value = log_p,
                  hazard_ratio = exp(b), conf_low = exp(b - z * s), conf_high = exp(b + z * s))
    }
    rows[[length(rows) + 1]] <<- numbers(place(cohort, endpoint, analysis, term = term), values)
  }
  for (i in seq_along(terms)) {
    value <- data[[paste0("x", i)]]
    if (is.factor(value)) {
      for (level in levels(value)) {
        at <- value == level
        add(level_term(terms[[i]]$column, level), c(n = sum(at), n_event = sum(data$.event[at])))
      }
    } else {
      for (name in encode_term(term_columns(terms[[i]]))) add(name, c(n = nrow(data), n_event = sum(data$.event)))
    }
  }
  for (name in names(estimate)[fit$assign_of > length(terms)]) add(name, c(n = nrow(data), n_event = sum(data$.event)))
  df <- sum(fit$identified)
  if (!fit$converged) {
    estimate[] <- NA
    fit$loglik[2] <- NA
    fit$infinite[] <- TRUE
  }
  model <- c(n = nrow(data), n_event = sum(data$.event), n_missing = nrow(frame) - nrow(data),
             log_likelihood = fit$loglik[2], log_likelihood_null = fit$loglik[1],
             chi_square("lr", 2 * diff(fit$loglik), df))
  if (analysis == "cox_univariable") {
    where <- place(cohort, endpoint, "cox_univariable_model", term = terms[[1]]$column)
    return(result(c(rows, list(numbers(where, model)))))
  }
  # With a coefficient at infinity the Wald test and the baseline hazard depend on where the iterations stopped.
  wald <- if (any(fit$infinite)) NA else as.numeric(fit$wald.test)
  model <- c(model, events_per_variable = sum(data$.event) / df, aic = 2 * df - 2 * fit$loglik[2],
             chi_square("wald", wald, df), chi_square("score", fit$score, df))
  rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "cox_model", term = "GLOBAL"), model)
  if (any(fit$infinite)) return(result(rows))
  base <- basehaz(fit, centered = TRUE)
  at_event <- base$time %in% unique(data$.time[data$.event])
  curve <- curve_column(place(cohort, endpoint, "cox_baseline_curve"), "cumulative_hazard", base$time[at_event], base$hazard[at_event])
  result(rows, list(curve))
}

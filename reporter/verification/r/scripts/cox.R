# Cox model: coefficients, model tests and baseline hazard.
check_cox <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  data <- model_data(frame, terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  z <- normal_quantile(options$conf_level)
  estimate <- coef(fit)
  error <- sqrt(diag(vcov(fit)))
  estimate[fit$infinite | !fit$identified] <- NA
  # A robust variance of nothing, as where the clusters balance each other, is none.
  if (length(fit$naive.var)) error[!(error > 1e-8 * sqrt(diag(as.matrix(fit$naive.var))))] <- NA
  names(estimate) <- names(error) <- coefficient_terms(terms, options$interactions)
  analysis <- options$analysis
  rows <- list()
  add <- function(term, counts) {
    values <- counts
    if (term %in% names(estimate)) {
      b <- estimate[[term]]
      s <- if (is.na(b)) NA else error[[term]]
      log_p <- log(2) + pnorm(abs(b / s), lower.tail = FALSE, log.p = TRUE)
      naive <- if (length(fit$naive.var)) c(model_std_error = if (is.na(b)) NA else sqrt(diag(fit$naive.var))[[match(term, names(estimate))]])
      values <- c(values, estimate = b, std_error = s, naive, statistic = b / s, p_value = exp(log_p), log_p_value = log_p,
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
  # Within a cluster observations are not independent: nothing that compares likelihoods.
  compared <- if (length(fit$naive.var)) c(NA, NA) else fit$loglik
  model <- c(n = nrow(data), n_event = sum(data$.event), n_missing = nrow(frame) - nrow(data),
             log_likelihood = fit$loglik[2], log_likelihood_null = fit$loglik[1],
             chi_square("lr", likelihood_ratio(compared[2], compared[1]), df))
  if (analysis == "cox_univariable") {
    where <- place(cohort, endpoint, "cox_univariable_model", term = terms[[1]]$column)
    return(result(c(rows, list(numbers(where, model)))))
  }
  # With a coefficient at infinity the Wald test and the baseline hazard depend on where the iterations stopped.
  few <- !is.null(data$.cluster) && length(unique(data$.cluster)) <= df
  wald <- if (any(fit$infinite) || few) NA else as.numeric(fit$wald.test)
  # The robust score statistic of coxph leaves an offset out.
  score <- if (few || (length(fit$naive.var) && !is.null(data$.offset))) NA else if (length(fit$naive.var)) fit$rscore else fit$score
  model <- c(model, events_per_variable = sum(data$.event) / df, aic = 2 * df - 2 * compared[2],
             bic = log(sum(data$.event)) * df - 2 * compared[2], chi_square("wald", wald, df),
             chi_square("score", score, df))
  rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "cox_model", term = "GLOBAL"), model)
  if (any(fit$infinite)) return(result(rows))
  # With interactions R warns that the means of the columns describe no patient; here they are only where the curve is given.
  base <- suppressWarnings(survfit(fit, se.fit = FALSE, stype = 2, ctype = if (options$ties == "efron") 2 else 1))
  of_row <- if (length(base$strata)) rep(names(base$strata), base$strata) else rep(if (length(options$strata)) as.character(data$.stratum[1]) else "", length(base$time))
  curves <- lapply(unique(of_row), function(level) {
    here <- of_row == level & base$n.event > 0
    where <- place(cohort, endpoint, "cox_baseline_curve", paste(options$strata, collapse = ":"), level)
    if (any(here)) curve_column(where, "cumulative_hazard", base$time[here], base$cumhaz[here])
  })
  result(rows, Filter(length, curves))
}

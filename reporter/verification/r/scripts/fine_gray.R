# Fine-Gray model: finegray expands the data with censoring weights, coxph fits it with each patient a cluster.
# Columns that are not constant, nor a combination of those before them.
independent_columns <- function(x) {
  centred <- sweep(x, 2, colMeans(x))
  varies <- which(sqrt(colSums(centred^2)) > 1e-10 * sqrt(colSums(x^2)))
  decomposed <- qr(centred[, varies, drop = FALSE], tol = 1e-7)
  seq_len(ncol(x)) %in% varies[decomposed$pivot[seq_len(decomposed$rank)]]
}

check_fine_gray <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  for (key in c("strata", "cluster", "weights", "offset")) {
    if (length(options[[key]]) && any(nzchar(options[[key]]))) stop("a Fine-Gray model with ", key, " is not offered")
  }
  terms <- options$terms
  data <- model_data(frame, terms)
  cause <- frame$.cause[attr(data, "rows")]
  own <- cause == options$cause
  if (!any(own)) stop("no events: the subdistribution hazard ratios cannot be estimated")
  pairs <- interaction_pairs(terms, options$interactions)
  parts <- c(paste0("x", seq_along(terms)), vapply(pairs, function(pair) paste0("x", pair, collapse = ":"), ""))
  x <- model.matrix(as.formula(paste("~", paste(parts, collapse = " + "))), data)[, -1, drop = FALSE]
  entry <- if (is.null(data$.entry)) rep(-Inf, nrow(data)) else data$.entry
  deaths <- sort(unique(data$.time[own]))
  seen <- findInterval(data$.time, deaths) > findInterval(entry, deaths) | (cause > 0 & !own)
  identified <- independent_columns(x[seen, , drop = FALSE])
  if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
  plain <- as.data.frame(x)
  names(plain) <- paste0("z", seq_len(ncol(x)))
  plain$.id <- seq_len(nrow(plain))
  state <- cause_factor(cause, options$n_causes)
  etype <- paste0("cause", options$cause)
  expanded <- if (is.null(data$.entry)) finegray(Surv(data$.time, state) ~ ., data = plain, etype = etype)
    else finegray(Surv(data$.entry, data$.time, state) ~ ., data = plain, id = .id, etype = etype)
  undefined <- !is.finite(expanded$fgwt) | expanded$fgwt <= 0
  if (any(undefined)) stop("a Fine-Gray model is not offered where nobody is under observation for a while")
  rows <- data.frame(.entry = expanded$fgstart, .time = expanded$fgstop, .event = expanded$fgstatus == 1,
                     .weights = expanded$fgwt, .cluster = expanded$.id, expanded[paste0("z", seq_len(ncol(x)))])
  fit <- fit_cox(model_formula(rows, paste0("z", seq_len(ncol(x)))), rows, options$ties)
  identified <- fit$identified
  result(c(fine_gray_rows(fit, identified, data, own, options, cohort, endpoint),
           list(fine_gray_model(fit, identified, frame, cause, own, cohort, endpoint))))
}

fine_gray_rows <- function(fit, identified, data, own, options, cohort, endpoint) {
  z <- normal_quantile(options$conf_level)
  estimate <- coef(fit)
  error <- suppressWarnings(sqrt(diag(fit$var)))
  if (length(error) != length(estimate)) error <- rep(NA, length(estimate))
  estimate[fit$infinite | !identified] <- NA
  # A robust variance of nothing, as where all die at one time, is none.
  estimate[!(error > 1e-8 * sqrt(diag(as.matrix(fit$naive.var))))] <- NA
  if (!fit$converged) estimate[] <- NA
  names(estimate) <- names(error) <- coefficient_terms(options$terms, options$interactions)
  row <- function(term, counts) {
    values <- counts
    if (term %in% names(estimate)) {
      b <- estimate[[term]]
      s <- if (is.na(b)) NA else error[[term]]
      log_p <- log(2) + pnorm(abs(b / s), lower.tail = FALSE, log.p = TRUE)
      values <- c(values, estimate = b, std_error = s, statistic = b / s, p_value = exp(log_p), log_p_value = log_p,
                  hazard_ratio = exp(b), conf_low = exp(b - z * s), conf_high = exp(b + z * s))
    }
    numbers(place(cohort, endpoint, "fine_gray", term = term), values)
  }
  everybody <- c(n = nrow(data), n_event = sum(own))
  by_level <- character()
  rows <- list()
  for (i in seq_along(options$terms)) {
    value <- data[[paste0("x", i)]]
    if (!is.factor(value)) next
    for (level in levels(value)) {
      term <- level_term(options$terms[[i]]$column, level)
      by_level <- c(by_level, term)
      rows[[length(rows) + 1]] <- row(term, c(n = sum(value == level), n_event = sum(own & value == level)))
    }
  }
  c(rows, lapply(setdiff(names(estimate), by_level), row, everybody))
}

fine_gray_model <- function(fit, identified, frame, cause, own, cohort, endpoint) {
  wald <- if (any(fit$infinite) || !fit$converged) NA else wald_test(fit)
  # With a coefficient at infinity both depend on where the iterations stopped.
  reached <- if (any(fit$infinite) || !fit$converged) NA else fit$loglik[2]
  counts <- c(n = length(own), n_event = sum(own), n_competing = sum(cause > 0 & !own), n_missing = nrow(frame) - length(own))
  numbers(place(cohort, endpoint, "fine_gray_model", term = "GLOBAL"),
          c(counts, log_likelihood = reached, log_likelihood_null = fit$loglik[1], chi_square("wald", wald, sum(identified))))
}

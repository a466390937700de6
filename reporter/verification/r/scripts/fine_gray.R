# Fine-Gray model: finegray expands the data with censoring weights, coxph fits it with each patient a cluster.
# Adds `infinite` (of which coxph warns, whose standard error is out of proportion, or which it gives up) and `converged`.
# Where a coefficient runs to infinity the tight control never ends: then R's own control says whether the rest converged.
fine_gray_fit <- function(data, formula, ties, identified) {
  tight <- if (all(identified)) tight_control else coxph.control(eps = 1e-14, toler.chol = 1e-12, iter.max = 50)
  found <- fine_gray_run(data, formula, ties, tight)
  judged <- if (found$ran_out) fine_gray_run(data, formula, ties, coxph.control()) else found
  fit <- found$fit
  error <- suppressWarnings(sqrt(diag(fit$naive.var)))
  if (length(error) != length(identified)) error <- rep(Inf, length(identified))
  error <- error * apply(fit$x, 2, function(column) diff(range(column)))
  error[!is.finite(error) | error == 0] <- Inf
  suspect <- seq_along(identified) %in% judged$named
  fit$infinite <- identified & ((suspect & error > 100) | error > 1e4)
  fit$converged <- !judged$ran_out || abs(fit$loglik[2]) < 1e-6 * abs(fit$loglik[1])
  fit
}

fine_gray_run <- function(data, formula, ties, control) {
  warned <- character()
  fit <- withCallingHandlers(
    coxph(formula, data = data, ties = ties, weights = fgwt, cluster = .id, control = control, x = TRUE),
    warning = function(said) {
      if (!grepl("Loglik converged before|may be infinite|Ran out of iterations", conditionMessage(said))) return()
      warned <<- c(warned, conditionMessage(said))
      invokeRestart("muffleWarning")
    }
  )
  named <- grep("Loglik converged before", warned, value = TRUE)
  list(fit = fit, ran_out = any(grepl("Ran out of iterations", warned)),
       named = as.integer(unlist(regmatches(named, gregexpr("[0-9]+", named)))))
}

# Columns that are not constant, nor a combination of those before them.
independent_columns <- function(x) {
  centred <- sweep(x, 2, colMeans(x))
  varies <- which(sqrt(colSums(centred^2)) > 1e-10 * sqrt(colSums(x^2)))
  decomposed <- qr(centred[, varies, drop = FALSE], tol = 1e-7)
  seq_len(ncol(x)) %in% varies[decomposed$pivot[seq_len(decomposed$rank)]]
}

check_fine_gray <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  if (!is.null(frame$.entry)) stop("a Fine-Gray model is not offered with entry times")
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
  seen <- data$.time >= min(data$.time[own]) | (cause > 0 & !own)
  identified <- independent_columns(x[seen, , drop = FALSE])
  if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
  plain <- as.data.frame(x)
  names(plain) <- paste0("z", seq_len(ncol(x)))
  plain$.id <- seq_len(nrow(plain))
  state <- cause_factor(cause, options$n_causes)
  expanded <- finegray(Surv(data$.time, state) ~ ., data = plain, etype = paste0("cause", options$cause))
  formula <- as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", paste(names(plain)[seq_len(ncol(x))], collapse = " + ")))
  fit <- fine_gray_fit(expanded, formula, options$ties, identified)
  result(c(fine_gray_rows(fit, identified, data, own, options, cohort, endpoint),
           list(fine_gray_model(fit, identified, frame, cause, own, cohort, endpoint))))
}

fine_gray_rows <- function(fit, identified, data, own, options, cohort, endpoint) {
  z <- normal_quantile(options$conf_level)
  estimate <- coef(fit)
  error <- suppressWarnings(sqrt(diag(fit$var)))
  if (length(error) != length(estimate)) error <- rep(NA, length(estimate))
  estimate[fit$infinite | !identified] <- NA
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
  wald <- if (any(fit$infinite) || !fit$converged) NA else as.numeric(fit$wald.test)
  # With a coefficient at infinity both depend on where the iterations stopped.
  reached <- if (any(fit$infinite) || !fit$converged) NA else fit$loglik[2]
  counts <- c(n = length(own), n_event = sum(own), n_competing = sum(cause > 0 & !own), n_missing = nrow(frame) - length(own))
  numbers(place(cohort, endpoint, "fine_gray_model", term = "GLOBAL"),
          c(counts, log_likelihood = reached, log_likelihood_null = fit$loglik[1], chi_square("wald", wald, sum(identified))))
}

# The Cox model in each of the imputed sets that Python drew, pooled by Rubin's rules with the degrees of freedom of Barnard
# and Rubin.
check_cox_imputed <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  columns <- vapply(terms, function(term) term$column, "")
  incomplete <- columns[vapply(columns, function(name) anyNA(frame[[name]]), NA)]
  if (!length(incomplete)) return(result())
  set_of <- function(k, name) frame[[paste0(".imputed.", k, ".", name)]]
  if (is.null(set_of(1, incomplete[1]))) stop("the frame has no imputed sets")
  m <- options$imputations
  fits <- lapply(seq_len(m), function(k) {
    completed <- frame
    for (name in incomplete) completed[[name]] <- set_of(k, name)
    data <- model_data(completed, terms, options)
    fit <- fit_terms(data, terms, options$ties, options)
    b <- coef(fit)
    b[fit$infinite | !fit$identified] <- NA
    if (!fit$converged) b[] <- NA
    list(b = b, v = diag(vcov(fit)), n = nrow(data), n_event = sum(data$.event), df = sum(fit$identified),
         n_incomplete = sum(!complete.cases(frame[attr(data, "rows"), columns])))
  })
  part <- function(name) do.call(rbind, lapply(fits, `[[`, name))
  first <- fits[[1]]
  q <- colMeans(part("b"))
  u <- colMeans(part("v"))
  b <- apply(part("b"), 2, var)
  total <- u + (1 + 1 / m) * b
  lambda <- (1 + 1 / m) * b / total
  nu <- max(first$n_event - min(part("df")), 1)
  df <- 1 / (lambda^2 / (m - 1) + 1 / ((nu + 1) / (nu + 3) * nu * (1 - lambda)))
  r <- (1 + 1 / m) * b / u
  rows <- list(numbers(place(cohort, endpoint, "cox_imputed", term = "GLOBAL"),
    c(n = first$n, n_event = first$n_event, n_incomplete = first$n_incomplete, n_imputations = m,
      n_imputed_variables = length(incomplete))))
  names_of <- coefficient_terms(terms, options$interactions)
  for (j in seq_along(names_of)) {
    s <- if (is.na(q[[j]])) NA else sqrt(total[[j]])
    statistic <- q[[j]] / s
    half <- qt(1 - (1 - options$conf_level) / 2, df[[j]]) * s
    log_p <- log(2) + pt(abs(statistic), df[[j]], lower.tail = FALSE, log.p = TRUE)
    rows[[j + 1]] <- numbers(place(cohort, endpoint, "cox_imputed", term = names_of[j]),
      c(estimate = q[[j]], std_error = s, df = df[[j]], statistic = statistic, p_value = exp(log_p), log_p_value = log_p,
        hazard_ratio = exp(q[[j]]), conf_low = exp(q[[j]] - half), conf_high = exp(q[[j]] + half),
        fmi = (r[[j]] + 2 / (df[[j]] + 3)) / (r[[j]] + 1)))
  }
  for (name in incomplete) {
    lost <- is.na(frame[[name]])
    seen <- frame[[name]][!lost]
    sets <- lapply(seq_len(m), function(k) set_of(k, name)[lost])
    found <- c(n_missing = sum(lost), percent_missing = 100 * sum(lost) / nrow(frame))
    if (is.numeric(seen)) {
      sets <- unlist(sets)
      found <- c(found, mean_observed = mean(seen), std_dev_observed = sd(seen), mean_imputed = mean(sets),
                 std_dev_imputed = sd(sets))
    }
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "imputation", term = name), found)
    for (level in levels(seen)) {
      share <- c(percent_observed = 100 * sum(seen == level) / length(seen),
                 percent_imputed = 100 * mean(unlist(sets_are(sets, level))))
      rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "imputation", term = level_term(name, level)), share)
    }
  }
  result(rows)
}

sets_are <- function(sets, level) lapply(sets, function(value) value == level)

# Shared by all reference files: addresses, frames and model terms. Needs R and the package survival.
suppressPackageStartupMessages(library(survival))

tight_control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)

encode_level <- function(level) {
  pairs <- c("%" = "%25", "/" = "%2F", ">" = "%3E", "<" = "%3C", "=" = "%3D", " " = "%20")
  for (character in names(pairs)) level <- gsub(character, pairs[[character]], level, fixed = TRUE)
  level
}

# Shortest text that reads back as the same number.
time_text <- function(time) {
  for (digits in 15:17) {
    text <- sprintf(paste0("%.", digits, "g"), time)
    if (as.numeric(text) == time) return(text)
  }
  text
}

# cohort/endpoint/analysis[/group=level][/term][/t=time]
place <- function(cohort, endpoint, analysis, group = "", level = "", term = "", time = NULL) {
  parts <- c(cohort, endpoint, analysis)
  if (nzchar(group)) parts <- c(parts, if (nzchar(level)) paste0(group, "=", encode_level(level)) else group)
  if (nzchar(term)) parts <- c(parts, term)
  if (!is.null(time)) parts <- c(parts, paste0("t=", time_text(time)))
  paste(parts, collapse = "/")
}

level_term <- function(column, level) paste0(column, "=", encode_level(level))

# A term as addresses have it: the first "=" separates column and level.
encode_term <- function(term) {
  vapply(term, function(text) {
    at <- regexpr("=", text, fixed = TRUE)
    if (at < 0) return(encode_level(text))
    paste0(substr(text, 1, at - 1), "=", encode_level(substring(text, at + 1)))
  }, "", USE.NAMES = FALSE)
}

# A data frame of addresses and values from a named vector.
numbers <- function(where, values) {
  data.frame(address = paste0(where, "/", names(values)), value = as.numeric(values), stringsAsFactors = FALSE)
}

curve_column <- function(where, stat, time, value) list(where = where, stat = stat, time = time, value = value)

result <- function(rows = list(), curves = list()) {
  list(rows = if (length(rows)) do.call(rbind, rows) else data.frame(address = character(), value = numeric()), curves = curves)
}

# Time and event, from `.entry` on where patients enter late.
surv_of <- function(data) {
  if (is.null(data$.entry)) Surv(data$.time, data$.event) else Surv(data$.entry, data$.time, data$.event)
}

at_risk_at <- function(data, time) sum(data$.time >= time & (if (is.null(data$.entry)) TRUE else data$.entry < time))

# Time for comparing predictions: who had a competing event never has the event of interest (Wolbers).
ranking_time <- function(frame) {
  if (is.null(frame$.cause)) frame$.time else ifelse(frame$.cause > 1, max(frame$.time) + 1, frame$.time)
}

frame_of <- function(frames, cohort, endpoint) frames[[paste(cohort, endpoint, sep = "/")]]

# The rows of each level of a group (all rows, level "", without a group); empty levels are left out.
split_levels <- function(frame, group) {
  if (!nzchar(group)) return(list(list(level = "", rows = rep(TRUE, nrow(frame)))))
  value <- frame[[group]]
  found <- lapply(levels(value), function(level) list(level = level, rows = !is.na(value) & value == level))
  Filter(function(item) any(item$rows), found)
}

term_values <- function(frame, term) {
  value <- frame[[term$column]]
  if (length(term$levels)) return(factor(as.character(value), levels = term$levels))
  if (!is.null(term$winsorize)) value <- pmin(value, term$winsorize)
  value <- switch(term$transform, identity = value, log1p = log1p(value), log2 = log2(value))
  if (length(term$spline)) value <- cubic_spline(value, term$spline)
  value / term$per
}

# Restricted cubic spline (Stone and Koo), as rcs of the package rms with norm 2: x and one column for each knot but two.
cubic_spline <- function(x, knots) {
  k <- length(knots)
  unit <- (knots[k] - knots[1])^(2 / 3)
  power <- function(knot) pmax((x - knot) / unit, 0)^3
  cbind(x, vapply(seq_len(k - 2), function(j) {
    power(knots[j]) + ((knots[k - 1] - knots[j]) * power(knots[k]) - (knots[k] - knots[j]) * power(knots[k - 1])) /
      (knots[k] - knots[k - 1])
  }, x + 0), deparse.level = 0)
}

# Columns x1, x2, ... of the terms; a spline is a matrix of columns.
term_frame <- function(frame, terms) {
  data <- data.frame(row.names = seq_len(nrow(frame)))
  for (i in seq_along(terms)) data[[paste0("x", i)]] <- term_values(frame, terms[[i]])
  data
}

# The two terms of each interaction, the first of the model first; each interaction once.
interaction_pairs <- function(terms, interactions) {
  columns <- vapply(terms, function(term) term$column, "")
  unique(lapply(interactions, function(pair) sort(match(unlist(pair), columns))))
}

interaction_names <- function(terms, interactions) {
  vapply(interaction_pairs(terms, interactions), function(pair) paste0(terms[[pair[1]]]$column, ":", terms[[pair[2]]]$column), "")
}

# The combinations of the levels of the strata, as "II:Male".
stratum_of <- function(frame, columns) {
  part <- lapply(columns, function(column) frame[[column]])
  text <- do.call(paste, c(lapply(part, as.character), sep = ":"))
  factor(ifelse(Reduce(`|`, lapply(part, is.na)), NA, text))
}

# Response, and what stands in the formula beside the columns.
model_formula <- function(data, right) {
  has <- function(name) name %in% names(data)
  left <- if (has(".entry")) "Surv(.entry, .time, .event)" else "Surv(.time, .event)"
  parts <- c(right, if (has(".stratum")) "strata(.stratum)", if (has(".offset")) "offset(.offset)")
  as.formula(paste(left, "~", paste(parts, collapse = " + ")))
}

# Model frame x1, x2, ... with .time and .event, complete cases only; attribute "rows" says which rows were kept.
# With the options of a model also .entry, .stratum, .cluster, .weight and .offset where it has them.
model_data <- function(frame, terms, options = list()) {
  data <- cbind(data.frame(.time = frame$.time, .event = frame$.event), term_frame(frame, terms))
  if (".entry" %in% names(frame)) data$.entry <- frame$.entry
  if (length(options$strata)) data$.stratum <- stratum_of(frame, options$strata)
  for (part in c("cluster", "weights", "offset")) {
    if (any(nzchar(options[[part]]))) data[[paste0(".", part)]] <- frame[[options[[part]]]]
  }
  if (!is.null(data$.weights) && is.null(data$.cluster) && any(data$.weights %% 1 != 0, na.rm = TRUE)) {
    stop("case weights that are not whole numbers need a cluster")
  }
  if (!is.null(data$.cluster) && length(unique(data$.cluster[complete.cases(data)])) == 1) {
    stop("a robust variance is not offered: all patients are in one cluster")
  }
  if (identical(options$ties, "exact") && !is.null(data$.entry)) stop("exact ties are not offered with entry times")
  keep <- complete.cases(data)
  out <- data[keep, , drop = FALSE]
  attr(out, "rows") <- keep
  out
}

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
  fit <- with_finite_steps(fit_with, 1e-15)
  start <- NULL
  x <- if (is.null(fit)) at_zero("breslow")$x else fit$x
  identified <- identified_columns(x, data)
  if (!any(identified)) stop("every covariate is constant: there is nothing to estimate")
  if (".entry" %in% names(data) || ties == "exact") {
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
  if (ran_out || !all(is.finite(error[identified]) & error[identified] > 0 & error[identified] < 30)) {
    at_0 <- information_at_0(if (is.null(start)) at_zero(ties) else start, data)
    fit <- if (ties == "exact") judge_exact(fit, at_0, ran_out, overflows) else climb_on(fit, data, at_0)
  } else {
    fit$converged <- TRUE
  }
  fit$wald.test <- wald_test(fit)
  rounded <- nrow(data) > many_rows || ".entry" %in% names(data)
  if (!rounded || !all(identified) || any(fit$infinite)) return(fit)
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
  unit <- sqrt(diag(middle))
  if (!all(unit > 0) || min(eigen(middle / outer(unit, unit), symmetric = TRUE, only.values = TRUE)$values) < 1e-10) return(NA)
  quadratic(colSums(total), middle)
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

# Wald's statistic of all coefficients.
wald_test <- function(fit) {
  used <- which(fit$identified)
  variance <- as.matrix(fit$var)[used, used, drop = FALSE]
  error <- suppressWarnings(sqrt(diag(variance)))
  if (all(is.finite(error) & error > 0)) quadratic(coef(fit)[used], variance) else NA
}

# Log-likelihood, score and information at a linear predictor, summed over the risk sets.
score_and_information <- function(predictor, x, data, ties) {
  stratum <- if (is.null(data$.stratum)) rep(1L, nrow(x)) else as.integer(data$.stratum)
  entry <- if (is.null(data$.entry)) rep(-Inf, nrow(x)) else data$.entry
  case <- if (is.null(data$.weights)) rep(1, nrow(x)) else data$.weights
  value <- 0
  score <- numeric(ncol(x))
  information <- matrix(0, ncol(x), ncol(x))
  for (level in unique(stratum)) for (t in unique(data$.time[stratum == level & data$.event])) {
    here <- which(stratum == level & data$.time >= t & entry < t)
    dies <- data$.time[here] == t & data$.event[here]
    eta <- predictor[here] - max(predictor[here])
    risk <- case[here] * exp(eta)
    z <- x[here, , drop = FALSE]
    d <- sum(dies)
    each <- mean(case[here][dies])
    value <- value + sum(case[here][dies] * eta[dies])
    for (k in seq_len(d)) {
      share <- risk * (1 - if (ties == "efron") (k - 1) / d * dies else 0)
      value <- value - each * log(sum(share))
      share <- share / sum(share)
      middle <- colSums(share * z)
      away <- sweep(z, 2, middle)
      information <- information + each * crossprod(away, share * away)
      score <- score - each * middle
    }
    score <- score + colSums(case[here][dies] * z[dies, , drop = FALSE])
  }
  list(value = value, score = score, information = information)
}

# From where coxph ended, Newton's method to the supremum: on the way to infinity coxph stops where it takes rounding for a
# step too far, or drops a column that has little information left. Sets `infinite` (a further step would still move the
# column by 1e-5 over its range, or it has a part in a direction with next to no information left) and `converged` (no gain
# is left, before a hazard overflows).
climb_on <- function(fit, data, at_0) {
  used <- which(fit$identified)
  x <- fit$x[, used, drop = FALSE]
  offset <- if (is.null(data$.offset)) 0 else data$.offset - mean(data$.offset)
  at_beta <- function(beta) {
    predictor <- drop(x %*% beta) - sum(colMeans(x) * beta) + offset
    if (max(abs(predictor)) >= 340) return(list(value = -Inf))
    c(list(predictor = predictor), score_and_information(predictor, x, data, fit$method))
  }
  beta <- ifelse(is.na(coef(fit)[used]), 0, coef(fit)[used])
  at <- at_beta(beta)
  if (at$value < fit$loglik[1]) at <- at_beta(beta <- 0 * beta)
  gains_nothing <- 0
  for (i in 1:80) {
    step <- floored_step(at, 1e-15)
    gain <- sum(step * at$score) / 2
    gains_nothing <- gains_nothing + (gain <= 1e-14 * max(1, abs(at$value)))
    if (gains_nothing > 2) break
    better <- NULL
    for (floor in 10^-c(15, 12, 9, 6, 3)) for (half in 0:6) if (is.null(better)) {
      tried <- floored_step(at, floor)
      tried <- tried / 2^half * min(1, 30 / diff(range(x %*% tried)))
      there <- at_beta(beta + tried)
      if (there$value >= at$value) better <- list(beta = beta + tried, at = there)
    }
    if (is.null(better)) break
    beta <- better$beta
    at <- better$at
  }
  judged <- left_of(at_0, at$information, used)
  along <- drop(crossprod(judged$direction, at$score))
  kept <- judged$share >= 1e-8
  step <- drop(judged$direction[, kept, drop = FALSE] %*% (along / judged$share)[kept])
  width <- apply(x, 2, function(column) diff(range(column)))
  fit$infinite[used] <- lost_columns(judged, at_0, used) | abs(step) * width > 1e-5
  seen <- judged$share > 1e-15
  fit$converged <- sum((along^2 / judged$share)[seen]) / 2 <= 1e-12 * max(1, abs(at$value))
  fit$coefficients[used] <- beta
  fit$linear.predictors <- at$predictor
  fit$loglik[2] <- at$value
  variance <- matrix(0, ncol(fit$x), ncol(fit$x))
  variance[used, used] <- inverse_of(at$information)
  if (length(fit$naive.var)) fit$naive.var <- variance else fit$var <- variance
  fit
}

# coxph.detail and this file know no score of exact ties: what coxph says of itself.
judge_exact <- function(fit, at_0, ran_out, overflows) {
  used <- which(fit$identified)
  information <- matrix(0, ncol(fit$x), ncol(fit$x))
  known <- which(diag(as.matrix(fit$var)) > 0)
  if (length(known)) information[known, known] <- inverse_of(fit$var[known, known, drop = FALSE])
  fit$infinite[used] <- if (overflows) TRUE else lost_columns(left_of(at_0, information, used), at_0, used)
  # With perfect separation the log-likelihood reaches 0, and its relative change never gets small.
  fit$converged <- !overflows && (!ran_out || abs(fit$loglik[2]) < 1e-8 * abs(fit$loglik[1]))
  fit
}

# Newton's step, eigenvalues of the information on the scale of its diagonal raised to `floor` of the largest.
floored_step <- function(at, floor) {
  unit <- sqrt(pmax(diag(at$information), .Machine$double.xmin))
  found <- eigen(at$information / outer(unit, unit), symmetric = TRUE)
  drop(found$vectors %*% (drop(t(found$vectors) %*% (at$score / unit)) / pmax(found$values, floor * max(found$values)))) / unit
}

# Inverse on the scale of the diagonal, null directions left out.
inverse_of <- function(m) {
  unit <- sqrt(pmax(diag(m), .Machine$double.xmin))
  found <- eigen(m / outer(unit, unit), symmetric = TRUE)
  seen <- found$values > 1e-14 * max(found$values)
  part <- found$vectors[, seen, drop = FALSE]
  part %*% (t(part) / found$values[seen]) / outer(unit, unit)
}

# Directions (unit information at coefficients of 0) and the share of the information that is left along each.
left_of <- function(start, end, used) {
  unit <- sqrt(diag(start)[used])
  end <- if (ncol(end) == length(used)) end else end[used, used, drop = FALSE]
  back <- solve(chol(start[used, used, drop = FALSE] / outer(unit, unit)))
  found <- eigen(t(back) %*% (end / outer(unit, unit)) %*% back, symmetric = TRUE)
  list(share = found$values, direction = back %*% found$vectors / unit)
}

# Columns with a part in a direction that has lost its information.
lost_columns <- function(judged, start, used) {
  part <- abs(judged$direction * sqrt(diag(start)[used]))[, judged$share < 1e-8, drop = FALSE]
  rowSums(part > 1e-6 * rep(apply(part, 2, max), each = length(used))) > 0
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

# Names of the columns of one term, not encoded.
term_columns <- function(term) {
  if (length(term$levels)) return(paste0(term$column, "=", term$levels[-1]))
  paste0(term$column, strrep("'", seq_len(max(length(term$spline) - 1, 1)) - 1))
}

# Names of the coefficients in the order of coef(fit), as addresses have them.
coefficient_terms <- function(terms, interactions = list()) {
  columns <- lapply(terms, term_columns)
  products <- lapply(interaction_pairs(terms, interactions), function(pair) {
    as.vector(outer(columns[[pair[1]]], columns[[pair[2]]], paste, sep = ":"))
  })
  encode_term(unlist(c(columns, products)))
}

chi_square <- function(name, statistic, df) {
  prefix <- if (nzchar(name)) paste0(name, "_") else ""
  # Rounding error alone; P has its root.
  if (!is.na(statistic) && abs(statistic) <= 1e-12 * df) statistic <- 0
  values <- c(statistic, df, pchisq(statistic, df, lower.tail = FALSE), pchisq(statistic, df, lower.tail = FALSE, log.p = TRUE))
  setNames(values, paste0(prefix, c("statistic", "df", "p_value", "log_p_value")))
}

# 2 (l(whole) - l(reduced)); 0 where the two differ by rounding error alone.
likelihood_ratio <- function(whole, reduced) {
  found <- 2 * (whole - reduced)
  if (!is.na(found) && abs(found) <= 1e-12 * max(1, abs(whole))) 0 else found
}

normal_quantile <- function(conf_level) qnorm(1 - (1 - conf_level) / 2)

quantile_row <- function(fit, p, name) {
  found <- quantile(fit, probs = p)
  setNames(c(found$quantile[1], found$lower[1], found$upper[1]), c(name, "conf_low", "conf_high"))
}

median_row <- function(fit) quantile_row(fit, 0.5, "median")

# A fit, or NULL without events or an identified column, and where coxph itself stops on the way to infinity.
fit_or_null <- function(data, terms, options) {
  tryCatch(fit_terms(data, terms, options$ties, options), error = function(said) {
    if (!grepl("no events|nothing to estimate|infinite argument in coxph.wtest", conditionMessage(said))) stop(said)
    NULL
  })
}

# Columns divided by a power of 2 near their standard deviation, which no test feels and no digit loses: cox.zph takes columns
# of very different units for singular. `scale` is that of each coefficient.
in_own_units <- function(data, terms, interactions) {
  scales <- lapply(seq_along(terms), function(i) {
    value <- data[[paste0("x", i)]]
    if (is.factor(value)) return(rep(1, nlevels(value) - 1))
    apply(as.matrix(value), 2, function(column) if (isTRUE(sd(column) > 0)) 2^round(log2(sd(column))) else 1)
  })
  for (i in seq_along(terms)) {
    name <- paste0("x", i)
    if (is.matrix(data[[name]])) data[[name]] <- sweep(data[[name]], 2, scales[[i]], "/")
    else if (!is.factor(data[[name]])) data[[name]] <- data[[name]] / scales[[i]]
  }
  products <- lapply(interaction_pairs(terms, interactions), function(pair) as.vector(outer(scales[[pair[1]]], scales[[pair[2]]])))
  list(data = data, scale = unlist(c(scales, products)))
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

# What the analyses of residuals are not offered with.
diagnostics_refused <- function(options) {
  given <- vapply(options[c("cluster", "weights", "offset")], function(name) any(nzchar(name)), NA)
  if (any(given)) stop("not offered with ", paste(c("cluster", "weights", "offset")[given], collapse = ", "))
  if (options$ties == "exact") stop("not offered with exact ties")
}

# Scores that differ by rounding error alone are ties.
equal_but_for_rounding <- function(score) round(score / (1e-11 * max(1, abs(score))))

# Uno's concordance up to tau, beside Harrell's: pairs weighted by 1 / G(t-)^2, G the reverse Kaplan-Meier estimate in which
# deaths precede censorings.
uno_values <- function(data, frame, options, tau, z) {
  none <- c(uno_c = NA, uno_c_std_error = NA, uno_c_conf_low = NA, uno_c_conf_high = NA, uno_largest_weight = NA)
  if (any(c(".entry", ".cause") %in% names(frame))) return(none)
  if (length(options$strata) || any(nzchar(c(options$weights, options$cluster)))) return(none)
  if (is.na(tau) || !any(data$.event & data$.time <= tau)) return(none)
  if (sum(data$.time >= tau) < options$uno_min_at_risk) return(none)
  if (uncensored_before(data, tau) < options$uno_min_uncensored) return(none)
  found <- concordance(Surv(.time, .event) ~ .lp, data = data, reverse = TRUE, timewt = "n/G2", ymax = tau)
  if (is.na(found$concordance)) return(none)
  error <- sqrt(found$var)
  last <- max(data$.time[data$.event & data$.time <= tau])
  c(uno_c = unname(found$concordance), uno_c_std_error = error, uno_c_conf_low = unname(found$concordance) - z * error,
    uno_c_conf_high = unname(found$concordance) + z * error, uno_largest_weight = 1 / uncensored_before(data, last)^2)
}

# G(t-): who dies at a time is not at risk of being censored at it.
uncensored_before <- function(data, at) {
  times <- sort(unique(data$.time))
  index <- match(data$.time, times)
  n_event <- tabulate(index[data$.event], length(times))
  n_censor <- tabulate(index[!data$.event], length(times))
  n_risk <- rev(cumsum(rev(n_event + n_censor))) - n_event
  prod((1 - n_censor / n_risk)[times < at & n_censor > 0])
}

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

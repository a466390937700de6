# Optimism bootstrap of the multivariable model: the same resamples, drawn by R itself from the seed, a coxph in each, and
# Harrell's C, slope, Nagelkerke's R2 and the Brier score on the resample and on all rows.
check_optimism <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  terms <- options$terms
  if (any(nzchar(c(options$cluster, options$weights, options$offset))) || length(options$strata)) stop("not offered")
  if (options$ties == "exact" || any(c(".entry", ".cause") %in% names(frame))) stop("not offered")
  data <- model_data(frame, terms, options)
  n <- nrow(data)
  fit <- fit_terms(data, terms, options$ties, options)
  if (!gives_model(fit)) stop("no bootstrap of this model")
  if (n * options$resamples > options$max_rows) stop("too many rows")
  horizon <- if (is.null(options$horizon)) NA else options$horizon
  weighed <- is.na(horizon) || (sum(data$.time >= horizon) >= options$min_at_risk &&
                                  uncensored_before(data, horizon) >= options$min_uncensored)
  if (!weighed) horizon <- NA
  x <- model.matrix(fit)
  y <- Surv(data$.time, data$.event)
  # Equal rows get equal predictors, whatever the order of the sums.
  key <- match(do.call(paste, as.data.frame(x)), unique(do.call(paste, as.data.frame(x))))
  first <- match(seq_len(max(key)), key)
  predictor <- function(b) drop(x[first, , drop = FALSE] %*% b)[key]
  kind <- RNGkind()
  on.exit(RNGkind(kind[1], kind[2], kind[3]))
  set.seed(options$seed, "Mersenne-Twister")
  one <- function(rows, fit) {
    lp <- predictor(coef(fit))
    hazard <- if (is.na(horizon)) NA else baseline_by(data[rows, ], lp[rows], horizon, options$ties)
    null <- coxph.fit(x[rows, 1, drop = FALSE], y[rows, ], NULL, NULL, 0, coxph.control(iter.max = 0), NULL, options$ties, NULL, resid = FALSE)
    on_rows <- worth(data[rows, ], lp[rows], hazard, horizon, options$ties, c(null$loglik[1], fit$loglik[2]))
    c(on_rows, worth(data, lp, hazard, horizon, options$ties, NULL))
  }
  apparent <- one(seq_len(n), fit)[1:5]
  found <- lapply(seq_len(options$resamples), function(b) {
    rows <- floor(n * runif(n)) + 1
    again <- refit(x[rows, , drop = FALSE], y[rows, ], fit, options$ties)
    if (is.null(again)) again <- fit_or_null(data[rows, , drop = FALSE], terms, options)
    if (!gives_model(again)) return(NULL)
    values <- one(rows, again)
    wanted <- c(TRUE, TRUE, TRUE, rep(!is.na(horizon), 2))
    if (all(is.finite(values[rep(wanted, 2)]))) values
  })
  kept <- Filter(length, found)
  if (2 * length(kept) < options$resamples) stop("too few resamples gave a model")
  mean_of <- colMeans(do.call(rbind, kept))
  measure <- function(name, j) {
    gap <- mean_of[j] - mean_of[j + 5]
    setNames(c(apparent[j], mean_of[j], mean_of[j + 5], gap, apparent[j] - gap),
             paste0(name, "_", c("apparent", "training", "test", "optimism", "corrected")))
  }
  whole <- c(n = n, n_event = sum(data$.event), n_missing = nrow(frame) - n, n_resamples = options$resamples,
             n_failed = options$resamples - length(kept), measure("harrell_c", 1), measure("calibration_slope", 2),
             measure("r2", 3))
  rows <- list(numbers(place(cohort, endpoint, "optimism", term = "cox"), whole))
  if (!is.null(options$horizon)) {
    where <- place(cohort, endpoint, "optimism", term = "cox", time = options$horizon)
    early <- c(measure("harrell_c", 4), measure("brier", 5))
    if (is.na(horizon)) early[] <- NA
    rows[[2]] <- numbers(where, early)
  }
  result(rows)
}

gives_model <- function(fit) {
  !is.null(fit) && fit$converged && all(fit$identified) && !any(fit$infinite)
}

# The fit by coxph's own routine from the coefficients of all rows, twice, as long as nothing is unusual: no column without
# much information of its own, no coefficient far from that of all rows. Else NULL, and every safeguard is called for.
refit <- function(x, y, fit, ties) {
  start <- coef(fit)
  spread <- apply(x, 2, sd)
  if (!all(spread > 0) || sum(y[, 2]) < 2) return(NULL)
  for (turn in 1:2) {
    found <- tryCatch(coxph.fit(x, y, NULL, NULL, start, tight_control, NULL, ties, NULL, resid = FALSE), warning = function(said) NULL)
    if (is.null(found) || !all(is.finite(found$coefficients))) return(NULL)
    start <- found$coefficients
  }
  inverse <- solve(cor(x))
  unusual <- diag(inverse) > 1e4 | abs(start - coef(fit)) > 8 * sqrt(diag(vcov(fit))) | sqrt(diag(found$var)) > 4 * sqrt(diag(vcov(fit)))
  if (any(unusual)) return(NULL)
  found$converged <- TRUE
  found$identified <- rep(TRUE, length(start))
  found$infinite <- rep(FALSE, length(start))
  found
}

# Cumulative hazard up to a time at a predictor of 0.
baseline_by <- function(data, lp, horizon, ties) {
  times <- sort(unique(data$.time))
  index <- match(data$.time, times)
  risk <- exp(lp)
  sum_of <- function(values) tapply(values, factor(index, seq_along(times)), sum, default = 0)
  s0 <- rev(cumsum(rev(sum_of(risk))))
  d0 <- sum_of(risk * data$.event)
  d <- tabulate(index[data$.event], length(times))
  at <- rep(which(times <= horizon), d[times <= horizon])
  share <- if (ties == "efron") (sequence(d[times <= horizon]) - 1) / d[at] else 0
  sum(1 / (s0[at] - share * d0[at]))
}

# Harrell's C, slope, R2, Harrell's C up to the horizon and the Brier score of a predictor; `loglik` where it was fitted here.
worth <- function(data, lp, hazard, horizon, ties, loglik) {
  y <- Surv(data$.time, data$.event)
  c_by <- function(ymax) unname(concordancefit(y, lp, ymax = ymax, reverse = TRUE, std.err = FALSE)$concordance)
  slope <- 1
  if (is.null(loglik)) {
    fit <- coxph.fit(as.matrix(lp), y, NULL, NULL, 1, tight_control, NULL, ties, NULL, resid = FALSE)
    slope <- unname(fit$coefficients)
    fit$loglik[1] <- coxph.fit(as.matrix(lp), y, NULL, NULL, 0, coxph.control(iter.max = 0), NULL, ties, NULL, resid = FALSE)$loglik[1]
    loglik <- fit$loglik
  }
  r2 <- (1 - exp(-2 * (loglik[2] - loglik[1]) / nrow(data))) / (1 - exp(2 * loglik[1] / nrow(data)))
  if (is.na(horizon)) return(c(c_by(NULL), slope, r2, NA, NA))
  c(c_by(NULL), slope, r2, c_by(horizon), brier_by(data, 1 - exp(-hazard * exp(lp)), horizon))
}

brier_by <- function(data, risk, horizon) {
  times <- sort(unique(data$.time))
  index <- match(data$.time, times)
  n_event <- tabulate(index[data$.event], length(times))
  n_censor <- tabulate(index[!data$.event], length(times))
  n_risk <- rev(cumsum(rev(n_event + n_censor))) - n_event
  before <- cumprod(c(1, ifelse(n_censor > 0, 1 - n_censor / n_risk, 1)))
  g <- function(at) before[findInterval(at, times, left.open = TRUE) + 1]
  case <- data$.event & data$.time <= horizon
  control <- !case & data$.time >= horizon
  (sum((1 - risk[case])^2 / g(data$.time[case])) + sum(risk[control]^2) / g(horizon)) / nrow(data)
}

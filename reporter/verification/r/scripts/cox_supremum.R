# Shared: how a Cox model is followed to where its likelihood ends, and which coefficients run to infinity on the way.

# Log-likelihood, score and information at a linear predictor, summed over the risk sets; value -Inf where it cannot be computed.
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
    score <- score + colSums(case[here][dies] * z[dies, , drop = FALSE])
    if (ties == "exact") {
      if (d == length(here)) {
        value <- value - sum(eta)
        score <- score - colSums(z)
        next
      }
      subsets <- sum_over_subsets(risk, z, d)
      if (!is.finite(subsets$log_sum)) return(list(value = -Inf))
      value <- value - subsets$log_sum
      score <- score - subsets$mean
      information <- information + subsets$spread
      next
    }
    for (k in seq_len(d)) {
      share <- risk * (1 - if (ties == "efron") (k - 1) / d * dies else 0)
      value <- value - each * log(sum(share))
      share <- share / sum(share)
      middle <- colSums(share * z)
      away <- sweep(z, 2, middle)
      information <- information + each * crossprod(away, share * away)
      score <- score - each * middle
    }
  }
  list(value = value, score = score, information = information)
}

# The log of the sum over all subsets of d rows of the product of their risks, and its first two derivatives by the
# coefficients: the mean and the variance of the sum of z over such a subset. Row by row, as Gail, Lubin and Rubinstein 1981.
sum_over_subsets <- function(risk, z, d) {
  p <- ncol(z)
  middle <- colSums(risk * z) / sum(risk)
  z <- sweep(z, 2, middle)
  if (d == 1) {
    mean <- colSums(risk * z) / sum(risk)
    away <- sweep(z, 2, mean)
    return(list(log_sum = log(sum(risk)), mean = mean + middle, spread = crossprod(away, risk / sum(risk) * away)))
  }
  sums <- c(1, numeric(d))
  first <- matrix(0, d + 1, p)
  second <- matrix(0, d + 1, p * p)
  row <- rep(seq_len(p), p)
  column <- rep(seq_len(p), each = p)
  to <- 1 + seq_len(d)
  from <- seq_len(d)
  for (i in seq_along(risk)) {
    x <- z[i, ]
    below <- first[from, , drop = FALSE]
    cross <- sweep(below[, row, drop = FALSE], 2, x[column], "*") + sweep(below[, column, drop = FALSE], 2, x[row], "*")
    second[to, ] <- second[to, ] + risk[i] * (second[from, , drop = FALSE] + cross + outer(sums[from], x[row] * x[column]))
    first[to, ] <- below_next(first[to, , drop = FALSE], risk[i], below, sums[from], x)
    sums[to] <- sums[to] + risk[i] * sums[from]
  }
  if (!(sums[d + 1] > 1e-290 && sums[d + 1] < 1e290)) return(list(log_sum = -Inf))
  mean <- first[d + 1, ] / sums[d + 1]
  list(log_sum = log(sums[d + 1]), mean = mean + d * middle,
       spread = matrix(second[d + 1, ] / sums[d + 1], p, p) - outer(mean, mean))
}

below_next <- function(first, risk, below, sums, x) first + risk * (below + outer(sums, x))

# Steps of `sum_over_subsets` for one evaluation.
work_of_exact <- function(data) {
  at <- unique(data$.time[data$.event])
  sum(vapply(at, function(t) sum(data$.time >= t) * (sum(data$.event & data$.time == t) > 1), 0))
}
most_work <- 3e4

# As coxph centres it.
offset_of <- function(data) if (is.null(data$.offset)) rep(0, nrow(data)) else data$.offset - mean(data$.offset)

# From where coxph ended, Newton's method to the supremum: on the way to infinity coxph stops where it takes rounding for a
# step too far, or drops a column that has little information left. Sets `infinite` (a further step would still move the
# column by 1e-5 over its range, or it has a part in a direction with next to no information left) and `converged` (no gain
# is left, before a hazard overflows).
climb_on <- function(fit, data, at_0) {
  used <- which(fit$identified)
  x <- fit$x[, used, drop = FALSE]
  offset <- offset_of(data)
  at_beta <- function(beta) {
    predictor <- drop(x %*% beta) - sum(colMeans(x) * beta) + offset
    if (max(abs(predictor)) >= 340) return(list(value = -Inf))
    c(list(predictor = predictor), score_and_information(predictor, x, data, fit$method))
  }
  beta <- ifelse(is.na(coef(fit)[used]), 0, coef(fit)[used])
  at <- at_beta(beta)
  if (at$value < fit$loglik[1]) at <- at_beta(beta <- 0 * beta)
  first <- diag(at_0)[used]
  gains_nothing <- 0
  for (i in 1:80) {
    step <- floored_step(at, 1e-15, first)
    gain <- sum(step * at$score) / 2
    gains_nothing <- gains_nothing + (gain <= 1e-14 * max(1, abs(at$value)))
    if (gains_nothing > 2) break
    better <- NULL
    for (floor in 10^-c(15, 12, 9, 6, 3)) for (half in 0:6) if (is.null(better)) {
      tried <- floored_step(at, floor, first)
      tried <- tried / 2^half * min(1, 30 / diff(range(x %*% tried)))
      there <- at_beta(beta + tried)
      # Half a step for the sake of rounding would leave the others short of their optimum.
      if (there$value >= at$value - 1e-13 * max(1, abs(at$value))) better <- list(beta = beta + tried, at = there)
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
  # Beside a coefficient at infinity, whose information is rounding error, the plain inverse loses the others.
  part <- judged$direction[, kept, drop = FALSE]
  variance[used, used] <- if (any(fit$infinite)) part %*% (t(part) / judged$share[kept]) else inverse_of(at$information)
  if (length(fit$naive.var)) fit$naive.var <- variance else fit$var <- variance
  fit
}

# With exact ties too many to sum over: what coxph says of itself.
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

# Newton's step, eigenvalues of the information on the scale of its diagonal raised to `floor` of the largest; columns of which
# rounding error is left, beside `first` at coefficients of 0, stay where they are.
floored_step <- function(at, floor, first) {
  step <- 0 * at$score
  seen <- which(diag(at$information) > 1e-16 * first)
  if (!length(seen)) return(step)
  unit <- sqrt(diag(at$information)[seen])
  found <- eigen(at$information[seen, seen, drop = FALSE] / outer(unit, unit), symmetric = TRUE)
  along <- drop(t(found$vectors) %*% (at$score[seen] / unit)) / pmax(found$values, floor * max(found$values))
  step[seen] <- drop(found$vectors %*% along) / unit
  step
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

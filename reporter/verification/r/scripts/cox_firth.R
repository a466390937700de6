# Firth's penalised partial likelihood (Heinze and Schemper) for the coefficients that run to infinity, written out with one
# row of weights for each death: l + log det I / 2, profile limits and tests.
check_cox_firth <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms, options)
  fit <- fit_terms(data, terms, options$ties, options)
  if (!fit$converged || !any(fit$infinite)) return(result())
  if (any(nzchar(c(options$weights, options$cluster, options$offset))) || options$ties == "exact") stop("not offered")
  if (nrow(data) * sum(data$.event) > options$max_pairs) stop("too many pairs of a patient and an event")
  x <- scale(fit$x[, fit$identified, drop = FALSE])
  unit <- attr(x, "scaled:scale")
  share <- death_weights(data, options$ties)
  penalised <- function(beta) penalised_likelihood(beta, x, share)
  best <- climb(penalised, numeric(ncol(x)), rep(TRUE, ncol(x)))
  drop <- qchisq(options$conf_level, 1)
  names_of <- coefficient_terms(terms, options$interactions)
  rows <- lapply(which(fit$infinite), function(k) {
    j <- match(k, which(fit$identified))
    free <- seq_len(ncol(x)) != j
    profile <- function(value) climb(penalised, replace(best$beta, j, value), free)$value
    limit <- function(direction) {
      near <- best$beta[j]
      far <- near + direction * 0.5
      fallen <- function(value) 2 * (best$value - profile(value)) - drop
      while (abs(far - best$beta[j]) < 60 && fallen(far) < 0) {
        near <- far
        far <- best$beta[j] + 2 * (far - best$beta[j])
      }
      if (abs(far - best$beta[j]) >= 60) return(NA)
      uniroot(fallen, sort(c(near, far)), tol = 1e-13, maxiter = 200)$root / unit[j]
    }
    b <- best$beta[j] / unit[j]
    numbers(place(cohort, endpoint, "cox_firth", term = names_of[k]),
            c(estimate = unname(b), hazard_ratio = unname(exp(b)), conf_low = unname(exp(limit(-1))),
              conf_high = unname(exp(limit(1))), chi_square("", 2 * (best$value - profile(0)), 1)))
  })
  result(rows)
}

# One row a death, one column a patient: 1 for who is at risk, less (Efron) k/d for the d who die then; and whose death it is.
death_weights <- function(data, ties) {
  stratum <- if (is.null(data$.stratum)) rep(1L, nrow(data)) else as.integer(data$.stratum)
  entry <- if (is.null(data$.entry)) rep(-Inf, nrow(data)) else data$.entry
  dead <- which(data$.event)
  at <- t(vapply(dead, function(i) {
    as.numeric(stratum == stratum[i] & data$.time >= data$.time[i] & entry < data$.time[i])
  }, numeric(nrow(data))))
  if (ties == "efron") {
    for (same in split(seq_along(dead), list(stratum[dead], data$.time[dead]), drop = TRUE)) {
      for (k in seq_along(same)) at[same[k], dead[same]] <- 1 - (k - 1) / length(same)
    }
  }
  list(at = at, dead = dead)
}

penalised_likelihood <- function(beta, x, share) {
  weight <- sweep(share$at, 2, exp(drop(x %*% beta)), "*")
  total <- rowSums(weight)
  weight <- weight / total
  centre <- weight %*% x
  mass <- colSums(weight)
  information <- crossprod(x, x * mass) - crossprod(centre)
  determinant <- determinant(information)
  if (determinant$sign <= 0 || !is.finite(determinant$modulus)) return(list(value = -Inf))
  inverse <- solve(information, tol = 1e-30)
  # tr(inverse dI/db_r): third central moments of each death, E[(x_r - m_r) (x - m)' inverse (x - m)], added up.
  turned <- x %*% inverse
  q <- rowSums(turned * x)
  cross <- (weight * (centre %*% t(turned))) %*% x
  own <- rowSums((centre %*% inverse) * centre)
  third <- colSums(x * (q * mass)) - drop(crossprod(centre, weight %*% q)) - 2 * (colSums(cross) - drop(crossprod(centre, own)))
  list(value = sum(x[share$dead, , drop = FALSE] %*% beta) - sum(log(total)) + as.numeric(determinant$modulus) / 2,
       score = colSums(x[share$dead, , drop = FALSE] - centre) + third / 2, information = information)
}

# Minus the second derivative, by differences of the score; the information where that is not positive.
bend_of <- function(penalised, beta, free, now) {
  bend <- vapply(which(free), function(j) {
    ahead <- penalised(replace(beta, j, beta[j] + 1e-5))
    behind <- penalised(replace(beta, j, beta[j] - 1e-5))
    if (is.null(ahead$score) || is.null(behind$score)) return(rep(NA_real_, sum(free)))
    (behind$score[free] - ahead$score[free]) / 2e-5
  }, numeric(sum(free)))
  bend <- matrix(bend, sum(free))
  bend <- (bend + t(bend)) / 2
  usable <- all(is.finite(bend)) && min(eigen(bend, symmetric = TRUE, only.values = TRUE)$values) > 1e-6 * max(abs(bend))
  if (usable) bend else now$information[free, free, drop = FALSE]
}

climb <- function(penalised, beta, free) {
  now <- penalised(beta)
  if (!any(free)) return(list(beta = beta, value = now$value))
  for (i in seq_len(200)) {
    step <- numeric(length(beta))
    step[free] <- solve(bend_of(penalised, beta, free, now), now$score[free], tol = 1e-30)
    longest <- max(abs(step))
    if (longest <= 1e-13 * max(1, abs(beta))) return(list(beta = beta, value = now$value))
    step <- step * min(1, 2 / longest)
    better <- FALSE
    for (halving in seq_len(30)) {
      new <- penalised(beta + step)
      better <- new$value >= now$value - 1e-13 * max(1, abs(now$value))
      if (better) break
      step <- step / 2
    }
    if (!better) return(list(beta = beta, value = now$value))
    beta <- beta + step
    now <- new
  }
  stop("the penalised likelihood did not converge")
}

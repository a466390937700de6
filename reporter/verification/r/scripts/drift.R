# Standardised differences of the validation from the development cohort, and what the development cohort never has.
check_drift <- function(frames, cohort, endpoint, options) {
  before <- frame_of(frames, "development", endpoint)
  after <- frame_of(frames, cohort, endpoint)
  rows <- list()
  add <- function(term, values) {
    rows[[length(rows) + 1]] <<- numbers(place(cohort, endpoint, "drift", term = term), values)
  }
  for (name in options$columns) {
    old <- before[[name]][!is.na(before[[name]])]
    new <- after[[name]][!is.na(after[[name]])]
    if (is.numeric(old)) {
      seen <- if (length(old)) range(old) else c(NA, NA)
      add(name, c(n_development = length(old), n_validation = length(new), mean_development = mean(old),
                  std_dev_development = sd(old), mean_validation = mean(new), std_dev_validation = sd(new),
                  smd = finite_or_na((mean(new) - mean(old)) / sqrt((var(old) + var(new)) / 2)),
                  minimum_development = seen[1], maximum_development = seen[2], n_below = sum(new < seen[1]),
                  n_above = sum(new > seen[2])))
      next
    }
    unseen <- after[[paste0(".unseen.", name)]]
    p <- prop.table(table(factor(old, levels(old))))
    q <- prop.table(table(factor(new, levels(old))))
    add(name, c(n_development = length(old), n_validation = length(new), smd = level_distance(p, q),
                n_unseen = if (is.null(unseen)) 0 else sum(unseen)))
    for (level in levels(old)) {
      add(level_term(name, level), c(percent_development = 100 * p[[level]], percent_validation = 100 * q[[level]]))
    }
  }
  result(rows)
}

finite_or_na <- function(x) if (is.finite(x)) x else NA

level_distance <- function(p, q) {
  if (anyNA(p) || anyNA(q) || !any(p > 0 & q > 0)) return(NA)
  if (length(p) == 2) {
    return(finite_or_na((q[[2]] - p[[2]]) / sqrt((p[[2]] * (1 - p[[2]]) + q[[2]] * (1 - q[[2]])) / 2)))
  }
  kept <- which(p > 0 | q > 0)[-1]
  if (!length(kept)) return(NA)
  p <- as.numeric(p[kept])
  q <- as.numeric(q[kept])
  covariance <- function(share) {
    s <- -outer(share, share)
    diag(s) <- share * (1 - share)
    s
  }
  sqrt(mahalanobis(q, p, (covariance(p) + covariance(q)) / 2))
}

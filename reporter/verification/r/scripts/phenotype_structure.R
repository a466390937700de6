# Indices of Ward, k-means and mixture clusters of the sample in which structure is sought; the null sets are not drawn.
structure_mixture <- function(x, label, k, options) {
  n <- nrow(x)
  p <- ncol(x)
  weight <- outer(label, seq_len(k), "==") + 0
  before <- -Inf
  for (step in seq_len(options$em_steps)) {
    size <- colSums(weight)
    means <- crossprod(weight, x) / size
    covariance <- Reduce(`+`, lapply(seq_len(k), function(i) {
      rest <- sweep(x, 2, means[i, ])
      crossprod(rest * weight[, i], rest)
    })) / n + diag(options$em_ridge, p)
    inverse <- solve(covariance)
    joint <- vapply(seq_len(k), function(i) {
      log(size[i] / n) - 0.5 * (mahalanobis(x, means[i, ], inverse, inverted = TRUE) + p * log(2 * pi) +
        as.numeric(determinant(covariance)$modulus))
    }, numeric(n))
    top <- apply(joint, 1, max)
    total <- rowSums(exp(joint - top))
    weight <- exp(joint - top) / total
    mean_log <- mean(top + log(total))
    if (mean_log - before < options$em_gain) break
    before <- mean_log
  }
  list(label = max.col(joint, "first"), bic = -2 * mean_log * n + log(n) * (k - 1 + k * p + p * (p + 1) / 2))
}

structure_indices <- function(x, d, label) {
  label <- match(label, sort(unique(label)))
  k <- max(label)
  n <- nrow(x)
  member <- outer(label, seq_len(k), "==") + 0
  size <- colSums(member)
  means <- crossprod(member, x) / size
  within <- sum((x - means[label, ])^2)
  between <- sum(size * rowSums(sweep(means, 2, colMeans(x))^2))
  total <- d %*% member
  self <- cbind(seq_len(n), label)
  own <- total[self] / (size[label] - 1)
  others <- t(t(total) / size)
  others[self] <- Inf
  nearest <- apply(others, 1, min)
  spread <- as.numeric(tapply(sqrt(rowSums((x - means[label, ])^2)), label, mean))
  ratio <- outer(spread, spread, "+") / as.matrix(dist(means))
  diag(ratio) <- -Inf
  c(silhouette = mean(ifelse(size[label] == 1, 0, (nearest - own) / pmax(nearest, own))),
    calinski_harabasz = (between / (k - 1)) / (within / (n - k)),
    davies_bouldin = mean(apply(ratio, 1, max)))
}

structure_ari <- function(one, two) {
  pairs <- function(count) sum(choose(count, 2))
  counts <- table(one, two)
  expected <- pairs(rowSums(counts)) * pairs(colSums(counts)) / choose(length(one), 2)
  most <- (pairs(rowSums(counts)) + pairs(colSums(counts))) / 2
  if (most == expected) 1 else (pairs(counts) - expected) / (most - expected)
}

check_phenotype_structure <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  data <- model_data(frame_of(frames, cohort, endpoint), terms)
  n <- nrow(data)
  take <- if (n <= options$sample) seq_len(n) else floor((seq_len(options$sample) - 0.5) * n / options$sample) + 1
  used <- which(vapply(terms, function(term) length(term$levels) != 1, NA))
  formula <- as.formula(paste("~", paste0("x", used, collapse = " + ")))
  x <- model.matrix(formula, data)[take, -1, drop = FALSE]
  x <- scale(x[, apply(x, 2, function(column) any(column != column[1])), drop = FALSE])
  distances <- dist(x)
  d <- as.matrix(distances)
  tree <- hclust(distances, method = "ward.D2")
  at <- function(...) place(cohort, endpoint, "phenotype_structure", ...)
  rows <- list(numbers(at(term = "GLOBAL"), c(n = length(take), n_complete = n)))
  for (k in Filter(function(k) k < nrow(unique(x)), options$k)) {
    term <- paste0("k=", k)
    ward <- cutree(tree, k)
    centres <- apply(x, 2, function(column) tapply(column, ward, mean))
    centres <- matrix(centres, nrow = k)
    labels <- list()
    bic <- NULL
    for (name in options$algorithms) {
      if (name == "ward") labels[[name]] <- ward
      if (name == "kmeans") labels[[name]] <- kmeans(x, centres, iter.max = 300, algorithm = "Lloyd")$cluster
      if (name == "gmm") {
        fit <- structure_mixture(x, ward, k, options)
        labels[[name]] <- fit$label
        bic <- fit$bic
      }
      values <- structure_indices(x, d, labels[[name]])
      values <- c(values, if (name == "gmm") c(bic = bic), n_smallest = min(tabulate(labels[[name]], k)))
      rows[[length(rows) + 1]] <- numbers(at("algorithm", name, term), values)
    }
    for (i in seq_along(labels)) for (j in seq_along(labels)) if (i < j) {
      pair <- paste(names(labels)[i], names(labels)[j], sep = ":")
      rows[[length(rows) + 1]] <- numbers(at("agreement", pair, term), c(ari = structure_ari(labels[[i]], labels[[j]])))
    }
  }
  result(rows)
}

# Ward clustering of standardised features; silhouettes and order of the labels worked out with base R.
check_phenotype <- function(frames, cohort, endpoint, options) {
  terms <- options$terms
  frame <- frame_of(frames, cohort, endpoint)
  data <- model_data(frame, terms)
  used <- which(vapply(terms, function(term) length(term$levels) != 1, NA))
  if (nrow(data) < 3 || !length(used)) stop("fewer than 3 patients with all features, or no feature that varies")
  x <- model.matrix(as.formula(paste("~", paste0("x", used, collapse = " + "))), data)[, -1, drop = FALSE]
  varies <- apply(x, 2, function(column) any(column != column[1]))
  if (!any(varies)) stop("no feature varies")
  x <- scale(x[, varies, drop = FALSE])
  distances <- dist(x)
  tree <- hclust(distances, method = "ward.D2")
  d <- as.matrix(distances)
  silhouette_of <- function(label) {
    member <- outer(label, seq_len(max(label)), "==") + 0
    size <- colSums(member)
    total <- d %*% member
    own <- total[cbind(seq_along(label), label)] / (size[label] - 1)
    others <- t(t(total) / size)
    others[cbind(seq_along(label), label)] <- Inf
    nearest <- apply(others, 1, min)
    mean(ifelse(size[label] == 1, 0, (nearest - own) / pmax(nearest, own)))
  }
  distinct <- nrow(unique(x))
  labels <- lapply(options$k, function(k) if (k < distinct) cutree(tree, k))
  silhouettes <- vapply(labels, function(label) if (is.null(label)) NA_real_ else silhouette_of(label), 0)
  if (all(is.na(silhouettes))) stop("no k is below the number of distinct patients")
  best <- which.max(silhouettes)
  label <- labels[[best]]
  k <- options$k[best]
  restricted_mean <- function(rows) {
    fit <- survfit(surv_of(data[rows, , drop = FALSE]) ~ 1)
    if (options$horizon > max(fit$time) && min(fit$surv) > 0) return(NA)
    edges <- c(0, fit$time[fit$time < options$horizon], options$horizon)
    sum(diff(edges) * c(1, fit$surv[fit$time < options$horizon]))
  }
  area <- vapply(seq_len(k), function(i) restricted_mean(label == i), 0)
  ranked <- order(signif(area, 9), -tabulate(label, k), seq_len(k))
  at <- function(...) place(cohort, endpoint, "phenotype", ...)
  rows <- list(numbers(at(term = "GLOBAL"), c(n = nrow(data), n_missing = nrow(frame) - nrow(data), k = k,
                                                   silhouette = silhouettes[best])))
  for (name in c("tree", "forest")) {
    rows[[length(rows) + 1]] <- numbers(place(cohort, endpoint, "phenotype_classifier", term = name), c(n = nrow(data)))
  }
  for (i in seq_along(options$k)) {
    rows[[length(rows) + 1]] <- numbers(at(term = paste0("k=", options$k[i])), c(silhouette = silhouettes[i]))
  }
  for (i in seq_len(k)) {
    keep <- label == ranked[i]
    rows[[length(rows) + 1]] <- numbers(at("phenotype", as.character(i)),
      c(n = sum(keep), n_event = sum(data$.event[keep]), rmst = area[ranked[i]]))
  }
  where <- place(cohort, endpoint, "ward_height_curve")
  result(rows, list(curve_column(where, "height", as.numeric(seq_along(tree$height)), tree$height)))
}

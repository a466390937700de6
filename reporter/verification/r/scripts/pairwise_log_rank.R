# Log-rank test of every two levels, P values by p.adjust.
check_pairwise_log_rank <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  parts <- split_levels(frame, options$group)
  found <- list()
  for (later in seq_along(parts)[-1]) {
    for (earlier in seq_len(later - 1)) {
      rows <- parts[[earlier]]$rows | parts[[later]]$rows
      data <- frame[rows, , drop = FALSE]
      data$.group <- factor(parts[[later]]$rows[rows])
      test <- log_rank_of(data, 0)
      df <- max(sum(test$exp > 0) - 1, 0)
      where <- place(cohort, endpoint, "pairwise_log_rank", options$group, parts[[later]]$level,
                     level_term(options$group, parts[[earlier]]$level))
      found[[length(found) + 1]] <- list(where = where,
        values = c(n = nrow(data), chi_square("", if (df) test$chisq else NA, df)))
    }
  }
  p <- vapply(found, function(test) test$values[["p_value"]], 0)
  adjusted <- p.adjust(p, method = c(holm = "holm", bh = "BH", bonferroni = "bonferroni")[[options$adjust]])
  result(lapply(seq_along(found), function(i) numbers(found[[i]]$where, c(found[[i]]$values, adjusted_p_value = adjusted[i]))))
}

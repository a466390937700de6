# Table 1: counts, mean, sd, quartiles (type 7) and range; counts and percentages of levels.
check_baseline <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  rows <- list()
  for (part in split_levels(frame, options$group)) {
    data <- frame[part$rows, , drop = FALSE]
    at <- function(term) place(cohort, endpoint, "baseline", options$group, part$level, term)
    rows[[length(rows) + 1]] <- numbers(at("GLOBAL"), c(n = nrow(data), n_event = sum(data$.event)))
    for (name in setdiff(options$columns, options$group)) {
      value <- data[[name]]
      counts <- c(n = sum(!is.na(value)), n_missing = sum(is.na(value)))
      if (is.factor(value)) {
        rows[[length(rows) + 1]] <- numbers(at(name), counts)
        table_of <- table(value)
        for (level in levels(value)) {
          found <- c(n = table_of[[level]], percent = 100 * table_of[[level]] / counts[["n"]])
          rows[[length(rows) + 1]] <- numbers(at(level_term(name, level)), found)
        }
      } else {
        seen <- value[!is.na(value)]
        if (length(seen)) {
          quartiles <- quantile(seen, c(.25, .5, .75), type = 7, names = FALSE)
          found <- c(mean = mean(seen), std_dev = sd(seen), median = quartiles[2], q1 = quartiles[1], q3 = quartiles[3],
                     minimum = min(seen), maximum = max(seen))
        } else {
          found <- c(mean = NA, std_dev = NA, median = NA, q1 = NA, q3 = NA, minimum = NA, maximum = NA)
        }
        rows[[length(rows) + 1]] <- numbers(at(name), c(counts, found))
      }
    }
  }
  result(rows)
}

# Missing values: by variable, by outcome, by year, and their combinations.
check_missing <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  columns <- options$columns
  lost <- is.na(as.matrix(as.data.frame(lapply(frame[columns], as.numeric))))
  whole <- rowSums(lost) == 0
  rows <- list()
  add <- function(where, values) rows[[length(rows) + 1]] <<- numbers(where, values)
  profile <- function(group, level, keep) {
    at <- function(term) place(cohort, endpoint, "missing", group, level, term)
    n <- sum(keep)
    add(at("GLOBAL"), c(n = n, n_complete = sum(whole[keep]), percent_complete = 100 * sum(whole[keep]) / n))
    for (i in seq_along(columns)) {
      absent <- sum(lost[keep, i])
      add(at(columns[i]), c(n = n - absent, n_missing = absent, percent_missing = 100 * absent / n))
    }
  }
  profile("", "", rep(TRUE, nrow(frame)))
  for (pair in options$unknown) {
    n <- sum(!is.na(frame[[pair[[1]]]]) & frame[[pair[[1]]]] == pair[[2]])
    add(place(cohort, endpoint, "missing", term = level_term(pair[[1]], pair[[2]])),
        c(n_unknown = n, percent_unknown = 100 * n / nrow(frame)))
  }
  if (!all(whole)) {
    other <- if (is.null(frame$.cause)) rep(FALSE, nrow(frame)) else frame$.cause > 1
    by <- list(event = frame$.event, competing = other, censored = !frame$.event & !other)
    for (level in names(by)) if (any(by[[level]])) profile("outcome", level, by[[level]])
    if (nzchar(options$year)) {
      year <- frame[[options$year]]
      if (is.numeric(year)) {
        if (length(unique(floor(year[!is.na(year)]))) > 150) stop("not a column of years")
        year <- ifelse(is.na(year), NA, sprintf("%.0f", floor(year)))
      }
      for (level in unique(as.character(year[!is.na(year)]))) profile(options$year, level, !is.na(year) & year == level)
    }
  }
  for (name in columns) {
    why <- frame[[paste0(".why.", name)]]
    for (reason in levels(why)) {
      n <- sum(!is.na(why) & why == reason)
      add(place(cohort, endpoint, "missing_reason", term = level_term(name, reason)),
          c(n = n, percent = 100 * n / nrow(frame)))
    }
  }
  # A chain: of two variables, who lacks the more complete one lacks the other too.
  by_count <- order(colSums(lost))
  chain <- all(vapply(seq_len(max(length(columns) - 1, 0)), function(i) {
    all(lost[lost[, by_count[i]], by_count[i + 1]])
  }, NA))
  key <- apply(lost + 0, 1, paste, collapse = "")
  counts <- table(key)
  add(place(cohort, endpoint, "missing_pattern", term = "GLOBAL"), c(n_patterns = length(counts), monotone = chain))
  order_of <- order(-as.numeric(counts), names(counts), method = "radix")
  for (name in names(counts)[order_of[seq_len(min(length(counts), options$max_patterns))]]) {
    absent <- columns[strsplit(name, "")[[1]] == "1"]
    term <- if (length(absent)) level_term("missing", paste(absent, collapse = " ")) else "complete"
    add(place(cohort, endpoint, "missing_pattern", term = term),
        c(n = counts[[name]], percent = 100 * counts[[name]] / nrow(frame)))
  }
  result(rows)
}

# Runs inside the child process of the check: loads frames and reference files, runs one check at a time and returns
# plain vectors. Not part of reproduce.R.
host <- new.env()
host$frames <- list()
host$broken <- list()

host_versions <- function() {
  suppressPackageStartupMessages(library(survival))
  c(paste(R.version$major, R.version$minor, sep = "."), packageDescription("survival")$Version)
}

# Sources each file on its own; a file that does not parse or run is remembered with its error.
host_load <- function(paths) {
  for (path in paths) {
    name <- basename(path)
    host$broken[[name]] <- tryCatch({
      source(path, local = globalenv(), encoding = "UTF-8")
      NULL
    }, error = function(e) paste0(name, " does not load: ", conditionMessage(e)))
  }
}

# `columns`: numeric vectors; `levels`: one character vector a column, empty for a numeric one (codes count from 1).
host_frame <- function(key, columns, levels) {
  for (i in seq_along(columns)) {
    if (length(levels[[i]])) columns[[i]] <- structure(as.integer(columns[[i]]), levels = levels[[i]], class = "factor")
  }
  columns$.event <- columns$.event != 0
  host$frames[[key]] <- structure(columns, class = "data.frame", row.names = .set_row_names(length(columns$.time)))
}

host_answer <- function(found, said) {
  lengths_of <- vapply(found$curves, function(curve) length(curve$time), 0L)
  list(error = "", warnings = unique(said), address = found$rows$address, value = as.numeric(found$rows$value),
       curve = vapply(found$curves, function(curve) paste0(curve$where, "/", curve$stat), ""),
       curve_length = as.numeric(lengths_of),
       curve_time = as.numeric(unlist(lapply(found$curves, function(curve) curve$time))),
       curve_value = as.numeric(unlist(lapply(found$curves, function(curve) curve$value))))
}

host_run <- function(kind, cohort, endpoint, options_text) {
  refused <- function(why) list(error = why, warnings = character())
  file <- paste0(kind, ".R")
  for (needed in c("common.R", "cox_fit.R", "cox_supremum.R", file)) if (!is.null(host$broken[[needed]])) return(refused(host$broken[[needed]]))
  check <- get0(paste0("check_", kind), envir = globalenv(), mode = "function", inherits = FALSE)
  if (is.null(check)) return(refused(paste0(file, " is missing or has no function check_", kind)))
  said <- character()
  tryCatch(withCallingHandlers({
    options <- eval(parse(text = options_text, keep.source = FALSE), globalenv())
    host_answer(check(host$frames, cohort, endpoint, options), said)
  }, warning = function(w) {
    said <<- c(said, conditionMessage(w))
    invokeRestart("muffleWarning")
  }), error = function(e) refused(paste0("R stopped: ", conditionMessage(e))))
}

# Runs every check on data_for_r.csv beside this script, prints address,value, and compares with verification.csv beside it.
folder_of_script <- function() {
  argument <- grep("^--file=", commandArgs(FALSE), value = TRUE)
  if (length(argument)) dirname(sub("^--file=", "", argument[1])) else "."
}

read_text <- function(path) {
  if (!file.exists(path)) stop(path, " is missing: keep reproduce.R, data_for_r.csv and verification.csv together", call. = FALSE)
  read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")
}

# The frames, with the columns in the order and with the levels of the study.
read_frames <- function(path) {
  data <- read_text(path)
  key <- paste(data[[1]], data[[2]], sep = "/")
  frames <- list()
  for (name in unique(key)) {
    part <- data[key == name, , drop = FALSE]
    frame <- data.frame(.time = as.numeric(part[[3]]), .event = part[[4]] == "1")
    for (column in names(columns[[name]])) {
      levels_of <- columns[[name]][[column]]
      # By place: a column of the study may be called cohort.
      text <- part[[4 + match(column, names(part)[-(1:4)])]]
      frame[[column]] <- if (length(levels_of)) factor(text, levels = levels_of) else as.numeric(text)
    }
    frames[[name]] <- frame
  }
  frames
}

# Addresses and values of one task; a curve's column is represented by its last point that is not NA.
values_of <- function(task, frames) {
  check <- get0(paste0("check_", task$options$kind), mode = "function")
  if (is.null(check)) return(data.frame(address = character(), value = numeric()))
  # What is not offered, or cannot be estimated, stops its task alone; a number that is lost by it is found missing below.
  found <- tryCatch(check(frames, task$cohort, task$endpoint, task$options), error = function(said) {
    message(task$options$kind, " (", task$cohort, ", ", task$endpoint, "): ", conditionMessage(said))
    result()
  })
  rows <- list(found$rows)
  for (curve in found$curves) {
    shown <- which(is.finite(curve$value))
    if (!length(shown)) next
    at <- max(shown)
    where <- paste0(curve$where, "/t=", time_text(curve$time[at]), "/", curve$stat)
    rows[[length(rows) + 1]] <- data.frame(address = where, value = curve$value[at], stringsAsFactors = FALSE)
  }
  do.call(rbind, rows)
}

part_of <- function(address, what) {
  pieces <- strsplit(address, "/", fixed = TRUE)
  vapply(pieces, function(piece) if (what == "stat") piece[length(piece)] else piece[3], "")
}

# A grid point may differ in its last digit, and the curve of a random subset may end earlier than the report's: the column
# of a curve takes the ledger's address.
ledger_address <- function(address, ledger, of_subset) {
  without_time <- function(text) sub("/t=[^/]+/([^/]+)$", "/\\1", text)
  time_of <- function(text) as.numeric(sub("^.*/t=([^/]+)/[^/]+$", "\\1", text))
  curve <- endsWith(part_of(address, "analysis"), "_curve")
  at <- match(without_time(address), without_time(ledger))
  same <- curve & !is.na(at)
  same[same] <- abs(time_of(address[same]) / time_of(ledger[at[same]]) - 1) < 1e-12 | of_subset[at[same]]
  address[same] <- ledger[at[same]]
  address
}

number_text <- function(value) ifelse(is.finite(value), sprintf("%.17g", value), "")

# Largest difference allowed from the ledger's number, by the kind of number.
allowed_difference <- function(address, reference, all_values) {
  key <- paste(part_of(address, "analysis"), part_of(address, "stat"))
  rule <- tolerances[match(key, paste(tolerances$analysis, tolerances$stat)), ]
  beside <- function(stat) {
    found <- all_values[paste0(sub("[^/]+$", "", address), stat)]
    if (is.na(found)) 0 else abs(unname(found))
  }
  if (is.na(rule$rtol)) stop("no tolerance for ", address, call. = FALSE)
  scale <- switch(rule$scale,
    one = 1, df = beside(sub("statistic", "df", rule$stat)), log_likelihood = beside("log_likelihood"),
    n_event = beside("n_event"), std_dev = beside("std_dev"),
    cohort_std_dev = beside(sub("mean", "std_dev", rule$stat)),
    std_error = beside(if (startsWith(rule$stat, "calibration_slope")) "calibration_slope_std_error" else "std_error"),
    std_error_of_ratio = beside("std_error") * abs(reference),
    band = abs(beside("conf_high") - beside("conf_low")) / 2, largest = abs(reference), 0)
  size <- if (rule$log_scale) max(1, abs(log(reference))) else abs(reference)
  max(rule$rtol * size, rule$per_scale * scale)
}

is_off <- function(address, value, reference, all_values) {
  if (!is.finite(value) || !is.finite(reference)) return(is.finite(value) != is.finite(reference))
  if (value == reference) return(FALSE)
  logs <- isTRUE(grepl("p_value$", address)) && !grepl("log_p_value$", address)
  if (logs && min(value, reference) < .Machine$double.xmin) return(max(value, reference) >= .Machine$double.xmin)
  difference <- if (logs) abs(log(value) - log(reference)) else abs(value - reference)
  difference > allowed_difference(address, reference, all_values)
}

# Addresses whose value is not that of the ledger: R's column, or Python's where R had not run.
compare_with_ledger <- function(found, ledger) {
  without_partner <- ledger$verdict %in% c("not_checkable", "missing_in_r") |
    ledger$note %in% "nothing to compare on the random subset"
  ledger <- ledger[!without_partner, , drop = FALSE]
  not_run <- ledger$verdict == "not_run"
  reference <- setNames(as.numeric(ifelse(not_run, ledger$python, ledger$r)), ledger$address)
  off <- setdiff(found$address, ledger$address)
  values <- setNames(found$value, found$address)
  for (i in seq_along(reference)) {
    where <- names(reference)[i]
    if (!where %in% found$address) {
      if (!not_run[i] || is.finite(reference[[i]])) off <- c(off, where)
    } else if (is_off(where, values[[where]], reference[[i]], values)) {
      off <- c(off, where)
    }
  }
  off
}

main <- function() {
  folder <- folder_of_script()
  data_file <- file.path(folder, "data_for_r.csv")
  withheld <- !nzchar(data_md5)
  if (withheld && !file.exists(data_file)) {
    stop("data_for_r.csv is not written for this study (small cells are hidden): put your own data beside this script, ",
         "or run `reporter verify` with the study file", call. = FALSE)
  }
  frames <- read_frames(data_file)
  ledger <- read_text(file.path(folder, "verification.csv"))
  found <- do.call(rbind, lapply(tasks, values_of, frames = frames))
  found$address <- ledger_address(found$address, ledger$address, grepl("random subset: ", ledger$note, fixed = TRUE))
  writeLines(enc2utf8(c("address,value", paste0("\"", gsub("\"", "\"\"", found$address), "\",", number_text(found$value)))),
             useBytes = TRUE)
  if (withheld) quit(save = "no", status = 0)
  off <- compare_with_ledger(found, ledger)
  changed <- unname(tools::md5sum(data_file)) != data_md5
  if (changed) message("data_for_r.csv is not the file that was written with this script: a value was changed")
  if (length(off)) message(length(off), " numbers are not those of verification.csv:\n", paste(off, collapse = "\n"))
  if (!length(off) && !changed) message(nrow(found), " numbers computed; all are those of verification.csv")
  quit(save = "no", status = if (length(off) || changed) 1 else 0)
}

main()

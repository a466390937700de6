# Rscript export_dataset.R PACKAGE DATASET: prints a data set as csv, numbers with 17 digits.
# Exit status: 3 no such package, 4 no such data set, 5 not a data frame.
arguments <- commandArgs(trailingOnly = TRUE)
package <- arguments[1]
dataset <- arguments[2]
if (!requireNamespace(package, quietly = TRUE)) quit(status = 3)
found <- tryCatch(getExportedValue(package, dataset), error = function(e) NULL)
if (is.null(found)) {
  place <- new.env()
  suppressWarnings(utils::data(list = dataset, package = package, envir = place))
  found <- if (exists(dataset, envir = place, inherits = FALSE)) get(dataset, envir = place) else NULL
}
if (is.null(found)) quit(status = 4)
if (!is.data.frame(found)) quit(status = 5)
as_text <- function(x) {
  text <- if (is.numeric(x) && !is.factor(x) && !inherits(x, "Date")) sprintf("%.17g", as.double(x)) else as.character(x)
  text[is.na(x)] <- ""
  enc2utf8(text)
}
quoted <- function(x) paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\"")
columns <- lapply(found, function(x) quoted(as_text(x)))
con <- stdout()
writeLines(paste(quoted(enc2utf8(names(found))), collapse = ","), con, useBytes = TRUE)
writeLines(do.call(paste, c(unname(columns), sep = ",")), con, useBytes = TRUE)

# Rscript data/rotterdam/export.R: writes rotterdam.csv and gbsg.csv beside this file from R's package survival (3.5-3 or later).
arguments <- commandArgs(trailingOnly = FALSE)
folder <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)[1]))
for (name in c("rotterdam", "gbsg")) {
  table <- getExportedValue("survival", name)
  table[] <- lapply(table, function(x) if (is.factor(x)) as.character(x) else x)
  write.csv(table, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
}

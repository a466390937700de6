# Rscript bench.R folder repeats budget task ...: processor seconds of each repeat, as lines "task<TAB>seconds ..."
suppressPackageStartupMessages(library(survival))
said <- commandArgs(trailingOnly = TRUE)
folder <- said[1]; repeats <- as.integer(said[2]); budget <- as.numeric(said[3]); tasks <- said[-(1:3)]
get <- function(name) { file <- file.path(folder, paste0(name, ".bin")); readBin(file, "double", file.size(file) / 8) }
time <- get("time"); event <- get("event"); group <- get("group")
x <- matrix(get("x"), nrow = length(time))
variables <- list(1, 2, 3, 4:6, 7:9, 10:12, 13:14, 15:17, 18:19, 20)
fit <- coxph(Surv(time, event) ~ x, ties = "efron")
predictor <- fit$linear.predictors
# cox.zph takes the matrix x for one term, whose 20 columns it tests together; the work is the same.
run <- list(
  cox = function() coxph(Surv(time, event) ~ x, ties = "efron"),
  kaplan_meier = function() survfit(Surv(time, event) ~ 1, conf.type = "log-log"),
  log_rank = function() survdiff(Surv(time, event) ~ group),
  ph_test = function() cox.zph(fit, "km"),
  concordance = function() concordance(Surv(time, event) ~ predictor, reverse = TRUE),
  univariable = function() for (v in variables) coxph(Surv(time, event) ~ x[, v], ties = "efron")
)
for (task in tasks) {
  seconds <- numeric()
  while (length(seconds) < repeats && (!length(seconds) || sum(seconds) < budget)) {
    gc(FALSE)
    seconds <- c(seconds, sum(system.time(run[[task]]())[c("user.self", "sys.self")]))
  }
  cat(task, paste(seconds, collapse = " "), "", sep = "\t"); cat("\n")
}

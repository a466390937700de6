# Is the synthetic export what it says: published marginals, hazard ratios and survival, and fields blank outside their years?
#   Rscript check_synthetic.R [export.txt]        base R and survival only; exits 1 when a figure lies outside its interval
# A figure with the size of its series gets the exact binomial interval, one with a published interval that one. A hazard
# ratio for which the literature has a range and no interval may lie outside the range by a tenth ("range, 10 %").
library(survival)
options(width = 200)

path <- commandArgs(trailingOnly = TRUE)
if (!length(path)) {
  own <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  path <- file.path(dirname(own), "uterine_sarcoma_SYNTHETIC.txt")
}
d <- read.delim(path, colClasses = "character", check.names = FALSE, quote = "")
dic <- readLines(sub("\\.txt$", ".dic", path))
stopifnot(any(grepl("^Database name=.*SYNTHETIC", dic)))
year <- as.integer(d[["Year of diagnosis"]])

# 1. Blank cells: a header names its years; outside them every cell is blank, within them none.
wrong <- 0L
eras <- 0L
for (header in names(d)) {
  era <- regmatches(header, regexec("\\((thru )?([0-9]{4})(-([0-9]{4})|\\+)?\\)$", header))[[1]]
  if (!length(era)) next
  eras <- eras + 1L
  first <- if (nzchar(era[2])) 0L else as.integer(era[3])
  last <- if (nzchar(era[2])) as.integer(era[3]) else if (nzchar(era[5])) as.integer(era[5]) else 9999L
  blank <- d[[header]] == "Blank(s)"
  bad <- which(blank == (year >= first & year <= last))
  if (length(bad)) cat(sprintf("BLANKS %s: %d cells, first in row %d\n", header, length(bad), bad[1]))
  wrong <- wrong + length(bad)
}
cat(sprintf("%d fields with years, %d cells, %d wrongly blank or filled\n", eras, eras * nrow(d), wrong))
stopifnot(eras >= 20)

# 2. The women: adults, uterus, first tumour, histology, known months.
age <- as.integer(substr(d[["Age recode with single ages and 90+"]], 1, 2))
months <- suppressWarnings(as.integer(d[["Survival months"]]))
code <- substr(d[["ICD-O-3 Hist/behav"]], 1, 4)
type <- c("8890" = "LMS", "8891" = "LMS", "8896" = "LMS", "8930" = "ESS", "8931" = "ESS", "8935" = "ESS", "8933" = "AS",
          "8800" = "other", "8801" = "other", "8805" = "other", "8950" = "CS", "8951" = "CS", "8980" = "CS")[code]
dead <- d[["Vital status recode (study cutoff used)"]] == "Dead"
cancer <- d[["SEER cause-specific death classification"]] == "Dead (attributable to this cancer dx)"
other <- grepl("^Dead \\(attributable to causes other", d[["SEER other cause of death classification"]])
keep <- grepl("^C5[45]", d[["Primary Site - labeled"]]) & age >= 18 & !is.na(type) & !is.na(months) &
  d[["First malignant primary indicator"]] == "Yes" & grepl("^Pos.* hist", d[["Diagnostic Confirmation"]], ignore.case = TRUE)

# 3. TNM of three eras, then the stage of FIGO 2009.
part <- function(which) {
  columns <- c(sprintf("Derived AJCC %s, 7th ed (2010-2015)", which), sprintf("Derived SEER Combined %s (2016-2017)", which),
               sprintf("Derived EOD 2018 %s (2018+)", which))
  cell <- ifelse(year <= 2015, d[[columns[1]]], ifelse(year <= 2017, d[[columns[2]]], d[[columns[3]]]))
  tolower(sub("^(T|N|M|c|p)", "", sub("NOS", "", cell)))
}
t <- part("T")
n <- part("N")
m <- part("M")
stage <- ifelse(m == "1" | (t == "4" & m == "0"), 4L, ifelse(n == "1" | grepl("^3", t), 3L,
         ifelse(n != "0", NA, ifelse(grepl("^2", t), 2L, ifelse(grepl("^1", t), 1L, NA)))))
stage[(n == "1" & !grepl("^[123]", t) & m == "0") | !m %in% c("0", "1")] <- NA
grade <- c("Well differentiated; Grade I" = 1L, "Moderately differentiated; Grade II" = 2L,
           "Poorly differentiated; Grade III" = 3L, "Undifferentiated; anaplastic; Grade IV" = 3L,
           Unknown = 0L)[d[["Grade Recode (thru 2017)"]]]
later <- c("1" = 1L, L = 1L, "2" = 2L, "3" = 3L, H = 3L)[d[["Grade Pathological (2018+)"]]]
later <- ifelse(is.na(later), 0L, later)
size <- ifelse(year <= 2015, d[["CS tumor size (2004-2015)"]], d[["Tumor Size Summary (2016+)"]])
size <- suppressWarnings(as.integer(size))
size[!size %in% 1:988] <- NA
w <- data.frame(
  type, code, age, year, months, dead, cancer, other, stage, t, n, size, grade,
  high = ifelse(year <= 2017, ifelse(grade == 0, NA, grade >= 3), ifelse(later == 0, NA, later >= 3)),
  race = relevel(factor(substr(d[["Race recode (White, Black, Other)"]], 1, 5)), "White"),
  married = grepl("^Married", d[["Marital status at diagnosis"]]),
  surgery = d[["Reason no cancer-directed surgery"]] == "Surgery performed",
  radiation = !grepl("^(None|Refused|Recommended)", d[["Radiation recode"]]),
  chemo = d[["Chemotherapy recode (yes, no/unk)"]] == "Yes",
  nodes = as.integer(d[["Regional nodes examined (1988+)"]])
)[keep, ]
w$tier <- cut(w$size, c(0, 50, 100, 999), c("small", "middle", "large"))
sarcoma <- w[w$type != "CS", ]
lms <- w[w$type == "LMS", ]
ess <- w[w$type == "ESS", ]
as_ <- w[w$type == "AS", ]
staged <- function(x) x[!is.na(x$stage), ]

results <- data.frame()
check <- function(what, got, low, high, source, kind) {
  results <<- rbind(results, data.frame(what, got = round(got, 4), low = round(low, 4), high = round(high, 4),
                                        ok = got >= low & got <= high, kind, source))
}
counted <- function(what, got, x, n, source) {
  exact <- binom.test(round(x), n)$conf.int
  check(what, got, exact[1], exact[2], source, sprintf("n = %d", n))
}
survival_at <- function(x, event, time = 60) summary(survfit(Surv(x$months, x[[event]]) ~ 1), times = time)$surv
ratio <- function(formula, data, term) exp(coef(coxph(formula, data = data, ties = "efron"))[[term]])

kapp <- "Kapp 2008"
chan <- "Chan 2008"
machida <- "Machida 2017"
matsuo <- "Matsuo 2020"
soft <- "range of the literature"
# Marginals
three <- sum(w$type %in% c("LMS", "ESS", "AS"))
counted("share LMS of LMS, ESS, AS", nrow(lms) / three, 5506, 9410, machida)
counted("share ESS", nrow(ess) / three, 2910, 9410, machida)
counted("share AS", nrow(as_) / three, 994, 9410, machida)
for (s in 1:4) counted(paste("LMS stage", s), mean(staged(lms)$stage == s), c(951, 43, 99, 303)[s], 1396, kapp)
for (s in 1:4) counted(paste("ESS stage", s), mean(staged(ess)$stage == s), 831 * c(.599, .051, .149, .201)[s], 831, chan)
for (g in 0:3) counted(paste("LMS grade", g), mean(lms$grade == g, na.rm = TRUE), c(592, 87, 208, 509)[g + 1], 1396, kapp)
for (g in 0:3) {
  counted(paste("ESS grade", g), mean(ess$grade == g, na.rm = TRUE), 831 * c(.162, .130, .361, .347)[g + 1], 831, chan)
}
positive <- function(x) with(x[x$year >= 2010, ], mean(n == "1"))
counted("LMS node-positive", positive(lms), .034 * 5506, 5506, machida)
counted("ESS node-positive", positive(ess), .066 * 2910, 2910, machida)
counted("AS node-positive", positive(as_), .029 * 994, 994, machida)
first <- staged(lms)[staged(lms)$stage == 1, ]
tiers <- prop.table(table(first$tier))
for (i in 1:3) counted(paste("LMS stage I size", names(tiers)[i]), tiers[[i]], 2217 * c(.194, .457, .350)[i], 2217, matsuo)
check("LMS median age", median(lms$age), 52, 54, "Kapp 2008, Seagle 2017: medians 52 and 54", "range")
check("ESS median age", median(ess$age), 51, 53, "Chan 2008: median 52", "range")
check("white", mean(sarcoma$race == "White"), .68, .72, soft, "range")
check("black", mean(sarcoma$race == "Black"), .16, .20, soft, "range")
check("other race", mean(sarcoma$race == "Other"), .09, .12, soft, "range")
check("LMS median size, mm", median(lms$size, na.rm = TRUE), 80, 90, soft, "range")
check("size unknown", mean(is.na(sarcoma$size[sarcoma$year >= 2004])), .15, .25, soft, "range")
check("surgery", mean(sarcoma$surgery), .88, .92, soft, "range")
check("chemotherapy", mean(sarcoma$chemo), .35, .45, soft, "range")
check("radiotherapy", mean(sarcoma$radiation), .15, .22, soft, "range")
check("deaths of other causes", mean(sarcoma$other), .08, .12, soft, "range")
counted("dead within 3 months", mean(sarcoma$dead & sarcoma$months <= 3), 397, 5274, "early-death nomogram, 5,274 patients")
# Survival
for (s in 1:4) {
  counted(paste("LMS stage", s, "5-year cancer-specific"), survival_at(staged(lms)[staged(lms)$stage == s, ], "cancer"),
          c(951 * .758, 43 * .601, 99 * .449, 303 * .287)[s], c(951, 43, 99, 303)[s], kapp)
}
for (h in 1:2) {
  counted(paste("ESS stages", c("I-II", "III-IV")[h], "5-year cancer-specific"),
          survival_at(staged(ess)[(staged(ess)$stage > 2) == (h == 2), ], "cancer"),
          c(540 * .893, 291 * .503)[h], c(540, 291)[h], chan)
}
for (g in 1:3) {
  counted(paste("ESS grade", g, "5-year cancer-specific"), survival_at(ess[which(ess$grade == g), ], "cancer"),
          c(108 * .914, 300 * .954, 288 * .421)[g], c(108, 300, 288)[g], chan)
}
overall <- function(s) survival_at(staged(as_)[staged(as_)$stage == s, ], "dead")
check("AS stage I 5-year overall", overall(1), .75, .84, "Arend 2010", "95 % CI")
check("AS stage III 5-year overall", overall(3), .29, .65, "Arend 2010", "95 % CI")
fourth <- staged(lms)[staged(lms)$stage == 4, ]
half <- function(x) unname(summary(survfit(Surv(months, dead) ~ 1, data = x))$table["median"])
check("LMS stage IV median with chemotherapy", half(fourth[fourth$chemo, ]), 16.4, 23.0, "Seagle 2017", "95 % CI")
check("LMS stage IV median without", half(fourth[!fourth$chemo, ]), 7.7, 14.3, "Seagle 2017", "95 % CI")
# Hazard ratios
two <- w[w$type %in% c("AS", "CS") & !is.na(w$stage), ]
against <- ratio(Surv(months, dead) ~ I(type == "AS") + factor(stage), two, 1)
check("HR AS against CS", against, .28, .45, "Arend 2010", "95 % CI")
check("HR age 50 and over, all", ratio(Surv(months, dead) ~ I(age >= 50), w, 1), 1.64, 1.92, "Hosh 2016", "95 % CI")
model <- staged(sarcoma[!is.na(sarcoma$tier), ])
model$grade3 <- factor(ifelse(is.na(model$high), "unknown", ifelse(model$high, "high", "low")), c("low", "high", "unknown"))
high_ess <- model$type == "ESS" | model$code == "8805"
model$kind <- factor(ifelse(model$code == "8931", "LG-ESS", ifelse(high_ess, "HG-ESS/UUS", model$type)))
model$kind <- relevel(model$kind, "LMS")
# Grade and stage weigh differently by histology in the cohort, and stage IV has its own baseline hazard: the other effects
# are read with that allowed for; the pooled model gives the hazard ratios of histology.
fit <- coxph(Surv(months, cancer) ~ I(age / 10) + race + married + tier + I(n == "1") + I(!surgery) + radiation +
               I(chemo & stage == 4) + type * grade3 + type * factor(stage) + strata(stage == 4), data = model, ties = "efron")
pooled <- coxph(Surv(months, cancer) ~ I(age / 10) + race + married + tier + grade3 + factor(stage) + I(n == "1") + kind +
                  I(!surgery) + radiation + I(chemo & stage == 4), data = model, ties = "efron")
hr <- exp(c(coef(fit), coef(pooled)[grep("^kind", names(coef(pooled)))]))

soft_ratio <- function(what, got, low, high, source) check(what, got, low / 1.1, high * 1.1, source, "range, 10 %")
soft_ratio("adjusted HR age, per 10 years", hr[["I(age/10)"]], 1.20, 1.30, soft)
soft_ratio("adjusted HR black", hr[["raceBlack"]], 1.2, 1.3, soft)
soft_ratio("adjusted HR married", hr[["marriedTRUE"]], .85, .90, soft)
soft_ratio("adjusted HR size 5 to 10 cm", hr[["tiermiddle"]], 1.4, 1.4, soft)
check("adjusted HR size over 10 cm", hr[["tierlarge"]], 1.78, 2.16, matsuo, "95 % CI")
soft_ratio("adjusted HR N1", hr[['I(n == "1")TRUE']], 2.10, 2.43, "Machida 2017: 2.34, 2.43, 2.10 by histology")
soft_ratio("adjusted HR no surgery", hr[["I(!surgery)TRUE"]], 2, 3, soft)
check("adjusted HR radiotherapy", hr[["radiationTRUE"]], .83, .95, "Hosh 2016", "95 % CI")
soft_ratio("adjusted HR low-grade ESS against LMS", hr[["kindLG-ESS"]], .25, .35, soft)
soft_ratio("adjusted HR other ESS and undifferentiated", hr[["kindHG-ESS/UUS"]], 1.2, 1.5, soft)
# Kapp gives survival by stage; its ratio of log survival is a hazard ratio, with the interval of the delta method.
at5 <- c(.758, .601, .449, .287)
size_of <- c(951, 43, 99, 303)
spread <- (1 - at5) / (size_of * at5 * log(at5)^2)
stages <- exp(coef(coxph(Surv(months, cancer) ~ factor(stage), data = staged(lms), ties = "efron")))
for (s in 2:4) {
  around <- log(at5[s]) / log(at5[1]) * exp(c(-1, 1) * qnorm(.975) * sqrt(spread[s] + spread[1]))
  check(paste("HR stage", s, "against I, LMS"), stages[[s - 1]], around[1], around[2], kapp, "derived")
}
by_grade <- ratio(Surv(months, cancer) ~ high + factor(stage) + age, staged(lms[!is.na(lms$high), ]), "highTRUE")
soft_ratio("HR high grade, LMS", by_grade, 3, 4, soft)

inside <- model[model$type == "LMS" & model$stage == 1, ]
large <- ratio(Surv(months, cancer) ~ tier + age + race + married + grade3 + I(!surgery) + radiation, inside, "tierlarge")
check("HR size over 10 cm, LMS stage I", large, 1.78, 2.16, matsuo, "95 % CI")

print(results, right = FALSE, row.names = FALSE)
cat(sprintf("%d women, %d figures, %d outside\n", nrow(w), nrow(results), sum(!results$ok)))
if (wrong > 0 || any(!results$ok)) quit(status = 1)

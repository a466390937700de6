"""The notes of the result tree that a report shows: their English words, marked for translation.

A ``{place}`` stands for what the analysis put there. A note that is not listed is shown in English.
"""

from __future__ import annotations

from reporter.results.known_differences import N_

ABSENCES = (
    N_("no value"),
    N_("no event"),
    N_("no events by then"),
    N_("no events of this cause"),
    N_("no patient is left"),
    N_("nothing to estimate"),
    N_("no comparable pair"),
    N_("too large for a number"),
    N_("too few distinct values"),
    N_("too few distinct event times"),
    N_("past the last follow-up"),
    N_("past the last follow-up of the development cohort"),
    N_("plateau reaches the end of follow-up"),
    N_("the time is past the last follow-up"),
    N_("no standard error above 0"),
    N_("nobody was followed beyond the time survived"),
    N_("fewer than two groups at risk with events"),
    N_("fewer than two groups in which events are expected"),
    N_("Gray’s test is not defined here for patients who come under observation late"),
    N_("no level is common to both cohorts"),
    N_("the column has one value in each cohort"),
    N_("not given with entry times"),
    N_("there are no more patients than that"),
    N_("a group has no follow-up to that time"),
    N_("a group’s survival is 0 or 1, or unknown"),
    N_("no estimated coefficient"),
    N_("one of the periods has no model"),
    N_("all patients at risk have the same linear predictor"),
    N_("the slope runs to infinity (monotone likelihood)"),
    N_("with competing events the risk needs a model of every cause; 1 minus survival from this model is no risk"),
    N_("fewer than {n} patients at risk at the horizon"),
    N_("the probability of not being censored before the horizon is below {least}"),
    N_("fewer than {n} events by the horizon"),
    N_("fewer than {n} patients followed to the horizon"),
    N_("the model predicts no event by then"),
    N_("nobody is known to be free of the event then"),
    N_("the follow-up of those at or above the threshold ends before the horizon"),
    N_("all predicted risks are equal"),
    N_("the predicted risks have too few distinct values for three knots"),
    N_("the curve runs to infinity (monotone likelihood)"),
    N_("fewer than {n} patients at risk at tau"),
    N_("the probability of not being censored before tau is below {least}"),
    N_("patients came under observation late: the censoring distribution is not that of all patients"),
    N_("competing events end follow-up: pairs cannot be weighted by censoring alone"),
    N_("not offered with strata, clusters or case weights"),
)

MODELS = (
    N_("the hazard ratio runs to infinity (monotone likelihood)"),
    N_("Newton's method did not converge"),
    N_("the likelihood takes patients of a cluster for independent"),
    N_("no more clusters than coefficients"),
    N_("no more clusters than coefficients tested"),
    N_("no robust score test with an offset, nor where the scores of the clusters depend on each other"),
    N_("the clusters balance each other: the robust standard error is 0"),
    N_("constant, or determined by the covariates before it"),
    N_("no baseline hazard: {why}"),
    N_("the profile of the penalised likelihood does not fall that far"),
    N_("the penalised likelihood did not converge"),
    N_("not offered with exact ties"),
    N_("not offered with {key}"),
    N_("no covariate has a missing value: nothing was imputed"),
    N_("no curve of a spline in an interaction: it differs by the other covariate"),
    N_(
        "the weights of a Fine–Gray model are not defined: between two periods of follow-up nobody is under "
        "observation, or everybody left is censored at once"
    ),
)

COUNTS = (
    N_("{n} patients without a value of {column} are left out"),
    N_("{n} patients without a value of a stratum, cluster, weight or offset are left out"),
    N_("{n} patients with a missing predictor are left out"),
    N_("{n} patients with a missing feature have no phenotype"),
    N_("{column} = {level}: no patients"),
    N_("{column}: fewer than two groups have patients"),
    N_("{who}: fewer than {n} at risk at events up to {until}; the whole curve rests on them"),
    N_("{who}: all at risk died at {at}; the estimate stays 0 though others entered later"),
    N_(
        "{n} events by {when} and {free} patients followed to it: fewer than {least}, so calibration is known from "
        "slope and O/E only"
    ),
    N_("no groups of predicted risk: fewer than {n} patients"),
    N_("no groups of predicted risk: past the last follow-up of the development cohort"),
)

PHENOTYPES = (
    N_("accuracy measures recovery of a rule made from the same variables; it is not evidence of validity"),
    N_(
        "in each fold the clusters are made anew from the training patients; a test patient's label is the nearest "
        "centroid in the training scaling"
    ),
    N_("not below the number of distinct patients"),
    N_("follow-up ends before {time} {unit}"),
    N_("{column} does not vary among the patients with all features; left out"),
    N_("phenotype {k} has {n} events, fewer than {least}"),
    N_("another order of tied merges puts {n} patients in another phenotype"),
    N_("k = {k} is not below the number of distinct patients; not tried"),
    N_("the smallest phenotype has {n} patients, fewer than the {folds} folds"),
    N_("a fold has no more distinct patients than phenotypes"),
    N_("{column} alone ranks survival almost perfectly: is it the outcome under another name?"),
    N_("no value of {column}"),
    N_("a level that no patient of the cohort had"),
)

CHECK = (
    N_("switched off (--no-verify)"),
    N_("it was switched off (--no-verify)"),
    N_("the check has not run yet"),
    N_("R was not asked for this analysis"),
    N_("scikit-learn's trees and forests draw their own random numbers: no R package grows the same trees"),
    N_("a setting of the cross-validation, not an estimate"),
    N_("from sets drawn at random and clustered again, which R does not repeat: their rates are tested by simulation"),
    N_("a rule on numbers from sets drawn at random, which R does not repeat"),
    N_("a number of random sets: a setting, not an estimate"),
    N_("a path of random draws, which R does not repeat; what the imputed sets hold at its end is checked"),
    N_("nothing to compare on the random subset"),
    N_("the other cohort is a random subset"),
    N_("R did not answer within {n} s"),
    N_("the check was ended after {n} s"),
    N_("R is not running"),
    N_("the report was checked on a random subset: the model's own patients are not in its data_for_r.csv"),
    N_("the report has no data_for_r.csv: it is not written where small numbers are hidden"),
    N_("the curve has no value to compare"),
)

FINDINGS = (
    N_("time or status is missing or cannot be read in {n} of {k} selected rows; they are left out of this endpoint."),
    N_("{label}: {n} rows ({columns}), {k} of them selected."),
    N_("'{label}' is not checked here: the table has no {columns}."),
    N_("column '{column}' is {word} in all {n} selected rows with a value."),
    N_("column '{column}' is {word} in all but {k} of {n} selected rows with a value."),
    N_("column '{column}' has no value in any of the {n} rows."),
    N_("column '{column}' has dates after today in {n} rows (of the years {years})."),
    N_("column '{column}' has dates more than ten years from all others in {n} rows (of the years {years})."),
    N_("column '{column}' has {word} in {n} rows, about {size} than the others (median {k}); the values are kept."),
    N_("column '{column}' has {word} in {n} rows, far from all others; counted as a number."),
    N_("column '{column}' is an age of {word} in {n} rows; the values are kept."),
    N_("{n} rows are in every cell a copy of an earlier row."),
    N_("column '{column}' has numbers with different units: {units}; only the number is read."),
    N_("column '{column}' has numbers with a unit ({units}) in {n} rows."),
    N_("column '{column}' has levels that differ by case, spaces or full-width letters alone: {pairs}."),
    N_("column '{column}' has {word} as a level, in {n} rows."),
    N_("{n} times smaller"),
    N_("{n} times larger"),
)

NOMOGRAM = (
    N_("no nomogram: {why}"),
    N_("with an interaction the points of one covariate depend on another"),
    N_("not offered for a model with exact ties"),
    N_("not offered for a model with {key}"),
    N_("with competing events 1 minus survival from one model is no risk"),
    N_("the algorithm leaves a single cluster"),
)

SELECTION = (
    N_("{endpoint}: time or status missing"),
    N_("{endpoint}: came under observation at or after the end of follow-up"),
    N_("{n} patients are at {levels}, which the development cohort never has; counted as missing."),
    N_("no patient is at {levels}; the level is left out."),
    N_("{n} patients have time 0; they are kept."),
    N_("'{column}': no events in {levels}; its hazard ratio is not estimable. Merge levels through codes if the group "
       "is to be compared."),
)  # fmt: skip

TOLERANCES = (
    N_("exact"),
    N_("{bound} relative or {second}"),
    N_("{bound} of log P or {second}"),
    N_("{bound} relative"),
    N_("{bound} of log P"),
    N_("{bound} SE of the log ratio"),
    N_("{bound} of the degrees of freedom"),
    N_("{bound} of 1"),
    N_("{bound} of the log-likelihood"),
    N_("{bound} of the number of events"),
    N_("{bound} SD"),
    N_("{bound} SE"),
    N_("{bound} of the half-width of the band"),
    N_("{bound} of the largest value"),
)

DURATIONS = (
    N_("1 year"), N_("1 month"), N_("1 day"), N_("years"), N_("months"), N_("days"), N_("{n} {unit}"),
)  # fmt: skip

NOTES = (*ABSENCES, *MODELS, *COUNTS, *PHENOTYPES, *CHECK, *SELECTION, *FINDINGS, *NOMOGRAM, *TOLERANCES, *DURATIONS)

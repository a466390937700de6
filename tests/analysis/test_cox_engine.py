"""Strata, entry times, case weights, offsets, clusters and exact ties against R's coxph, alone and together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import CoxFit, fit_cox
from reporter.analysis.kernels.cox_prediction import baseline_hazard, predict
from reporter.analysis.kernels.partial_likelihood import ExactLikelihood
from reporter.analysis.kernels.ph_test import ph_test
from reporter.analysis.kernels.risk_sets import make_risk_sets
from reporter.errors import ReporterError

R_CODE = """
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)
show <- function(job, name, value)
  cat(job, name, paste(sprintf("%.17g", as.numeric(value)), collapse = " "), sep = "\\t", "\\n")
one <- function(job, d, parts, ties) {
  d$surv <- if ("entry" %in% parts) Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
  rhs <- c("x1", "x2", if ("strata" %in% parts) "strata(s)", if ("offset" %in% parts) "offset(o)")
  call <- list(as.formula(paste("surv ~", paste(rhs, collapse = "+"))), data = d, ties = ties, control = control,
               x = TRUE, y = TRUE)
  if ("weights" %in% parts) call$weights <- d$w
  if ("cluster" %in% parts) call$cluster <- d$g else call$robust <- FALSE  # weights that are no integers imply it
  warned <- FALSE
  note <- function(w) { warned <<- TRUE; invokeRestart("muffleWarning") }
  fit <- withCallingHandlers(do.call(coxph, call), warning = note)
  if (warned || anyNA(coef(fit))) return(show(job, "warned", 1))
  show(job, "coef", coef(fit)); show(job, "var", fit$var); show(job, "loglik", fit$loglik)
  show(job, "score", fit$score); show(job, "wald", fit$wald.test)
  if (ties != "exact") show(job, "means", fit$means)
  if ("cluster" %in% parts) { show(job, "naive", fit$naive.var); show(job, "rscore", fit$rscore) }
  if (ties == "exact") return(invisible())
  base <- basehaz(fit, centered = TRUE)
  at <- if ("strata" %in% parts) paste(base$strata) else rep("s=0", nrow(base))
  keep <- c(TRUE, diff(base$hazard) != 0 | at[-1] != at[-length(at)]) & base$hazard > 0
  show(job, "basehaz", base$hazard[keep]); show(job, "basetime", base$time[keep])
  new <- data.frame(x1 = 0.3, x2 = 1, o = mean(if ("weights" %in% parts) weighted.mean(d$o, d$w) else d$o), s = d$s[1])
  if (!"strata" %in% parts) {
    s <- survfit(fit, new, stype = 2, ctype = if (ties == "efron") 2 else 1)
    show(job, "surv", s$surv[s$n.event > 0]); show(job, "se", s$std.err[s$n.event > 0])
  }
  for (g in c("km", "rank", "identity")) {
    z <- tryCatch(cox.zph(fit, g), error = function(e) NULL)
    if (is.null(z)) next
    show(job, paste0("zph_", g), z$table[, 1])
    if (!anyNA(z$y)) { show(job, paste0("y_", g), z$y); show(job, paste0("v_", g), z$var) }
  }
  part <- function(name, value) if (name %in% parts) value
  k <- concordancefit(d$surv, fit$linear.predictors, strata = part("strata", d$s), weights = part("weights", d$w),
                      cluster = part("cluster", d$g), reverse = TRUE, keepstrata = FALSE)
  show(job, "c", c(k$concordance, sqrt(k$var), k$count))
}
"""
PARTS = ("strata", "entry", "weights", "offset", "cluster")


@dataclass(frozen=True)
class Case:
    parts: tuple[str, ...]
    ties: str
    data: dict[str, np.ndarray]

    def arguments(self) -> dict[str, np.ndarray]:
        names = {"strata": "s", "entry": "entry", "weights": "w", "offset": "o", "cluster": "g"}
        return {part: self.data[names[part]] for part in self.parts}

    def fit(self) -> CoxFit:
        x = np.column_stack([self.data["x1"], self.data["x2"]])
        return fit_cox(x, self.data["time"], self.data["event"], ties=self.ties, **self.arguments())

    def r(self, number: int) -> str:
        columns = ", ".join(
            f"{name} = c({', '.join(repr(float(v)) for v in values)})" for name, values in self.data.items()
        )
        parts = ", ".join(f'"{part}"' for part in self.parts)
        return f'try(one({number}, data.frame({columns}), c({parts}), "{self.ties}"), silent = TRUE)'


def make_case(seed: int, parts: tuple[str, ...], ties: str) -> Case:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(14, 61))
    time = rng.integers(1, 14, n).astype(float)
    if seed % 4 == 0:
        time = np.round(rng.exponential(8, n), 3) + 0.5
    strata = rng.integers(0, 3, n)
    event = rng.random(n) < 0.6
    if seed % 5 == 0:
        event[strata == 1] = False
    data = {
        "time": time, "event": event, "x1": rng.normal(size=n), "x2": rng.integers(0, 2, n).astype(float), "s": strata,
        "entry": np.floor(time * rng.choice([0.0, 0.3, 0.9], n) * 10) / 10, "w": np.round(rng.uniform(0.2, 3, n), 2),
        "o": np.round(rng.normal(size=n), 2), "g": rng.integers(0, max(n // 3, 5), n),
    }  # fmt: skip
    return Case(parts, ties, data)


def every_case() -> list[Case]:
    found, seed = [], 0
    for size in range(len(PARTS) + 1):
        for parts in combinations(PARTS, size):
            for ties in ("efron", "breslow", "exact"):
                if ties == "exact" and {"weights", "cluster"} & set(parts):
                    continue
                for _ in range(2):
                    seed += 1
                    found.append(make_case(seed, parts, ties))
    return found


@pytest.fixture(scope="module")
def answers(reference) -> dict[int, dict[str, np.ndarray]]:
    cases = every_case()
    text = reference.snippet(R_CODE + "\n".join(case.r(i) for i, case in enumerate(cases)))
    found: dict[int, dict[str, np.ndarray]] = {i: {} for i in range(len(cases))}
    for line in text.splitlines():
        if line.count("\t") >= 2:
            job, name, values = line.split("\t")[:3]
            found[int(job)][name] = np.array([float(v) for v in values.replace("NA", "nan").split()])
    return found


@pytest.mark.r
def test_fits_are_those_of_r(answers) -> None:
    seen = 0
    for i, case in enumerate(every_case()):
        r, fit = answers[i], case.fit()
        if "coef" not in r:
            continue
        seen += 1
        error = fit.model_std_error
        where = f"{i} {case.parts} {case.ties}"
        assert np.abs((fit.coef - r["coef"]) / error).max() < 1e-9, where
        assert_allclose([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], rtol=1e-12, err_msg=where)
        assert_allclose(fit.score, r["score"], rtol=1e-11, err_msg=where)
        assert_allclose(fit.wald, r["wald"], rtol=1e-8, err_msg=where)
        model = r["naive"] if "cluster" in case.parts else r["var"]
        assert_allclose(fit.covariance.ravel(), model, rtol=1e-9, atol=1e-9 * np.abs(model).max(), err_msg=where)
        if case.ties != "exact":
            assert_allclose(fit.centre, r["means"], rtol=1e-13, err_msg=where)
        if "cluster" in case.parts:
            assert_allclose(
                fit.robust_covariance.ravel(), r["var"], rtol=1e-9, atol=1e-9 * np.abs(r["var"]).max(), err_msg=where
            )
            if "offset" in case.parts:
                assert fit.robust_score is None
            else:
                assert_allclose(fit.robust_score, r["rscore"], rtol=1e-9, err_msg=where)
    assert seen > 0.9 * len(every_case())


@pytest.mark.r
def test_what_follows_from_a_fit_is_that_of_r(answers) -> None:
    for i, case in enumerate(every_case()):
        r = answers[i]
        if "basehaz" not in r:
            continue
        fit = case.fit()
        where = f"{i} {case.parts} {case.ties}"
        base = baseline_hazard(fit)
        assert_allclose(base.time, r["basetime"], rtol=1e-14, err_msg=where)
        assert_allclose(base.hazard, r["basehaz"], rtol=1e-9, err_msg=where)
        if "surv" in r:
            z = np.array([[0.3, 1.0]]) - fit.centre
            covariance = fit.covariance if fit.robust_covariance is None else fit.robust_covariance
            found = predict(base, fit.coef, covariance, z, base.time, conf_type="log", conf_level=0.95)
            assert_allclose(found.survival[0], r["surv"], rtol=1e-9, err_msg=where)
            error = np.log(found.survival[0] / found.conf_low[0]) / norm.ppf(0.975)
            assert_allclose(error, r["se"], rtol=1e-9, err_msg=where)
        arguments = case.arguments()
        for transform in ("km", "rank", "identity"):
            if f"zph_{transform}" not in r:
                continue
            test = ph_test(fit, case.data["time"], case.data["event"], transform, entry=arguments.get("entry"))
            ours = [test.test(np.array(columns)).statistic for columns in ([0], [1], [0, 1])]
            assert_allclose(ours, r[f"zph_{transform}"], rtol=1e-9, err_msg=where)
            if f"v_{transform}" in r:
                assert test.complete
                assert_allclose(test.variance.ravel(), r[f"v_{transform}"], rtol=1e-8, atol=1e-8, err_msg=where)
                scaled = np.sort(r[f"y_{transform}"].reshape(2, -1), axis=1).T
                assert_allclose(np.sort(test.scaled, axis=0), scaled, rtol=1e-8, atol=1e-8, err_msg=where)
            else:
                assert not test.complete
        arguments.pop("offset", None)
        c = concordance(case.data["time"], case.data["event"], fit.linear_predictor, ymax=None, **arguments)
        ours = [c.estimate, c.std_error, c.n_concordant, c.n_discordant, c.n_tied_risk, c.n_tied_time, c.n_tied_both]
        assert_allclose(ours, r["c"], rtol=1e-11, atol=1e-11, err_msg=where)


def brute_force(x: np.ndarray, time: np.ndarray, event: np.ndarray, beta: np.ndarray) -> float:
    """Log of R's discrete likelihood, every subset enumerated."""
    total = 0.0
    for t in np.unique(time[event]):
        dead, at_risk = np.flatnonzero(event & (time == t)), np.flatnonzero(time >= t)
        eta = x @ beta
        sums = [eta[list(subset)].sum() for subset in combinations(at_risk, dead.size)]
        total += eta[dead].sum() - np.log(np.exp(sums).sum())
    return total


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_exact_likelihood_is_the_sum_over_all_subsets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    x, time, event = rng.normal(size=(n, 2)), rng.integers(1, 4, n).astype(float), rng.random(n) < 0.7
    if not event.any():
        return
    beta, step = rng.normal(size=2) * 0.5, 1e-5
    likelihood = ExactLikelihood(x, make_risk_sets(time, event, "exact"), None)
    found = likelihood.evaluate(beta)
    assert_allclose(found.value, brute_force(x, time, event, beta), rtol=1e-12, atol=1e-12)
    for j, unit in enumerate(np.eye(2) * step):
        above, below = brute_force(x, time, event, beta + unit), brute_force(x, time, event, beta - unit)
        assert_allclose(found.score[j], (above - below) / (2 * step), atol=1e-7)
        slope = (likelihood.evaluate(beta + unit).score - likelihood.evaluate(beta - unit).score) / (2 * step)
        assert_allclose(-found.information[j], slope, atol=1e-7)


def test_weights_are_rows_repeated_for_breslow_and_not_for_efron() -> None:
    case = make_case(3, (), "breslow")
    x = np.column_stack([case.data["x1"], case.data["x2"]])
    time, event, times = (
        case.data["time"],
        case.data["event"],
        np.random.default_rng(0).integers(1, 4, case.data["x1"].size),
    )
    for ties in ("breslow", "efron"):
        weighted = fit_cox(x, time, event, ties=ties, weights=times.astype(float))
        repeated = fit_cox(np.repeat(x, times, axis=0), np.repeat(time, times), np.repeat(event, times), ties=ties)
        same = np.allclose(weighted.coef, repeated.coef, rtol=1e-9)
        assert same == (ties == "breslow")


def test_rows_split_at_any_time_give_the_same_fit() -> None:
    case = make_case(5, (), "efron")
    x, time, event = np.column_stack([case.data["x1"], case.data["x2"]]), case.data["time"], case.data["event"]
    whole = fit_cox(x, time, event, ties="efron")
    cut = 5.0
    late = time > cut
    both = fit_cox(
        np.vstack([x, x[late]]), np.concatenate([np.minimum(time, cut), time[late]]),
        np.concatenate([event & ~late, event[late]]), ties="efron",
        entry=np.concatenate([np.full(time.size, -1.0), np.full(int(late.sum()), cut)]),
    )  # fmt: skip
    assert_allclose(both.coef, whole.coef, rtol=1e-10)
    assert_allclose(both.log_likelihood, whole.log_likelihood, rtol=1e-13)
    assert_allclose(
        baseline_hazard(both).hazard / baseline_hazard(whole).hazard,
        1 / np.exp((whole.centre - both.centre) @ whole.coef),
        rtol=1e-9,
    )


def test_each_stratum_has_the_baseline_of_its_own_sums() -> None:
    case = make_case(7, ("strata",), "efron")
    base = baseline_hazard(case.fit())
    for k in range(3):
        part = base.of(k)
        assert (np.diff(part.hazard) > 0).all() and (np.diff(part.time) > 0).all()
    assert sum(base.of(k).time.size for k in range(3)) == base.time.size


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"entry": np.full(6, 6.0)}, "enters at or after"),
        ({"weights": np.array([1.0, 1, 0, 1, 1, 1])}, "case weight is 0"),
        ({"ties": "exact", "weights": np.ones(6)}, "no case weights"),
        ({"ties": "exact", "cluster": np.arange(6)}, "no cluster-robust"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, said) -> None:
    x, time = np.arange(6.0)[:, None] % 4, np.arange(1.0, 7)
    with pytest.raises(ReporterError, match=said):
        fit_cox(x, time, np.ones(6, dtype=bool), **{"ties": "efron", **change})


def test_exact_ties_too_many_to_count_are_refused() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(ReporterError, match="deaths at one time"):
        fit_cox(rng.normal(size=(300, 1)), np.repeat([1.0, 2.0], 150), np.ones(300, dtype=bool), ties="exact")
    fit = fit_cox(rng.normal(size=(60, 1)), np.repeat([1.0, 2.0], 30), rng.random(60) < 0.5, ties="exact")
    assert fit.converged
    with pytest.raises(ReporterError, match="no test of proportional hazards"):
        ph_test(fit, np.repeat([1.0, 2.0], 30), np.ones(60, dtype=bool), "km")


def test_a_column_constant_within_strata_has_no_estimate() -> None:
    case = make_case(9, ("strata",), "efron")
    x = np.column_stack([case.data["s"] * 0.1, case.data["x1"]])
    fit = fit_cox(x, case.data["time"], case.data["event"], ties="efron", strata=case.data["s"])
    assert fit.used.tolist() == [False, True]


def test_a_column_that_varies_in_no_risk_set_has_no_estimate() -> None:
    rng = np.random.default_rng(4)
    period = np.repeat([0.0, 1.0], 30)
    entry = period * 10
    time, event = entry + rng.integers(1, 10, 60), rng.random(60) < 0.7
    x = np.column_stack([period, rng.normal(size=60)])
    fit = fit_cox(x, time, event, ties="efron", entry=entry)
    assert fit.used.tolist() == [False, True]
    alone = fit_cox(x[:, 1:], time, event, ties="efron", entry=entry)
    assert_allclose(fit.coef[1], alone.coef[0], rtol=1e-12)
    with pytest.raises(ReporterError, match="nothing to estimate"):
        fit_cox(x[:, :1], time, event, ties="efron", entry=entry)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_nothing_crashes_and_nothing_is_infinite(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 13))
    time, event = rng.integers(1, 5, n).astype(float), rng.random(n) < rng.choice([0.1, 0.5, 1.0])
    x = rng.integers(0, int(rng.integers(1, 4)) + 1, (n, 2)).astype(float)
    ties = str(rng.choice(["efron", "breslow", "exact"]))
    given_parts = {
        "strata": rng.integers(0, 4, n), "entry": time - rng.choice([0.5, 1, 4], n), "offset": rng.normal(size=n),
        "weights": rng.choice([0.1, 1, 7], n), "cluster": rng.integers(0, 3, n),
    }  # fmt: skip
    parts = {name: values for name, values in given_parts.items() if rng.random() < 0.4}
    try:
        fit = fit_cox(x, time, event, ties=ties, **parts)
        base = baseline_hazard(fit)
        test = ph_test(fit, time, event, "km", entry=parts.get("entry")) if ties != "exact" else None
    except ReporterError:
        return
    assert np.isfinite(fit.coef[fit.used]).all()
    assert np.isnan(fit.coef[~fit.used]).all()
    assert np.isfinite([fit.log_likelihood, fit.log_likelihood_null, fit.score]).all()
    # Clusters that balance each other leave no robust variance to test with.
    assert np.isfinite(fit.wald) or ("cluster" in parts and np.isnan(fit.wald))
    assert fit.log_likelihood >= fit.log_likelihood_null - 1e-9
    assert np.isfinite(fit.std_error[fit.used]).all()
    if not fit.infinite.any():
        assert np.isfinite(base.hazard).all() and np.isfinite(base.variance).all()
        assert test is None or not np.isinf(test.test(np.arange(fit.df)).statistic)

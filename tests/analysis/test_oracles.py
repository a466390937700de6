"""Published numbers: each row of tests/data/oracles.csv, to half a unit of its last printed digit.

The data are read at test time, from R's package survival, from lifelines and from tests/data (SOURCES.md names the
source of each table there). Kinds: P read in the named source, T textbook value, R computed with R by the call named.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from reporter.analysis.kernels.aalen_johansen import estimate_incidence, incidence_at
from reporter.analysis.kernels.concordance import concordance
from reporter.analysis.kernels.cox import CoxFit, fit_cox, linear_predictor
from reporter.analysis.kernels.cox_prediction import baseline_hazard
from reporter.analysis.kernels.fine_gray import fit_fine_gray
from reporter.analysis.kernels.ipcw import brier_score, dynamic_auc, scaled_brier, weigh
from reporter.analysis.kernels.kaplan_meier import estimate_survival, restricted_mean, survival_at, survival_quantile
from reporter.analysis.kernels.log_rank import log_rank
from reporter.analysis.kernels.ph_test import ph_test
from reporter.analysis.kernels.rank_tests import rank_test
from reporter.analysis.kernels.uno import uno_concordance
from reporter.analysis.performance.net_benefit import net_benefit
from reporter.spec.options import RankTest

Numbers = Iterator[tuple[str, float]]
Read = Callable[[str], dict[str, np.ndarray]]
TABLES = Path(__file__).parents[1] / "data"
ORACLES = TABLES / "oracles.csv"
ROWS = list(csv.DictReader(ORACLES.read_text(encoding="utf-8").splitlines()))


def dummies(values: np.ndarray, levels: tuple[object, ...]) -> np.ndarray:
    return np.column_stack([(values == level).astype(float) for level in levels])


def coefficients(fit: CoxFit, names: tuple[str, ...], value: str, error: str) -> Numbers:
    for name, estimate, std_error in zip(names, fit.coef, fit.std_error, strict=True):
        yield value + name, estimate
        yield error + name, std_error


def model_tests(fit: CoxFit) -> Numbers:
    yield "LR", 2 * (fit.log_likelihood - fit.log_likelihood_null)
    yield "Wald", fit.wald
    yield "score", fit.score


def curve(time: np.ndarray, event: np.ndarray):
    return estimate_survival(time, event, conf_type="log", conf_level=0.95)


def median(time: np.ndarray, event: np.ndarray) -> float:
    return survival_quantile(curve(time, event), 0.5)[0]


def two_groups(time: np.ndarray, event: np.ndarray, group: np.ndarray):
    return log_rank(time, event, group.astype(np.int64), int(group.max()) + 1)


def lung(read: Read) -> Numbers:
    data = read("survival/lung")
    time, event, sex = data["time"], data["status"] == 2, data["sex"]
    yield "overall median", median(time, event)
    later = time > 180
    given = survival_at(estimate_survival(time[later], event[later], conf_type="log-log", conf_level=0.95), [365.0])
    yield "S(365 | 180)", given.estimate[0]
    yield "S(365 | 180) low", given.conf_low[0]
    yield "S(365 | 180) high", given.conf_high[0]
    yield "logrank sex", two_groups(time, event, sex - 1).statistic
    for ecog in range(4):
        for s in (1, 2):
            rows = (sex == s) & (data["ph.ecog"] == ecog)
            if rows.any():
                yield f"median sex={s}, ph.ecog={ecog}", median(time[rows], event[rows])
    names = ("age", "sex", "wt.loss")
    x = np.column_stack([data[name] for name in names])
    rows = ~np.isnan(x).any(axis=1)
    time, event = time[rows], event[rows]
    fit = fit_cox(x[rows], time, event, ties="efron")
    yield from coefficients(fit, names, "coef ", "se ")
    for name, b, s in zip(names, fit.coef, fit.std_error, strict=True):
        yield f"lo {name}", np.exp(b - 1.959963984540054 * s)
        yield f"hi {name}", np.exp(b + 1.959963984540054 * s)
    yield "n", rows.sum()
    yield "events", event.sum()
    for name, value in model_tests(fit):
        yield "LR chi2" if name == "LR" else name, value
    yield "C", concordance(time, event, fit.linear_predictor, ymax=None).estimate
    found = ph_test(fit, time, event, "km")
    for j, name in enumerate(names):
        yield f"zph chisq {name}", found.test(np.array([j])).statistic
    yield "zph chisq GLOBAL", found.test(np.arange(3)).statistic


def veteran(read: Read) -> Numbers:
    data = read("survival/veteran")
    time, event = data["time"], data["status"] == 1
    cells = dummies(data["celltype"], ("smallcell", "adeno", "large"))
    names = ("trt", "celltypesmallcell", "celltypeadeno", "celltypelarge", "karno", "diagtime", "age", "prior")
    x = np.column_stack([data["trt"], cells, *(data[name] for name in names[4:])])
    yield from coefficients(fit_cox(x, time, event, ties="efron"), names, "coef ", "se ")
    fit = fit_cox(x[:, :5], time, event, ties="efron")
    for transform in ("identity", "log"):
        found = ph_test(fit, time, event, transform)
        yield f"zph {transform} trt", found.test(np.array([0])).statistic
        yield f"zph {transform} celltype", found.test(np.array([1, 2, 3])).statistic
        yield f"zph {transform} karno", found.test(np.array([4])).statistic
        yield f"zph {transform} GLOBAL", found.test(np.arange(5)).statistic


def aml(read: Read) -> Numbers:
    data = read("survival/aml")
    time, event, group = data["time"], data["status"] == 1, data["x"] != "Maintained"
    found = two_groups(time, event, group)
    yield "logrank", found.statistic
    yield "exp Maint", found.expected[0]
    yield "exp Non", found.expected[1]
    yield "median Maintained", median(time[~group], event[~group])
    yield "median Non", median(time[group], event[group])


def by_hand(read: Read) -> Numbers:
    time, event = np.array([1.0, 1, 6, 6, 8, 9]), np.array([1, 0, 1, 1, 0, 1], dtype=bool)
    x = np.array([1.0, 1, 1, 0, 0, 0])[:, None]
    yield "beta Breslow = log((3+sqrt33)/2)", fit_cox(x, time, event, ties="breslow").coef[0]
    yield "beta Efron", fit_cox(x, time, event, ties="efron").coef[0]


def stored(name: str) -> dict[str, np.ndarray]:
    """Read a table of tests/data."""
    head, *rows = csv.reader((TABLES / f"{name}.csv").read_text(encoding="utf-8").splitlines())
    return dict(zip(head, np.array(rows, dtype=float).T, strict=True))


def lifelines(name: str) -> dict[str, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import datasets

        table = getattr(datasets, f"load_{name}")()
    return {column: table[column].to_numpy() for column in table.columns}


def six_mp(read: Read) -> Numbers:
    data = lifelines("leukemia")
    time, event, placebo = data["t"].astype(float), data["status"] == 1, data["Rx"]
    yield "logrank", two_groups(time, event, placebo).statistic
    for ties in ("breslow", "efron", "exact"):
        yield f"beta {ties}", fit_cox(placebo[:, None].astype(float), time, event, ties=ties).coef[0]
    yield "median 6-MP", median(time[placebo == 0], event[placebo == 0])
    yield "median placebo", median(time[placebo == 1], event[placebo == 1])


def larynx(read: Read) -> Numbers:
    data = lifelines("larynx")
    x = np.column_stack([data["Stage_II"], data["Stage_III"], data["Stage_IV"], data["age"]]).astype(float)
    fit = fit_cox(x, data["time"].astype(float), data["death"] == 1, ties="breslow")
    yield from coefficients(fit, ("factor(stage)2", "factor(stage)3", "factor(stage)4", "age"), "b ", "se ")
    yield from model_tests(fit)
    stage = (data["Stage_II"] + 2 * data["Stage_III"] + 3 * data["Stage_IV"]).astype(np.int64)
    rows = data["time"].astype(float), data["death"] == 1, stage, 4
    yield "logrank stage", rank_test(RankTest(name="log_rank"), *rows).statistic
    yield "Z trend stage", np.sqrt(rank_test(RankTest(name="trend", scores=(1.0, 2.0, 3.0, 4.0)), *rows).statistic)


def dialysis(read: Read) -> Numbers:
    data = stored("dialysis")
    rows = data["time"], data["delta"] == 1, (data["type"] - 1).astype(np.int64), 2
    yield "chisq log_rank", rank_test(RankTest(name="log_rank"), *rows).statistic
    by_survival = RankTest(name="fleming_harrington", rho=1.0, gamma=0.0)
    yield "chisq fleming_harrington_1_0", rank_test(by_survival, *rows).statistic


def btrial(read: Read) -> Numbers:
    data = stored("btrial")
    fit = fit_cox((data["im"] == 2)[:, None].astype(float), data["time"], data["death"] == 1, ties="breslow")
    yield "b", fit.coef[0]
    yield "se", fit.std_error[0]
    yield from model_tests(fit)


def bmt(read: Read) -> Numbers:
    data = stored("bmt")
    time, event, group = data["t2"], data["d3"] == 1, data["group"]
    yield "logrank DFS 3 groups", two_groups(time, event, group - 1).statistic
    patient, donor = data["z1"] - 28, data["z2"] - 28
    x = np.column_stack([group == 2, group == 3, data["z8"], patient, donor, patient * donor]).astype(float)
    names = ("factor(group)2", "factor(group)3", "z8", "z1", "z2", "z1:z2")
    yield from coefficients(fit_cox(x, time, event, ties="breslow"), names, "b ", "se ")


def tongue(read: Read) -> Numbers:
    data = stored("tongue")
    time, event, diploid = data["time"], data["delta"] == 1, data["type"] == 2
    yield "logrank", two_groups(time, event, diploid).statistic
    yield "median aneuploid", median(time[~diploid], event[~diploid])
    yield "median diploid", median(time[diploid], event[diploid])


def rossi(read: Read) -> Numbers:
    data = lifelines("rossi")
    names = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
    time, event = data["week"].astype(float), data["arrest"] == 1
    fit = fit_cox(np.column_stack([data[name] for name in names]).astype(float), time, event, ties="efron")
    yield from coefficients(fit, names, "b ", "se ")
    yield from model_tests(fit)
    yield "C", concordance(time, event, fit.linear_predictor, ymax=None).estimate


def pbc(read: Read) -> Numbers:
    data = read("survival/pbc")
    names = ("age", "edema", "log(bili)", "log(albumin)", "log(protime)")
    x = np.column_stack([data["age"], data["edema"], *(np.log(data[n]) for n in ("bili", "albumin", "protime"))])
    rows = ~np.isnan(x).any(axis=1)
    event = data["status"] == 2
    yield from coefficients(fit_cox(x[rows], data["time"][rows], event[rows], ties="efron"), names, "b ", "se ")
    yield "n", rows.sum()
    yield "events", event[rows].sum()
    means = []
    for arm, label in ((1, "D-pen"), (2, "placebo")):
        rows = data["trt"] == arm
        area, error = restricted_mean(curve(data["time"][rows] / 365.25, event[rows]), 10.0)
        yield f"RMST tau=10 {label}" + (" (survRM2)" if arm == 1 else ""), area
        means.append((area, error))
        yield f"se {label}", error
    difference, error = means[0][0] - means[1][0], np.hypot(means[0][1], means[1][1])
    yield "RMST difference", difference
    yield "RMST difference low", difference - 1.959963984540054 * error
    yield "RMST difference high", difference + 1.959963984540054 * error


def ovarian(read: Read) -> Numbers:
    data = read("survival/ovarian")
    time, event = data["futime"], data["fustat"] == 1
    fit = fit_cox(data["age"][:, None], time, event, ties="efron")
    yield "b age", fit.coef[0]
    yield "se", fit.std_error[0]
    yield "logrank rx", two_groups(time, event, data["rx"] - 1).statistic


def colon(read: Read) -> Numbers:
    data = read("survival/colon")
    for kind in (1, 2):
        rows = data["etype"] == kind
        time, event = data["time"][rows], data["status"][rows] == 1
        fit = fit_cox(dummies(data["rx"][rows], ("Lev", "Lev+5FU")), time, event, ties="efron")
        yield f"HR Lev+5FU etype {kind}", np.exp(fit.coef[1])
        yield f"events etype {kind}", event.sum()


def gbsg2(read: Read) -> Numbers:
    data = lifelines("gbsg2")
    yield "n", data["time"].size
    yield "events", (data["cens"] == 1).sum()
    treated = (data["horTh"] == "yes").astype(float)[:, None]
    yield "HR horTh", np.exp(fit_cox(treated, data["time"].astype(float), data["cens"] == 1, ties="efron").coef[0])


def cubic(values: np.ndarray, top: float, knots: tuple[float, float, float]) -> np.ndarray:
    """Values up to `top` and their restricted cubic spline with three knots (rms, norm 2)."""
    x = np.minimum(values, top)
    first, middle, last = knots
    a, b, c = (np.maximum(x - knot, 0) ** 3 for knot in knots)
    bent = a - b * (last - first) / (last - middle) + c * (middle - first) / (last - middle)
    return np.column_stack([x, bent / (last - first) ** 2])


def cubic_nodes(nodes: np.ndarray) -> np.ndarray:
    return cubic(nodes, 19.0, (0.0, 1.0, 9.0))


def rotterdam(read: Read) -> Numbers:
    data = read("survival/rotterdam")
    event = (data["recur"] == 1) | (data["death"] == 1)
    time = np.where(data["recur"] == 1, data["rtime"], data["dtime"]) / 365.25
    positive = data["nodes"] > 0
    yield "Rotterdam node+ n (Royston-Altman/DeepSurv script)", positive.sum()
    yield "node+ events", event[positive].sum()
    early, cut = event & (time <= 5), np.minimum(time, 5.0)
    yield "events dev", early.sum()
    size = dummies(data["size"], ("20-50", ">50"))
    x = np.column_stack([size, cubic_nodes(data["nodes"]), data["grade"] == 3])
    fit, names = fit_cox(x, cut, early, ties="efron"), ("cs20-50", "cs>50", "n2", "n3", "g33")
    yield from coefficients(fit, names, "b ", "se ")
    wider = fit_cox(np.column_stack([x, cubic_receptor(data["pgr"])]), cut, early, ties="efron")
    yield from coefficients(wider, (*names, "p2", "p3"), "b+pgr ", "se+pgr ")
    baseline = baseline_hazard(fit)
    at_zero = baseline.hazard * np.exp(-fit.centre @ fit.coef)
    yield "S0(5y)", np.exp(-at_zero[-1])
    yield from on_gbsg(read, fit)
    yield from receptor_on_gbsg(read, wider)


def cubic_receptor(values: np.ndarray) -> np.ndarray:
    return cubic(values, 1360.0, (0.0, 41.0, 486.0))


def receptor_on_gbsg(read: Read, fit: CoxFit) -> Numbers:
    baseline, other = baseline_hazard(fit), read("survival/gbsg")
    years, died = np.minimum(other["rfstime"] / 365.25, 5.0), (other["status"] == 1) & (other["rfstime"] <= 1826.25)
    size = np.column_stack([(other["size"] > 20) & (other["size"] <= 50), other["size"] > 50])
    x = np.column_stack([size, cubic_nodes(other["nodes"]), other["grade"] == 3, cubic_receptor(other["pgr"])])
    lp = linear_predictor(x, fit)
    yield "pgr Harrell C val", concordance(years, died, lp, ymax=None).estimate
    yield "pgr Uno C val", uno_concordance(years, died, lp, tau=5.0).estimate
    hazard = baseline.hazard[np.searchsorted(baseline.time, 4.99, side="right") - 1]
    yield from scored(years, died, lp, 1 - np.exp(-hazard * np.exp(lp)), "pgr ")


def on_gbsg(read: Read, fit: CoxFit) -> Numbers:
    baseline, other = baseline_hazard(fit), read("survival/gbsg")
    years, died = other["rfstime"] / 365.25, (other["status"] == 1) & (other["rfstime"] / 365.25 <= 5)
    years = np.minimum(years, 5.0)
    middle, large = (other["size"] > 20) & (other["size"] <= 50), other["size"] > 50
    lp = linear_predictor(np.column_stack([middle, large, cubic_nodes(other["nodes"]), other["grade"] == 3]), fit)
    yield "Harrell C val", concordance(years, died, lp, ymax=None).estimate
    yield "Uno C val", uno_concordance(years, died, lp, tau=5.0).estimate
    slope = fit_cox(lp[:, None], years, died, ties="efron")
    yield "naive slope coxph(~lp)", slope.coef[0]
    yield "slope lo", slope.coef[0] - 1.959963984540054 * slope.std_error[0]
    yield "slope hi", slope.coef[0] + 1.959963984540054 * slope.std_error[0]
    hazard = baseline.hazard[np.searchsorted(baseline.time, 4.99, side="right") - 1]
    expected = (1 - np.exp(-hazard * np.exp(lp))).mean()
    ratio = (1 - survival_at(curve(years, died), np.array([4.99])).estimate[0]) / expected
    yield "O/E t=4.99", ratio
    # The authors' limit: the number of events by the horizon as a Poisson count.
    yield "O/E lo", ratio * np.exp(-1.959963984540054 / np.sqrt((died & (years <= 4.99)).sum()))
    yield "O/E hi t=4.99", ratio * np.exp(1.959963984540054 / np.sqrt((died & (years <= 4.99)).sum()))
    yield from scored(years, died, lp, 1 - np.exp(-hazard * np.exp(lp)), "")


def scored(years: np.ndarray, died: np.ndarray, lp: np.ndarray, risk: np.ndarray, model: str) -> Numbers:
    """Yield the scores of a predicted risk at 4.99 years."""
    who = weigh(years, died, 4.99)
    observed = 1 - survival_at(curve(years, died), np.array([4.99])).estimate[0]
    score, null = brier_score(who, risk), brier_score(who, np.full(years.size, observed))
    yield f"{model}AUC t=4.99", dynamic_auc(who, lp).estimate
    yield f"{model}Brier t=4.99", score.estimate
    yield f"{model}scaled Brier t=4.99", scaled_brier(score, null).estimate
    yield f"{model}net benefit .23 t=4.99", net_benefit(years, died, risk, 4.99, 0.23)


def years_in_state(time: np.ndarray, cause: np.ndarray, months: float) -> list[float]:
    """Return the area under each cumulative incidence up to some months, in years."""
    found = []
    for c in estimate_incidence(time, cause, 2, entry=None, conf_type="log-log", conf_level=0.95):
        inside = c.time < months
        edges = np.concatenate(([0.0], c.time[inside], [months]))
        found.append(float(np.diff(edges) @ np.concatenate(([0.0], c.estimate[inside]))) / 12)
    return found


def mgus2(read: Read) -> Numbers:
    data = read("survival/mgus2")
    cause = np.where(data["pstat"] == 1, 1, np.where(data["death"] == 1, 2, 0))
    time, male = np.where(data["pstat"] == 1, data["ptime"], data["futime"]), data["sex"] == "M"
    for sex, rows in (("F", ~male), ("M", male)):
        for name, years in zip(("pcm", "death"), years_in_state(time[rows], cause[rows], 240.0), strict=True):
            yield f"years in {name} sex={sex}", years
    known = ~np.isnan(data["mspike"])
    x, names = np.column_stack([data["age"], male, data["mspike"]])[known], ("age", "sexM", "mspike")
    for k, name in ((1, "pcm"), (2, "death")):
        alone = fit_fine_gray(male[:, None].astype(float), time, cause, event=k, ties="efron")
        yield f"FG {name} coef sexM", alone.coef[0]
        fit = fit_cox(x, time[known], cause[known] == k, ties="efron")
        yield from coefficients(fit, names, f"Cox {name} coef ", f"Cox {name} se ")
    at = np.array([120.0])
    incidence, _ = estimate_incidence(time[known], cause[known], 2, entry=None, conf_type="log-log", conf_level=0.95)
    yield "Aalen-Johansen 120", incidence_at(incidence, at)["estimate"][0]
    yield "1-KM 120", 1 - survival_at(curve(time[known], cause[known] == 1), at).estimate[0]


STUDIES = {
    "mgus2": mgus2,
    "lung": lung, "veteran": veteran, "aml": aml, "validate test1": by_hand, "dialysis": dialysis, "6-MP": six_mp,
    "btrial": btrial, "bmt": bmt, "tongue": tongue,
    "larynx": larynx, "rossi": rossi, "pbc": pbc, "ovarian": ovarian, "colon": colon, "GBSG2": gbsg2,
    "rott->gbsg": rotterdam,
}  # fmt: skip
WITHOUT_R = ("validate test1", "dialysis", "btrial", "bmt", "tongue", "6-MP", "larynx", "rossi", "GBSG2")


@pytest.fixture(scope="module")
def computed(request: pytest.FixtureRequest) -> Callable[[str], dict[str, float]]:
    known: dict[str, dict[str, float]] = {}

    def numbers(data: str) -> dict[str, float]:
        if data not in known:
            read = (lambda _: {}) if data in WITHOUT_R else request.getfixturevalue("r_table")
            known[data] = {name: float(value) for name, value in STUDIES[data](read)}
        return known[data]

    return numbers


def case(row: dict[str, str]) -> object:
    marks = () if row["data"] in WITHOUT_R else (pytest.mark.r,)
    return pytest.param(row, id=f"{row['data']} {row['quantity']}", marks=marks)


@pytest.mark.parametrize("row", [case(row) for row in ROWS])
def test_published_number(row: dict[str, str], computed) -> None:
    found, digits = computed(row["data"])[row["quantity"]], int(row["printed_digits"])
    # The half unit itself belongs to the interval: 10 ulp for its binary representation.
    assert abs(found - float(row["published"])) <= 0.5 * 10.0**-digits * (1 + 1e-9)

"""The frozen Cox model: predictions against R, contributions, ranges, and JSON both ways."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from reporter.analysis.cox import fit_model
from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError, UsageError
from reporter.prognosis.freeze import freeze_cox
from reporter.prognosis.frozen_cox import FrozenCox
from reporter.results.tree import EndpointInfo
from reporter.spec.options import ModelOptions, TermSpec

SIZES = ("<=20", "20-50", ">50")
TERMS = (
    TermSpec(column="age", per=10.0),
    TermSpec(column="size", levels=SIZES),
    TermSpec(column="nodes", transform="log1p", winsorize=20.0),
)
ENDPOINT = EndpointInfo(name="os", label="Overall survival", unit="years", horizons=(1.0, 2.0))

R_CODE = """
suppressPackageStartupMessages(library(survival))
read <- function(file) {
  d <- read.csv(file)
  d$size <- factor(d$size, levels = 0:2)
  d$age <- d$age / 10
  d$nodes <- log1p(pmin(d$nodes, 20))
  d
}
d <- read("old.csv")
new <- read("new.csv")
times <- scan("times.txt", quiet = TRUE)
fit <- coxph(Surv(time, event) ~ age + size + nodes, data = d, ties = "TIES",
             control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50))
curve <- survfit(fit, newdata = new, stype = 2, ctype = if ("TIES" == "efron") 2 else 1, conf.type = "CONF",
                 conf.int = 0.9)
found <- summary(curve, times = times)
out <- rbind(t(found$surv), t(found$lower), t(found$upper))
write.table(format(out, digits = 17), "survival.txt", row.names = FALSE, col.names = FALSE, quote = FALSE)
lp <- predict(fit, newdata = new, type = "lp")
cat(sprintf("%.17g", lp), file = "lp.txt")
"""


def columns_of(age: np.ndarray, size: np.ndarray, nodes: np.ndarray) -> dict[str, Column]:
    return {
        "age": Column("age", "Age", "years", "numeric", (), np.asarray(age, dtype=float)),
        "size": Column("size", "Size", "mm", "categorical", SIZES, np.asarray(size, dtype=float)),
        "nodes": Column("nodes", "Nodes", "", "numeric", (), np.asarray(nodes, dtype=float)),
    }


def cohort(seed: int = 1, n: int = 400, months: int = 12) -> AnalysisFrame:
    """Make a cohort with many tied times (whole months)."""
    random = np.random.default_rng(seed)
    age, size, nodes = random.normal(55, 10, n), random.integers(0, 3, n), random.poisson(4, n)
    death = random.exponential(4 * np.exp(-0.03 * (age - 55) - 0.4 * size - 0.1 * nodes))
    end = random.uniform(0.5, 6, n)
    time = np.ceil(np.minimum(death, end) * months) / months
    ids = tuple(str(i) for i in range(n))
    return AnalysisFrame("development", "os", ids, time, death <= end, "years", columns_of(age, size, nodes))


def frozen(frame: AnalysisFrame, **change: object) -> FrozenCox:
    given = {"ties": "efron", "conf_type": "log-log", "conf_level": 0.9, **change}
    model = ModelOptions(terms=given.pop("terms", TERMS), ties=given.pop("ties"))
    return freeze_cox(frame, model, ENDPOINT, **given)


def new_patients() -> dict[str, Column]:
    return columns_of([55.0, 30.0, 81.5], [0, 2, 1], [0, 25, 3])


def run_r(folder: Path, frame: AnalysisFrame, times: np.ndarray, ties: str, conf_type: str) -> tuple[np.ndarray, ...]:
    def table(columns: dict[str, Column]) -> tuple[np.ndarray, str]:
        return np.column_stack([columns[name].values for name in ("age", "size", "nodes")]), "age,size,nodes"

    old, names = table(frame.columns)
    whole = np.column_stack([frame.time, frame.event, old])
    np.savetxt(folder / "old.csv", whole, "%.17g", ",", header=f"time,event,{names}", comments="")
    np.savetxt(folder / "new.csv", table(new_patients())[0], "%.17g", ",", header=names, comments="")
    np.savetxt(folder / "times.txt", times, "%.17g")
    code = R_CODE.replace("TIES", ties).replace("CONF", conf_type)
    subprocess.run(["Rscript", "-e", code], cwd=folder, check=True, capture_output=True)
    found = np.genfromtxt(folder / "survival.txt", missing_values="NA").reshape(3, 3, times.size)
    return *found, np.loadtxt(folder / "lp.txt")


@pytest.mark.r
@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_predictions_are_those_of_survfit_coxph(ties: str, conf_type: str, tmp_path: Path) -> None:
    frame = cohort()
    times = np.array([0.01, 0.5, 1.0, 2.5, 5.0])
    survival, low, high, lp = run_r(tmp_path, frame, times, ties, conf_type)
    model = FrozenCox.from_json(frozen(frame, ties=ties, conf_type=conf_type).to_json())
    found = model.predict(new_patients(), times)
    np.testing.assert_allclose(found.survival, survival, rtol=1e-9, equal_nan=True)
    np.testing.assert_allclose(found.conf_low, low, rtol=1e-9, equal_nan=True)
    np.testing.assert_allclose(found.conf_high, high, rtol=1e-9, equal_nan=True)
    np.testing.assert_allclose(model.linear_predictor(new_patients()), lp, rtol=1e-9)


def test_json_both_ways_gives_the_same_bytes_and_answers() -> None:
    model = frozen(cohort())
    again = FrozenCox.from_json(model.to_json())
    assert again == model
    assert again.to_json() == model.to_json() == frozen(cohort()).to_json()
    times = np.linspace(0, 5, 9)
    assert np.array_equal(again.predict(new_patients(), times).survival, model.predict(new_patients(), times).survival)


def test_no_patient_is_in_the_file() -> None:
    frame = cohort()
    text = frozen(frame).to_json()
    ages = np.sort(frame.columns["age"].values)[1:-1]
    assert not [age for age in ages if repr(float(age)) in text]
    lp = np.sort(fit_model(frame, ModelOptions(terms=TERMS, ties="efron")).fit.linear_predictor)
    assert sum(repr(float(value)) in text for value in lp) < 10


def test_contributions_sum_to_the_distance_from_the_mean_linear_predictor() -> None:
    frame = cohort()
    model = frozen(frame)
    parts = model.contributions(frame.columns)
    assert list(parts) == ["age", "size", "nodes"]
    lp = model.linear_predictor(frame.columns)
    assert sum(parts.values()) == pytest.approx(lp - lp.mean(), rel=1e-9, abs=1e-12)
    for part in parts.values():
        assert part.mean() == pytest.approx(0, abs=1e-12)
    slope = (parts["age"][0] - parts["age"][1]) / (frame.columns["age"].values[0] - frame.columns["age"].values[1])
    assert slope * 10 == pytest.approx(model.coef[0], rel=1e-9)


def test_nothing_is_predicted_past_the_follow_up_or_without_a_value() -> None:
    model = frozen(cohort())
    columns = columns_of([55.0, np.nan], [0, 0], [1, 1])
    end = model.follow_up_end
    found = model.predict(columns, np.array([0.0, 1.0, end, end + 1e-9]))
    assert np.isfinite(found.survival[0, :3]).all()
    assert np.isnan(found.survival[0, 3]) and np.isnan(found.conf_high[0, 3])
    assert np.isnan(found.survival[1]).all() and np.isnan(found.conf_low[1]).all()
    assert found.survival[0, 0] == 1.0
    assert np.isnan(model.contributions(columns)["age"][1])
    assert np.isnan(model.linear_predictor(columns)[1])


def test_levels_are_matched_by_name_and_unknown_ones_are_missing() -> None:
    model = frozen(cohort())
    columns = columns_of([55.0, 55.0, 55.0], [0, 2, 0], [1, 1, 1])
    turned = {**columns, "size": Column("size", "", "", "categorical", ("huge", ">50", "<=20"), np.array([2.0, 1, 0]))}
    expected = model.linear_predictor(columns)
    found = model.linear_predictor(turned)
    assert found[:2].tolist() == expected[:2].tolist()
    assert np.isnan(found[2])
    with pytest.raises(
        ReporterError, match=r"column 'nodes' is needed by the model and is not given; given: age, size"
    ):
        model.predict({name: columns[name] for name in ("age", "size")}, np.array([1.0]))


def test_ranges_quartiles_and_shares_of_the_development_patients() -> None:
    frame = cohort()
    frame.columns["age"].values[0] = np.nan
    model = frozen(frame)
    age, size = model.predictor("age"), model.predictor("size")
    used = frame.columns["age"].values[1:]
    assert (age.minimum, age.maximum, age.median) == (used.min(), used.max(), np.median(used))
    assert age.quartiles == (np.quantile(used, 0.25), np.quantile(used, 0.75))
    assert age.in_range(used.max()) and not age.in_range(used.max() + 1e-9) and not age.in_range(used.min() - 1)
    assert size.shares == pytest.approx(np.bincount(frame.columns["size"].codes[1:]) / 399)
    assert size.in_range(2.0) and not size.in_range(-1.0) and not size.in_range(float("nan"))
    assert (model.n, model.n_missing, model.n_event) == (399, 1, int(frame.event[1:].sum()))
    with pytest.raises(KeyError):
        model.predictor("weight")


def test_the_rank_of_a_risk_lies_between_the_percentiles() -> None:
    frame = cohort()
    model = frozen(frame)
    lp = fit_model(frame, ModelOptions(terms=TERMS, ties="efron")).fit.linear_predictor
    q = model.linear_predictor_quantiles
    assert model.risk_rank(q[0]) == model.risk_rank(q[0] - 1) == 0.0
    assert model.risk_rank(q[100]) == pytest.approx(1.0) and model.risk_rank(q[100] + 1) == 1.0
    assert model.risk_rank(q[30]) == pytest.approx(0.3)
    assert model.risk_rank((q[30] + q[31]) / 2) == pytest.approx(0.305)
    assert np.isnan(model.risk_rank(float("nan")))
    for value in lp[:50]:
        assert model.risk_rank(float(value)) == pytest.approx((lp < value).mean(), abs=0.011)


def test_a_rank_where_many_share_a_risk_counts_those_below() -> None:
    values = (0.0,) * 60 + (1.0,) * 41
    model = frozen(cohort()).model_copy(update={"linear_predictor_quantiles": values})
    assert model.risk_rank(0.0) == 0.0
    assert 0.59 <= model.risk_rank(1.0) <= 0.60


def test_a_column_that_depends_on_others_has_no_coefficient() -> None:
    frame = cohort()
    double = Column("double", "Double", "", "numeric", (), frame.columns["age"].values * 2)
    frame = frame.with_column(double)
    terms = (*TERMS, TermSpec(column="double"))
    model = FrozenCox.from_json(frozen(frame, terms=terms).to_json())
    assert model.coef[-1] is None
    assert len(model.covariance) == 4
    plain = frozen(frame)
    given = {**new_patients(), "double": Column("double", "", "", "numeric", (), np.array([1.0, 2.0, 3.0]))}
    one, two = model.predict(given, np.array([1.0])), plain.predict(new_patients(), np.array([1.0]))
    assert one.survival == pytest.approx(two.survival, rel=1e-12)
    assert model.contributions(given)["double"].tolist() == [0.0, 0.0, 0.0]


def test_an_outcome_without_events_is_refused() -> None:
    frame = cohort()
    frame.event[:] = False
    with pytest.raises(ReporterError, match="no events"):
        frozen(frame)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"n":400', '"n":401', "SHA-256 differs"),
        ('"schema": 1', '"schema": 7', "has schema 7"),
        ('"frozen_cox"', '"phenotypes"', "expected 'frozen_cox'"),
        ('"content"', '"inhalt"', "is not a model file"),
    ],
)
def test_another_file_is_refused(old: str, new: str, words: str) -> None:
    text = frozen(cohort()).to_json()
    assert old in text
    with pytest.raises(UsageError, match=words):
        FrozenCox.from_json(text.replace(old, new), name="cox_os.json")


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ({"interactions": (("age", "nodes"),)}, "cannot be divided"),
        ({"strata": ("size",)}, "baseline hazard of its own"),
        ({"cluster": "nodes"}, "do not know the clusters"),
        ({"weights": "nodes"}, "weighted cohort"),
        ({"offset": "nodes"}, "value of the offset"),
        ({"ties": "exact"}, "has no baseline hazard"),
    ],
)
def test_models_without_predictions_for_single_patients_are_refused(part: dict[str, object], why: str) -> None:
    model = ModelOptions(**{"terms": TERMS, "ties": "efron", **part})
    with pytest.raises(ReporterError, match=why):
        freeze_cox(cohort(), model, ENDPOINT, conf_type="log-log", conf_level=0.9)


def test_a_spline_predicts_for_new_patients_as_for_those_it_was_fitted_to() -> None:
    frame = cohort()
    terms = (TermSpec(column="age", per=10), TermSpec(column="nodes", winsorize=12, spline=(1, 3, 8)))
    model = frozen(frame, terms=terms)
    fit = fit_model(frame, ModelOptions(terms=terms, ties="efron")).fit
    assert model.coefficients == ("age", "nodes", "nodes'")
    assert model.linear_predictor(frame.columns) == pytest.approx(fit.linear_predictor, rel=1e-12, abs=1e-12)

"""Predicted curves of single patients against survfit.coxph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reporter.analysis.cox import fit_model
from reporter.analysis.design import make_design
from reporter.analysis.kaplan_meier import optional
from reporter.analysis.kernels.cox_prediction import baseline_hazard, predict
from reporter.results.patient import PatientCheck, PatientCurve
from reporter.spec.options import ModelOptions, TermSpec
from reporter.verification.patient import check_patients
from reporter.verification.reproduce import data_for_r
from tests.verification.small import LEVELS, Small

TERMS = (TermSpec(column="age", per=10), TermSpec(column="size", levels=LEVELS))
PATIENTS = [{"age": 41.5, "size": LEVELS[0]}, {"age": 77.0, "size": LEVELS[2]}]


@pytest.fixture
def data_file(small: Small, tmp_path: Path) -> Path:
    path = tmp_path / "data_for_r.csv"
    path.write_bytes(data_for_r(small.frames))
    return path


def curves_of(
    small: Small, ties: str = "efron", conf_type: str = "log-log", conf_level: float = 0.95
) -> list[PatientCurve]:
    """Predict for PATIENTS, who are put in the place of the first two rows of the frame."""
    frame = small.frames["development", "os"]
    fit = fit_model(frame, ModelOptions(terms=TERMS, ties=ties)).fit
    base = baseline_hazard(fit)
    columns = dict(frame.columns)
    for name, values in (("age", (41.5, 77.0)), ("size", (0.0, 2.0))):
        changed = columns[name].values.copy()
        changed[:2] = values
        columns[name] = type(columns[name])(name, name, "", columns[name].kind, columns[name].levels, changed)
    x = make_design(TERMS, columns, np.arange(frame.n) < 2).matrix
    found = predict(
        base, fit.coef, fit.covariance, x - fit.centre, base.time, conf_type=conf_type, conf_level=conf_level
    )
    return [
        PatientCurve(
            time=tuple(base.time.tolist()), survival=tuple(found.survival[i].tolist()),
            conf_low=optional(found.conf_low[i]), conf_high=optional(found.conf_high[i]),
        )
        for i in range(2)
    ]  # fmt: skip


def check(data_file: Path, curves: list[PatientCurve], **changed: object) -> list[PatientCheck]:
    given = {"endpoint": "os", "terms": TERMS, "ties": "efron", "conf_type": "log-log", "conf_level": 0.95,
             "patients": PATIENTS, "curves": curves, **changed}  # fmt: skip
    return check_patients(data_file, **given)


@pytest.mark.r
@pytest.mark.parametrize(("ties", "conf_type", "conf_level"), [("efron", "log-log", 0.95), ("breslow", "log", 0.9)])
def test_curves_agree(small: Small, data_file: Path, ties: str, conf_type: str, conf_level: float) -> None:
    options = {"ties": ties, "conf_type": conf_type, "conf_level": conf_level}
    found = check(data_file, curves_of(small, **options), **options)
    assert [one.state for one in found] == ["agrees", "agrees"]
    assert all(one.n_points > 150 and (one.largest_difference or 0) < 1e-12 and one.r_version for one in found)


@pytest.mark.r
def test_each_patient_is_judged_alone_and_every_difference_is_caught(small: Small, data_file: Path) -> None:
    good, other = curves_of(small)
    survival = list(other.survival)
    survival[30] *= 1 + 1e-8
    absent = (*other.conf_low[:30], None, *other.conf_low[31:])
    moved = [
        other.model_copy(update={"survival": tuple(survival)}),
        other.model_copy(update={"conf_low": absent}),
        other.model_copy(update={"conf_high": other.survival}),
        curves_of(small, ties="breslow")[1],
        good,
    ]
    patients = [PATIENTS[0], *[PATIENTS[1]] * len(moved)]
    found = check(data_file, [good, *moved], patients=patients)
    assert [one.state for one in found] == ["agrees", *["disagrees"] * len(moved)]


@pytest.mark.r
def test_a_level_that_the_model_never_saw_is_not_run(small: Small, data_file: Path) -> None:
    found = check(data_file, curves_of(small), patients=[{"age": 50.0, "size": "huge"}] * 2)
    assert {one.state for one in found} == {"not_run"} and "'huge' is not a level of size" in found[0].why_not


def test_files_that_cannot_be_used_are_named(data_file: Path, tmp_path: Path) -> None:
    curve = PatientCurve(time=(1.0,), survival=(0.9,), conf_low=(0.8,), conf_high=(0.95,))
    assert check(data_file, [], patients=[]) == []
    missing = check(tmp_path / "nowhere.csv", [curve] * 2)
    assert [one.state for one in missing] == ["not_run"] * 2 and "nowhere.csv cannot be read" in missing[0].why_not
    terms = (TermSpec(column="weight"),)
    assert "has no column weight" in check(data_file, [curve] * 2, terms=terms)[0].why_not
    assert "no development rows of pfs" in check(data_file, [curve] * 2, endpoint="pfs")[0].why_not

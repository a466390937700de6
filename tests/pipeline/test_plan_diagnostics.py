"""What [analysis] asks of diagnostics becomes an analysis; what every study gets stands without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.pipeline.plan import plan_analyses
from reporter.pipeline.plan_diagnostics import diagnostics_options
from reporter.spec.load import load_study
from reporter.spec.options import ModelOptions, PhTestOptions, TermSpec

MODEL = ModelOptions(terms=(TermSpec(column="age"),), ties="efron")


def kinds(study: Path, **parts: object) -> list[str]:
    model = MODEL.model_copy(update=parts)
    return [getattr(o, "analysis", o.kind) for o in diagnostics_options(load_study(study), model)]


def test_what_every_study_gets(small) -> None:
    study = load_study(small.write())
    found = [item.options for item in plan_analyses(study, build_cohorts(study).frames)]
    assert [o.transform for o in found if isinstance(o, PhTestOptions)] == ["km"]
    assert {"ph_test", "cox_time_split", "cox_stratified"} <= {o.kind for o in found}
    assert not {"influence", "functional_form"} & {o.kind for o in found}


def test_transforms(small) -> None:
    asked = 'groups = ["sex", "stage"]\nph_transform = "rank"\nph_sensitivity = ["km", "rank", "log", "km"]'
    study = small.replace('groups = ["sex", "stage"]', asked).write()
    assert kinds(study) == ["ph_test", "ph_test_km", "ph_test_log", "cox_time_split", "cox_stratified"]
    found = list(diagnostics_options(load_study(study), MODEL))
    assert [o.transform for o in found if hasattr(o, "transform")] == ["rank", "km", "log", "rank"]


def test_diagnostics(small) -> None:
    study = small.replace('groups = ["sex", "stage"]', 'groups = ["sex", "stage"]\ndiagnostics = true').write()
    assert kinds(study)[-2:] == ["influence", "functional_form"]
    assert kinds(study, cluster="centre") == ["ph_test", "cox_stratified", "influence", "functional_form"]
    # With exact ties nothing is tested; what was asked for says so itself.
    assert kinds(study, ties="exact") == ["influence", "functional_form"]


def test_an_unknown_transform_is_an_error(small) -> None:
    with pytest.raises(FindingsError, match="ph_transform"):
        load_study(small.replace('groups = ["sex", "stage"]', 'groups = []\nph_transform = "sqrt"').write())

"""What a study file asks of the landmark analysis."""

from __future__ import annotations

import pytest

from reporter.cohort.build import build_cohorts
from reporter.errors import FindingsError
from reporter.pipeline.plan import plan_analyses
from reporter.spec.load import load_study
from reporter.spec.options import LandmarkOptions

GROUPS = 'groups = ["sex", "stage"]'


def test_the_study_file_asks_for_it(small) -> None:
    study = small.replace(GROUPS, f"{GROUPS}\nlandmark = 1.5").write()
    spec = load_study(study)
    options = [item.options for item in plan_analyses(spec, build_cohorts(spec).frames)]
    assert [o.landmark for o in options if isinstance(o, LandmarkOptions)] == [1.5]


@pytest.mark.parametrize("value", ["0", "-1", "inf"])
def test_a_landmark_is_after_time_zero(small, value) -> None:
    with pytest.raises(FindingsError, match="landmark"):
        load_study(small.replace(GROUPS, f"{GROUPS}\nlandmark = {value}").write())


def test_a_landmark_needs_a_model(small) -> None:
    study = small.replace(GROUPS, f"{GROUPS}\nlandmark = 1").replace("covariates", "# covariates").write()
    with pytest.raises(FindingsError, match="no model to fit from the landmark on"):
        load_study(study)

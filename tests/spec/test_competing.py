"""Competing events of a study file: what is refused, and where."""

from __future__ import annotations

import pytest

from reporter.errors import FindingsError
from reporter.spec.load import load_study
from tests.conftest import StudyFolder

EVENT = 'event_values = ["Dead"]\n'
COMPETING = 'competing = {{{name} = {{column = "status", values = ["Other"]}}}}\n'
VALIDATION = """
[validation]
source = "patients.csv"
[validation.endpoints.os]
time = "months"
event = "status"
event_values = ["Dead"]
"""


def study(small: StudyFolder, name: str = "other", after: str = "") -> StudyFolder:
    small.replace(EVENT, EVENT + COMPETING.format(name=name))
    small.text += after
    return small


def problems(small: StudyFolder) -> str:
    with pytest.raises(FindingsError) as caught:
        load_study(small.write())
    return str(caught.value)


def test_a_competing_event_is_read(small: StudyFolder) -> None:
    assert tuple(load_study(study(small).write()).endpoints["os"].competing) == ("other",)


@pytest.mark.parametrize("name", ["os", '"a b"', '"a=b"', '"a/b"'])
def test_a_name_that_cannot_be_addressed_is_refused(small: StudyFolder, name: str) -> None:
    assert "endpoints.os.competing" in problems(study(small, name))


def test_the_validation_cohort_needs_the_same_causes(small: StudyFolder) -> None:
    text = problems(study(small, after=VALIDATION))
    assert "validation.endpoints.os.competing: got none; the development cohort has other" in text


def test_a_composite_endpoint_has_no_competing_events(small: StudyFolder) -> None:
    small.replace('time = "months"\nevent = "status"\n', "")
    small.replace(EVENT, 'events = [{column = "status", values = ["Dead"], time = "months"}]\n')
    small.replace('censored_values = ["Alive"]\n', COMPETING.format(name="other"))
    assert "composite" in problems(small)

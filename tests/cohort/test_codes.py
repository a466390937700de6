"""The code list: every way in which a column can be read has its words."""

from __future__ import annotations

import pandas as pd
import pytest

from reporter.cohort.codes import code_entries, header_of
from reporter.spec.columns import ColumnSpec
from reporter.spec.endpoints import CohortSpec, Condition, EndpointSpec, Step

TABLE = pd.DataFrame({"size": ["1", "3", "9"], "Tumor Size": ["10", "", "12"]})


def variable(**given: object):
    spec = ColumnSpec.model_validate({"kind": "categorical", **given})
    (entry,) = code_entries(CohortSpec(), {}, {"size": spec}, TABLE)
    return entry


def test_codes_keep_their_order_and_missing_words_their_reason() -> None:
    entry = variable(codes={"1": "a", "2": "b", "3": "b"}, missing={"9": "not recorded", "8": ""})
    assert entry.codes == (("1", "a"), ("2", "b"), ("3", "b"))
    assert entry.missing == (("9", "not recorded"), ("8", ""))
    assert (entry.part, entry.name, entry.header) == ("variable", "size", "size")


def test_of_a_shipped_dictionary_what_occurs_is_listed() -> None:
    given = {"codes": {"01": "a", "2": "b", "3": "b"}, "missing": {"9": "unknown", "99": "not recorded"}}
    entry = variable(headers=[["Size", "size"]], **given)
    assert entry.codes == (("01", "a"), ("3", "b"))
    assert entry.missing == (("9", "unknown"),)
    assert variable(headers=[["Size"]], **given).codes == (("01", "a"), ("2", "b"), ("3", "b"))


def test_bins_are_ranges_closed_on_the_right() -> None:
    entry = variable(bins=[20, 50])
    assert entry.codes == (("≤ 20", "<=20"), ("> 20, ≤ 50", "20-50"), ("> 50", ">50"))


def test_cases_say_their_conditions() -> None:
    cases = [
        {"when": [{"column": "a", "in": ["1", "2"]}, {"column": "b", "min": 3}], "value": "Yes"},
        {"value": "No"},
    ]
    entry = variable(cases=cases)
    assert entry.codes == (("a one of 1; 2 and b at least 3", "Yes"), ("otherwise", "No"))
    assert entry.header == "a, b"


def test_levels_that_are_cells_and_a_level_for_unknown() -> None:
    entry = variable(levels=["I", "II"], unknown_level="Unknown")
    assert entry.codes == (("I", "I"), ("II", "II"))
    assert entry.missing == (("", "Unknown"),)


@pytest.mark.parametrize(
    ("source", "header"),
    [(["Tumor Size"], "Tumor Size"), (["other", "size"], "size"), (["no such"], "no such"), ([], "size")],
)
def test_header_is_that_of_the_table(source: list[str], header: str) -> None:
    spec = ColumnSpec(kind="numeric", source=tuple(source))
    assert header_of("size", spec, ("size", "Tumor Size")) == header


def test_selection_and_endpoints() -> None:
    step = Step(
        action="include", name="include_1", condition=Condition(label="Adults", column="age", min=18.0, max=90.0)
    )
    composite = EndpointSpec.model_validate({
        "label": "RFS", "events": [
            {"column": "recur", "values": [1], "time": "rtime"},
            {"column": "death", "values": [1], "time": "dtime", "censored_values": [0]},
        ],
    })  # fmt: skip
    simple = EndpointSpec.model_validate({
        "label": "CSS", "time": "t", "event": "status", "event_values": ["Dead"], "entry": "t0",
        "competing": {"other": {"column": "cause", "values": ["heart"]}},
    })  # fmt: skip
    entries = code_entries(CohortSpec(steps=(step,)), {"rfs": composite, "css": simple}, {}, TABLE)
    found = {(entry.part, entry.name, entry.header): entry.codes for entry in entries}
    assert found["selection", "Adults", "age"] == (("at least 18", "include"), ("at most 90", "include"))
    assert found["endpoint", "RFS", "rtime"] == (("", "time"),)
    assert found["endpoint", "RFS", "death"] == (("1", "event"), ("0", "censored"))
    assert found["endpoint", "CSS", "t0"] == (("", "entry"),)
    assert found["endpoint", "CSS", "status"] == (("Dead", "event"),)
    assert found["endpoint", "CSS", "cause"] == (("heart", "competing event: other"),)

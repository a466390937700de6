"""Endpoints: the composite rule, units, limits, dates and missing parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from reporter.cohort.build import build_cohorts
from reporter.cohort.outcome import Outcome, Timing, first_event, in_report_unit, read_outcome
from reporter.cohort.timefix import merge_near_times
from reporter.errors import FindingsError
from reporter.spec.endpoints import EndpointSpec
from reporter.spec.load import load_study

NAN = float("nan")


@pytest.mark.parametrize(
    ("times", "statuses", "time", "status", "gap"),
    [
        ([5, 9], [1, 1], 5, 1, False),
        ([9, 5], [1, 1], 5, 1, False),
        ([5, 9], [0, 0], 5, 0, False),
        ([5, 9], [1, 0], 5, 1, False),
        ([5, 9], [0, 1], 9, 1, True),
        ([9, 9], [0, 1], 9, 1, False),
        ([9, 5], [0, 1], 5, 1, False),
        ([NAN, 9], [0, 1], NAN, NAN, False),
        ([5, 9], [1, NAN], NAN, NAN, False),
    ],
)
def test_first_event(times, statuses, time, status, gap) -> None:
    found = first_event(np.array([times], float), np.array([statuses], float))
    assert_allclose([found.time[0], found.status[0]], [time, status])
    assert found.gap.tolist() == [gap]
    assert found.known.tolist() == [not np.isnan(time)]


def test_gap_censors_where_the_other_follow_up_ended() -> None:
    found = first_event(np.array([[5.0, 9.0], [7.0, 7.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])).censored_at_gap()
    assert found.time.tolist() == [5, 7] and found.status.tolist() == [0, 1]


def timing(time: list[float], status: list[float], spec: EndpointSpec, **more: np.ndarray) -> Timing:
    none = np.full(len(time), np.nan)
    outcome = Outcome(np.array(time), np.array(status, dtype=float), none == 0, none, **more)
    return in_report_unit(outcome, np.ones(len(time), dtype=bool), spec)


@pytest.mark.parametrize(
    ("given", "shown", "factor"),
    [
        ("days", "years", 1 / 365.25),
        ("days", "months", 12 / 365.25),
        ("months", "years", 1 / 12),
        ("years", "days", 365.25),
        ("months", "months", 1.0),
    ],
)
def test_units(given: str, shown: str, factor: float) -> None:
    found = timing([0.0, 100.0], [1, 0], EndpointSpec(unit=given, report_unit=shown))
    assert_allclose(found.time, [0, 100 * factor], rtol=1e-14)


def test_max_time_keeps_the_status_of_who_dies_exactly_then() -> None:
    spec = EndpointSpec(unit="years", max_time=5.0)
    found = timing([4.0, 5.0, 5.0, 6.0], [1, 1, 0, 1], spec, cause=np.array([1.0, 1.0, 2.0, 2.0]))
    assert found.time.tolist() == [4, 5, 5, 5] and found.event.tolist() == [True, True, False, False]
    assert found.cause is not None and found.cause.tolist() == [1, 1, 2, 0]


def test_entry_merges_with_times_and_who_has_no_time_at_risk_leaves() -> None:
    spec = EndpointSpec(unit="days", report_unit="years", max_time=2.0)
    found = timing([365.25, 730.5, 1461.0, 100.0], [1, 0, 1, 1], spec, entry=np.array([0.0, 730.5 - 1e-9, 900.0, 50.0]))
    assert found.entry is not None and found.entry[1] == found.time[1] == pytest.approx(2.0)
    assert found.observed.tolist() == [True, False, False, True]
    kept = found.rows(found.observed)
    assert kept.time.size == 2 and kept.entry is not None and kept.entry.tolist() == pytest.approx([0, 50 / 365.25])


def _endpoint(**more: object) -> EndpointSpec:
    return EndpointSpec.model_validate(
        {"time": "t", "event": "s", "event_values": ["1"], "unit": "days", "horizons": (), **more}
    )


def test_competing_events_of_the_same_column() -> None:
    table = pd.DataFrame({"t": list("123456"), "s": ["1", "2", "0", "3", "", "1"]})
    spec = _endpoint(competing={"other": {"column": "s", "values": ["2", "3"]}})
    found, findings = read_outcome(spec, table, {}, source="a.csv", place="endpoints.x")
    assert findings == () and found.cause is not None
    assert_allclose(found.cause, [1, 2, 0, 2, np.nan, 1])
    assert_allclose(found.status, [1, 0, 0, 0, np.nan, 1])


def test_competing_event_with_a_time_of_its_own() -> None:
    """As in survival::mgus2: progression at ptime, death at futime."""
    table = pd.DataFrame({"t": list("5579"), "s": list("1001"), "d": list("1011"), "f": list("8577")})
    spec = _endpoint(competing={"death": {"column": "d", "values": ["1"], "time": "f"}})
    found, findings = read_outcome(spec, table, {}, source="a.csv", place="endpoints.x")
    assert findings == () and found.cause is not None
    assert found.cause.tolist() == [1, 0, 2, 2] and found.time.tolist() == [5, 5, 7, 7]


def test_a_status_that_is_nothing_is_still_an_error() -> None:
    table = pd.DataFrame({"t": list("1234"), "s": list("1209")})
    spec = _endpoint(competing={"other": {"column": "s", "values": ["2"]}}, censored_values=["0"])
    _, findings = read_outcome(spec, table, {}, source="a.csv", place="endpoints.x")
    assert {finding.code for finding in findings} == {"unknown_status"}


def test_near_equal_times_take_the_smallest() -> None:
    assert merge_near_times(np.array([1.0, 1 + 1e-9, 2.0, 1 - 1e-9])).tolist() == [1 - 1e-9, 1 - 1e-9, 2, 1 - 1e-9]
    # A difference above 1.49e-8, absolute and relative to the mean time, stays.
    assert np.unique(merge_near_times(np.array([0.5, 0.5 + 2e-8]))).size == 2
    assert np.unique(merge_near_times(np.array([5e3, 5e3 + 5e-5]))).size == 1


def test_age_differences_in_years_have_31_distinct_times_as_in_r() -> None:
    start = 40 + np.arange(0, 41) * 0.1
    time = merge_near_times(np.concatenate([(start + k * 0.1) - start for k in range(1, 32)]))
    assert np.unique(time).size == 31


@pytest.mark.parametrize(
    ("gap", "extra", "events"), [("event", "", 1713), ("censor", "", 1670), ("event", "max_time = 5\n", 1275)]
)
def test_rotterdam(rotterdam, tmp_path, gap: str, extra: str, events: int) -> None:
    text = rotterdam.read_text(encoding="utf-8").replace('gap = "event"', f'{extra}gap = "{gap}"')
    text = text.replace('source = "rotterdam.csv"', f'source = "{rotterdam.parent / "rotterdam.csv"}"')
    text = text.replace('source = "gbsg.csv"', f'source = "{rotterdam.parent / "gbsg.csv"}"')
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    built = build_cohorts(load_study(path))
    frame = built.frames["development", "rfs"]
    assert (frame.n, int(frame.event.sum()), built.endpoints[0].n_gap) == (2982, events, 43)
    other = built.frames["validation", "rfs"]
    assert (other.n, int(other.event.sum())) == (686, 299 if not extra else int((other.event).sum()))
    assert built.endpoints[0].gap_rule == gap


def test_gap_must_be_decided(rotterdam, tmp_path) -> None:
    text = rotterdam.read_text(encoding="utf-8").replace('gap = "event"', "")
    text = text.replace('"rotterdam.csv"', f'"{rotterdam.parent / "rotterdam.csv"}"')
    path = tmp_path / "study.toml"
    path.write_text(text.replace('"gbsg.csv"', f'"{rotterdam.parent / "gbsg.csv"}"'), encoding="utf-8")
    with pytest.raises(FindingsError, match=r'43 patients have an event after .* Add gap = "event"'):
        build_cohorts(load_study(path))


def test_missing_time_and_status_are_a_box(small) -> None:
    months = '[columns.months]\nkind = "numeric"\nmissing = [999]\n'
    status = '[columns.status]\nkind = "categorical"\nmissing = ["NK"]\n'
    small.replace("[columns.sex]", f"{months}{status}[columns.sex]")
    small.set("months", "999", range(2)).set("status", "NK", range(1, 4)).set("status", "", range(4, 5))
    built = build_cohorts(load_study(small.write()))
    assert built.frames["development", "os"].n == 35
    box = built.infos[0].steps[-1]
    assert (box.name, box.n_removed, box.n_left) == ("missing_os", 5, 35)
    assert "time or status missing" in box.label


DATES = """start = "diagnosis"
end = "last"
event = "status"
event_values = ["Dead"]
report_unit = "years"
"""


def test_dates(small) -> None:
    small.replace('unit = "months"\ntime = "months"\nevent = "status"\nevent_values = ["Dead"]\n', DATES)
    small.replace("horizons = [12, 24]", "horizons = [1]")
    small.set("diagnosis", "2000-02-28").set("last", "2001-02-28").set("last", "2000-03-01", range(1))
    time = build_cohorts(load_study(small.write())).frames["development", "os"].time
    assert_allclose(time[:2], [2 / 365.25, 366 / 365.25], rtol=1e-14)


@pytest.mark.parametrize(
    ("last", "words"), [("1999-01-01", "'last' is before 'diagnosis' in 1 rows"), ("01/02/2000", "YYYY-MM-DD")]
)
def test_bad_dates(small, last: str, words: str) -> None:
    small.replace('unit = "months"\ntime = "months"\nevent = "status"\nevent_values = ["Dead"]\n', DATES)
    small.set("diagnosis", "2000-02-28").set("last", "2001-02-28").set("last", last, range(1))
    with pytest.raises(FindingsError, match=words):
        build_cohorts(load_study(small.write()))


def test_time_zero_is_kept_and_said(small, capsys) -> None:
    small.set("months", "0", range(3))
    built = build_cohorts(load_study(small.write()))
    assert (built.frames["development", "os"].time == 0).sum() == 3
    (found,) = built.findings
    assert (found.code, found.severity, found.n_rows) == ("time_zero", "warning", 3)


def test_status_codes_compare_as_numbers(small) -> None:
    small.replace('event_values = ["Dead"]', "event_values = [1]").replace(
        'censored_values = ["Alive"]', "censored_values = [0]"
    )
    for row in small.rows:
        row["status"] = {"Dead": "1.0", "Alive": "00"}[row["status"]]
    assert int(build_cohorts(load_study(small.write())).frames["development", "os"].event.sum()) == 30

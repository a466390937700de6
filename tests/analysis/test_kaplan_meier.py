"""Kaplan–Meier by hand: the formulas, and R's rules where there is a choice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reporter.analysis.follow_up import analyse_follow_up
from reporter.analysis.kaplan_meier import NO_FOLLOW_UP, PLATEAU, analyse_kaplan_meier
from reporter.analysis.kernels.kaplan_meier import (
    confidence_limits,
    estimate_follow_up,
    estimate_survival,
    restricted_mean,
    survival_at,
    survival_quantile,
)
from reporter.results.value import Reason
from reporter.spec.options import FollowUpOptions, KaplanMeierOptions

TIME = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0])
EVENT = np.array([True, True, False, False, True, False])
Z = 1.959963984540054


def curve(time: object = TIME, event: object = EVENT, conf_type: str = "log-log"):
    return estimate_survival(np.asarray(time, float), np.asarray(event, bool), conf_type=conf_type, conf_level=0.95)


def test_product_limit_by_hand() -> None:
    # n = 6: 5/6 at 1; n = 5: x 4/5 at 2; n = 2: x 1/2 at 4.
    found = curve()
    assert found.time.tolist() == [1, 2, 3, 4, 5]
    assert found.n_risk.tolist() == [6, 5, 3, 2, 1]
    assert found.n_event.tolist() == [1, 1, 0, 1, 0]
    assert found.n_censor.tolist() == [0, 1, 1, 0, 1]
    assert_allclose(found.estimate, [5 / 6, 2 / 3, 2 / 3, 1 / 3, 1 / 3], rtol=1e-15)
    assert_allclose(found.cumulative_hazard, np.cumsum([1 / 6, 1 / 5, 0, 1 / 2, 0]), rtol=1e-15)
    greenwood = np.cumsum([1 / (6 * 5), 1 / (5 * 4), 0, 1 / (2 * 1), 0])
    assert_allclose(found.std_error, found.estimate * np.sqrt(greenwood), rtol=1e-14)


@pytest.mark.parametrize(
    ("conf_type", "limits"),
    [
        ("plain", lambda s, u: (s - Z * u * s, s + Z * u * s)),
        ("log", lambda s, u: (s * np.exp(-Z * u), s * np.exp(Z * u))),
        ("log-log", lambda s, u: (s ** np.exp(-Z * u / np.log(s)), s ** np.exp(Z * u / np.log(s)))),
        (
            "logit",
            lambda s, u: tuple(1 / (1 + np.exp(-(np.log(s / (1 - s)) + sign * Z * u / (1 - s)))) for sign in (-1, 1)),
        ),
    ],
)
def test_limits_by_formula(conf_type: str, limits) -> None:
    s, u = 0.7, 0.1
    low, high = confidence_limits(np.array([s]), np.array([u]), conf_type, 0.95)
    assert_allclose((low[0], high[0]), limits(s, u), rtol=1e-13)


def test_limits_stay_inside_the_unit_interval() -> None:
    for conf_type in ("plain", "log"):
        low, high = confidence_limits(np.array([0.95, 0.02]), np.array([0.2, 3.0]), conf_type, 0.95)
        assert high[0] == 1 and low[1] >= 0


@pytest.mark.parametrize(("conf_type", "at_one"), [("plain", 1.0), ("log", 1.0), ("log-log", None), ("logit", None)])
def test_limits_at_one_and_zero_follow_r(conf_type: str, at_one: float | None) -> None:
    found = curve([1, 2, 3], [False, True, True], conf_type)
    assert found.estimate.tolist() == [1, 0.5, 0]
    for limit in (found.conf_low, found.conf_high):
        assert np.isnan(limit[0]) if at_one is None else limit[0] == at_one
        assert np.isnan(limit[2])


def test_at_risk_counts_those_followed_to_the_time() -> None:
    at = survival_at(curve(), np.array([2.0, 2.5, 5.0, 5.1]))
    assert at.n_risk.tolist() == [5, 3, 1, 0]
    assert_allclose(at.estimate[:3], [2 / 3, 2 / 3, 1 / 3])
    assert np.isnan(at.estimate[3])


def test_before_the_first_time_everybody_lives() -> None:
    at = survival_at(curve(TIME + 1, EVENT), np.array([0.5]))
    assert (at.n_risk[0], at.n_event[0], at.estimate[0], at.conf_low[0], at.conf_high[0]) == (6, 0, 1, 1, 1)


QUANTILES = {
    "plateau takes its middle": ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),
    "step through one half": ([1, 2, 3], [1, 1, 1], 2.0),
    "not reached": ([1, 2, 3, 4], [1, 0, 0, 0], np.nan),
    # 54 75 77 84 87, then 92 to 118 censored: R 102.5, where lifelines gives 87 and SAS none.
    "plateau to the last censoring": ([54, 75, 77, 84, 87, 92, 95, 99, 110, 118], [1] * 5 + [0] * 5, 102.5),
    "events 1, 2, censored 3, 20": ([1, 2, 3, 20], [1, 1, 0, 0], 11.0),
    "one event, one patient": ([7], [1], 7.0),
    "everybody at once": ([3, 3, 3], [1, 1, 1], 3.0),
    "event at time 0": ([0, 0, 5, 6], [1, 1, 0, 1], 3.0),
}


@pytest.mark.parametrize("name", QUANTILES)
def test_median_follows_r(name: str) -> None:
    time, event, median = QUANTILES[name]
    assert_allclose(survival_quantile(curve(time, event), 0.5)[0], median)


def test_limits_of_the_median_are_crossings_of_the_bands() -> None:
    rng = np.random.default_rng(3)
    found = curve(np.sort(rng.exponential(5, 60)), rng.random(60) < 0.8)
    _, low, high = survival_quantile(found, 0.5)
    assert low == found.time[np.argmax(found.conf_low <= 0.5)]
    assert high == found.time[np.argmax(found.conf_high <= 0.5)]


def test_reverse_estimate_under_ties_by_hand() -> None:
    # At 2 one dies and one is censored: who died is not at risk of censoring, so G drops by 1/4, not by 1/5.
    found = estimate_follow_up(TIME, EVENT, conf_type="log-log", conf_level=0.95)
    assert found.n_risk.tolist() == [5, 4, 3, 1, 1]
    assert_allclose(found.estimate, [1, 3 / 4, 1 / 2, 1 / 2, 0])


@pytest.mark.r
def test_reverse_estimate_on_lung_months(r_table) -> None:
    lung = r_table("survival/lung")
    month, died = np.floor(lung["time"] / 30.4375), lung["status"] == 2
    found = estimate_follow_up(month, died, conf_type="log-log", conf_level=0.95)
    plain = estimate_survival(month, ~died, conf_type="log-log", conf_level=0.95)
    at = np.array([24.0])
    assert round(float(survival_at(found, at).estimate[0]), 3) == 0.437
    assert round(float(survival_at(plain, at).estimate[0]), 3) == 0.471


def test_restricted_mean_by_hand() -> None:
    # Area: 1 to time 1, 5/6 to 2, 2/3 to 4, 1/3 to 4.5.
    area, error = restricted_mean(curve(), 4.5)
    assert area == pytest.approx(1 + 5 / 6 + 2 * 2 / 3 + 0.5 / 3, rel=1e-14)
    left = np.array([area - 1, area - 1 - 5 / 6, 0.5 / 3])
    assert error == pytest.approx(np.sqrt(np.sum(left**2 * [1 / 30, 1 / 20, 1 / 2])), rel=1e-14)
    assert np.isnan(restricted_mean(curve(), 5.1)[0])


def options(**changes: object) -> KaplanMeierOptions:
    given = {"horizons": (2.0, 6.0), "conf_level": 0.95, "conf_type": "log-log", **changes}
    return KaplanMeierOptions(**given)


def test_node_has_a_reason_for_each_absence(frame_of) -> None:
    numbers, quantiles, _ = analyse_kaplan_meier(frame_of(TIME, EVENT), options())
    past = numbers.find(time=6.0)
    assert past.get("n_risk").value == 0
    for name in ("estimate", "std_error", "conf_low", "conf_high", "n_event"):
        found = past.get(name)
        assert (found.value, found.reason, found.note) == (None, Reason.NOT_ESTIMABLE, NO_FOLLOW_UP)
    assert quantiles.rows[0].get("conf_high").reason is Reason.NOT_REACHED


def test_node_notes_a_plateau_that_runs_to_the_end(frame_of) -> None:
    _, quantiles, _ = analyse_kaplan_meier(frame_of([1, 2, 3, 20], [1, 1, 0, 0]), options())
    median = quantiles.rows[0].get("median")
    assert (median.value, median.note) == (11.0, PLATEAU)
    _, quantiles, _ = analyse_kaplan_meier(frame_of([1, 2, 3, 20], [1, 1, 1, 0]), options())
    assert quantiles.rows[0].get("median").note == ""


def test_all_censored(frame_of) -> None:
    numbers, quantiles, curves = analyse_kaplan_meier(frame_of([1, 2, 3], [0, 0, 0]), options())
    assert numbers.find(time=2.0).get("estimate").value == 1
    assert numbers.find(time=2.0).get("conf_low").reason is Reason.NOT_ESTIMABLE
    assert quantiles.rows[0].get("median").reason is Reason.NOT_REACHED
    assert curves.curves[0].column("conf_low") == (None, None, None)


def test_all_die_at_time_0(frame_of) -> None:
    numbers, quantiles, _ = analyse_kaplan_meier(frame_of([0, 0], [1, 1]), options(horizons=(1.0,)))
    assert numbers.find(time=1.0).get("estimate").value is None
    assert quantiles.rows[0].get("median").value == 0


def test_empty_level_is_left_out_and_said(frame_of, levels) -> None:
    group = levels(("a", "b", "c"), (0, 0, 0, 1, 1, -1))
    numbers, _, curves = analyse_kaplan_meier(frame_of(TIME, EVENT, {"g": group}), options(group="g"))
    assert numbers.notes == ("g = c: no patients",)
    assert [c.level for c in curves.curves] == ["a", "b"]
    assert sum(numbers.find(group="g", level=level).get("n").value for level in "ab") == 5


def test_follow_up_with_nobody_censored(frame_of) -> None:
    (node,) = analyse_follow_up(frame_of([1, 2], [1, 1]), FollowUpOptions(conf_level=0.95, conf_type="log-log"))
    row = node.rows[0]
    assert (row.get("n_censor").value, row.get("person_time").value) == (0, 3)
    assert row.get("median").reason is Reason.NOT_REACHED

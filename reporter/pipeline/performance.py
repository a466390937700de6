"""How well a model did, taken from the result tree: what stands beside its predictions."""

from __future__ import annotations

from reporter.results.patient import ModelCalibration, ModelPerformance
from reporter.results.tree import AnalysisNode, Results, Row


def _value(row: Row | None, stat: str) -> float | None:
    """Return the value of a statistic; None where the tree has none."""
    if row is None:
        return None
    try:
        return row.get(stat).value
    except KeyError:
        return None


def _row(results: Results, analysis: str, cohort: str, endpoint: str, term: str) -> Row | None:
    for node in results.nodes(analysis, cohort=cohort, endpoint=endpoint):
        found = node.find(term=term)
        if found is not None:
            return found
    return None


def _development(results: Results, endpoint: str) -> ModelPerformance | None:
    row = _row(results, "concordance", "development", endpoint, "cox")
    counts = _row(results, "cox_model", "development", endpoint, "GLOBAL")
    n, n_event = _value(counts, "n"), _value(counts, "n_event")
    if n is None or n_event is None:
        return None
    return ModelPerformance(
        cohort="development", n=int(n), n_event=int(n_event), harrell_c=_value(row, "estimate"),
        conf_low=_value(row, "conf_low"), conf_high=_value(row, "conf_high"),
    )  # fmt: skip


def _calibrations(nodes: tuple[AnalysisNode, ...]) -> tuple[ModelCalibration, ...]:
    rows = [row for node in nodes for row in node.rows if row.term == "cox" and row.time is not None]
    return tuple(
        ModelCalibration(
            time=row.time, oe_ratio=_value(row, "oe_ratio"), conf_low=_value(row, "oe_ratio_conf_low"),
            conf_high=_value(row, "oe_ratio_conf_high"),
        )
        for row in rows
        if row.time is not None and any(found.stat == "oe_ratio" for found in row.stats)
    )  # fmt: skip


def _validation(results: Results, endpoint: str) -> ModelPerformance | None:
    row = _row(results, "performance", "validation", endpoint, "cox")
    n, n_event = _value(row, "n"), _value(row, "n_event")
    if n is None or n_event is None:
        return None
    return ModelPerformance(
        cohort="validation", n=int(n), n_event=int(n_event), harrell_c=_value(row, "harrell_c"),
        conf_low=_value(row, "harrell_c_conf_low"), conf_high=_value(row, "harrell_c_conf_high"),
        calibration=_calibrations(results.nodes("calibration", cohort="validation", endpoint=endpoint)),
    )  # fmt: skip


def model_performance(results: Results, endpoint: str) -> tuple[ModelPerformance, ...]:
    """Return the performance of the Cox model of one endpoint, the development cohort first."""
    found = (_development(results, endpoint), _validation(results, endpoint))
    return tuple(performance for performance in found if performance is not None)

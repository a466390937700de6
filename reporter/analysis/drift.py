"""The validation cohort beside the development cohort: standardised differences, and what the model never saw."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import Statistic, statistic
from reporter.spec.options import DriftOptions

Floats = NDArray[np.float64]

APART = "no level is common to both cohorts"
SAME_VALUE = "the column has one value in each cohort"


def numeric_difference(mean: float, other_mean: float, variance: float, other_variance: float) -> float:
    """Return ``(other_mean - mean) / sqrt((variance + other_variance) / 2)`` (Austin, Stat Med 2009;28:3083)."""
    spread = sqrt((variance + other_variance) / 2)
    return (other_mean - mean) / spread if spread > 0 else float("nan")


def share_difference(shares: Floats, other: Floats) -> float:
    """Return the standardised difference of two distributions over the same levels.

    Two levels: signed, of the share of the second (Austin 2009). More: the Mahalanobis distance of the shares without
    the first level, whose covariance is the mean of the two multinomial ones (Yang & Dalton, SAS Global Forum
    2012:335). NaN where no level is common to both: the distance is infinite.

    Parameters
    ----------
    shares, other
        Shape (levels,), each adding up to 1.
    """
    if not ((shares > 0) & (other > 0)).any():
        return float("nan")
    if shares.size == 2:
        share, new = float(shares[1]), float(other[1])
        return numeric_difference(share, new, share * (1 - share), new * (1 - new))
    kept = np.flatnonzero((shares > 0) | (other > 0))[1:]
    p, q = shares[kept], other[kept]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    if not kept.size:
        return float("nan")
    gap = q - p
    return sqrt(max(float(gap @ np.linalg.solve(covariance, gap)), 0.0))


def _moments(values: Floats) -> tuple[float, float]:
    """Return mean and variance (n - 1)."""
    mean = fsum(values.tolist()) / values.size if values.size else float("nan")
    return mean, float(values.var(ddof=1)) if values.size > 1 else float("nan")


def _numeric(column: Column, other: Column) -> Row:
    seen, new = column.values[column.observed], other.values[other.observed]
    (mean, variance), (new_mean, new_variance) = _moments(seen), _moments(new)
    low, high = (seen.min(), seen.max()) if seen.size else (np.nan, np.nan)
    smd = numeric_difference(mean, new_mean, variance, new_variance)
    unit, spread, new_spread = column.unit, variance**0.5, new_variance**0.5
    stats: tuple[Statistic, ...] = (
        statistic("n_development", seen.size), statistic("n_validation", new.size),
        statistic("mean_development", mean, unit=unit), statistic("std_dev_development", spread, unit=unit),
        statistic("mean_validation", new_mean, unit=unit), statistic("std_dev_validation", new_spread, unit=unit),
        statistic("smd", smd, note=SAME_VALUE if np.isnan(smd) and seen.size and new.size else ""),
        statistic("minimum_development", low, unit=unit), statistic("maximum_development", high, unit=unit),
        statistic("n_below", (new < low).sum()), statistic("n_above", (new > high).sum()),
    )  # fmt: skip
    return Row(term=column.name, stats=stats)


def _levels(column: Column, other: Column) -> Iterator[Row]:
    """Yield the difference, then the share of each level in both cohorts."""
    counts = np.array([(column.codes == code).sum() for code in range(len(column.levels))], dtype=float)
    new = np.array([(other.codes == code).sum() for code in range(len(column.levels))], dtype=float)
    both = counts.sum() > 0 and new.sum() > 0
    smd = share_difference(counts / counts.sum(), new / new.sum()) if both else float("nan")
    stats = (
        statistic("n_development", counts.sum()), statistic("n_validation", new.sum()),
        statistic("smd", smd, note=APART if both and not ((counts > 0) & (new > 0)).any() else ""),
        statistic("n_unseen", other.n_unseen),
    )  # fmt: skip
    yield Row(term=column.name, stats=stats)
    for code, level in enumerate(column.levels):
        shares = [100 * part[code] / part.sum() if part.sum() else float("nan") for part in (counts, new)]
        found = (
            statistic("percent_development", shares[0], unit="%"), statistic("percent_validation", shares[1], unit="%")
        )  # fmt: skip
        yield Row(term=level_term(column.name, level), stats=found)


def analyse_drift(development: AnalysisFrame, validation: AnalysisFrame, options: DriftOptions) -> tuple[AnalysisNode]:
    """Compare ``options.columns`` of the patients of the two cohorts that have a value.

    The difference is that of the validation from the development cohort; its sign is kept for numbers and two levels.
    ``n_below`` and ``n_above`` count validation patients outside the range of the development cohort.
    """
    rows: list[Row] = []
    for name in options.columns:
        column, other = development.columns[name], validation.columns[name]
        rows += [_numeric(column, other)] if column.is_numeric else _levels(column, other)
    node = AnalysisNode(
        cohort=validation.cohort, endpoint=validation.endpoint, analysis="drift", options=options, rows=tuple(rows)
    )
    return (node,)

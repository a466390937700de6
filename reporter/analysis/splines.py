"""Restricted cubic splines: linear beyond the outer knots.

Reference: Harrell, Regression Modeling Strategies, 2015, section 2.4.5; R: ``rms::rcs`` and ``Hmisc::rcspline.eval``
with norm 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def restricted_cubic_spline(values: Floats, knots: Sequence[float]) -> Floats:
    """Return the basis of k knots t: the value and k - 2 cubic columns, in units of the value.

    Column j is ((x - t_j)+^3 - (x - t_{k-1})+^3 (t_k - t_j) / (t_k - t_{k-1}) + (x - t_k)+^3 (t_{k-1} - t_j) /
    (t_k - t_{k-1})) / (t_k - t_1)^2.

    Parameters
    ----------
    values
        Shape (n,).
    knots
        At least three, ascending.

    Returns
    -------
    ndarray
        Shape (n, k - 1).
    """
    *first, before, last = (float(knot) for knot in knots)
    span = (last - float(knots[0])) ** 2

    def cubed(knot: float) -> Floats:
        out: Floats = np.maximum(values - knot, 0.0) ** 3
        return out

    gap = last - before
    columns = [values.astype(np.float64)]
    for knot in first:
        part = cubed(knot) - cubed(before) * ((last - knot) / gap) + cubed(last) * ((before - knot) / gap)
        columns.append(part / span)
    return np.column_stack(columns)


def spline_names(column: str, knots: Sequence[float]) -> tuple[str, ...]:
    """Return the names of the columns of the basis: ``nodes``, ``nodes'``, ``nodes''`` and so on."""
    return tuple(column + "'" * j for j in range(len(knots) - 1))

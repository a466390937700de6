"""Natural cubic splines and least-squares smooths over them.

References: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2009, section 5.2.1; R:
``splines::ns(intercept = TRUE)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID_POINTS = 40
SAME_KNOT = 1e-8  # of the range: knots closer than this coincide
DEGREES = 4


def natural_basis(x: Floats, knots: Floats) -> Floats:
    """Natural cubic splines over `knots` (boundaries included), with constant and line; shape (n, len(knots))."""
    low, high = knots[0], knots[-1]
    unit, places = (x - low) / (high - low), (knots - low) / (high - low)

    def piece(k: int) -> Floats:
        cubes = np.maximum(unit - places[k], 0) ** 3 - np.maximum(unit - places[-1], 0) ** 3
        return np.asarray(cubes / (places[-1] - places[k]), dtype=np.float64)

    tail = piece(len(knots) - 2)
    return np.column_stack([np.ones_like(unit), unit, *(piece(k) - tail for k in range(len(knots) - 2))])


@dataclass(frozen=True)
class Fitted:
    """A smooth on a grid of 40 points between the extremes of x; standard errors from the residual variance.

    Parameters
    ----------
    x, estimate, std_error
        Shape (40,).
    """

    x: Floats
    estimate: Floats
    std_error: Floats


def smooth_over(x: Floats, y: Floats) -> Fitted | None:
    """Fit y on a natural spline of x with 4 df, inner knots at the thirds of the distinct values of x.

    None with fewer than five distinct values or rows, or where two knots coincide.

    Parameters
    ----------
    x, y
        Shape (n,).
    """
    distinct = np.unique(x)
    if distinct.size <= DEGREES:
        return None
    knots = np.quantile(distinct, [0.0, 1 / 3, 2 / 3, 1.0])
    if (np.diff(knots) <= SAME_KNOT * (knots[-1] - knots[0])).any():
        return None
    grid = np.linspace(distinct[0], distinct[-1], GRID_POINTS)
    q, r = np.linalg.qr(natural_basis(x, knots))
    at = natural_basis(grid, knots)
    fitted = q @ (q.T @ y)
    variance = float(np.sum((y - fitted) ** 2)) / (x.size - DEGREES)
    back = np.linalg.solve(r.T, at.T)
    estimate = np.asarray(back.T @ (q.T @ y), dtype=np.float64)
    return Fitted(grid, estimate, np.sqrt(variance * (back**2).sum(axis=0)))

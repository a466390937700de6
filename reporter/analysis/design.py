"""From columns to the design matrix of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import Column
from reporter.results.address import level_term
from reporter.spec.options import TermSpec

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """A design matrix without intercept.

    Parameters
    ----------
    matrix
        Shape (n, p), in the units of the hazard ratios.
    names
        Coefficient names, e.g. ``age`` or ``size=>50``; length p.
    groups
        Covariate of each coefficient; length p.
    """

    matrix: Floats
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def columns_of(self, covariate: str) -> NDArray[np.int64]:
        """Return the indices of the coefficients of one covariate."""
        return np.flatnonzero(np.array(self.groups) == covariate).astype(np.int64)


def transformed(values: Floats, term: TermSpec) -> Floats:
    """Winsorize, transform and scale a numeric covariate, in that order."""
    out = values if term.winsorize is None else np.minimum(values, term.winsorize)
    if term.transform == "log1p":
        out = np.log1p(out)
    elif term.transform == "log2":
        out = np.log2(out)
    return out / term.per


def term_names(terms: Sequence[TermSpec]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return coefficient names and the covariate of each."""
    names, groups = [], []
    for term in terms:
        found = [level_term(term.column, level) for level in term.levels[1:]] if term.levels else [term.column]
        names.extend(found)
        groups.extend([term.column] * len(found))
    return tuple(names), tuple(groups)


def make_design(terms: Sequence[TermSpec], columns: Mapping[str, Column], rows: NDArray[np.bool_]) -> Design:
    """Return the design matrix of `rows`: dummies against the first level, numeric covariates transformed."""
    blocks: list[Floats] = []
    for term in terms:
        values = columns[term.column].values[rows]
        if term.levels:
            blocks.extend((values == code).astype(np.float64) for code in range(1, len(term.levels)))
        else:
            blocks.append(transformed(values, term))
    names, groups = term_names(terms)
    n = int(rows.sum())
    matrix = np.column_stack(blocks) if blocks else np.empty((n, 0))
    return Design(matrix, names, groups)

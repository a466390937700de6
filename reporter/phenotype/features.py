"""The features of the phenotypes: standardised for the clustering, as they stand for the trees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.design import make_design
from reporter.cohort.frame import Column
from reporter.errors import ReporterError
from reporter.spec.options import TermSpec

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LOGARITHMS = {"log1p": math.log1p, "log2": math.log2}  # the C library's, as R's: NumPy's differ in the last digit


@dataclass(frozen=True)
class Features:
    """Complete cases of the features, without columns that do not vary; p columns.

    Parameters
    ----------
    names
        Columns, e.g. ``age`` or ``size=>50``; length p.
    plain
        In the units of the frame, levels as 0/1 against the first; shape (n, p).
    transformed
        After the dictionary's transform and `per`; shape (n, p).
    dropped
        Columns that do not vary.
    """

    names: tuple[str, ...]
    plain: Floats
    transformed: Floats
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation (n - 1) of each column, shape (p,)."""

    centre: Floats
    scale: Floats

    def apply(self, matrix: Floats) -> Floats:
        """Return (matrix - centre) / scale."""
        out: Floats = (matrix - self.centre) / self.scale
        return out


def plain_term(term: TermSpec) -> TermSpec:
    """Return the term without transform, limit and unit."""
    return TermSpec(column=term.column, levels=term.levels)


def used_terms(terms: Sequence[TermSpec]) -> tuple[TermSpec, ...]:
    """Return the terms that have columns: one level alone has none."""
    return tuple(term for term in terms if len(term.levels) != 1)


def _transformed(values: Floats, term: TermSpec) -> Floats:
    if term.levels:
        return values
    out = values if term.winsorize is None else np.minimum(values, term.winsorize)
    log = _LOGARITHMS.get(term.transform)
    if log is not None:
        try:
            out = np.array([log(value) for value in out])
        except ValueError as error:
            raise ReporterError(f"{term.column}: {term.transform} does not exist for all values") from error
    return out / term.per


def make_features(terms: Sequence[TermSpec], columns: Mapping[str, Column], rows: Bools) -> Features:
    """Return the features of `rows`, which have no missing value."""
    used = used_terms(terms)
    plain = make_design([plain_term(term) for term in used], columns, rows)
    changed = {
        term.column: Column(
            term.column, "", "", columns[term.column].kind, term.levels,
            _transformed(columns[term.column].values[rows], term),
        )
        for term in used
    }  # fmt: skip
    everybody = np.ones(int(rows.sum()), dtype=bool)
    scaled = make_design([plain_term(term) for term in used], changed, everybody).matrix
    varies = (scaled != scaled[:1]).any(axis=0)
    names = np.array(plain.names, dtype=object)
    single = tuple(term.column for term in terms if len(term.levels) == 1)
    return Features(
        tuple(names[varies]), plain.matrix[:, varies], scaled[:, varies], (*single, *(str(n) for n in names[~varies]))
    )


def standardise(matrix: Floats) -> Scaling:
    """Return mean and sd as R's ``scale``: both sums in long double, row by row."""
    n = matrix.shape[0]
    wide = np.longdouble
    centre = (np.cumsum(matrix.astype(wide), axis=0)[-1] / n).astype(np.float64)
    rest = matrix - centre
    squares = np.cumsum((rest * rest).astype(wide), axis=0)[-1].astype(np.float64)
    return Scaling(centre, np.sqrt(squares / (n - 1)))

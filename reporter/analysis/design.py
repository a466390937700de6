"""From columns to the design matrix of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.splines import restricted_cubic_spline, spline_names
from reporter.cohort.frame import Column
from reporter.results.address import level_term
from reporter.spec.options import TermSpec

Floats = NDArray[np.float64]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Design:
    """A design matrix without intercept.

    Parameters
    ----------
    matrix
        Shape (n, p), in the units of the hazard ratios.
    names
        Coefficient names, e.g. ``age``, ``size=>50``, ``nodes'`` or ``age:size=>50``; length p.
    groups
        Covariate or interaction of each coefficient; length p.
    """

    matrix: Floats
    names: tuple[str, ...]
    groups: tuple[str, ...]

    def columns_of(self, covariate: str) -> NDArray[np.int64]:
        """Return the indices of the coefficients of one covariate or interaction."""
        return np.flatnonzero(np.array(self.groups) == covariate).astype(np.int64)


def transformed(values: Floats, term: TermSpec) -> Floats:
    """Winsorize, transform and scale a numeric covariate, in that order."""
    out = values if term.winsorize is None else np.minimum(values, term.winsorize)
    if term.transform == "log1p":
        out = np.log1p(out)
    elif term.transform == "log2":
        out = np.log2(out)
    return out / term.per


def _names_of(term: TermSpec) -> tuple[str, ...]:
    if term.levels:
        return tuple(level_term(term.column, level) for level in term.levels[1:])
    return spline_names(term.column, term.spline) if term.spline else (term.column,)


def _block(values: Floats, term: TermSpec) -> Floats:
    """Return the columns of one covariate, shape (n, number of its names)."""
    if term.levels:
        codes = np.arange(1, len(term.levels))
        dummies: Floats = (values[:, None] == codes).astype(np.float64)
        return dummies
    if term.spline:
        limited = values if term.winsorize is None else np.minimum(values, term.winsorize)
        return restricted_cubic_spline(limited, term.spline) / term.per
    return transformed(values, term)[:, None]


def ordered_pairs(terms: Sequence[TermSpec], interactions: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return each interaction once, its covariates in the order of the model, as R's formula has them."""
    place = {term.column: i for i, term in enumerate(terms)}
    pairs = [(a, b) if place[a] < place[b] else (b, a) for a, b in interactions]
    return tuple(dict.fromkeys(pairs))


def interaction_name(pair: Pair) -> str:
    """Return the name of an interaction, e.g. ``age:size``."""
    return ":".join(pair)


def term_names(terms: Sequence[TermSpec], interactions: Sequence[Pair] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return coefficient names and the covariate or interaction of each."""
    names: list[str] = []
    groups: list[str] = []
    known = {term.column: _names_of(term) for term in terms}
    for column, found in known.items():
        names.extend(found)
        groups.extend([column] * len(found))
    for first, second in ordered_pairs(terms, interactions):
        found = tuple(f"{a}:{b}" for b in known[second] for a in known[first])
        names.extend(found)
        groups.extend([interaction_name((first, second))] * len(found))
    return tuple(names), tuple(groups)


def make_design(
    terms: Sequence[TermSpec],
    columns: Mapping[str, Column],
    rows: NDArray[np.bool_],
    interactions: Sequence[Pair] = (),
) -> Design:
    """Return the design matrix of `rows`.

    Dummies against the first level, numeric covariates transformed, spline bases; then the products of the columns of
    each pair in `interactions`, the first covariate's columns running fastest (R: ``x1 + x2 + x1:x2``).
    """
    blocks = {term.column: _block(columns[term.column].values[rows], term) for term in terms}
    parts = list(blocks.values())
    for first, second in ordered_pairs(terms, interactions):
        products = blocks[second][:, :, None] * blocks[first][:, None, :]
        parts.append(products.reshape(products.shape[0], -1))
    names, groups = term_names(terms, interactions)
    n = int(rows.sum())
    matrix = np.column_stack(parts) if parts else np.empty((n, 0))
    return Design(matrix, names, groups)

"""What a Cox model has beside its covariates: entry times, strata, clusters, case weights and an offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame, Column
from reporter.errors import ReporterError
from reporter.spec.options import ModelOptions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ModelParts:
    """Of the patients of a model, shape (n,) each; None where the model has no such part.

    Parameters
    ----------
    strata, stratum_names
        Codes from 0, and the name of each stratum, e.g. ``II`` or ``II:Male``.
    cluster
        Codes from 0.
    """

    entry: Floats | None = None
    strata: Ints | None = None
    stratum_names: tuple[str, ...] = ()
    cluster: Ints | None = None
    weights: Floats | None = None
    offset: Floats | None = None


def part_columns(options: ModelOptions) -> tuple[str, ...]:
    """Return the columns that a model needs beside its covariates."""
    named = (options.cluster, options.weights, options.offset)
    return (*options.strata, *(name for name in named if name))


def _strata(columns: list[Column], rows: NDArray[np.bool_]) -> tuple[Ints, tuple[str, ...]]:
    """Return codes and names of the combinations of levels that occur."""
    table = np.column_stack([column.codes[rows] for column in columns])
    found, codes = np.unique(table, axis=0, return_inverse=True)
    names = (":".join(column.levels[c] for column, c in zip(columns, row, strict=True)) for row in found)
    return codes.reshape(-1).astype(np.int64), tuple(names)


def _case_weights(values: Floats, options: ModelOptions) -> Floats:
    """Refuse weights that are not counts where the standard errors would take them for counts."""
    if not options.cluster and (values != np.round(values)).any():
        raise ReporterError(
            f"the case weights '{options.weights}' are not whole numbers: standard errors from the likelihood would be "
            "wrong. Name a cluster (a column with a value of its own for each patient) for robust ones"
        )
    return values


def model_parts(frame: AnalysisFrame, options: ModelOptions, rows: NDArray[np.bool_]) -> ModelParts:
    """Return the parts of `rows`, which have no missing value.

    Raises
    ------
    ReporterError
        When case weights are not whole numbers and no cluster makes the standard errors robust, or for exact ties with
        entry times.
    """
    if options.ties == "exact" and frame.entry is not None:
        raise ReporterError("ties = 'exact' is not offered with entry times, which R does not check. Use 'efron'")
    columns = frame.columns
    strata, names = _strata([columns[name] for name in options.strata], rows) if options.strata else (None, ())
    cluster = None
    if options.cluster:
        cluster = np.unique(columns[options.cluster].values[rows], return_inverse=True)[1].astype(np.int64)
        if cluster.max(initial=0) == 0:
            raise ReporterError(
                f"all patients are in one cluster of '{options.cluster}': there is no robust variance. Name a cluster "
                "with more values, or none"
            )
    return ModelParts(
        entry=None if frame.entry is None else frame.entry[rows], strata=strata, stratum_names=names, cluster=cluster,
        weights=_case_weights(columns[options.weights].values[rows], options) if options.weights else None,
        offset=columns[options.offset].values[rows] if options.offset else None,
    )  # fmt: skip

"""What is asked of R, and what R answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.spec.options import AnalysisOptions

Frames = Mapping[tuple[str, str], AnalysisFrame]


@dataclass(frozen=True)
class Task:
    """One check: `options` on the frame of `cohort` and `endpoint`."""

    cohort: str
    endpoint: str
    options: AnalysisOptions


@dataclass(frozen=True)
class CurveAnswer:
    """One column of a curve from R; NaN where R has NA. Shape (n,) each."""

    time: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """R's answer to one task.

    Parameters
    ----------
    not_run
        Why there is none: R stopped, a file is missing, R died or did not answer in time. Empty when there is one.
    values
        By address; NaN where R has NA.
    curves
        By ``<place>/<stat>``, the address of a column without its time.
    warnings
        R's warnings in words.
    """

    not_run: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, CurveAnswer] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

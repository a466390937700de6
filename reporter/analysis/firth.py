"""Firth estimates beside the coefficients of the multivariable model that run to infinity."""

from __future__ import annotations

import numpy as np

from reporter.analysis.cox import fit_model
from reporter.analysis.kernels.chi_square import chi_square
from reporter.analysis.kernels.firth import FirthEstimate, firth
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.results.tree import AnalysisNode, Row
from reporter.results.value import statistic
from reporter.spec.options import FirthOptions

NO_LIMIT = "the profile of the penalised likelihood does not fall that far"


def refused(options: FirthOptions) -> str:
    """Say for which models there is no penalised likelihood; empty for the others."""
    for key in ("weights", "cluster", "offset"):
        if getattr(options, key):
            return f"not offered with {key}"
    return "not offered with exact ties" if options.ties == "exact" else ""


def _row(term: str, found: FirthEstimate) -> Row:
    test = chi_square(found.statistic, 1)
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp([found.estimate, found.conf_low, found.conf_high])
    stats = (
        statistic("estimate", found.estimate), statistic("hazard_ratio", ratio),
        statistic("conf_low", low, note="" if np.isfinite(low) else NO_LIMIT),
        statistic("conf_high", high, note="" if np.isfinite(high) else NO_LIMIT),
        statistic("statistic", test.statistic), statistic("df", 1), statistic("p_value", test.p_value),
        statistic("log_p_value", test.log_p_value),
    )  # fmt: skip
    return Row(term=term, stats=stats)


def analyse_firth(frame: AnalysisFrame, options: FirthOptions) -> tuple[AnalysisNode, ...]:
    """Return an estimate with profile limits for each coefficient that runs to infinity; nothing when none does.

    Raises
    ------
    ReporterError
        When patients times events exceed ``options.max_pairs``, or an iteration does not converge.
    """
    model = fit_model(frame, options)
    fit = model.fit
    if not fit.converged or not fit.infinite.any():
        return ()
    if why_not := refused(options):
        raise ReporterError(f"Firth's penalty is {why_not}")
    if model.time.size * int(model.event.sum()) > options.max_pairs:
        raise ReporterError(f"more than {options.max_pairs} pairs of a patient and an event")
    wanted = np.flatnonzero(fit.infinite[fit.used])
    names = np.array(model.design.names)[fit.used][wanted]
    found = firth(model.design.matrix[:, fit.used], fit.sets, wanted, options.conf_level)
    rows = tuple(_row(str(name), each) for name, each in zip(names, found, strict=True))
    node = AnalysisNode(
        cohort=frame.cohort, endpoint=frame.endpoint, analysis="cox_firth", options=options, rows=rows
    )  # fmt: skip
    return (node,)

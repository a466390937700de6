"""Coefficients at infinity: what Newton's method concludes against linear programming, on the parity cohorts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from reporter.analysis.cox import fit_model
from reporter.analysis.design import make_design
from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.fine_gray import fit_fine_gray
from reporter.errors import ReporterError
from tests.analysis.parity import Job
from tests.analysis.parity_jobs import HOME, MODELS, pairs_in
from tests.analysis.separation import identified_by, infinite_by, pairs_of

bounded = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def fitted(job: Job):
    frame, options = job.frames[HOME], job.planned.options
    if options.kind != "fine_gray":
        return fit_model(frame, options).fit
    rows = frame.complete([term.column for term in options.terms])
    design = make_design(options.terms, frame.columns, rows, options.interactions).matrix
    entry = None if frame.entry is None else frame.entry[rows]
    return fit_fine_gray(design, frame.time[rows], frame.cause[rows], event=1, ties=options.ties, entry=entry)


@pytest.mark.parametrize("analysis", ["cox", "cox_univariable", "fine_gray"])
def test_newton_finds_what_runs_to_infinity(analysis: str) -> None:
    seen = {"infinite": 0, "finite": 0, "stopped": 0}

    @bounded
    @given(MODELS[analysis])
    def agree(job: Job) -> None:
        assume(not job.unclear)
        pairs = pairs_in(job.frames[HOME], job.planned.options)
        used = identified_by(pairs)
        if not used.any():
            return
        try:
            fit = fitted(job)
        except ReporterError as error:
            fit, refused = None, str(error)
        if fit is None:
            assert "one cluster" in refused, job
            return
        infinite = np.zeros(used.size, dtype=bool)
        infinite[used] = infinite_by(pairs[:, used])
        # Some hazards overflow before others have run their course, and Newton's method says that it stopped.
        if not fit.converged and infinite.any():
            seen["stopped"] += 1
            return
        assert fit.converged, job
        np.testing.assert_array_equal(fit.used, used, err_msg=repr(job))
        np.testing.assert_array_equal(fit.infinite, infinite, err_msg=repr(job))
        seen["infinite" if infinite.any() else "finite"] += 1

    agree()
    assert min(seen["infinite"], seen["finite"]) >= 8, seen
    assert seen["stopped"] <= 0.03 * sum(seen.values()), seen


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_a_covariate_that_orders_the_deaths_is_infinite_and_one_beside_it_is_not(ties: str) -> None:
    time = np.arange(1.0, 9.0)
    event = np.ones(8, dtype=bool)
    x = np.column_stack([-time, [1.0, 0, 0, 1, 0, 1, 1, 0]])
    # Whoever dies first has the largest first column; along it all pairs gain, and nothing is left for the second.
    assert infinite_by(pairs_of(x, time, event, exact=ties == "exact")).tolist() == [True, True]
    assert fit_cox(x, time, event, ties=ties).infinite.tolist() == [True, True]
    # Only the carriers of the first column die: the order among them decides the second.
    x = np.column_stack([[1.0, 1, 1, 1, 1, 0, 0, 0], [1.0, 0, 0, 1, 0, 1, 1, 0]])
    event = x[:, 0] == 1
    assert infinite_by(pairs_of(x, time, event, exact=ties == "exact")).tolist() == [True, False]
    assert fit_cox(x, time, event, ties=ties).infinite.tolist() == [True, False]

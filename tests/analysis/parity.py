"""One R process for many comparisons: the child, the reference files and the ledger of the product itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from scipy.stats import chi2

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.plan import Planned
from reporter.resources import r_scripts_folder
from reporter.results.ledger import LedgerRow, Verdict
from reporter.verification.compare import compare
from reporter.verification.r.child import RChild
from reporter.verification.r.code import options_code
from reporter.verification.r.session import frame_message, read_answer, reference_files
from reporter.verification.task import Answer, Task

Frames = Mapping[tuple[str, str], AnalysisFrame]

# The words with which the reference files refuse; any other error of R is a fault of the file or of the question.
REFUSALS = (
    "no events",
    "nothing to estimate",
    "not offered",
    "not defined here with entry times",
    "are not independent",
    "need a cluster",
    "does not exist",
    "Invalid weights",
    "runs to infinity",
    "did not converge",
)


STEEP = 1e-4  # likelihood ratios below it: the slope of log P is above 40


@dataclass(frozen=True)
class Job:
    """One analysis of one cohort (two for a validation), as Hypothesis prints it when it fails.

    `unclear` where the data leave it to rounding what the model is.
    """

    planned: Planned
    frames: Frames = field(repr=False)
    recipe: object = None
    unclear: bool = False


@dataclass
class Tally:
    """What was compared.

    Parameters
    ----------
    jobs, numbers
        Jobs asked, and numbers that stood on both sides and agreed.
    refused
        Jobs that both sides refused.
    absent
        Jobs with a number absent on both sides: something could not be estimated.
    unclear
        Jobs not compared.
    """

    jobs: int = 0
    numbers: int = 0
    refused: int = 0
    absent: int = 0
    unclear: int = 0


class LiveR:
    """R, started once."""

    def __init__(self) -> None:
        self._child = RChild(start_limit_s=60)
        self._child.ask({"ask": "load", "paths": reference_files(r_scripts_folder())}, limit_s=60)

    def close(self) -> None:
        """End R."""
        self._child.kill()

    def answer(self, frames: Frames, task: Task) -> Answer:
        """Return R's answer to one task."""
        for frame in frames.values():
            found, _ = self._child.ask(*frame_message(frame), limit_s=60)
            assert not found["error"], found["error"]
        code = [task.options.kind, task.cohort, task.endpoint, options_code(task.options)]
        return read_answer(*self._child.ask({"ask": "run", "task": code}, limit_s=60))


def agree_on(live: LiveR, jobs: SearchStrategy[Job], misled: Mapping[str, object] | None = None) -> Tally:
    """Assert that both sides agree on every job that Hypothesis draws; `misled` changes the options that R is given."""
    tally = Tally()

    # Not shrunk: a smaller cohort of the same seed is another cohort.
    @settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(jobs)
    def agree(job: Job) -> None:
        if job.unclear:
            tally.unclear += 1
            return
        wrong = differences(live, job, tally, misled or {})
        assert not wrong, f"{len(wrong)} differences of {job.recipe}:\n" + "\n".join(wrong[:20])

    agree()
    return tally


def differences(live: LiveR, job: Job, tally: Tally, misled: Mapping[str, object] = MappingProxyType({})) -> list[str]:
    """Return every number on which the two sides differ, in words, by the tolerances of the ledger."""
    planned = job.planned
    nodes = run_planned(planned, job.frames)
    task = Task(planned.cohort, planned.endpoint, planned.options)
    told = replace(task, options=planned.options.model_copy(update=dict(misled)))
    answer = live.answer(job.frames, told)
    failed = "; ".join(node.failed for node in nodes if node.failed)
    tally.jobs += 1
    if failed and answer.not_run:
        tally.refused += 1
        return [] if any(words in answer.not_run for words in REFUSALS) else [f"{failed} here; {answer.not_run}"]
    if failed or answer.not_run:
        return [f"{failed or 'no error'} here; in R: {answer.not_run or 'no error'}"]
    results: Any = SimpleNamespace(analyses=nodes)
    rows = compare(results, {task: answer}, None, {key: frame.n for key, frame in job.frames.items()})
    tally.absent += any(row.python is None or row.r is None for row in rows)
    tally.numbers += sum(row.python is not None and row.verdict is Verdict.AGREES for row in rows)
    return [
        f"{row.address}: {row.python!r} here, {row.r!r} in R; {row.verdict}, {row.tolerance} {row.note}"
        for row in rows
        if row.verdict not in (Verdict.AGREES, Verdict.NOT_CHECKABLE) and not follows_ratio(row, answer)
    ]


def follows_ratio(row: LedgerRow, answer: Answer) -> bool:
    """Tell whether the P value of a likelihood ratio near 0 differs by no more than its statistic may.

    There log P is steep: the tolerance of the statistic (1e-13 of the log-likelihood), times the slope.
    """
    place, _, stat = row.address.rpartition("/")
    if stat not in ("lr_p_value", "lr_log_p_value") or row.python is None or row.r is None or not row.r:
        return False
    ratio, df = answer.values[f"{place}/lr_statistic"], answer.values[f"{place}/lr_df"]
    difference = row.python - row.r if stat == "lr_log_p_value" else math.log(row.python / row.r)
    slope = chi2.pdf(ratio, df) / chi2.sf(ratio, df)
    return 0 < ratio < STEEP and abs(difference) <= slope * 1e-13 * max(
        abs(answer.values[f"{place}/log_likelihood"]), 1.0
    )

"""The check against R as part of a run, and ``reporter verify``, which runs it again."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from reporter.cohort.build import BuiltCohorts, build_cohorts
from reporter.cohort.frame import AnalysisFrame
from reporter.errors import UsageError, VerificationError
from reporter.output.stats import stats_csv
from reporter.pipeline.analyse import run_planned
from reporter.pipeline.imputation import with_imputations
from reporter.pipeline.plan import Planned, plan_analyses, plan_by_phenotype, plan_phenotypes, plan_structure
from reporter.pipeline.sampling import Sampling, as_of_whole
from reporter.results.ledger import LedgerRow, Verdict, Verification
from reporter.results.suppress import limits_of, suppress_small_cells
from reporter.results.tree import Results
from reporter.spec.load import load_study
from reporter.spec.study import Study
from reporter.verification.background import BackgroundWitness
from reporter.verification.compare import compare
from reporter.verification.lifelines import lifelines_version
from reporter.verification.r.session import Limits, RSession
from reporter.verification.reproduce import data_for_r, reproduce_r
from reporter.verification.task import Answer, Frames, Task

SWITCHED_OFF = "switched off (--no-verify)"


class Checker:
    """The check of one run: R starts when it is entered and works while Python computes.

    Parameters
    ----------
    enabled
        False: R is never started and the ledger says so.
    scripts, limits
        Folder of the reference files and time limits; None for the package's own.
    sampling
        Which rows are checked; None for the package's rule.

    Attributes
    ----------
    tasks
        What was submitted, in order.
    answers
        What R answered; filled by `verify`.
    frames
        What R sees: the frames, or random subsets of their rows.
    """

    def __init__(
        self, *, enabled: bool, scripts: Path | None = None, limits: Limits | None = None,
        sampling: Sampling | None = None,
    ) -> None:  # fmt: skip
        self._scripts = scripts
        self._session = RSession(scripts=scripts, limits=limits) if enabled else None
        self._witness = BackgroundWitness()
        self.tasks: list[Task] = []
        self.answers: dict[Task, Answer] = {}
        self.frames: dict[tuple[str, str], AnalysisFrame] = {}
        self._whole = self.frames
        self._sampling = sampling or Sampling(seed=1)
        self._partial: list[Planned] = []

    def __enter__(self) -> Checker:
        if self._session is not None:
            self._session.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._witness.close()
        if self._session is not None:
            self._session.close()

    @property
    def why_not(self) -> str:
        """Why nothing is checked; empty while it may be."""
        return SWITCHED_OFF if self._session is None else self._session.why_not

    @property
    def scripts(self) -> Path | None:
        """Folder of the reference files; None for the package's own."""
        return self._scripts

    def submit(self, frames: Frames, planned: Sequence[Planned]) -> None:
        """Hand analyses to R; returns at once."""
        self._whole = dict(frames)
        self.frames = dict(frames) if self._session is None else self._sampling.frames(frames, planned)
        planned = [item for item in planned if self._sampling.is_checked(item)]
        self._partial += [item for item in planned if self._sampling.is_partial(item)]
        tasks = [Task(item.cohort, item.endpoint, item.options) for item in planned]
        self.tasks += tasks
        if self._session is not None:
            self._session.submit(self.frames, tasks)
            self._witness.submit(self.frames, tasks)

    def _part(self, results: Results) -> Results:
        """Return the tree with the analyses that are checked on a subset of the rows made on those rows alone."""
        redone = {Task(item.cohort, item.endpoint, item.options) for item in self._partial}
        kept = [node for node in results.analyses if Task(node.cohort, node.endpoint, node.options) not in redone]
        nodes = [node for item in self._partial for node in run_planned(item, self.frames)]
        return results.model_copy(update={"analyses": (*kept, *nodes)})

    def verify(self, results: Results, frames: Frames) -> Verification:  # noqa: ARG002 the tasks carry their frames
        """Wait for R and compare; without R every number is ``not_run`` with the reason."""
        if self._session is None:
            return self._without_r(results, SWITCHED_OFF)
        part = self._part(results) if self._partial else results
        self.answers = self._session.wait()
        if self._session.why_not:
            return self._without_r(results, self._session.why_not)
        witnessed = self._witness.wait()
        n_rows = {key: frame.n for key, frame in self.frames.items()}
        rows = compare(part, self.answers, witnessed, n_rows)
        subsets = self._sampling.subsets
        return Verification(
            ran=True,
            r_version=self._session.r_version,
            survival_version=self._session.survival_version,
            lifelines_version=lifelines_version() if witnessed else "",
            subsets=subsets,
            rows=as_of_whole(rows, part.analyses, results, subsets) if subsets else rows,
        )

    def _without_r(self, results: Results, why: str) -> Verification:
        """Say why nothing was checked; what R is to see later are the frames of the report, all rows."""
        self.frames = self._whole
        rows = compare(results, {task: Answer(not_run=why) for task in self.tasks})
        return Verification(ran=False, why_not=why, rows=rows)


def verification_files(
    checker: Checker, frames: Frames, results: Results, *, with_data: bool = True
) -> dict[str, bytes]:  # fmt: skip
    """Return reproduce.R and the data it reads: the rows that were checked; no data where small cells forbid it."""
    frames = checker.frames or frames
    data = data_for_r(frames) if with_data else None
    script = reproduce_r(checker.tasks, frames, results.verification, data, scripts=checker.scripts)
    return {"reproduce.R": script, **({} if data is None else {"data_for_r.csv": data})}


def _analysis_counts(results: Results) -> tuple[Counter[str], Counter[str]]:
    """Count by analysis the rows of stats.csv that have a value, and the ledger's rows for such a number."""
    rows = csv.DictReader(io.StringIO(stats_csv(results)))
    stats = Counter(row["analysis"] for row in rows if row["value"])
    ledger = (row for row in results.verification.rows if row.python is not None)
    return stats, Counter(row.address.split("/")[2] for row in ledger)


def summary_lines(results: Results) -> list[str]:
    """Return what the terminal shows of the check: counts per analysis, verdicts, largest difference, versions."""
    verification = results.verification
    if not verification.ran:
        return [f"not verified: {verification.why_not}"]
    stats, ledger = Counter[str](), Counter[str]()
    if not verification.without_values:
        stats, ledger = _analysis_counts(results)
    width = max((len(name) for name in (*stats, *ledger)), default=0)
    lines = [f"{'analysis':<{width}}  stats.csv  ledger"] if stats else []
    for name in dict.fromkeys((*stats, *ledger)):
        unequal = "" if stats[name] == ledger[name] else "  not equal"
        lines.append(f"{name:<{width}}  {stats[name]:>9}  {ledger[name]:>6}{unequal}")
    if stats:
        lines.append(f"{'total':<{width}}  {stats.total():>9}  {ledger.total():>6}")
    else:
        lines.append("small cells are hidden: the ledger keeps verdicts, no values")
    lines.append(", ".join(f"{verdict.value} {verification.count(verdict)}" for verdict in Verdict))
    largest = verification.largest_relative_difference
    lines.append("largest relative difference: " + ("none" if largest is None else f"{largest:.1e}"))
    lines += [
        f"{s.cohort}, {s.endpoint}: checked on {s.n_checked} of {s.n_used} rows, drawn at random with seed {s.seed}; "
        "Python and R both computed on those rows"
        for s in verification.subsets
    ]
    lines.append(
        f"R {verification.r_version}, survival {verification.survival_version}, "
        f"lifelines {verification.lifelines_version or 'absent'}"
    )
    lines += [f"{row.verdict.value}: {row.address} {row.note}".rstrip() for row in _unconfirmed(verification)[:20]]
    return lines


def _unconfirmed(verification: Verification) -> list[LedgerRow]:
    return [row for row in verification.rows if row.verdict not in (Verdict.AGREES, Verdict.NOT_CHECKABLE)]


def require_same_input(results: Results, path: Path, study: Study, built: BuiltCohorts) -> None:
    """Refuse when the study file or a cohort is not the one of the results."""
    if results.provenance.study_sha256 != study.sha256:
        raise UsageError(
            f"{study.path}: not the study file of {path}: its sha256 is {study.sha256[:12]}…, that of the results is "
            f"{results.provenance.study_sha256[:12]}…. Give the study file as it was, or run the study again."
        )
    before = {info.name: info for info in results.cohorts}
    for info in built.infos:
        if info.name not in before or before[info.name].sha256 != info.sha256:
            got = before[info.name].sha256[:12] if info.name in before else "none"
            raise UsageError(
                f"{info.source}: not the {info.name} data of {path}: its sha256 is {info.sha256[:12]}…, that of the "
                f"results is {got}…. Give the data as they were, or run the study again."
            )


def verify_again(results_path: Path, study_path: Path, *, say: Callable[[str], None]) -> int:
    """Compare the numbers of a results.json with R anew and print the summary.

    Returns
    -------
    int
        0 when R confirms every number; 4 when one is not confirmed.

    Raises
    ------
    UsageError
        When the study file or the data are not those of the results.
    VerificationError
        When R cannot be run.
    """
    from reporter.pipeline.phenotypes import add_phenotypes
    from reporter.pipeline.render import load_results

    results = load_results(results_path)
    study = load_study(study_path)
    if limits_of(results):
        return _verify_suppressed(results, results_path, study, say=say)
    with Checker(enabled=True, sampling=Sampling(study.seed)) as checker:
        built = build_cohorts(study)
        require_same_input(results, results_path, study, built)
        frames = with_imputations(study, built.frames)
        clustering = plan_phenotypes(study, frames)
        structure = plan_structure(study, clustering)
        whole = [item for item in (clustering, structure) if item]
        checker.submit(frames, [*plan_analyses(study, frames), *whole])
        add_phenotypes(clustering, frames)
        checker.submit(frames, plan_by_phenotype(study, frames))
        verification = checker.verify(results, frames)
    if not verification.ran:
        raise VerificationError(f"the check against R did not run: {verification.why_not}. See reporter doctor.")
    for line in summary_lines(results.model_copy(update={"verification": verification})):
        say(line)
    return 0 if verification.all_agree else VerificationError.exit_code


def _verify_suppressed(results: Results, path: Path, study: Study, *, say: Callable[[str], None]) -> int:
    """Compute a study with hidden small cells again, compare it with R, and its hidden tree with that of the file."""
    from reporter.pipeline.progress import Silent
    from reporter.pipeline.run import estimate_and_check
    from reporter.pipeline.thinning import thin_curves

    require_same_input(results, path, study, build_cohorts(study))
    with Checker(enabled=True, sampling=Sampling(study.seed)) as checker:
        done = estimate_and_check(study, checker, Silent())
    verification = done.results.verification
    if not verification.ran:
        raise VerificationError(f"the check against R did not run: {verification.why_not}. See reporter doctor.")
    again, _ = thin_curves(suppress_small_cells(done.results))
    for line in summary_lines(again):
        say(line)
    if again.analyses != results.analyses:
        say(f"{path}: the numbers that are not hidden are not those of the study file and its data")
        return VerificationError.exit_code
    say("the numbers that are not hidden are those of the study file and its data")
    return 0 if verification.all_agree else VerificationError.exit_code

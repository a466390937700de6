"""manifest.json: versions, seed, hashes and the only clock times of a run."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from typing import Any

from reporter.pipeline.progress import Silent
from reporter.results.ledger import Verdict, Verification
from reporter.results.tree import Results


def _rows_checked(verification: Verification) -> Any:
    """Return ``all``, ``none``, or by cohort and endpoint how many rows the check saw of those used."""
    if not verification.ran:
        return "none"
    return {
        f"{subset.cohort}/{subset.endpoint}": {
            "checked": subset.n_checked,
            "used": subset.n_used,
            "rule": f"where R is expected to need more than {subset.limit_s:g} s, frames of more than "
            f"{subset.n_checked} rows are checked on that many, drawn at random with seed {subset.seed}; "
            "Python and R both compute on these alone",
        }
        for subset in verification.subsets
    } or "all"


def run_manifest(results: Results, watcher: Silent) -> dict[str, Any]:
    """Return what stands in manifest.json beside the hashes of the files."""
    watcher.step("Writing the files")
    verification = results.verification
    return {
        "study": results.study.id,
        "seed": results.study.seed,
        "versions": {
            "reporter": results.provenance.reporter_version,
            "python": results.provenance.python_version,
            "R": verification.r_version,
            "survival": verification.survival_version,
            **results.provenance.packages,
        },
        "inputs": {
            "study": results.provenance.study_sha256,
            **{cohort.name: cohort.sha256 for cohort in results.cohorts},
        },
        "verification": {
            "state": "verified" if verification.all_agree else "disagrees" if verification.ran else "not verified",
            "why_not": verification.why_not,
            **{verdict.value: verification.count(verdict) for verdict in Verdict},
            "rows_checked": _rows_checked(verification),
        },
        "rows_read": {cohort.name: cohort.n_read for cohort in results.cohorts},
        "written": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(sum(watcher.times.values()), 1),
        "peak_memory_mib": {
            "python": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "largest_child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        },
        "milliseconds": {step: int(seconds * 1000) for step, seconds in watcher.times.items()},
    }

"""manifest.json: versions, seed, hashes and the only clock times of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reporter.pipeline.progress import Silent
from reporter.results.ledger import Verdict
from reporter.results.tree import Results


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
        },
        "written": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "milliseconds": {step: int(seconds * 1000) for step, seconds in watcher.times.items()},
    }

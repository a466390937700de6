"""What must be reached, and what of a set of measurements misses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Largest share of R's time by task and number of rows; at 1,000 rows no slower than R.
SHARE = {
    "cox": {1_000: 1.0, 100_000: 0.10, 1_000_000: 0.06},
    "kaplan_meier": {1_000: 1.0, 100_000: 0.10, 1_000_000: 0.10},
    "log_rank": {1_000: 1.0, 100_000: 0.10, 1_000_000: 0.10},
    "ph_test": {1_000: 1.0, 100_000: 0.10, 1_000_000: 0.10},
    "concordance": {1_000: 1.0, 100_000: 0.20, 1_000_000: 0.20},
    "univariable": {1_000: 1.0, 100_000: 0.10, 1_000_000: 0.10},
}
GROWTH = 12.0  # Cox: largest ratio of the times at 1e6 and 1e5 rows
MEMORY = 3.0  # Cox: largest memory above the interpreter, in sizes of the design matrix
MEMORY_FROM = 100_000  # rows from which memory is that of the data, not of the libraries


@dataclass(frozen=True)
class Measured:
    """The median of some runs of one engine; `seconds` None where it failed."""

    engine: str
    task: str
    n: int
    seconds: float | None
    repeats: int
    peak_mb: float | None
    note: str = ""


Times = Mapping[tuple[str, str, int], float]


def missed(found: list[Measured], design_mb: Mapping[int, float]) -> list[str]:
    """Say what misses its rule."""
    times = {(m.engine, m.task, m.n): m.seconds for m in found if m.seconds is not None}
    peers = sorted({m.engine for m in found} - {"reporter", "R survival"})
    peaks = {m.n: m.peak_mb for m in found if (m.engine, m.task) == ("reporter", "cox") and m.peak_mb is not None}
    absent = [
        f"{m.task}, {m.n:,} rows: no time of {m.engine} ({m.note})"
        for m in found
        if m.engine in ("reporter", "R survival") and m.seconds is None
    ]
    return [*absent, *_against_r(times), *_against_peers(times, peers), *_growth(times), *_memory(peaks, design_mb)]


def _against_r(times: Times) -> Iterator[str]:
    for task, shares in SHARE.items():
        for n, most in shares.items():
            ours, theirs = times.get(("reporter", task, n)), times.get(("R survival", task, n))
            if ours is not None and theirs and ours > most * theirs:
                yield f"{task}, {n:,} rows: {ours / theirs:.3f} of R's time; allowed {most:g}"


def _against_peers(times: Times, peers: list[str]) -> Iterator[str]:
    for n in (100_000, 1_000_000):
        for engine in peers:
            ours, theirs = times.get(("reporter", "cox", n)), times.get((engine, "cox", n))
            if ours is not None and theirs is not None and ours >= theirs:
                yield f"cox, {n:,} rows: {ours:.3f} s; {engine} takes {theirs:.3f} s"


def _growth(times: Times) -> Iterator[str]:
    small, large = (times.get(("reporter", "cox", n)) for n in (100_000, 1_000_000))
    if small and large and large > GROWTH * small:
        yield f"cox: 1,000,000 rows take {large / small:.1f} times as long as 100,000; allowed {GROWTH:g}"


def _memory(peaks: Mapping[int, float], design_mb: Mapping[int, float]) -> Iterator[str]:
    for n, peak in peaks.items():
        if n >= MEMORY_FROM and peak > MEMORY * design_mb[n]:
            yield f"cox, {n:,} rows: {peak / design_mb[n]:.1f} design matrices of memory; allowed {MEMORY:g}"

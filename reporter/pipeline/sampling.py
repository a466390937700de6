"""Which rows the check against R sees: all, or a random subset where R would take too long.

The rule: where the checks of a study are expected to take R longer than 60 s, every frame of more than 50,000 rows is
checked on 50,000 rows drawn at random by the study's seed. Both engines compute on those rows alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.plan import Planned
from reporter.results.ledger import LedgerRow, Subset, Verdict
from reporter.results.tree import AnalysisNode, Results, last_point
from reporter.spec.options import PhenotypeOptions, StructureOptions

Frames = Mapping[tuple[str, str], AnalysisFrame]
Where = tuple[str, str]

LIMIT_S = 60.0
SUBSET_ROWS = 50_000
# Seconds a row: of any check, and further of each coefficient of a model; R 4.2, survival 3.5, 100,000 rows.
_ANY, _COEFFICIENT = 3e-6, 2e-6
ABSENT = "nothing to compare on the random subset"


def expected_seconds(planned: Sequence[Planned], frames: Frames) -> float:
    """Return how long R is expected to take for all checks."""
    total = 0.0
    for item in planned:
        terms = getattr(item.options, "terms", ())
        n_coefficients = sum(max(len(term.levels) - 1, 1) for term in terms)
        times = getattr(item.options, "imputations", 1) * getattr(item.options, "resamples", 1)
        total += times * frames[item.cohort, item.endpoint].n * (_ANY + _COEFFICIENT * n_coefficients)
    return total


def take_rows(frame: AnalysisFrame, index: NDArray[np.int64]) -> AnalysisFrame:
    """Return the frame of some rows."""
    columns = {name: column.take(index) for name, column in frame.columns.items()}
    taken: AnalysisFrame = _taken(frame, index)
    return replace(taken, ids=tuple(frame.ids[i] for i in index), columns=columns)


def _taken(value: Any, index: NDArray[np.int64]) -> Any:
    """Return the rows of an array, or of all arrays that a frozen value holds."""
    if isinstance(value, np.ndarray):
        return value[index]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _taken(getattr(value, field.name), index) for field in fields(value)})
    return value


class Sampling:
    """The rows of each frame that are checked.

    Parameters
    ----------
    seed
        Of the study.
    limit_s, subset_rows
        The rule.
    """

    def __init__(self, seed: int, *, limit_s: float = LIMIT_S, subset_rows: int = SUBSET_ROWS) -> None:
        self._seed, self._limit_s, self._rows = seed, limit_s, subset_rows
        self._index: dict[Where, NDArray[np.int64]] | None = None
        self._n: dict[Where, int] = {}
        self._made: dict[Where, tuple[AnalysisFrame, AnalysisFrame]] = {}

    def _draw(self, key: Where, n: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, zlib.crc32("/".join(key).encode())])
        return np.sort(rng.choice(n, self._rows, replace=False)).astype(np.int64)

    def frames(self, frames: Frames, planned: Sequence[Planned]) -> dict[Where, AnalysisFrame]:
        """Return the frames to check; the first call decides which are subsets."""
        if self._index is None:
            slow = expected_seconds(planned, frames) > self._limit_s
            large = [key for key, frame in frames.items() if slow and frame.n > self._rows]
            self._index = {key: self._draw(key, frames[key].n) for key in large}
            self._n = {key: frames[key].n for key in large}
        return {key: self._part(key, frame) for key, frame in frames.items()}

    def _part(self, key: Where, frame: AnalysisFrame) -> AnalysisFrame:
        """Return the rows of one frame; the same object for the same frame, so that it is handed over once."""
        index = (self._index or {}).get(key)
        if index is None:
            return frame
        if key not in self._made or self._made[key][0] is not frame:
            self._made[key] = (frame, take_rows(frame, index))
        return self._made[key][1]

    def is_partial(self, item: Planned) -> bool:
        """Tell whether an analysis is checked on a subset: its own frame or, for a validation, the other cohort's."""
        return any(endpoint == item.endpoint for _, endpoint in self._index or {})

    def is_checked(self, item: Planned) -> bool:
        """Tell whether an analysis is checked at all: clusters of a subset are other clusters."""
        whole = isinstance(item.options, (PhenotypeOptions, StructureOptions))
        return not (whole and (item.cohort, item.endpoint) in (self._index or {}))

    @property
    def subsets(self) -> tuple[Subset, ...]:
        """What the ledger says of the rows."""
        return tuple(
            Subset(
                cohort=cohort, endpoint=endpoint, n_checked=self._rows, n_used=n, seed=self._seed, limit_s=self._limit_s
            )
            for (cohort, endpoint), n in self._n.items()
        )


def _key(node: AnalysisNode) -> tuple[object, ...]:
    return (node.cohort, node.endpoint, node.analysis, node.variable, node.options)


def _ends(nodes: Sequence[AnalysisNode]) -> dict[tuple[object, ...], str]:
    """Return the address of each curve column by node, place and statistic."""
    found = {}
    for node in nodes:
        for curve in node.curves:
            for column in curve.columns:
                last = last_point(column.values)
                if last is not None:
                    key = (*_key(node), curve.group, curve.level, curve.term, column.stat)
                    found[key] = node.address(curve, column.stat, curve.time[last])
    return found


def as_of_whole(
    rows: Sequence[LedgerRow], part: Sequence[AnalysisNode], whole: Results, subsets: Sequence[Subset]
) -> tuple[LedgerRow, ...]:
    """Return the ledger of a subset under the addresses of the whole; what has no partner there is not run."""
    of_whole = _ends(whole.analyses)
    renamed = {where: of_whole[key] for key, where in _ends(part).items() if key in of_whole}
    said = {(s.cohort, s.endpoint): f"random subset: {s.n_checked} of {s.n_used} rows, seed {s.seed}" for s in subsets}
    partial = {s.endpoint for s in subsets}
    out = []
    for row in rows:
        cohort, endpoint, *_ = row.address.split("/")
        other = "the other cohort is a random subset" if endpoint in partial else ""
        note = said.get((cohort, endpoint), other)
        notes = "; ".join(text for text in (row.note, note) if text)
        out.append(row.model_copy(update={"address": renamed.get(row.address, row.address), "note": notes}))
    known = {row.address for row in out}
    numbers = {where: found.value for _, _, found, where in whole.statistics()}
    ends = dict.fromkeys(of_whole.values())
    out += [
        LedgerRow(address=where, python=value, r=None, verdict=Verdict.NOT_RUN, note=ABSENT)
        for where, value in {**ends, **numbers}.items()
        if where not in known and (value is not None or where in ends)
    ]
    return tuple(out)

"""What of one cohort and endpoint may be shown: levels, times and totals, judged before any number is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reporter.results.address import level_term
from reporter.results.small_cells import Vector, are_safe, hidden_cells, hidden_levels, is_small
from reporter.results.suppress_times import Course, Grid, shared_grid
from reporter.results.tree import AnalysisNode, ColumnInfo, Curve, EndpointInfo, Row

OVERALL, MISSING, OTHERS = "", "\x00missing", "\x00others"
Floats = NDArray[np.float64]


def value_of(row: Row | None, stat: str) -> float:
    """Return a number of a row; NaN where there is none."""
    if row is None:
        return float("nan")
    return next((s.value for s in row.stats if s.stat == stat and s.value is not None), float("nan"))


def _floats(curve: Curve, stat: str) -> Floats:
    return np.array([0.0 if v is None else v for v in curve.column(stat)], dtype=np.float64)


@dataclass
class Judge:
    """One cohort and endpoint as it is, and what of it may be shown.

    Parameters
    ----------
    nodes
        All analyses of the cohort and endpoint, with their true numbers.
    below
        Counts from 1 to `below` - 1 are small.
    columns
        Variables of the study.
    earlier
        The judges of the endpoints before this one in the same cohort: a small difference from a count that they show
        is a small count too.
    """

    nodes: Sequence[AnalysisNode]
    endpoint: EndpointInfo
    below: int
    columns: Sequence[ColumnInfo]
    earlier: Sequence[Judge] = ()
    _families: dict[str, list[dict[str, Vector]]] = field(default_factory=dict)
    _gone: dict[str, set[str]] = field(default_factory=dict)

    def node(self, analysis: str, variable: str = "") -> AnalysisNode | None:
        """Return a node by name and variable."""
        return next((n for n in self.nodes if n.analysis == analysis and n.variable == variable), None)

    # -- totals ------------------------------------------------------------------------------------------------------
    @property
    def causes(self) -> tuple[str, ...]:
        """Terms of the cumulative incidence, the event of interest first; empty without competing events."""
        node = self.node("cumulative_incidence")
        return tuple(dict.fromkeys(row.term for row in node.rows)) if node else ()

    def counts(self, variable: str, level: str) -> Vector:
        """Return patients, events by cause and censored of one level, shape (m,); zeros when there is none such."""
        node, incidence = self.node("kaplan_meier", variable), self.node("cumulative_incidence", variable)
        row = node.find(group=variable, level=level) if node else None
        if row is None:
            return np.zeros(3 + max(len(self.causes) - 1, 0))
        n, first = value_of(row, "n"), value_of(row, "n_event")
        others = [
            value_of(incidence.find(group=variable, level=level, term=cause) if incidence else None, "n_event")
            for cause in self.causes[1:]
        ]  # fmt: skip
        others = [0.0 if np.isnan(v) else v for v in others]
        return np.array([n, first, *others, n - first - sum(others)])

    @cached_property
    def total(self) -> Vector:
        """Patients, events by cause and censored of all."""
        return self.counts(OVERALL, OVERALL)

    def _against(self, variable: str, level: str, counts: Vector) -> Vector:
        """Return counts with their differences from what earlier endpoints show of the same level."""
        parts = [counts]
        for other in self.earlier:
            theirs = other.counts(variable, level)
            if theirs[0] and not other.is_closed:
                parts += [counts[:2] - theirs[:2], counts[-1:] - theirs[-1:]]
        return np.concatenate(parts)

    @cached_property
    def is_closed(self) -> bool:
        """True when already the totals are small, or differ from another endpoint's by a small number."""
        if self.node("kaplan_meier") is None or not self.total[0]:
            return True
        return not are_safe(self._against(OVERALL, OVERALL, self.total), self.below)

    @cached_property
    def same_patients(self) -> bool:
        """True when this frame has as many patients as those of the earlier endpoints."""
        return all(other.total[0] == self.total[0] for other in self.earlier)

    # -- levels ------------------------------------------------------------------------------------------------------
    def levels(self, variable: str) -> tuple[str, ...]:
        """Return the levels of a variable."""
        return next((info.levels for info in self.columns if info.name == variable), ())

    def size(self, variable: str, level: str) -> float:
        """Return the patients at a level."""
        overall, grouped = self.node("baseline"), self.node("baseline", variable)
        found = value_of(overall.find(term=level_term(variable, level)) if overall else None, "n")
        if np.isnan(found) and grouped:
            found = value_of(grouped.find(group=variable, level=level, term="GLOBAL"), "n")
        return 0.0 if np.isnan(found) else found

    def missing(self, variable: str) -> float:
        """Return the patients without a level."""
        return float(self.total[0]) - sum(self.size(variable, level) for level in self.levels(variable))

    def hides_missing(self, variable: str) -> bool:
        """Tell whether the number of patients without a level is not to be told."""
        return is_small(self.missing(variable), self.below)

    def hidden(self, variable: str) -> set[str]:
        """Return the levels whose number of patients is hidden."""
        sizes = {name: np.array([self.size(variable, name)]) for name in self.levels(variable)}
        if self._is_made(variable) and not self.may_tell_size(float(self.total[0]) - self.missing(variable)):
            return set(sizes)
        total = self.total[:1] if self.hides_missing(variable) else self.total[:1] - self.missing(variable)
        if self.earlier and not self.same_patients:
            sizes = {name: self._sizes_against(variable, name, counts) for name, counts in sizes.items()}
            total = np.concatenate([total, *(self.total[:1] - other.total[:1] for other in self.earlier)])
        return hidden_levels(sizes, total, self.below)

    def _is_made(self, variable: str) -> bool:
        """Tell whether a variable is none of the study's own: the phenotypes, which need several of them."""
        node = self.node("baseline")
        return node is None or all(row.term != variable for row in node.rows)

    def may_tell_size(self, n: float) -> bool:
        """Tell whether the patients with several variables are not few less than all, or than those with one."""
        return are_safe(np.append(self.observed, self.total[0]) - n, self.below)

    def _sizes_against(self, variable: str, level: str, counts: Vector) -> Vector:
        return np.concatenate([counts, *(counts - other.size(variable, level) for other in self.earlier)])

    def hidden_outcome(self, variable: str) -> set[str]:
        """Return the levels whose outcome is hidden: those of `hidden`, and by events and censored patients."""
        if variable not in self._outcomes:
            self._outcomes[variable] = self._find_hidden_outcome(variable)
        return self._outcomes[variable]

    @cached_property
    def _outcomes(self) -> dict[str, set[str]]:
        return {}

    def _find_hidden_outcome(self, variable: str) -> set[str]:
        if self.node("kaplan_meier", variable) is None:
            return self.hidden(variable)
        also = {*self.hidden(variable), *(name for other in self.earlier for name in other.hidden_outcome(variable))}
        counts = {
            name: self._against(variable, name, self.counts(variable, name))
            for name in self.levels(variable) if self.counts(variable, name)[0]
        }  # fmt: skip
        total = self._against(OVERALL, OVERALL, self.total)
        width = {len(found) for found in counts.values()}
        if width and width != {len(total)}:
            return set(self.levels(variable))
        return hidden_levels(counts, total, self.below, also=tuple(also))

    def tiny(self, variable: str) -> set[str]:
        """Return the levels with a small number of patients or of events: their estimates rest on these."""
        found = set()
        for name in self.levels(variable):
            n, d = self.size(variable, name), self._events_of(variable, name)
            if is_small(n, self.below) or is_small(d, self.below):
                found.add(name)
        return found

    def _events_of(self, variable: str, level: str) -> float:
        counts = self.counts(variable, level)
        if counts[0]:
            return float(counts[1:-1].min())
        whole = self.node("cox_multivariable")
        found = value_of(whole.find(term=level_term(variable, level)) if whole else None, "n_event")
        return 0.0 if np.isnan(found) else found

    # -- times -------------------------------------------------------------------------------------------------------
    def course(self, variable: str, level: str) -> Course | None:
        """Return the course of one level, None when its curve is not there or does not add up."""
        node, incidence = self.node("kaplan_meier_curve", variable), self.node("cumulative_incidence_curve", variable)
        curve = next((c for c in node.curves if c.level == level), None) if node else None
        if curve is None:
            return None
        time, first, censored = np.array(curve.time), _floats(curve, "n_event"), _floats(curve, "n_censor")
        events = [first]
        for cause in self.causes[1:]:
            others = incidence.curves if incidence is not None else ()
            found = next((c for c in others if (c.level, c.term) == (level, cause)), None)
            if found is None:
                return None
            other, place = np.zeros(time.size), np.searchsorted(time, found.time)
            if (place >= time.size).any() or not np.array_equal(time[place], found.time):
                return None
            other[place] = _floats(found, "n_event")
            events.append(other)
            censored = censored - other
        return Course(time, np.column_stack(events), censored, _floats(curve, "n_risk"))

    @cached_property
    def grid(self) -> Grid:
        """Times at which the curve of all patients may be shown."""
        whole = self.course(OVERALL, OVERALL)
        if self.is_closed or whole is None:
            return Grid()
        return self._grid([whole], self.earlier[-1].grid if self.earlier else None, OVERALL)

    def _grid(self, parts: Sequence[Course], within: Grid | None, variable: str) -> Grid:
        against = list(self._differences(variable))
        return shared_grid(
            [*parts, *against], self.endpoint.horizons, self.endpoint.unit, self.below, within=within
        )  # fmt: skip

    def _differences(self, variable: str) -> Iterator[Course]:
        """Yield, by level, the events that an earlier endpoint counts and this one does not, over time."""
        for other in self.earlier:
            for level in (OVERALL,) if not variable else self.shown(variable):
                mine, theirs = self.course(variable, level), other.course(variable, level)
                if mine is not None and theirs is not None:
                    yield _difference(mine, theirs)

    def shown(self, variable: str) -> tuple[str, ...]:
        """Return the levels whose outcome may be shown."""
        hidden = self.hidden_outcome(variable)
        return tuple(
            name for name in self.levels(variable) if name not in hidden and self.counts(variable, name)[0]
        )  # fmt: skip

    def grid_of(self, variable: str) -> Grid:
        """Return the times at which the curves of a group may be shown; one grid for all of its levels."""
        if not variable:
            return self.grid
        if variable not in self._grids:
            self._grids[variable] = self._find_grid(variable)
        return self._grids[variable]

    @cached_property
    def _grids(self) -> dict[str, Grid]:
        return {}

    def _find_grid(self, variable: str) -> Grid:
        whole = self.course(OVERALL, OVERALL)
        parts = [self.course(variable, level) for level in self.shown(variable)]
        known = [part for part in parts if part is not None]
        if whole is None or len(known) < len(parts) or not known:
            return Grid()
        rest = whole.without(known)
        own = rest.events.any() or rest.censored.any()
        if any(part.late for part in (whole, *known)):
            return Grid()
        within = self.grid
        for other in self.earlier:
            theirs = other.grid_of(variable)
            within = Grid(_both(within.counted, theirs.counted), _both(within.times, theirs.times))
        return self._grid([*known, *([rest] if own else [])], within, variable)

    # -- two variables -----------------------------------------------------------------------------------------------
    def crossed(self, group: str, column: str) -> dict[tuple[str, str], bool] | None:
        """Return which cells of a two-way table are hidden, by level of `group` and of `column`; None for all of them.

        The table is the same whichever of the two is the group, so its hidden cells are too.
        """
        first, second = sorted((group, column))
        if (first, second) not in self._tables:
            self._tables[first, second] = self._cross(first, second)
        found = self._tables[first, second]
        if found is None or first == group:
            return found
        return {(b, a): is_hidden for (a, b), is_hidden in found.items()}

    @cached_property
    def _tables(self) -> dict[tuple[str, str], dict[tuple[str, str], bool] | None]:
        return {}

    def _labels(self, variable: str) -> list[str]:
        hidden = self.hidden(variable)
        kept = [name for name in self.levels(variable) if name not in hidden]
        return [*kept, *([] if self.hides_missing(variable) else [MISSING]), OTHERS]

    def _cross(self, first: str, second: str) -> dict[tuple[str, str], bool] | None:
        across, down = second, first
        node = self._table_of(down, across)
        if node is None:
            across, down = first, second
            node = self._table_of(down, across)
        if node is None:
            return None
        rows, columns = self._labels(down), self._labels(across)
        cells = np.zeros((len(rows), len(columns)))
        for name in self.levels(down):
            i = rows.index(name) if name in rows else rows.index(OTHERS)
            for place, n in self._row_of(node, down, name, across, columns):
                cells[i, place] += n
        self._fill_missing_row(cells, rows, columns, across)
        hidden = None if (cells < 0).any() else hidden_cells(cells, self.below)
        if hidden is None:
            return None
        found = {(a, b): bool(hidden[i, j]) for i, a in enumerate(rows) for j, b in enumerate(columns)}
        return found if down == first else {(b, a): is_hidden for (a, b), is_hidden in found.items()}

    def _table_of(self, down: str, across: str) -> AnalysisNode | None:
        """Return the table of characteristics by `down` when it has the column `across`."""
        node = self.node("baseline", down)
        return node if node is not None and any(row.term == across for row in node.rows) else None

    def _row_of(
        self, node: AnalysisNode, down: str, level: str, across: str, columns: Sequence[str]
    ) -> Iterator[tuple[int, float]]:
        lost = MISSING if MISSING in columns else OTHERS
        for name in self.levels(across):
            place = columns.index(name) if name in columns else columns.index(OTHERS)
            n = value_of(node.find(group=down, level=level, term=level_term(across, name)), "n")
            yield place, 0.0 if np.isnan(n) else n
        n = value_of(node.find(group=down, level=level, term=across), "n_missing")
        yield columns.index(lost), 0.0 if np.isnan(n) else n

    def _fill_missing_row(self, cells: Floats, rows: Sequence[str], columns: Sequence[str], across: str) -> None:
        """Add the patients without a level of `down`: the totals less the others (of the other variable)."""
        totals = np.zeros(len(columns))
        for name in self.levels(across):
            totals[columns.index(name) if name in columns else columns.index(OTHERS)] += self.size(across, name)
        totals[columns.index(MISSING if MISSING in columns else OTHERS)] += self.missing(across)
        cells[rows.index(MISSING if MISSING in rows else OTHERS)] += totals - cells.sum(axis=0)

    # -- counts of models --------------------------------------------------------------------------------------------
    def may_tell(self, key: str, slices: dict[str, Vector]) -> set[str]:
        """Return the levels (of a partition of some patients) whose counts may be shown, and remember them.

        Parameters
        ----------
        key
            The variable; ``""`` for all patients of a model.
        slices
            Counts by level; under `OTHERS` those of all levels together.
        """
        known = self._families.setdefault(key, self._first_family(key))
        total = slices[OTHERS]
        atoms = {
            name: np.concatenate([counts, *(counts - family[name] for family in known if name in family)])
            for name, counts in slices.items() if name != OTHERS
        }  # fmt: skip
        whole = np.concatenate([total, *(total - family[OTHERS] for family in known)])
        if not are_safe(whole, self.below) or (not key and not are_safe(self.observed - total[0], self.below)):
            return set()
        width = {counts.size for counts in atoms.values()} | {whole.size}
        if len(width) > 1:
            return set()
        also = (*self._gone.get(key, ()), *(self.hidden_outcome(key) if key else ()))
        gone = hidden_levels(atoms, whole, self.below, also=also) if atoms else set()
        self._gone[key] = gone
        known.append(dict(slices))
        return {OTHERS, *slices} - gone

    @cached_property
    def observed(self) -> Vector:
        """Return the numbers of patients with a value of each variable that the table of characteristics shows."""
        node, found = self.node("baseline"), []
        for row in node.rows if node else ():
            n, lost = value_of(row, "n"), value_of(row, "n_missing")
            if "=" not in row.term and np.isfinite(lost) and not is_small(lost, self.below):
                found.append(n)
        return np.array(found)

    def _first_family(self, key: str) -> list[dict[str, Vector]]:
        whole = _basic(self.total)
        if not key:
            return [{OTHERS: whole}]
        if self.node("kaplan_meier", key) is None:
            return []
        levels = {name: _basic(self.counts(key, name)) for name in self.levels(key) if self.counts(key, name)[0]}
        return [{**levels, OTHERS: sum(levels.values(), np.zeros(3))}]


def _basic(counts: Vector) -> Vector:
    """Return patients, events of interest, and all others."""
    return np.array([counts[0], counts[1], counts[0] - counts[1]])


def _both(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    return tuple(t for t in one if t in set(other))


def _difference(mine: Course, theirs: Course) -> Course:
    """Return a course whose events are the differences of the first events; who is at risk is taken from `mine`."""
    time = np.union1d(mine.time, theirs.time)
    events = np.zeros((time.size, 1))
    np.add.at(events, np.searchsorted(time, mine.time), mine.events[:, :1])
    np.subtract.at(events, np.searchsorted(time, theirs.time), theirs.events[:, :1])
    # Censored so that the numbers at risk add up, as shared_grid demands of every part.
    left = mine.events.sum(axis=1) + mine.censored
    leaving = np.zeros(time.size)
    np.add.at(leaving, np.searchsorted(time, mine.time), left)
    return Course(time, events, leaving - events[:, 0], np.cumsum(leaving[::-1])[::-1])


def split_term(term: str) -> tuple[str, str]:
    """Return column and level of a term; no level for a column as a whole."""
    column, _, level = term.partition("=")
    return column, level


def rests_on_tiny(term: str, judge: Judge) -> bool:
    """Tell whether a coefficient compares a level of few patients or events, or has one as its reference."""
    for info in judge.columns:
        if not info.levels or f"{info.name}=" not in term:
            continue
        tiny = judge.tiny(info.name)
        if info.levels[0] in tiny or any(f"{info.name}={level}" in term for level in tiny):
            return True
    return False

"""An attacker on the files of a run: published numbers as sets of patients, and what follows by subtraction."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reporter.cohort.frame import AnalysisFrame
from reporter.pipeline.progress import Silent
from reporter.pipeline.run import Outcome, RunRequest, compute

BELOW = 11
Mask = NDArray[np.bool_]

STUDY = """\
schema = 1
[study]
id = "attack"
title = "Small cells"
[data]
source = "development.csv"
id = "pid"
suppress_below = 11
[columns.age]
kind = "numeric"
per = 10
[columns.rare]
kind = "binary"
codes = {{0 = "No", 1 = "Yes"}}
[columns.size]
kind = "categorical"
levels = ["small", "middle", "large"]
missing = ["?"]
[columns.site]
kind = "categorical"
levels = ["a", "b", "c", "d"]
[columns.marker]
kind = "numeric"
[[cohort.exclude]]
label = "No consent"
column = "consent"
equals = "no"
{another}
[endpoints.os]
label = "Survival"
time = "time"
unit = "{unit}"
event = "status"
event_values = [1]
{competing}
horizons = {horizons}
{second}
[analysis]
endpoints = {endpoints}
groups = ["rare", "size", "site"]
covariates = ["age", "rare", "size", "site", "marker"]
{extra}
[validation]
source = "validation.csv"
"""


def make_table(rng: np.random.Generator, n: int, unit: str) -> list[dict[str, str]]:
    """Return a cohort with small levels, few missing values and few censored early."""
    out = []
    few = rng.choice(n, size=int(rng.integers(3, 9)), replace=False)
    lost = set(rng.choice(n, size=int(rng.integers(2, 30)), replace=False).tolist())
    shares = rng.dirichlet([4, 3, 1.5, 0.25])
    for i in range(n):
        age = float(np.clip(rng.normal(62, 12), 20, 97))
        rare = i in few
        size = ("small", "middle", "large")[int(rng.choice(3, p=[0.5, 0.35, 0.15]))]
        risk = np.exp(0.03 * (age - 62) + 0.5 * (size == "large"))
        time, end = rng.exponential(60 / risk), rng.uniform(6, 110)
        months = min(time, end)
        status = 0 if end < time else int(rng.choice([1, 2], p=[0.75, 0.25]))
        shown = max(int(months), 0) if unit == "months" else months / 12
        out.append(
            {
                "pid": f"SECRET{i:05d}", "age": f"{age:.0f}", "rare": str(int(rare)),
                "size": "?" if i in lost else size, "site": "abcd"[int(rng.choice(4, p=shares))],
                "marker": "" if rng.random() < 0.006 else f"{rng.gamma(2, 30):.2f}", "time": repr(shown),
                "status": str(status), "consent": "no" if rng.random() < 0.005 else "yes",
                "other": "yes" if rng.random() < 0.08 else "no",
            }
        )  # fmt: skip
    return out


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    """Write a table as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


ANOTHER = """\
[[cohort.exclude]]
label = "Another tumour"
column = "other"
equals = "yes"
"""
SECOND = """\
[endpoints.css]
label = "Survival of the disease"
time = "time"
unit = "{unit}"
event = "status"
event_values = [1]
censored_values = [0, 2]
horizons = {horizons}
"""


def run_attacked(
    folder: Path, seed: int, *, competing: bool, unit: str, extra: str = "", two: bool = False, excluded: str = ""
) -> Outcome:  # fmt: skip
    """Run a random study with small cells in memory; with `two` endpoints the first counts every death."""
    rng = np.random.default_rng(seed)
    write_table(folder / "development.csv", make_table(rng, int(rng.integers(400, 1200)), unit))
    write_table(folder / "validation.csv", make_table(rng, int(rng.integers(150, 500)), unit))
    cause = 'competing = {death = {column = "status", values = [2]}}\ncensored_values = [0]' if competing else ""
    horizons = "[12, 36, 60]" if unit == "months" else "[1, 3, 5]"
    if not competing and not two:
        for name in ("development", "validation"):
            text = (folder / f"{name}.csv").read_text(encoding="utf-8")
            text = text.replace(",2,yes", ",0,yes").replace(",2,no", ",0,no")
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    words = {
        "unit": unit, "competing": cause, "horizons": horizons, "extra": extra, "endpoints": '["os"]', "second": "",
        "another": "" if excluded else ANOTHER,
    }  # fmt: skip
    if two:
        words |= {"endpoints": '["os", "css"]', "second": SECOND.format(unit=unit, horizons=horizons)}
    text = STUDY.format(**words)
    study = folder / "study.toml"
    study.write_text(text.replace("event_values = [1]", "event_values = [1, 2]", 1) if two else text, encoding="utf-8")
    request = RunRequest(study=study, out=folder / "out", to="html", verify=False)
    return compute(request, Silent())


@dataclass
class Attack:
    """What the files say of one cohort, as sets of its patients.

    Parameters
    ----------
    sets
        Published sets by where they were read; each tells how many patients are in it.
    """

    frame: AnalysisFrame
    sets: dict[str, Mask] = field(default_factory=dict)

    def level(self, variable: str, level: str) -> Mask:
        """Return the patients at a level, all for the empty level."""
        if not variable or not level:
            return np.ones(self.frame.n, dtype=bool)
        column = self.frame.columns[variable]
        return np.asarray(column.codes == column.levels.index(level))

    def events(self, cause: str = "") -> Mask:
        """Return who had the event, or an event of a cause."""
        if not cause or self.frame.cause is None:
            return self.frame.event
        names = ("os", *self.frame.causes)
        return np.asarray(self.frame.cause == names.index(cause) + 1)

    def complete(self, analysis: str, term: str) -> Mask:
        """Return the patients of a model."""
        names = ("age", "rare", "size", "site", "marker")
        if analysis.startswith("cox_univariable"):
            names = (term.partition("=")[0],)
        return np.asarray(self.frame.complete(names))

    def who(self, row: Mapping[str, str]) -> Mask | None:
        """Return the patients that a number of stats.csv counts; None when it counts nobody."""
        analysis, stat, cause = row["analysis"], row["stat"], ""
        keep = self.level(row["group"], row["level"]) if row["group"] in self.frame.columns else self.level("", "")
        if analysis in ("baseline", "missing"):
            return self._of_table(row, keep)
        if row["group"] and row["group"] not in self.frame.columns:
            return None
        if "cumulative_incidence" in analysis or analysis == "gray_test":
            cause = row["term"]
        elif row["term"]:
            keep = keep & self.complete(analysis, row["term"])
            column, _, level = row["term"].partition("=")
            if level and column not in self.frame.columns:
                return None
            keep = keep & self.level(column, level) if level else keep
        time = float(row["time"]) if row["time"] else None
        return self._of_outcome(analysis, stat, keep, cause, time)

    def _of_outcome(self, analysis: str, stat: str, keep: Mask, cause: str, time: float | None) -> Mask | None:
        event, at = self.events(cause), self.frame.time
        if stat == "n_risk" and time is not None:
            return np.asarray(keep & (at >= time))
        if stat in ("n_event", "cumulative_n_event") and time is not None and analysis != "competing_performance":
            return np.asarray(keep & event & (at <= time))
        if stat == "n" and time is None:
            return keep
        if stat == "n_event" or (stat == "observed" and analysis in ("log_rank", "gray_test")):
            return np.asarray(keep & event)
        if stat == "n_censor" and time is None:
            every = self.frame.cause is not None and analysis == "follow_up"
            return np.asarray(keep & ~(self.frame.cause > 0 if every else self.frame.event))
        return None

    def _of_table(self, row: Mapping[str, str], keep: Mask) -> Mask | None:
        column, _, level = row["term"].partition("=")
        if row["group"] and row["group"] not in self.frame.columns:
            return None
        if column == "GLOBAL":
            found = keep & self.frame.event if row["stat"] == "n_event" else keep
            return np.asarray(found) if row["stat"] in ("n", "n_event") else None
        if column not in self.frame.columns:
            return None
        observed = keep & self.frame.columns[column].observed
        if row["stat"] == "n_missing":
            return np.asarray(keep & ~observed)
        if row["stat"] == "n":
            return np.asarray(keep & self.level(column, level)) if level else observed
        return None

    def read(self, rows: list[dict[str, str]]) -> None:
        """Take in stats.csv; the number must be that of the set, or the attack itself is wrong."""
        for row in rows:
            if row["value"] and (row["cohort"], row["endpoint"]) == (self.frame.cohort, self.frame.endpoint):
                found = self.who(row)
                if found is not None:
                    assert float(row["value"]) == found.sum(), row
                    self.sets[row["address"]] = found
        self._percents(rows)

    def _percents(self, rows: list[dict[str, str]]) -> None:
        """A percentage gives the level when the observed are known, and the observed when the level is."""
        for row in rows:
            mine = (row["cohort"], row["endpoint"]) == (self.frame.cohort, self.frame.endpoint)
            if row["stat"] != "percent" or not row["value"] or not mine:
                continue
            observed = self.who({**row, "stat": "n", "term": row["term"].partition("=")[0]})
            level = self.who({**row, "stat": "n"})
            place = row["address"].removesuffix("percent")
            if observed is not None and level is not None and level.any():
                self.sets[place + "observed by percent"] = observed
                self.sets[place + "level by percent"] = level

    def read_curves(self, results: dict[str, object]) -> None:
        """Take in every point of every curve of results.json."""
        for node in results["analyses"]:  # type: ignore[attr-defined]
            mine = (node["cohort"], node["endpoint"]) == (self.frame.cohort, self.frame.endpoint)
            if not mine or "curve" not in node["analysis"]:
                continue
            for curve in node["curves"]:
                for column in curve["columns"]:
                    for time, value in zip(curve["time"], column["values"], strict=True):
                        row = {
                            "analysis": node["analysis"], "group": curve["group"], "level": curve["level"],
                            "term": curve["term"], "time": repr(time), "stat": column["stat"],
                        }  # fmt: skip
                        found = self.who(row) if value is not None else None
                        if found is not None:
                            assert value == found.sum(), row
                            self.sets[f"{node['analysis']}/{curve['level']}/{time}/{column['stat']}"] = found

    def small_published(self) -> list[str]:
        """Return the published sets of few patients."""
        return [name for name, who in self.sets.items() if 0 < who.sum() < BELOW]

    def basis(self) -> NDArray[np.float64]:
        """Return an orthonormal basis of all that adding and subtracting published counts gives, over patient types."""
        matrix = np.unique(np.array(list(self.sets.values()), dtype=float), axis=0)
        _, s, vt = np.linalg.svd(matrix, full_matrices=False)
        return np.asarray(vt[s > 1e-8 * s[0]])

    def derivable(self, targets: Mapping[str, Mask]) -> list[str]:
        """Return the targets whose number follows from the published numbers by adding and subtracting."""
        space = self.basis()
        found = []
        for name, who in targets.items():
            vector = who.astype(float)
            if np.linalg.norm(vector - space.T @ (space @ vector)) < 1e-6:
                found.append(name)
        return found

    def small_cells(self) -> Iterator[tuple[str, Mask]]:
        """Yield the sets of few patients that a reader might want: levels, crossed levels, outcomes, times."""
        frame, everybody = self.frame, np.ones(self.frame.n, dtype=bool)
        parts: dict[str, Mask] = {"all": everybody}
        for name in ("rare", "size", "site"):
            column = frame.columns[name]
            for level in column.levels:
                parts[f"{name}={level}"] = self.level(name, level)
            parts[f"{name} missing"] = ~column.observed
        for name in ("marker", "age"):
            parts[f"{name} missing"] = ~frame.columns[name].observed
        whole = frame.complete(("age", "rare", "size", "site", "marker"))
        parts["out of the model"] = ~whole
        times = sorted({float(t) for t in np.unique(frame.time)})
        names = list(parts)
        for i, one in enumerate(names):
            for other in names[i:]:
                yield f"{one} & {other}", parts[one] & parts[other]
            for what, outcome in (("event", frame.event), ("censored", ~frame.event)):
                yield f"{one} & {what}", parts[one] & outcome
                yield f"{one} & {what} & in the model", parts[one] & outcome & whole
            yield f"{one} & in the model", parts[one] & whole
        edges = [0.0, *times[:: max(len(times) // 60, 1)], times[-1] + 1]
        for one in names[:12]:
            for low, high in pairwise(edges):
                inside = (frame.time > low) & (frame.time <= high)
                yield f"{one} & event in ({low}, {high}]", parts[one] & frame.event & inside
                before = (frame.time >= low) & (frame.time < high)
                yield f"{one} & censored in [{low}, {high})", parts[one] & ~frame.event & before
                yield f"{one} & leaving in [{low}, {high})", parts[one] & before

    def targets(self) -> dict[str, Mask]:
        """Return the small cells by name."""
        return {name: who for name, who in self.small_cells() if 0 < who.sum() < BELOW}

    def small_differences(self) -> list[tuple[str, str]]:
        """Return pairs of published sets, one inside the other, that differ by few patients."""
        names = list(self.sets)
        unique: dict[bytes, str] = {}
        for name in names:
            unique.setdefault(self.sets[name].tobytes(), name)
        kept = list(unique.values())
        matrix = np.array([self.sets[name] for name in kept], dtype=np.int32)
        common = matrix @ matrix.T
        size = np.diag(common)
        inside = common == size[:, None]
        gap = size[None, :] - size[:, None]
        return [(kept[i], kept[j]) for i, j in np.argwhere(inside & (gap > 0) & (gap < BELOW))]


def stats_of(outcome: Outcome) -> list[dict[str, str]]:
    """Return the rows of stats.csv."""
    return list(csv.DictReader(io.StringIO(outcome.files["stats.csv"].decode())))


def attack(outcome: Outcome, frame: AnalysisFrame) -> Attack:
    """Read all published counts of one cohort from the files."""
    found = Attack(frame)
    found.read(stats_of(outcome))
    found.read_curves(json.loads(outcome.files["results.json"]))
    return found

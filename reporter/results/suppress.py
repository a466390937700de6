"""Small-cell suppression: one pass over the result tree, before anything is written.

Counts of fewer patients than a cohort allows are hidden, and so is whatever would give them back: by subtraction from
totals, by percentages, by the steps of a curve, by the numbers at risk. What is hidden has no value and the reason
``suppressed_small_cell``; figures, tables and texts are made from the tree that is left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reporter.results.ledger import LedgerRow, Verdict, Verification
from reporter.results.small_cells import is_small
from reporter.results.suppress_counts import Judge
from reporter.results.suppress_missing import drift
from reporter.results.suppress_rules import suppress_node
from reporter.results.suppress_values import hide_node, quiet
from reporter.results.tree import (
    AnalysisNode,
    AttritionStep,
    CohortInfo,
    DecisionNode,
    EndpointInfo,
    Results,
    last_point,
)

SMALLEST = 11
"""Smallest number of patients shown from a registry: a house rule after the cell-size policy of CMS."""

DEVELOPMENT = "development"
# What compares the validation cohort with the development cohort shows numbers of both.
_OF_BOTH = ("drift",)
_CODE = re.compile(r"\[(\w+)\]\s*$")
_PLACE = re.compile(r"^\w+: [^ ]+: ")


def limits_of(results: Results) -> dict[str, int]:
    """Return by cohort the smallest number of patients that may be shown; cohorts without a limit are left out."""
    return {info.name: info.suppress_below for info in results.cohorts if info.suppress_below > 1}


def suppress_small_cells(results: Results) -> Results:
    """Return the tree without small cells of the cohorts that have a limit (`CohortInfo.suppress_below`).

    The verdicts of the check stay, its values do not. A tree without such a cohort is returned as it is.
    """
    limits = limits_of(results)
    if not limits:
        return results
    judges = {key: judge for name, below in limits.items() for key, judge in _judges(results, name, below).items()}
    nodes = []
    for node in results.analyses:
        judge = judges.get((node.cohort, node.endpoint))
        if node.analysis in _OF_BOTH:
            both = [judges[key] for cohort in limits if (key := (cohort, node.endpoint)) in judges]
            nodes.append(drift(node, both) if both else hide_node(node))
        else:
            nodes.append(node if judge is None else suppress_node(node, judge))
    closed = {key for key, judge in judges.items() if judge.is_closed}
    tree: dict[str, object] = {
        "analyses": tuple(nodes),
        "cohorts": tuple(_cohort(info, limits, closed) for info in results.cohorts),
        "endpoints": tuple(_endpoint(info, limits, closed) for info in results.endpoints),
        "decision_tree": _tree(results, judges),
        "verification": _ledger(results.verification, results.analyses, nodes, limits),
    }
    return results.model_copy(update=tree)


def _judges(results: Results, cohort: str, below: int) -> dict[tuple[str, str], Judge]:
    found: dict[tuple[str, str], Judge] = {}
    for endpoint in results.endpoints:
        own = [n for n in results.analyses if (n.cohort, n.endpoint) == (cohort, endpoint.name)]
        earlier = tuple(judge for judge in found.values() if not judge.is_closed)
        found[cohort, endpoint.name] = Judge(own, endpoint, below, results.columns, earlier)
    return found


# -- flow --------------------------------------------------------------------------------------------------------------
def _of_endpoint(step: AttritionStep) -> bool:
    return step.name.startswith(("missing_", "entry_"))


def _joined(first: AttritionStep, second: AttritionStep) -> AttritionStep:
    label = f"{first.label}; {second.label}"
    return second.model_copy(update={"label": label, "n_removed": first.n_removed + second.n_removed})


def merge_small_steps(steps: Sequence[AttritionStep], below: int) -> list[AttritionStep]:
    """Return the steps with each small one joined to the next, the last to the one before; they may stay small.

    A step that removes nobody tells nothing of others and stays as it is, unless it stands between.
    """
    merged: list[AttritionStep] = []
    for step in steps:
        merged.append(_joined(merged.pop(), step) if merged and is_small(merged[-1].n_removed, below) else step)
    while len(merged) > 1 and is_small(merged[-1].n_removed, below):
        last = merged.pop()
        merged.append(_joined(merged.pop(), last))
    return merged


def _cohort(info: CohortInfo, limits: Mapping[str, int], closed: set[tuple[str, str]]) -> CohortInfo:
    below = limits.get(info.name)
    if below is None:
        return info
    chain = merge_small_steps([s for s in info.steps if not _of_endpoint(s)], below)
    ends = [s for s in info.steps if _of_endpoint(s) and (info.name, s.name.partition("_")[2]) not in closed]
    while chain and any(is_small(step.n_removed, below) for step in ends):
        last = chain.pop()
        ends = [_joined(last, step) if step.name.startswith("missing_") else step for step in ends]
    small = any(is_small(step.n_removed, below) for step in (*chain, *ends))
    shown = {"steps": (), "n_read": None} if small else {"steps": (*chain, *ends)}
    hidden = [_whole_endpoint(name) for cohort, name in sorted(closed) if cohort == info.name]
    findings = tuple(dict.fromkeys([*(_finding(text) for text in info.findings), *hidden]))
    return info.model_copy(update={**shown, "findings": findings})


def _whole_endpoint(endpoint: str) -> str:
    """Say why an endpoint has no number at all, and what to do."""
    return (
        f"warning: endpoints.{endpoint}: all its numbers are hidden, for its patients, its events or those censored "
        "are few, or differ by few from those of another endpoint. Where few have one outcome and not the other, "
        "exclude them for both under [[cohort.exclude]]. [endpoint_hidden]"
    )


def _finding(text: str) -> str:
    """Return a finding without its numbers: its code where it has any."""
    if not any(character.isdigit() for character in _PLACE.sub("", text)):
        return text
    code = _CODE.search(text)
    return f"{code[1] if code else 'warning'}: numbers are not shown; `reporter check` prints them"


def _endpoint(info: EndpointInfo, limits: Mapping[str, int], closed: set[tuple[str, str]]) -> EndpointInfo:
    below = limits.get(DEVELOPMENT)
    if below is None or not info.n_gap:
        return info
    gone = is_small(info.n_gap, below) or (DEVELOPMENT, info.name) in closed
    return info.model_copy(update={"n_gap": None}) if gone else info


# -- phenotypes --------------------------------------------------------------------------------------------------------
def _tree(results: Results, judges: Mapping[tuple[str, str], Judge]) -> tuple[DecisionNode, ...]:
    """Return the printed tree, or nothing when one of its nodes has a small number of patients of a phenotype."""
    judge = judges.get((DEVELOPMENT, results.endpoints[0].name))
    if judge is None or not results.decision_tree:
        return results.decision_tree
    counts = [node.n * share for node in results.decision_tree for share in (1.0, *node.shares)]
    few = any(is_small(round(count), judge.below) for count in counts)
    other = results.decision_tree[0].n != judge.total[0]
    return () if few or other or judge.is_closed or judge.hidden_outcome("phenotype") else results.decision_tree


# -- ledger ------------------------------------------------------------------------------------------------------------
def _new_addresses(before: Sequence[AnalysisNode], after: Sequence[AnalysisNode]) -> dict[str, str]:
    """Return for each column of a curve its former address and the one it has now; without a time when it is gone."""
    found = {}
    for old, new in zip(before, after, strict=True):
        kept = {(curve.group, curve.level, curve.term): curve for curve in new.curves}
        for curve in old.curves:
            for column in curve.columns:
                last = last_point(column.values)
                if last is None:
                    continue
                former = old.address(curve, column.stat, curve.time[last])
                own = kept.get((curve.group, curve.level, curve.term))
                place = None if own is None else last_point(own.column(column.stat))
                time = None if own is None or place is None else own.time[place]
                found[former] = old.address(curve, column.stat, time)
    return found


def _ledger(
    verification: Verification, before: Sequence[AnalysisNode], after: Sequence[AnalysisNode], limits: Mapping[str, int]
) -> Verification:  # fmt: skip
    """Return the check with its verdicts, without the values of the cohorts that have a limit."""
    moved = _new_addresses(before, after)
    rows = []
    for row in verification.rows:
        cohort, _, analysis, *_ = row.address.split("/")
        if cohort not in limits and analysis not in _OF_BOTH:
            rows.append(row)
            continue
        kept = row.note if row.verdict in (Verdict.NOT_CHECKABLE, Verdict.NOT_RUN) else ""
        note = quiet(kept)
        rows.append(
            LedgerRow(
                address=moved.get(row.address, row.address), python=None, r=None, tolerance=row.tolerance,
                verdict=row.verdict, note=note,
            )
        )  # fmt: skip
    return verification.model_copy(update={"rows": tuple(rows), "without_values": tuple(limits)})

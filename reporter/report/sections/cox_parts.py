"""Rows of splines and interactions in the table of a Cox model, and which rows can be read alone."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.report.document import Inline
from reporter.report.sections.context import Context
from reporter.report.sections.tables import note
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, ColumnInfo, Row
from reporter.spec.options import CoxOptions

_SIGNIFICANT = 0.05


def terms_of(info: ColumnInfo) -> list[str]:
    """Return the terms of a column's rows: of its levels, or of the columns of its spline."""
    if info.levels:
        return [level_term(info.name, level) for level in info.levels]
    return [info.name + "'" * j for j in range(max(len(info.spline) - 1, 1))]


def notes_on_parts(context: Context, options: CoxOptions | None) -> list[Inline]:
    """Return how to read the rows of splines and interactions."""
    _ = context.gettext
    out: list[Inline] = []
    if options is not None and any(term.spline for term in options.terms):
        text = _(
            "b, coefficient of a column of a spline; the columns belong together: none alone is the effect of the "
            "covariate."
        )
        out.append(note(text))
    if options is not None and options.interactions:
        text = _(
            "The ratio of a covariate in an interaction holds where the other covariate is at its reference level or "
            "0; the rows of the interaction are ratios of hazard ratios."
        )
        out.append(note(text))
    return out


def terms_alone(node: AnalysisNode) -> frozenset[str]:
    """Return the terms whose hazard ratio can be read by itself."""
    if not isinstance(node.options, CoxOptions):
        return frozenset()
    paired = {name for pair in node.options.interactions for name in pair}
    specs = [spec for spec in node.options.terms if not spec.spline and spec.column not in paired]
    return frozenset(
        name for spec in specs for name in (spec.column, *(level_term(spec.column, level) for level in spec.levels))
    )


def leading_terms(node: AnalysisNode) -> Sequence[Row]:
    """Return the rows of a Cox node with a P value under .05, the strongest first.

    Rows of a spline or of an interaction's covariates are left out: alone their ratios say nothing.
    """
    alone = terms_alone(node)
    rows = [row for row in node.rows if row.term in alone and any(s.stat == "p_value" for s in row.stats)]
    known = [(row.get("statistic").value, row.get("p_value").value, row) for row in rows]
    found = [(abs(z), row) for z, p, row in known if z is not None and p is not None and p < _SIGNIFICANT]
    return [row for _z, row in sorted(found, key=lambda pair: -pair[0])]

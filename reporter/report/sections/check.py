"""The check against R: the statement of the title page and the tables of the appendix."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reporter.report.document import Badge, Block, Bullets, Callout, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.format import count, scientific, significant
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.ledger import LedgerRow, Verdict

_KNOWN = re.compile(r"known_difference: (\w+ \(.*?\))(?:;|$)")
_BAD = (Verdict.DISAGREES, Verdict.MISSING_IN_R, Verdict.MISSING_IN_PYTHON)
_WORST = 1
_MOST_BAD = 40


def _n(number: int) -> Run:
    return Run(count(number), is_label=True)


def badge(context: Context) -> Badge:
    """Return the statement of the title page: verified, disagrees, or not verified and why."""
    _ = context.gettext
    check = context.results.verification
    if not check.ran or not check.rows:
        why = check.why_not or _("the check gave no rows")
        text = _("The numbers of this report were computed once, in Python, and not checked against R: {why}.")
        return Badge("not_verified", _("Not verified"), fill(text, why=words(why.rstrip("."))))
    runs = [*_counts(context), *subset_sentences(context)]
    if check.all_agree and check.subsets:
        return Badge("verified", _("Verified against R on a random subset"), tuple(runs))
    if check.all_agree:
        return Badge("verified", _("Verified against R"), tuple(runs))
    bad = sum(check.count(verdict) for verdict in _BAD)
    if bad:
        return Badge("disagrees", _("R disagrees"), tuple(runs))
    return Badge("not_verified", _("Verified in part"), tuple(runs))


def subset_sentences(context: Context) -> Inline:
    """Return what is said of frames that were checked on some of their rows."""
    _ = context.gettext
    several = len(context.results.endpoints) > 1
    text = _(
        " {cohort}: the check was made on {n} of {total} patients, drawn at random (seed {seed}); Python and R both "
        "computed on these alone."
    )
    runs: list[Run] = []
    for subset in context.results.verification.subsets:
        where = context.cohort_label(subset.cohort)
        runs += fill(
            text,
            cohort=words(f"{where}, {subset.endpoint}" if several else where),
            n=_n(subset.n_checked),
            total=_n(subset.n_used),
            seed=Run(str(subset.seed), is_label=True),
        )
    return tuple(runs)


def _counts(context: Context) -> Inline:
    _ = context.gettext
    check = context.results.verification
    agree = check.count(Verdict.AGREES)
    if agree == check.n_checked:
        first = fill(_("{n} numbers were computed twice, in Python and in R; all agree."), n=_n(agree))
    else:
        text = _("{n} numbers were computed twice, in Python and in R: {agree} agree, {bad} do not (marked †).")
        first = fill(text, n=_n(check.n_checked), agree=_n(agree), bad=_n(check.n_checked - agree))
    parts = list(first)
    largest = check.largest_relative_difference
    if largest is not None:
        number = Run(scientific(largest), is_label=True)
        parts += fill(_(" Largest relative difference {value}."), value=number)
    if check.count(Verdict.NOT_CHECKABLE):
        parts += fill(_(" {n} have no counterpart in R."), n=_n(check.count(Verdict.NOT_CHECKABLE)))
    if check.count(Verdict.NOT_RUN):
        parts += fill(_(" For {n} the check did not run (marked †)."), n=_n(check.count(Verdict.NOT_RUN)))
    parts += fill(
        _(" R {r}, survival {survival}."),
        r=words(check.r_version or "?"),
        survival=words(check.survival_version or "?"),
    )
    return tuple(parts)


def _analysis_of(row: LedgerRow) -> tuple[str, str, str]:
    cohort, endpoint, analysis, *_rest = (*row.address.split("/"), "", "", "")
    return cohort, endpoint, analysis


def _grouped(rows: Iterable[LedgerRow]) -> dict[tuple[str, str, str], list[LedgerRow]]:
    groups: dict[tuple[str, str, str], list[LedgerRow]] = {}
    for row in rows:
        groups.setdefault(_analysis_of(row), []).append(row)
    return groups


def verdict_table(context: Context) -> Table:
    """Return the verdicts by analysis."""
    _ = context.gettext
    shown = [v for v in Verdict if v is Verdict.AGREES or context.results.verification.count(v)]
    titles = {
        Verdict.AGREES: _("Agree"),
        Verdict.DISAGREES: _("Disagree"),
        Verdict.MISSING_IN_R: _("Missing in R"),
        Verdict.MISSING_IN_PYTHON: _("Missing in Python"),
        Verdict.NOT_CHECKABLE: _("Not checkable"),
        Verdict.NOT_RUN: _("Not run"),
    }
    rows = []
    for key, found in _grouped(context.results.verification.rows).items():
        largest = max((row.rel_diff for row in found if row.rel_diff is not None), default=None)
        counts = [sum(row.verdict is verdict for row in found) for verdict in shown]
        rows.append(
            TableRow(
                (
                    cell(words("/".join(key))),
                    *(
                        cell(_n(n), align="right", strong=bool(n) and v in _BAD)
                        for n, v in zip(counts, shown, strict=True)
                    ),
                    cell(Run(scientific(largest) if largest is not None else "", is_label=True), align="right"),
                )
            )
        )
    head = heads(
        (_("Analysis"), "left"), *((titles[v], "right") for v in shown), (_("Largest relative difference"), "right")
    )
    caption = fill(_("Numbers by analysis and verdict."))
    return Table("verdicts", caption, head, tuple(rows))


def _ledger_cells(row: LedgerRow) -> TableRow:
    def number(value: float | None) -> Run:
        return Run(significant(value) if value is not None else "—", is_label=True)

    difference = row.rel_diff if row.rel_diff is not None else row.abs_diff
    shown = Run(scientific(difference) if difference is not None else "—", is_label=True)
    return TableRow(
        (
            cell(words(row.address)), cell(number(row.python), align="right"), cell(number(row.r), align="right"),
            cell(shown, align="right"), cell(words(row.tolerance), align="left"),
        )
    )  # fmt: skip


def _ledger_table(context: Context, name: str, caption: Inline, rows: list[LedgerRow]) -> Table:
    _ = context.gettext
    head = heads(
        (_("Address"), "left"), (_("Python"), "right"), (_("R"), "right"), (_("Relative difference"), "right"),
        (_("Tolerance"), "left"),
    )  # fmt: skip
    body = tuple(_ledger_cells(row) for row in rows)
    return Table(name, caption, head, body, widths=(4.4, 1.5, 1.5, 1.5, 2.2))


def worst_rows(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Return the row with the largest relative difference of each analysis."""
    out = []
    for found in _grouped(rows).values():
        known = [row for row in found if row.rel_diff and row.verdict is Verdict.AGREES]
        out += sorted(known, key=lambda row: (-(row.rel_diff or 0.0), row.address))[:_WORST]
    return out


def _not_checked(context: Context) -> tuple[Block, ...]:
    _ = context.gettext
    reasons: dict[str, int] = {}
    for row in context.results.verification.rows:
        if row.verdict in (Verdict.NOT_CHECKABLE, Verdict.NOT_RUN):
            reasons[row.note or row.verdict.value] = reasons.get(row.note or row.verdict.value, 0) + 1
    if not reasons:
        return ()
    items = tuple(fill(_("{n}: {why}"), n=_n(n), why=words(why)) for why, n in reasons.items())
    return (Paragraph(fill(_("Not checked, with the number of rows and the reason:"))), Bullets(items))


def _known_differences(context: Context) -> tuple[Block, ...]:
    _ = context.gettext
    found: dict[str, int] = {}
    for row in context.results.verification.rows:
        for text in _KNOWN.findall(row.note):
            found[text] = found.get(text, 0) + 1
    if not found:
        return ()
    items = tuple(fill(_("{what}: {n} rows"), what=words(text), n=_n(n)) for text, n in found.items())
    intro = _(
        "Where lifelines follows another convention than R and this report (from the register of known differences):"
    )
    return (Paragraph(fill(intro)), Bullets(items))


def check_blocks(context: Context) -> tuple[Block, ...]:
    """Return the appendix on the check."""
    _ = context.gettext
    check = context.results.verification
    if not check.ran or not check.rows:
        return (Callout(badge(context).runs, "warning"),)
    blocks: list[Block] = [verdict_table(context)]
    if check.subsets:
        text = _(
            "Where R is expected to need more than {limit} s, cohorts of more than {n} patients are checked on that "
            "many. The numbers in this appendix and in verification.csv are those of the random subset, not those of "
            "the report; a number of the report is checked in so far as the same program made both. data_for_r.csv "
            "holds the subset."
        )
        rule = check.subsets[0]
        said = fill(text, limit=Run(f"{rule.limit_s:g}", is_label=True), n=_n(rule.n_checked))
        blocks.append(Callout((*said, *subset_sentences(context)), "info"))
    bad = [row for row in check.rows if row.verdict in _BAD]
    if bad:
        caption = fill(
            _("Numbers that R does not confirm ({shown} of {n})."), shown=_n(min(len(bad), _MOST_BAD)), n=_n(len(bad))
        )
        blocks.append(_ledger_table(context, "not_confirmed", caption, bad[:_MOST_BAD]))
    worst = worst_rows(check.rows)
    if worst:
        caption = fill(_("The largest relative difference of each analysis."))
        blocks.append(_ledger_table(context, "worst_rows", caption, worst))
    blocks += _not_checked(context)
    blocks += _known_differences(context)
    blocks.append(
        Paragraph(note(_("All rows are in verification.csv; reproduce.R computes the column of R again.")), "note")
    )
    return tuple(blocks)


def check_section(context: Context) -> Section:
    """Return the check as a part of the appendix."""
    return Section("check", context.gettext("Check against R"), check_blocks(context))

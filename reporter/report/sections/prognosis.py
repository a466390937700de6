"""The multivariable model as a prognostic one: sample size, optimism, and its arithmetic by hand."""

from __future__ import annotations

from reporter.report.document import Block, Inline, Paragraph, Run, Section, Table, TableRow
from reporter.report.format import count, decimals, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, join, sentence, words
from reporter.report.sections.nomogram import nomogram_blocks
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo, Row
from reporter.spec.options import NomogramOptions, OptimismOptions, SampleSizeOptions

ANALYSES = ("optimism", "sample_size", "nomogram")


def sample_size_sentence(context: Context, endpoint: EndpointInfo) -> Inline:
    """Say how many patients and events the model asks for, and how many there are."""
    _ = context.gettext
    node = context.node("sample_size", "development", endpoint.name)
    if node is None or not isinstance(node.options, SampleSizeOptions):
        return ()
    if not node.rows:
        return tuple(sentence(text) for text in node.notes)
    row = node.rows[0]
    if row.get("needed").value is None:
        return ()
    text = _(
        "A model of {p} coefficients asks for {needed} patients with {events} events ({per} events per coefficient), "
        "with an anticipated R² (Cox and Snell) of {r2}; there are {n} with {d} ({own})."
    )
    return fill(
        text,
        **{
            place: context.spelt(node, row, stat, decimals(digits))
            for place, stat, digits in (
                ("p", "n_parameters", 0), ("needed", "needed", 0), ("events", "needed_events", 0),
                ("per", "needed_per_parameter", 1), ("r2", "anticipated_r2", 3), ("n", "n", 0), ("d", "n_event", 0),
                ("own", "events_per_parameter", 1),
            )
        },
    )  # fmt: skip


def _measures(context: Context, endpoint: EndpointInfo, node: AnalysisNode) -> list[tuple[Inline, Row, str, int]]:
    _ = context.gettext
    out: list[tuple[Inline, Row, str, int]] = []
    for row in node.rows:
        if row.time is None:
            out += [
                ((words(_("Harrell’s C, whole follow-up")),), row, "harrell_c", 4),
                ((words(_("Calibration slope")),), row, "calibration_slope", 3),
                ((words(_("R² (Nagelkerke)")),), row, "r2", 4),
            ]
            continue
        time = context.time_point(row.time, endpoint.unit)
        out += [
            (fill(_("Harrell’s C up to {time}"), time=time), row, "harrell_c", 4),
            (fill(_("Brier score at {time}"), time=time), row, "brier", 4),
        ]
    return out


def optimism_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return apparent value, optimism and corrected value of each measure; None without a bootstrap."""
    _ = context.gettext
    node = context.node("optimism", "development", endpoint.name)
    if node is None or not node.rows or not isinstance(node.options, OptimismOptions):
        return None
    if node.rows[0].get("n_resamples").value is None:
        return None
    lines = tuple(
        TableRow(
            (
                cell(*label),
                *(
                    cell(context.number(node, row, f"{name}_{end}", decimals(digits)), align="right",
                         strong=end == "corrected")
                    for end in ("apparent", "training", "test", "optimism", "corrected")
                ),
            )
        )
        for label, row, name, digits in _measures(context, endpoint, node)
    )  # fmt: skip
    head = heads(
        (_("Measure"), "left"), (_("Apparent"), "right"), (_("In the resamples"), "right"),
        (_("On all patients"), "right"), (_("Optimism"), "right"), (_("Corrected"), "right"),
    )  # fmt: skip
    caption = fill(_("{endpoint}: performance corrected for optimism."), endpoint=words(endpoint.label))
    text = _(
        "{resamples} bootstrap resamples, {failed} of them without a model. In the resamples, on all patients: mean of "
        "the models of the resamples, measured on their own patients and on all; optimism: their difference; "
        "corrected: apparent less optimism."
    )
    row = node.rows[0]
    said = fill(
        text,
        resamples=context.number(node, row, "n_resamples", count), failed=context.number(node, row, "n_failed", count),
    )  # fmt: skip
    notes = (said, *((sentence(found),) for found in node.notes))
    return Table(f"optimism_{endpoint.name}", caption, head, lines, notes=notes)


def coefficient_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the coefficients with five decimals, to compute with; None where there is no nomogram."""
    _ = context.gettext
    node = context.node("cox_multivariable", "development", endpoint.name)
    points = context.node("nomogram", "development", endpoint.name)
    if node is None or points is None or not points.rows or not isinstance(points.options, NomogramOptions):
        return None
    # Two coefficients a line.
    shown = [row for row in node.rows if any(found.stat == "estimate" for found in row.stats)]
    names = [cell(words(context.term_label(row.term))) for row in shown]
    numbers = [cell(context.number(node, row, "estimate", decimals(5)), align="right") for row in shown]
    pairs = list(zip(names, numbers, strict=True))
    empty = (cell(), cell())
    lines = [
        TableRow((*pairs[i], *(pairs[i + 1] if i + 1 < len(pairs) else empty))) for i in range(0, len(pairs), 2)
    ]  # fmt: skip
    title = ((_("Covariate"), "left"), (_("Coefficient"), "right"))
    caption = fill(_("{endpoint}: coefficients to compute with."), endpoint=words(endpoint.label))
    return Table(
        f"coefficients_{endpoint.name}", caption, heads(*title, *title), tuple(lines),
        notes=(_by_hand(context, endpoint, points), *_splines(context, points.options)),
    )  # fmt: skip


def _by_hand(context: Context, endpoint: EndpointInfo, node: AnalysisNode) -> Inline:
    """Say how survival is computed from the coefficients."""
    _ = context.gettext
    times = [row for row in node.rows if row.term == "GLOBAL" and row.time is not None]
    baseline = join(
        fill(
            _("{s0} at {time}"),
            s0=context.number(node, row, "baseline_survival", decimals(5)),
            time=context.time_point(row.time or 0.0, endpoint.unit),
        )
        for row in times
    )
    text = _(
        "Linear predictor: the sum of each coefficient times the value of its covariate in the step named (of a level: "
        "1 for a patient at that level, else 0), less {centre}."
    )
    first = fill(text, centre=context.number(node, node.rows[0], "predictor_centre", decimals(5)))
    if not times:
        return first
    second = _(
        "Survival: baseline survival to the power of the exponential of the linear predictor; baseline: {baseline}."
    )
    return (*first, Run(" "), *fill(second, baseline=baseline))


def _splines(context: Context, options: NomogramOptions) -> tuple[Inline, ...]:
    _ = context.gettext
    terms = [term for term in options.terms if term.spline]
    if not terms:
        return ()
    text = _(
        "Cubic part j of a spline in x with the knots k(1) to k(m): [(x − k(j))³ − (x − k(m−1))³ (k(m) − k(j)) / "
        "(k(m) − k(m−1)) + (x − k(m))³ (k(m−1) − k(j)) / (k(m) − k(m−1))] / (k(m) − k(1))², a cube of a number below 0 "
        "being 0. Knots: {knots}."
    )
    said = "; ".join(
        f"{context.column(term.column).label} {', '.join(plain_number(knot) for knot in term.spline)}" for term in terms
    )
    return (note(text.format(knots=said)),)


def prognosis_section(context: Context, endpoint: EndpointInfo, heading: str, anchor: str) -> Section | None:
    """Return sample size, optimism, nomogram and coefficients; None without a model."""
    blocks: list[Block] = [*context.failures(ANALYSES, "development", endpoint.name)]
    size = sample_size_sentence(context, endpoint)
    if size:
        blocks.append(Paragraph(size))
    table = optimism_table(context, endpoint)
    if table is not None:
        blocks.append(table)
    blocks += nomogram_blocks(context, endpoint)
    by_hand = coefficient_table(context, endpoint)
    if by_hand is not None:
        blocks.append(by_hand)
    return Section(anchor, heading, tuple(blocks)) if blocks else None

"""Treatments that begin after time zero: what is said of them, and the Cox model from a landmark on."""

from __future__ import annotations

from collections.abc import Iterable

from reporter.report.document import Block, Callout, Cell, Inline, Table, TableRow
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import absent_cell, cell, fill, words
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, EndpointInfo
from reporter.spec.options import LandmarkOptions, ModelOptions, PhenotypeOptions

GLOBAL = "GLOBAL"


def late_treatments(context: Context, names: Iterable[str]) -> tuple[str, ...]:
    """Return the labels of those columns that say of a treatment which begins after time zero."""
    found = (context.column(name) for name in names)
    return tuple(dict.fromkeys(info.label for info in found if info.after_start))


def _covariates(context: Context, endpoint: EndpointInfo) -> tuple[str, ...]:
    node = context.node("cox_multivariable", "development", endpoint.name)
    options = node.options if node is not None else None
    return tuple(term.column for term in options.terms) if isinstance(options, ModelOptions) else ()


def _landmark(context: Context, endpoint: EndpointInfo) -> tuple[AnalysisNode, LandmarkOptions] | None:
    node = context.node("cox_landmark", "development", endpoint.name)
    if node is None or not isinstance(node.options, LandmarkOptions):
        return None
    return node, node.options


def immortal_time_in_groups(context: Context, names: Iterable[str]) -> tuple[Block, ...]:
    """Return the note beside survival by such treatments; nothing where there is none."""
    _ = context.gettext
    labels = late_treatments(context, names)
    if not labels:
        return ()
    text = _(
        "{names} began after time zero: to be in the treated group a patient had to live until then (immortal time). "
        "Curves and tests by it favour treatment and do not estimate its effect."
    )
    return (Callout(fill(text, names=words(", ".join(labels))), "warning"),)


def _immortal_time_in_model(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    _ = context.gettext
    labels = late_treatments(context, _covariates(context, endpoint))
    if not labels:
        return ()
    text = _(
        "{names} began after time zero: treated patients had to live until then (immortal time), so that its hazard "
        "ratio is biased in favour of treatment."
    )
    runs: Inline = fill(text, names=words(", ".join(labels)))
    if _landmark(context, endpoint) is None:
        runs = (*runs, words(_(" No landmark analysis was asked for.")))
    else:
        runs = (*runs, words(_(" Read it with the landmark analysis below.")))
    return (Callout(runs, "warning"),)


def _row(context: Context, node: AnalysisNode, term: str, main: AnalysisNode | None) -> TableRow:
    row, usual = node.find(term=term), main.find(term=term) if main is not None else None
    before = Cell(context.hazard_ratio(main, usual), "center") if main is not None and usual else absent_cell()
    found = Cell(context.hazard_ratio(node, row), "center") if row is not None else absent_cell()
    return TableRow((cell(words(context.term_label(term))), before, found))


def landmark_table(context: Context, endpoint: EndpointInfo) -> Table | None:
    """Return the hazard ratios of the multivariable model and of the one from the landmark on; None without it."""
    _ = context.gettext
    found = _landmark(context, endpoint)
    if found is None:
        return None
    node, options = found
    main = context.node("cox_multivariable", node.cohort, node.endpoint)
    at = context.time_point(options.landmark, endpoint.unit)
    rows = [_row(context, node, row.term, main) for row in node.rows if row.term != GLOBAL]
    caption = fill(
        _("{endpoint}: hazard ratios of patients followed beyond {landmark}."),
        endpoint=words(endpoint.label), landmark=at,
    )  # fmt: skip
    whole = node.find(term=GLOBAL)
    notes: list[Inline] = []
    if whole is not None:
        text = _(
            "From {landmark} on: {n} patients, {events} events. Not followed beyond it, and left out: {left} patients, "
            "{before} of them with the event."
        )
        numbers = {
            name: context.number(node, whole, stat, count)
            for name, stat in (
                ("n", "n"), ("events", "n_event"), ("left", "n_excluded"), ("before", "n_event_excluded"),
            )
        }  # fmt: skip
        notes.append(fill(text, landmark=at, **numbers))
    level = context.level_of_confidence(options.conf_level).text
    notes.append(note(_("HR: hazard ratio ({level}), adjusted for all covariates of the model.").format(level=level)))
    head = heads(
        (_("Covariate"), "left"), (_("HR from time zero"), "center"), (_("HR from the landmark"), "center")
    )  # fmt: skip
    return Table(
        f"cox_landmark_{endpoint.name}", caption, head, tuple(rows), notes=tuple(notes), widths=(3.0, 2.0, 2.0)
    )


def landmark_blocks(context: Context, endpoint: EndpointInfo) -> tuple[Block, ...]:
    """Return the note on immortal time and the landmark analysis; nothing where neither is called for."""
    table = landmark_table(context, endpoint)
    return (*_immortal_time_in_model(context, endpoint), *((table,) if table is not None else ()))


def features_with_late_treatment(context: Context) -> tuple[str, ...]:
    """Return the labels of features of the phenotypes that are treatments beginning after time zero."""
    options = next((n.options for n in context.results.analyses if isinstance(n.options, PhenotypeOptions)), None)
    return late_treatments(context, (term.column for term in options.terms)) if options is not None else ()

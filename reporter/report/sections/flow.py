"""Flow of the patients of both cohorts."""

from __future__ import annotations

from reporter.report.document import Figure, Inline, Run
from reporter.report.figures import draw_flow
from reporter.report.figures.models import FlowColumn, FlowFigure, FlowStep
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.results.tree import AnalysisNode, AttritionStep, CohortInfo, EndpointInfo, Row
from reporter.results.value import Reason

_OF_ENDPOINT = ("missing_", "entry_")


def counted(context: Context, number: int | None) -> Run:
    """Return a number of the selection; it has no address, for the selection is counted once, by the cohort layer."""
    return Run(context.reason(Reason.SUPPRESSED) if number is None else count(number), is_label=True)


def flow_steps(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> tuple[FlowStep, ...]:
    """Return the boxes of one cohort for one endpoint; steps that remove nobody keep their line."""
    _ = context.gettext
    read = fill(_("{n} records read from {source}"), n=counted(context, info.n_read), source=words(info.source))
    wanted = steps_of(info, endpoint)
    removed = sum(step.n_removed for step in wanted)
    excluded: list[Inline] = []
    if wanted:
        excluded.append(fill(_("{n} excluded"), n=counted(context, removed)))
        excluded += [_step(context, step) for step in wanted]
    analysed = _analysed(context, info, endpoint)
    return (FlowStep((read,), tuple(excluded)), *_modelled(context, info, endpoint, analysed))


def selection_of(info: CohortInfo) -> tuple[AttritionStep, ...]:
    """Return the steps of the selection, which all endpoints share."""
    return tuple(step for step in info.steps if not step.name.startswith(_OF_ENDPOINT))


def outcome_steps(info: CohortInfo, endpoint: EndpointInfo) -> tuple[AttritionStep, ...]:
    """Return the steps that leave out patients for one endpoint alone."""
    own = tuple(f"{prefix}{endpoint.name}" for prefix in _OF_ENDPOINT)
    return tuple(step for step in info.steps if step.name in own)


def steps_of(info: CohortInfo, endpoint: EndpointInfo) -> tuple[AttritionStep, ...]:
    """Return the steps that lead to the patients of one endpoint, in order."""
    return (*selection_of(info), *outcome_steps(info, endpoint))


def model_of(context: Context, cohort: str, endpoint: EndpointInfo) -> tuple[AnalysisNode, Row] | None:
    """Return node and row with the counts of the multivariable model, in the validation cohort of its validation."""
    names = ("cox_model",) if cohort == "development" else ("performance", "competing_performance")
    for name in names:
        node = context.node(name, cohort, endpoint.name)
        if node is not None and node.rows:
            return node, node.rows[0]
    return None


def _modelled(
    context: Context, info: CohortInfo, endpoint: EndpointInfo, analysed: tuple[Inline, ...]
) -> tuple[FlowStep, ...]:
    """Return the box of the patients analysed and, where the model leaves some of them out, that of the model."""
    _ = context.gettext
    found = model_of(context, info.name, endpoint)
    if found is None:
        return (FlowStep(analysed),)
    node, row = found
    n = context.number(node, row, "n", count)
    text = (
        _("{n} in the multivariable model") if info.name == "development" else _("{n} in the validation of the model")
    )
    if row.get("n_missing").value == 0:
        return (FlowStep((*analysed, fill(text, n=n))),)
    lost = context.number(node, row, "n_missing", count)
    events = context.number(node, row, "n_event", count)
    boxed = (fill(text, n=n), fill(_("{n} with an event"), n=events))
    return (FlowStep(analysed, (fill(_("{n} without a value of a covariate"), n=lost),)), FlowStep(boxed))


def _step(context: Context, step: AttritionStep) -> Inline:
    _ = context.gettext
    text = _("{n} did not meet: {step}") if step.name.startswith("include") else _("{n} {step}")
    return fill(text, n=counted(context, step.n_removed), step=words(step.label))


def _analysed(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> tuple[Inline, ...]:
    _ = context.gettext
    node = context.node("follow_up", info.name, endpoint.name)
    if node is None:
        return (fill(_("{n} analysed"), n=counted(context, n_analysed(info, endpoint))),)
    row = node.rows[0]
    return (
        fill(_("{n} analysed"), n=context.number(node, row, "n", count)),
        fill(_("{n} with an event"), n=context.number(node, row, "n_event", count)),
        fill(_("{n} censored"), n=context.number(node, row, "n_censor", count)),
    )


def flow_figure(context: Context, endpoint: EndpointInfo) -> Figure:
    """Return the flow diagram, both cohorts side by side."""
    _ = context.gettext
    columns = tuple(
        FlowColumn(context.cohort_label(info.name), flow_steps(context, info, endpoint))
        for info in context.results.cohorts
    )
    said = "; ".join(
        _("{cohort}: {read} read, {left} analysed").format(
            cohort=context.cohort_label(info.name),
            read=counted(context, info.n_read).text,
            left=_left(context, info, endpoint).text,
        )
        for info in context.results.cohorts
    )
    caption = fill(_("Flow of patients."))
    drawn = draw_flow(FlowFigure(_("Flow of patients"), said, columns), context.fonts)
    return Figure("flow", caption, drawn, said)


def _left(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> Run:
    """Return the patients analysed: those of the analysis, else of the selection."""
    node = context.node("follow_up", info.name, endpoint.name)
    if node is not None and node.rows:
        return context.number(node, node.rows[0], "n", count)
    return counted(context, n_analysed(info, endpoint))


def n_analysed(info: CohortInfo, endpoint: EndpointInfo) -> int | None:
    """Return the patients of a cohort left for one endpoint; None where they are not shown."""
    steps = steps_of(info, endpoint)
    return steps[-1].n_left if steps else info.n_read

"""Flow of the patients of both cohorts."""

from __future__ import annotations

from reporter.report.document import Figure, Inline, Run
from reporter.report.figures import draw_flow
from reporter.report.figures.models import FlowColumn, FlowFigure, FlowStep
from reporter.report.format import count
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.results.tree import AttritionStep, CohortInfo, EndpointInfo


def _counted(number: int) -> Run:
    """Return a number of the selection; it has no address, for the selection is counted once, by the cohort layer."""
    return Run(count(number), is_label=True)


def flow_steps(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> tuple[FlowStep, ...]:
    """Return the boxes of one cohort for one endpoint; steps that remove nobody keep their line."""
    _ = context.gettext
    read = fill(_("{n} patients read from {source}"), n=_counted(info.n_read), source=words(info.source))
    wanted = [s for s in info.steps if not s.name.startswith("missing_") or s.name == f"missing_{endpoint.name}"]
    removed = sum(step.n_removed for step in wanted)
    excluded: list[Inline] = []
    if wanted:
        excluded.append(fill(_("{n} excluded"), n=_counted(removed)))
        excluded += [_step(context, step) for step in wanted]
    return (FlowStep((read,), tuple(excluded)), FlowStep(_analysed(context, info, endpoint)))


def _step(context: Context, step: AttritionStep) -> Inline:
    _ = context.gettext
    text = _("{n} did not meet: {step}") if step.name.startswith("include") else _("{n} {step}")
    return fill(text, n=_counted(step.n_removed), step=words(step.label))


def _analysed(context: Context, info: CohortInfo, endpoint: EndpointInfo) -> tuple[Inline, ...]:
    _ = context.gettext
    node = context.node("follow_up", info.name, endpoint.name)
    if node is None:
        last = info.steps[-1].n_left if info.steps else info.n_read
        return (fill(_("{n} analysed"), n=_counted(last)),)
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
            cohort=context.cohort_label(info.name), read=count(info.n_read), left=count(n_analysed(info, endpoint))
        )
        for info in context.results.cohorts
    )
    caption = fill(_("Flow of patients."))
    drawn = draw_flow(FlowFigure(_("Flow of patients"), said, columns), context.fonts)
    return Figure("flow", caption, drawn, said)


def n_analysed(info: CohortInfo, endpoint: EndpointInfo) -> int:
    """Return the patients of a cohort left for one endpoint."""
    for step in info.steps:
        if step.name == f"missing_{endpoint.name}":
            return step.n_left
    return info.steps[-1].n_left if info.steps else info.n_read

"""Methods text of the landmark analysis."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill
from reporter.report.sections.references import Citations
from reporter.spec.options import LandmarkOptions


def landmark_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say which patients the landmark analysis has, and what it takes for granted."""
    _ = context.gettext
    nodes = [n for n in context.results.analyses if isinstance(n.options, LandmarkOptions) and not n.failed]
    if not nodes or not isinstance(nodes[0].options, LandmarkOptions):
        return None
    units = {info.name: info.unit for info in context.results.endpoints}
    text = _(
        "Sensitivity to immortal time{immortal}: the multivariable model is fitted again to the patients followed "
        "beyond {landmark}, with time counted from there{cite}. It compares like with like only if treatments had "
        "begun by then; it says nothing of those who had the event before."
    )
    at = context.time_point(nodes[0].options.landmark, units.get(nodes[0].endpoint, ""))
    runs = fill(text, immortal=citations.cite("immortal"), landmark=at, cite=citations.cite("landmark"))
    return MethodNote(_("Landmark analysis"), runs)

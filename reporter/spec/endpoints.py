"""Endpoints and selection conditions of a study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reporter.spec.cells import Cell, Section
from reporter.spec.conditions import ValueTest

TimeUnit = Literal["days", "months", "years"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Labelled(Section):
    label: str


class Condition(ValueTest, _Labelled):
    """One step of the selection; every test that is given must hold.

    A missing value never satisfies an ``include`` nor triggers an ``exclude``. ``first_of`` keeps, for each value of
    the column that it names, the row with the smallest value of `column`.
    """

    first_of: str | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        """Names of the tests that are given."""
        return (*super().tests, *(("first_of",) if self.first_of is not None else ()))


class Step(Section):
    """A condition with its direction and its place in the study file."""

    action: Literal["include", "exclude"]
    name: str
    condition: Condition


class CohortFile(Section):
    """``[[cohort.include]]`` and ``[[cohort.exclude]]`` as written."""

    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()


class CohortSpec(Section):
    """Selection steps in the order of the study file."""

    steps: tuple[Step, ...] = ()


class EventComponent(Section):
    """One component of a composite endpoint."""

    column: str
    values: tuple[Cell, ...] = Field(min_length=1)
    time: str
    censored_values: tuple[Cell, ...] | None = None


class CompetingEvent(Section):
    """A competing event; without `time` it is dated by the endpoint's own time."""

    column: str
    values: tuple[Cell, ...] = Field(min_length=1)
    time: str | None = None


class EventDefinition(Section):
    """How time and event are read: one of three forms.

    Simple: `time`, `event`, `event_values`. Dates: `start`, `end`, `event`, `event_values` (days). Composite: `events`,
    the first of several, with `gap` where an event is seen after another component's follow-up had ended.
    `competing` events end the time at risk of the simple and the dates form, and call for cumulative incidence, Gray's
    test and the models of competing risks; `entry` is the column of the time at which
    a patient came under observation (left truncation), in the unit of `time`.
    """

    time: str | None = None
    start: str | None = None
    end: str | None = None
    event: str | None = None
    event_values: tuple[Cell, ...] = ()
    censored_values: tuple[Cell, ...] | None = None
    events: tuple[EventComponent, ...] = ()
    composite: Literal["first_event"] | None = None
    gap: Literal["event", "censor"] | None = None
    competing: dict[str, CompetingEvent] = Field(default_factory=dict)
    entry: str | None = None

    @property
    def form(self) -> Literal["simple", "dates", "composite", ""]:
        """Which form is given; empty when none is complete or two are mixed."""
        one = bool(self.event and self.event_values)
        dates, simple = bool(self.start and self.end), bool(self.time)
        given = [bool(self.events), self.time is not None, self.start is not None or self.end is not None]
        if sum(given) != 1 or (self.events and (self.event is not None or self.event_values)):
            return ""
        if self.events:
            return "composite"
        if not one:
            return ""
        return "simple" if simple else "dates" if dates else ""


class EndpointSpec(EventDefinition):
    """One endpoint; `horizons` and `max_time` are in `report_unit`, `unit` is that of the time column."""

    label: str = ""
    unit: TimeUnit | None = None
    report_unit: TimeUnit | None = None
    horizons: tuple[Positive, ...] = ()
    max_time: Positive | None = None

    @property
    def time_unit(self) -> TimeUnit:
        """Unit of the time column; dates count in days."""
        return self.unit or "days"

    @property
    def shown_unit(self) -> TimeUnit:
        """Unit of the report."""
        return self.report_unit or self.time_unit


class EndpointOverride(EventDefinition):
    """The whole event definition in the validation cohort."""

    unit: TimeUnit | None = None

    def applied_to(self, spec: EndpointSpec) -> EndpointSpec:
        """Return the development endpoint with this event definition; label, horizons and limits stay."""
        own = {name: getattr(self, name) for name in EventDefinition.model_fields}
        unit = "days" if self.form == "dates" else self.unit or spec.unit
        return spec.model_copy(update={**own, "unit": unit, "report_unit": spec.shown_unit})

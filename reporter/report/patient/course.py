"""Curves of the patient's pages."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.document import Figure
from reporter.report.figures import FontMetrics, draw_patient_curve, linear_ticks
from reporter.report.figures.metrics import plain_text
from reporter.report.figures.models import CurveMark, PatientCurveFigure, Tick
from reporter.report.patient.texts import PatientTexts
from reporter.results.patient import PatientPhenotype

_PAST_LAST_HORIZON = 1.4
_MOST_MARKS = 3


@dataclass(frozen=True)
class Course:
    """The figure and the end of its time axis."""

    figure: Figure
    shown_until: float


def shown_until(texts: PatientTexts) -> float:
    """Return where the time axis ends: past the last horizon, not past the follow-up."""
    result = texts.result
    last = max((h.time for h in result.horizons if h.survival is not None), default=result.follow_up_end)
    ticks = linear_ticks(0.0, min(_PAST_LAST_HORIZON * last, result.follow_up_end), str, count=8)
    inside = [t.position for t in ticks if t.position <= result.follow_up_end]
    return max(inside[-1], last) if len(inside) > 1 else result.follow_up_end


def _time_ticks(texts: PatientTexts, end: float, count: int) -> tuple[Tick, ...]:
    ticks = [t for t in linear_ticks(0.0, end, texts.tick, count=count) if t.position <= end]
    if ticks[-1].position < end:
        ticks.append(Tick(end, ""))
    return tuple(ticks)


def _share_ticks(texts: PatientTexts) -> tuple[Tick, ...]:
    return tuple(Tick(p / 100, texts.tick(p)) for p in (0, 25, 50, 75, 100))


def course_figure(texts: PatientTexts, fonts: FontMetrics) -> Course:
    """Return the predicted curve with its band and read-outs, and that of the cohort."""
    _, result = texts.gettext, texts.result
    end = shown_until(texts)
    known = [h for h in result.horizons if h.survival is not None][-_MOST_MARKS:]
    marks = tuple(
        CurveMark(h.time, h.survival, (texts.survival(h, sign=True),)) for h in known if h.survival is not None
    )
    alt = texts.say(
        _("Predicted {endpoint} with its confidence band against that of the cohort"), endpoint=result.endpoint_label
    )
    for h in known:
        alt += texts.say(_("; {n} event-free at {time}"), n=texts.survival(h, sign=True), time=texts.time(h.time))
    svg = draw_patient_curve(
        PatientCurveFigure(
            title=_("Predicted course"),
            description=plain_text(alt),
            time=result.curve.time,
            estimate=result.curve.survival,
            conf_low=result.curve.conf_low,
            conf_high=result.curve.conf_high,
            reference_time=result.cohort_curve.time,
            reference_estimate=result.cohort_curve.survival,
            label=_("Patients with these values"),
            reference_label=_("All patients of the cohort"),
            x_label=texts.time_axis(),
            y_label=plain_text(texts.say(_("{endpoint}, %"), endpoint=result.endpoint_label)),
            x_ticks=_time_ticks(texts, end, 8),
            y_ticks=_share_ticks(texts),
            marks=marks,
            height=170.0 if texts.tight else 206.0,
        ),
        fonts,
    )
    return Course(Figure("course", (), svg, plain_text(alt)), end)


def phenotype_figure(texts: PatientTexts, found: PatientPhenotype, fonts: FontMetrics) -> Figure:
    """Return the Kaplan–Meier curve of the phenotype's development patients against that of all."""
    _, result = texts.gettext, texts.result
    name = plain_text(texts.say(_("Phenotype {name}"), name=found.phenotype))
    alt = texts.say(_("Kaplan–Meier curve of {name} against that of the whole development cohort"), name=name)
    for h in found.horizons:
        if h.survival is not None:
            share = texts.percent(h.survival, f"phenotype/{texts.time_key(h.time)}/survival", sign=True)
            alt += texts.say(_("; {n} event-free at {time}"), n=share, time=texts.time(h.time))
    svg = draw_patient_curve(
        PatientCurveFigure(
            title=name,
            description=plain_text(alt),
            time=found.curve.time,
            estimate=found.curve.survival,
            conf_low=found.curve.conf_low,
            conf_high=found.curve.conf_high,
            reference_time=result.cohort_curve.time,
            reference_estimate=result.cohort_curve.survival,
            label=name,
            reference_label=_("All patients"),
            x_label=texts.time_axis(),
            y_label=plain_text(texts.say(_("{endpoint}, %"), endpoint=result.endpoint_label)),
            x_ticks=_time_ticks(texts, shown_until(texts), 8),
            y_ticks=_share_ticks(texts),
            width=236.0,
            height=138.0,
        ),
        fonts,
    )
    return Figure("phenotype", (), svg, plain_text(alt))

"""Page 1: the estimate, its course, what drives it, where the patient stands, in plain words."""

from __future__ import annotations

from reporter.report.document import Callout, Cell, Figure, Inline, KeyFigure, Paragraph, Run, Table, TableRow
from reporter.report.figures import FontMetrics, draw_contributions, draw_icons, draw_rank
from reporter.report.figures.metrics import plain_text
from reporter.report.figures.models import Contribution, ContributionsFigure, IconsFigure, RankFigure
from reporter.report.patient.course import course_figure
from reporter.report.patient.numbers import icons_of_hundred
from reporter.report.patient.texts import PatientTexts
from reporter.report.patient_document import Panel, PanelRow
from reporter.results.patient import PatientHorizon, PatientValue

_MOST_FACTORS, _MOST_FACTORS_TIGHT, _MOST_FACTORS_DENSE = 9, 6, 4
_ICONS, _ICONS_TIGHT = 128.0, 94.0
_MOST_OUTSIDE = 3


def key_horizon(texts: PatientTexts) -> PatientHorizon | None:
    """Return the last horizon with an estimate."""
    known = [h for h in texts.result.horizons if h.survival is not None]
    return max(known, key=lambda h: h.time, default=None)


def _key_figure(texts: PatientTexts, horizon: PatientHorizon) -> KeyFigure:
    _ = texts.gettext
    if horizon.conf_low is None or horizon.conf_high is None:
        words = texts.say(_("for patients with these values; no confidence interval can be estimated"))
        return KeyFigure((texts.survival(horizon, sign=True),), words, ())
    interval = texts.limits(horizon.conf_low, horizon.conf_high, texts.time_key(horizon.time), sign=True)
    words = texts.say(
        _("{level} confidence interval {interval}, for the average survival of patients with these values"),
        level=texts.level(), interval=interval,
    )  # fmt: skip
    return KeyFigure((texts.survival(horizon, sign=True),), words, ())


def _shares(texts: PatientTexts, horizon: PatientHorizon) -> dict[str, str | Run | Inline]:
    """Return the two numbers of one hundred, and when."""
    survival, where = horizon.survival or 0.0, texts.time_key(horizon.time)
    return {
        "n": texts.about(survival, f"{where}/survival"),
        "rest": texts.about_rest(survival, f"{where}/event"),
        "time": texts.time(horizon.time),
        "origin": texts.origin(),
    }


def _icons(texts: PatientTexts, horizon: PatientHorizon, fonts: FontMetrics) -> Figure:
    _ = texts.gettext
    sentence = texts.say(
        _(
            "Of 100 patients with these values, {n} (filled) are expected to be event-free {time} {origin}, "
            "{rest} (open) not."
        ),
        **_shares(texts, horizon),
    )
    alt, filled = plain_text(sentence), icons_of_hundred(horizon.survival or 0.0)
    svg = draw_icons(
        IconsFigure(_("One hundred patients"), alt, filled, _ICONS_TIGHT if texts.tight else _ICONS), fonts
    )
    return Figure("icons", (), svg, alt, (sentence,))


def _estimate_row(texts: PatientTexts, fonts: FontMetrics) -> PanelRow:
    _ = texts.gettext
    course = course_figure(texts, fonts)
    heading = plain_text(texts.say(_("Predicted course over {time}"), time=texts.time(course.shown_until)))
    right = Panel(heading, (course.figure,), 1.65)
    horizon = key_horizon(texts)
    if horizon is None:
        words = texts.say(_("No horizon of the study lies within the follow-up of the cohort: no estimate is given."))
        return PanelRow((Panel(texts.result.endpoint_label, (Callout(words, "warning"),)), right))
    at = texts.say(_("{endpoint} at {time}"), endpoint=texts.result.endpoint_label, time=texts.time(horizon.time))
    left = Panel(plain_text(at), (_icons(texts, horizon, fonts),), 0.85, _key_figure(texts, horizon))
    return PanelRow((left, right))


def _drivers(texts: PatientTexts, fonts: FontMetrics) -> Panel:
    _ = texts.gettext
    ordered = sorted(texts.result.values, key=lambda v: -abs(v.log_hazard))
    most = _MOST_FACTORS_DENSE if texts.dense else _MOST_FACTORS_TIGHT if texts.tight else _MOST_FACTORS
    shown, left = ordered[:most], ordered[most:]
    rows = tuple(_contribution(texts, value) for value in shown)
    first = rows[0]
    alt = plain_text(
        texts.say(
            _("Largest influence: {factor}, hazard {ratio} relative to the cohort's average."),
            factor=first.label,
            ratio=first.text,
        )
    )
    figure = ContributionsFigure(
        _("What drives this estimate"), alt, rows, _("lower hazard"), _("higher hazard"), width=236.0
    )
    note = _("Hazard relative to that at the cohort's average of each factor; the factors multiply. ")
    note += _("Associations, not effects of treatment.")
    notes: list[Inline] = [texts.say(note)]
    if left:
        more = texts.ngettext("{n} further factor: next page.", "{n} further factors: next page.", len(left))
        notes.append(texts.say(more, n=texts.label(str(len(left)))))
    return Panel(
        _("What drives this estimate"), (Figure("drivers", (), draw_contributions(figure, fonts), alt, tuple(notes)),)
    )


def _contribution(texts: PatientTexts, value: PatientValue) -> Contribution:
    shown = plain_text(texts.given(value))
    return Contribution(
        value.label,
        shown,
        value.log_hazard,
        (texts.relative_hazard(value, sign="×"),),
    )


def _position(texts: PatientTexts, fonts: FontMetrics) -> Panel:
    _ = texts.gettext
    sentence = texts.say(
        _(
            "Of 100 of the {size} patients of the model, {n} had a lower predicted risk than this patient, {rest} a "
            "higher one."
        ),
        size=texts.count(texts.result.n_development, "n"),
        n=texts.about(texts.result.risk_rank, "risk_rank"),
        rest=texts.about_rest(texts.result.risk_rank, "risk_rank_above"),
    )
    alt = plain_text(sentence)
    percent = 100 * texts.result.risk_rank
    figure = RankFigure(_("Rank"), alt, percent, _("Lowest risk"), _("median"), _("Highest risk"), width=236.0)
    rank = Figure("rank", (), draw_rank(figure, fonts), alt)
    return Panel(
        _("Position among the patients of the model"),
        (rank, Paragraph(sentence), _estimates(texts), Paragraph(_median(texts), "note")),
    )


def _estimates(texts: PatientTexts) -> Table:
    _ = texts.gettext
    names = (
        _("Time"),
        _("This patient, %"),
        plain_text(texts.say(_("{level} CI"), level=texts.level())),
        _("Cohort, %"),
    )
    head = tuple(Cell((Run(name, is_label=True),), "left" if i == 0 else "right") for i, name in enumerate(names))
    return Table("estimates", (), head, tuple(_horizon_row(texts, h) for h in texts.result.horizons))


def _horizon_row(texts: PatientTexts, horizon: PatientHorizon) -> TableRow:
    where = texts.time_key(horizon.time)
    return TableRow(
        (
            Cell((texts.time(horizon.time),)),
            Cell((texts.survival(horizon),), "right", strong=True),
            Cell(texts.limits(horizon.conf_low, horizon.conf_high, where), "right"),
            Cell((texts.percent(horizon.cohort, f"{where}/cohort"),), "right"),
        )
    )


def _median(texts: PatientTexts) -> Inline:
    _ = texts.gettext
    result = texts.result
    if result.median is None:
        return texts.say(
            _("Median predicted time: not reached; more than half of patients with these values are expected to be "
              "event-free at the end of follow-up, {time} {origin}."),
            time=texts.duration(result.follow_up_end, "follow_up_end"), origin=texts.origin(),
        )  # fmt: skip
    runs = texts.say(
        _(
            "Median predicted time: half of patients with these values are expected to be event-free for longer than "
            "{time}"
        ),
        time=texts.duration(result.median, "median"),
    )
    if result.median_low is None and result.median_high is None:
        return runs + texts.say(_("; no confidence interval can be estimated."))
    interval = texts.median_limits()
    return runs + texts.say(_(" ({level} confidence interval {interval})."), level=texts.level(), interval=interval)


def _plain_words(texts: PatientTexts) -> PanelRow | None:
    _ = texts.gettext
    horizon = key_horizon(texts)
    if horizon is None:
        return None
    runs = texts.say(
        _("**In plain words.** Among 100 patients with these values, {n} are expected to be event-free {time} "
          "{origin}; for {rest} an event is expected by then. “Event-free” is meant as the endpoint counts it: "
          "{endpoint}."),
        endpoint=texts.endpoint_words(), **_shares(texts, horizon),
    )  # fmt: skip
    if horizon.cohort is not None:
        runs += texts.say(
            _(" Among all {n} patients of the development cohort, {cohort} of 100 were event-free {time} {origin}."),
            n=texts.count(texts.result.n_cohort, "n_cohort"), time=texts.time(horizon.time), origin=texts.origin(),
            cohort=texts.about(horizon.cohort, f"{texts.time_key(horizon.time)}/cohort"),
        )  # fmt: skip
    return PanelRow((Panel("", (Callout(runs, "info"),)),))


def _guard(texts: PatientTexts) -> PanelRow | None:
    _ = texts.gettext
    outside = texts.result.out_of_range
    if not outside:
        return None
    runs = texts.say(_("**Outside the range of the data.** "))
    for i, value in enumerate(outside[:_MOST_OUTSIDE]):
        runs += texts.say("; " if i else "")
        runs += texts.say(
            _("{label} {value} (development patients: {range})"),
            label=value.label,
            value=texts.given(value),
            range=texts.training_range(value),
        )
    if len(outside) > _MOST_OUTSIDE:
        n = len(outside) - _MOST_OUTSIDE
        runs += texts.say(texts.ngettext("; and {n} more", "; and {n} more", n), n=texts.label(str(n)))
    runs += texts.say(_(". For such patients the estimate is an extrapolation: the cohort has none of them."))
    return PanelRow((Panel("", (Callout(runs, "warning"),)),))


def first_page(texts: PatientTexts, fonts: FontMetrics) -> tuple[PanelRow, ...]:
    """Return the rows of page 1."""
    rows = (
        _guard(texts),
        _estimate_row(texts, fonts),
        PanelRow((_drivers(texts, fonts), _position(texts, fonts))),
        _plain_words(texts),
    )
    return tuple(row for row in rows if row is not None)

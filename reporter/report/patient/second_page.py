"""Page 2: the values used, the phenotype, how good the model is, its limits."""

from __future__ import annotations

from reporter.report.document import Block, Bullets, Callout, Cell, Inline, Paragraph, Run, Table, TableRow
from reporter.report.figures import FontMetrics
from reporter.report.figures.metrics import plain_text
from reporter.report.patient.course import phenotype_figure
from reporter.report.patient.texts import PatientTexts
from reporter.report.patient_document import Panel, PanelRow
from reporter.results.patient import ModelPerformance, PatientPhenotype, PatientValue


def _head(names: tuple[str, ...], left: tuple[int, ...]) -> tuple[Cell, ...]:
    return tuple(Cell((Run(name, is_label=True),), "left" if i in left else "right") for i, name in enumerate(names))


def _values(texts: PatientTexts) -> Panel:
    _ = texts.gettext
    names = (
        _("Factor"), _("Value"), _("Unit"), _("Cohort: median (quartiles) or share"), _("Cohort: range"),
        _("Relative hazard"), _("Within range"),
    )  # fmt: skip
    rows = tuple(_value_row(texts, value) for value in texts.result.values)
    note = texts.say(
        _("Cohort: the {n} development patients of the model. Share: of the patients at this patient's level. Relative "
          "hazard: this value against the cohort's average, other factors being equal."),
        n=texts.count(texts.result.n_development, "n"),
    )  # fmt: skip
    table = Table("values", (), _head(names, (0, 2, 6)), rows, notes=(note,))
    return Panel(_("Values used for this estimate"), (table,))


def _value_row(texts: PatientTexts, value: PatientValue) -> TableRow:
    _ = texts.gettext
    inside = texts.say(_("yes")) if value.in_range else texts.say(_("**no: extrapolation**"))
    return TableRow(
        (
            Cell((Run(value.label, is_label=True),)),
            Cell((texts.value(value),), "right", strong=True),
            Cell((Run(value.unit, is_label=True),)),
            Cell(texts.reference(value), "right"),
            Cell(texts.training_range(value), "right"),
            Cell((texts.relative_hazard(value),), "right"),
            Cell(inside),
        )
    )


def _phenotype(texts: PatientTexts, fonts: FontMetrics) -> Panel | None:
    _ = texts.gettext
    result = texts.result
    if result.phenotype is None:
        if not result.phenotype_missing:
            return None
        words = texts.say(_("No phenotype: {why}."), why=result.phenotype_missing)
        return Panel(_("Phenotype"), (Callout(words, "warning"),))
    found = result.phenotype
    blocks: list[Block] = [Paragraph(line) for line in _phenotype_words(texts, found)]
    if not texts.dense:
        blocks.append(phenotype_figure(texts, found, fonts))
    said = _("Exploratory: the report on the cohort says whether the phenotypes are more than noise.")
    blocks.append(Paragraph(texts.say(said), "note"))
    return Panel(plain_text(texts.say(_("Phenotype {name}"), name=found.phenotype)), tuple(blocks))


def _phenotype_words(texts: PatientTexts, found: PatientPhenotype) -> tuple[Inline, ...]:
    _ = texts.gettext
    first = texts.say(
        _("A random forest assigns this patient to phenotype {name} of {k} with a probability of {p}. "
          "Features used: {features}."),
        name=texts.label(found.phenotype), k=texts.label(str(len(found.probabilities))),
        p=texts.percent(found.probability, "phenotype/probability", sign=True), features="; ".join(found.features),
    )  # fmt: skip
    known = [h for h in found.horizons if h.survival is not None]
    if not known:
        return (first,)
    last = known[-1]
    where = f"phenotype/{texts.time_key(last.time)}"
    second = texts.say(
        _("The development cohort has {size} patients of this phenotype; of 100 of them, {n} were event-free at {time} "
          "and {rest} were not (Kaplan–Meier; {level} confidence interval of the first number {interval})."),
        size=texts.count(found.n, "phenotype/n"),
        n=texts.about(last.survival or 0.0, f"{where}/survival"),
        rest=texts.about_rest(last.survival or 0.0, f"{where}/event"),
        time=texts.time(last.time), level=texts.level(), interval=texts.limits(last.conf_low, last.conf_high, where),
    )  # fmt: skip
    return first, second


def _performance(texts: PatientTexts) -> Panel:
    _ = texts.gettext
    heading = _("How good is the model?")
    blocks: list[Block] = [
        Paragraph(_discrimination(texts, found))
        for found in sorted(texts.result.performance, key=lambda found: found.cohort != "validation")
    ]
    external = [p for p in texts.result.performance if p.calibration]
    if external:
        blocks.append(_calibration(texts, external[0]))
    else:
        blocks.append(
            Paragraph(texts.say(_("The model has not been tried on other patients than those it was made from.")))
        )
    return Panel(heading, tuple(blocks))


def _discrimination(texts: PatientTexts, performance: ModelPerformance) -> Inline:
    _ = texts.gettext
    where = f"model/{performance.cohort}"
    n, events = texts.count(performance.n, f"{where}/n"), texts.count(performance.n_event, f"{where}/n_event")
    if performance.cohort == "validation":
        start = texts.say(
            _("**Other patients.** In {n} patients of the validation cohort ({events} events), "), n=n, events=events
        )
    else:
        start = texts.say(
            _("**Its own patients.** In the {n} development patients ({events} events), "), n=n, events=events
        )
    if performance.harrell_c is None:
        return start + texts.say(_("the concordance could not be estimated."))
    return start + texts.say(
        _("of 100 pairs of patients who can be compared, the model put {c} in the right order ({level} confidence "
          "interval {interval}; 50 is chance)."),
        c=texts.about(performance.harrell_c, f"{where}/harrell_c"), level=texts.level(),
        interval=texts.limits(performance.conf_low, performance.conf_high, f"{where}/harrell_c"),
    )  # fmt: skip


def _calibration(texts: PatientTexts, performance: ModelPerformance) -> Table:
    _ = texts.gettext
    rows = []
    for found in performance.calibration:
        where = f"model/{performance.cohort}/{texts.time_key(found.time)}"
        rows.append(
            TableRow(
                (
                    Cell((texts.time(found.time),)),
                    Cell((texts.ratio(found.oe_ratio, f"{where}/oe_ratio"),), "right"),
                    Cell(texts.ratio_limits(found.conf_low, found.conf_high, f"{where}/oe_ratio"), "right"),
                )
            )
        )
    names = (_("Time"), _("Observed / expected events"), plain_text(texts.say(_("{level} CI"), level=texts.level())))
    note = texts.say(_("Validation cohort. Above 1: more events than predicted; below 1: fewer."))
    return Table("calibration", (), _head(names, (0,)), tuple(rows), notes=(note,))


def _limits(texts: PatientTexts) -> Panel:
    _ = texts.gettext
    result = texts.result
    values = texts.count(len(result.values), "n_factors")
    items = (
        texts.say(
            _("The {level} confidence interval is one for the average survival of patients with these values; not the "
              "range for one person. The uncertainty of choosing the model is not included."),
            level=texts.level(),
        ),
        texts.say(
            _("The estimate describes a group of patients with the same values; it cannot tell what will happen to one "
              "of them.")
        ),
        texts.say(
            _("The model knows the {k} factors above and nothing else, and was made from {n} patients with {events} "
              "events (“{study}”); with other treatment than theirs the outcome may differ."),
            k=values, n=texts.count(result.n_development, "n"), events=texts.count(result.n_event, "n_event"),
            study=result.source.study_title,
        ),
        texts.say(_("What drives the estimate are associations. They do not say what a change of treatment would do.")),
        texts.say(_("Decisions are made together by patient and physician; this page is one piece of information.")),
    )  # fmt: skip
    return Panel(_("Limits of this report"), (Bullets(items),))


def _others(texts: PatientTexts) -> Panel | None:
    """Return the estimates for the further endpoints of the study."""
    _ = texts.gettext
    rows: list[TableRow] = []
    for other in texts.result.others:
        own = texts.of_endpoint(other)
        for horizon in other.horizons:
            where = own.time_key(horizon.time)
            cells = (
                Cell((own.label(other.endpoint_label),)),
                Cell((own.time(horizon.time),)),
                Cell((own.survival(horizon),), "right", strong=True),
                Cell(own.limits(horizon.conf_low, horizon.conf_high, where), "right"),
                Cell((own.percent(horizon.cohort, f"{where}/cohort"),), "right"),
            )
            rows.append(TableRow(cells))
    if not rows:
        return None
    level = plain_text(texts.say(_("{level} CI"), level=texts.level()))
    head = _head((_("Endpoint"), _("Time"), _("Patients with these values, %"), level, _("Cohort, %")), (0, 1))
    return Panel(_("Other endpoints"), (Table("endpoints", (), head, tuple(rows)),))


def second_page(texts: PatientTexts, fonts: FontMetrics) -> tuple[PanelRow, ...]:
    """Return the rows of page 2."""
    phenotype, others = _phenotype(texts, fonts), _others(texts)
    panels = (_performance(texts),) if phenotype is None else (phenotype, _performance(texts))
    more = () if others is None else (PanelRow((others,)),)
    return PanelRow((_values(texts),)), *more, PanelRow(panels), PanelRow((_limits(texts),))

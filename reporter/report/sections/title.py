"""Title page: what was found, whether it was checked, from which data."""

from __future__ import annotations

from reporter.report.document import Inline, KeyFigure, Paragraph, Run, TitlePage
from reporter.report.format import Write, count, decimals, level_text
from reporter.report.sections.check import badge
from reporter.report.sections.competing_risks import incidence_lead, last_incidence
from reporter.report.sections.context import Context, share
from reporter.report.sections.cox_parts import leading_terms, terms_alone
from reporter.report.sections.flow import counted, n_analysed
from reporter.report.sections.inline import fill, join, words
from reporter.report.sections.protection import protection_lines
from reporter.report.sections.survival import last_estimated, lead_sentence
from reporter.report.sections.synthetic import synthetic_lines
from reporter.results.address import level_term
from reporter.results.tree import AnalysisNode, EndpointInfo, Row

_MOST_TERMS = 4


def _level(node: AnalysisNode) -> float:
    return float(getattr(node.options, "conf_level", 0.95))


def _lead(context: Context, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    out: list[Run] = []
    node = context.node("follow_up", "development", endpoint.name)
    if node is not None:
        row = node.rows[0]
        text = _("Of {n} patients, {events} had an event during a median follow-up of {median} {unit}. ")
        if row.get("median").value is None:
            text = _("Of {n} patients, {events} had an event; the median follow-up is {median}. ")
        out += fill(
            text,
            n=context.number(node, row, "n", count),
            events=context.number(node, row, "n_event", count),
            median=context.spelt(node, row, "median", decimals(1)),
            unit=words(context.unit(endpoint.unit)),
        )
    out += incidence_lead(context, endpoint) if endpoint.causes else lead_sentence(context, "development", endpoint)
    out += _associations(context, endpoint)
    return tuple(out)


def _associations(context: Context, endpoint: EndpointInfo) -> Inline:
    """Return which covariates are associated with the hazard in the multivariable model, the strongest first."""
    _ = context.gettext
    node = context.node("cox_multivariable", "development", endpoint.name)
    rows = leading_terms(node)[:_MOST_TERMS] if node is not None else []
    if node is None or not rows:
        return ()
    found = [_association(context, node, row) for row in rows]
    text = _(" Most strongly associated with the hazard, adjusted for the other covariates: {terms}.")
    return fill(text, terms=join(found, "; "))


def _association(context: Context, node: AnalysisNode, row: Row) -> Inline:
    return fill(
        context.gettext("{term} (HR {ratio})"),
        term=words(context.term_label(row.term)),
        ratio=context.hazard_ratio(node, row)[:1],
    )


def _survival_key(context: Context, endpoint: EndpointInfo) -> KeyFigure | None:
    _ = context.gettext
    node = context.node("kaplan_meier", "development", endpoint.name)
    row = last_estimated(node, endpoint) if node is not None else None
    if node is None or row is None:
        return None
    return KeyFigure(
        (context.number(node, row, "estimate", share(0)), Run("%")),
        _interval(context, node, row, share(0), "%"),
        fill(
            _("{endpoint} at {time}"),
            endpoint=words(endpoint.label),
            time=context.time_point(row.time or 0.0, endpoint.unit),
        ),
    )


def _first_keys(context: Context, endpoint: EndpointInfo) -> tuple[KeyFigure | None, ...]:
    """Return survival and median; with competing events the cumulative incidence alone."""
    if endpoint.causes:
        return (_incidence_key(context, endpoint),)
    return _survival_key(context, endpoint), _median_key(context, endpoint)


def _incidence_key(context: Context, endpoint: EndpointInfo) -> KeyFigure | None:
    _ = context.gettext
    node = context.node("cumulative_incidence", "development", endpoint.name)
    row = last_incidence(node, endpoint)
    if node is None or row is None:
        return None
    what = fill(
        _("cumulative incidence by {time}: {endpoint}"),
        endpoint=words(endpoint.label),
        time=context.time_point(row.time or 0.0, endpoint.unit),
    )
    estimate = (context.number(node, row, "estimate", share(1)), Run("%"))
    return KeyFigure(estimate, _interval(context, node, row, share(1), "%"), what)


def _interval(
    context: Context,
    node: AnalysisNode,
    row: Row,
    write: Write,
    unit: str = "",
    low: str = "conf_low",
    high: str = "conf_high",
) -> Inline:
    text = context.gettext("{ci}, {interval}{unit}")
    return fill(
        text,
        ci=context.level_of_confidence(_level(node)),
        interval=context.interval(node, row, write, low, high),
        unit=words(unit),
    )


def _median_key(context: Context, endpoint: EndpointInfo) -> KeyFigure | None:
    _ = context.gettext
    node = context.node("survival_quantile", "development", endpoint.name)
    if node is None or not node.rows:
        return None
    row = node.rows[0]
    write = decimals(0 if endpoint.unit == "days" else 1)
    unit = words(f" {context.unit(endpoint.unit)}") if row.get("median").value is not None else words("")
    what = fill(_("median, {endpoint}"), endpoint=words(endpoint.label[:1].lower() + endpoint.label[1:]))
    return KeyFigure((context.spelt(node, row, "median", write), unit), _interval(context, node, row, write), what)


def _concordance_key(context: Context, endpoint: EndpointInfo) -> KeyFigure | None:
    _ = context.gettext
    node = context.node("performance", "validation", endpoint.name)
    if node is not None and node.rows:
        row = node.rows[0]
        interval = _interval(context, node, row, decimals(2), "", "harrell_c_conf_low", "harrell_c_conf_high")
        what = _("Harrell’s C of the Cox model in the validation cohort")
        return KeyFigure((context.number(node, row, "harrell_c", decimals(2)),), interval, fill(what))
    node = context.node("concordance", "development", endpoint.name)
    if node is None or not node.rows:
        return None
    row = node.rows[0]
    interval = _interval(context, node, row, decimals(2))
    apparent = _("Harrell’s C of the Cox model (apparent)")
    if endpoint.causes:
        apparent = _("Wolbers’ C of the Cox model (apparent)")
    return KeyFigure((context.number(node, row, "estimate", decimals(2)),), interval, fill(apparent))


def _group_key(context: Context, endpoint: EndpointInfo) -> KeyFigure | None:
    """Return the adjusted hazard ratio of the first two-level group that is a covariate."""
    _ = context.gettext
    node = context.node("cox_multivariable", "development", endpoint.name)
    if node is None:
        return None
    for name in context.groups("development", endpoint):
        info = context.column(name)
        row = node.find(term=level_term(name, info.levels[1])) if len(info.levels) == 2 else None
        if row is None or row.get("hazard_ratio").value is None or row.term not in terms_alone(node):
            continue
        what = _("adjusted hazard ratio, {group}: {level} against {reference}").format(
            group=info.label, level=level_text(info.levels[1]), reference=level_text(info.levels[0])
        )
        ratio = context.hazard_ratio(node, row)
        interval = fill(_("{ci}, {interval}"), ci=context.level_of_confidence(_level(node)), interval=ratio[2:-1])
        return KeyFigure(ratio[:1], interval, (words(what),))
    return None


def _flow_line(context: Context, endpoint: EndpointInfo) -> Inline:
    _ = context.gettext
    parts = []
    for info in context.results.cohorts:
        text = _("{cohort}: {read} records read, {left} patients analysed")
        node = context.node("follow_up", info.name, endpoint.name)
        left = counted(context, n_analysed(info, endpoint))
        if node is not None:
            left = context.number(node, node.rows[0], "n", count)
        parts.append(
            fill(
                text,
                cohort=words(context.cohort_label(info.name)),
                read=counted(context, info.n_read),
                left=left,
            )
        )
    return (*join(parts, ". "), Run("."))


def provenance_lines(context: Context) -> tuple[str, ...]:
    """Return what this report was made from and with."""
    _ = context.gettext
    results, check = context.results, context.results.verification
    lines = [
        _("{cohort}: {source}, SHA-256 {hash}").format(
            cohort=context.cohort_label(info.name), source=info.source, hash=info.sha256
        )
        for info in results.cohorts
    ]
    lines.append(_("Study file: SHA-256 {hash}").format(hash=results.provenance.study_sha256))
    r = (
        _("R {r}, survival {survival}").format(r=check.r_version, survival=check.survival_version)
        if check.r_version
        else _("without R")
    )
    lines.append(
        _("Study {id} · seed {seed} · reporter {version} · Python {python} · {r}").format(
            id=results.study.id, seed=results.study.seed, version=results.provenance.reporter_version,
            python=results.provenance.python_version, r=r,
        )
    )  # fmt: skip
    if results.study.date:
        lines.append(_("Date {date}").format(date=results.study.date))
    return tuple(lines)


def title_page(context: Context) -> TitlePage:
    """Return the first page; its numbers are those of the first endpoint."""
    _ = context.gettext
    endpoint = context.results.endpoints[0]
    synthetic = synthetic_lines(context)
    keys = (
        *_first_keys(context, endpoint),
        _group_key(context, endpoint),
        _concordance_key(context, endpoint),
    )
    return TitlePage(
        kicker=_("Survival report of a synthetic cohort") if synthetic else _("Survival report of a cohort"),
        title=context.results.study.title,
        lead=_lead(context, endpoint),
        key_figures=tuple(key for key in keys if key is not None),
        badge=badge(context),
        blocks=(*synthetic, Paragraph(_flow_line(context, endpoint)), *protection_lines(context)),
        provenance=provenance_lines(context),
    )

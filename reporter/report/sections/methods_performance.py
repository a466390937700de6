"""Methods text of the performance at the horizons."""

from __future__ import annotations

from reporter.report.document import MethodNote
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import HorizonPerformanceOptions


def horizon_performance_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how the numbers at a horizon are made from censored data, and when there are none."""
    _ = context.gettext
    found = (node.options for node in context.results.analyses)
    options = next((o for o in found if isinstance(o, HorizonPerformanceOptions)), None)
    if options is None:
        return None
    text = _(
        "At each horizon the risk of the frozen model is compared with the state of the patients{guide}. Brier score "
        "and "
        "cumulative/dynamic AUC{ipcw} weight those whose state is known by 1/G just before their time (before the "
        "horizon "
        "for those free of the event), G the reverse Kaplan–Meier estimate in which deaths precede censorings; who was "
        "followed to the horizon counts as free of the event. Standard errors are infinitesimal jackknives with G "
        "estimated. Both need {least} patients at risk and G of at least {g}. The smooth calibration curve is a Cox "
        "model "
        "({ties} ties) of the follow-up to the horizon on a restricted cubic spline of log(−log(1 − risk)) with knots "
        "at "
        "the {knots} percentiles{ici}; it needs {few} events by the horizon and {few} patients followed to it. The "
        "second interval of observed over expected takes the events by the horizon as a Poisson count. Net "
        "benefit{vickers} "
        "at a threshold t is the share of true positives less t/(1 − t) times that of false positives, from the "
        "Kaplan–Meier estimate of those at a risk of t or more. Royston’s D{royston} is √(8/π) times the coefficient "
        "of "
        "the normal scores of the ranked predictions in a Cox model."
    )
    runs = fill(
        text,
        guide=citations.cite("mclernon"),
        ipcw=citations.cite("graf", "blanche"),
        least=words(str(options.min_at_risk)),
        g=words(plain_number(options.min_uncensored)),
        ties=words(options.ties.capitalize()),
        knots=words(", ".join(plain_number(round(100 * knot, 6)) for knot in options.knots)),
        ici=citations.cite("ici"),
        few=words(str(options.min_events)),
        vickers=citations.cite("vickers"),
        royston=citations.cite("royston_d"),
    )
    return MethodNote(_("Performance at the horizons"), runs)

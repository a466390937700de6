"""The sentence under a figure whose curves keep some of their points."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from reporter.report.document import Inline, Run
from reporter.report.format import count, fixed
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.results.tree import Curve


def hidden_steps(context: Context) -> Inline:
    """Say which steps a curve of a cohort with hidden small cells keeps."""
    _ = context.gettext
    return fill(
        _(
            "Small numbers are hidden: the curve is drawn at months between which enough patients had an event, and "
            "holds its last value between them; numbers at risk stand where enough patients left."
        )
    )


def risk_is_known(curve: Curve, time: float) -> bool:
    """Tell whether the numbers of a risk table are known at a time: always, or at the months that are shown."""
    return not curve.is_suppressed or time in curve.time


def thinning_notes(context: Context, curves: Sequence[Curve]) -> tuple[Inline, ...]:
    """Return how many points the curves have, how many are drawn and how far that is off; nothing for whole curves.

    The error is that of the estimate as it is drawn, in percentage points, rounded up: the largest among the curves.
    """
    _ = context.gettext
    if any(curve.is_suppressed for curve in curves):
        return (hidden_steps(context),)
    said = [(curve, curve.thinned) for curve in curves if curve.thinned is not None]
    if not said:
        return ()
    largest = max(thinned.largest_error.get("estimate", 0.0) for _curve, thinned in said)
    text = _(
        "Drawn from {kept} of {n} points: no estimate is off by more than {error} percentage points. The tables give "
        "exact values; the whole curves are in {folder}."
    )
    runs = fill(
        text,
        kept=Run(count(sum(len(curve.time) for curve, _thinned in said)), is_label=True),
        n=Run(count(sum(thinned.n_points for _curve, thinned in said)), is_label=True),
        error=Run(fixed(ceil(100_000 * largest) / 1000, 3), is_label=True),
        folder=words("curves/"),
    )
    return (runs,)

"""Methods text of sample size, optimism and nomogram."""

from __future__ import annotations

from reporter.report.document import MethodNote, Run
from reporter.report.format import plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import fill, words
from reporter.report.sections.references import Citations
from reporter.spec.options import NomogramOptions, OptimismOptions, SampleSizeOptions


def _percent(value: float) -> Run:
    return words(plain_number(round(100 * value, 6)))


def sample_size_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say by which criteria the sample size is reckoned."""
    _ = context.gettext
    nodes = [node for node in context.results.nodes("sample_size") if node.rows]
    options = nodes[0].options if nodes else None
    if not isinstance(options, SampleSizeOptions):
        return None
    text = _(
        "The sample size that the multivariable model asks for{cite} is the largest of three: for an expected "
        "calibration slope of {slope}; for a difference of at most {optimism} between apparent and adjusted R² of "
        "Nagelkerke; and, with a horizon, for an overall risk known to within {margin} percentage points with {level}% "
        "confidence under a constant hazard. The anticipated R² of Cox and Snell is {share}% of its maximum, not that "
        "of the fitted model."
    )
    runs = fill(
        text,
        cite=citations.cite("riley_2019", "riley_2020"),
        slope=words(plain_number(options.shrinkage)),
        optimism=words(plain_number(options.optimism)),
        margin=_percent(options.margin),
        level=_percent(options.margin_level),
        share=_percent(options.share_of_max),
    )
    return MethodNote(_("Sample size"), runs)


def optimism_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how optimism is measured, and how it is checked."""
    _ = context.gettext
    nodes = context.results.nodes("optimism")
    options = nodes[0].options if nodes else None
    if not isinstance(options, OptimismOptions):
        return None
    text = _(
        "Optimism is measured by the bootstrap{cite}: in each of {resamples} resamples of the patients, drawn with "
        "replacement (seed {seed}), the model is fitted again with the same covariates and measured on the resample, "
        "its own weights against censoring included, and on all patients; the mean difference is taken off the "
        "apparent value. R draws the same resamples from the same seed and repeats every fit. Choices made before the "
        "model was written down (covariates, cut points, knots) are not part of it."
    )
    runs = fill(
        text,
        cite=citations.cite("harrell", "efron_tibshirani"),
        resamples=words(plain_number(options.resamples)),
        seed=words(str(options.seed)),
    )
    return MethodNote(_("Optimism"), runs)


def nomogram_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say what points are."""
    _ = context.gettext
    nodes = [node for node in context.results.nodes("nomogram") if node.rows]
    options = nodes[0].options if nodes else None
    if not isinstance(options, NomogramOptions):
        return None
    text = _(
        "Points of the nomogram{cite} are parts of the linear predictor above their lowest on the axis, in units that "
        "give the longest axis {largest} points. The axis of a number leaves out the 10 lowest and the 10 highest "
        "values (of fewer than 200 patients, 5% at each end). Survival uses the baseline hazard of the model; the "
        "nomogram gives no intervals."
    )
    runs = fill(text, cite=citations.cite("iasonos"), largest=words(plain_number(options.largest)))
    return MethodNote(_("Nomogram"), runs)

"""What each figure is drawn from: positions as numbers, every word and printed number as text.

Lengths are points (1 user unit = 1 pt); `title` and `description` become the accessible name and description.
A text with an address or a label mark keeps it in the drawing (``data-stat``, ``data-label``).
"""

from __future__ import annotations

from dataclasses import dataclass

from reporter.report.document import Inline

TEXT_WIDTH = 493.0
HALF_WIDTH = 236.0


@dataclass(frozen=True)
class Tick:
    """A place on an axis and the text under it."""

    position: float
    label: str


@dataclass(frozen=True)
class SurvivalGroup:
    """One curve of a Kaplan-Meier figure.

    Parameters
    ----------
    time, estimate, conf_low, conf_high
        Steps in rising time, on the scale 0-1; the curve starts at (0, 1) by itself. A limit of
        None leaves the band open.
    censor_times
        Times of the censored, one tick each.
    risk
        Text of the risk table, one per tick of the time axis; empty where there is none.
    """

    label: str
    time: tuple[float, ...]
    estimate: tuple[float, ...]
    conf_low: tuple[float | None, ...] = ()
    conf_high: tuple[float | None, ...] = ()
    censor_times: tuple[float, ...] = ()
    risk: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class KaplanMeierFigure:
    """Curves of one to six groups with their risk table.

    Parameters
    ----------
    x_ticks
        Ticks in the report unit; the last ends the axis.
    y_ticks
        Ticks on the scale 0-1; the last ends the axis.
    risk_heading
        Words over the risk table, e.g. ``No. at risk (cumulative No. of events)``.
    statistics
        Lines printed in the emptier left or right corner of the plot.
    start
        Where all curves begin: 1 for survival, 0 for cumulative incidence.
    """

    title: str
    description: str
    groups: tuple[SurvivalGroup, ...]
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    risk_heading: str = ""
    statistics: tuple[Inline, ...] = ()
    width: float = TEXT_WIDTH
    plot_height: float = 160.0
    start: float = 1.0


@dataclass(frozen=True)
class ForestAxis:
    """The common logarithmic axis of a forest table; made by `choose_forest_axis`."""

    lower: float
    upper: float
    ticks: tuple[Tick, ...]
    width: float = 120.0


@dataclass(frozen=True)
class ForestRow:
    """One hazard ratio with its interval (ratio scale); estimate None draws the reference circle at 1."""

    description: str
    estimate: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None


@dataclass(frozen=True)
class CalibrationPoint:
    """Predicted and observed risk of a group, 0-1."""

    predicted: float
    observed: float
    conf_low: float | None = None
    conf_high: float | None = None


@dataclass(frozen=True)
class CalibrationFigure:
    """Observed against predicted risk; the same ticks on both axes, the first and last are their ends.

    `smooth` is a curve through rising predicted risks, a point with its limits each.
    """

    title: str
    description: str
    points: tuple[CalibrationPoint, ...]
    x_label: str
    y_label: str
    ticks: tuple[Tick, ...]
    width: float = HALF_WIDTH
    height: float = 200.0
    smooth: tuple[CalibrationPoint, ...] = ()


@dataclass(frozen=True)
class FlowStep:
    """A box of the flow diagram and the box of those left out after it (empty: none); the first line is bold."""

    lines: tuple[Inline, ...]
    excluded: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class FlowColumn:
    """One cohort from top to bottom."""

    heading: str
    steps: tuple[FlowStep, ...]


@dataclass(frozen=True)
class FlowFigure:
    """Attrition of one or two cohorts, side by side."""

    title: str
    description: str
    columns: tuple[FlowColumn, ...]
    width: float = TEXT_WIDTH


@dataclass(frozen=True)
class SmoothFigure:
    """A smooth with its band, over positions that the ticks name; `reference` is the level of the dashed line."""

    title: str
    description: str
    position: tuple[float, ...]
    estimate: tuple[float, ...]
    conf_low: tuple[float, ...]
    conf_high: tuple[float, ...]
    reference: float | None
    reference_label: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = HALF_WIDTH
    height: float = 150.0


@dataclass(frozen=True)
class TreeBranch:
    """The way from a node to a child: the words on it and the child."""

    label: str
    node: TreeNode


@dataclass(frozen=True)
class TreeNode:
    """A node of a decision tree; `tone` picks the fill of a leaf (0 = worst), None leaves it white."""

    lines: tuple[Inline, ...]
    branches: tuple[TreeBranch, ...] = ()
    tone: int | None = None


@dataclass(frozen=True)
class TreeFigure:
    """A decision tree from its root."""

    title: str
    description: str
    root: TreeNode
    width: float = TEXT_WIDTH


@dataclass(frozen=True)
class SilhouetteBar:
    """The silhouette of one number of clusters: its label under the bar, its value and the text of the value."""

    label: str
    value: float
    text: Inline
    chosen: bool = False


@dataclass(frozen=True)
class SilhouetteFigure:
    """Silhouette by number of clusters."""

    title: str
    description: str
    bars: tuple[SilhouetteBar, ...]
    x_label: str
    y_label: str
    width: float = HALF_WIDTH
    height: float = 130.0


@dataclass(frozen=True)
class CurveMark:
    """A read-out on a curve: where, how high, and the text beside it."""

    time: float
    estimate: float
    text: Inline


@dataclass(frozen=True)
class PatientCurveFigure:
    """The predicted course of one patient against the cohort; step functions that start at (0, 1), scale 0-1.

    A limit of None leaves the band open.
    """

    title: str
    description: str
    time: tuple[float, ...]
    estimate: tuple[float, ...]
    conf_low: tuple[float | None, ...]
    conf_high: tuple[float | None, ...]
    reference_time: tuple[float, ...]
    reference_estimate: tuple[float, ...]
    label: str
    reference_label: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[CurveMark, ...] = ()
    width: float = 322.0
    height: float = 206.0


@dataclass(frozen=True)
class IconsFigure:
    """One hundred dots, the first `n_filled` of them filled."""

    title: str
    description: str
    n_filled: int
    width: float = 128.0


@dataclass(frozen=True)
class Contribution:
    """What one factor adds to the log hazard: its name, the patient's value, the number and its text."""

    label: str
    value: str
    log_hazard: float
    text: Inline


@dataclass(frozen=True)
class ContributionsFigure:
    """Bars of what each factor contributes; rows in the order given."""

    title: str
    description: str
    rows: tuple[Contribution, ...]
    lower_words: str
    higher_words: str
    width: float = 240.0


@dataclass(frozen=True)
class RankFigure:
    """Where a patient stands among the cohort; `percent` of it has a lower predicted risk (0-100)."""

    title: str
    description: str
    percent: float
    lowest_words: str
    middle_words: str
    highest_words: str
    width: float = 240.0

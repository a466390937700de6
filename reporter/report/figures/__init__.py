"""Figures as SVG text: every word and printed number comes in as text, only places are computed here."""

from reporter.report.figures.axes import linear_ticks
from reporter.report.figures.calibration import draw_calibration, draw_smooth
from reporter.report.figures.decision import draw_decision
from reporter.report.figures.flow import draw_flow
from reporter.report.figures.forest import choose_forest_axis, draw_forest_axis, draw_forest_row
from reporter.report.figures.metrics import FontMetrics
from reporter.report.figures.null_band import draw_null_band
from reporter.report.figures.patient import draw_contributions, draw_icons, draw_patient_curve, draw_rank
from reporter.report.figures.silhouette import draw_silhouette
from reporter.report.figures.survival import draw_kaplan_meier
from reporter.report.figures.tree import draw_tree

__all__ = [
    "FontMetrics",
    "choose_forest_axis",
    "draw_calibration",
    "draw_contributions",
    "draw_decision",
    "draw_flow",
    "draw_forest_axis",
    "draw_forest_row",
    "draw_icons",
    "draw_kaplan_meier",
    "draw_null_band",
    "draw_patient_curve",
    "draw_rank",
    "draw_silhouette",
    "draw_smooth",
    "draw_tree",
    "linear_ticks",
]

"""The pages of a made-up patient, for the tests of the writers."""

from __future__ import annotations

from math import exp

from reporter.report.document import (
    Badge,
    Bullets,
    Callout,
    Cell,
    Figure,
    Inline,
    KeyFigure,
    Paragraph,
    Run,
    Table,
    TableRow,
)
from reporter.report.figures import FontMetrics, draw_contributions, draw_icons, draw_patient_curve, draw_rank
from reporter.report.figures.models import (
    Contribution,
    ContributionsFigure,
    CurveMark,
    IconsFigure,
    PatientCurveFigure,
    RankFigure,
    Tick,
)
from reporter.report.patient_document import Panel, PanelRow, PatientDocument


def words(text: str) -> Inline:
    return (Run(text),)


def curve(fonts: FontMetrics) -> str:
    time = tuple(i / 12 for i in range(1, 85))
    own, average = tuple(exp(-0.135 * t) for t in time), tuple(exp(-0.15 * t) for t in time)
    marks = tuple(CurveMark(t, exp(-0.135 * t), words(f"{100 * exp(-0.135 * t):.0f}%")) for t in (2.0, 5.0))
    return draw_patient_curve(
        PatientCurveFigure(
            title="Predicted course",
            description="51% at 5 years.",
            time=time,
            estimate=own,
            conf_low=tuple(s - 0.015 * t for s, t in zip(own, time, strict=True)),
            conf_high=tuple(min(1.0, s + 0.01 * t) for s, t in zip(own, time, strict=True)),
            reference_time=time,
            reference_estimate=average,
            label="This patient",
            reference_label="Cohort average",
            x_label="Years after surgery",
            y_label="Recurrence-free, %",
            x_ticks=tuple(Tick(float(t), str(t)) for t in range(8)),
            y_ticks=tuple(Tick(p / 100, str(p)) for p in (0, 25, 50, 75, 100)),
            marks=marks,
        ),
        fonts,
    )


def contributions(fonts: FontMetrics) -> str:
    data = (
        ("Positive nodes", "1", -0.21),
        ("Age", "73", -0.19),
        ("Hormonal therapy", "No", 0.12),
        ("Tumour grade", "II", 0.05),
    )
    rows = tuple(Contribution(a, b, c, words(f"×{exp(c):.2f}")) for a, b, c in data)
    return draw_contributions(ContributionsFigure("Factors", "Nodes most.", rows, "lower risk", "higher risk"), fonts)


def estimates(name: str) -> Table:
    head = tuple(
        Cell(words(t), "left" if i == 0 else "right") for i, t in enumerate(("Time", "Recurrence-free, %", "95% CI"))
    )
    rows = tuple(
        TableRow(
            (Cell(words(f"{t} years")), Cell((Run("51", f"p/{name}/t={t}"),), "right"), Cell(words("43–59"), "right"))
        )
        for t in (1, 2, 3, 5)
    )
    return Table(name, (), head, rows)


def demo_patient() -> PatientDocument:
    fonts = FontMetrics()
    icons = draw_icons(IconsFigure("51 of 100", "Filled: free of recurrence.", 51), fonts)
    rank = draw_rank(RankFigure("Rank", "49 of 100 lower.", 49, "Lowest risk", "median", "Highest risk"), fonts)
    key = KeyFigure((Run("51%", "p/t=5/survival"),), words("95% confidence interval, 43–59%"), ())
    first = (
        PanelRow(
            (
                Panel(
                    "Recurrence-free at 5 years",
                    (
                        Figure(
                            "icons",
                            (),
                            icons,
                            "51 of 100 filled.",
                            (words("Of 100 such patients about 51 (filled) are free of recurrence."),),
                        ),
                    ),
                    0.7,
                    key,
                ),
                Panel("Predicted course over 7 years", (Figure("curve", (), curve(fonts), "51% at 5 years."),), 1.5),
            )
        ),
        PanelRow(
            (
                Panel("What drives this estimate", (Figure("factors", (), contributions(fonts), "Nodes most."),)),
                Panel(
                    "Position among 2828 patients",
                    (Figure("rank", (), rank, "49 of 100 lower."), estimates("estimates")),
                ),
            )
        ),
        PanelRow(
            (
                Panel(
                    "In plain words",
                    (Callout(words("Among 100 people like this about 51 are alive without recurrence."), "warning"),),
                ),
            )
        ),
    )
    second = (
        PanelRow(
            (
                Panel(
                    "Values used",
                    (estimates("values"), Paragraph(words("Values outside the range are flagged."), "note")),
                ),
            )
        ),
        PanelRow(
            (Panel("Limits", (Bullets((words("The estimate describes a group."), words("Decisions together."))),)),)
        ),
    )
    return PatientDocument(
        language="en",
        title="Prognosis report P00005",
        heading="Individual prognosis after surgery",
        subtitle="Predicted recurrence-free survival",
        running_title="Breast cancer prognosis report",
        patient_label="Patient P00005",
        footer="reporter 0.1.0 · model sha256 1c77…08be",
        created="",
        strip=(("Patient", "P00005"), ("Age", "73 y"), ("Endpoint", "Recurrence or death"), ("Model", "Cox")),
        badge=Badge("not_verified", "Not verified", words("R was not run.")),
        pages=(first, second),
        signatures=("Reviewed by (name, date)", "Discussed with patient (date)"),
    )

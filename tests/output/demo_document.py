"""A document with every kind of block, and hostile names, for the tests of the writers."""

from __future__ import annotations

from math import exp

from reporter.report.document import (
    Badge,
    Bullets,
    Callout,
    Cell,
    Columns,
    Figure,
    Inline,
    KeyFigure,
    MethodNote,
    Paragraph,
    References,
    ReportDocument,
    Run,
    Section,
    Table,
    TableRow,
    TitlePage,
)
from reporter.report.figures import (
    FontMetrics,
    choose_forest_axis,
    draw_calibration,
    draw_flow,
    draw_forest_axis,
    draw_forest_row,
    draw_kaplan_meier,
    draw_silhouette,
    draw_smooth,
    draw_tree,
    linear_ticks,
)
from reporter.report.figures.models import (
    CalibrationFigure,
    CalibrationPoint,
    FlowColumn,
    FlowFigure,
    FlowStep,
    ForestRow,
    KaplanMeierFigure,
    SilhouetteBar,
    SilhouetteFigure,
    SmoothFigure,
    SurvivalGroup,
    Tick,
    TreeBranch,
    TreeFigure,
    TreeNode,
)

HOSTILE = "<script>alert(1)</script> & {{ 7*7 }} \x0b ]]>"
LONG = "Postmenopausal with more than three positive axillary nodes, II"


def words(text: str) -> Inline:
    return (Run(text),)


def number(text: str, address: str) -> Run:
    return Run(text, address=address)


def caption(kind: str, text: str) -> Inline:
    return (Run(kind, is_label=True, strong=True), Run(" " + text))


def group(label: str, hazard: float, n: int = 120) -> SurvivalGroup:
    time = tuple(7.0 * (i + 1) / n for i in range(n))
    estimate = tuple(exp(-hazard * t) for t in time)
    low = tuple(max(0.0, s - 0.012 * t - 0.01) for s, t in zip(estimate, time, strict=True))
    high = tuple(min(1.0, s + 0.012 * t + 0.01) for s, t in zip(estimate, time, strict=True))
    risk = tuple(words(f"{int(400 * exp(-hazard * t)) - 40 * t} ({30 * t})") for t in range(8))
    return SurvivalGroup(label, time, estimate, low, high, time[5::7], risk)


def kaplan_meier(labels: tuple[str, ...], hazards: tuple[float, ...], fonts: FontMetrics) -> str:
    address = "development/rfs/log_rank/hormon=/p_value"
    statistics = (
        (Run("Median: 5.5 y vs 4.2 y"),),
        (Run("Adjusted HR, 0.70 (95% CI, 0.55–0.91)", strong=True),),
        (Run("Log-rank "), Run("P", italic=True), Run(" = "), number(".003", address)),
    )
    return draw_kaplan_meier(
        KaplanMeierFigure(
            title="Kaplan–Meier curves of recurrence-free survival",
            description="Two groups.",
            groups=tuple(group(label, h) for label, h in zip(labels, hazards, strict=True)),
            x_label="Time since surgery, years",
            y_label="Recurrence-free survival, %",
            x_ticks=tuple(Tick(float(t), str(t)) for t in range(8)),
            y_ticks=tuple(Tick(p / 100, str(p)) for p in (0, 25, 50, 75, 100)),
            risk_heading="No. at risk (cumulative No. of events)",
            statistics=statistics,
        ),
        fonts,
    )


def forest_table(fonts: FontMetrics) -> Table:
    data = [
        ("Hormonal therapy", None),
        ("No", ForestRow("Reference")),
        ("Yes", ForestRow("0.70 (0.55 to 0.91)", 0.70, 0.55, 0.91)),
        ("Age, per 10 y", ForestRow("0.91 (0.76 to 1.09)", 0.91, 0.76, 1.09)),
        ("Tumour grade", None),
        (LONG, ForestRow("1.70 (1.04 to 2.79)", 1.70, 1.04, 2.79)),
        (HOSTILE, ForestRow("1.80 (0.01 to 90)", 1.80, 0.01, 90.0)),
    ]
    axis = choose_forest_axis((row for _, row in data if row), lambda v: f"{v:g}", fonts)
    rows = []
    for name, row in data:
        address = f"development/rfs/cox_multivariable/term={len(rows)}/hazard_ratio"
        if row is None:
            rows.append(TableRow((Cell(words(name)), *(Cell() for _ in range(6))), role="header"))
            continue
        level = "level" if name in {"No", "Yes", LONG, HOSTILE} else "value"
        text: Inline = words("1 [reference]")
        if row.estimate is not None:
            flag = "R gives 0.71" if name == "Yes" else ""
            text = (Run(f"{row.estimate:.2f}", address, flag=flag), Run(f" ({row.conf_low:.2f}–{row.conf_high:.2f})"))
        cells = (
            Cell(words(name)),
            Cell(words("440/205"), "right"),
            Cell(text, "center"),
            Cell((number(".004", address + "/p"),), "right") if row.estimate else Cell(),
            Cell(text, "center"),
            Cell(svg=draw_forest_row(row, axis, fonts)),
            Cell((number("< .001", address + "/q"),), "right", strong=True) if row.estimate else Cell(),
        )
        rows.append(TableRow(cells, role=level))
    drawn = draw_forest_axis(axis, "Hazard ratio, log scale", "lower risk", "higher risk", fonts)
    rows.append(
        TableRow((Cell(words("Hazard ratio (log scale)"), "right", span=5), Cell(svg=drawn), Cell()), role="axis")
    )
    head = ("Characteristic", "No./events", "HR (95% CI)", "P", "HR (95% CI)", "Adjusted HR", "P")
    aligns = ("left", "right", "center", "right", "center", "center", "right")
    return Table(
        name="cox",
        caption=caption("Table 1.", "Univariable and multivariable Cox proportional-hazards models."),
        spanner=(Cell(span=2), Cell(words("Univariable"), span=2), Cell(words("Multivariable"), span=3)),
        head=tuple(
            Cell((Run(h, italic=h == "P"),), a)  # type: ignore[arg-type]
            for h, a in zip(head, aligns, strict=True)
        ),
        rows=tuple(rows),
        notes=((Run("HR, hazard ratio; CI, confidence interval. "), Run("P", italic=True), Run(" from Wald tests.")),),
    )


def long_table(count: int = 70) -> Table:
    rows = tuple(
        TableRow((Cell(words(f"Row {i}")), Cell((number(str(i), f"a/b/c/row={i}/n"),), "right"))) for i in range(count)
    )
    head = (Cell(words("Quantity head")), Cell(words("Value"), "right"))
    return Table("long", caption("Table 2.", "A table over more than one page."), head, rows)


def small_figures(fonts: FontMetrics) -> dict[str, str]:
    points = tuple(CalibrationPoint(p / 100, p / 100 + 0.02, p / 100 - 0.08, p / 100 + 0.12) for p in range(14, 75, 8))
    ticks = tuple(Tick(p / 100, str(p)) for p in (0, 20, 40, 60, 80))
    x = tuple(i / 39 for i in range(40))
    smooth = tuple(0.6 - 0.9 * v + 0.6 * v * v for v in x)
    return {
        "calibration": draw_calibration(
            CalibrationFigure(
                "Calibration", "Ten groups.", points, "Predicted 5-year risk, %", "Observed 5-year risk, %", ticks
            ),
            fonts,
        ),
        "smooth": draw_smooth(
            SmoothFigure(
                title="Coefficient over time",
                description="Falls with time.",
                position=x,
                estimate=smooth,
                conf_low=tuple(v - 0.3 for v in smooth),
                conf_high=tuple(v + 0.3 for v in smooth),
                reference=0.35,
                reference_label="estimate of the model",
                x_label="Time, years",
                y_label="Log hazard ratio",
                x_ticks=(Tick(0.1, "0.5"), Tick(0.4, "1"), Tick(0.9, "3")),
                y_ticks=linear_ticks(-0.1, 1.0, lambda v: f"{v:g}"),
            ),
            fonts,
        ),
        "silhouette": draw_silhouette(
            SilhouetteFigure(
                "Silhouette by number of clusters",
                "Highest at two.",
                tuple(SilhouetteBar(str(k), 0.4 / k, words(f"0.{40 // k}"), k == 2) for k in range(2, 7)),
                "Number of clusters",
                "Mean silhouette",
            ),
            fonts,
        ),
    }


def flow(fonts: FontMetrics, names: tuple[str, ...] = ("Development: Rotterdam", "Validation: GBSG")) -> str:
    steps = (
        FlowStep(
            (words("2982 Patients in the source"),), (words("34 Excluded"), words("19 " + LONG), words("15 No time"))
        ),
        FlowStep((words("2948 Eligible"),), (words("120 Excluded"), words("120 " + HOSTILE))),
        FlowStep((words("2828 Analysed"), words("1518 Recurrence or death"))),
    )
    columns = tuple(FlowColumn(name, steps) for name in names)
    return draw_flow(FlowFigure("Flow of patients", "2982 to 2828.", columns), fonts)


def tree(fonts: FontMetrics) -> str:
    def leaf(name: str, tone: int) -> TreeNode:
        return TreeNode((words(name), words("n = 246")), tone=tone)

    left = TreeNode(
        (words(LONG), words("n = 376")),
        (TreeBranch("≤ 90", leaf("Phenotype 2", 1)), TreeBranch("> 90", leaf("Phenotype 3", 3))),
    )
    right = TreeNode(
        (words("孕激素受体浓度与雌激素受体浓度之比"), words("n = 310")),
        (TreeBranch("≤ 20 fmol/mg", leaf("Phenotype 1", 0)), TreeBranch("> 20 fmol/mg", leaf(HOSTILE, 5))),
    )
    root = TreeNode((words("Positive nodes"), words("n = 686")), (TreeBranch("≤ 3", left), TreeBranch("> 3", right)))
    return draw_tree(TreeFigure("Decision tree", "Nodes, then receptors.", root), fonts)


def title_page() -> TitlePage:
    key = "development/rfs/survival_quantile/p=0.5/median"
    keys = (
        KeyFigure(
            (number("2828", "a/n"),),
            (number("1518", "a/n_event"), Run(" recurrences or deaths")),
            words("patients analysed"),
        ),
        KeyFigure((number("6.7 y", key),), words("95% CI, 6.2–7.3"), words("median recurrence-free survival")),
        KeyFigure((number("0.70", "c/hr"),), words("95% CI, 0.55–0.91"), words("hazard ratio of hormonal therapy")),
        KeyFigure((number("0.68", "c/c"),), words("95% CI, 0.66–0.70"), words("concordance in the validation cohort")),
    )
    badge = Badge(
        "verified",
        "Verified against R",
        (
            number("1 204", "ledger/n"),
            Run(" numbers computed twice; all agree (R 4.2.2, survival 3.5-3)."),
        ),
    )
    return TitlePage(
        kicker="Cohort report",
        title="Recurrence-free survival after breast cancer surgery",
        lead=words(
            "Hormonal therapy was associated with longer recurrence-free survival: 58% of treated patients "
            "were free of recurrence at 5 years."
        ),
        key_figures=keys,
        badge=badge,
        blocks=(
            Paragraph(
                words("2982 patients in the source, 2948 eligible, 2828 analysed; 686 in the validation cohort.")
            ),
        ),
        provenance=("reporter 0.1.0 · data SHA-256 9f4c…e21a", "Study file rotterdam.toml, seed 20230603"),
    )


def demo_document(badge_state: str = "verified") -> ReportDocument:
    fonts = FontMetrics()
    small = small_figures(fonts)
    two = kaplan_meier(("No hormonal therapy", "Hormonal therapy"), (0.17, 0.11), fonts)
    six = kaplan_meier(
        (LONG, HOSTILE, "Grade 2", "Grade 3", "术后化疗加内分泌治疗组", "Other " + LONG),
        (0.05, 0.08, 0.12, 0.18, 0.19, 0.5),
        fonts,
    )
    prose = "Among 2828 women with primary breast cancer, 1518 had a recurrence or died during follow-up. " * 3
    sections = (
        Section(
            "survival",
            "Hormonal therapy and recurrence-free survival",
            (
                Paragraph(words("Hormonal therapy was associated with longer survival."), "lead"),
                Figure(
                    "km",
                    caption("Figure 1.", "Kaplan–Meier estimates according to hormonal therapy."),
                    two,
                    "Two curves.",
                    (words("Shaded areas are pointwise 95% confidence intervals."),),
                ),
                forest_table(fonts),
            ),
            new_page=True,
        ),
        Section(
            "structure",
            HOSTILE,
            (
                Paragraph(words(prose)),
                Bullets((words("First point"), (Run("Second point, "), number("0.5", "x/y")))),
                Callout(words("Clusters that noise would also give."), "warning"),
                Figure("km6", caption("Figure 2.", "Six groups."), six, "Six curves."),
                Columns(
                    (
                        Figure(
                            "calibration",
                            caption("Figure 3.", "Calibration."),
                            small["calibration"],
                            "Close to the diagonal.",
                            half_width=True,
                        ),
                        Figure("smooth", caption("Figure 4.", "Smooth."), small["smooth"], "Falls.", half_width=True),
                    )
                ),
                Figure("flow", caption("Figure 5.", "Flow of patients."), flow(fonts), "2982 to 2828."),
                Figure("tree", caption("Figure 6.", "Tree."), tree(fonts), "Nodes first."),
                Figure("silhouette", caption("Figure 7.", "Silhouette."), small["silhouette"], "Two.", half_width=True),
            ),
        ),
        Section(
            "methods",
            "Methods",
            (
                Section(
                    "statistics",
                    "Statistics",
                    (MethodNote("Cox model", words(prose)), MethodNote("Checks", words(prose))),
                ),
                Callout(words("All numbers agree."), "good"),
                Callout(words("For information."), "info"),
                Badge("disagrees", "R disagrees", words("Two numbers differ.")),
                long_table(),
                References("References", ("Cox DR. Regression models and life-tables. 1972.", HOSTILE)),
            ),
        ),
    )
    return ReportDocument(
        language="en",
        title="Recurrence-free survival " + HOSTILE,
        running_title="Survival analysis report · Rotterdam",
        footer="reporter 0.1.0 · data SHA-256 9f4c…e21a",
        created="2026-11-23",
        title_page=title_page(),
        sections=sections,
        labels={"contents": "Contents"},
    )

"""What every section is made from: the tree, the words of the language, and the verdicts of the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reporter.report.document import Block, Callout, Inline, Run
from reporter.report.figures import FontMetrics
from reporter.report.format import (
    ABSENT,
    Write,
    count,
    level_text,
    p_relation,
    percent,
    plain_number,
    range_separator,
    ratio_writer,
    significant,
)
from reporter.report.language import Language
from reporter.report.sections.inline import fill, words
from reporter.results.address import level_term
from reporter.results.ledger import LedgerRow, Verdict
from reporter.results.tree import AnalysisNode, ColumnInfo, Curve, EndpointInfo, Results, Row
from reporter.results.value import Reason

_BESIDE = ("horizon_performance",)
_ACCEPTED = (Verdict.AGREES, Verdict.NOT_CHECKABLE)
NOT_REACHED = "NR"


@dataclass(frozen=True)
class Context:
    """The result tree in one language.

    Parameters
    ----------
    ledger
        Rows of the check by address; empty when it did not run.
    """

    results: Results
    language: Language
    fonts: FontMetrics
    ledger: Mapping[str, LedgerRow]

    # -- words -------------------------------------------------------------------------------------------------------
    def gettext(self, message: str) -> str:
        """Return a message in the language of the report."""
        return self.language.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a message in the form for `n` things."""
        return self.language.ngettext(singular, plural, n)

    def unit(self, unit: str) -> str:
        """Return the word of a unit of time; other units as the study gives them."""
        _ = self.gettext
        return {"years": _("years"), "months": _("months"), "days": _("days")}.get(unit, unit)

    def time_point(self, time: float, unit: str) -> Run:
        """Return a horizon with its unit, e.g. ``5 years``."""
        _ = self.gettext
        single = {"years": _("1 year"), "months": _("1 month"), "days": _("1 day")}
        text = (
            single[unit]
            if time == 1 and unit in single
            else _("{n} {unit}").format(n=plain_number(time), unit=self.unit(unit))
        )
        return Run(text, is_label=True)

    def level_of_confidence(self, level: float) -> Run:
        """Return e.g. ``95% CI``."""
        return Run(self.gettext("{level}% CI").format(level=plain_number(round(100 * level, 6))), is_label=True)

    def column(self, name: str) -> ColumnInfo:
        """Return what the study says of a column; a column without a description names itself."""
        for info in self.results.columns:
            if info.name == name:
                return info
        return ColumnInfo(name=name, label=name, kind="categorical")

    def column_label(self, name: str, *, unit: bool = False, per: bool = False) -> str:
        """Return the label of a column, with its unit, or with the step of its hazard ratio."""
        info = self.column(name)
        _ = self.gettext
        if per and info.spline:
            return _("{label}, spline").format(label=info.label)
        if per and info.kind == "numeric":
            return _("{label}, {step}").format(label=info.label, step=self._step(info))
        return _("{label}, {unit}").format(label=info.label, unit=info.unit) if unit and info.unit else info.label

    def _step(self, info: ColumnInfo) -> str:
        _ = self.gettext
        size = plain_number(info.per)
        unit = {"years": _("year"), "months": _("month"), "days": _("day")}.get(info.unit) if info.per == 1 else None
        if info.transform == "log2":
            return _("per doubling") if info.per == 1 else _("per {n} doublings").format(n=size)
        if info.transform == "log1p":
            return _("per {n} of log(1 + x)").format(n=size)
        said = unit or info.unit
        # Beside the sign of a unit (mm) the space stays in every language.
        amount = f"{size} {said}" if said.isascii() else _("{n} {unit}").format(n=size, unit=said)
        return _("per {n}").format(n=amount.strip())

    def term_label(self, term: str) -> str:
        """Return the words of a coefficient: the label of its column, and its level after a colon.

        The columns of a spline are numbered; the two parts of an interaction stand around a multiplication sign.
        """
        return self._part_label(term) or self._product_label(term) or term

    def covariate_label(self, name: str) -> str:
        """Return the words of a covariate or of an interaction of two."""
        whole = self._whole_label(name)
        return self.column_label(name, per=True) if whole else self.effect_label(name)

    def effect_label(self, name: str) -> str:
        """Return the words of a covariate as a whole, or of an interaction of two."""
        if self._whole_label(name):
            return self._whole_label(name)
        for i, character in enumerate(name):
            both = (self._whole_label(name[:i]), self._whole_label(name[i + 1 :]))
            if character == ":" and all(both):
                return f"{both[0]} × {both[1]}"
        return name

    def _part_label(self, term: str) -> str:
        for info in self.results.columns:
            if term.rstrip("'") == info.name and info.spline:
                return self.spline_label(info, len(term) - len(info.name))
            if term == info.name:
                return self.column_label(term, per=True)
            for level in info.levels:
                if term == level_term(info.name, level):
                    return self._at_level(info, level)
        return ""

    def _at_level(self, info: ColumnInfo, level: str) -> str:
        return self.gettext("{label}: {level}").format(label=info.label, level=level_text(level))

    def _product_label(self, term: str) -> str:
        for i, character in enumerate(term):
            if character != ":":
                continue
            first, second = self._part_label(term[:i]), self._part_label(term[i + 1 :])
            if first and second:
                return f"{first} × {second}"
        return ""

    def _whole_label(self, name: str) -> str:
        return next((info.label for info in self.results.columns if info.name == name), "")

    def spline_label(self, info: ColumnInfo, number: int) -> str:
        """Return the words of one column of a spline: 0 is the covariate itself, then the cubic columns."""
        _ = self.gettext
        if not number:
            return _("{label}, linear part").format(label=info.label)
        return _("{label}, cubic part {n}").format(label=info.label, n=plain_number(number))

    # -- numbers -----------------------------------------------------------------------------------------------------
    def flag(self, address: str, *, has_value: bool) -> str:
        """Return the words to set beside a number that R did not confirm; empty when it agrees or no check ran."""
        if not self.results.verification.ran:
            return ""
        _ = self.gettext
        row = self.ledger.get(address)
        if row is None:
            return _("not in the check against R") if has_value else ""
        if row.verdict in _ACCEPTED:
            return ""
        if row.verdict is Verdict.DISAGREES:
            hidden = address.partition("/")[0] in self.results.verification.without_values
            other = _("another value") if hidden else _("no value") if row.r is None else significant(row.r)
            return _("R gives {value}").format(value=other)
        if row.verdict is Verdict.MISSING_IN_R:
            return _("no partner in R")
        if row.verdict is Verdict.MISSING_IN_PYTHON:
            return _("no partner in Python")
        return _("the check against R did not run for this number")

    def number(self, node: AnalysisNode, row: Row, stat: str, write: Write) -> Run:
        """Return a number with its address, a short sign of absence when there is none."""
        found, address = row.get(stat), node.address(row, stat)
        flag = self.flag(address, has_value=found.value is not None)
        if found.value is None:
            return Run(NOT_REACHED if found.reason is Reason.NOT_REACHED else ABSENT, address, flag=flag)
        return Run(write(found.value), address, flag=flag)

    def spelt(self, node: AnalysisNode, row: Row, stat: str, write: Write) -> Run:
        """Return a number with its address for running text, where an absence is spelt out."""
        run, found = self.number(node, row, stat, write), row.get(stat)
        return run if found.value is not None else replace(run, text=self.reason(found.reason))

    def reason(self, reason: Reason | None) -> str:
        """Return the words of an absence."""
        _ = self.gettext
        return {
            Reason.NOT_REACHED: _("not reached"),
            Reason.NOT_ESTIMABLE: _("not estimable"),
            Reason.SUPPRESSED: _("not shown (few patients)"),
            Reason.NOT_RUN: _("not computed"),
            Reason.FAILED: _("could not be computed"),
            Reason.OUTCOME_USED: _("not given: the outcome was used in forming the groups"),
        }.get(reason or Reason.NOT_ESTIMABLE, _("not estimable"))

    def interval(
        self, node: AnalysisNode, row: Row, write: Write, low: str = "conf_low", high: str = "conf_high"
    ) -> Inline:
        """Return the two limits with an en dash, or `` to `` where one has a sign; one dash when both are absent."""
        first, second = self.number(node, row, low, write), self.number(node, row, high, write)
        if row.get(low).value is None and row.get(high).value is None:
            return (first,)
        return (first, Run(range_separator((first.text, second.text))), second)

    def with_interval(
        self, node: AnalysisNode, row: Row, stat: str, write: Write, low: str = "conf_low", high: str = "conf_high"
    ) -> Inline:
        """Return ``0.70 (0.55–0.91)``; the estimate's sign of absence alone when there is none."""
        first = self.number(node, row, stat, write)
        if row.get(stat).value is None:
            return (first,)
        return (first, Run(" ("), *self.interval(node, row, write, low, high), Run(")"))

    def hazard_ratio(self, node: AnalysisNode, row: Row) -> Inline:
        """Return a hazard ratio with its interval."""
        values = [row.get(stat).value for stat in ("hazard_ratio", "conf_low", "conf_high")]
        return self.with_interval(node, row, "hazard_ratio", ratio_writer(*values))

    def p_statement(self, node: AnalysisNode, row: Row, stat: str = "p_value") -> Inline:
        """Return ``P = .03``."""
        space = () if self.language.is_chinese else (Run("\u00a0"),)
        return (Run("P", italic=True), *space, self.spelt(node, row, stat, p_relation))

    def curve_number(self, node: AnalysisNode, curve: Curve, stat: str, index: int, write: Write = count) -> Run:
        """Return a number of one point of a curve; the verdict is that of its column."""
        value = curve.column(stat)[index]
        address = node.address(curve, stat, curve.time[index])
        flag = self._column_flag(node, curve, stat)
        return Run(ABSENT, address, flag=flag) if value is None else Run(write(value), address, flag=flag)

    def _column_flag(self, node: AnalysisNode, curve: Curve, stat: str) -> str:
        values = curve.column(stat)
        last = max((i for i, value in enumerate(values) if value is not None), default=None)
        if last is None:
            return ""
        return self.flag(node.address(curve, stat, curve.time[last]), has_value=True)

    # -- looking up --------------------------------------------------------------------------------------------------
    def node(
        self, analysis: str, cohort: str, endpoint: str, variable: str = "", kind: str = ""
    ) -> AnalysisNode | None:
        """Return an analysis that ran, or None; what stands beside it under the same name is asked for by its kind."""
        for found in self.results.nodes(analysis, cohort=cohort, endpoint=endpoint):
            wanted = found.options.kind == kind if kind else found.options.kind not in _BESIDE
            if found.variable == variable and wanted and not found.failed:
                return found
        return None

    def failures(self, analyses: Sequence[str], cohort: str, endpoint: str) -> tuple[Block, ...]:
        """Return a warning for each of the analyses that gave nothing."""
        _ = self.gettext
        out: list[Block] = []
        for found in self.results.analyses:
            if found.failed and (found.cohort, found.endpoint) == (cohort, endpoint) and found.analysis in analyses:
                name = self.analysis_name(found)
                out.append(
                    Callout(
                        fill(_("{name} could not be computed: {why}"), name=words(name), why=words(found.failed)),
                        "warning",
                    )
                )
        return tuple(out)

    def analysis_name(self, node: AnalysisNode) -> str:
        """Return the words of an analysis, with its variable."""
        _ = self.gettext
        name = {
            "baseline": _("Patient characteristics"),
            "missing": _("Missing values"),
            "missing_reason": _("Reasons of missing values"),
            "missing_pattern": _("Patterns of missing values"),
            "drift": _("Differences between the cohorts"),
            "follow_up": _("Follow-up"),
            "kaplan_meier": _("Kaplan–Meier estimate"),
            "survival_quantile": _("Median survival"),
            "kaplan_meier_curve": _("Kaplan–Meier curve"),
            "log_rank": _("Log-rank test"),
            "rmst": _("Restricted mean survival"),
            "rmst_difference": _("Difference of restricted mean survival"),
            "conditional_survival": _("Conditional survival"),
            "rank_test": _("Further tests of equal survival"),
            "pairwise_log_rank": _("Pairwise log-rank tests"),
            "survival_difference": _("Difference of survival at the horizons"),
            "cumulative_incidence": _("Cumulative incidence"),
            "cumulative_incidence_curve": _("Curve of cumulative incidence"),
            "gray_test": _("Gray’s test"),
            "cause_specific": _("Cox model of a competing event"),
            "cox_cause_specific": _("Cox model of a competing event"),
            "cox_cause_specific_model": _("Cox model of a competing event, tests"),
            "competing_validation": _("Validation with competing events"),
            "competing_performance": _("Discrimination of the absolute risk in the validation cohort"),
            "competing_calibration": _("Calibration of the absolute risk in the validation cohort"),
            "fine_gray": _("Fine–Gray model"),
            "fine_gray_model": _("Fine–Gray model, tests"),
            "cox_univariable": _("Univariable Cox model"),
            "cox_univariable_model": _("Univariable Cox model, tests"),
            "cox_multivariable": _("Multivariable Cox model"),
            "cox_model": _("Multivariable Cox model, tests"),
            "cox_baseline_curve": _("Baseline hazard"),
            "cox_term_test": _("Tests of whole covariates"),
            "cox_firth": _("Penalised Cox model"),
            "cox_imputed": _("Multivariable Cox model with imputed covariates"),
            "imputation": _("Imputed values"),
            "imputation_trace_curve": _("Chains of the imputation"),
            "cox_spline_curve": _("Effect of splines"),
            "ph_test": _("Test of proportional hazards"),
            "ph_smooth_curve": _("Smooth of scaled Schoenfeld residuals"),
            "ph_test_km": _("Test of proportional hazards, transform km"),
            "ph_test_rank": _("Test of proportional hazards, transform rank"),
            "ph_test_identity": _("Test of proportional hazards, transform identity"),
            "ph_test_log": _("Test of proportional hazards, transform log"),
            "cox_time_split": _("Cox model before and after the median event time"),
            "cox_stratified": _("Cox model stratified by a covariate"),
            "cox_landmark": _("Cox model from a landmark on"),
            "influence": _("Influence of patients"),
            "functional_form": _("Functional form"),
            "functional_form_curve": _("Functional form"),
            "concordance": _("Concordance"),
            "optimism": _("Optimism of the model"),
            "sample_size": _("Sample size"),
            "nomogram": _("Nomogram"),
            "validation": _("Validation"),
            "performance": _("Discrimination in the validation cohort"),
            "calibration": _("Calibration in the validation cohort"),
            "gap_sensitivity": _("Survival under the other rule for gaps"),
            "calibration_group": _("Calibration by groups of predicted risk"),
            "calibration_curve": _("Smooth calibration curve"),
            "horizon_performance": _("Performance at the horizons in the validation cohort"),
            "phenotype": _("Phenotypes"),
            "phenotype_structure": _("Search for phenotype structure"),
            "ward_height_curve": _("Heights of the clustering"),
            "phenotype_classifier": _("Classifiers of the phenotypes"),
        }.get(node.analysis, node.analysis)
        return f"{name}: {self.column(node.variable).label}" if node.variable else name

    def cohort_label(self, cohort: str) -> str:
        """Return the words of a cohort."""
        _ = self.gettext
        return {"development": _("Development cohort"), "validation": _("Validation cohort")}.get(cohort, cohort)

    def level_label(self, variable: str, level: str) -> str:
        """Return the words of a level; after its variable where the level alone says nothing."""
        if variable == "phenotype":
            return self.gettext("Phenotype {n}").format(n=level)
        info = self.column(variable)
        bare = all(len(name) <= 3 or not any(c.isalpha() for c in name) for name in info.levels)
        return self._at_level(info, level) if bare else level_text(level)

    def has_cohort(self, cohort: str) -> bool:
        """Return whether the study has that cohort."""
        return any(info.name == cohort for info in self.results.cohorts)

    def groups(self, cohort: str, endpoint: EndpointInfo) -> tuple[str, ...]:
        """Return the grouping variables of the study, the phenotype left out."""
        nodes = self.results.nodes("kaplan_meier", cohort=cohort, endpoint=endpoint.name)
        return tuple(node.variable for node in nodes if node.variable not in ("", "phenotype") and not node.failed)


def share(digits: int = 1) -> Write:
    """Return the writer of shares as per cent without the sign."""
    return lambda value: percent(value, digits)

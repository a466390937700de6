"""The works that the methods cite, and their numbers in the order of citation."""

from __future__ import annotations

from dataclasses import dataclass, field

from reporter.report.document import Run

WORKS = {
    "kaplan_meier": (
        "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. "
        "J Am Stat Assoc. 1958;53(282):457–481."
    ),
    "schemper": (
        "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. "
        "Control Clin Trials. 1996;17(4):343–346."
    ),
    "mantel": (
        "Mantel N. Evaluation of survival data and two new rank order statistics arising in its consideration. "
        "Cancer Chemother Rep. 1966;50(3):163–170."
    ),
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc Series B. 1972;34(2):187–220.",
    "efron": (
        "Efron B. The efficiency of Cox’s likelihood function for censored data. J Am Stat Assoc. 1977;72(359):557–565."
    ),
    "breslow": "Breslow N. Covariance analysis of censored survival data. Biometrics. 1974;30(1):89–99.",
    "grambsch": (
        "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted residuals. "
        "Biometrika. 1994;81(3):515–526."
    ),
    "therneau": "Therneau TM, Grambsch PM. Modeling Survival Data: Extending the Cox Model. New York: Springer; 2000.",
    "harrell": (
        "Harrell FE Jr, Lee KL, Mark DB. Multivariable prognostic models: issues in developing models, evaluating "
        "assumptions and adequacy, and measuring and reducing errors. Stat Med. 1996;15(4):361–387."
    ),
    "uno": (
        "Uno H, Cai T, Pencina MJ, D’Agostino RB, Wei LJ. On the C-statistics for evaluating overall adequacy of risk "
        "prediction procedures with censored survival data. Stat Med. 2011;30(10):1105–1117."
    ),
    "splines": "Harrell FE Jr. Regression Modeling Strategies. 2nd ed. New York: Springer; 2015.",
    "ward": (
        "Ward JH Jr. Hierarchical grouping to optimize an objective function. J Am Stat Assoc. 1963;58(301):236–244."
    ),
    "rousseeuw": (
        "Rousseeuw PJ. Silhouettes: a graphical aid to the interpretation and validation of cluster analysis. "
        "J Comput Appl Math. 1987;20:53–65."
    ),
    "breiman": "Breiman L. Random forests. Mach Learn. 2001;45(1):5–32.",
    "survival": "Therneau TM. A package for survival analysis in R. R package survival{version}.",
}


@dataclass
class Citations:
    """Numbers the works as they are cited."""

    survival_version: str = ""
    _keys: list[str] = field(default_factory=list)

    def cite(self, *keys: str) -> Run:
        """Return the number of one or more works in brackets, with a space in front."""
        for key in keys:
            if key not in self._keys:
                self._keys.append(key)
        numbers = ", ".join(str(self._keys.index(key) + 1) for key in keys)
        return Run(f" [{numbers}]", is_label=True)

    def items(self) -> tuple[str, ...]:
        """Return the works cited so far, in the order of their numbers."""
        version = f", version {self.survival_version}" if self.survival_version else ""
        return tuple(WORKS[key].format(version=version) for key in self._keys)

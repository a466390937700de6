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
    "martingale": (
        "Therneau TM, Grambsch PM, Fleming TR. Martingale-based residuals for survival models. "
        "Biometrika. 1990;77(1):147–160."
    ),
    "harrell": (
        "Harrell FE Jr, Lee KL, Mark DB. Multivariable prognostic models: issues in developing models, evaluating "
        "assumptions and adequacy, and measuring and reducing errors. Stat Med. 1996;15(4):361–387."
    ),
    "uno": (
        "Uno H, Cai T, Pencina MJ, D’Agostino RB, Wei LJ. On the C-statistics for evaluating overall adequacy of risk "
        "prediction procedures with censored survival data. Stat Med. 2011;30(10):1105–1117."
    ),
    "splines": "Harrell FE Jr. Regression Modeling Strategies. 2nd ed. New York: Springer; 2015.",
    "firth": (
        "Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox regression. "
        "Biometrics. 2001;57(1):114–119."
    ),
    "lin_wei": (
        "Lin DY, Wei LJ. The robust inference for the Cox proportional hazards model. "
        "J Am Stat Assoc. 1989;84(408):1074–1078."
    ),
    "figo_2009": "Prat J. FIGO staging for uterine sarcomas. Int J Gynaecol Obstet. 2009;104(3):177–178.",
    "landmark": (
        "Anderson JR, Cain KC, Gelber RD. Analysis of survival by tumor response. J Clin Oncol. 1983;1(11):710–719."
    ),
    "immortal": "Suissa S. Immortal time bias in pharmacoepidemiology. Am J Epidemiol. 2008;167(4):492–499.",
    "ward": (
        "Ward JH Jr. Hierarchical grouping to optimize an objective function. J Am Stat Assoc. 1963;58(301):236–244."
    ),
    "rousseeuw": (
        "Rousseeuw PJ. Silhouettes: a graphical aid to the interpretation and validation of cluster analysis. "
        "J Comput Appl Math. 1987;20:53–65."
    ),
    "hennig": ("Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal. 2007;52(1):258–271."),
    "gap": (
        "Tibshirani R, Walther G, Hastie T. Estimating the number of clusters in a data set via the gap statistic. "
        "J R Stat Soc Series B. 2001;63(2):411–423."
    ),
    "hubert": "Hubert L, Arabie P. Comparing partitions. J Classif. 1985;2:193–218.",
    "westfall": (
        "Westfall PH, Young SS. Resampling-Based Multiple Testing: Examples and Methods for P-Value Adjustment. "
        "New York: Wiley; 1993."
    ),
    "nelsen": "Nelsen RB. An Introduction to Copulas. 2nd ed. New York: Springer; 2006.",
    "breiman": "Breiman L. Random forests. Mach Learn. 2001;45(1):5–32.",
    "aalen": (
        "Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based on censored "
        "observations. Scand J Stat. 1978;5(3):141–150."
    ),
    "gray": (
        "Gray RJ. A class of K-sample tests for comparing the cumulative incidence of a competing risk. "
        "Ann Stat. 1988;16(3):1141–1154."
    ),
    "fine_gray": (
        "Fine JP, Gray RJ. A proportional hazards model for the subdistribution of a competing risk. "
        "J Am Stat Assoc. 1999;94(446):496–509."
    ),
    "geskus": (
        "Geskus RB. Cause-specific cumulative incidence estimation and the Fine and Gray model under both left "
        "truncation and right censoring. Biometrics. 2011;67(1):39–49."
    ),
    "benichou": (
        "Benichou J, Gail MH. Estimates of absolute cause-specific risk in cohort studies. "
        "Biometrics. 1990;46(3):813–826."
    ),
    "wolbers": (
        "Wolbers M, Koller MT, Witteman JCM, Steyerberg EW. Prognostic models with competing risks: methods and "
        "application to coronary risk prediction. Epidemiology. 2009;20(4):555–561."
    ),
    "royston_parmar": (
        "Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard ratio for the design and "
        "analysis of randomized trials with a time-to-event outcome. BMC Med Res Methodol. 2013;13:152."
    ),
    "hieke": (
        "Hieke S, Kleber M, König C, Engelhardt M, Schumacher M. Conditional survival: a useful concept to provide "
        "information on how prognosis evolves over time. Clin Cancer Res. 2015;21(7):1530–1536."
    ),
    "fleming": "Fleming TR, Harrington DP. Counting Processes and Survival Analysis. New York: Wiley; 1991.",
    "klein_moeschberger": (
        "Klein JP, Moeschberger ML. Survival Analysis: Techniques for Censored and Truncated Data. 2nd ed. New York: "
        "Springer; 2003."
    ),
    "klein_logan": (
        "Klein JP, Logan B, Harhoff M, Andersen PK. Analyzing survival curves at a fixed point in time. "
        "Stat Med. 2007;26(24):4505–4519."
    ),
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat. 1979;6(2):65–70.",
    "benjamini": (
        "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach to multiple "
        "testing. J R Stat Soc Series B. 1995;57(1):289–300."
    ),
    "mice": (
        "White IR, Royston P, Wood AM. Multiple imputation using chained equations: issues and guidance for practice. "
        "Stat Med. 2011;30(4):377–399."
    ),
    "white": (
        "White IR, Royston P. Imputing missing covariate values for the Cox model. Stat Med. 2009;28(15):1982–1998."
    ),
    "rubin": "Rubin DB. Multiple Imputation for Nonresponse in Surveys. New York: Wiley; 1987.",
    "barnard": (
        "Barnard J, Rubin DB. Small-sample degrees of freedom with multiple imputation. Biometrika. 1999;86(4):948–955."
    ),
    "austin": (
        "Austin PC. Balance diagnostics for comparing the distribution of baseline covariates between treatment groups "
        "in propensity-score matched samples. Stat Med. 2009;28(25):3083–3107."
    ),
    "yang": (
        "Yang D, Dalton JE. A unified approach to measuring the effect size between two groups using SAS. "
        "SAS Global Forum 2012; paper 335."
    ),
    "mclernon": (
        "McLernon DJ, Giardiello D, Van Calster B, et al. Assessing performance and clinical usefulness in prediction "
        "models with survival outcomes: practical guidance for Cox proportional hazards models. "
        "Ann Intern Med. 2023;176(1):105–114."
    ),
    "graf": (
        "Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of prognostic classification schemes "
        "for survival data. Stat Med. 1999;18(17–18):2529–2545."
    ),
    "blanche": (
        "Blanche P, Proust-Lima C, Loubère L, Berr C, Dartigues JF, Jacqmin-Gadda H. Quantifying and comparing dynamic "
        "predictive accuracy of joint models for longitudinal marker and time-to-event in presence of censoring and "
        "competing risks. Biometrics. 2015;71(1):102–113."
    ),
    "ici": (
        "Austin PC, Harrell FE Jr, van Klaveren D. Graphical calibration curves and the integrated calibration index "
        "(ICI) for survival models. Stat Med. 2020;39(21):2714–2742."
    ),
    "vickers": (
        "Vickers AJ, Cronin AM, Elkin EB, Gonen M. Extensions to decision curve analysis, a novel method for "
        "evaluating "
        "diagnostic tests, prediction models and molecular markers. BMC Med Inform Decis Mak. 2008;8:53."
    ),
    "riley_2019": (
        "Riley RD, Snell KIE, Ensor J, et al. Minimum sample size for developing a multivariable prediction model: "
        "PART II: binary and time-to-event outcomes. Stat Med. 2019;38(7):1276–1296."
    ),
    "riley_2020": (
        "Riley RD, Ensor J, Snell KIE, et al. Calculating the sample size required for developing a clinical "
        "prediction model. BMJ. 2020;368:m441."
    ),
    "efron_tibshirani": ("Efron B, Tibshirani RJ. An Introduction to the Bootstrap. New York: Chapman & Hall; 1993."),
    "iasonos": (
        "Iasonos A, Schrag D, Raj GV, Panageas KS. How to build and interpret a nomogram for cancer prognosis. "
        "J Clin Oncol. 2008;26(8):1364–1370."
    ),
    "royston_d": (
        "Royston P, Sauerbrei W. A new measure of prognostic separation in survival data. Stat Med. 2004;23(5):723–748."
    ),
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

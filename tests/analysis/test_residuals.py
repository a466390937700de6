"""Residuals of Cox models: worked by hand, against R, and what always holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from reporter.analysis.kernels.cox import fit_cox
from reporter.analysis.kernels.residuals import CoxResiduals, cox_residuals, null_martingale
from reporter.analysis.kernels.risk_sets import make_risk_sets
from reporter.errors import ReporterError

# Data set 1 of Therneau & Grambsch, appendix E, without its missing row.
TIME = np.array([9.0, 1, 1, 6, 6, 8])
EVENT = np.array([1, 1, 0, 1, 1, 0], dtype=bool)
X = np.array([[0.0], [1], [1], [1], [0], [0]])
KINDS = ("martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaledsch")


def test_breslow_residuals_by_hand() -> None:
    r = (3 + np.sqrt(33)) / 2  # exp of the coefficient, in closed form
    found = cox_residuals(fit_cox(X, TIME, EVENT, ties="breslow"), EVENT)
    first, second, third = 1 / (3 * r + 3), 2 / (r + 3), 1.0
    a, b, c = first, first + second, first + second + third
    assert_allclose(found.martingale, [1 - c, 1 - r * a, -r * a, 1 - r * b, 1 - b, -b], rtol=1e-12)
    at_1, at_6 = r / (r + 1), r / (r + 3)  # means of x in the risk sets; 0 at 9
    assert_allclose(found.schoenfeld[:, 0], [1 - at_1, 1 - at_6, -at_6, 0], atol=1e-12)
    longest = at_1 * a + at_6 * second
    score_x1 = (1 - at_6) - r * ((1 - at_1) * a + (1 - at_6) * second)
    wanted = [longest, (1 - at_1) * (1 - r * a), -r * (1 - at_1) * a, score_x1, longest - at_6, longest]
    assert_allclose(found.score[:, 0], wanted, rtol=1e-11)


def test_efron_residuals_by_hand() -> None:
    fit = fit_cox(X, TIME, EVENT, ties="efron")
    r = float(np.exp(fit.coef[0]))
    found = cox_residuals(fit, EVENT)
    a, first, second = 1 / (3 * r + 3), 1 / (r + 3), 1 / ((r + 3) - (r + 1) / 2)
    b = a + first + second
    own = first + second / 2  # of the deaths at 6: at risk in full at the first, by half at the second
    wanted = [1 - b - 1, 1 - r * a, -r * a, 1 - r * (a + own), 1 - (a + own), -b]
    assert_allclose(found.martingale, wanted, rtol=1e-12)
    mean = (r * first + (r / 2) * second) / 2  # of x over the two deaths tied at 6
    assert_allclose(found.schoenfeld[1:3, 0], [1 - mean, -mean], rtol=1e-12)


def test_model_without_covariates() -> None:
    found = null_martingale(make_risk_sets(TIME, EVENT, "breslow"), EVENT)
    assert_allclose(found, [1 - 1 / 6 - 2 / 4 - 1, 5 / 6, -1 / 6, 1 / 3, 1 / 3, -2 / 3], rtol=1e-14)


def test_case_weights_are_refused() -> None:
    fit = fit_cox(X, TIME, EVENT, ties="efron", weights=np.full(6, 2.0))
    with pytest.raises(ReporterError, match="not offered with case weights"):
        cox_residuals(fit, EVENT)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(("efron", "breslow")), st.booleans(), st.booleans())
def test_what_always_holds(seed: int, ties: str, entry: bool, strata: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(15, 50))
    time = rng.integers(1, 10, n).astype(float)
    event = rng.random(n) < 0.7
    event[:2] = True
    x = rng.normal(size=(n, 2))
    parts = {"entry": rng.uniform(-3, 1, n) if entry else None, "strata": rng.integers(0, 2, n) if strata else None}
    try:
        fit = fit_cox(x, time, event, ties=ties, **parts)
    except ReporterError:
        return
    if not fit.converged or fit.infinite.any():
        return
    found = cox_residuals(fit, event)
    assert abs(found.martingale.sum()) < 1e-8
    assert_allclose(found.score.sum(axis=0), 0, atol=1e-7)
    assert_allclose(found.schoenfeld.sum(axis=0), found.score.sum(axis=0), atol=1e-7)
    assert (found.martingale <= 1 + 1e-12).all() and np.isfinite(found.deviance).all()
    assert abs(null_martingale(fit.sets, event).sum()) < 1e-9


def as_r(found: CoxResiduals) -> dict[str, np.ndarray]:
    return {kind: getattr(found, "scaled_schoenfeld" if kind == "scaledsch" else kind) for kind in KINDS}


def tied(seed: int, n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "time": rng.integers(2, 9, n).astype(float), "event": (rng.random(n) < 0.6).astype(float),
        "x1": rng.normal(size=n), "x2": rng.integers(0, 3, n).astype(float), "entry": rng.uniform(-4, 2, n),
        "stratum": rng.integers(0, 2, n).astype(float),
    }  # fmt: skip


def real(r_table, source: str, time: str, status: str, event: float, names: tuple[str, str]) -> dict[str, np.ndarray]:
    data = r_table(f"survival/{source}")
    found = {"time": data[time], "event": (data[status] == event).astype(float)}
    found |= {"x1": data[names[0]].astype(float), "x2": data[names[1]].astype(float)}
    keep = np.isfinite(np.column_stack(list(found.values()))).all(axis=1)
    rng = np.random.default_rng(3)
    found |= {"entry": -rng.exponential(1, keep.size), "stratum": rng.integers(0, 3, keep.size).astype(float)}
    return {name: values[keep] for name, values in found.items()}


R_CODE = """
numbers_of <- function(key, value) cat(key, sprintf("%.17g", as.vector(as.matrix(value))), sep = "\\t", fill = FALSE)
for (i in seq_along(files)) {
  data <- as.data.frame(matrix(readBin(files[i], "double", 1e7), ncol = 6))
  names(data) <- c("time", "event", "x1", "x2", "entry", "stratum")
  for (ties in c("efron", "breslow")) for (form in names(forms)) {
    fit <- coxph(forms[[form]], data = data, ties = ties, control = tight_control)
    for (kind in kinds) { numbers_of(paste(i, ties, form, kind, sep = "/"), residuals(fit, type = kind)); cat("\\n") }
  }
}
"""
FORMS = {
    "plain": "Surv(time, event) ~ x1 + x2",
    "strata": "Surv(time, event) ~ x1 + x2 + strata(stratum)",
    "entry": "Surv(entry, time, event) ~ x1 + x2",
}


@pytest.mark.r
def test_as_in_r(reference, r_table) -> None:
    sets = [
        tied(1, 40), tied(2, 90), real(r_table, "lung", "time", "status", 2, ("age", "ph.karno")),
        real(r_table, "veteran", "time", "status", 1, ("karno", "diagtime")),
        real(r_table, "pbc", "time", "status", 2, ("age", "protime")),
        real(r_table, "rotterdam", "rtime", "recur", 1, ("age", "nodes")),
    ]  # fmt: skip
    files = []
    for i, data in enumerate(sets):
        files.append(reference.folder / f"residuals_{i}.bin")
        np.column_stack(list(data.values())).T.astype("<f8").tofile(files[-1])
    head = f"files <- c({', '.join(repr(str(file)) for file in files)}); kinds <- c({', '.join(map(repr, KINDS))})\n"
    head += f"forms <- list({', '.join(f'{name} = {form}' for name, form in FORMS.items())})\n"
    lines = [line.split("\t") for line in reference.snippet(head + R_CODE).splitlines() if line]
    theirs = {key: np.array([float(v) for v in values]) for key, *values in lines}
    assert len(theirs) == len(sets) * 2 * len(FORMS) * len(KINDS)
    for key, wanted in theirs.items():
        number, ties, form, kind = key.split("/")
        data = sets[int(number) - 1]
        event = data["event"] == 1
        parts = {
            "strata": np.unique(data["stratum"], return_inverse=True)[1] if form == "strata" else None,
            "entry": data["entry"] if form == "entry" else None,
        }
        fit = fit_cox(np.column_stack((data["x1"], data["x2"])), data["time"], event, ties=ties, **parts)
        ours = as_r(cox_residuals(fit, event))[kind]
        if form == "strata" and kind in ("schoenfeld", "scaledsch"):
            assert_allclose(np.sort(ours.T.ravel()), np.sort(wanted), rtol=1e-9, atol=1e-9, err_msg=key)
            continue
        assert_allclose(ours.T.ravel(), wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max(), err_msg=key)

"""Cox's partial likelihood with Efron's or Breslow's ties, and R's discrete likelihood of exact ties.

References: Therneau & Grambsch, Modeling Survival Data, 2000, chapter 3; Gail, Lubin & Rubinstein, Biometrika
1981;68:703 (the recursion); R: ``coxph(ties = "efron" | "breslow" | "exact")``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporter.analysis.kernels.newton import MAX_PREDICTOR, Evaluation, outside
from reporter.analysis.kernels.risk_sets import Moments, RiskSets, information_by_time, moments
from reporter.errors import ReporterError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_TIED = 100  # deaths at one time
MAX_WORK = 5e8  # rows x deaths at one time x coefficients squared


class PartialLikelihood:
    """Efron's or Breslow's partial likelihood of centred and scaled columns `z`, shape (n, p)."""

    def __init__(self, z: Floats, sets: RiskSets, offset: Floats | None) -> None:
        self.z, self.sets, self.offset = z, sets, offset
        self.size = z.shape[1]
        self.ones = np.ones(sets.time.size)

    def reach(self, step: Floats) -> float:
        """Return the largest change of a linear predictor by `step`."""
        return float(np.abs(self.z @ step).max())

    def _predictor(self, beta: Floats) -> Floats:
        eta: Floats = self.z @ beta
        return eta if self.offset is None else eta + self.offset

    def evaluate(self, beta: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and the information at `beta`."""
        eta = self._predictor(beta)
        if not np.abs(eta).max(initial=0.0) < MAX_PREDICTOR:
            return outside(self.size)
        risk = np.exp(eta)
        found = moments(self.z, risk, self.sets)
        information = information_by_time(self.z, risk, self.sets, found, self.ones)
        return Evaluation(self._value(eta, found), self._score(risk, found), information)

    def _value(self, eta: Floats, found: Moments) -> float:
        sets = self.sets
        reached = sets.weighted(eta)[sets.dead].sum()
        return float(reached + (sets.mean_weight[sets.own] * np.log(found.weight)).sum())

    def _score(self, risk: Floats, found: Moments) -> Floats:
        sets = self.sets
        residual = -risk * sets.over_times(found.a1)
        residual[sets.dead] += 1.0 + risk[sets.dead] * found.a2[sets.own]
        out: Floats = self.z.T @ sets.weighted(residual)
        return out


class ExactLikelihood:
    """The discrete likelihood: at each time, who of the d dead were they, given that d of those at risk died.

    Its denominator, the sum over all subsets of size d of the product of their hazards, is built row by row:
    B(d, i) = B(d, i - 1) + r_i B(d - 1, i - 1), and so are its first and second derivatives.
    """

    def __init__(self, z: Floats, sets: RiskSets, offset: Floats | None) -> None:
        self.z, self.sets, self.offset = z, sets, offset
        self.size = z.shape[1]
        self.first, self.last = sets.first, sets.last
        self._refuse_large()

    def _refuse_large(self) -> None:
        most = float(self.sets.n_dead.max())
        if most > MAX_TIED:
            raise ReporterError(
                f"ties = 'exact': {most:.0f} deaths at one time; allowed: at most {MAX_TIED}. Use 'efron'."
            )
        if self.z.shape[0] * most * (self.size + 1) ** 2 > MAX_WORK:
            raise ReporterError("ties = 'exact': too many rows with too many tied deaths to count. Use 'efron'.")

    def reach(self, step: Floats) -> float:
        """Return the largest change of a linear predictor by `step`."""
        return float(np.abs(self.z @ step).max())

    def evaluate(self, beta: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and the information at `beta`."""
        eta = self.z @ beta if self.offset is None else self.z @ beta + self.offset
        if not np.abs(eta).max(initial=0.0) < MAX_PREDICTOR:
            return outside(self.size)
        dead = self.sets.dead
        value, score = float(eta[dead].sum()), self.z[dead].sum(axis=0)
        information = np.zeros((self.size, self.size))
        for low, high in zip(self.sets.start[:-1], self.sets.start[1:], strict=True):
            for log_sum, mean, spread in self._denominators(eta, int(low), int(high)):
                value, score, information = value - log_sum, score - mean, information + spread
        if not (np.isfinite(value) and np.isfinite(information).all()):
            return outside(self.size)
        return Evaluation(value, score, information)

    def _denominators(self, eta: Floats, low: int, high: int) -> list[tuple[float, Floats, Floats]]:
        """Return the log denominator of each event time of a stratum, with its first two derivatives."""
        rows = np.flatnonzero((self.last >= low) & (self.last < high))
        if not rows.size:
            return []
        rows = rows[np.argsort(-self.last[rows], kind="stable")]
        nested = bool((self.first[rows] == low).all())
        out = []
        build = None
        taken = 0
        for j in range(high - 1, low - 1, -1):
            d = int(self.sets.n_dead[j])
            if build is None or not nested:
                most = int(self.sets.n_dead[low : j + 1].max()) if nested else d
                here = rows[self.first[rows] <= j]
                build, taken = _Subsets(most, self.size, float(eta[here].max()), here.size), 0
            until = int(np.searchsorted(-self.last[rows], -j, side="right"))
            added = rows[taken:until]
            added = added[self.first[added] <= j]
            for i in added:
                build.add(float(eta[i]), self.z[i])
            taken = until
            out.append(build.read(d))
        return out


class _Subsets:
    """Sums over subsets of up to `most` rows; hazards are scaled so that the sums neither overflow nor vanish."""

    def __init__(self, most: int, size: int, largest: float, n_rows: int) -> None:
        self.shift = largest + np.log(max(n_rows / most, 1.0)) / 2
        self.sums = np.zeros(most + 1)
        self.sums[0] = 1.0
        self.first = np.zeros((most + 1, size))
        self.second = np.zeros((most + 1, size, size))

    def add(self, eta: float, x: Floats) -> None:
        """Let one more row be at risk."""
        r = np.exp(eta - self.shift)
        below, first, second = self.sums[:-1], self.first[:-1], self.second[:-1]
        cross = first[:, :, None] * x
        square = np.multiply.outer(below, np.outer(x, x))
        new_second = r * (second + cross + cross.transpose(0, 2, 1) + square)
        new_first = r * (first + below[:, None] * x)
        new_sums = r * below
        self.second[1:] += new_second
        self.first[1:] += new_first
        self.sums[1:] += new_sums

    def read(self, d: int) -> tuple[float, Floats, Floats]:
        """Return log, first and second derivative of the log of the sum over subsets of `d` rows."""
        if not 1e-290 < self.sums[d] < 1e290:
            return np.nan, self.first[d], self.second[d]
        mean = self.first[d] / self.sums[d]
        return float(np.log(self.sums[d]) + d * self.shift), mean, self.second[d] / self.sums[d] - np.outer(mean, mean)

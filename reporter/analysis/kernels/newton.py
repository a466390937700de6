"""Newton's method for a partial likelihood, and how to tell that it has no finite optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_ITERATIONS = 60
POLISH = 3  # steps after the log-likelihood stopped rising: a finite optimum needs one or two to reach rounding error
RUNAWAY = 1e-5  # a last step longer than this over the column's range: the coefficient runs to infinity
NO_INFORMATION = 1e-11  # per death, of a standardised column
ROUNDED = 1e-14  # of the largest, on the scale of standardised columns: below it an information is rounding error
VANISHED = 1e-8  # share of the information at 0 below which none is left
MAX_PREDICTOR = 340.0  # its exponential can still be squared
MAX_STEP = 30.0  # largest change of a linear predictor in one step


@dataclass(frozen=True)
class Evaluation:
    """A log-likelihood (minus infinity where it cannot be computed), its gradient (p,) and information (p, p)."""

    value: float
    score: Floats
    information: Floats


class Likelihood(Protocol):
    """A partial likelihood of p coefficients."""

    size: int

    def evaluate(self, beta: Floats) -> Evaluation:
        """Return the log-likelihood, its gradient and the information at `beta`."""

    def reach(self, step: Floats) -> float:
        """Return the largest change of a linear predictor by `step`, or a bound of it."""


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method stopped, its next step there, and the likelihood at 0."""

    beta: Floats
    at: Evaluation
    start: Evaluation
    step: Floats
    converged: bool


def outside(size: int) -> Evaluation:
    """Return the evaluation of a point whose hazards overflow."""
    return Evaluation(-np.inf, np.zeros(size), np.eye(size))


def _units(information: Floats) -> tuple[Bools, Floats]:
    """Return which columns have information above rounding error, and its root in those."""
    diagonal = np.diag(information)
    seen = diagonal > ROUNDED * diagonal.max(initial=0.0)
    return seen, np.sqrt(diagonal[seen])


def solve(information: Floats, score: Floats) -> Floats:
    """Solve for the Newton step on the scale of unit diagonals; a direction without information stays."""
    seen, unit = _units(information)
    out = np.zeros(score.size)
    block = information[np.ix_(seen, seen)] / np.outer(unit, unit)
    out[seen] = np.linalg.lstsq(block, score[seen] / unit, rcond=None)[0] / unit
    return out


def maximise(likelihood: Likelihood, guess: Floats | None = None, *, unseen: float = 0.0) -> Optimum:
    """Maximise by Newton steps with halving, from `guess` where it is better than 0.

    A step of at most `unseen` is taken as the last one, without a further evaluation: it squares the error of the
    coefficients, and the information changes by about its size.
    Stops when the step is rounding error, or when it gains nothing and yet does not shrink (monotone likelihood).
    """
    beta = np.zeros(likelihood.size)
    start = at = likelihood.evaluate(beta)
    if guess is not None:
        there = likelihood.evaluate(guess)
        if there.value > at.value:
            beta, at = guess, there
    without_gain = 0
    step = np.zeros(likelihood.size)
    for _ in range(MAX_ITERATIONS):
        step = solve(at.information, at.score)
        if np.abs(step).max() <= 1e-13 * max(1.0, np.abs(beta).max()):
            return Optimum(beta, at, start, step, converged=True)
        if without_gain == POLISH:
            return _supremum(likelihood, Optimum(beta, at, start, step, converged=True))
        if np.abs(step).max() <= unseen:
            return Optimum(beta + step, at, start, step, converged=True)
        without_gain += bool(step @ at.score / 2 <= 1e-14 * max(1.0, abs(at.value)))
        scale = min(1.0, MAX_STEP / max(likelihood.reach(step), 1e-300))
        for _ in range(30):
            there = likelihood.evaluate(beta + scale * step)
            if there.value >= at.value - 1e-12 * max(1.0, abs(at.value)):
                break
            scale /= 2
        else:
            # On the way to infinity the information is rounding error in places: a damped step, or all is gained.
            damped = _damped_step(likelihood, beta, at)
            if damped is None:
                gain = float(step @ at.score) / 2
                return Optimum(beta, at, start, step, converged=gain <= 1e-12 * max(1.0, abs(at.value)))
            scale, (step, there) = 1.0, damped
        beta, at = beta + scale * step, there
    return Optimum(beta, at, start, step, converged=False)


def _supremum(likelihood: Likelihood, best: Optimum) -> Optimum:
    """Go on by damped steps where Newton's own lost a direction to rounding, as long as there is something to gain."""
    beta, at = best.beta, best.at
    for _ in range(MAX_ITERATIONS):
        damped = _damped_step(likelihood, beta, at)
        if damped is None or damped[1].value - at.value <= 1e-14 * max(1.0, abs(at.value)):
            break
        beta, at = beta + damped[0], damped[1]
    return Optimum(beta, at, best.start, solve(at.information, at.score), converged=True)


def _damped_step(likelihood: Likelihood, beta: Floats, at: Evaluation) -> tuple[Floats, Evaluation] | None:
    """Return the first of ever more damped Newton steps that raises the log-likelihood, and what is there."""
    seen, unit = _units(at.information)
    if not seen.any():
        return None
    share, direction = eigh(at.information[np.ix_(seen, seen)] / np.outer(unit, unit))
    along = direction.T @ (at.score[seen] / unit)
    step = np.zeros(beta.size)
    for exponent in range(-15, 1, 3):
        step[seen] = direction @ (along / np.maximum(share, 10.0**exponent * share[-1])) / unit
        step *= min(1.0, MAX_STEP / max(likelihood.reach(step), 1e-300))
        there = likelihood.evaluate(beta + step)
        if there.value > at.value:
            return step, there
    return None


def inverse(information: Floats) -> Floats:
    """Invert on the scale of unit diagonals, which a coefficient at infinity would spoil."""
    unit = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    out: Floats = np.linalg.pinv(information / np.outer(unit, unit), rcond=1e-14, hermitian=True) / np.outer(unit, unit)
    return out


def inverse_where_informed(best: Optimum) -> Floats:
    """Invert the information over the directions in which some is left: for coefficients that stay finite.

    Beside a coefficient at infinity, whose information is rounding error, the plain inverse can lose the others.
    """
    unit = np.sqrt(np.diag(best.start.information))
    scale = np.outer(unit, unit)
    share, direction = eigh(best.at.information / scale, best.start.information / scale)
    kept = share >= VANISHED
    out: Floats = (direction[:, kept] / share[kept]) @ direction[:, kept].T / scale
    return out


def identified(information: Floats, n_event: float) -> Bools:
    """Return which columns, standardised, keep information beside those before them; at 0, from `n_event` deaths.

    With entry times a column may vary among all rows and yet in no risk set; with exact ties a time at which all die
    says nothing.
    """
    used: list[int] = []
    for j in range(information.shape[0]):
        block = information[np.ix_(used, used)]
        explained = information[j, used] @ np.linalg.solve(block, information[used, j]) if used else 0.0
        if information[j, j] - explained > NO_INFORMATION * n_event:
            used.append(j)
    out = np.zeros(information.shape[0], dtype=bool)
    out[used] = True
    return out


def runs_away(best: Optimum, width: Floats) -> Bools:
    """Tell which coefficients have no finite optimum; `width` is the range of each column.

    Either Newton's last step is out of all proportion, or the coefficient has a part in a direction in which next to
    nothing is left of the information that was there at 0.
    """
    unit = np.sqrt(np.diag(best.start.information))
    scale = np.outer(unit, unit)
    share, direction = eigh(best.at.information / scale, best.start.information / scale)
    left = share >= VANISHED
    lost = np.abs(direction[:, ~left])
    part = lost > 1e-6 * lost.max(axis=0, initial=0.0)
    # The next step where there is information; elsewhere it is rounding error over rounding error.
    step = direction[:, left] @ ((direction[:, left].T @ (best.at.score / unit)) / share[left]) / unit
    out: Bools = (np.abs(step) * width > RUNAWAY) | part.any(axis=1)
    return out

"""A number or the reason why there is none."""

from __future__ import annotations

import math
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator


class Reason(StrEnum):
    """Why a value is absent."""

    NOT_REACHED = "not_reached"
    NOT_ESTIMABLE = "not_estimable"
    SUPPRESSED = "suppressed_small_cell"
    NOT_RUN = "not_run"
    FAILED = "failed"
    OUTCOME_USED = "outcome_used_in_grouping"


class Frozen(BaseModel):
    """Base of every node of the result tree."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Statistic(Frozen):
    """One number: `value` is finite, or None with a `reason`.

    Parameters
    ----------
    stat
        Name of the statistic (broom's glossary with underscores).
    unit
        Unit of the value; empty where it has none.
    note
        What the reader of this number must know (a warning raised while computing it).
    """

    stat: str
    value: float | None
    unit: str = ""
    reason: Reason | None = None
    note: str = ""

    @model_validator(mode="after")
    def _value_or_reason(self) -> Statistic:
        if self.value is None and self.reason is None:
            raise ValueError(f"{self.stat}: a missing value needs a reason")
        if self.value is not None and (self.reason is not None or not math.isfinite(self.value)):
            raise ValueError(f"{self.stat}: a value is a finite number without a reason, got {self.value}")
        return self


def statistic(
    stat: str, value: float, *, unit: str = "", reason: Reason = Reason.NOT_ESTIMABLE, note: str = ""
) -> Statistic:
    """Make a statistic from a float; NaN and infinities become None with `reason`."""
    number = float(value)
    if math.isfinite(number):
        return Statistic(stat=stat, value=number, unit=unit, note=note)
    return Statistic(stat=stat, value=None, unit=unit, reason=reason, note=note)


def withheld(test: tuple[Statistic, ...]) -> tuple[Statistic, ...]:
    """Return a test of groups that the outcome helped to form: its degrees of freedom alone keep their value."""
    return tuple(
        found
        if found.stat == "df"
        else Statistic(stat=found.stat, value=None, unit=found.unit, reason=Reason.OUTCOME_USED)
        for found in test
    )

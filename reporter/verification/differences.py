"""lifelines' numbers beside the ledger's, and what the register of known differences says of them.

An entry explains a difference of lifelines alone: Python against R is never a known difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from reporter.results.known_differences import REGISTER
from reporter.results.ledger import LedgerRow


@dataclass(frozen=True)
class Witnessed:
    """A number of lifelines.

    Parameters
    ----------
    value
        None where lifelines has none.
    convention
        Entry of the register whose condition holds for this very number; empty for none.
    scale
        Standard error of the number, where that gives the scale of a difference near 0.
    """

    value: float | None
    convention: str = ""
    scale: float = 0.0


_BY_ID = {entry.id: entry for entry in REGISTER}

# lifelines iterates too, and sums logarithms where R multiplies.
LIFELINES_RTOL = 1e-9


def annotate(row: LedgerRow, found: Witnessed | None) -> LedgerRow:
    """Put lifelines' number beside a row; a difference is explained by the register or said to be unexplained."""
    if found is None:
        return row
    note = "; ".join(part for part in (row.note, _note(row.python, found)) if part)
    return row.model_copy(update={"lifelines": found.value, "note": note})


def _note(python: float | None, found: Witnessed) -> str:
    if python is None and found.value is None:
        return ""
    if python is not None and found.value is not None and _near(python, found.value, found.scale):
        return ""
    if found.convention:
        entry = _BY_ID[found.convention]
        return f"known_difference: {entry.id} (R: {entry.r}; {entry.libraries})"
    return "lifelines differs and no known difference explains it"


def _near(python: float, lifelines: float, scale: float) -> bool:
    return abs(lifelines - python) <= LIFELINES_RTOL * max(abs(python), scale)

"""Checks of a table that the study can read: what a data manager would want to look at before anything is computed.

Each check is one function over distinct cells that yields findings; `examine` runs them all.
"""

from reporter.intake.quality.examined import Examined
from reporter.intake.quality.identity import names_persons
from reporter.intake.quality.run import CHECKS, examine

__all__ = ["CHECKS", "Examined", "examine", "names_persons"]

"""Find a field under the spellings of its header: as exported, or mangled by other programs.

R's ``make.names`` turns signs into dots, janitor into underscores, SPSS cuts names: letters and digits decide, with and
without a period in brackets at the end such as ``(2010-2015)``, and a header of 28 letters or more may be a beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SHORTEST_BEGINNING = 28
_PERIOD = re.compile(r"\s*\((?=[^()]*\d)(?:thru\s+)?[\d\s+,-]*(?:varying by schema)?\s*\)\s*$", re.IGNORECASE)
_YEARS = re.compile(r"\s*\(years\)\s*$", re.IGNORECASE)
_SIGNS = re.compile(r"[^a-z0-9]")


def plain(header: str) -> str:
    """Return a header in lower case with nothing but a-z and 0-9."""
    return _SIGNS.sub("", header.lower())


def _spellings(header: str) -> set[str]:
    """Return the plain header, with and without a period or ``(years)`` at its end."""
    return {plain(header), plain(_PERIOD.sub("", header)), plain(_YEARS.sub("", header))} - {""}


def is_header_of(header: str, variants: Iterable[str]) -> bool:
    """Tell whether a header of a table is one of a field's spellings, mangled or not."""
    own = _spellings(header)
    name = plain(header)
    for variant in variants:
        known = _spellings(variant)
        if own & known:
            return True
        if len(name) >= SHORTEST_BEGINNING and any(one.startswith(name) for one in known):
            return True
    return False


def headers_of(variants: Sequence[str], headers: Iterable[str]) -> list[str]:
    """Return the headers of a table that are spellings of one field, in the order of the table."""
    return [header for header in headers if is_header_of(header, variants)]

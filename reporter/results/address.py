"""Addresses: the unique, stable name of every number.

``cohort/endpoint/analysis[/group=level][/term][/t=time]/stat``; inside a level ``/ > < = %`` and space are
percent-encoded. A term is a column (``age``), a level of a column (``size=%3E50``) or ``GLOBAL``.
"""

from __future__ import annotations

_ENCODED = {"%": "%25", "/": "%2F", ">": "%3E", "<": "%3C", "=": "%3D", " ": "%20"}


def encode_level(level: str) -> str:
    """Percent-encode the characters that separate the parts of an address."""
    return "".join(_ENCODED.get(character, character) for character in level)


def level_term(column: str, level: str) -> str:
    """Return the term of one level as stats.csv prints it, e.g. ``size=>50``."""
    return f"{column}={level}"


def encode_term(term: str) -> str:
    """Encode a term: the first ``=`` separates column and level, the rest is the level."""
    column, separator, level = term.partition("=")
    return f"{column}={encode_level(level)}" if separator else encode_level(column)


def time_text(time: float) -> str:
    """Shortest text that reads back as the same number, without a trailing ``.0``."""
    text = repr(float(time))
    return text.removesuffix(".0")


def address(
    cohort: str,
    endpoint: str,
    analysis: str,
    stat: str,
    *,
    group: str = "",
    level: str = "",
    term: str = "",
    time: float | None = None,
) -> str:
    """Return the address of one number."""
    parts = [cohort, endpoint, analysis]
    if group:
        parts.append(f"{group}={encode_level(level)}" if level else group)
    if term:
        parts.append(encode_term(term))
    if time is not None:
        parts.append(f"t={time_text(time)}")
    parts.append(stat)
    return "/".join(parts)

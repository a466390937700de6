"""Option objects as R code: the same text for the worker and for reproduce.R."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reporter.spec.options import AnalysisOptions

# Reference files that the others call, as host.R lists them.
SHARED = ("common.R", "cox_fit.R", "cox_supremum.R")

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _character(character: str) -> str:
    code = ord(character)
    if character in _ESCAPED:
        return _ESCAPED[character]
    if 32 <= code < 127:
        return character
    return f"\\u{{{code:x}}}" if code <= 0xFFFF else f"\\U{{{code:x}}}"


def r_string(text: str) -> str:
    """Return a string literal of R in ASCII; nothing in it can end the literal.

    Raises
    ------
    ValueError
        For a NUL character, which R strings cannot hold.
    """
    if "\0" in text:
        raise ValueError("a NUL character cannot be handed to R")
    return '"' + "".join(_character(character) for character in text) + '"'


def r_number(value: float) -> str:
    """Return a number with 17 significant digits, which reads back as the same double."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:.17g}"


def _vector(values: Sequence[object]) -> str:
    if not values:
        return "NULL"
    return f"c({', '.join(r_value(value) for value in values)})"


def r_value(value: object) -> str:
    """Return a value as R code: None as NULL, a mapping, or a sequence of those or of sequences, as a list."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return r_string(value)
    if isinstance(value, bool | int | float):
        return r_number(value)
    if isinstance(value, Mapping):
        return f"list({', '.join(f'{name} = {r_value(item)}' for name, item in value.items())})"
    if isinstance(value, Sequence):
        if value and isinstance(value[0], Mapping | tuple | list):
            return f"list({', '.join(r_value(item) for item in value)})"
        return _vector(value)
    raise TypeError(f"{type(value).__name__} has no form in R")


def options_code(options: AnalysisOptions) -> str:
    """Return an option object as an R list."""
    return r_value(options.model_dump(mode="python"))

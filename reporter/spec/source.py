"""How a file is read: the keys that ``[data]`` and ``[validation]`` share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reporter.spec.columns import Section

Encoding = Literal["utf-8", "utf-16", "gb18030", "windows-1252"]


class SourceKeys(Section):
    """How a source is read; a key that is left out is as the file shows.

    Parameters
    ----------
    sheet
        Worksheet of a workbook by its name or by its number from 1.
    header_row
        Row of the headers, from 1.
    encoding, delimiter, decimal
        Of a table of text.
    dic
        The SEER*Stat dictionary that belongs to the data; else the .dic of the same name.
    """

    sheet: str | int | None = None
    header_row: int | None = Field(default=None, ge=1)
    encoding: Encoding | None = None
    delimiter: Literal[",", ";", "\t", " ", "|"] | None = None
    decimal: Literal[".", ","] = "."
    dic: str | None = None

    def source_keys(self) -> dict[str, Any]:
        """Return these keys with their values."""
        return {name: getattr(self, name) for name in SourceKeys.model_fields}

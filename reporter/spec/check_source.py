"""Checks of a source that need no data: its kind, and keys of reading that do not fit it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reporter.errors import Finding
from reporter.spec.lines import Path
from reporter.spec.places import Places
from reporter.spec.source import SourceKeys

TEXT = ("csv", "tsv", "txt")
FILES = (*TEXT, "xlsx", "xlsm", "parquet", "feather", "sas7bdat", "dta", "sav", "dic")
_ALLOWED = (
    ".csv, .tsv, .txt with its .dic (each also .gz), .xlsx, .parquet, .feather, .sas7bdat, .dta, .sav, "
    "r:package/dataset or lifelines:name"
)
_PATTERNS = {
    "r:": (
        r"[A-Za-z][A-Za-z0-9.]*/[A-Za-z.][A-Za-z0-9._]*",
        "an R data set is written r:package/dataset, e.g. r:survival/rotterdam",
    ),
    "lifelines:": (r"[A-Za-z_][A-Za-z0-9_]*", "a data set of lifelines is written lifelines:name"),
}
# Which kinds of file a key is for.
_FOR = {
    "sheet": ("xlsx", "xlsm"), "header_row": ("csv", "tsv", "txt", "xlsx", "xlsm"), "encoding": (*TEXT, "dic"),
    "delimiter": TEXT, "decimal": TEXT, "dic": ("txt",),
}  # fmt: skip


def source_problems(source: str, keys: SourceKeys, table: str, places: Places) -> Iterator[Finding]:
    """Yield what is wrong with a source and the keys that say how it is read.

    Parameters
    ----------
    source, keys
        As written in the table.
    table
        ``data`` or ``validation``.
    """
    at: Path = (table, "source")
    kind = ""
    prefix = next((p for p in _PATTERNS if source.startswith(p)), None)
    if prefix:
        pattern, words = _PATTERNS[prefix]
        if not re.fullmatch(pattern, source.removeprefix(prefix)):
            yield Finding("invalid_source", places.at(at), f"got '{source}'; {words}.")
    else:
        lower = source.lower()
        kind = lower.removesuffix(".gz").rpartition(".")[2]
        if kind not in FILES or "." not in source or (lower.endswith(".gz") and kind not in TEXT):
            message = f"'{table}.source': got '{source}'; allowed are {_ALLOWED}. Save the table as one of these."
            yield Finding("not_available", places.at(at), message)
            return
    for key, value in keys.source_keys().items():
        if value != SourceKeys.model_fields[key].default and kind not in _FOR[key]:
            message = f"'{table}.{key}' is for {', '.join(f'.{k}' for k in _FOR[key])}; source is '{source}'."
            yield Finding("invalid_source", places.at((table, key)), f"{message} Remove {key}.")
    if isinstance(keys.sheet, int) and keys.sheet < 1:
        message = f"'{table}.sheet': got {keys.sheet}; sheets count from 1."
        yield Finding("invalid_source", places.at((table, "sheet")), message)
    if keys.decimal == "," and keys.delimiter == ",":
        message = f"'{table}.delimiter' and '{table}.decimal' are both a comma; correct one of them."
        yield Finding("invalid_source", places.at((table, "decimal")), message)

"""A SEER*Stat export: data and .dic together; every cell becomes its label."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reporter.errors import Finding, FindingsError
from reporter.intake.finding import listed
from reporter.intake.readers.delimited import Grammar, parse_delimited
from reporter.intake.readers.encode import row_counts, table_of, with_words, words_of
from reporter.intake.readers.request import Parsed, ReadRequest, refuse
from reporter.intake.readers.seer_dic import SeerDictionary, read_dic
from reporter.intake.readers.text import Raw
from reporter.spec.columns import parse_number

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def check_options(request: ReadRequest) -> None:
    """Refuse options that a .dic decides."""
    given = request.options
    for key, value in (("delimiter", given.delimiter), ("header_row", given.header_row)):
        if value is not None:
            name = request.dic.name if request.dic else ""
            message = f"{key} is given, but {name} says how the file is written; remove {key}."
            raise refuse("invalid_source", request.place, message)
    if given.decimal != ".":
        raise refuse("invalid_source", request.place, "SEER*Stat writes numbers with a point; remove decimal.")


def _header_of(table: Any, dic: SeerDictionary, request: ReadRequest) -> None:
    """Refuse a header that is not the list of variables of the .dic."""
    names, name = table.column_names, request.dic.name if request.dic else ""
    if sorted(names) == sorted(dic.names):
        return
    here = [n for n in names if n not in dic.names]
    there = [n for n in dic.names if n not in names]
    parts = [f"its header has {listed(here, 4)}, which {name} does not name" if here else ""]
    parts += [f"{name} names {listed(there, 4)}, which the header does not have" if there else ""]
    message = f"{'; '.join(filter(None, parts))}. Give the .dic that was exported with these data."
    raise refuse("dic_mismatch", request.place, message)


def _key(code: str) -> str | float:
    number = parse_number(code)
    return code.strip() if number is None else number


def _label_of(labels: Mapping[str, str], numeric: bool) -> Callable[[str], str | None]:
    """Return what gives the label of a cell, or None for a cell that the .dic does not list."""
    if not numeric:
        known = {label.strip() for label in labels.values()}
        return lambda cell: cell if cell in known else None
    by_code = {_key(code): label.strip() for code, label in labels.items()}
    return lambda cell: by_code.get(_key(cell))


def _trimmed(column: Any, missing: str) -> Any:
    """Return a column without labels; such a column may have as many distinct cells as rows."""
    from pyarrow import compute as module

    compute: Any = module
    words = compute.call_function("utf8_trim_whitespace", [column.dictionary])
    absent = compute.call_function("equal", [words, missing])
    words = compute.call_function("if_else", [absent, "", words])
    return type(column).from_arrays(column.indices, words)


def _apply(name: str, column: Any, dic: SeerDictionary, request: ReadRequest) -> tuple[Any, list[Finding]]:
    """Return one column as labels, and a warning for cells that its format does not list."""
    labels = dic.formats.get(name, {})
    if not labels and not dic.thousands:
        return _trimmed(column, dic.missing), []
    label_of = _label_of(labels, dic.variable_format == "numeric")
    words = words_of(column)
    changed: dict[str, str] = {}
    unknown: list[int] = []
    for i, word in enumerate(words):
        cell = word.strip()
        if word == dic.missing or cell in ("", dic.missing):
            changed[word] = ""
            continue
        label = label_of(cell) if labels else None
        if label is None and labels:
            unknown.append(i)
        if label is None and not labels and dic.thousands and _THOUSANDS.fullmatch(cell):
            cell = cell.replace(",", "")
        changed[word] = cell if label is None else label
    findings = []
    # A format that lists few of the values, such as 9999=Unknown, leaves the others as the numbers that they are.
    if unknown and 2 * len(unknown) <= len([word for word in changed.values() if word]):
        counts = row_counts(column)
        n_rows = sum(counts[i] for i in unknown)
        message = (
            f"column '{name}' has {listed(words[i] for i in unknown)} in {n_rows} rows, which its format in "
            f"{request.dic.name if request.dic else ''} does not list; the cells are kept as they are. "
            "Is this the .dic that was exported with these data?"
        )
        findings.append(Finding("dic_mismatch", request.place, message, "warning", n_rows))
    return with_words(column, lambda word: changed[word]), findings


def parse_seer(raw: Raw, request: ReadRequest, *, fast: bool = False) -> Parsed:
    """Parse the data of an export by its .dic.

    Parameters
    ----------
    raw
        The data as UTF-8.
    request
        With the .dic.
    fast
        As in `parse_delimited`.

    Raises
    ------
    FindingsError
        The .dic is none, or does not match the data: other names, another number of columns.
    """
    if request.dic is None:
        raise ValueError("a SEER*Stat export needs its .dic")
    dic = read_dic(request.dic, request.dic.name)
    quoting = dic.quoted_fields or dic.variable_format == "quotedlabels"
    grammar = Grammar(dic.delimiter, quoting, None if dic.has_header else dic.names)
    try:
        table = parse_delimited(raw, grammar, place=request.place, fast=fast)
    except FindingsError as error:
        raise FindingsError([*error.findings, *_hint(error, dic, request)]) from None
    _header_of(table, dic, request)
    columns, findings = [], []
    for name, cells in zip(table.column_names, table.columns, strict=True):
        column, found = _apply(name, cells.chunk(0), dic, request)
        columns.append(column)
        findings += found
    return Parsed(table_of(table.column_names, columns), tuple(findings), (), "seer", dic.synthetic)


def _hint(error: FindingsError, dic: SeerDictionary, request: ReadRequest) -> list[Finding]:
    """Say that rows of another length than the .dic's list of variables may mean another .dic."""
    if not any(finding.code == "ragged_row" for finding in error.findings) or dic.has_header:
        return []
    message = (
        f"{request.dic.name if request.dic else ''} names {len(dic.names)} variables, the rows have another number of "
        "cells. Give the .dic that was exported with these data."
    )
    return [Finding("dic_mismatch", request.place, message)]

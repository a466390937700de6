"""Files of SAS, Stata and SPSS through pyreadstat, and the data sets of lifelines: values as text."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reporter.errors import Finding, FindingsError, did_you_mean
from reporter.intake.columnar import cell_text
from reporter.intake.finding import listed
from reporter.intake.readers.encode import ColumnBuilder, table_of
from reporter.intake.readers.request import MAX_LISTED, NO_ROWS, Parsed, ReadRequest, header_findings, refuse

_SYNTHETIC = re.compile(r"\bsynthetic\b", re.IGNORECASE)
_WORDS = {"sas7bdat": "SAS", "dta": "Stata", "sav": "SPSS"}


def _labelled(value: Any, labels: Mapping[Any, str]) -> str:
    """Return the label of a value, else its text."""
    if labels and not isinstance(value, (bool, np.bool_)):
        try:
            label = labels.get(value)
        except TypeError:
            label = None
        if label is not None:
            return str(label)
    return cell_text(value.item() if isinstance(value, np.generic) else value)


def _column(values: Any, labels: Mapping[Any, str]) -> Any:
    """Return one column of a data frame as a dictionary of text."""
    builder = ColumnBuilder()
    cells = values.astype(object) if values.dtype.kind in "Mm" else values
    known: dict[Any, str] = {}
    for value in cells.tolist():
        try:
            text = known.get((type(value), value))
        except TypeError:
            builder.add(_labelled(value, labels))
            continue
        if text is None:
            text = known[type(value), value] = "" if _absent(value) else _labelled(value, labels)
        builder.add(text)
    return builder.done()


def _absent(value: Any) -> bool:
    return value is None or value != value


def _as_parsed(frame: Any, labels: Mapping[str, Mapping[Any, str]], place: str) -> Any:
    names = [str(name).strip() for name in frame.columns]
    bad = header_findings(names, place)
    if not len(frame) and not bad:
        bad = [Finding("empty_table", place, NO_ROWS)]
    if bad:
        raise FindingsError(bad[:MAX_LISTED])
    return table_of(names, [_column(frame[name], labels.get(str(name), {})) for name in frame.columns])


def _spss_missing(path: Path, place: str) -> list[Finding]:
    """Say which values the file itself declares as missing, as they were read as empty cells."""
    import pyreadstat

    # The declarations are part of what pyreadstat tells only where it is asked to keep the values.
    _, found = pyreadstat.read_sav(str(path), metadataonly=True, user_missing=True)
    ranges = getattr(found, "missing_ranges", None) or {}
    columns = [str(name) for name in ranges]
    if not columns:
        return []
    shown = []
    for name in columns[:MAX_LISTED]:
        values = [
            cell_text(r["lo"]) if r["lo"] == r["hi"] else f"{cell_text(r['lo'])} to {cell_text(r['hi'])}"
            for r in ranges[name]
        ]
        shown.append(f"{name} ({', '.join(values)})")
    more = f" and {len(columns) - MAX_LISTED} more columns" if len(columns) > MAX_LISTED else ""
    message = (
        f"the file declares values as missing in {'; '.join(shown)}{more}; they were read as empty cells. "
        "Where they mean something else, remove the declaration in SPSS."
    )
    return [Finding("user_missing", place, message, "warning")]


def _unlabelled(frame: Any, found: Any, place: str) -> list[Finding]:
    """Say where a value has no label in a column whose values have labels."""
    findings = []
    for name, labels in found.variable_value_labels.items():
        if name not in frame or not labels:
            continue
        present = [value for value in frame[name].dropna().unique().tolist() if value != ""]
        bare = [value for value in present if value not in labels]
        # Labels of few special codes leave the other values as the numbers that they are.
        if bare and 2 * len(bare) <= len(present):
            message = (
                f"column '{name}' has {listed(map(cell_text, bare))} without a label among labelled values; the values "
                "are kept as they are."
            )
            findings.append(Finding("unlabelled_value", place, message, "warning"))
    return findings[:MAX_LISTED]


def parse_statistical(request: ReadRequest) -> Parsed:
    """Read a file of SAS, Stata or SPSS; labels stand for values, values declared as missing are empty cells.

    Raises
    ------
    FindingsError
        The file is damaged or has no rows, or a column name stands twice.
    """
    import pyreadstat

    read: dict[str, Any] = {
        "sas7bdat": pyreadstat.read_sas7bdat, "dta": pyreadstat.read_dta, "sav": pyreadstat.read_sav,
    }  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame, found = read[request.kind](str(request.path))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 pyreadstat raises its own, Unicode and value errors alike
        why = str(error).partition("\n")[0][:200]
        message = f"not a data set of {_WORDS[request.kind]} that can be read: {why}. Save it again, or as .csv."
        raise refuse("not_a_table", request.place, message) from None
    table = _as_parsed(frame, found.variable_value_labels, request.place)
    findings = _spss_missing(request.path, request.place) if request.kind == "sav" else []
    findings += _unlabelled(frame, found, request.place)
    synthetic = bool(_SYNTHETIC.search(str(getattr(found, "file_label", "") or "")))
    return Parsed(table, tuple(findings), (), "", synthetic)


def parse_lifelines(request: ReadRequest) -> Parsed:
    """Read a data set that lifelines ships; `request.path` is its name.

    Raises
    ------
    FindingsError
        There is no such data set.
    """
    from lifelines import datasets  # type: ignore[import-untyped]

    names = {
        name.removeprefix("load_"): load
        for name, load in inspect.getmembers(datasets, inspect.isfunction)
        if name.startswith("load_")
    }
    wanted = str(request.path)
    if wanted not in names:
        message = f"lifelines has no data set '{wanted}'.{did_you_mean(wanted, names)} It has: {', '.join(names)}."
        raise refuse("unknown_dataset", request.place, message)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = names[wanted]()
    return Parsed(_as_parsed(frame, {}, request.place))

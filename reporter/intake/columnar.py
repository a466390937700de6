"""Read parquet and feather: each column as its distinct cells in text and an index, never a string a row.

Text of a value: integers in digits; floats shortest that reads back, without a trailing ``.0``; TRUE and FALSE; dates
as YYYY-MM-DD; null and NaN are the empty cell. A float column with very many distinct values stays numbers.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reporter.errors import Finding, FindingsError

if TYPE_CHECKING:
    from pathlib import Path

MANY_DISTINCT = 10_000
SUFFIXES = ("parquet", "feather")


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def _column(chunked: Any) -> pd.Series:
    """Return one Arrow column as a categorical of text, or as float64 with NaN where missing."""
    import pyarrow as pa

    array = chunked.combine_chunks() if isinstance(chunked, pa.ChunkedArray) else chunked
    if pa.types.is_dictionary(array.type):
        index, values = array.indices, array.dictionary
    else:
        if pa.types.is_floating(array.type):
            numbers = array.to_numpy(zero_copy_only=False).astype(np.float64)
            if len(array.unique()) > MANY_DISTINCT and not np.isinf(numbers).any():
                return pd.Series(numbers)
        encoded = array.dictionary_encode()
        index, values = encoded.indices, encoded.dictionary
    if pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    is_text = pa.types.is_string(values.type) and not values.null_count
    words = [*(values.to_pylist() if is_text else map(_text, values.to_pylist())), ""]
    place, distinct = pd.factorize(np.array(words, dtype=object))
    rows = index.fill_null(len(words) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    cells = pd.CategoricalDtype([str(word) for word in distinct])
    return pd.Series(pd.Categorical.from_codes(place[rows], dtype=cells))


def _why_not(field: Any) -> str:
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    plain = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_string, pa.types.is_large_string,
        pa.types.is_string_view, pa.types.is_date, pa.types.is_timestamp, pa.types.is_decimal, pa.types.is_null,
    )  # fmt: skip
    if any(is_kind(kind) for is_kind in plain):
        return ""
    return f"column '{field.name}' holds {kind}; save it as numbers, text or dates."


def read_columnar(path: Path, kind: str, place: str) -> pd.DataFrame:
    """Read a parquet or feather file.

    Parameters
    ----------
    path, kind
        The file and ``parquet`` or ``feather``.
    place
        Name of the source for findings.

    Returns
    -------
    DataFrame
        Categoricals of text, the empty string where missing; float64 where a column of floats has more than 10,000
        distinct values.

    Raises
    ------
    FindingsError
        The file is not of that kind, is empty, or has a column of lists or other nested values.
    """
    import pyarrow as pa
    from pyarrow import feather, parquet

    try:
        table: Any = (parquet if kind == "parquet" else feather).read_table(path)
    except (pa.ArrowException, OSError) as error:
        why = str(error).partition("\n")[0]
        raise FindingsError([Finding("not_a_table", place, f"not a {kind} file: {why}. Save it again.")]) from None
    names = [name.strip() for name in table.column_names]
    bad = [Finding("nested_column", place, why) for why in map(_why_not, table.schema) if why]
    bad += [
        Finding("repeated_column", place, f"the table has {names.count(n)} columns named '{n}'; rename all but one.")
        for n in sorted({name for name in names if names.count(name) > 1})
    ]
    if not table.num_rows or not names:
        bad.append(Finding("empty_table", place, "the table has no rows; add the patients' rows."))
    if bad:
        raise FindingsError(bad)
    return pd.DataFrame({name: _column(column) for name, column in zip(names, table.columns, strict=True)})


def as_text(column: pd.Series) -> pd.Series:
    """Return a column of `read_columnar` as one string a row."""
    if column.dtype.kind == "f":
        words = [_text(value) for value in column.to_numpy(dtype=np.float64).tolist()]
        return pd.Series(np.array(words, dtype=object), index=column.index, name=column.name)
    return pd.Series(column.to_numpy(dtype=object), index=column.index, name=column.name)

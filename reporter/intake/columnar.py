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
from reporter.intake.readers.request import MAX_COLUMNS, refuse

if TYPE_CHECKING:
    from pathlib import Path

MANY_DISTINCT = 10_000
SUFFIXES = ("parquet", "feather")
# A column of one value takes no room in the file whatever its length.
MAX_CELLS = 1 << 30


def cell_text(value: object) -> str:
    """Return the text of one value."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def encode_column(chunked: Any) -> Any:
    """Return one Arrow column as a dictionary of text, or as float64 with NaN where missing."""
    import pyarrow as pa

    array = chunked.combine_chunks() if isinstance(chunked, pa.ChunkedArray) else chunked
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else pa.concat_arrays(array.unify_dictionaries().chunks)
    if pa.types.is_dictionary(array.type):
        index, values = array.indices, array.dictionary
    else:
        if pa.types.is_floating(array.type):
            numbers = array.to_numpy(zero_copy_only=False).astype(np.float64)
            if len(array.unique()) > MANY_DISTINCT and not np.isinf(numbers).any():
                return pa.array(numbers)
        encoded = array.dictionary_encode()
        index, values = encoded.indices, encoded.dictionary
    if pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    is_text = pa.types.is_string(values.type) and not values.null_count
    words = [*(values.to_pylist() if is_text else map(cell_text, values.to_pylist())), ""]
    rows = index.cast(pa.int32()).fill_null(len(words) - 1)
    return pa.DictionaryArray.from_arrays(rows, pa.array(words, pa.string()))


def as_series(array: Any) -> pd.Series:
    """Return an Arrow column of `encode_column` or of a reader as a categorical of text, or as float64."""
    import pyarrow as pa

    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    if pa.types.is_floating(array.type):
        return pd.Series(array.to_numpy(zero_copy_only=False).astype(np.float64))
    place, distinct = pd.factorize(np.array(array.dictionary.to_pylist(), dtype=object))
    rows = array.indices.to_numpy(zero_copy_only=False)
    cells = pd.CategoricalDtype([str(word) for word in distinct])
    return pd.Series(pd.Categorical.from_codes(place[rows], dtype=cells))


def as_frame(table: Any) -> pd.DataFrame:
    """Return an Arrow table of such columns as a data frame."""
    names = [str(name) for name in table.column_names]
    return pd.DataFrame({name: as_series(column) for name, column in zip(names, table.columns, strict=True)})


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


def _check_size(path: Path, kind: str, place: str) -> None:
    """Refuse a file of few bytes that stands for very many cells."""
    from pyarrow import parquet as module

    parquet: Any = module
    if kind != "parquet":
        return
    found = parquet.ParquetFile(path).metadata
    n_cells = found.num_rows * found.num_columns
    if n_cells > MAX_CELLS or found.num_columns > MAX_COLUMNS:
        message = f"the table has {found.num_rows} rows and {found.num_columns} columns; keep the columns of the study."
        raise refuse("too_large", place, message)


def read_columnar(path: Path, kind: str, place: str) -> Any:
    """Read a parquet or feather file.

    Parameters
    ----------
    path, kind
        The file and ``parquet`` or ``feather``.
    place
        Name of the source for findings.

    Returns
    -------
    pyarrow.Table
        Dictionaries of text, the empty string where missing; float64 where a column of floats has more than 10,000
        distinct values.

    Raises
    ------
    FindingsError
        The file is not of that kind, is empty, or has a column of lists or other nested values.
    """
    import pyarrow as pa
    from pyarrow import feather, parquet

    try:
        _check_size(path, kind, place)
        table: Any = (parquet if kind == "parquet" else feather).read_table(path)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
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
    return pa.table({name: encode_column(column) for name, column in zip(names, table.columns, strict=True)})


def as_text(column: pd.Series) -> pd.Series:
    """Return a column of distinct cells or of numbers as one string a row."""
    if column.dtype.kind == "f":
        words = [cell_text(value) for value in column.to_numpy(dtype=np.float64).tolist()]
        return pd.Series(np.array(words, dtype=object), index=column.index, name=column.name)
    return pd.Series(column.to_numpy(dtype=object), index=column.index, name=column.name)

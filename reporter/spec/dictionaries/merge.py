"""Lay the tables of a study file over those of the shipped dictionaries that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporter.errors import Finding, did_you_mean
from reporter.spec.cells import as_text, same_value
from reporter.spec.columns import ColumnSpec
from reporter.spec.dictionaries.read import Entry, dictionary_names, read_dictionary
from reporter.spec.dictionaries.rules import read_rule, rule_names
from reporter.spec.places import Places

Table = dict[str, Any]

# How cells are read, which differs between tables; the other keys say what a column means.
_OF_CELLS: Table = {
    "source": [], "headers": [], "codes": {}, "bins": [], "missing": [], "unit_in_file": "", "number": "",
    "format": "", "cases": [], "derive": {}, "patterns": [],
}  # fmt: skip
_ORIGINS = ("source", "headers", "cases", "derive")


def _asked(section: Mapping[str, Any]) -> tuple[str, ...]:
    given = section.get("dictionary")
    names = [given] if isinstance(given, str) else given
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _unknown(data: Mapping[str, Any], places: Places) -> Iterator[Finding]:
    for table in ("data", "validation"):
        for name in _asked(_table(data, table)):
            if name not in dictionary_names():
                near = did_you_mean(name, dictionary_names())
                shipped = ", ".join(dictionary_names())
                message = f"{table}.dictionary: there is no dictionary '{name}'.{near} Shipped: {shipped}."
                yield Finding("unknown_dictionary", places.at((table, "dictionary")), message)


def _table(data: Mapping[str, Any], key: str) -> Table:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _entries(names: tuple[str, ...], language: str) -> dict[str, Table]:
    """Return the columns of several dictionaries, a later one laid over the earlier."""
    found: dict[str, Table] = {}
    for name in names:
        for key, entry in read_dictionary(name).items():
            found[key] = _laid_over(found.get(key, {}), _in_language(entry, language))
    return found


def dictionary_columns(names: tuple[str, ...]) -> dict[str, ColumnSpec]:
    """Return the columns of several dictionaries as they are read where a study file does not name them."""
    return {key: ColumnSpec.model_validate(entry) for key, entry in _entries(names, "en").items()}


def _in_language(entry: Entry, language: str) -> Table:
    labels = entry["label"]
    return {**entry, "label": labels.get(language) or labels["en"]}


def _codes_over(below: Mapping[str, str], above: Mapping[str, Any]) -> Table:
    """Lay codes over those of a dictionary; a key is a cell of the file or one of the dictionary's levels."""
    groups = {level: above[level] for level in below.values() if level in above}
    found: Table = {code: groups.get(level, level) for code, level in below.items()}
    for code, level in above.items():
        same = next((known for known in found if same_value(known, code)), code)
        if code in below or same in below or code not in groups:
            found[same] = level
    return found


def _laid_over(below: Table, above: Mapping[str, Any]) -> Table:
    """Lay one table over another: a new origin drops what belongs to the old one, codes and missing are joined."""
    below = dict(below)
    if any(above.get(key) for key in ("cases", "derive")):
        below = {key: value for key, value in below.items() if key not in _OF_CELLS}
    elif any(above.get(key) for key in ("source", "headers")):
        below = {key: value for key, value in below.items() if key not in _ORIGINS}
    merged = {**below, **above}
    if isinstance(above.get("codes"), dict) and isinstance(below.get("codes"), dict):
        merged["codes"] = _codes_over(below["codes"], above["codes"])
    missing = {**_words(below.get("missing", {})), **_words(above.get("missing", {}))}
    if isinstance(above.get("missing", {}), (dict, list)) and missing:
        given = above["codes"] if isinstance(above.get("codes"), dict) else {}
        own = _words(above.get("missing", {}))
        merged["missing"] = {
            word: reason
            for word, reason in missing.items()
            if word in own or not any(same_value(word, code) for code in given)
        }
    if "levels" in below and "levels" not in above and ("codes" in above or "bins" in above):
        del merged["levels"]
    return merged


def _words(missing: object) -> dict[str, str]:
    """Return words for missing with their reasons."""
    if isinstance(missing, dict):
        return {str(word): str(reason) for word, reason in missing.items()}
    return {str(as_text(word)): "" for word in missing} if isinstance(missing, list) else {}


def _with_levels(column: object) -> object:
    """Fill in the levels of a derived column."""
    if not isinstance(column, dict) or not isinstance(column.get("derive"), dict):
        return column
    name = column["derive"].get("rule")
    if name not in rule_names() or column.get("levels") or column.get("codes"):
        return column
    rule = read_rule(name)
    levels = rule.levels.get(column["derive"].get("detail", rule.default_detail), ())
    return {**column, "levels": list(levels)}


def _override(given: Table, written: Table, known: Table, other: Table) -> Table:
    """Return what the validation table overrides, so that cells are never read by a dictionary of another table.

    Parameters
    ----------
    given, written
        The column under [validation.columns] and under [columns], as written.
    known, other
        The column in the dictionary of the development and of the validation table.
    """
    change: Table = {}
    for key, neutral in _OF_CELLS.items():
        if key in known and key not in written:
            change[key] = neutral
        elif key in ("codes", "missing") and key in known:
            change[key] = written[key]
    if other:
        over = {key: written[key] for key in _OF_CELLS if key in written}
        change |= {key: value for key, value in _laid_over(other, over).items() if key in _OF_CELLS}
    if any(given.get(key) for key in _ORIGINS):
        change = {key: value for key, value in change.items() if key not in _ORIGINS or not value}
    return {**change, **given}


def with_dictionaries(data: dict[str, Any], places: Places) -> tuple[dict[str, Any], list[Finding]]:
    """Return the study file with what its dictionaries know filled in, and findings of names that do not exist.

    Parameters
    ----------
    data
        The parsed file; tables that are not as they should be are left for the models to refuse.
    places
        Lines of the file.
    """
    findings = list(_unknown(data, places))
    if findings or not isinstance(data.get("data"), dict):
        return data, findings
    languages = _table(data, "study").get("languages")
    language = languages[0] if isinstance(languages, list) and languages and languages[0] in ("en", "zh") else "en"
    columns = _table(data, "columns")
    own, other = (_entries(_asked(_table(data, table)), language) for table in ("data", "validation"))
    merged = {
        name: _with_levels(_laid_over(own[name], column) if name in own and isinstance(column, dict) else column)
        for name, column in columns.items()
    }
    data = {**data, "data": _with_id(data["data"], own)}
    if isinstance(data.get("columns"), dict):
        data["columns"] = merged
    if isinstance(data.get("validation"), dict):
        data["validation"] = _validation(data["validation"], columns, own, other)
    return data, []


def dictionary_labels(data: dict[str, Any]) -> list[dict[str, str]]:
    """Return by language what the dictionaries of a study file call their columns."""
    said = []
    for table in ("data", "validation"):
        asked = _asked(_table(data, table))
        english, chinese = _entries(asked, "en"), _entries(asked, "zh")
        named = [name for name, entry in english.items() if "label" in entry]
        said += [{"en": str(english[name]["label"]), "zh": str(chinese[name]["label"])} for name in named]
    return said


def _with_id(section: Table, known: Mapping[str, Table]) -> Table:
    """Add the headers of an id that a dictionary knows."""
    entry = known.get(str(section.get("id")))
    return {**section, "id_headers": entry["headers"]} if entry and "headers" in entry else section


def _validation(section: Table, columns: Table, own: Mapping[str, Table], other: Mapping[str, Table]) -> Table:
    given = section.get("columns", {})
    if not isinstance(given, dict):
        return section
    found = dict(given)
    for name, written in columns.items():
        one = given.get(name, {})
        if isinstance(written, dict) and isinstance(one, dict) and (name in own or name in other):
            change = _override(one, written, own.get(name, {}), other.get(name, {}))
            if change:
                found[name] = change
    return {**_with_id(section, other), "columns": found}

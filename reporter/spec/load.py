"""Read a study file: all its errors at once, each with file, line and what is allowed."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reporter.errors import Finding, FindingsError, UsageError, did_you_mean
from reporter.spec.check import check_study
from reporter.spec.dictionaries import dictionary_labels, with_dictionaries
from reporter.spec.endpoints import CohortFile, CohortSpec, Step
from reporter.spec.lines import Path as KeyPath
from reporter.spec.lines import key_lines, line_of
from reporter.spec.places import Places
from reporter.spec.study import DataSpec, Study, StudyFile, ValidationFile, ValidationSpec
from reporter.spec.words import Words, add_words, take_labels


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models inside an annotation such as ``dict[str, ColumnSpec]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _keys_at(parents: KeyPath) -> tuple[str, ...]:
    """Return the keys that the study file allows inside the table at `parents`."""
    model: type[BaseModel] | None = StudyFile
    inside_dict = False
    for part in parents:
        if isinstance(part, int) or inside_dict or model is None:
            inside_dict = False
            continue
        names = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in names:
            return ()
        annotation = names[part].annotation
        model = next(_models_in(annotation), None)
        inside_dict = str(annotation).startswith("dict[")
    return () if model is None else tuple(f.alias or name for name, f in model.model_fields.items())


def _existing(data: object, path: KeyPath) -> KeyPath:
    """Return the part of an error's path that exists in the file (unions append type names)."""
    kept: list[str | int] = []
    for part in path:
        in_table = isinstance(data, dict) and part in data
        if not in_table and not (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            break
        data = data[part]  # type: ignore[index]
        kept.append(part)
    return tuple(kept)


def _dotted(path: KeyPath) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _schema_finding(error: ErrorDetails, data: dict[str, Any], places: Places) -> Finding:
    """Translate one error of the models."""
    path: KeyPath = error["loc"]
    if error["type"] == "extra_forbidden":
        keys = _keys_at(path[:-1])
        near = did_you_mean(str(path[-1]), keys)
        message = f"unknown key '{_dotted(path)}'.{near} Allowed here: {', '.join(keys)}."
        return Finding("unknown_key", places.at(path), message)
    if error["type"] == "missing":
        message = f"the key '{_dotted(path)}' is missing; add it."
        return Finding("missing_key", places.at(path), message)
    found = _existing(data, path)
    what = error["msg"].removeprefix("Value error, ")
    message = f"{_dotted(found)}: got {error['input']!r}; {what[:1].lower()}{what[1:]}."
    return Finding("invalid_value", places.at(found), message)


def _distinct(errors: list[ErrorDetails], data: dict[str, Any]) -> list[ErrorDetails]:
    """Return one error a place: the first of a union's, and none of a list that only repeats that of its items."""
    first: dict[tuple[str, KeyPath], ErrorDetails] = {}
    for one in errors:
        kind = one["type"] if one["type"] in ("missing", "extra_forbidden") else "value"
        place = one["loc"] if kind != "value" else _existing(data, one["loc"])
        first.setdefault((kind, place), one)
    inside = {place[:length] for _, place in first for length in range(len(place))}
    return [one for (kind, place), one in first.items() if kind != "value" or place not in inside]


def _parse(path: Path) -> tuple[dict[str, Any], str, bytes]:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such study file. Give the path of a TOML file.")
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
        return tomllib.loads(text), text, raw
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "the file is not UTF-8 text; save it as UTF-8."
        raise FindingsError([Finding("not_utf8", f"{path}:{line}", message)]) from None
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", 0) or _line_in(str(error), text)
        message = f"this is not valid TOML: {error}. Correct the line (text in quotes, lists in brackets)."
        raise FindingsError([Finding("not_toml", f"{path}:{line}", message)]) from None


def _line_in(message: str, text: str) -> int:
    """Return the line that the parser's message names; the last line where it says end of document."""
    _, found, rest = message.partition("(at line ")
    return int(rest.split(",")[0]) if found else max(len(text.splitlines()), 1)


def _steps(cohort: CohortFile, prefix: KeyPath, lines: dict[KeyPath, int]) -> CohortSpec:
    """Put include and exclude steps into the order of the study file."""
    found: list[tuple[int, Step]] = []
    for action, conditions in (("include", cohort.include), ("exclude", cohort.exclude)):
        for i, condition in enumerate(conditions):
            step = Step.model_construct(action=action, name=f"{action}_{i + 1}", condition=condition)
            found.append((line_of(lines, (*prefix, action, i)), step))
    return CohortSpec.model_construct(steps=tuple(step for _, step in sorted(found, key=lambda pair: pair[0])))


def _validation(file: StudyFile, section: ValidationFile, lines: dict[KeyPath, int]) -> ValidationSpec:
    endpoints = dict(file.endpoints)
    for name, definition in section.endpoints.items():
        if name in endpoints:
            endpoints[name] = definition.applied_to(endpoints[name])
    return ValidationSpec.model_construct(
        data=DataSpec(
            source=section.source,
            id=section.id or file.data.id,
            dictionary=section.dictionary,
            id_headers=section.id_headers,
            **section.source_keys(),
            deidentify=file.data.deidentify if section.deidentify is None else section.deidentify,
            suppress_below=file.data.suppress_below if section.suppress_below is None else section.suppress_below,
            key_file=file.data.key_file,
        ),
        columns=section.merged(file.columns),
        cohort=_steps(section.cohort, ("validation", "cohort"), lines),
        endpoints=endpoints,
    )


def _assemble(file: StudyFile, path: Path, raw: bytes, places: Places) -> Study:
    """Make the study that the rest of the program uses, with labels and names filled in."""
    section, lines = file.study, places.lines
    labelled = {n: c if c.label else c.model_copy(update={"label": n}) for n, c in file.columns.items()}
    ends = {n: e if e.label else e.model_copy(update={"label": n}) for n, e in file.endpoints.items()}
    asked = file.analysis.model_copy(update={"endpoints": file.analysis.endpoints or tuple(ends)})
    file = file.model_copy(update={"columns": labelled, "endpoints": ends, "analysis": asked})
    warnings: tuple[tuple[str, str], ...] = ()
    if file.phenotypes and set(file.phenotypes.algorithms) != {"ward"}:
        others = ", ".join(name for name in file.phenotypes.algorithms if name != "ward")
        message = f"the phenotypes are Ward's; {others}: run only to ask whether there is any structure."
        if not file.phenotypes.structure:
            message = f"the phenotypes are Ward's and structure = false; not run: {others}."
        warnings = (("phenotypes.algorithms", message),)
    return Study.model_construct(
        path=path, folder=path.resolve().parent, sha256=hashlib.sha256(raw).hexdigest(),
        id=section.id, title=section.title, subtitle=section.subtitle, date=section.date,
        languages=section.languages, seed=section.seed, data=file.data, columns=labelled,
        cohort=_steps(file.cohort, ("cohort",), lines), endpoints=ends, analysis=asked, phenotypes=file.phenotypes,
        validation=None if file.validation is None else _validation(file, file.validation, lines),
        checks=file.checks, warnings=warnings, places=places,
    )  # fmt: skip


def _all_words(file: StudyFile, words: Words, known: list[dict[str, str]]) -> Words:
    """Return the words of dictionaries, labels, title and ``[words]`` in other languages; the later ones win."""
    found: Words = {}
    labels = {column.label for column in file.columns.values()}
    for said in known:
        for text in labels & set(said.values()):
            add_words(found, text, said)
    for tag, more in words.items():
        found.setdefault(tag, {}).update(more)
    for heading in (file.study.title, file.study.subtitle):
        if isinstance(heading, dict) and heading:
            said = {str(tag): word for tag, word in heading.items()}
            add_words(found, said.get("en") or next(iter(said.values())), said)
    for tag, more in file.words.items():
        found.setdefault(tag, {}).update(more)
    return found


def load_study(path: Path) -> Study:
    """Read and check a study file; the data are not opened.

    Parameters
    ----------
    path
        The TOML file.

    Raises
    ------
    UsageError
        When there is no such file.
    FindingsError
        With all errors of the file: not TOML, unknown keys, values that are not allowed, names that do not exist,
        keys whose function this version does not have.
    """
    path = Path(path)
    data, text, raw = _parse(path)
    lines = key_lines(text)
    places = Places(str(path), lines)
    data, words = take_labels(data)
    data, unknown = with_dictionaries(data, places)
    if unknown:
        raise FindingsError(unknown)
    try:
        file = StudyFile.model_validate(data)
    except ValidationError as error:
        found = [_schema_finding(one, data, places) for one in _distinct(error.errors(), data)]
        raise FindingsError(list(dict.fromkeys(found))) from None
    findings = check_study(file, places)
    if findings:
        raise FindingsError(findings)
    study = _assemble(file, path, raw, places)
    return study.model_copy(update={"words": _all_words(file, words, dictionary_labels(data))})

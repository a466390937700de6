"""The text of a study file: TOML with comments."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reporter.pipeline.init.draft import Draft, Endpoint, Entry, Step

WIDTH = 118
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_string(text: str) -> str:
    """Return a TOML basic string; signs that do not print are escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(sign: str) -> str:
    code = ord(sign)
    if 0xD800 <= code <= 0xDFFF:
        return "?"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def toml_key(key: str) -> str:
    """Return a key, in quotes where it needs them."""
    return key if _BARE.fullmatch(key) else toml_string(key)


def toml_value(value: Any) -> str:
    """Return a value: text, number, truth value, list or inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _comment(text: str, mark: str = "") -> Iterator[str]:
    """Yield a comment of several lines; only printing signs."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    yield from textwrap.wrap(f"{mark}{plain}", WIDTH, initial_indent="# ", subsequent_indent="#   ",
                             break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _pairs(spec: Mapping[str, Any]) -> Iterator[str]:
    for key, value in spec.items():
        yield f"{toml_key(key)} = {toml_value(value)}"


def _entry(entry: Entry) -> Iterator[str]:
    for note in entry.notes:
        yield from _comment(note)
    for check in entry.checks:
        yield from _comment(check, "CHECK: ")
    yield f"[columns.{toml_key(entry.key)}]"
    yield from _pairs(entry.spec)
    yield ""


def _step(step: Step) -> Iterator[str]:
    for check in step.checks:
        yield from _comment(check, "CHECK: ")
    yield "[[cohort.include]]"
    yield from _pairs(step.spec)
    yield ""


def _endpoint(endpoint: Endpoint) -> Iterator[str]:
    for check in endpoint.checks:
        yield from _comment(check, "CHECK: ")
    yield f"[endpoints.{toml_key(endpoint.name)}]"
    yield from _pairs(endpoint.spec)
    yield ""


NO_ENDPOINT = (
    "CHECK: no time and event were found; nothing can be analysed without. Take the marks away and fill in headers.",
    "[endpoints.os]",
    'label = "Overall survival"',
    'unit = "days"  # days, months or years',
    'time = "HEADER OF THE TIME"',
    'event = "HEADER OF THE STATUS"',
    'event_values = ["VALUE OF THE EVENT"]',
    'censored_values = ["VALUE OF NO EVENT"]',
    "horizons = [365, 1095]  # in the report unit",
)


def _endpoints(draft: Draft) -> Iterator[str]:
    if draft.endpoints:
        for endpoint in draft.endpoints:
            yield from _endpoint(endpoint)
        return
    yield from _comment(NO_ENDPOINT[0])
    yield from (f"# {line}" for line in NO_ENDPOINT[1:])
    yield ""


def _listed(title: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    pairs = list(pairs)
    if pairs:
        yield from _comment(title)
        for header, why in pairs:
            yield from _comment(f"  {header}: {why}.")


def _analysis(draft: Draft, endpoints: Iterable[str]) -> Iterator[str]:
    for note in draft.analysis_notes:
        yield from _comment(note)
    yield from _listed("Not in the model, may be added to covariates or groups:", draft.not_in_model)
    yield "[analysis]"
    analysis = {"endpoints": list(endpoints), "groups": list(draft.groups), "covariates": list(draft.covariates)}
    if draft.endpoints:
        yield from _pairs(analysis)
    else:
        yield from (f"# {line}" for line in _pairs({**analysis, "endpoints": ["os"]}))


def render(draft: Draft, endpoints: Iterable[str]) -> str:
    """Return the study file of a draft.

    Parameters
    ----------
    draft
        What was seen and chosen.
    endpoints
        Names of the endpoints that are analysed.
    """
    lines = list(_comment(f"First study file for {draft.source}, {draft.n_rows} rows, written by reporter init. Go "
                          "through the lines marked CHECK, then: reporter check, reporter run."))  # fmt: skip
    for note in draft.notes:
        lines += _comment(note)
    lines += ["schema = 1", "", "[study]"]
    lines += _pairs({"id": draft.id, "title": f"Survival in {draft.id}", "languages": ["en"], "seed": 1})
    lines += [""]
    for check in draft.data_checks:
        lines += _comment(check, "CHECK: ")
    lines += ["[data]", *_pairs({"source": draft.source, **draft.data}), ""]
    lines += _listed("Columns of the table that are left out:", draft.left_out)
    lines += [""] if draft.left_out else []
    outcome = {entry.key: entry for endpoint in draft.endpoints for entry in endpoint.entries}
    for entry in (*draft.entries, *outcome.values()):
        lines += _entry(entry)
    for step in draft.steps:
        lines += _step(step)
    lines += _endpoints(draft)
    lines += _analysis(draft, endpoints)
    return "\n".join(lines) + "\n"

"""Method cards: one page an analysis. Words stand in data/methods; options, R file and tolerances come from the code.

A card is a TOML head between lines of ``+++`` and three paragraphs of Markdown under fixed headings.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from reporter.errors import ReporterError, UsageError, did_you_mean
from reporter.report.sections.references import WORKS
from reporter.resources import data_folder, r_scripts_folder
from reporter.spec.options import AnalysisOptions, Options, PhTestOptions
from reporter.spec.study import AnalysisSpec
from reporter.verification.declared import why_not_checkable
from reporter.verification.tolerances import (
    DEPENDENT_CHI_SQUARE,
    ROUNDED_AT_MOST,
    ROWS_AS_STANDS,
    Tolerance,
    of_model,
    tolerance_of,
)

WIDTH = 100
HEADINGS = ("What it estimates", "Formula", "Assumptions and limits")
_NAMES = re.compile(r"^[a-z_]+(, [a-z_]+)*$")


@dataclass(frozen=True)
class Oracle:
    """A published number that the tests reproduce: its data set, what it is, and its digits as printed."""

    data: str
    quantity: str
    published: str


@dataclass(frozen=True)
class MethodCard:
    """One card as written.

    Parameters
    ----------
    kind
        Kind of the option object.
    r_call
        What R is asked for.
    shown
        Where the report shows it.
    works
        Keys of the references.
    tests, oracles
        Cases worked by hand, as ``file::test``, and published numbers.
    statistics
        Names of the numbers by analysis, as in an address.
    text
        Paragraph by heading.
    """

    kind: str
    title: str
    r_call: str
    shown: str
    works: tuple[str, ...]
    tests: tuple[str, ...]
    oracles: tuple[Oracle, ...]
    statistics: dict[str, tuple[str, ...]]
    text: dict[str, str]


# With clusters a chi-square is held to a wider tolerance.
_CLUSTERED = PhTestOptions(terms=(), ties="efron", cluster="c", transform="km")


def option_classes() -> dict[str, type[Options]]:
    """Return the option object of each kind, in the order of the report."""
    union = get_args(AnalysisOptions)[0]
    return {found.model_fields["kind"].default: found for found in get_args(union)}


def methods_folder() -> Path:
    """Return the folder of the cards."""
    return data_folder() / "methods"


def _sections(body: str, file: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", body, flags=re.MULTILINE)
    found = {name.strip(): text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    if tuple(found) != HEADINGS or not all(found.values()):
        raise ReporterError(f"{file}: headings are {list(found)}; needed, each with text: {list(HEADINGS)}.")
    return found


def read_card(kind: str, folder: Path | None = None) -> MethodCard:
    """Read the card of one kind.

    Raises
    ------
    ReporterError
        When there is no card, or a part of it is missing or unknown.
    """
    path = (folder or methods_folder()) / f"{kind}.md"
    if not path.is_file():
        raise ReporterError(f"{kind}: there is no method card {path.name}.")
    parts = path.read_text(encoding="utf-8").split("+++\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ReporterError(f"{path.name}: the head stands between two lines of +++ at the start.")
    head: dict[str, Any] = tomllib.loads(parts[1])
    known = {"title", "r_call", "shown", "works", "tests", "oracles", "statistics"}
    if set(head) != known:
        raise ReporterError(f"{path.name}: keys are {sorted(head)}; needed: {sorted(known)}.")
    return MethodCard(
        kind=kind, title=head["title"], r_call=head["r_call"], shown=head["shown"], works=tuple(head["works"]),
        tests=tuple(head["tests"]), oracles=tuple(Oracle(**item) for item in head["oracles"]),
        statistics={name: tuple(stats) for name, stats in head["statistics"].items()},
        text=_sections(parts[2], path.name),
    )  # fmt: skip


def _said_by(docstring: str) -> dict[str, str]:
    """Return what the parameters section of a docstring says of each name."""
    said: dict[str, str] = {}
    names: tuple[str, ...] = ()
    for line in inspect.cleandoc(docstring).splitlines():
        if line and not line.startswith(" "):
            names = tuple(line.split(", ")) if _NAMES.match(line) else ()
        for name in names if line.startswith(" ") else ():
            said[name] = f"{said.get(name, '')} {line.strip()}".strip()
    return said


def _documented(found: type[Options]) -> dict[str, str]:
    """Return what the docstrings of an option object and its bases say of each option."""
    said: dict[str, str] = {}
    for base in reversed(found.__mro__):
        if issubclass(base, Options):
            said |= _said_by(base.__doc__ or "")
    return said


def _default(found: type[Options], name: str) -> str:
    field = found.model_fields[name]
    asked = AnalysisSpec.model_fields.get(name)
    if asked is not None and not asked.is_required():
        return f"{_shown(asked.default)} ([analysis] {name})"
    return "from the study" if field.is_required() else _shown(field.default)


def _shown(value: object) -> str:
    if value in ("", (), None):
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def option_lines(found: type[Options]) -> Iterator[str]:
    """Yield a line for each option: its name, default and meaning."""
    said = _documented(found)
    for name in found.model_fields:
        if name != "kind":
            meaning = said.get(name, "")
            yield _bullet(f"{name}: {_default(found, name)}." + (f" {meaning}" if meaning else ""))


def tolerances_of(card: MethodCard) -> dict[Tolerance, list[str]]:
    """Return which numbers are held to each tolerance, as ``analysis/stat``; those that R cannot have are left out."""
    out: dict[Tolerance, list[str]] = {}
    for analysis, stats in card.statistics.items():
        for stat in stats:
            if why_not_checkable(analysis, stat):
                continue
            out.setdefault(tolerance_of(analysis, stat), []).append(f"{analysis}/{stat}")
    return out


def _tolerance_lines(card: MethodCard) -> Iterator[str]:
    for tolerance, numbers in tolerances_of(card).items():
        yield _bullet(f"{tolerance.name}: {tolerance.words}; {tolerance.why}. For {', '.join(numbers)}.")
    known = tolerances_of(card)
    if any(of_model(found, _CLUSTERED) is not found for found in known):
        wider = DEPENDENT_CHI_SQUARE
        yield _bullet(f"{wider.name}: {wider.words} in place of that of a chi-square; {wider.why}.")
    unchecked: dict[str, list[str]] = {}
    for analysis, stats in card.statistics.items():
        for stat in stats:
            unchecked.setdefault(why_not_checkable(analysis, stat), []).append(f"{analysis}/{stat}")
    for why, names in unchecked.items():
        if why:
            yield _bullet(f"not checked: {', '.join(names)}; {why}.")
    if not all(found.exact for found in known):
        yield _bullet(
            f"Above {ROWS_AS_STANDS} rows the tolerances grow with the rows, up to {ROUNDED_AT_MOST:.0e} (those of P "
            "values without that limit), as the rounding of R's sums does."
        )


def _case_lines(card: MethodCard) -> Iterator[str]:
    for oracle in card.oracles:
        yield _bullet(f"{oracle.data}, {oracle.quantity}: {oracle.published} (tests/data/oracles.csv)")
    yield from (_bullet(test) for test in card.tests)


def _bullet(text: str) -> str:
    filled = textwrap.fill(
        text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return str(filled)


def page_of(card: MethodCard) -> str:
    """Return the whole card as Markdown."""
    work = [_bullet(WORKS[key].format(version="")) for key in card.works]
    script = r_scripts_folder() / f"{card.kind}.R"
    where = "cohort/endpoint/analysis[/group=level][/term][/t=time]/stat"
    parts = [
        f"# {card.title}", f"Kind of options: {card.kind}",
        *(f"## {heading}\n\n{card.text[heading]}" for heading in HEADINGS),
        "## Options and defaults\n\n" + "\n".join(option_lines(option_classes()[card.kind])),
        f"## Check against R\n\n{script.name}, check_{card.kind}: {card.r_call}\n\n"
        + "\n".join(_tolerance_lines(card)),
        f"## In the report\n\n{card.shown}\nAddresses: {where}, with\n\n"
        + "\n".join(_bullet(f"{name}: {', '.join(stats)}") for name, stats in card.statistics.items()),
        "## Cases that the tests reproduce\n\n" + "\n".join(_case_lines(card)),
        *(["## References\n\n" + "\n".join(work)] if work else []),
    ]  # fmt: skip
    return "\n\n".join(parts)


def show_methods(name: str, *, say: Callable[[str], None]) -> int:
    """Print the list of methods, or one card; return the exit code.

    Raises
    ------
    UsageError
        When there is no method of that name.
    """
    kinds = tuple(option_classes())
    if not name:
        width = max(map(len, kinds))
        for kind in kinds:
            say(f"{kind:<{width}}  {read_card(kind).title}")
        return 0
    if name not in kinds:
        raise UsageError(f"methods: there is no '{name}'.{did_you_mean(name, kinds)} Known: {', '.join(kinds)}.")
    say(page_of(read_card(name)))
    return 0

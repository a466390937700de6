"""Which columns hold times and events, and what the values of an event column mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reporter.pipeline.init.profile import Profile
from reporter.pipeline.init.words import (
    CENSORED_CELL,
    EVENT,
    EVENT_CELL,
    NOT_EVENT,
    NOT_TIME,
    OUTCOME_LIKE,
    TIME,
    bare,
)
from reporter.spec.cells import parse_number

MOST_STATES = 6
_INVERTED = "{} is taken as the event, as the header names the other state; change both lists if not."
DEAD = re.compile(r"\b(dead|died|deceased|death)\b|死亡|已故|去世")

_ALIVE = re.compile(r"\b(alive|living)\b|存活|生存|健在|在世")
_INVERSE = re.compile(r"(^|_)(alive|censored|censoring)(_|$)|存活(?!状态)|在世|删失")
_INVERSE_WORDS = re.compile(r"(^|_)(alive|censored|censoring)(_|$)|存活|生存|在世|删失")
_NAMED = re.compile(
    r"(^|_)(events?|dead|death|died|deceased|relapsed?|recur\w*|progress\w*|fail\w*|arrest|os|dss|css|pfs|pfi|dfs|dfi"
    r"|rfs|efs|ttp)(_|$)|死亡|复发|进展"
)


@dataclass(frozen=True)
class States:
    """The values of an event column: those of the event, those of no event, and what to check."""

    event: tuple[str, ...]
    censored: tuple[str, ...]
    checks: tuple[str, ...] = ()


def is_time(column: Profile) -> bool:
    """Tell whether a column may be a time from a start to the end of follow-up."""
    if not TIME.search(column.name) or NOT_TIME.search(column.name) or column.personal:
        return False
    return column.numbers is not None and len(column.words) > MOST_STATES and min(column.numbers) >= 0


def states_of(column: Profile) -> States | None:
    """Return the meaning of the values of an event column; None when it is none or cannot be read."""
    if not EVENT.search(column.name) or NOT_EVENT.search(column.name) or column.personal:
        return None
    if not 2 <= len(column.words) <= MOST_STATES:
        return None
    if column.numbers is not None:
        return _numeric_states(column)
    named = {word: _state(word) for word in column.words}
    if None in named.values() or len(set(named.values())) < 2:
        return None
    events = tuple(sorted(word for word, state in named.items() if state))
    others = tuple(sorted(word for word, state in named.items() if not state))
    says_itself = any(DEAD.search(bare(word)) or _ALIVE.search(bare(word)) for word in column.words)
    if _INVERSE_WORDS.search(column.name) and not says_itself:
        return States(others, events, (_INVERTED.format(", ".join(f'"{word}"' for word in others)),))
    return States(events, others)


def _state(word: str) -> bool | None:
    """Return True for an event, False for none, None where the word says neither."""
    text = bare(word)
    if DEAD.search(text) and not _ALIVE.search(text):
        return True
    if CENSORED_CELL.search(text):
        return False
    return True if EVENT_CELL.search(text) else None


def _numeric_states(column: Profile) -> States | None:
    words = sorted(column.words, key=lambda word: parse_number(word) or 0.0)
    values = [parse_number(word) for word in words]
    if values not in ([0.0, 1.0], [1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0]):
        return None
    if _INVERSE.search(column.name) and values == [0.0, 1.0]:
        return States((words[0],), (words[1],), (_INVERTED.format(f'"{words[0]}"'),))
    sure = values == [0.0, 1.0] and _NAMED.search(column.name)
    check = "" if sure else f'"{words[0]}" is taken as no event; if it is an event, change both lists.'
    if len(words) > 2:
        every = " and ".join(f'"{word}"' for word in words[1:])
        check = (
            f"{every} are both taken as the event: the time runs to the first of them. If one is a competing event, "
            'leave it out of event_values and add competing = {other = {column = "...", values = ["..."]}}.'
        )
    return States(tuple(words[1:]), (words[0],), (check,) if check else ())


def outcome_like(column: Profile) -> bool:
    """Tell whether a column belongs to what happened after time zero, so that it is no covariate."""
    if OUTCOME_LIKE.search(column.name):
        return True
    time = TIME.search(column.name) and not NOT_TIME.search(column.name) and column.numbers is not None
    return bool(time) or states_of(column) is not None


def near_misses(columns: Sequence[Profile]) -> list[str]:
    """Return what columns look like a time or an event by their header, and why they are not taken."""
    found = []
    for column in columns:
        if column.personal or not column.words:
            continue
        if TIME.search(column.name) and not NOT_TIME.search(column.name) and not is_time(column):
            why = "it holds words or dates" if column.numbers is None else "it has few values"
            why = "it has negative numbers" if column.numbers and min(column.numbers) < 0 else why
            found.append(f"'{column.header}' looks like a time, but {why}")
        if EVENT.search(column.name) and not NOT_EVENT.search(column.name) and states_of(column) is None:
            found.append(f"'{column.header}' looks like an event, but its {len(column.words)} values do not say which")
    return found

"""Which columns are times and events, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from reporter.pipeline.init.draft import Endpoint, Entry
from reporter.pipeline.init.guess import key_of, missing_of
from reporter.pipeline.init.profile import Profile
from reporter.pipeline.init.states import DEAD, States, is_time, states_of
from reporter.pipeline.init.words import (
    DEATH_DATE,
    END_DATE,
    ENDPOINTS,
    OF_CANCER,
    OF_OTHER,
    START_DATE,
    UNITS_OF_TIME,
    bare,
    first_match,
)

SURELY_DAYS = 1000.0
"""No follow-up lasts so many months."""

_TIME_WORDS = re.compile(
    r"(^|_)(time|tte|duration|days|months|mos|years|yrs|weeks?|t)(?=_|$)|(?<=[a-z])(time|days|months)$|生存月数|生存时间|时间|月数|天数"
)
_EVENT_WORDS = re.compile(
    r"(^|_)(status|stat|event|events|cens|censor|censored|ind|indicator|flag|yn|code)(?=_|$)|(?<=[a-z])(status|stat)$|状态|结局"
)


def _stem(name: str, words: re.Pattern[str]) -> str:
    return re.sub(r"_+", "_", words.sub("", name)).strip("_")


def _affinity(time: Profile, event: Profile) -> int:
    """Return how well the headers of a time and an event fit; 0 when they do not."""
    left, right = _stem(time.name, _TIME_WORDS), _stem(event.name, _EVENT_WORDS)
    if left == right:
        return 4 if left else 3
    kinds = [_endpoint_of(left), _endpoint_of(right)]
    if kinds[0] and kinds[0] == kinds[1]:
        return 3
    if kinds[0] and kinds[1]:
        return 0
    if left and right and (right.startswith(left) or left.startswith(right)):
        return 3
    generic = {"", "fu", "f", "surv", "survival", "follow_up", "followup", "生存", "随访", "s"}
    if left in generic and (right in generic or kinds[1] == "os"):
        return 2
    if right in generic:
        return 2 if left in generic else 1
    return 1 if left in generic else 0


def _endpoint_of(name: str) -> str:
    return next((key for key, _, rule in ENDPOINTS if rule.search(name)), "")


def _tail_check(time: Profile, event: Profile, states: States) -> list[str]:
    """Return a doubt where those followed longest mostly have the event, which is rare with right censoring."""
    rows = time.rows
    is_event = np.isin(event.index, [event.words.index(word) for word in states.event])
    known = np.isfinite(rows) & (event.index >= 0)
    if known.sum() < 30:
        return []
    last = known & (rows >= np.quantile(rows[known], 0.9))
    if is_event[last].mean() <= max(is_event[known].mean() + 0.1, 0.5):
        return []
    return ["Those followed longest mostly have the event, which is unusual: look whether both lists must be changed."]


def _unit(time: Profile) -> tuple[str, list[str]]:
    """Return the unit of a time and a doubt where only its size tells."""
    named = first_match(UNITS_OF_TIME, time.name)
    if named:
        return named, []
    longest = max(time.numbers or (0.0,))
    unit = "days" if longest > 600 else "months" if longest > 30 else "years"
    if longest > SURELY_DAYS:
        return unit, []
    return unit, [f"The unit is guessed by the longest time, {longest:g}: days, months or years?"]


def _pairs(times: Sequence[Profile], events: Sequence[Profile]) -> Iterator[tuple[Profile, Profile]]:
    """Yield pairs whose headers fit, best first, each column once."""
    scored = [(_affinity(t, e), i, j) for i, t in enumerate(times) for j, e in enumerate(events)]
    used_times: set[int] = set()
    used_events: set[int] = set()
    for score, i, j in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if score and i not in used_times and j not in used_events:
            used_times.add(i)
            used_events.add(j)
            yield times[i], events[j]


def find_endpoints(columns: Sequence[Profile]) -> list[Endpoint]:
    """Return the endpoints that a table offers, the main one first.

    Parameters
    ----------
    columns
        All columns of the table.
    """
    events = [(column, one) for column in columns if (one := states_of(column)) is not None]
    times = [column for column in columns if is_time(column)]
    states = {column.header: found for column, found in events}
    taken = {column.header for column in columns}
    found: list[Endpoint] = []
    for time, event in _pairs(times, [column for column, _ in events]):
        found += _of_pair(time, event, states[event.header], taken, {one.name for one in found})
    for time_entry, headers, event in _last_resort(columns, [column for column, _ in events], found, taken):
        found += _of_entry(time_entry, headers, event, states[event.header], taken, {one.name for one in found})
    order = [key for key, _, _ in ENDPOINTS]
    return sorted(found, key=lambda one: order.index(one.name) if one.name in order else len(order))


def _naming(time_name: str, event: Profile, states: States, used: set[str]) -> tuple[str, str, list[str]]:
    """Return name and label of an endpoint, and a doubt where the headers do not say what it is."""
    dead = all(DEAD.search(bare(word)) for word in states.event)
    name = _endpoint_of(_stem(time_name, _TIME_WORDS)) or _endpoint_of(event.name) or ("os" if dead else "")
    if not name or name in used:
        base, more = name or "event", 1
        name = base
        while name in used:
            more += 1
            name = f"{base}_{more}"
        return name, f"Time to the event of {event.header}", ["Say in label what the event is."]
    label = next(label for key, label, _ in ENDPOINTS if key == name)
    doubts = []
    if name == "css":
        doubts.append("Deaths of another cause are censored here; competing = {other = {...}} counts them as such.")
    if name in ("recurrence", "progression"):
        doubts.append("Who died without it is censored here; events = [{column, values, time}, ...] counts deaths too.")
    return name, label, doubts


def _status_entry(event: Profile, taken: set[str]) -> tuple[Entry | None, str]:
    """Return an entry for an event column with words for missing, and the name by which it is read."""
    if not event.missing:
        return None, event.header
    key = key_of(event.header, taken - {event.header})
    taken.add(key)
    spec: dict[str, Any] = {"label": event.header} | ({} if key == event.header else {"source": event.header})
    missing, doubts, counts = missing_of(event)
    spec |= {"kind": "categorical", **missing}
    return Entry(key, event.header, spec, tuple(doubts), tuple(counts), "part of an outcome"), key


def _time_entry(time: Profile, unit: str, taken: set[str]) -> tuple[Entry | None, str]:
    """Return an entry for a time with words for missing or in weeks, and the name by which it is read."""
    if not time.missing and unit != "weeks":
        return None, time.header
    key = key_of(time.header, taken - {time.header})
    taken.add(key)
    spec: dict[str, Any] = {"label": time.header} | ({} if key == time.header else {"source": time.header})
    spec |= {"kind": "numeric"}
    spec |= {"unit": "days", "unit_in_file": "weeks"} if unit == "weeks" else {}
    missing, doubts, counts = missing_of(time)
    return Entry(key, time.header, spec | missing, tuple(doubts), tuple(counts), "part of an outcome"), key


def _of_pair(time: Profile, event: Profile, states: States, taken: set[str], used: set[str]) -> list[Endpoint]:
    unit, doubts = _unit(time)
    entry, name = _time_entry(time, unit, taken)
    given = {"unit": "days" if unit == "weeks" else unit, "time": name}
    entries = (entry,) if entry else ()
    tail = _tail_check(time, event, states)
    return _endpoints(time.name, given, entries, {time.header}, event, states, [*doubts, *tail], taken, used)


def _of_entry(
    entries: tuple[Entry, ...], headers: set[str], event: Profile, states: States, taken: set[str], used: set[str]
) -> list[Endpoint]:
    if len(entries) == 1:
        given = {"unit": "days", "time": entries[0].key}
    else:
        given = {"start": entries[0].key, "end": entries[1].key}
    return _endpoints("", given, entries, headers, event, states, [], taken, used)


def _endpoints(
    time_name: str, given: dict[str, Any], entries: tuple[Entry, ...], headers: set[str], event: Profile,
    states: States, doubts: Iterable[str], taken: set[str], used: set[str],
) -> list[Endpoint]:  # fmt: skip
    """Return the endpoint of a time and an event column, and with causes of death that of the cancer."""
    status, column = _status_entry(event, taken)
    name, label, more = _naming(time_name, event, states, used)
    spec = {"label": label, **given, "event": column, "event_values": list(states.event),
            "censored_values": list(states.censored)}  # fmt: skip
    checks = (*states.checks, *doubts, *more)
    both = (*entries, *((status,) if status else ()))
    found = [Endpoint(name, spec, frozenset((*headers, event.header)), both, checks)]
    other = [word for word in states.event if OF_OTHER.search(bare(word))]
    cancer = [word for word in states.event if OF_CANCER.search(bare(word)) and word not in other]
    if name == "os" and other and cancer and len(other) + len(cancer) == len(states.event) and "css" not in used:
        of_cancer = {**spec, "label": "Death from the cancer", "event_values": cancer,
                     "competing": {"other": {"column": column, "values": other}}}  # fmt: skip
        found.append(Endpoint("css", of_cancer, found[0].headers, both, ()))
    return found


def _last_resort(
    columns: Sequence[Profile], events: Sequence[Profile], found: Sequence[Endpoint], taken: set[str]
) -> Iterator[tuple[tuple[Entry, ...], set[str], Profile]]:
    """Yield a time made of two columns, where no column is one: days to death or last contact, or two dates."""
    if found or not events:
        return
    event = max(events, key=lambda one: _endpoint_of(one.name) == "os")
    death = [c for c in columns if re.search(r"days_to_(death|dod)", c.name) and c.numbers is not None]
    last = [c for c in columns if re.search(r"days_to_last_(follow|contact)", c.name) and c.numbers is not None]
    if death and last:
        yield (_first_of("follow_up_days", "Time to death or last contact", (death[0], last[0]), "numeric", taken),), {
            death[0].header, last[0].header,
        }, event  # fmt: skip
        return
    dates = [column for column in columns if column.date_form is not None and not column.personal]
    starts = [column for column in dates if START_DATE.search(column.name)]
    deaths = [column for column in dates if DEATH_DATE.search(column.name)]
    ends = [column for column in dates if END_DATE.search(column.name) and column not in (*starts, *deaths)]
    if not starts or not (ends or deaths):
        return
    end = (*deaths[:1], *ends[:1])
    first = _first_of("start_date", "Start of follow-up", starts[:1], "date", taken)
    last_entry = _first_of("end_date", "End of follow-up", end, "date", taken)
    yield (first, last_entry), {column.header for column in (starts[0], *end)}, event


def _first_of(name: str, label: str, columns: Sequence[Profile], kind: str, taken: set[str]) -> Entry:
    """Return an entry that reads the first of some columns that is not missing."""
    key = key_of(name, taken)
    taken.add(key)
    forms = {column.date_form or "" for column in columns} if kind == "date" else {""}
    missing = sorted({word for column in columns for word in column.missing})
    source = columns[0].header if len(columns) == 1 else [column.header for column in columns]
    spec: dict[str, Any] = {"label": label, "source": source, "kind": kind}
    checks = []
    if kind == "date" and forms != {""}:
        spec["format"] = sorted(forms)[-1]
        checks += [f'Day and month could be the other way round: format = "{column.other_date_form}".'
                   for column in columns if column.other_date_form]  # fmt: skip
    if missing:
        spec["missing"] = missing
    return Entry(key, columns[0].header, spec, tuple(checks), why_not="part of an outcome")

"""Steps and spans in the user's words: `mql`, `deal/won`, `page_view where channel = 'Email'`, `14 days`.

A step is an event of the timeline, named as the timeline names it or, for an entry of a stage, by the stage's id. The
name of a fact whose events have details (`touch`, `deal`) means all of them; `order or deal/won` means either. After
`where` stands a condition as filters have it. A timeline keeps the texts of its properties in dictionaries, so a
condition is put to each text once; what is left is a set of values, which is all that a `Match` can hold. A condition
has to be about one property at a time: `channel = 'Email' and page like '/pricing%'`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leadline.errors import DefinitionError, UsageError, unknown
from leadline.journey.truth import holds, properties_of
from leadline.model import tree
from leadline.timeline.dictionary import EVENT, PERSON
from leadline.timeline.question import Match, Where

if TYPE_CHECKING:
    from leadline.model.tree import Row
    from leadline.timeline.timeline import Timeline

STAGE = "stage_entry"
ANY = "any"
HOW_TO_LIST = "`leadline funnel --events` lists them"

_WHERE = re.compile(r"\s+where\s+", re.IGNORECASE)
_OR = re.compile(r"\s+or\s+", re.IGNORECASE)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\Z", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


def event_names(timeline: Timeline) -> tuple[str, ...]:
    """The names of all events that the timeline has, in order."""
    return tuple(sorted(name for name in timeline.dictionaries.values(EVENT) if name is not None))


def count_events(timeline: Timeline) -> dict[str, int]:
    """How often each event happened, in the order of their names."""
    import numpy as np

    names = timeline.dictionaries.values(EVENT)
    counts = np.zeros(len(names), np.int64)
    for chunk in timeline.view.chunks():
        # Only events of persons: the base keeps places of those whose events lie in the overlay.
        held = np.zeros(chunk.last - chunk.first + 1, np.int64)
        np.add.at(held, chunk.start, 1)
        np.add.at(held, chunk.end, -1)
        counts += np.bincount(chunk.column(EVENT)[np.cumsum(held[:-1]) > 0], minlength=len(names))
    return {name: int(counts[code]) for code, name in sorted(enumerate(names), key=lambda pair: pair[1] or "") if name}


def property_names(timeline: Timeline) -> tuple[str, ...]:
    """The properties that events of the timeline can have."""
    return tuple(name for name in timeline.dictionaries.sizes if name not in {EVENT, PERSON})


def read_step(text: str, timeline: Timeline) -> Match:
    """The events that a step in words means; reports call it by these words.

    Raises `UsageError` for names and values that the timeline does not know, with the closest ones, and for conditions
    that are not about one property at a time.
    """
    words = " ".join(text.split())
    # The condition is taken from the text as given: spaces inside quotes are part of a value.
    name, *condition = _WHERE.split(text.strip(), maxsplit=1)
    names = event_names(timeline)
    if name.strip().lower() in {ANY, f"{ANY} event"}:
        events: tuple[str, ...] = ()
    else:
        events = tuple(dict.fromkeys(event for part in _alternatives(name, names) for event in _events(part, names)))
    where = read_where(condition[0], timeline) if condition else ()
    return Match(events, where, words)


def read_steps(texts: Iterable[str], timeline: Timeline) -> tuple[Match, ...]:
    """Several steps; see `read_step`."""
    return tuple(read_step(text, timeline) for text in texts)


def read_where(text: str, timeline: Timeline) -> tuple[Where, ...]:
    """A condition as the values that properties may have."""
    from leadline.model.parse import parse_condition

    try:
        row = parse_condition(text)
    except DefinitionError as error:
        what = error.what.replace("formula", "condition")
        raise UsageError("bad-filter", what, why=error.why, fix=error.fix) from None
    parts = row.of if isinstance(row, tree.And) else (row,)
    return tuple(_where(part, timeline) for part in parts)


def read_property(name: str, timeline: Timeline) -> str:
    """A property to break down by; `UsageError` when events have none of that name."""
    known = property_names(timeline)
    if name not in known:
        raise unknown(
            "property",
            name,
            known,
            why="a timeline keeps these: " + ", ".join(known),
            fix="break down by one of them",
        )
    return name


def read_span(text: str, *, of: str = "window") -> dt.timedelta | None:
    """A span in words; None for `none`: however long it takes. Raises `UsageError` unless it is longer than nothing."""
    word = text.strip()
    if word.lower() == "none":
        return None
    found = _SPAN.match(word)
    if found is None or not float(found[1]):
        raise UsageError(
            "bad-span",
            f"{text!r} is no {of}.",
            why="months and years are left out because they differ in length" if re.search("month|year", word) else "",
            fix="write a number and seconds, minutes, hours, days or weeks, such as '14 days', or 'none'",
        )
    return dt.timedelta(seconds=float(found[1]) * _SECONDS[found[2].lower()])


def span_words(span: dt.timedelta | None) -> str:
    """A span as people say it: the largest unit that it is a whole number of."""
    if span is None:
        return "none"
    seconds = span.total_seconds()
    for unit in ("day", "hour", "minute", "second"):
        count = seconds / _SECONDS[unit]
        if count == int(count) or unit == "second":
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    raise AssertionError(unit)


def _alternatives(text: str, names: Sequence[str]) -> list[str]:
    """`order or deal/won` in parts; an event that has such a word in its own name is one."""
    word = text.strip()
    return [word] if word in names else [part.strip() for part in _OR.split(word)]


def _events(word: str, names: Sequence[str]) -> tuple[str, ...]:
    """The events that one name means."""
    if word in names:
        return (word,)
    known = {name.lower(): name for name in names}
    stage = f"{STAGE}/{word.lower()}"
    if stage in known:
        return (known[stage],)
    if word.lower() in known:
        return (known[word.lower()],)
    of_fact = tuple(name for name in names if name.startswith(f"{word.lower()}/"))
    if of_fact:
        return of_fact
    stages = [name.partition("/")[2] for name in names if name.startswith(f"{STAGE}/")]
    raise unknown("event", word, [*names, *stages], why="no row that was loaded makes such an event", fix=HOW_TO_LIST)


def _where(row: Row, timeline: Timeline) -> Where:
    """One part of a condition: the values of its property for which it holds."""
    names = properties_of(row)
    if len(names) != 1:
        raise UsageError(
            "step-condition",
            "A part of the condition is about " + (" and ".join(sorted(names)) or "no property") + " at once.",
            why="each part of a step's condition is a choice of one property's values",
            fix="join parts by `and`, each about one property: channel = 'Email' and page in ('/a', '/b')",
        )
    name = read_property(names.pop(), timeline)
    values = timeline.dictionaries.values(name)
    for wanted in _named(row):
        if wanted not in values:
            raise unknown(
                f"value of {name}",
                wanted,
                [value for value in values if value is not None],
                why="no event that was loaded has it",
            )
    # Code 0 stands for events without a value; erased texts leave empty places behind.
    chosen = [value for value in values[1:] if value is not None and holds(row, value)]
    return Where(name, (*chosen, None) if holds(row, None) else tuple(chosen))


def _named(row: Row) -> list[str]:
    """The texts that a condition says a property has or has not."""
    match row:
        case tree.Compare("=" | "<>", tree.Column(), tree.Constant(str() as value)):
            return [value]
        case tree.Among(tree.Column(), values):
            return [item.value for item in values if isinstance(item, tree.Constant) and isinstance(item.value, str)]
        case tree.And(parts) | tree.Or(parts):
            return [value for part in parts for value in _named(part)]
        case tree.Not(part):
            return _named(part)
        case _:
            return []

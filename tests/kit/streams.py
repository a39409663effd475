"""Streams of events for tests: from short notes or from a seed, as references, as a table, and as a timeline."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from leadline.engines.duckdb import connect
from leadline.timeline import Timeline
from leadline.timeline.reference.event import Event, in_order

SECOND = 1_000_000
PROPERTIES = ("channel", "campaign")
ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles"

Streams = Mapping[str, Sequence[Event]]


def oracle(name: str) -> Any:
    """Cases of others; skips the test where they are not beside the checkout."""
    path = ORACLES / name
    if not path.exists():
        pytest.skip(f"needs the oracle {name}, which is not on this machine")
    return json.loads(path.read_text(encoding="utf-8"))


def notes(text: str, **properties: str | None) -> list[Event]:
    """`notes("a0 b10")`: an event a at second 0 and b at second 10; ids in the order written."""
    events = []
    for place, word in enumerate(text.split()):
        name = word.rstrip("0123456789")
        events.append(Event(int(word[len(name) :]) * SECOND, place, name, properties))
    return events


def dice_streams(
    seed: int, persons: int, *, most: int = 13, span: int = 60, names: str = "abcdx"
) -> dict[str, list[Event]]:
    """Random streams with many ties; ids tell events apart and disagree with the order of time."""
    dice = random.Random(seed)
    streams: dict[str, list[Event]] = {}
    for number in range(persons):
        count = 1 + int(dice.random() ** 1.3 * most)
        events = []
        for place in range(count):
            properties = {
                "channel": dice.choice([None, "mail", "paid", "direct"]),
                "campaign": dice.choice([None, None, None, "spring", "summer"]),
            }
            at = dice.randrange(span) * SECOND
            events.append(
                Event(at, number * 1000 + dice.randrange(1000), dice.choice(names), properties, place * SECOND)
            )
        streams[f"p{number}"] = events
    return streams


def ordered(streams: Streams) -> dict[str, list[Event]]:
    """As everything that is asked sees them: in order, each id once."""
    return {person: in_order(list(events)) for person, events in streams.items()}


def fill(con: Any, streams: Streams, table: str, properties: Sequence[str] = PROPERTIES) -> str:
    """A table of the raw rows, as a source gives them."""
    columns = ", ".join(f"{name} VARCHAR" for name in properties)
    con.execute(
        f"CREATE OR REPLACE TABLE {table} "
        f"(person VARCHAR, moment TIMESTAMP, event VARCHAR, id BIGINT, value DOUBLE, {columns})"
    )
    epoch = dt.datetime(1970, 1, 1)
    rows = [(person, event) for person, events in streams.items() for event in events]
    values: list[list[Any]] = [
        [person for person, _ in rows],
        [epoch + dt.timedelta(microseconds=event.at) for _, event in rows],
        [event.name for _, event in rows],
        [event.id for _, event in rows],
        [event.value / 1e6 for _, event in rows],
        *([event.properties.get(name) for _, event in rows] for name in properties),
    ]
    if rows:
        con.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(values))}", values)
    return f"SELECT * FROM {table}"


def relation(con: Any, streams: Streams, table: str = "seen") -> str:
    """The events as the SQL forms want them."""
    fill(con, ordered(streams), f"raw_{table}")
    con.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT person, epoch_us(moment) AS ts, id, event, "
        f"CAST(value * 1000000 AS BIGINT) AS value, {', '.join(PROPERTIES)} FROM raw_{table}"
    )
    return table


def make_timeline(folder: Path, streams: Streams, properties: Sequence[str] = PROPERTIES) -> Timeline:
    """A timeline of these streams."""
    with connect() as con:
        given = fill(con, streams, "given", properties)
        timeline, _ = Timeline.build(folder, con, given, properties=properties, threads=2)
    return timeline

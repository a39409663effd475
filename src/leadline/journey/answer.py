"""What answers of order and time share: rows as data and as a table, where they come from, how far data reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from leadline.charts.label import escape
from leadline.errors import RefusedError
from leadline.model.fact import Fact
from leadline.model.level import Level
from leadline.model.note import Note
from leadline.plan.query import FactState
from leadline.plan.reach import RETIRED_AFTER, reaches
from leadline.time.period import Period
from leadline.time.zone import day_start

HIDDEN = "•••"


class Line(Struct, frozen=True):
    """A row of an answer: its fields are the columns."""


class Sequenced(Struct, frozen=True, kw_only=True):
    """An answer: `rows` of one kind, `notes` on what is counted and how, `provenance` as plain data.

    At the `level` of accounts, these stand wherever a column or a method says people.
    """

    title: str
    rows: tuple[Line, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]
    level: Level = "person"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as mappings from column name to value; `people` is called `accounts` where these were followed."""
        unit = unit_of(self.level)
        return [
            {unit if name == "people" else name: value for name, value in msgspec.structs.asdict(row).items()}
            for row in self.rows
        ]

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.to_dicts())

    def as_dict(self) -> dict[str, Any]:
        """The whole answer as plain data, for JSON."""
        return {
            "title": self.title,
            "level": self.level,
            "rows": self.to_dicts(),
            "notes": self.notes,
            "provenance": self.provenance,
        }


class Reach(Struct, frozen=True):
    """How far data reach: `until`, the last local day that every fact asked about speaks for, and the moment it ends.

    `sources` tells the last day of each source by fact.
    """

    until: dt.date
    ends: dt.datetime
    sources: dict[str, dict[str, str]]


def reach_of(
    events: Iterable[str], facts: Mapping[str, Fact], states: Mapping[str, FactState], timezone: str, today: dt.date
) -> Reach:
    """The reach of the facts that these events come from; of no event in particular, of all facts.

    A source that is silent since long ago has ended, and holds nobody up. One that delivers a row now and then may be
    silent for as long as is usual for it. The fact that is known for the shortest time decides.
    """
    named = {event.partition("/")[0] for event in events if event}
    days: list[dt.date] = []
    sources: dict[str, dict[str, str]] = {}
    for name in sorted(named or states):
        if name not in facts or name not in states:
            continue
        found = reaches(facts[name], states[name], timezone, today)
        living = [source for source in found if source.until >= today - RETIRED_AFTER] or list(found)
        sources[name] = {source.source: source.last.isoformat() for source in found}
        days += [min(source.until for source in living)] if living and named else []
        days += [max(source.until for source in living)] if living and not named else []
    until = (min(days) if named else max(days)) if days else today
    return Reach(until, day_start(until + dt.timedelta(days=1), timezone), sources)


def bounds(period: Period | None, timezone: str) -> tuple[dt.datetime | None, dt.datetime | None]:
    """First moment of a period and the one after its last, in UTC; None where it is open."""
    if period is None:
        return None, None
    return day_start(period.start, timezone), day_start(period.end, timezone)


def provenance_of(
    question: object, timeline: Any, reach: Reach, period: Period | None, timezone: str
) -> dict[str, Any]:
    """Where an answer comes from: the question, the timeline's last load and size, zone, period and data."""
    return {
        "question": msgspec.to_builtins(question),
        "timezone": timezone,
        "period": None
        if period is None
        else {"from": period.start.isoformat(), "until": period.end.isoformat(), "label": period.label},
        "as_of_load": timeline.manifest.synced,
        "timeline": timeline.counts(),
        "data_until": reach.until.isoformat(),
        "sources": reach.sources,
    }


def told_people(ids: Iterable[str], *, reveal: bool) -> list[str]:
    """Ids of people in order. Those that are addresses become dots unless `reveal`, as personal data in records."""
    return sorted(id if reveal or "@" not in id else HIDDEN for id in ids)


def check_reveal(reveal: bool, allowed: bool) -> bool:
    """`reveal`, once the workspace allows it."""
    if reveal and not allowed:
        raise RefusedError(
            "reveal-not-allowed",
            "Personal data is not shown in this workspace.",
            why="leadline.yaml does not say `reveal_personal: true`",
            fix="leave reveal out, or have those responsible for personal data add that line",
        )
    return reveal


def html_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """A plain table for a notebook; all but the first `texts` columns are numbers."""
    style = ' style="text-align:right"'
    head = "".join(f'<th scope="col"{"" if at < texts else style}>{escape(name)}</th>' for at, name in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{'' if at < texts else style}>{escape(cell)}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_page(title: str, drawing: str, table: str, notes: Iterable[str]) -> str:
    """What a notebook shows: title, drawing, table, and what is counted."""
    told = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<div><p><strong>{escape(title)}</strong></p>{drawing}{table}<ul>{told}</ul></div>"


def unit_of(level: Level) -> str:
    """What is counted: people or accounts."""
    return "accounts" if level == "account" else "people"


def level_of(timeline: Any) -> Level:
    """Whom a timeline follows."""
    return "account" if timeline.by_account else "person"


def counted(count: int, level: Level = "person") -> Note:
    """`1 person`, `2,310 people`, `12 accounts`."""
    if level == "account":
        return Note("{count} accounts", one="{count} account", count=count)
    return Note("{count} people", one="{count} person", count=count)


def left_out_words(timeline: Any) -> list[Note]:
    """What following accounts means, and who has none; nothing where people are followed."""
    if timeline.by_account is None:
        return []
    left_out = timeline.by_account.left_out
    return [
        Note(
            "By account: the events of all its people in order. Left out: {people} without an account.",
            people=counted(left_out),
        )
    ]


def span_text(seconds: float | None) -> str:
    """A span as a reader takes it in: `0 s`, `45 s`, `12 min`, `5.2 h`, `3.4 days`; an en dash for none."""
    if seconds is None:
        return "–"
    for unit, size, smaller, digits in (("days", 86_400, 3600, 1), ("h", 3600, 60, 1), ("min", 60, 1, 0)):
        # By the number as the smaller unit would show it: 59.97 minutes read as an hour, not as 60.0 minutes.
        if round(seconds / smaller, digits) * smaller >= size:
            count = f"{seconds / size:,.1f}"
            return f"{count} {'day' if (unit, count) == ('days', '1.0') else unit}"
    return f"{seconds:.0f} s"

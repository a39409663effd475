"""Sessions over a timeline: counted by row, or listed one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from leadline.errors import UsageError
from leadline.time.zone import day_start, offset_at
from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel import sessions as kernel
from leadline.timeline.question import SessionQuestion, micros
from leadline.timeline.selection import Selection, property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments


class SessionRow(Struct, frozen=True):
    """What was counted of the sessions of one row. `seconds`: from first to last event, all sessions together.

    `new` sessions are the first of their person. `people` had a session, `returning_people` one that was not their
    first; whoever came for the first time and again is new and returning, so the two may exceed the people. `timed`
    views have a known time, together `page_seconds`; both are 0 where that was not asked.
    """

    group: str | None
    sessions: int
    engaged: int
    bounces: int
    events: int
    views: int
    keys: int
    seconds: float
    new: int
    people: int = 0
    returning_people: int = 0
    timed: int = 0
    page_seconds: float = 0.0

    @property
    def returning(self) -> int:
        """Sessions that are not the first of their person."""
        return self.sessions - self.new

    @property
    def pages_per_session(self) -> float | None:
        """Views by session; a page seen twice counts twice."""
        return self.views / self.sessions if self.sessions else None

    @property
    def time_on_page(self) -> float | None:
        """Seconds on a page, over the views whose end is known."""
        return self.page_seconds / self.timed if self.timed else None

    @property
    def bounce_rate(self) -> float | None:
        return self.bounces / self.sessions if self.sessions else None


class SessionResult(Struct, frozen=True):
    """The answer to a session question: rows, most sessions first, and all together."""

    question: SessionQuestion
    rows: tuple[SessionRow, ...]
    all: SessionRow


class SessionTable(Struct, frozen=True):
    """Sessions one by one, as columns: codes of persons, moments in microseconds, `group` as texts by code."""

    person: NDArray[np.uint32]
    number: Indices
    begun: Moments
    ended: Moments
    events: Indices
    views: Indices
    keys: Indices
    engaged: Indices
    timed: Indices
    on_pages: Indices
    group: Masks
    names: Sequence[str | None]


def ask_sessions(
    view: View, dictionaries: Dictionaries, question: SessionQuestion, zone: str, *, times: bool = False
) -> SessionResult:
    """Answer a session question; days are those of `zone` unless the question brings its midnights.

    `times` adds up the time on pages too.
    """
    task = _Task(view, dictionaries, question, zone, times=times)
    none = np.empty((0, kernel.COLUMNS), np.int64)

    def work(own: tuple[Indices, Indices], chunk: Chunk) -> tuple[Indices, Indices]:
        task.run(chunk, *own, none)
        return own

    states = view.run(task.empty, work)
    totals = np.sum([own[0] for own in states], axis=0)
    people = np.sum([own[1] for own in states], axis=0)
    rows = [
        _row(name, counts, who, question)
        for name, counts, who in zip(task.names, totals, people[:-1], strict=True)
        if counts[0]
    ]
    rows.sort(key=lambda row: (-row.sessions, row.group or "~"))
    return SessionResult(question, tuple(rows) if question.by else (), _row(None, totals.sum(0), people[-1], question))


def list_sessions(view: View, dictionaries: Dictionaries, question: SessionQuestion, zone: str) -> SessionTable:
    """The sessions one by one, by person and moment."""
    task = _Task(view, dictionaries, question, zone, times=True)

    def work(chunk: Chunk) -> list[NDArray[Any]]:
        count = task.run(chunk, *task.empty(), np.empty((0, kernel.COLUMNS), np.int64))
        rows = np.empty((count, kernel.COLUMNS), np.int64)
        if count:
            task.run(chunk, *task.empty(), rows)
        person, first, last, number, events, views, keys, engaged, timed, on_pages = rows.T
        ts = chunk.column("ts")
        group = task.group(chunk)
        return [
            chunk.person[person],
            number,
            ts[first],
            ts[last],
            events,
            views,
            keys,
            engaged,
            timed,
            on_pages,
            group[first] if len(group) else np.zeros(count, np.uint16),
        ]

    pieces = view.map(work)
    empty: list[list[NDArray[Any]]] = [[np.empty(0, np.int64)] * 11]
    columns: list[NDArray[Any]] = [np.concatenate(parts) for parts in zip(*(pieces or empty), strict=True)]
    person, number, begun, ended, events, views, keys, engaged, timed, on_pages, group = columns
    return SessionTable(
        person, number, begun, ended, events, views, keys, engaged, timed, on_pages, group, task.names
    )  # fmt: skip


class _Task:
    """A question made ready for the kernel."""

    def __init__(
        self, view: View, dictionaries: Dictionaries, question: SessionQuestion, zone: str, *, times: bool
    ) -> None:
        if question.gap <= 0:
            raise UsageError(
                "session-gap", "The silence that ends a session must last.", fix="give a span, such as 30 minutes"
            )
        self.by_day = question.rule != "ga4"
        if self.by_day and not question.midnights:
            question = replace(question, midnights=_midnights(view, zone))
        self.question = question
        self.names: Sequence[str | None] = (None,)
        if question.by:
            property_codes(dictionaries, question.by)
            self.names = dictionaries.values(question.by)
        self.campaign = question.campaign if self.by_day else ""
        if self.campaign:
            property_codes(dictionaries, self.campaign)
        matches = [question.of, question.views, question.keys, question.actions, question.stays]
        self.selection: Selection = select(dictionaries, matches, lenient=(1,))
        bits = self.selection.bits.astype(np.uint64)
        weights = np.array([kernel.OF, kernel.VIEW, kernel.KEY, kernel.ACTION], np.uint64)
        self.plain = self.selection.always(1)
        spread = (bits[:, None] >> np.arange(4, dtype=np.uint64)) & np.uint64(1)
        if self.plain:
            spread[:, 0] = 0
        self.lut = frozen((spread * weights).sum(1, dtype=np.uint64))
        self.stay = frozen((self.selection.bits >> np.uint32(4) & np.uint32(1)) if times else np.empty(0, np.uint32))

    def empty(self) -> tuple[Indices, Indices]:
        return np.zeros((len(self.names), kernel.COLUMNS), np.int64), np.zeros((len(self.names) + 1, 2), np.int64)

    def group(self, chunk: Chunk) -> NDArray[Any]:
        return chunk.column(self.question.by) if self.question.by else frozen(np.empty(0, np.uint16))

    def run(self, chunk: Chunk, totals: Indices, people: Indices, rows: Indices) -> int:
        question = self.question
        campaign = chunk.column(self.campaign) if self.campaign else frozen(np.empty(0, np.uint16))
        midnights = frozen(np.array(question.midnights if self.by_day else (), np.int64))
        gap = question.gap - 1 if question.rule == "matomo" else question.gap
        return kernel.add_sessions(
            chunk.start, chunk.end, chunk.column("ts"), self.selection.codes(chunk), self.lut, self.plain, campaign,
            self.group(chunk), midnights, gap, question.since, question.until, self.stay, totals, people, rows,
        )  # fmt: skip


def _row(
    name: str | None, counts: NDArray[np.int64], people: NDArray[np.int64], question: SessionQuestion
) -> SessionRow:
    sessions, engaged, single, events, views, keys, duration, new, timed, on_pages = (int(count) for count in counts)
    bounces = sessions - engaged if question.rule == "ga4" else single
    return SessionRow(
        name, sessions, engaged, bounces, events, views, keys, duration / 1e6, new, int(people[0]), int(people[1]),
        timed, on_pages / 1e6,
    )  # fmt: skip


def _midnights(view: View, zone: str) -> tuple[int, ...]:
    """The first moment of every local day that the timeline touches, and of the day after."""
    bounds = [_bounds(chunk) for chunk in view.chunks()]
    if not bounds:
        return ()
    epoch = dt.datetime(1970, 1, 1)
    first, last = (epoch + dt.timedelta(microseconds=pick(side)) for pick, side in
                   ((min, [low for low, _ in bounds]), (max, [high for _, high in bounds])))  # fmt: skip
    day = (first + offset_at(first, zone)).date()
    moments = []
    while True:
        moments.append(day_start(day, zone))
        if moments[-1] > last:
            return tuple(micros(moment) for moment in moments)
        day += dt.timedelta(days=1)


def _bounds(chunk: Chunk) -> tuple[int, int]:
    """First and last moment of a chunk; persons' events are in order, so their ends are enough."""
    there = chunk.end > chunk.start
    if not there.any():
        return (1 << 60, -(1 << 60))
    ts = chunk.column("ts")
    return int(ts[chunk.start[there]].min()), int(ts[chunk.end[there] - 1].max())

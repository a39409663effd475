"""Questions about sequences that every form has to answer alike, and what the reference says to them.

For each kind: questions by name, `…_by_reference` over streams, and `…_of_rows` for the rows of the SQL form; both in
the same shape. The streams are those of `kit.streams.dice_streams`, from second 0 to 59.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec.structs import replace

from kit.streams import SECOND, Streams, ordered
from leadline.timeline import Breakdown, Exclusion, Match, Timeline, match
from leadline.timeline.funnel import ask_funnel
from leadline.timeline.question import (
    FOREVER,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
    SessionQuestion,
    TouchQuestion,
)
from leadline.timeline.reference.funnel import Journey, follow_person, follow_values
from leadline.timeline.reference.lifecycle import place_person
from leadline.timeline.reference.paths import walk_person
from leadline.timeline.reference.retention import first_starts, retain_person, worth_of_person
from leadline.timeline.reference.sessions import Session, divide_person
from leadline.timeline.reference.touches import touches_of_person

A, B, C, D, X = (match(name) for name in "abcdx")
PAID_B = match("b", channel="paid")
ANY = Match()
EVERY = Breakdown("channel", "every event")


def funnel(*steps: Match, window: int = 20, **other: Any) -> FunnelQuestion:
    """A funnel whose window is in seconds (or in microseconds, where that many seconds would be absurd)."""
    return FunnelQuestion(steps, window * SECOND if window < 1000 else window, **other)


FUNNELS: dict[str, FunnelQuestion] = {
    "ordered": funnel(A, B, C),
    "ordered, four steps": funnel(A, B, C, D, window=30),
    "one step": funnel(A),
    "no window": funnel(A, B, C, window=FOREVER),
    "repeated step": funnel(A, A, B),
    "repeated later": funnel(A, B, A, B, window=40),
    "overlapping steps": funnel(A, match("a", "b"), ANY, B, window=25),
    "property": funnel(A, PAID_B, C, window=40),
    "period": funnel(A, B, C, since=10 * SECOND, until=30 * SECOND, now=45 * SECOND),
    "gaps": funnel(A, B, C, window=40, gaps=(15 * SECOND, 8 * SECOND)),
    "gaps, repeated": funnel(A, B, B, window=FOREVER, gaps=(15 * SECOND, 8 * SECOND)),
    "gaps, overlapping": funnel(A, match("a", "b"), ANY, C, window=30, gaps=(9 * SECOND, FOREVER, 7 * SECOND)),
    "exclusion": funnel(A, B, C, exclusions=(Exclusion(X, 1, 2),)),
    "exclusion later": funnel(A, B, C, window=40, exclusions=(Exclusion(X, 2, 3), Exclusion(D, 1, 3))),
    "exclusion, gaps": funnel(A, B, C, window=40, gaps=(20 * SECOND, 9 * SECOND), exclusions=(Exclusion(X, 1, 3),)),
    "exclusion that is a step": funnel(A, B, C, window=30, exclusions=(Exclusion(B, 2, 3),)),
    "strict": funnel(A, B, C, order="strict"),
    "strict, repeated": funnel(A, A, B, order="strict", window=40),
    "strict, overlapping": funnel(match("a", "b"), match("a", "x"), ANY, order="strict", window=40),
    "strict, gaps and exclusion": funnel(
        A, B, C, order="strict", window=40, gaps=(9 * SECOND, 30 * SECOND), exclusions=(Exclusion(X, 1, 2),)
    ),
    "any order": funnel(A, B, C, order="any"),
    "any order, repeated": funnel(A, B, A, order="any", since=5 * SECOND, until=40 * SECOND, now=50 * SECOND),
    "first touch": funnel(A, B, by=Breakdown("channel")),
    "last touch": funnel(A, B, by=Breakdown("channel", "last touch")),
    "first event": funnel(A, B, by=Breakdown("campaign", "first event")),
    "at a step": funnel(A, B, by=Breakdown("campaign", "step", 2)),
}  # fmt: skip
EVERY_FUNNELS: dict[str, FunnelQuestion] = {
    "every event": funnel(A, B, by=EVERY),
    "every event, exclusion": funnel(A, B, C, window=50, exclusions=(Exclusion(X, 1, 2),), by=EVERY),
    "every event, overlapping": funnel(A, Match(("a", "b")), window=50, by=EVERY, now=50 * SECOND),
}
LEVELS = ("ordered", "ordered, four steps", "period", "no window", "one step")
"""Funnels that `levels_sql` answers on every engine."""

Journeys = dict[tuple[str, str | None], Journey]


def journeys_by_reference(streams: Streams, asked: FunnelQuestion) -> Journeys:
    """By person, and by value where one is followed for each value."""
    every = asked.by is not None and asked.by.at == "every event"
    found: Journeys = {}
    for person, events in ordered(streams).items():
        if every:
            found |= {(person, value): journey for value, journey in follow_values(events, asked).items()}
        else:
            found[person, None] = follow_person(events, asked)
    return {key: journey for key, journey in found.items() if journey.level}


def journeys_of_rows(rows: Iterable[tuple[Any, ...]], asked: FunnelQuestion) -> Journeys:
    every = asked.by is not None and asked.by.at == "every event"
    return {
        (person, group if every else None): Journey(
            level, tuple(moment for moment in moments if moment is not None), bool(still), group
        )
        for person, level, *moments, still, group in rows
    }


def journeys_by_kernel(timeline: Timeline, asked: FunnelQuestion) -> Journeys:
    """Every person's journey, read from the pieces of the result; only for those not followed by value."""
    result = ask_funnel(timeline.view, timeline.dictionaries, asked)
    names = timeline.dictionaries.values(asked.by.property) if asked.by else [None]
    found: Journeys = {}
    for piece in result._pieces:
        moments = dict(zip(piece.movers.tolist(), piece.moments.tolist(), strict=True))
        ids = timeline.persons(piece.person.tolist())
        for place, person in enumerate(ids):
            level = int(piece.level[place])
            if level:
                found[person, None] = Journey(
                    -1 if level == 255 else level,
                    tuple(m for m in moments.get(place, []) if m != np.iinfo(np.int64).min),
                    bool(piece.is_open[place]),
                    names[int(piece.group[place])],
                )
    return found


def without_start(journeys: Journeys) -> Journeys:
    """The kernel keeps no moments of those who did not get past the first step."""
    return {
        key: replace(journey, moments=journey.moments if journey.level > 1 else ()) for key, journey in journeys.items()
    }


AB = Match(("a", "b"))
SESSIONS: dict[str, SessionQuestion] = {
    "ga4": SessionQuestion(gap=5 * SECOND, views=AB, keys=match("c"), by="channel"),
    "ga4, some events": SessionQuestion(gap=5 * SECOND, of=Match(("a", "b", "c")), views=AB, actions=AB),
    "ga4, only a property": SessionQuestion(gap=5 * SECOND, of=match(channel="mail"), views=AB),
    "stays": SessionQuestion(gap=5 * SECOND, views=AB, stays=Match(("c", "d")), by="channel"),
    "stays, some events": SessionQuestion(gap=9 * SECOND, of=Match(("a", "c", "d")), views=AB, stays=Match(("d", "x"))),
    "ua": SessionQuestion("ua", gap=5 * SECOND, views=AB, midnights=(0, 20 * SECOND, 41 * SECOND), by="channel"),
    "matomo": SessionQuestion("matomo", gap=5 * SECOND, views=AB, midnights=(0, 20 * SECOND, 41 * SECOND)),
    "matomo, no days": SessionQuestion("matomo", gap=7 * SECOND, views=AB, midnights=(-1,), by="campaign"),
    "period": SessionQuestion("ua", gap=9 * SECOND, views=AB, midnights=(-1,), since=9 * SECOND, until=40 * SECOND),
}
Sessions = dict[tuple[str, int], Session]


def sessions_by_reference(streams: Streams, asked: SessionQuestion) -> Sessions:
    """By person and number."""
    found = {person: divide_person(events, asked) for person, events in ordered(streams).items()}
    return {(person, session.number): session for person, sessions in found.items() for session in sessions}


def sessions_of_rows(rows: Iterable[tuple[Any, ...]]) -> Sessions:
    return {(row[0], int(row[1])): Session(row[2], *map(int, (row[1], *row[3:]))) for row in rows}


EVEN = tuple(range(0, 61 * SECOND, 10 * SECOND))
UNEVEN = (5 * SECOND, 12 * SECOND, 19 * SECOND + 1, 33 * SECOND, 50 * SECOND)
RETENTION: dict[str, RetentionQuestion] = {
    "first, periods": RetentionQuestion(EVEN),
    "first, periods in the middle": RetentionQuestion(EVEN[2:5], upto=2),
    "first, everything, uneven periods": RetentionQuestion(UNEVEN),
    "first, uneven periods": RetentionQuestion(UNEVEN, match("a"), Match(("b", "c"))),
    "first, many periods": RetentionQuestion(tuple(range(0, 80 * SECOND, SECOND)), match("a"), match("b"), upto=40),
    "first, periods, few k": RetentionQuestion(EVEN, match("a"), match("a"), upto=1),
    "unbounded": RetentionQuestion(EVEN[:4], match("a"), match("b"), unbounded=True, upto=3),
    "stretches": RetentionQuestion(UNEVEN, match("a"), Match(), width=4 * SECOND, upto=6),
    "unbounded stretches": RetentionQuestion(UNEVEN, match("a"), match("c"), unbounded=True, width=4 * SECOND, upto=6),
    "recurring": RetentionQuestion(EVEN, match("a"), match("b"), "recurring"),
    "recurring, everything": RetentionQuestion(UNEVEN, kind="recurring"),
    "recurring stretches": RetentionQuestion(EVEN, match("a"), match("b"), "recurring", width=7 * SECOND),
    "by": RetentionQuestion(EVEN, match("a"), match("b"), by="channel"),
    "by, stretches": RetentionQuestion(UNEVEN, match("a"), Match(), width=4 * SECOND, upto=6, by="channel"),
    "only": RetentionQuestion(EVEN, match("a", "b"), match("b"), only=match(channel="mail")),
    "recurring, only, by": RetentionQuestion(
        EVEN, match("a", "b"), Match(), "recurring", by="campaign", only=match(channel="mail")
    ),
    "unbounded, by": RetentionQuestion(EVEN[:4], match("a"), match("b"), unbounded=True, by="channel"),
    "only a property": RetentionQuestion(EVEN, match(channel="mail"), match(channel="mail"), unbounded=True),
    "recurring, unbounded": RetentionQuestion(EVEN[:4], match("a"), match("b"), "recurring", unbounded=True),
}
Counts = Counter[tuple[int, int, str | None]]


def retention_by_reference(streams: Streams, asked: RetentionQuestion) -> Counts:
    """People by cohort, k (-1: all) and row."""
    counts: Counts = Counter()
    for events in ordered(streams).values():
        starts = first_starts(events, asked)
        for cohort, ks in retain_person(events, asked).items():
            group = starts[cohort].get(asked.by) if asked.by else None
            counts.update((cohort, k, group) for k in [-1, *ks])
    return counts


def worth_by_reference(streams: Streams, asked: RetentionQuestion) -> Counts:
    """Worth in millionths by cohort, k and row; what is worth nothing left out."""
    counts: Counts = Counter()
    for events in ordered(streams).values():
        starts = first_starts(events, asked)
        for cohort, worth in worth_of_person(events, asked).items():
            group = starts[cohort].get(asked.by) if asked.by else None
            counts.update({(cohort, k, group): value for k, value in worth.items()})
    return +counts


def counts_of_rows(rows: Iterable[tuple[Any, ...]]) -> Counts:
    return +Counter({(int(cohort), int(k), row): int(n) for cohort, k, n, row in rows})


LIFECYCLES: dict[str, LifecycleQuestion] = {
    "everything": LifecycleQuestion(EVEN),
    "two, uneven": LifecycleQuestion(tuple(second * SECOND for second in (7, 9, 20, 22, 41, 59)), AB),
    "by a property": LifecycleQuestion(EVEN, match("a", "c", channel="mail")),
}
States = Counter[tuple[int, str]]


def lifecycle_by_reference(streams: Streams, asked: LifecycleQuestion) -> States:
    return Counter(pair for events in ordered(streams).values() for pair in place_person(events, asked).items())


NODES = Match(("a", "b", "d"))
ALL = 100_000
PATHS: dict[str, PathQuestion] = {
    "to, by event": PathQuestion(NODES, to=match("c"), top=ALL),
    "to, by channel": PathQuestion(NODES, "channel", to=match("c"), length=3, top=ALL),
    "to, not collapsed": PathQuestion(NODES, to=match("c"), length=4, collapse=False, top=ALL),
    "to, within a window": PathQuestion(NODES, "channel", to=match("c"), window=9 * SECOND, top=ALL),
    "to, everything": PathQuestion(to=match("c"), length=32, since=9 * SECOND, until=45 * SECOND, top=ALL),
    "from": PathQuestion(NODES, start=match("x"), length=3, top=ALL),
    "from, within a window": PathQuestion(NODES, "channel", start=match("x"), window=9 * SECOND, top=ALL),
    "from, period": PathQuestion(start=match("a"), since=9 * SECOND, until=45 * SECOND, collapse=False, top=ALL),
}
Ways = dict[tuple[str | None, ...], tuple[int, int, int]]


def ways_by_reference(streams: Streams, asked: PathQuestion) -> Ways:
    """Reached, unreached and value by way."""
    counts: dict[tuple[str | None, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for events in ordered(streams).values():
        for walk in walk_person(events, asked):
            count = counts[walk.way]
            count[0] += walk.reached
            count[1] += not walk.reached
            count[2] += walk.value
    return {way: (reached, unreached, value) for way, (reached, unreached, value) in counts.items()}


def ways_of_rows(rows: Iterable[tuple[Any, ...]]) -> Ways:
    return {tuple(way): (reached, unreached, int(value)) for way, reached, unreached, value in rows}


TOUCHES: dict[str, TouchQuestion] = {
    "some": TouchQuestion(Match(("a", "b")), match("c"), 15 * SECOND),
    "ever": TouchQuestion(Match(("a", "b")), match("c"), FOREVER, since=10 * SECOND, until=40 * SECOND),
    "both": TouchQuestion(Match(("a", "c")), match("c"), 20 * SECOND),
}
Pair = tuple[str, int, int, int | None, str]


def touches_by_reference(streams: Streams, asked: TouchQuestion) -> list[Pair]:
    """Person, conversion, its value, touch and its channel; a conversion without a touch has none."""
    return sorted(
        (
            (person, conversion.at, conversion.value, touch and touch.at, str(touch and touch.get("channel")))
            for person, events in ordered(streams).items()
            for conversion, touches in touches_of_person(events, asked)
            for touch in touches or [None]
        ),
        key=str,
    )


def touches_of_rows(rows: Iterable[tuple[Any, ...]]) -> list[Pair]:
    """From rows with the channel as their only property."""
    return sorted(((row[0], row[1], row[3], row[4], str(row[6])) for row in rows), key=str)

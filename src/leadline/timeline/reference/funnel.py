"""Funnels, as they are defined.

A **chain** is a sequence of distinct events of one person that match steps 1, 2, 3, … in turn. Times never go back;
events of one moment may be taken in any order, so they count in the order of the steps. The last is at most `window`
after the first, each at most its own window after the one before. In `strict` order no other event of the person lies
strictly between the first and the last.

An **entry** is an event of step 1 in the period. It reaches as far as its longest chain. It is **void** when an
excluded event happens while the entry stands between the two steps named: strictly after it first reached the one,
before it reached the other, while it could still go on. A later step 1 is an entry of its own.

A person counts with the entry that got furthest; of those, the one that got there first; of those, the one that began
last. A person all of whose entries are void is out of the funnel. A person who is not through is still open when an
entry that is not void has its window end after `now`.

In `any` order an entry is an event of any step, and reaches as many steps as distinct events from it to the end of the
window can match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from leadline.timeline.question import FOREVER, Breakdown, FunnelQuestion
from leadline.timeline.reference.event import Event

VOID = -1


class Journey(Struct, frozen=True):
    """How far a person got: steps reached (-1: out), the moment of each, whether still open, the row they are in."""

    level: int
    moments: tuple[int, ...] = ()
    open: bool = False
    group: str | None = None


class _Entry(Struct, frozen=True):
    level: int
    moments: tuple[int, ...]
    chain: tuple[int, ...]


def follow_person(events: Sequence[Event], question: FunnelQuestion) -> Journey:
    """The journey of one person, events in order."""
    best: _Entry | None = None
    entered = opened = False
    for position, event in enumerate(events):
        if not question.since <= event.at < question.until:
            continue
        if question.order == "any":
            if not any(event.meets(step) for step in question.steps):
                continue
            entry: _Entry | None = _most_steps(events, position, question)
        else:
            if not event.meets(question.steps[0]):
                continue
            entry = _furthest(events, position, question)
        entered = True
        if entry is None:
            continue
        opened = opened or event.at + question.window > question.now
        if best is None or _rank(entry) > _rank(best):
            best = entry
    if best is None:
        return Journey(VOID if entered else 0, group=_group(events, question, None))
    still = best.level < len(question.steps) and opened
    return Journey(best.level, best.moments, still, _group(events, question, best))


def follow_values(events: Sequence[Event], question: FunnelQuestion) -> dict[str | None, Journey]:
    """A person's journey through the events of each value, where the breakdown is by every event."""
    by = question.by
    if by is None:
        return {None: follow_person(events, question)}
    values = dict.fromkeys(event.get(by.property) for event in events)
    alone = replace(question, by=None)
    found = {
        value: follow_person([event for event in events if event.get(by.property) == value], alone) for value in values
    }
    return {value: replace(journey, group=value) for value, journey in found.items()}


def _rank(entry: _Entry) -> tuple[int, int, int]:
    return entry.level, -entry.moments[-1], entry.moments[0]


def _chains(events: Sequence[Event], chain: tuple[int, ...], question: FunnelQuestion) -> Iterator[tuple[int, ...]]:
    """The chain and all that continue it."""
    yield chain
    done = len(chain)
    if done == len(question.steps):
        return
    first, last = events[chain[0]].at, events[chain[-1]].at
    gap = question.gaps[done - 1] if question.gaps else FOREVER
    for position, event in enumerate(events):
        if position in chain or event.at < last or event.at - first > question.window or event.at - last > gap:
            continue
        if not event.meets(question.steps[done]):
            continue
        longer = (*chain, position)
        if question.order == "strict":
            inside = {i for i, other in enumerate(events) if first < other.at < event.at}
            if not inside <= set(longer):
                continue
        yield from _chains(events, longer, question)


def _furthest(events: Sequence[Event], position: int, question: FunnelQuestion) -> _Entry | None:
    """The entry at `position`; None when it is void."""
    chains = list(_chains(events, (position,), question))

    def at(chain: tuple[int, ...]) -> int:
        return events[chain[-1]].at

    steps = len(question.steps)
    reached = {
        length: min(at(chain) for chain in chains if len(chain) == length)
        for length in {len(chain) for chain in chains}
    }
    for event in events:
        if not reached[1] <= event.at <= reached[1] + question.window:
            continue
        stands = max(length for length, moment in reached.items() if moment <= event.at)
        if stands == steps:
            break
        newest = max(at(chain) for chain in chains if len(chain) == stands and at(chain) <= event.at)
        waits = event.at - newest <= (question.gaps[stands - 1] if question.gaps else FOREVER)
        for exclusion in question.exclusions:
            between = exclusion.after <= stands < exclusion.before
            if between and waits and event.meets(exclusion.match) and reached[exclusion.after] < event.at:
                return None
    level = max(reached)
    first_there = [chain for chain in chains if len(chain) == level and at(chain) == reached[level]]
    # Each step is the earliest from which the next could still be reached, seen from the end.
    chain = min(first_there, key=lambda chain: ([events[i].at for i in reversed(chain)], chain))
    return _Entry(level, tuple(events[i].at for i in chain), chain)


def _most_steps(events: Sequence[Event], position: int, question: FunnelQuestion) -> _Entry:
    """The entry at `position` when steps come in any order."""
    begun = events[position].at
    inside = [i for i, event in enumerate(events) if begun <= event.at <= begun + question.window]
    moments: list[int] = []
    for moment in sorted({events[i].at for i in inside}):
        have = [events[i] for i in inside if events[i].at <= moment]
        moments += [moment] * (_matched(have, question, frozenset()) - len(moments))
    return _Entry(len(moments), tuple(moments), ())


def _matched(events: Sequence[Event], question: FunnelQuestion, done: frozenset[int]) -> int:
    """The most steps, apart from those done, that these events can match, one each."""
    if not events:
        return 0
    most = _matched(events[1:], question, done)
    for step, wanted in enumerate(question.steps):
        if step not in done and events[0].meets(wanted):
            most = max(most, 1 + _matched(events[1:], question, done | {step}))
    return most


def _group(events: Sequence[Event], question: FunnelQuestion, best: _Entry | None) -> str | None:
    by = question.by
    if by is None:
        return None
    if by.at == "step":
        return events[best.chain[by.step - 1]].get(by.property) if best and len(best.chain) >= by.step else None
    return _touch(events, question, by)


def _touch(events: Sequence[Event], question: FunnelQuestion, by: Breakdown) -> str | None:
    values = [
        event.get(by.property)
        for event in events
        if by.at == "first event" or any(event.meets(step) for step in question.steps)
    ]
    known = [value for value in values if value is not None]
    if not known:
        return None
    return known[-1] if by.at == "last touch" else known[0]

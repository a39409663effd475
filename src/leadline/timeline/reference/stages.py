"""Funnels of stages, as they are defined.

A person's entries of stages are taken in order of time, those of one moment in the order of the journey, exits last.
The first entry ever is the entry into the journey, whatever its stage.

- An entry of a stage **further** than any before: the person has reached it. Stages in between that were never entered
  were **skipped**; the person counts as having passed through them, *inferred*, and they have no time of their own.
  When a skipped stage is entered later, that is a step back.
- An entry of an **earlier** stage than the one the person stands at is a step **back** from that one (a lead is
  recycled). So is, after an exit, an entry of the stage itself or an earlier one. An entry of the same stage again is
  nothing. Entries that lead forward to stages reached before are nothing new either.
- An **exit** ends the journey where the person has come furthest, unless another entry of a stage follows.

Everyone who reached a stage and not the next has left (`exited`) or is there still, so that the people of a stage are
those of the next, those who left, and those who are there.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.timeline.question import StageQuestion
from leadline.timeline.reference.event import Event


class StageJourney(Struct, frozen=True):
    """How far a person came: `furthest` stage, the moment of each stage reached (None: inferred), the stages they went
    back from, whether they left, whether their window is still open, and the row they are in."""

    furthest: int
    moments: tuple[int | None, ...]
    back: frozenset[int] = frozenset()
    exited: bool = False
    open: bool = False
    group: str | None = None


def walk_stages(events: Sequence[Event], question: StageQuestion) -> StageJourney | None:
    """The journey of one person, events in order; None for one who did not enter in the period."""
    count = len(question.stages)
    entries: list[tuple[int, int]] = []
    for event in events:
        stages = [k for k, stage in enumerate(question.stages, start=1) if event.meets(stage)]
        entries += [(event.at, k) for k in stages]
        if event.meets(question.exits):
            entries.append((event.at, count + 1))
    entries.sort()
    while entries and entries[0][1] > count:
        entries.pop(0)
    if not entries or not question.since <= entries[0][0] < question.until:
        return None
    begun = entries[0][0]
    moments: list[int | None] = []
    back: set[int] = set()
    standing, exited = 0, False
    for at, stage in entries:
        if at - begun > question.window:
            break
        if stage > count:
            exited = True
            continue
        if stage > len(moments):
            moments += [None] * (stage - 1 - len(moments)) + [at]
        elif stage < standing or (exited and stage == standing):
            back.add(standing)
        standing, exited = stage, False
    furthest = len(moments)
    still = furthest < count and not exited and begun + question.window > question.now
    return StageJourney(furthest, tuple(moments), frozenset(back), exited, still, _group(events, question))


def _group(events: Sequence[Event], question: StageQuestion) -> str | None:
    by = question.by
    if by is None:
        return None
    entries = [event for event in events if any(event.meets(stage) for stage in question.stages)]
    known = [value for event in entries if (value := event.get(by.property)) is not None]
    return None if not known else known[-1] if by.at == "last touch" else known[0]

"""Sessions, as they are defined: see `SessionQuestion`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from leadline.timeline.question import SessionQuestion
from leadline.timeline.reference.event import Event

LONG = 10_000_000
"""Microseconds; a GA4 session longer than this is engaged."""


class Session(Struct, frozen=True):
    """One session: its row, number among the person's, first and last moment, and what is counted in it.

    `timed` views have a known time on page, together `on_pages` microseconds.
    """

    group: str | None
    number: int
    begun: int
    ended: int
    events: int
    views: int
    keys: int
    actions: int
    timed: int
    on_pages: int

    @property
    def engaged(self) -> bool:
        return self.ended - self.begun > LONG or self.keys > 0 or self.views >= 2


def divide_person(events: Sequence[Event], question: SessionQuestion) -> list[Session]:
    """The sessions of one person that begin in the period, events in order."""
    parts: list[list[Event]] = []
    for event in events:
        if not event.meets(question.of):
            continue
        if parts and not _divides(parts[-1], event, question):
            parts[-1].append(event)
        else:
            parts.append([event])
    sessions = [_count(part, number, question) for number, part in enumerate(parts, start=1)]
    return [session for session in sessions if question.since <= session.begun < question.until]


def _divides(session: Sequence[Event], event: Event, question: SessionQuestion) -> bool:
    silence = event.at - session[-1].at
    if silence > question.gap or (question.rule == "matomo" and silence == question.gap):
        return True
    if question.rule == "ga4":
        return False
    if any(session[-1].at < midnight <= event.at for midnight in question.midnights):
        return True
    campaign = event.get(question.campaign)
    return campaign is not None and campaign != session[0].get(question.campaign)


def _times(part: Sequence[Event], question: SessionQuestion) -> list[int]:
    """The time on each page whose end is known."""
    views = [place for place, event in enumerate(part) if event.meets(question.views)]
    times = [part[later].at - part[earlier].at for earlier, later in pairwise(views)]
    stays = [event.at for event in part[views[-1] + 1 :] if event.meets(question.stays)] if views else []
    return [*times, stays[-1] - part[views[-1]].at] if stays else times


def _count(part: Sequence[Event], number: int, question: SessionQuestion) -> Session:
    times = _times(part, question)
    return Session(
        group=part[0].get(question.by) if question.by else None,
        number=number,
        begun=part[0].at,
        ended=part[-1].at,
        events=len(part),
        views=sum(event.meets(question.views) for event in part),
        keys=sum(event.meets(question.keys) for event in part),
        actions=sum(event.meets(question.actions) for event in part),
        timed=len(times),
        on_pages=sum(times),
    )

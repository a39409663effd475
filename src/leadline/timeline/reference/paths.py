"""Paths, as they are defined: see `PathQuestion`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.timeline.question import PathQuestion
from leadline.timeline.reference.event import Event

Way = tuple[str | None, ...]


class Walk(Struct, frozen=True):
    """One way of one person: its places, whether it led there (or began), the value of the event it led to."""

    way: Way
    reached: bool
    value: int = 0


def walk_person(events: Sequence[Event], question: PathQuestion) -> list[Walk]:
    """The ways of one person, events in order."""
    return _from(events, question) if question.to is None else _to(events, question)


def _to(events: Sequence[Event], question: PathQuestion) -> list[Walk]:
    walks: list[Walk] = []
    since_turn: list[Event] = []
    for event in events:
        if question.to is not None and event.meets(question.to):
            if question.since <= event.at < question.until:
                near = [node for node in since_turn if event.at - node.at <= question.window]
                walks.append(Walk(_places(near, question)[-question.length :], True, event.value))
            since_turn = []
        elif event.meets(question.nodes):
            since_turn.append(event)
    if since_turn and question.since <= since_turn[-1].at < question.until:
        walks.append(Walk(_places(since_turn, question)[-question.length :], False))
    return walks


def _from(events: Sequence[Event], question: PathQuestion) -> list[Walk]:
    turns = [i for i, event in enumerate(events) if question.start is not None and event.meets(question.start)]
    found: list[Walk] = []
    for turn, following in zip(turns, [*turns[1:], len(events)], strict=False):
        begun = events[turn]
        if question.since <= begun.at < question.until:
            nodes = [
                event
                for event in events[turn + 1 : following]
                if event.meets(question.nodes) and event.at - begun.at <= question.window
            ]
            found.append(Walk(_places(nodes, question)[: question.length], True, begun.value))
    return found


def _places(nodes: Sequence[Event], question: PathQuestion) -> Way:
    places: list[str | None] = []
    for node in nodes:
        place = node.get(question.by)
        if not (question.collapse and places and places[-1] == place):
            places.append(place)
    return tuple(places)

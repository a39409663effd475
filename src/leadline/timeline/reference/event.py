"""An event as the references see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from leadline.timeline.question import Match


class Event(Struct, frozen=True):
    """One event: moment in microseconds, id that breaks ties, name, properties, and value in millionths."""

    at: int
    id: int
    name: str
    properties: Mapping[str, str | None] = {}
    value: int = 0

    def meets(self, wanted: Match) -> bool:
        """Whether the event is one of those meant."""
        named = not wanted.events or self.name in wanted.events
        return named and all(self.properties.get(item.property) in item.values for item in wanted.where)

    def get(self, name: str) -> str | None:
        """The value of a property, or of the event's name where `name` is empty."""
        return self.properties.get(name) if name else self.name


def in_order(events: list[Event]) -> list[Event]:
    """By moment, then by id; of events with one id the earliest stays."""
    seen: set[int] = set()
    kept: list[Event] = []
    for event in sorted(events, key=_key):
        if event.id not in seen:
            seen.add(event.id)
            kept.append(event)
    return kept


def _key(event: Event) -> tuple[Any, ...]:
    return event.at, event.id

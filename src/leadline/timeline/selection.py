"""From the events that are meant to a table: which bits each code of an event has.

Conditions on properties are folded in: the codes of a column that no condition tells apart are one class, and the
classes of all columns together make one small code an event. Without such conditions the event's own code is used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadline.errors import unknown
from leadline.timeline.arrays import Masks
from leadline.timeline.dictionary import EVENT, Dictionaries
from leadline.timeline.question import NOTHING, Match
from leadline.timeline.view import Chunk, frozen

if TYPE_CHECKING:
    Flat = NDArray[np.bool_]


class Selection(Struct, frozen=True):
    """Columns with the class of each of their codes, and for each combination of classes the bits of the matches."""

    columns: tuple[tuple[str, NDArray[Any], int], ...]
    bits: NDArray[np.uint32]

    @property
    def everything(self) -> bool:
        """Whether every event has every bit that any has."""
        return not self.columns

    def always(self, bits: int) -> bool:
        """Whether every event has all of these bits."""
        # No event has code 0 of the names; of classes made here the first is as good as any.
        unused = 0 if self.columns and self.columns[0][2] else 1
        return bool((self.bits[unused:] & np.uint32(bits) == bits).all())

    def codes(self, chunk: Chunk) -> Masks:
        """The small code of each event of a chunk."""
        if len(self.columns) == 1 and self.columns[0][2] == 0:
            return chunk.column(self.columns[0][0])
        if not self.columns:
            return chunk.column(EVENT)
        kind = np.uint16 if len(self.bits) <= np.iinfo(np.uint16).max else np.uint32
        codes: NDArray[Any] = np.zeros(chunk.last - chunk.first, kind)
        for name, classes, stride in self.columns:
            codes += (classes * stride).astype(kind)[chunk.column(name)]
        return frozen(codes)


def select(dictionaries: Dictionaries, matches: Sequence[Match], lenient: Collection[int] = ()) -> Selection:
    """The selection in which bit b stands for `matches[b]` (at most 32).

    Raises `UsageError` for events and properties that the timeline does not know; of the matches numbered in `lenient`
    unknown events are passed over.
    """
    properties = list(dict.fromkeys(where.property for match in matches for where in match.where))
    tables = {EVENT: np.stack([_events(dictionaries, match, b in lenient) for b, match in enumerate(matches)], axis=1)}
    for name in properties:
        tables[name] = np.stack([_values(dictionaries, match, name) for match in matches], axis=1)
    weights = (1 << np.arange(len(matches), dtype=np.uint64)).astype(np.uint32)
    told = {name: table for name, table in tables.items() if (table != table[-1]).any()}
    if set(told) <= {EVENT}:
        table = tables[EVENT] & np.all([tables[name][-1] for name in properties], axis=0)
        return Selection(((EVENT, np.empty(0), 0),) if told else (), frozen((table * weights).sum(1, dtype=np.uint32)))
    columns: list[tuple[str, NDArray[Any], int]] = []
    rows = np.ones((1, len(matches)), bool)
    for name, table in told.items():
        kinds, classes = np.unique(table, axis=0, return_inverse=True)
        columns.append((name, classes.reshape(-1), len(rows)))
        rows = (kinds[:, None, :] & rows[None, :, :]).reshape(-1, len(matches))
    constant = np.all([table[-1] for name, table in tables.items() if name not in told] or [True], axis=0)
    return Selection(tuple(columns), frozen(((rows & constant) * weights).sum(1, dtype=np.uint32)))


def _events(dictionaries: Dictionaries, match: Match, lenient: bool) -> Flat:
    """Whether each event code is meant."""
    names = dictionaries.codes(EVENT)
    chosen = np.zeros(len(dictionaries.values(EVENT)), bool)
    if not match.events:
        chosen[:] = True
        return chosen
    for name in match.events if match != NOTHING else ():
        if name in names:
            chosen[names[name]] = True
        elif not lenient:
            raise unknown("event", name, [event for event in names if event is not None])
    return chosen


def _values(dictionaries: Dictionaries, match: Match, name: str) -> Flat:
    """Whether each code of a property meets the match."""
    known = property_codes(dictionaries, name)
    chosen = np.ones(dictionaries.sizes[name] + 1, bool)
    for where in match.where:
        if where.property == name:
            one = np.zeros_like(chosen)
            one[[known[value] for value in where.values if value in known]] = True
            chosen &= one
    return chosen


def property_codes(dictionaries: Dictionaries, name: str) -> dict[str | None, int]:
    """The codes of a property's values; `UsageError` when the timeline has no such property."""
    if name not in dictionaries.sizes:
        raise unknown("property", name, [column for column in dictionaries.sizes if column not in {EVENT, "person"}])
    return dictionaries.codes(name)

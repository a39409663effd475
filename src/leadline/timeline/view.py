"""The events of an open timeline as kernels see them: parts in which every person is whole and in order.

The base is read where it lies. Persons to whom something was added since are taken out of it and laid beside it,
merged, in memory: the overlay.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadline.timeline.arrays import Indices, Masks
from leadline.timeline.kernel.arrange import arrange, spread_ranges
from leadline.timeline.segment import OpenSegment

CHUNK = 2_000_000
"""Events a worker takes at a time."""

State = TypeVar("State")


class Part:
    """Persons (codes) with their events: positions `start` until before `end`; columns by name, read-only."""

    def __init__(
        self, person: NDArray[np.uint32], start: Indices, end: Indices, column: Callable[[str], NDArray[Any]]
    ) -> None:
        self.person = person
        self.start = start
        self.end = end
        self._column = column
        self._columns: dict[str, NDArray[Any]] = {}

    def column(self, name: str) -> NDArray[Any]:
        """A column of all events."""
        if name not in self._columns:
            self._columns[name] = frozen(self._column(name))
        return self._columns[name]


class Chunk(Struct, frozen=True):
    """Neighbouring persons of a part; `start` and `end` count from the first event of the chunk."""

    part: Part
    low: int
    high: int
    first: int
    last: int

    @property
    def start(self) -> Indices:
        return frozen(self.part.start[self.low : self.high] - self.first)

    @property
    def end(self) -> Indices:
        return frozen(self.part.end[self.low : self.high] - self.first)

    @property
    def person(self) -> NDArray[np.uint32]:
        return self.part.person[self.low : self.high]

    def column(self, name: str) -> NDArray[Any]:
        """The column of the chunk's events."""
        return self.part.column(name)[self.first : self.last]


class View:
    """All parts of a timeline."""

    def __init__(self, parts: Sequence[Part], threads: int = 0) -> None:
        self.parts = tuple(parts)
        self.threads = threads or os.cpu_count() or 1

    @property
    def persons(self) -> int:
        """How many persons have an event."""
        return sum(int(np.count_nonzero(part.end > part.start)) for part in self.parts)

    @property
    def events(self) -> int:
        return sum(int((part.end - part.start).sum()) for part in self.parts)

    def chunks(self) -> Iterator[Chunk]:
        """Stretches of about `CHUNK` events, in the order of the parts."""
        for part in self.parts:
            low = 0
            while low < len(part.start):
                first = int(part.start[low])
                high = max(int(np.searchsorted(part.start, first + CHUNK, side="left")), low + 1)
                yield Chunk(part, low, high, first, int(part.start[high]) if high < len(part.start) else _stop(part))
                low = high

    def run(self, state: Callable[[], State], work: Callable[[State, Chunk], State]) -> list[State]:
        """Let workers take chunks until none is left, each adding to a state of its own; the states."""
        waiting: SimpleQueue[Chunk] = SimpleQueue()
        count = 0
        for chunk in self.chunks():
            waiting.put(chunk)
            count += 1

        def labour() -> State:
            own = state()
            while True:
                try:
                    chunk = waiting.get_nowait()
                except Empty:
                    return own
                own = work(own, chunk)

        workers = min(self.threads, count)
        if workers <= 1:
            return [labour()]
        with ThreadPoolExecutor(workers) as pool:
            return [future.result() for future in [pool.submit(labour) for _ in range(workers)]]

    def map(self, work: Callable[[Chunk], State]) -> list[State]:
        """What `work` makes of each chunk, in order."""
        chunks = list(self.chunks())
        if len(chunks) <= 1 or self.threads == 1:
            return [work(chunk) for chunk in chunks]
        with ThreadPoolExecutor(min(self.threads, len(chunks))) as pool:
            return list(pool.map(work, chunks))


def frozen(values: NDArray[Any]) -> NDArray[Any]:
    """The array as one that cannot be written to, so that kernels are compiled for one kind only."""
    seen = values.view()
    seen.flags.writeable = False
    return seen


def open_view(segments: Sequence[OpenSegment], threads: int = 0) -> View:
    """The view of a base and what was added since."""
    if not segments:
        return View((), threads)
    base, *added = segments
    if not added:
        return View((Part(base.person, base.offset[:-1], base.offset[1:], base.column),), threads)
    touched = np.unique(np.concatenate([segment.person for segment in added]))
    start, end = base.offset[:-1], np.array(base.offset[1:])
    moved = np.isin(base.person, touched, assume_unique=True)
    end[moved] = start[moved]
    return View((Part(base.person, start, end, base.column), overlay(segments, touched)), threads)


def overlay(segments: Sequence[OpenSegment], persons: NDArray[np.uint32]) -> Part:
    """The events of these persons (codes, ascending) from all segments, merged; duplicate ids dropped."""
    positions: list[Indices] = []
    owners: list[Masks] = []
    for segment in segments:
        place = np.searchsorted(segment.person, persons)
        place[place == len(segment.person)] = 0
        there = segment.person[place] == persons if len(segment.person) else np.zeros(len(persons), bool)
        starts = segment.offset[place[there]]
        ends = segment.offset[place[there] + 1]
        size = int((ends - starts).sum())
        position, owner = np.empty(size, np.int64), np.empty(size, np.uint32)
        spread_ranges(frozen(starts), frozen(ends), position, owner)
        positions.append(position)
        owners.append(np.flatnonzero(there).astype(np.uint32)[owner])

    def gather(name: str) -> NDArray[Any]:
        return np.concatenate(
            [segment.column(name)[position] for segment, position in zip(segments, positions, strict=True)]
        )

    order, begins = arrange(frozen(np.concatenate(owners)), frozen(gather("ts")), frozen(gather("id")), 0, len(persons))
    begins = frozen(begins)
    return Part(persons, begins[:-1], begins[1:], lambda name: gather(name)[order])


def _stop(part: Part) -> int:
    """One past the last event of a part."""
    return int(part.end.max()) if len(part.end) else 0

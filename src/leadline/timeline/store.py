"""A timeline on disk: built from rows, added to, persons erased, merged; always complete, always rebuildable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from leadline.errors import DataError, UsageError
from leadline.timeline.dictionary import EVENT, PERSON, Dictionaries
from leadline.timeline.encode import Added, column_types, probe, stretches, write_segment
from leadline.timeline.manifest import Manifest, check_generation, read_manifest, sweep, write_manifest
from leadline.timeline.segment import OpenSegment, SegmentWriter
from leadline.timeline.view import View, open_view, overlay

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

MOST_SEGMENTS = 8
"""With so many segments beside the base they are merged into one."""

SHARE = 8
"""What was added is merged into the base when it is more than one in so many of the base's events."""

RESERVED = frozenset({PERSON, EVENT, "ts", "id", "value", "offset", "moment", "encoded", "given"})


class Grouped(Struct, frozen=True):
    """What a timeline by account is made of.

    `names` are the accounts, by number; of the `people` with an event, so many were left out, being with none.
    """

    names: tuple[str, ...]
    people: int
    left_out: int


class Store:
    """The files of a timeline. Any number of readers; one writer at a time."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int = 0) -> None:
        self.folder = folder
        self.manifest = manifest
        self.threads = threads
        self._opened()

    def _opened(self) -> None:
        self.segments = tuple(OpenSegment(self.folder, segment) for segment in self.manifest.segments)
        self.dictionaries = Dictionaries(self.folder, self.manifest.dictionaries, self.manifest.sizes)
        self._view: View | None = None
        self.by_account: Grouped | None = None
        """Told where this is a timeline of accounts (`leadline.timeline.accounts`)."""

    @classmethod
    def open(cls, folder: Path, *, threads: int = 0) -> Self:
        """The timeline in `folder`; `DataError` when there is none. `threads` 0: as many as there are cores."""
        return cls(folder, read_manifest(folder), threads)

    @classmethod
    def build(
        cls,
        folder: Path,
        con: Connection,
        select: str,
        *,
        properties: Sequence[str] = (),
        synced: int = 0,
        identity: int = 0,
        threads: int = 0,
    ) -> tuple[Self, Added]:
        """Build the timeline in `folder` from the rows of `select`, in place of what may be there.

        `select` gives `person`, `moment` (TIMESTAMP, UTC), `event`; `id` (an event counts once a person and id),
        `value` (kept in millionths) and `properties` where it has them. Rows lacking one of the first three are left
        out and counted. The old timeline stays valid until the new one is complete.
        """
        clash = sorted(RESERVED & set(properties))
        if clash or len(set(properties)) != len(properties):
            raise UsageError(
                "timeline-property",
                f"A property cannot be called {clash[0]!r}." if clash else "A property is named twice.",
                fix="rename it in the SQL",
            )
        folder.mkdir(parents=True, exist_ok=True)
        try:
            before = read_manifest(folder)
        except DataError:
            before = Manifest(0, (), (), {}, {}, 0)
        sweep(folder, before)
        empty = Manifest(before.generation + 1, tuple(properties), (), {}, {}, probe(con), synced, identity)
        written = write_segment(con, folder, _name(empty.generation), select, empty)
        manifest = replace(empty, segments=(written.segment,), dictionaries=written.dictionaries, sizes=written.sizes)
        write_manifest(folder, manifest, before.generation)
        sweep(folder, manifest)
        return cls(folder, manifest, threads), written.added

    @property
    def view(self) -> View:
        """The events as kernels read them; what was added since the last merge is merged once, in memory."""
        if self._view is None:
            self._view = open_view(self.segments, self.threads)
        return self._view

    def narrowed(self, view: View) -> Self:
        """The same timeline with the events of `view` only, to be asked and not to be written to."""
        part = copy(self)
        part._view = view
        return part

    def grouped(self, view: View, by_account: Grouped) -> Self:
        """The same timeline with the events of `view`, whose persons are the accounts of `by_account`."""
        whole = self.narrowed(view)
        whole.by_account = by_account
        whole.dictionaries = self.dictionaries.of_others(by_account.names)
        return whole

    def append(self, con: Connection, select: str, *, synced: int | None = None, identity: int | None = None) -> Added:
        """Add the rows of `select`, wherever in time they lie; events that are there already change nothing.

        What was added is merged into the base once it has grown large enough to be worth it.
        """
        if probe(con) != self.manifest.probe:
            raise DataError(
                "timeline-hash",
                "Events cannot be added to this timeline.",
                why="it was built with a version of DuckDB that hashes ids in another way",
                fix="build it again",
            )
        self._begin()
        generation = self.manifest.generation + 1
        written = write_segment(con, self.folder, _name(generation), select, self.manifest)
        self._become(
            replace(
                self.manifest,
                generation=generation,
                segments=(*self.manifest.segments, written.segment),
                dictionaries=written.dictionaries,
                sizes=written.sizes,
                synced=self.manifest.synced if synced is None else synced,
                identity=self.manifest.identity if identity is None else identity,
            )
        )
        base, *added = self.manifest.segments
        if sum(segment.events for segment in added) * SHARE > base.events:
            self.compact()
        elif len(added) > MOST_SEGMENTS:
            self._merge(1, np.empty(0, np.uint32))
        return written.added

    def compact(self) -> None:
        """Merge everything into one segment."""
        if len(self.manifest.segments) > 1:
            self._merge(0, np.empty(0, np.uint32))

    def erase(self, persons: Iterable[str]) -> int:
        """Remove persons, their events and every text that only they had; how many events went.

        Everything is written anew and the old files are removed, so that nothing of them is left on disk.
        """
        codes = self.dictionaries.person_codes(persons)
        if not codes:
            return 0
        before = self.view.events
        gone = np.array(sorted(codes.values()), np.uint32)
        self._merge(0, gone)
        return before - self.view.events

    def _begin(self) -> None:
        """Before writing: nobody else has written meanwhile, and nothing is left over from a crash."""
        check_generation(self.folder, self.manifest.generation)
        sweep(self.folder, self.manifest)

    def _become(self, manifest: Manifest) -> None:
        """Make a manifest the valid one, and remove what it no longer names."""
        write_manifest(self.folder, manifest, self.manifest.generation)
        self.manifest = manifest
        self._opened()
        sweep(self.folder, manifest)

    def _merge(self, first: int, gone: NDArray[np.uint32]) -> None:
        """Write segments from number `first` on as one, without the persons `gone` and what only they had."""
        self._begin()
        generation = self.manifest.generation + 1
        name = _name(generation)
        segments = self.segments[first:]
        columns = column_types(self.manifest.sizes, self.manifest.properties)
        used = {
            column: np.zeros(self.manifest.sizes[column] + 1, bool) for column in (EVENT, *self.manifest.properties)
        }
        writer = SegmentWriter(self.folder, name, columns)
        for persons in _stretches(segments, gone):
            part = overlay(segments, persons)
            values = {column: part.column(column) for column in columns}
            writer.add(persons, part.end - part.start, values)
            for column, seen in used.items():
                seen[values[column]] = True
        merged = writer.finish()
        dictionaries = dict(self.manifest.dictionaries)
        if len(gone):
            keep = {column: np.flatnonzero(seen) for column, seen in used.items()}
            dictionaries = self.dictionaries.without(gone, keep, name)
        kept = self.manifest.segments[:first]
        self._become(replace(self.manifest, generation=generation, segments=(*kept, merged), dictionaries=dictionaries))


def _name(generation: int) -> str:
    return f"g{generation:06d}"


def _stretches(segments: Sequence[OpenSegment], gone: NDArray[np.uint32]) -> Iterator[NDArray[np.uint32]]:
    """All persons but those `gone`, ascending, as many at a time as have about `STRETCH` events."""
    highest = max((int(segment.person[-1]) + 1 for segment in segments if len(segment.person)), default=0)
    counts = np.zeros(highest, np.int64)
    for segment in segments:
        counts[segment.person] += np.diff(segment.offset)
    counts[gone[gone < highest]] = 0
    persons = np.flatnonzero(counts).astype(np.uint32)
    for low, high in stretches(counts[persons]):
        yield persons[low:high]

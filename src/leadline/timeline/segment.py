"""A segment on disk: one NumPy file a column, written piece by piece and read through the page cache."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from leadline.errors import DataError
from leadline.timeline.arrays import Indices
from leadline.timeline.manifest import Segment, sync_folder

HEADER = 128
"""Bytes of the header of every column file, whatever its length."""

SMALL = 65_535


def code_type(highest: int) -> DTypeLike:
    """The type of a column of codes up to `highest`."""
    return np.uint16 if highest <= SMALL else np.uint32


class SegmentWriter:
    """Writes a new segment; nothing names it before `finish` has brought it to the disk."""

    def __init__(self, folder: Path, name: str, columns: Mapping[str, DTypeLike]) -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.name = name
        self.types = {column: np.dtype(kind) for column, kind in columns.items()}
        self._streams = {column: (self.folder / f"{column}.npy").open("wb") for column in columns}
        for stream in self._streams.values():
            stream.write(b"\0" * HEADER)
        self._persons: list[NDArray[np.uint32]] = []
        self._counts: list[Indices] = []
        self.events = 0

    def add(self, person: NDArray[np.uint32], counts: Indices, columns: Mapping[str, NDArray[Any]]) -> None:
        """The next persons (codes, ascending), how many events each has, and the columns of these events."""
        for column, stream in self._streams.items():
            stream.write(np.ascontiguousarray(columns[column], self.types[column]).data)
        self._persons.append(person)
        self._counts.append(counts)
        self.events += int(counts.sum())

    def finish(self) -> Segment:
        """Complete the files; the segment for the manifest."""
        for column, stream in self._streams.items():
            stream.seek(0)
            stream.write(_header(self.types[column], self.events))
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
        person = np.concatenate([np.empty(0, np.uint32), *self._persons])
        offset = np.zeros(len(person) + 1, np.int64)
        np.cumsum(np.concatenate([np.empty(0, np.int64), *self._counts]), out=offset[1:])
        for column, values in (("person", person), ("offset", offset)):
            with (self.folder / f"{column}.npy").open("wb") as file:
                file.write(_header(values.dtype, len(values)))
                file.write(values.data)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(self.folder)
        return Segment(self.name, self.events, len(person))


class OpenSegment:
    """A segment read through memory maps: a column costs what is touched of it."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self.folder = folder / segment.name
        self.events = segment.events
        self.person: NDArray[np.uint32] = self.column("person")
        self.offset: Indices = self.column("offset")
        if len(self.person) != segment.persons or int(self.offset[-1]) != segment.events:
            raise self._broken("it holds another number of persons or events than it should")

    def column(self, name: str) -> NDArray[Any]:
        """A column, read-only."""
        path = self.folder / f"{name}.npy"
        try:
            mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
            return mapped
        except (OSError, ValueError) as error:
            if path.exists() and path.stat().st_size == HEADER:
                return _empty(np.load(io.BytesIO(path.read_bytes()), allow_pickle=False))
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> DataError:
        return DataError(
            "timeline-unreadable",
            f"The segment {self.folder.name} of the timeline cannot be read.",
            why=why,
            fix="build the timeline again; it only holds what the warehouse has",
        )


def _empty(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values


def _header(kind: np.dtype[Any], length: int) -> bytes:
    """The header of a one-dimensional NumPy file, filled up to `HEADER` bytes."""
    text = f"{{'descr': {np.lib.format.dtype_to_descr(kind)!r}, 'fortran_order': False, 'shape': ({length},), }}"
    magic = np.lib.format.magic(1, 0)
    room = HEADER - len(magic) - 2
    return magic + room.to_bytes(2, "little") + text.ljust(room - 1).encode("latin1") + b"\n"

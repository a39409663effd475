"""Rows put aside by stretch of persons, on disk, so that each stretch can be taken up again alone.

Rows come in any order, a slice at a time; each slice is divided by stretch and added to a file a stretch, column after
column. That costs a write and a read, where sorting all rows by person costs several passes over them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadline.timeline.kernel.arrange import divide
from leadline.timeline.view import frozen

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

Columns = Mapping[str, NDArray[Any]]


class Spill:
    """Rows by stretch in the new folder `folder`, which goes with it; use as a context manager.

    Stretch k has the persons (codes) from `bounds[k]` until before `bounds[k + 1]`.
    """

    def __init__(self, folder: Path, bounds: Sequence[int]) -> None:
        self.folder = folder
        self.low = bounds[0]
        self.count = len(bounds) - 1
        sizes = [high - low for low, high in pairwise(bounds)]
        self._stretch = frozen(np.repeat(np.arange(self.count, dtype=np.uint32), sizes))
        self._pieces: list[list[int]] = [[] for _ in range(self.count)]
        self._types: dict[str, np.dtype[Any]] = {}

    def __enter__(self) -> Self:
        # A run that was killed may have left its files.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, columns: Columns) -> None:
        """Put the rows of a slice aside; every slice has the same columns, `person` among them."""
        self._types = self._types or {name: values.dtype for name, values in columns.items()}
        order, begins = divide(frozen(columns["person"]), self._stretch, self.low, self.count)
        divided = [columns[name][order] for name in self._types]
        for stretch in np.flatnonzero(np.diff(begins)).tolist():
            first, stop = int(begins[stretch]), int(begins[stretch + 1])
            with self._file(stretch).open("ab") as file:
                for values in divided:
                    values[first:stop].tofile(file)
            self._pieces[stretch].append(stop - first)

    def take(self, stretch: int) -> dict[str, NDArray[Any]]:
        """The rows of a stretch; its file is gone then."""
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in self._types}
        with self._file(stretch).open("rb") as file:
            for count in self._pieces[stretch]:
                for name, kind in self._types.items():
                    parts[name].append(np.fromfile(file, kind, count))
        self._file(stretch).unlink()
        return {name: np.concatenate(pieces) for name, pieces in parts.items()}

    def _file(self, stretch: int) -> Path:
        return self.folder / str(stretch)

"""Paths out of the warehouse: the touches before each conversion, and the journeys that ended without one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from leadline.attribution.path import LEAD, OPPORTUNITY, Paths
from leadline.errors import RefusedError


class Reading(Struct, frozen=True, eq=False):
    """Paths by label, and what was left out of them.

    `failed` journeys ended without a conversion within the period, `still_open` ones had not ended at its end and are
    in no path. `currencies` are those of the conversions' values, where they were kept apart. `untouched` conversions
    had no touch before them.
    """

    paths: Paths
    conversions: int
    failed: int
    still_open: int
    touches: int
    untouched: int
    currencies: tuple[str, ...]

    @property
    def has_marks(self) -> bool:
        """Whether any path has both a touch that made a lead and one that opened an opportunity."""
        marks = self.paths.marks
        return marks is not None and bool((marks & LEAD).any()) and bool((marks & OPPORTUNITY).any())


def read_paths(won: Iterable[Sequence[Any]], lost: Iterable[Sequence[Any]], *, nameless: str) -> Reading:
    """The paths of the rows of `Relations.paths` and `Relations.failures`, each in the order it was asked for.

    Touches without a label are called `nameless`. Raises `RefusedError` when values are in more than one currency.
    """
    import numpy as np

    codes: dict[str | None, int] = {}
    path: list[int] = []
    ages: list[float] = []
    direct: list[int] = []
    before: list[tuple[int, int]] = []
    lengths: list[int] = []
    values: list[float] = []
    currencies: set[str] = set()
    last = None
    for number, value, currency, label, is_direct, age, lead, opened in won:
        if number != last:
            last = number
            lengths.append(0)
            values.append(float(value or 0))
            currencies.add(currency or "")
        if age is None:
            continue
        lengths[-1] += 1
        path.append(codes.setdefault(label, len(codes)))
        ages.append(float(age))
        direct.append(is_direct)
        before.append((lead, opened))
    if len(currencies) > 1:
        raise RefusedError(
            "mixed-currencies",
            f"These conversions are worth amounts in {', '.join(sorted(filter(None, currencies)))}.",
            why="amounts of different currencies cannot be added",
            fix="convert them with --currency CODE, or set reporting_currency in leadline.yaml",
        )
    touches, conversions = len(path), len(lengths)
    missed, still_open = _failures(lost, codes, path)
    lengths += missed
    added = len(path) - touches
    names = [nameless if label is None else str(label) for label in codes]
    # Labels in alphabetical order, whatever came first.
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    counts = np.array(lengths, dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    owner = np.repeat(np.arange(conversions), counts[:conversions])
    flags = np.array(before, dtype=bool).reshape(-1, 2)
    marks = np.zeros(touches + added, dtype=np.int64)
    for column, bit in enumerate((LEAD, OPPORTUNITY)):
        found = np.flatnonzero(flags[:, column])
        if len(found):
            marks[found[np.append(owner[found[1:]] != owner[found[:-1]], True)]] |= bit
    nothing = np.zeros(added, dtype=np.int64)
    paths = Paths(
        tuple(names[number] for number in order),
        place[np.array(path, dtype=np.int64)],
        offsets,
        np.concatenate((np.ones(conversions), np.zeros(len(missed)))),
        np.concatenate((np.array(values, dtype=np.float64), np.zeros(len(missed)))),
        np.concatenate((np.zeros(conversions), np.ones(len(missed)))),
        np.concatenate((np.rint(np.array(ages) * 1e6).astype(np.int64), nothing)),
        marks,
        np.concatenate((np.array(direct, dtype=np.int64), nothing)) > 0,
    )
    untouched = int((counts[:conversions] == 0).sum())
    told = tuple(sorted(filter(None, currencies)))
    return Reading(paths, conversions, len(missed), still_open, touches, untouched, told)


def _failures(rows: Iterable[Sequence[Any]], codes: dict[str | None, int], path: list[int]) -> tuple[list[int], int]:
    """Lengths of the journeys that failed, their touches put at the end of `path`, and how many are still open."""
    lengths: list[int] = []
    waiting: set[tuple[Any, Any]] = set()
    last = None
    for entity, journey, label, is_open in rows:
        if is_open:
            waiting.add((entity, journey))
            continue
        if (entity, journey) != last:
            last = entity, journey
            lengths.append(0)
        lengths[-1] += 1
        path.append(codes.setdefault(label, len(codes)))
    return lengths, len(waiting)

"""Paths over a timeline: the commonest ways to an event, or from one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from leadline.timeline.dictionary import EVENT, Dictionaries
from leadline.timeline.kernel.paths import (
    KEY,
    REACHED,
    UNREACHED,
    VALUE,
    add_paths,
    add_short_paths,
    empty_table,
    merge_tables,
)
from leadline.timeline.question import EVERYTHING, FOREVER, PathQuestion
from leadline.timeline.selection import property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.kernel.paths import Table

_FIRST_SIZE = 1 << 12


class Path(Struct, frozen=True):
    """A way and how often it was gone: it led there (or began) `reached` times, `unreached` times not yet.

    `value` is that of the events it led to (or began with).
    """

    way: tuple[str | None, ...]
    reached: int
    unreached: int
    value: float


class PathResult(Struct, frozen=True):
    """The answer to a path question: the commonest ways, how many different ones there are, and all together."""

    question: PathQuestion
    paths: tuple[Path, ...]
    distinct: int
    reached: int
    unreached: int
    value: float


def ask_paths(view: View, dictionaries: Dictionaries, question: PathQuestion) -> PathResult:
    """Answer a path question."""
    question = question.checked()
    turn = question.to or question.start or EVERYTHING
    selection = select(dictionaries, [question.nodes, turn])
    column = question.by or EVENT
    if question.by:
        property_codes(dictionaries, column)
    names = dictionaries.values(column)
    bits = len(names).bit_length()
    words = -(-question.length // (64 // bits))
    lut = frozen(selection.bits)

    short = question.to is not None and question.window == FOREVER and bits * question.length <= 64

    def work(table: Table, chunk: Chunk) -> Table:
        if short:
            return add_short_paths(
                chunk.start, chunk.end, chunk.column("ts"), selection.codes(chunk), lut, chunk.column(column),
                chunk.column("value"), question.length, bits, question.collapse, question.since, question.until, *table,
            )  # fmt: skip
        return add_paths(
            chunk.start, chunk.end, chunk.column("ts"), selection.codes(chunk), lut, chunk.column(column),
            chunk.column("value"), question.to is not None, question.length, bits, question.window, question.collapse,
            question.since, question.until, *table,
        )  # fmt: skip

    first, *others = view.run(lambda: empty_table(words, _FIRST_SIZE), work)
    for other in others:
        first = merge_tables(*first, *other)
    table, used = first
    there = np.flatnonzero(table[:, REACHED] | table[:, UNREACHED])
    common = there[_commonest(table[there], question.top)]
    paths = [
        Path(_way(row[KEY:], bits, names, short), int(row[REACHED]), int(row[UNREACHED]), int(row[VALUE]) / 1e6)
        for row in table[common]
    ]
    paths.sort(key=lambda path: (-path.reached, -path.unreached, [place or "" for place in path.way]))
    totals = table[:, :KEY].sum(0)
    return PathResult(
        question, tuple(paths), used, int(totals[REACHED]), int(totals[UNREACHED]), int(totals[VALUE]) / 1e6
    )


def _commonest(counts: Any, top: int) -> Any:
    """The places of the `top` largest, by times reached and then not reached."""
    reached = counts[:, REACHED]
    likely = np.arange(len(counts))
    if len(counts) > top:
        # Sorting all ways for the sake of a few would cost more than finding them.
        likely = np.flatnonzero(reached >= np.partition(reached, len(counts) - top)[len(counts) - top])
    order = np.lexsort((-counts[likely, UNREACHED], -reached[likely]))
    return likely[order[:top]]


def _way(key: Any, bits: int, names: Sequence[str | None], short: bool) -> tuple[str | None, ...]:
    """The texts of a key, as `add_paths` packs them, or `add_short_paths`, which has the newest lowest."""
    each = 64 // bits
    places = [
        (int(word) & (1 << 64) - 1) >> (bits * place) & ((1 << bits) - 1) for word in key for place in range(each)
    ]
    return tuple(names[code - 1] for code in (reversed(places) if short else places) if code)

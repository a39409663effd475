"""Touches before conversions, for attribution: as a table to work on, or as credit by the rules that need no path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadline.errors import UsageError
from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel.touches import add_credit, find_touches
from leadline.timeline.question import TouchQuestion
from leadline.timeline.selection import property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments, Weights

MODELS = ("first", "last", "linear", "time_decay", "position")


class TouchTable(Struct, frozen=True):
    """Conversions and the touches of each, as columns.

    Of conversion c: `person` (code), `moment` (microseconds), `value` (millionths), and its touches from `offset[c]`
    until before `offset[c + 1]`, in order of time: `touched` (microseconds) and, by property, `codes`; the texts are
    `names[property][code]`, None for code 0.
    """

    person: NDArray[np.uint32]
    moment: Moments
    value: Indices
    offset: Indices
    touched: Moments
    codes: dict[str, NDArray[Any]]
    names: dict[str, Sequence[str | None]]


class Credit(Struct, frozen=True):
    """What one value of the property earned: by model conversions, and value."""

    group: str | None
    conversions: dict[str, float]
    value: dict[str, float]


class CreditResult(Struct, frozen=True):
    """Credit by row; all conversions and their value, and those that no touch preceded: the unattributed rest."""

    rows: tuple[Credit, ...]
    conversions: int
    value: float
    unattributed: int
    unattributed_value: float


def list_touches(
    view: View, dictionaries: Dictionaries, question: TouchQuestion, properties: Sequence[str]
) -> TouchTable:
    """Each conversion of the period and its touches."""
    for name in properties:
        property_codes(dictionaries, name)
    selection = select(dictionaries, [question.touches, question.conversions])
    lut = frozen(selection.bits)
    none = np.empty(0, np.int64)

    def work(chunk: Chunk) -> tuple[list[NDArray[Any]], dict[str, NDArray[Any]]]:
        ts, codes = chunk.column("ts"), selection.codes(chunk)
        given = (chunk.start, chunk.end, ts, codes, lut, question.lookback, question.since, question.until)
        conversions, pairs = find_touches(*given, none, none, none)
        conversion, offset = np.empty(conversions, np.int64), np.empty(conversions + 1, np.int64)
        touch = np.empty(pairs, np.int64)
        find_touches(*given, conversion, offset, touch)
        # An empty person begins where the next one does, so the last that begins at or before has the event.
        owner = np.searchsorted(chunk.start, conversion, side="right") - 1
        columns = [chunk.person[owner], ts[conversion], chunk.column("value")[conversion], np.diff(offset), ts[touch]]
        return columns, {name: chunk.column(name)[touch] for name in properties}

    pieces = view.map(work)
    empty: list[NDArray[Any]] = [np.empty(0, np.uint32), none, none, none, none]
    person, moment, value, counts, touched = (
        np.concatenate(parts) for parts in zip(empty, *(piece[0] for piece in pieces), strict=True)
    )
    return TouchTable(
        person.astype(np.uint32),
        moment,
        value,
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        touched,
        {name: np.concatenate([np.empty(0, np.uint16), *(piece[1][name] for piece in pieces)]) for name in properties},
        {name: dictionaries.values(name) for name in properties},
    )


def ask_credit(
    view: View, dictionaries: Dictionaries, question: TouchQuestion, by: str, half_life: int, outer: float
) -> CreditResult:
    """Credit by the five rules in one pass: see `leadline.timeline.reference.touches.share_credit`."""
    if half_life <= 0 or not 0 <= outer <= 0.5:
        raise UsageError(
            "credit-weights",
            "A half-life must be longer than nothing, and the share of first and last from 0 to a half.",
            fix="leave them out for 7 days and 0.4",
        )
    property_codes(dictionaries, by)
    selection = select(dictionaries, [question.touches, question.conversions])
    if (selection.bits == 3).any():
        raise UsageError(
            "touch-converts",
            "Some events are meant as touches and as conversions.",
            why="a conversion would earn credit for itself",
            fix="name the events of each",
        )
    names = dictionaries.values(by)
    lut = frozen(selection.bits)

    def state() -> tuple[Weights, Indices]:
        return np.zeros((len(names), 2 * len(MODELS)), np.float64), np.zeros(4, np.int64)

    def work(own: tuple[Weights, Indices], chunk: Chunk) -> tuple[Weights, Indices]:
        group: Masks = chunk.column(by)
        add_credit(
            chunk.start, chunk.end, chunk.column("ts"), selection.codes(chunk), lut, group, chunk.column("value"),
            question.lookback, float(half_life), outer, question.since, question.until, *own,
        )  # fmt: skip
        return own

    states = view.run(state, work)
    credit = np.sum([own[0] for own in states], axis=0)
    totals = np.sum([own[1] for own in states], axis=0)
    rows = tuple(
        Credit(
            names[code],
            {model: float(row[2 * m]) for m, model in enumerate(MODELS)},
            {model: float(row[2 * m + 1]) / 1e6 for m, model in enumerate(MODELS)},
        )
        for code, row in enumerate(credit)
        if row.any()
    )
    return CreditResult(rows, int(totals[0]), totals[1] / 1e6, int(totals[2]), totals[3] / 1e6)

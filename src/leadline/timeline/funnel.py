"""Funnels over a timeline: how many people reach each step, how long it takes them, and who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from leadline.errors import UsageError
from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel.entries import VOID, follow_entries, most_steps
from leadline.timeline.kernel.funnel import furthest_steps, touch_values
from leadline.timeline.question import FOREVER, FunnelQuestion
from leadline.timeline.selection import Selection, property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


class Durations(Struct, frozen=True):
    """How long something took, in seconds; zero counts like any other. `quantiles` are those of QUANTILES."""

    people: int
    mean: float
    median: float
    quantiles: tuple[float, ...]


class FunnelRow(Struct, frozen=True):
    """One row of a funnel.

    `reached[k]`: people who got to step k + 1 at least; `excluded`: people all of whose entries are void, who are in no
    step; `open`: people not through whose window is not over, `waiting[k]` those of them who stand at step k + 1.
    `times[k]`: from step k + 1 to step k + 2 of those who made it, `total` from first to last; None where nobody did or
    times were not asked for.
    """

    group: str | None
    reached: tuple[int, ...]
    excluded: int
    open: int
    waiting: tuple[int, ...] = ()
    times: tuple[Durations | None, ...] = ()
    total: Durations | None = None

    @property
    def open_share(self) -> float | None:
        """Share of those who entered that may still convert."""
        return self.open / self.reached[0] if self.reached[0] else None

    @property
    def conversion(self) -> float | None:
        """Share of those who entered that reached the last step."""
        return self.reached[-1] / self.reached[0] if self.reached[0] else None


class _Piece(Struct, frozen=True):
    """What a chunk gave: of each person code, level, row, open; of the `movers`, who reached step 2, each moment."""

    person: NDArray[np.uint32]
    level: Flags
    group: Masks
    is_open: Flags
    movers: Indices
    moments: Indices


class FunnelResult:
    """The answer to a funnel question: `rows` (largest first), `all` people together, and the people behind each.

    Broken down by every event, rows come from `pieces`, in which a person can be several times, and all people together
    from `whole`.
    """

    def __init__(
        self,
        question: FunnelQuestion,
        pieces: Sequence[_Piece],
        dictionaries: Dictionaries,
        names: Sequence[str | None],
        whole: Sequence[_Piece] | None = None,
    ) -> None:
        self.question = question
        self._pieces = pieces
        self._whole = pieces if whole is None else whole
        self._dictionaries = dictionaries
        self._names = names
        self.all = self._row(None, None)
        present = sorted({int(code) for piece in pieces for code in np.unique(piece.group[piece.level > 0])})
        rows = [self._row(names[code], code) for code in present] if question.by is not None else []
        self.rows: tuple[FunnelRow, ...] = tuple(sorted(rows, key=lambda row: (-row.reached[0], row.group or "~")))

    def people(self, step: int, *, group: str | None = None, grouped: bool = False, stopped: bool = False) -> list[str]:
        """Ids of those who reached `step` (from 1; 0: excluded), in no order that means anything.

        `stopped`: only those who got no further. `grouped`: only those in the row `group` (None is a row too).
        """
        steps = len(self.question.steps)
        if not 0 <= step <= steps:
            raise UsageError("funnel-step", f"There is no step {step}.", fix=f"name one of 1 to {steps}, or 0")
        codes: list[int] = []
        for piece in self._pieces if grouped else self._whole:
            if step == 0:
                chosen = piece.level == VOID
            elif stopped:
                chosen = piece.level == step
            else:
                chosen = (piece.level >= step) & (piece.level != VOID)
            if grouped:
                chosen &= piece.group == self._names.index(group)
            codes += piece.person[chosen].tolist()
        return self._dictionaries.persons(codes)

    def _row(self, name: str | None, code: int | None) -> FunnelRow:
        steps = len(self.question.steps)
        counts = np.zeros(256, np.int64)
        still = np.zeros(256, np.int64)
        moments: list[Indices] = []
        for piece in self._whole if code is None else self._pieces:
            chosen = slice(None) if code is None else piece.group == code
            levels = piece.level[chosen]
            counts += np.bincount(levels, minlength=256)
            still += np.bincount(levels[piece.is_open[chosen] > 0], minlength=256)
            inside = slice(None) if code is None else piece.group[piece.movers] == code
            moments.append(piece.moments[inside])
        reached = tuple(int(counts[k : steps + 1].sum()) for k in range(1, steps + 1))
        excluded = int(counts[VOID])
        open_count, waiting = int(still.sum()), tuple(still[1 : steps + 1].tolist())
        if not moments or not moments[0].shape[1]:
            return FunnelRow(name, reached, excluded, open_count, waiting)
        at = np.concatenate(moments)
        times = tuple(durations(at[:, k], at[:, k + 1]) for k in range(steps - 1))
        return FunnelRow(name, reached, excluded, open_count, waiting, times, durations(at[:, 0], at[:, -1]))


UNREACHED = np.iinfo(np.int64).min


def durations(start: Indices, end: Indices) -> Durations | None:
    """How long it took those who got there; None when nobody did. Moments that were not reached are `UNREACHED`."""
    there = end != UNREACHED
    if not there.any():
        return None
    seconds = (end[there] - start[there]) / 1e6
    quantiles = tuple(float(value) for value in np.quantile(seconds, QUANTILES))
    return Durations(len(seconds), float(seconds.mean()), quantiles[QUANTILES.index(0.5)], quantiles)


def ask_funnel(view: View, dictionaries: Dictionaries, question: FunnelQuestion, *, times: bool = True) -> FunnelResult:
    """Answer a funnel question; without `times` no durations are gathered."""
    question = question.checked()
    if question.by is not None and question.by.at == "every event":
        return _by_every_event(view, dictionaries, question, times)
    steps = len(question.steps)
    selection = select(dictionaries, [*question.steps, *(exclusion.match for exclusion in question.exclusions)])
    names: Sequence[str | None] = (None,)
    if question.by is not None:
        property_codes(dictionaries, question.by.property)
        names = dictionaries.values(question.by.property)
    detailed = (times and steps > 1) or (question.by is not None and question.by.at == "step")

    def work(chunk: Chunk) -> _Piece:
        codes, ts = selection.codes(chunk), chunk.column("ts")
        level, is_open, chain = _run(chunk.start, chunk.end, ts, codes, selection, question, detailed)
        group = _groups(chunk, codes, selection, question, chain)
        return _Piece(chunk.person, level, group, is_open, *_moments(level, chain, ts, times and steps > 1))

    return FunnelResult(question, view.map(work), dictionaries, names)


def _by_every_event(view: View, dictionaries: Dictionaries, question: FunnelQuestion, times: bool) -> FunnelResult:
    """A funnel for each value: the events are laid out by person and value, and each such stretch is followed."""
    by, steps = question.by, len(question.steps)
    column = by.property if by is not None else ""
    property_codes(dictionaries, column)
    names = dictionaries.values(column)
    selection = select(dictionaries, [*question.steps, *(exclusion.match for exclusion in question.exclusions)])
    detailed = times and steps > 1

    def work(chunk: Chunk) -> _Piece:
        codes, ts, values = selection.codes(chunk), chunk.column("ts"), chunk.column(column)
        counts = chunk.end - chunk.start
        owner = np.repeat(np.arange(len(counts)), counts)
        # TRICKY: persons whose events lie in the overlay leave holes in the base, so positions are not one range.
        place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(chunk.start, counts)
        key = owner * len(names) + values[place]
        order = np.argsort(key, kind="stable")
        stretch, first, length = np.unique(key[order], return_index=True, return_counts=True)
        place = place[order]
        start, end = frozen(first.astype(np.int64)), frozen((first + length).astype(np.int64))
        laid = frozen(ts[place])
        level, is_open, chain = _run(start, end, laid, frozen(codes[place]), selection, question, detailed)
        group = (stretch % len(names)).astype(values.dtype)
        person = chunk.person[stretch // len(names)]
        return _Piece(person, level, group, is_open, *_moments(level, chain, laid, detailed))

    whole = ask_funnel(view, dictionaries, replace(question, by=None), times=times)
    return FunnelResult(question, view.map(work), dictionaries, names, whole._pieces)


def _moments(level: Flags, chain: Indices, ts: Indices, wanted: bool) -> tuple[Indices, Indices]:
    """Those who got past the first step, and the moment each of them reached each step."""
    if not wanted:
        return np.empty(0, np.int64), np.empty((0, 0), np.int64)
    movers = np.flatnonzero((level > 1) & (level != VOID))
    positions = chain[movers]
    if not len(movers):
        return movers, np.empty(positions.shape, np.int64)
    return movers, np.where(positions >= 0, ts[np.maximum(positions, 0)], UNREACHED)


def _run(
    start: Indices,
    end: Indices,
    ts: Indices,
    codes: Masks,
    selection: Selection,
    question: FunnelQuestion,
    detailed: bool,
) -> tuple[Flags, Flags, Indices]:
    """What the kernel that fits finds of each stretch of events: level, open, if `detailed` the event of each step."""
    steps = len(question.steps)
    level, is_open = np.zeros(len(start), np.uint8), np.zeros(len(start), np.uint8)
    chain = np.full((len(start) if detailed else 0, steps), -1, np.int64)
    lut = frozen(selection.bits & np.uint32((1 << steps) - 1))
    period = (question.since, question.until, question.now)
    gaps = np.full(steps + 1, FOREVER, np.int64)
    gaps[1:steps] = question.gaps or FOREVER
    if question.order == "any":
        most_steps(start, end, ts, codes, lut, steps, question.window, *period, level, is_open, chain)
    elif question.order == "strict" or question.exclusions or (gaps < FOREVER).any():
        between = np.array([[item.after, item.before] for item in question.exclusions], np.int64).reshape(-1, 2)
        barred = frozen(selection.bits >> np.uint32(steps))
        follow_entries(
            start, end, ts, codes, lut, barred, between, question.order == "strict", steps, question.window, gaps,
            *period, level, is_open, chain,
        )  # fmt: skip
    else:
        single = not (lut & (lut - np.uint32(1))).any()
        furthest_steps(start, end, ts, codes, lut, single, steps, question.window, *period, level, is_open, chain)
    return level, is_open, chain


def _groups(chunk: Chunk, codes: Masks, selection: Selection, question: FunnelQuestion, chain: Indices) -> Masks:
    """The row each person is in, as a code of the property broken down by."""
    by = question.by
    persons = chunk.high - chunk.low
    if by is None:
        return np.zeros(persons, np.uint16)
    values: NDArray[Any] = chunk.column(by.property)
    if by.at == "step":
        place = chain[:, by.step - 1]
        found: NDArray[Any] = np.where(place >= 0, values[np.maximum(place, 0)], 0) if len(values) else place * 0
        return found
    found = np.zeros(persons, values.dtype)
    bits = selection.bits & np.uint32((1 << len(question.steps)) - 1)
    lut = frozen(np.ones_like(selection.bits) if by.at == "first event" else bits)
    touch_values(chunk.start, chunk.end, codes, lut, values, by.at == "last touch", found)
    return found

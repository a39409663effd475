"""Funnels of stages over a timeline: people by stage, passed through or inferred, gone back, gone, or there still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadline.errors import UsageError
from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.funnel import UNREACHED, Durations, durations
from leadline.timeline.kernel.funnel import touch_values
from leadline.timeline.kernel.stages import follow_stages
from leadline.timeline.question import StageQuestion
from leadline.timeline.selection import property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks

Fate = Literal["reached", "inferred", "stopped", "back", "exited"]
"""Which people of a stage: all, those who skipped it, those who got no further, who went back from it, who left."""


class StageRow(Struct, frozen=True):
    """One row of a funnel of stages; each tuple has a number a stage.

    `reached`: people who came to the stage or further, `inferred` those of them who skipped it, `back` who went back
    from it to an earlier one; of those who got no further, `exited` left and `waiting` may still go on. `times[k]`:
    from stage k + 1 to k + 2 of those who entered both in turn, `total` from the first to the last.
    """

    group: str | None
    reached: tuple[int, ...]
    inferred: tuple[int, ...]
    back: tuple[int, ...]
    exited: tuple[int, ...]
    waiting: tuple[int, ...]
    times: tuple[Durations | None, ...]
    total: Durations | None


class _Piece(Struct, frozen=True):
    person: NDArray[np.uint32]
    level: Flags
    exited: Flags
    is_open: Flags
    back: Masks
    moments: Indices
    group: Masks


class StageResult:
    """The answer to a question of stages: `rows` (largest first), `all` people together, and the people behind each."""

    def __init__(
        self,
        question: StageQuestion,
        pieces: Sequence[_Piece],
        dictionaries: Dictionaries,
        names: Sequence[str | None],
    ) -> None:
        self.question = question
        self._pieces = pieces
        self._dictionaries = dictionaries
        self._names = names
        self.all = self._row(None, None)
        present = sorted({int(code) for piece in pieces for code in np.unique(piece.group[piece.level > 0])})
        rows = [self._row(names[code], code) for code in present] if question.by is not None else []
        self.rows: tuple[StageRow, ...] = tuple(sorted(rows, key=lambda row: (-row.reached[0], row.group or "~")))

    def people(
        self, stage: int, fate: Fate = "reached", *, group: str | None = None, grouped: bool = False
    ) -> list[str]:
        """Ids of people of a stage (from 1), in no order that means anything; `grouped`: only of the row `group`."""
        if not 1 <= stage <= len(self.question.stages):
            raise UsageError(
                "funnel-step", f"There is no stage {stage}.", fix=f"name one of 1 to {len(self.question.stages)}"
            )
        codes: list[int] = []
        for piece in self._pieces:
            chosen = _those(piece, stage, fate)
            if grouped:
                chosen = chosen & (piece.group == self._names.index(group))
            codes += piece.person[chosen].tolist()
        return self._dictionaries.persons(codes)

    def _row(self, name: str | None, code: int | None) -> StageRow:
        stages = range(1, len(self.question.stages) + 1)
        inside = [slice(None) if code is None else piece.group == code for piece in self._pieces]

        def counted(fate: Fate | Literal["waiting"]) -> tuple[int, ...]:
            return tuple(
                sum(int(_those(piece, k, fate)[own].sum()) for piece, own in zip(self._pieces, inside, strict=True))
                for k in stages
            )

        moments = [piece.moments[own] for piece, own in zip(self._pieces, inside, strict=True)]
        at = np.concatenate([np.empty((0, len(stages)), np.int64), *moments])
        times = tuple(_between(at, k, k + 1) for k in range(len(stages) - 1))
        return StageRow(
            name,
            counted("reached"),
            counted("inferred"),
            counted("back"),
            counted("exited"),
            counted("waiting"),
            times,
            _between(at, 0, len(stages) - 1),
        )


def _those(piece: _Piece, stage: int, fate: Fate | Literal["waiting"]) -> NDArray[np.bool_]:
    """Whether each person is one of those meant."""
    chosen: NDArray[np.bool_]
    match fate:
        case "reached":
            chosen = piece.level >= stage
        case "inferred":
            chosen = (piece.level >= stage) & (piece.moments[:, stage - 1] == UNREACHED)
        case "back":
            chosen = (piece.back >> (stage - 1) & 1) > 0
        case "stopped":
            chosen = piece.level == stage
        case "exited":
            chosen = (piece.level == stage) & (piece.exited > 0)
        case "waiting":
            chosen = (piece.level == stage) & (piece.is_open > 0)
    return chosen


def _between(at: Indices, first: int, then: int) -> Durations | None:
    known = at[at[:, first] != UNREACHED]
    return durations(known[:, first], known[:, then])


def ask_stages(view: View, dictionaries: Dictionaries, question: StageQuestion) -> StageResult:
    """Answer a question of stages; a stage that nobody ever entered is one that everybody skips."""
    question = question.checked()
    count = len(question.stages)
    selection = select(dictionaries, [*question.stages, question.exits], lenient=range(count + 1))
    lut = frozen(selection.bits)
    of_stage = frozen(selection.bits & np.uint32((1 << count) - 1))
    names: Sequence[str | None] = (None,)
    if question.by is not None:
        property_codes(dictionaries, question.by.property)
        names = dictionaries.values(question.by.property)

    def work(chunk: Chunk) -> _Piece:
        persons = chunk.high - chunk.low
        start, end, codes = chunk.start, chunk.end, selection.codes(chunk)
        level, exited, is_open = (np.zeros(persons, np.uint8) for _ in range(3))
        back = np.zeros(persons, np.uint16)
        moments = np.full((persons, count), UNREACHED, np.int64)
        follow_stages(
            start, end, chunk.column("ts"), codes, lut, count, question.window, question.since, question.until,
            question.now, level, exited, is_open, back, moments,
        )  # fmt: skip
        group: Masks = np.zeros(persons, np.uint16)
        if question.by is not None:
            values = chunk.column(question.by.property)
            group = np.zeros(persons, values.dtype)
            touch_values(start, end, codes, of_stage, values, question.by.at == "last touch", group)
        return _Piece(chunk.person, level, exited, is_open, back, moments, group)

    return StageResult(question, view.map(work), dictionaries, names)

"""The lifecycle over a timeline: who is new, returning, resurrecting or dormant in each period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel.lifecycle import add_lifecycle
from leadline.timeline.question import LifecycleQuestion
from leadline.timeline.selection import select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices


class Phase(Struct, frozen=True):
    """One period: its first moment and people by state. `complete` tells whether it was over."""

    since: int
    new: int
    returning: int
    resurrecting: int
    dormant: int
    complete: bool

    @property
    def active(self) -> int:
        """Everybody active in the period."""
        return self.new + self.returning + self.resurrecting


class LifecycleResult(Struct, frozen=True):
    """The answer to a lifecycle question: a phase for every period but the first, which is only looked back to."""

    question: LifecycleQuestion
    phases: tuple[Phase, ...]


def ask_lifecycle(view: View, dictionaries: Dictionaries, question: LifecycleQuestion) -> LifecycleResult:
    """Answer a lifecycle question."""
    question = question.checked()
    selection = select(dictionaries, [question.of])
    periods = frozen(np.array(question.periods, np.int64))
    lut = frozen(selection.bits)

    def state() -> Indices:
        return np.zeros((len(periods) - 1, 4), np.int64)

    def work(own: Indices, chunk: Chunk) -> Indices:
        add_lifecycle(chunk.start, chunk.end, chunk.column("ts"), selection.codes(chunk), lut, periods, own)
        return own

    totals = np.sum(view.run(state, work), axis=0)
    return LifecycleResult(question, phases_of(question, totals.tolist()))


def phases_of(question: LifecycleQuestion, totals: list[list[int]]) -> tuple[Phase, ...]:
    """The phases of counted people: a line a period with new, returning, resurrecting and dormant ones."""
    phases = []
    for p in range(1, len(question.periods) - 1):
        new, returning, resurrecting, dormant = totals[p]
        over = question.periods[p + 1] <= question.now
        phases.append(Phase(question.periods[p], new, returning, resurrecting, dormant, over))
    return tuple(phases)

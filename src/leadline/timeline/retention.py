"""Retention over a timeline: cohorts by period, and how many of each came back when."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel.retention import add_first_retention, add_retention
from leadline.timeline.question import RetentionQuestion
from leadline.timeline.selection import select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices

_LARGEST_TABLE = 1 << 20
_MOST_BITS = 62


class Cohort(Struct, frozen=True):
    """A cohort: the first moment of its period, its people, how many came back in the k-th period (or stretch).

    The first `complete` of these are over; what follows may still grow.
    """

    since: int
    size: int
    back: tuple[int, ...]
    complete: int


class RetentionResult(Struct, frozen=True):
    """The answer to a retention question: a cohort a period."""

    question: RetentionQuestion
    cohorts: tuple[Cohort, ...]

    def share(self, k: int) -> float | None:
        """Share of people who came back in k, over all cohorts for which k is over."""
        whole = [cohort for cohort in self.cohorts if cohort.complete > k and k < len(cohort.back)]
        people = sum(cohort.size for cohort in whole)
        return sum(cohort.back[k] for cohort in whole) / people if people else None


def ask_retention(view: View, dictionaries: Dictionaries, question: RetentionQuestion) -> RetentionResult:
    """Answer a retention question."""
    question = question.checked()
    selection = select(dictionaries, [question.start, question.back])
    plain = bool((selection.bits[1:] == 3).all())
    periods = frozen(np.array(question.periods, np.int64))
    count = len(periods) - 1
    grid = _grid(question)
    lut = frozen(selection.bits)

    def state() -> tuple[Indices, Indices]:
        return np.zeros(count + 1, np.int64), np.zeros((count, question.upto + 1), np.int64)

    def work(own: tuple[Indices, Indices], chunk: Chunk) -> tuple[Indices, Indices]:
        start, end, ts, codes = chunk.start, chunk.end, chunk.column("ts"), selection.codes(chunk)
        if grid is not None:
            origin, shift, inverse, table = grid
            add_first_retention(start, end, ts, codes, lut, origin, shift, inverse, table, *own)
        else:
            add_retention(
                start, end, ts, codes, lut, plain, periods, question.width, question.kind == "recurring",
                question.unbounded, *own,
            )  # fmt: skip
        return own

    states = view.run(state, work)
    size = np.sum([own[0] for own in states], axis=0)
    back = np.sum([own[1] for own in states], axis=0)
    cohorts = [
        Cohort(int(periods[c]), int(size[c]), tuple(back[c].tolist()), _complete(question, c)) for c in range(count)
    ]
    return RetentionResult(question, tuple(cohorts))


def _grid(question: RetentionQuestion) -> tuple[int, int, float, Indices] | None:
    """Stretches of equal length that divide all periods, for the pass without branches; None where it does not fit.

    Bounds of calendar periods are whole quarters of an hour in every zone, so the table of stretches stays short.
    """
    count = len(question.periods) - 1
    if question.kind != "first" or question.width or question.unbounded or count > _MOST_BITS:
        return None
    origin = question.periods[0]
    step = math.gcd(*(bound - origin for bound in question.periods[1:]))
    shift = (step & -step).bit_length() - 1
    span = question.periods[-1] - origin
    if span // step > _LARGEST_TABLE or span >> shift >= 1 << 49:
        return None
    lengths = [(high - low) // step for low, high in pairwise(question.periods)]
    table = np.append(np.repeat(np.arange(count), lengths), count).astype(np.int64)
    return origin, shift, 1.0 / (step >> shift), frozen(table)


def _complete(question: RetentionQuestion, cohort: int) -> int:
    """For how many k everybody of a cohort has had the whole of the k-th period or stretch by `now`."""
    periods, ends = question.periods, question.periods[cohort + 1]
    if question.unbounded:
        return 0 if question.now < periods[-1] else question.upto + 1
    if question.width:
        return min(max((question.now - ends) // question.width, 0), question.upto + 1)
    over = sum(1 for bound in periods[cohort + 1 :] if bound <= question.now)
    return min(over, question.upto + 1)

"""Retention over a timeline: cohorts by period, and how many of each came back when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from leadline.errors import UsageError
from leadline.timeline.dictionary import Dictionaries
from leadline.timeline.kernel.retention import add_even_retention, add_first_retention, add_retention, add_worth
from leadline.timeline.question import EVERYTHING, RetentionQuestion
from leadline.timeline.selection import Selection, property_codes, select
from leadline.timeline.view import Chunk, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks

_LARGEST_TABLE = 1 << 20
_MOST_BITS = 62


class Cohort(Struct, frozen=True):
    """A cohort: the first moment of its period, its people, how many came back in the k-th period (or stretch).

    The first `complete` of these are over; what follows may still grow. `worth` is what their returns were worth, in
    millionths, where that was asked. `group` is the row, where people were put into rows.
    """

    since: int
    size: int
    back: tuple[int, ...]
    complete: int
    group: str | None = None
    worth: tuple[int, ...] = ()


class RetentionResult(Struct, frozen=True):
    """The answer to a retention question: a cohort a period."""

    question: RetentionQuestion
    cohorts: tuple[Cohort, ...]

    def share(self, k: int) -> float | None:
        """Share of people who came back in k, over all cohorts for which k is over."""
        whole = [cohort for cohort in self.cohorts if cohort.complete > k and k < len(cohort.back)]
        people = sum(cohort.size for cohort in whole)
        return sum(cohort.back[k] for cohort in whole) / people if people else None


def ask_retention(
    view: View, dictionaries: Dictionaries, question: RetentionQuestion, *, worth: bool = False
) -> RetentionResult:
    """Answer a retention question; `worth` adds up the value of the returns too, by k and never `unbounded`."""
    question = question.checked()
    if worth and question.unbounded:
        raise UsageError(
            "worth-unbounded",
            "Value comes back in one period each, not in it or later.",
            fix="leave unbounded out, or ask for people",
        )
    task = _Task(dictionaries, question)
    states = view.run(task.empty, task.count)
    size = np.sum([own[0] for own in states], axis=0)
    back = np.sum([own[1] for own in states], axis=0)
    value = np.sum(view.run(task.nothing, task.weigh), axis=0) if worth else None
    cohorts = [
        Cohort(
            question.periods[c],
            int(size[row, c]),
            tuple(back[row, c].tolist()),
            _complete(question, c),
            name,
            () if value is None else tuple(value[row, c].tolist()),
        )
        for row, name in enumerate(task.names)
        if not question.by or size[row].any()
        for c in range(len(question.periods) - 1)
    ]
    return RetentionResult(question, tuple(cohorts))


class _Task:
    """A question made ready for the kernels."""

    def __init__(self, dictionaries: Dictionaries, question: RetentionQuestion) -> None:
        self.question = question
        self.selection: Selection = select(dictionaries, [question.start, question.back, question.only])
        self.plain = self.selection.always(7)
        self.periods = frozen(np.array(question.periods, np.int64))
        self.grid = _grid(question)
        self.lut = frozen(self.selection.bits)
        self.names: Sequence[str | None] = (None,)
        if question.by:
            property_codes(dictionaries, question.by)
            self.names = dictionaries.values(question.by)

    def empty(self) -> tuple[Indices, Indices]:
        count = len(self.periods) - 1
        return np.zeros((len(self.names), count + 1), np.int64), self.nothing()

    def nothing(self) -> Indices:
        return np.zeros((len(self.names), len(self.periods) - 1, self.question.upto + 1), np.int64)

    def group(self, chunk: Chunk) -> Masks:
        return chunk.column(self.question.by) if self.question.by else frozen(np.empty(0, np.uint16))

    def count(self, own: tuple[Indices, Indices], chunk: Chunk) -> tuple[Indices, Indices]:
        question = self.question
        start, end, ts, codes = chunk.start, chunk.end, chunk.column("ts"), self.selection.codes(chunk)
        if self.grid is not None:
            origin, shift, inverse, table = self.grid
            if self.plain and len(table) == len(self.periods):
                add_even_retention(start, end, ts, origin, shift, inverse, *own)
                return own
            add_first_retention(start, end, ts, codes, self.lut, origin, shift, inverse, table, *own)
        else:
            add_retention(
                start, end, ts, codes, self.lut, self.plain, self.group(chunk), self.periods, question.width,
                question.kind == "recurring", question.unbounded, *own,
            )  # fmt: skip
        return own

    def weigh(self, own: Indices, chunk: Chunk) -> Indices:
        question = self.question
        add_worth(
            chunk.start, chunk.end, chunk.column("ts"), self.selection.codes(chunk), chunk.column("value"), self.lut,
            self.group(chunk), self.periods, question.width, question.kind == "recurring", own,
        )  # fmt: skip
        return own


def _grid(question: RetentionQuestion) -> tuple[int, int, float, Indices] | None:
    """Stretches of equal length that divide all periods, for the pass without branches; None where it does not fit.

    Bounds of calendar periods are whole quarters of an hour in every zone, so the table of stretches stays short.
    """
    count = len(question.periods) - 1
    special = question.width or question.unbounded or question.by or question.only != EVERYTHING
    if question.kind != "first" or special or count > _MOST_BITS:
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

"""Cohorts: who began when, and how many of them came back, or what they were still worth, some periods later.

A cell that is not over is blank: neither nothing nor a part of it. It is over when the period (or the stretch of days)
has ended for everybody in the cohort, before today and within what the sources have delivered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from leadline.errors import UsageError
from leadline.model.level import Level
from leadline.time.calendar import Calendar, Grain
from leadline.time.period import Period
from leadline.time.zone import day_start

Kind = Literal["first", "recurring"]
Measure = Literal["people", "revenue", "subscribers", "nrr", "grr"]
MEASURES: tuple[Measure, ...] = ("people", "revenue", "subscribers", "nrr", "grr")
BALANCES: tuple[Measure, ...] = ("subscribers", "nrr", "grr")
"""What is taken at the end of a period: it is asked of subscriptions, not of events."""

MONEY: tuple[Measure, ...] = ("revenue", "nrr", "grr")
_DAY = dt.timedelta(days=1)
_SHOWN = 12
_FURTHEST = 120


class CohortQuestion(Struct, frozen=True):
    """What is asked of cohorts.

    `starts` are the first days of the cohorts' periods and of `upto` more after them; there are `count` cohorts.
    `days` 0 counts k in periods of `grain`, else in stretches of so many days from each person's start. `until` is the
    first moment (naive UTC) of which nothing is known. `back` is empty for what is taken of subscriptions. At the
    `level` of accounts these stand wherever people are spoken of.
    """

    measure: Measure
    start: str
    back: str
    grain: Grain
    starts: tuple[dt.date, ...]
    count: int
    upto: int
    timezone: str
    until: dt.datetime
    kind: Kind = "first"
    unbounded: bool = False
    days: int = 0
    by: str = ""
    where: str = ""
    level: Level = "person"

    @property
    def moments(self) -> tuple[dt.datetime, ...]:
        """The first moment of each period, naive UTC."""
        return tuple(day_start(day, self.timezone) for day in self.starts)

    def complete(self, cohort: int) -> int:
        """For how many k everybody of a cohort has had the whole of the k-th period or stretch."""
        moments = self.moments
        if self.days:
            spans = (self.until - moments[cohort + 1]) // dt.timedelta(days=self.days)
            return min(max(spans, 0), self.upto + 1)
        return sum(1 for k in range(self.upto + 1) if moments[cohort + k + 1] <= self.until)


class CohortRow(Struct, frozen=True):
    """One cohort: the first day of its period, its people, and by k what came back.

    `cells` are people or amounts, None where k is not over. `base` is what shares are of: the people, of revenue that
    of k = 0, of recurring revenue that of the start; None where it is not known yet. `unfinished`: the cohort's own
    period is not over, so that more people may join it.
    """

    since: dt.date
    size: int
    cells: tuple[float | None, ...]
    base: float | None
    group: str | None = None
    unfinished: bool = False

    @property
    def shares(self) -> tuple[float | None, ...]:
        """Each cell as a share of the base; None where there is none."""
        return tuple(None if cell is None or not self.base else cell / self.base for cell in self.cells)


class CohortAnswer(Struct, frozen=True):
    """Cohorts in order of time (by row where they were broken down), with where the numbers come from.

    `notes` tell whom was left out, where accounts are followed.
    """

    question: CohortQuestion
    rows: tuple[CohortRow, ...]
    provenance: dict[str, Any]
    currency: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ks(self) -> range:
        return range(self.question.upto + 1)

    @property
    def average(self) -> tuple[float | None, ...]:
        """By k: the share of all people (or of all the base) of the cohorts for which k is over.

        Of revenue it is the amount a person. Cohorts weigh by their size: it is no mean of rates.
        """
        return tuple(self._average(k) for k in self.ks)

    def _average(self, k: int) -> float | None:
        whole = [(row.cells[k], row) for row in self.rows if row.cells[k] is not None]
        revenue = self.question.measure == "revenue"
        base = sum(row.size if revenue else row.base or 0 for _, row in whole)
        return sum(cell for cell, _ in whole if cell is not None) / base if base else None

    @property
    def groups(self) -> tuple[str | None, ...]:
        """The rows of the breakdown, largest first; one nameless where there is none."""
        sizes: dict[str | None, int] = {}
        for row in self.rows:
            sizes[row.group] = sizes.get(row.group, 0) + row.size
        return tuple(sorted(sizes, key=lambda name: (-sizes[name], name is None, name or "")))

    def of_group(self, group: str | None) -> CohortAnswer:
        """The cohorts of one row of the breakdown."""
        rows = tuple(row for row in self.rows if row.group == group)
        return CohortAnswer(self.question, rows, self.provenance, self.currency, self.notes)

    def to_dicts(self) -> list[dict[str, Any]]:
        """A mapping a cohort and k: cohort, row, size, k, value, share. Cells that are not over are None."""
        return list(self._dicts())

    def _dicts(self) -> Iterator[dict[str, Any]]:
        question = self.question
        for row in self.rows:
            group = {question.by: row.group} if question.by else {}
            for k, value, share in zip(self.ks, row.cells, row.shares, strict=True):
                yield {"cohort": row.since, **group, "size": row.size, "k": k, "value": value, "share": share}

    def to_pandas(self) -> Any:
        """The rows of `to_dicts` as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.to_dicts())

    def svg(self, *, standalone: bool = True) -> str:
        """The heat map of the first row of the breakdown (of all people where there is none)."""
        from leadline.journey.picture import cohort_svg

        return cohort_svg(self, standalone=standalone)

    def _repr_html_(self) -> str:
        from leadline.journey.picture import cohort_html

        return cohort_html(self)


def cohort_periods(
    period: Period | None, grain: Grain, upto: int, calendar: Calendar, today: dt.date
) -> tuple[tuple[dt.date, ...], int]:
    """First days of the cohorts' periods, of `upto` more and of the one after, and how many are cohorts.

    Cohorts are the periods of `grain` that begin within `period`; without one the last twelve that are over.
    """
    if period is None:
        end = calendar.floor(today, grain)
        first = calendar.shift(end, grain, -_SHOWN)
    else:
        first, end = period.start, min(period.end, today + _DAY)
    starts = [day for day in calendar.starts(first, end, grain) if day >= first] if first < end else []
    if not starts:
        raise UsageError(
            "no-cohorts",
            f"No {grain} begins in that period, up to today.",
            why="a cohort is everybody who began in one of them",
            fix="ask for a longer period, or a finer grain",
        )
    if len(starts) > _FURTHEST or upto > _FURTHEST:
        raise UsageError(
            "too-many-cohorts",
            f"{max(len(starts), upto)} {grain}s are more than {_FURTHEST}, the most that can be shown.",
            fix="ask for a shorter period, a coarser grain or a smaller --upto",
        )
    day = starts[-1]
    following = []
    for _ in range(upto + 1):
        day = calendar.shift(day, grain, 1)
        following.append(day)
    return (*starts, *following), len(starts)


def people_rows(
    question: CohortQuestion, counted: Sequence[tuple[str | None, int, int, Sequence[int], Sequence[int]]]
) -> tuple[CohortRow, ...]:
    """Rows from what a timeline counted: group, cohort, size, returns by k, and their worth by k in millionths."""
    rows = []
    for group, cohort, size, back, worth in counted:
        over = question.complete(cohort)
        revenue = question.measure == "revenue"
        values = [value / 1e6 for value in worth] if revenue else list(back)
        cells = tuple(value if k < over else None for k, value in enumerate(values))
        base = cells[0] if revenue else float(size)
        rows.append(CohortRow(question.starts[cohort], size, cells, base, group, _unfinished(question, cohort)))
    return tuple(rows)


def balance_rows(
    question: CohortQuestion,
    members: Sequence[tuple[str | None, int, int, float]],
    kept: Sequence[tuple[str | None, int, int, int, float, float]],
) -> tuple[CohortRow, ...]:
    """Rows from subscriptions: of members group, cohort, people and first MRR; of what is kept also k, and MRR twice.

    The second MRR counts no customer for more than at the start.
    """
    column = BALANCES.index(question.measure)
    began = {(group, cohort): (people, mrr) for group, cohort, people, mrr in members}
    found = {(group, cohort, k): values[column] for group, cohort, k, *values in kept}
    rows = []
    for group in sorted({group for group, _ in began}, key=lambda name: (name is None, name or "")):
        for cohort in range(question.count):
            people, mrr = began.get((group, cohort), (0, 0.0))
            over = question.complete(cohort)
            cells = tuple(
                float(found.get((group, cohort, k), 0)) if k < over else None for k in range(question.upto + 1)
            )
            base = float(people if question.measure == "subscribers" else mrr)
            start = question.starts[cohort]
            rows.append(CohortRow(start, people, cells, base, group, _unfinished(question, cohort)))
    return tuple(rows)


def _unfinished(question: CohortQuestion, cohort: int) -> bool:
    return question.moments[cohort + 1] > question.until

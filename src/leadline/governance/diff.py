"""Two ways of asking the same question, held against each other over the whole history.

The two sides differ in their definitions, in the moment of knowledge, or in both. A number that comes out of floating
arithmetic counts as the same within a billionth, for sums of fractions depend on the order they are added in; amounts
and counts are compared exactly.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leadline.errors import RefusedError, UsageError
from leadline.governance.contract import own_sources
from leadline.governance.meaning import Change, changes, meaning_parts
from leadline.governance.moved import Moved, moved_records
from leadline.model.infer import meaning_of
from leadline.plan.query import Query
from leadline.plan.result import Result, ResultColumn, Value
from leadline.workspace import Workspace

Key: TypeAlias = tuple[dt.date | None, tuple[Value, ...]]
Kind = Literal["changed", "new", "gone", "restated"]
_CLOSE = 1e-9
_OWN_PARTS = ("formula", "unit", "better")


class Side(Struct, frozen=True):
    """One way of asking: under these definitions, as known at a moment (None: now)."""

    name: str
    space: Workspace
    as_known_at: str | dt.datetime | None = None


class Asked(Struct, frozen=True):
    """What is asked of both sides."""

    grain: str = "month"
    by: tuple[str, ...] = ()
    period: str | None = None
    where: str | None = None
    records: int = 5


class Cell(Struct, frozen=True):
    """A number that differs: its period and dimension values, and what each side says."""

    period: dt.date | None
    members: tuple[Value, ...]
    was: Value
    now: Value

    @property
    def difference(self) -> Value:
        return difference(self.was, self.now)


class MetricDiff(Struct, frozen=True):
    """A metric on both sides.

    `was` and `now` are over all the time asked for, None where that has no one number; `cells` those that differ, of
    `compared` in all. `changes` are parts of the meaning that are not what they were; `direct`: its own formula is
    among them, else it changes with what it stands on. `problem` says what kept a side from answering.
    """

    id: str
    label: str
    kind: Kind
    unit: str = ""
    currency: str = ""
    changes: tuple[Change, ...] = ()
    direct: bool = True
    was: Value = None
    now: Value = None
    columns: tuple[ResultColumn, ...] = ()
    cells: tuple[Cell, ...] = ()
    compared: int = 0
    moved: tuple[Moved, ...] = ()
    problem: str = ""

    @property
    def difference(self) -> Value:
        return difference(self.was, self.now)

    @property
    def differs(self) -> bool:
        return bool(self.cells) or not same(self.was, self.now)


class Diff(Struct, frozen=True):
    """Two sides held against each other, metric by metric, those that differ in themselves first."""

    old: str
    new: str
    asked: Asked
    metrics: tuple[MetricDiff, ...]


def touched(old: Workspace, new: Workspace) -> dict[str, tuple[Change, ...]]:
    """The metrics that do not mean the same in two workspaces, with what is different; of new and gone ones all is."""
    sources = [own_sources(space.project) for space in (old, new)]
    found: dict[str, tuple[Change, ...]] = {}
    for name in dict.fromkeys((*new.metrics, *old.metrics)):
        was, now = (
            meaning_parts(space.metrics[name], space.project, mapped) if name in space.metrics else {}
            for space, mapped in zip((old, new), sources, strict=True)
        )
        different = changes(was, now)
        if different:
            found[name] = different
    return found


def diff_definitions(old: Side, new: Side, asked: Asked, only: Sequence[str] = ()) -> Diff:
    """All metrics that mean something else on the new side, or `only` some of them, on both sides."""
    different = touched(old.space, new.space)
    for name in only:
        if name not in old.space.metrics and name not in new.space.metrics:
            from leadline.errors import unknown

            raise unknown("metric", name, new.space.metrics, fix="list them with `leadline metrics`")
    chosen = {name: found for name, found in different.items() if not only or name in only}
    found = [diff_metric(name, old, new, asked, parts) for name, parts in chosen.items()]
    found.sort(key=lambda one: (not one.direct, not one.differs))
    return Diff(old.name, new.name, asked, tuple(found))


def diff_metric(name: str, old: Side, new: Side, asked: Asked, parts: tuple[Change, ...] = ()) -> MetricDiff:
    """A metric on both sides: totals, the cells that differ, the records that moved."""
    sides = [side for side in (old, new) if name in side.space.metrics]
    metric = sides[-1].space.metrics[name]
    kind: Kind = "changed" if parts else "restated"
    if len(sides) == 1:
        kind = "new" if sides[0] is new else "gone"
    direct = kind != "changed" or any(one.part in _OWN_PARTS or one.part.startswith("until ") for one in parts)
    found = MetricDiff(name, metric.label, kind, changes=parts if kind == "changed" else (), direct=direct)
    try:
        grids = [grid_of(side, [name], asked) for side in sides]
        newest = grids[-1]
        column = newest.columns[-1]
        found = replace(
            found, columns=newest.columns, unit=column.unit, currency=column.currency, compared=len(newest.rows)
        )
        was, now = (_total(side, name, asked) if side in sides else None for side in (old, new))
        found = replace(found, was=was, now=now)
        if len(sides) == 1:
            return found
        cells = differing(cells_of(grids[0], name), cells_of(newest, name), absent_in(sides, name))
        found = replace(found, cells=tuple(cells))
        moved: tuple[Moved, ...] = ()
        if asked.records and (cells or not same(was, now)):
            moved = _moved(name, old, new, asked)
        return replace(found, moved=moved)
    except (RefusedError, UsageError) as error:
        return replace(found, problem=f"{error.what} {error.why}".strip())


def grid_of(side: Side, names: Sequence[str], asked: Asked) -> Result:
    """Metrics by period and breakdown on one side."""
    return _run(side, names, asked, asked.grain, asked.by)


def _run(side: Side, names: Sequence[str], asked: Asked, grain: str, by: Sequence[str]) -> Result:
    return side.space.run(side.space.compile(question(side, names, asked, grain, by)))


def question(side: Side, names: Sequence[str], asked: Asked, grain: str, by: Sequence[str]) -> Query:
    """The query of one side."""
    return side.space.ask(
        names, by=by, grain=grain, period=asked.period, where=asked.where, as_known_at=side.as_known_at
    )


def _total(side: Side, name: str, asked: Asked) -> Value:
    """A metric over all the time asked for; None where that has no one number."""
    try:
        result = _run(side, [name], asked, "none", ())
    except RefusedError:
        return None
    return result.rows[0][-1] if result.rows else None


def _moved(name: str, old: Side, new: Side, asked: Asked) -> tuple[Moved, ...]:
    """The records of each side alone, where the metric has records over all the time asked for."""
    try:
        was, now = ((side.space, _run(side, [name], asked, "none", ())) for side in (old, new))
        return moved_records(was, now, name, asked.records, same_data=old.as_known_at == new.as_known_at)
    except RefusedError:
        return ()


def cells_of(result: Result, name: str) -> dict[Key, Value]:
    """A metric's numbers by period and members."""
    at = result.names.index(name)
    time = next((i for i, column in enumerate(result.columns) if column.kind == "time"), None)
    members = [i for i, column in enumerate(result.columns) if column.kind == "dimension"]
    found: dict[Key, Value] = {}
    for row in result.rows:
        period = row[time] if time is not None else None
        found[period if isinstance(period, dt.date) else None, tuple(row[i] for i in members)] = row[at]
    return found


def absent_in(sides: Sequence[Side], name: str) -> Value:
    """What a number is where a side has no row for it: nought of what adds up, else none."""
    spaces = [side.space for side in sides]
    kinds = [meaning_of(space.metrics[name], space.metrics, space.facts).additivity for space in spaces]
    return 0 if all(kind == "additive" for kind in kinds) else None


def differing(was: Mapping[Key, Value], now: Mapping[Key, Value], absent: Value = None) -> list[Cell]:
    """The cells that differ, in order; `absent` stands for those one side has no row for."""
    keys: Iterable[Key] = dict.fromkeys((*was, *now))
    cells = [Cell(key[0], key[1], was.get(key, absent), now.get(key, absent)) for key in keys]
    found = [cell for cell in cells if not same(cell.was, cell.now)]
    return sorted(found, key=lambda cell: (cell.period or dt.date.min, [str(member) for member in cell.members]))


def same(was: Value, now: Value) -> bool:
    """Whether two values are one number. Nought and nothing are: both say that nothing was counted."""
    if isinstance(was, float) or isinstance(now, float):
        if was is None or now is None:
            return was is now
        return math.isclose(float(was), float(now), rel_tol=_CLOSE, abs_tol=0.0)  # type: ignore[arg-type]
    return was == now or {was, now} == {None, 0}


def difference(was: Value, now: Value) -> Value:
    """now - was, exact as long as both are; None when a side has no value."""
    if was is None or now is None or isinstance(was, str | dt.date) or isinstance(now, str | dt.date):
        return None
    if isinstance(was, float) or isinstance(now, float):
        return float(now) - float(was)
    return Decimal(now) - Decimal(was) if isinstance(was, Decimal) or isinstance(now, Decimal) else now - was

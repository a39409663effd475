"""Restatements: the same definitions at two moments of knowledge, and the loads that moved the numbers between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leadline.governance.diff import (
    Asked,
    Cell,
    Diff,
    Key,
    MetricDiff,
    Side,
    absent_in,
    cells_of,
    diff_metric,
    differing,
    grid_of,
)
from leadline.model import tree
from leadline.model.infer import facts_of
from leadline.model.metric import expand, stands_on
from leadline.plan.result import Value
from leadline.warehouse.undo import UNDONE
from leadline.workspace import Workspace

_RATES = "fx_rate"
Grids = Mapping[str, Mapping[Key, Value]]


class Delivered(Struct, frozen=True):
    """A load: when it was committed (naive UTC), from where, and what it did to each fact, in rows."""

    id: int
    at: dt.datetime
    source: str
    origin: str
    did: tuple[tuple[str, str], ...]
    undo: bool = False


class Effect(Struct, frozen=True):
    """What a load did to numbers: the cells that were others after it, by metric."""

    load: Delivered
    cells: tuple[tuple[str, Cell], ...]


class Restatement(Struct, frozen=True):
    """The same metrics at two moments, and the loads that made the difference, oldest first.

    From load to load the differences add up: what is in `diff` is what all of `effects` did, one after another.
    """

    diff: Diff
    effects: tuple[Effect, ...]
    loads: int


def restate(space: Workspace, names: Sequence[str], old: Side, new: Side, asked: Asked) -> Restatement:
    """What metrics were as known at one moment, and at a later one, under the definitions of `space`."""
    found = [diff_metric(name, old, new, asked) for name in names]
    moved = [one.id for one in found if one.cells and not one.problem]
    first = space.load_at(old.as_known_at) if old.as_known_at is not None else None
    last = space.load_at(new.as_known_at) if new.as_known_at is not None else None
    loads = _loads(space, names, first, last)
    effects: list[Effect] = []
    if moved and loads:
        walk = _Walk(space, moved, asked)
        effects = walk.effects(walk.grids(old.as_known_at), walk.grids(new.as_known_at), loads)
    found.sort(key=lambda one: not one.differs)
    return Restatement(Diff(old.name, new.name, asked, tuple(found)), tuple(effects), len(loads))


class _Walk:
    """Finds the loads that moved numbers, by halves: a stretch of loads after which nothing differs is passed over."""

    def __init__(self, space: Workspace, names: Sequence[str], asked: Asked) -> None:
        self.space = space
        self.side = Side("", space)
        self.names = names
        self.asked = asked

    def grids(self, moment: str | dt.datetime | None) -> Grids:
        """Every metric's numbers as known at a moment."""
        found = {}
        for name in self.names:
            result = grid_of(replace(self.side, as_known_at=moment), [name], self.asked)
            found[name] = cells_of(result, name)
        return found

    def effects(self, before: Grids, after: Grids, loads: Sequence[Delivered]) -> list[Effect]:
        """The loads that lead from one state of the numbers to another."""
        cells = [
            (name, cell)
            for name in self.names
            for cell in differing(before[name], after[name], absent_in([self.side], name))
        ]
        if not cells:
            return []
        if len(loads) == 1:
            return [Effect(loads[0], tuple(cells))]
        half = len(loads) // 2
        between = self.grids(loads[half - 1].at.replace(tzinfo=dt.UTC))
        return [*self.effects(before, between, loads[:half]), *self.effects(between, after, loads[half:])]


def _loads(space: Workspace, names: Sequence[str], first: int | None, last: int | None) -> list[Delivered]:
    """Loads after one and up to another that changed what the metrics read."""
    metrics = space.metrics
    family = dict.fromkeys(other for name in names for other in (name, *stands_on(metrics[name], metrics)))
    formulas = [
        formula
        for name in family
        for formula in (metrics[name].tree, *(version.tree for version in metrics[name].versions))
    ]
    facts = {fact for one in formulas for part in tree.measures_of(expand(one, metrics)) for fact in facts_of(part)}
    facts |= {lookup.table for lookup in space.project.lookups} | {_RATES}
    rows = (
        space.warehouse()
        .ledger()
        .execute(
            "SELECT l.id, l.ended_at, l.source, l.origin, l.mapping, m.fact, sum(m.inserted), sum(m.updated), "
            "sum(m.removed) FROM ledger.load l JOIN ledger.merge m ON m.load = l.id "
            "WHERE l.status = 'loaded' AND l.id > ? AND l.id <= ? AND m.inserted + m.updated + m.removed > 0 "
            "GROUP BY ALL ORDER BY l.id, m.fact",
            [first or 0, last if last is not None else 2**62],
        )
    )
    found: dict[int, Delivered] = {}
    for load, at, source, origin, mapping, fact, *counts in rows.fetchall():
        if fact in facts:
            known = found.get(load) or Delivered(load, at, source, origin, (), mapping == UNDONE)
            found[load] = replace(known, did=(*known.did, (fact, _did(counts))))
    return list(found.values())


def _did(counts: Sequence[int]) -> str:
    words = zip(counts, ("new", "changed", "gone"), strict=True)
    return ", ".join(f"{int(count):,} {word}" for count, word in words if count)


def both_ways(definitions: Diff, data: Restatement) -> list[dict[str, Any]]:
    """Of each metric that means something else: how much of its change is the data's, how much the definition's."""
    restated: dict[str, MetricDiff] = {one.id: one for one in data.diff.metrics}
    return [
        {
            "metric": one.id,
            "was": restated[one.id].was,
            "by_data": restated[one.id].difference,
            "by_definition": one.difference,
            "now": one.now,
        }
        for one in definitions.metrics
        if one.id in restated
    ]

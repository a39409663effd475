"""What planning needs to know of the facts: rows, currencies, times and how far each source speaks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from leadline.model.clock import SourceClock
from leadline.model.fact import Fact
from leadline.plan.query import FactState, SourceState
from leadline.time.zone import offset_at
from leadline.warehouse.deliveries import DELIVERY, delivery_state

if TYPE_CHECKING:
    from leadline.warehouse.store import Warehouse


def read_states(
    warehouse: Warehouse, facts: Mapping[str, Fact], timezone: str, clocks: Mapping[str, SourceClock]
) -> dict[str, FactState]:
    """The ledger's knowledge by fact; what sources cover is told in local time, for days are local."""
    # Two plain reads: joined and grouped, the same costs the database three times as much to plan.
    spans: dict[tuple[str, str], set[tuple[dt.datetime, dt.datetime]]] = {}
    covered = warehouse.con.execute("SELECT load, fact, source, first, last FROM ledger.coverage").fetchall()
    for _, fact, source, first, last in covered:
        spans.setdefault((fact, source), set()).add((first, last))
    states: dict[str, list[SourceState]] = {}
    rows = warehouse.con.execute(
        "SELECT fact, source, row_count, currencies, times FROM ledger.state WHERE row_count > 0"
    ).fetchall()
    for fact, source, count, currencies, times in sorted(rows):
        bounds = {name: (_moment(low), _moment(high)) for name, (low, high) in msgspec.json.decode(times).items()}
        if fact not in facts:
            continue
        stretches = sorted(spans.get((fact, source), ()))
        low, high = bounds.get(facts[fact].time, (None, None))
        begins = min((at for at in (*(first for first, _ in stretches), low) if at is not None), default=None)
        reaches = max((at for at in (*(last for _, last in stretches), high) if at is not None), default=None)
        if facts[fact].column(facts[fact].time).type == "timestamp":
            begins, reaches = (at and at + offset_at(at, timezone) for at in (begins, reaches))
            stretches = [
                (first + offset_at(first, timezone), last + offset_at(last, timezone)) for first, last in stretches
            ]
        clock = clocks.get(source, SourceClock())
        states.setdefault(fact, []).append(
            SourceState(
                source,
                count,
                tuple(currencies),
                bounds,
                begins,
                reaches,
                tuple(sorted((start.date(), end.date()) for start, end in stretches)),
                clock.lag,
                clock.begins,
            )
        )
    told = delivery_state(warehouse.con, {(load, fact): last for load, fact, _, _, last in covered})
    if told is not None:
        states.setdefault(DELIVERY, []).append(told)
    return {fact: FactState(tuple(sources)) for fact, sources in states.items()}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None

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
    rows = warehouse.con.execute(
        "SELECT s.fact, s.source, s.row_count, s.currencies, s.times, c.first, c.last, coalesce(c.stretches, []) "
        "FROM ledger.state s LEFT JOIN (SELECT fact, source, min(first) AS first, max(last) AS last, "
        "list(DISTINCT [first, last]) AS stretches FROM ledger.coverage GROUP BY ALL) c "
        "ON c.fact = s.fact AND c.source = s.source WHERE s.row_count > 0 ORDER BY s.fact, s.source"
    ).fetchall()
    states: dict[str, list[SourceState]] = {}
    for fact, source, count, currencies, times, first, last, stretches in rows:
        bounds = {name: (_moment(low), _moment(high)) for name, (low, high) in msgspec.json.decode(times).items()}
        if fact not in facts:
            continue
        low, high = bounds.get(facts[fact].time, (None, None))
        begins = min((at for at in (first, low) if at is not None), default=None)
        reaches = max((at for at in (last, high) if at is not None), default=None)
        if facts[fact].column(facts[fact].time).type == "timestamp":
            begins, reaches = (at and at + offset_at(at, timezone) for at in (begins, reaches))
            stretches = [[at + offset_at(at, timezone) for at in pair] for pair in stretches]
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
    told = delivery_state(warehouse.con)
    if told is not None:
        states.setdefault(DELIVERY, []).append(told)
    return {fact: FactState(tuple(sources)) for fact, sources in states.items()}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None

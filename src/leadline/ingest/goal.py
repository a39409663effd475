"""Goals of files become rows of the fact `goal`: one delivery whenever the files have changed, none otherwise.

So pace, attainment and a question about goals of last month as known then all read the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from leadline.model.fact import Fact
from leadline.model.goal import FACT, Goal, measured_by, segment_columns
from leadline.model.infer import meaning_of
from leadline.model.metric import Metric
from leadline.sql.name import literal, quote
from leadline.warehouse.goal import SOURCE

if TYPE_CHECKING:
    from leadline.warehouse import Warehouse


def load_goals(
    warehouse: Warehouse,
    goals: Sequence[Goal],
    content: str,
    mapping: str,
    *,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    tables: Mapping[str, Fact],
    currency: str,
) -> None:
    """Deliver goals; those of an earlier delivery that are not among them end. Money without a currency is in
    `currency`."""
    dimensions = segment_columns(tables)
    columns = ("date", "ends", "metric", *dimensions, "currency", "target", "_line", "_key")
    types = (
        "DATE",
        "DATE",
        "VARCHAR",
        *["VARCHAR"] * len(dimensions),
        "VARCHAR",
        "DECIMAL(18, 6)",
        "BIGINT",
        "VARCHAR",
    )
    rows = []
    for goal in goals:
        segment = dict(goal.segment)
        unit = meaning_of(metrics[measured_by(goal.metric)], metrics, facts).unit
        own = goal.currency or (currency if unit == "money" else "")
        key = "\x1f".join([goal.metric, goal.start.isoformat(), goal.end.isoformat(), *map("=".join, goal.segment)])
        rows.append(
            (goal.start.isoformat(), goal.end.isoformat(), goal.metric, *(segment.get(name) for name in dimensions),
             own or None, format(goal.target, "f"), str(goal.line), key)
        )  # fmt: skip
    none = tuple(None for _ in columns)
    selects = [_select(row, columns, types) for row in rows] or [_select(none, columns, types) + " WHERE false"]
    with warehouse.load(SOURCE, "goals", content, mapping) as load:
        load.merge(FACT, " UNION ALL ".join(selects), "snapshot")
        if goals:
            load.cover(FACT, min(goal.start for goal in goals), max(goal.start for goal in goals))


def _select(row: Sequence[str | None], columns: Sequence[str], types: Sequence[str]) -> str:
    cells = (
        f"CAST({'NULL' if value is None else literal(value)} AS {kind}) AS {quote(name)}"
        for value, name, kind in zip(row, columns, types, strict=True)
    )
    return f"SELECT {', '.join(cells)}"

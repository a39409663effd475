"""The time between consecutive moments of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.plan.leg import Gaps

if TYPE_CHECKING:
    from leadline.sql.render import Renderer


def gap_sql(renderer: Renderer, leg: Gaps) -> str:
    """One row a group: the percentile of the gaps that end in the period.

    The measure's own condition says which moments follow each other; the query's filter, which of the later ones count.
    """
    fact, measure = renderer.facts[leg.fact], leg.measure
    time, entity = renderer.quote(fact.time), renderer.quote(fact.entity)
    sequence = [f"{entity} IS NOT NULL"]
    if measure.where is not None:
        sequence.append(renderer.row(measure.where, fact, 3))
    source = (
        f"(\n  SELECT *, lag({time}) OVER (\n    PARTITION BY {entity} ORDER BY {time}, _source, _key, _line) "
        "AS moment_before\n"
        f"  FROM {renderer.source(leg.fact)}\n  WHERE {' AND '.join(sequence)}\n) AS sequence"
    )
    conditions = [
        f"moment_before < {time}",
        *renderer.within(fact.time, fact, leg.spans, leg.timezone),
        *renderer.conditions(leg.where, fact),
    ]
    groups = renderer.groups(leg, renderer.bucket(fact.time, fact, leg) if leg.grain else "")
    length = renderer.percentile(renderer.duration("moment_before", time, measure.unit), measure.share, "")
    return renderer.select([*groups, f"{length} AS {leg.alias}"], source, conditions, len(groups))

"""What a balance gained and lost over each period, by what happened to each entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.plan.leg import Moves

if TYPE_CHECKING:
    from leadline.model.tree import MovementKind
    from leadline.sql.render import Renderer

_AMOUNT: dict[MovementKind, str] = {
    "new": "CASE WHEN opening = 0 AND held_before = 0 THEN closing ELSE 0 END",
    "reactivation": "CASE WHEN opening = 0 AND held_before = 1 THEN closing ELSE 0 END",
    "churned": "CASE WHEN closing = 0 THEN opening ELSE 0 END",
    "expansion": "CASE WHEN opening > 0 AND closing > opening THEN closing - opening ELSE 0 END",
    "contraction": "CASE WHEN closing > 0 AND closing < opening THEN opening - closing ELSE 0 END",
}


def movement_sql(renderer: Renderer, leg: Moves) -> str:
    """One row a group: the sum of each kind of movement from the start to the end of each period.

    An entity is followed within each combination of the breakdown: one that changes its plan leaves the old and joins
    the new. A row holds at a moment when it started before it and ended at it or later.
    """
    fact = renderer.facts[leg.fact]
    measure = leg.measures[0][1]
    starts, ends, entity = renderer.quote(fact.starts), renderer.quote(fact.ends), renderer.quote(fact.entity)
    moments = [
        (
            renderer.date(label),
            renderer.moment(fact, fact.starts, first, leg.timezone),
            renderer.moment(fact, fact.starts, end, leg.timezone),
        )
        for (first, end), (label, _) in zip(leg.spans, renderer.period_ends(leg), strict=True)
    ]
    conditions = [f"{entity} IS NOT NULL", *renderer.conditions(leg.where, fact)]
    if measure.where is not None:
        conditions.append(renderer.row(measure.where, fact, 3))
    value = renderer.row(measure.value, fact, 0)

    def held(moment: str) -> str:
        return f"{starts} < {moment} AND ({ends} IS NULL OR {ends} >= {moment})"

    groups = renderer.groups(leg, "period_start" if leg.grain else "")
    source = (
        f"{renderer.table('period_edge', ('period_start', 'period_opens', 'period_closes'), moments)}\n"
        f"JOIN {renderer.source(leg.fact)} AS item\n  ON {starts} < period_closes"
    )
    held_value = renderer.select(
        [
            *groups,
            f"{entity} AS entity",
            f"coalesce(sum(CASE WHEN {held('period_opens')} THEN {value} END), 0) AS opening",
            f"coalesce(sum(CASE WHEN {held('period_closes')} THEN {value} END), 0) AS closing",
            f"max(CASE WHEN {starts} < period_opens AND {value} > 0 THEN 1 ELSE 0 END) AS held_before",
        ],
        source,
        conditions,
        len(groups) + 1,
    )
    names = [*(["period"] if leg.grain else []), *map(renderer.quote, leg.by), *(["currency_"] if leg.currency else [])]
    columns = [f"sum({_AMOUNT[move.kind]}) AS {alias}" for alias, move in leg.measures]
    body = renderer.select([*names, *columns], "held", [], len(names))
    return f"WITH held AS (\n{held_value}\n)\n{body}"

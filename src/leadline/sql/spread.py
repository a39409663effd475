"""The mean over the days of a period: the measure for each day, added up; the plan divides by the days that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.plan.leg import Spread

if TYPE_CHECKING:
    from leadline.sql.render import Renderer


def spread_sql(renderer: Renderer, leg: Spread) -> str:
    """One row a group: the sum of the measure's values over the days (weeks, …) of the period."""
    fact, measure = renderer.facts[leg.fact], leg.measure
    time = leg.measure.of.at or fact.time
    is_date = fact.column(time).type == "date"
    local = renderer.local(renderer.quote(time), leg, date=is_date)
    conditions = [*renderer.within(time, fact, leg.spans, leg.timezone), *renderer.conditions(leg.where, fact)]
    if measure.of.where is not None:
        conditions.append(renderer.row(measure.of.where, fact, 3))
    groups = renderer.groups(leg, renderer.bucket(time, fact, leg) if leg.grain else "")
    part = f"{renderer.truncate(measure.grain, local, leg)} AS part"
    value = f"{renderer.aggregate(measure.of, fact, bare=True)} AS of_part"
    parts = renderer.select([*groups, part, value], renderer.source(leg.fact), conditions, len(groups) + 1)
    names = [*(["period"] if leg.grain else []), *map(renderer.quote, leg.by), *(["currency_"] if leg.currency else [])]
    body = renderer.select([*names, f"sum(of_part) AS {leg.alias}"], "each_part", [], len(names))
    return f"WITH each_part AS (\n{parts}\n)\n{body}"

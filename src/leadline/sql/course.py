"""How long it takes from one step to the next, with those still under way censored.

Product-limit estimate (E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53, 1958): at each
time at which somebody arrived, the share still under way shrinks by those who arrived over those who were under way
just before. The answer is the first time at which the wanted share has arrived, or the middle between it and the next
arrival when exactly that share has, so that without censoring the median is the plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.plan.leg import Course

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

_CLOSE = 1e-9
_NOBODY_LEFT = -1e6  # its exponential is zero


def course_sql(renderer: Renderer, leg: Course) -> str:
    """One row a group: the time, and the shortest time that somebody has been under way without arriving."""
    measure = leg.measure
    target = renderer.facts[measure.end.fact]
    then = renderer.quote(measure.end.at or target.time)
    arrivals = [f"{renderer.quote(target.entity)} IS NOT NULL", f"{then} IS NOT NULL"]
    if measure.end.where is not None:
        arrivals.append(renderer.row(measure.end.where, target, 3))
    keys = [*(["period"] if leg.grain else []), *map(renderer.quote, leg.by)]
    key = "".join(f"{name}, " for name in keys)
    within = f"PARTITION BY {', '.join(keys)} " if keys else ""
    assert leg.seen is not None
    seen = renderer.timestamp(leg.seen)
    took = renderer.duration("began", "arrived", measure.unit)
    so_far = renderer.duration("began", f"CASE WHEN began > {seen} THEN began ELSE {seen} END", measure.unit)
    left = 1 - measure.share
    arrived = f"CASE WHEN arrivals > 0 AND under_way <= {left + _CLOSE!r} THEN took END"
    after = f"CASE WHEN arrivals > 0 AND under_way < {left - _CLOSE!r} THEN took END"
    value = f"(min({arrived}) + coalesce(min({after}), min({arrived}))) / 2"
    groups = renderer.groups(leg, "period" if leg.grain else "")
    body = renderer.select(
        [
            *groups,
            f"{value} AS {leg.alias}",
            f"min(CASE WHEN people > arrivals THEN took END) AS {leg.alias}_open",
        ],
        "estimate",
        [],
        len(groups),
    )
    return (
        f"WITH {renderer.started(leg, measure.start)},\n"
        f"reached AS (\n  SELECT {renderer.quote(target.entity)} AS entity, {then} AS happened\n"
        f"  FROM {renderer.source(target.name)}\n  WHERE {' AND '.join(arrivals)}\n),\n"
        f"followed AS (\n  SELECT {key}started.entity, began, min(happened) AS arrived\n"
        "  FROM started LEFT JOIN reached ON reached.entity = started.entity AND happened >= began\n"
        f"  WHERE nth = 1\n  GROUP BY {key}started.entity, began\n),\n"
        f"timed AS (\n  SELECT {key}CASE WHEN arrived IS NOT NULL THEN {took}\n    ELSE {so_far} END AS took,\n"
        "    CASE WHEN arrived IS NOT NULL THEN 1 ELSE 0 END AS has_arrived\n  FROM followed\n),\n"
        f"at_time AS (\n  SELECT {key}took, sum(has_arrived) AS arrivals, count(*) AS people\n"
        f"  FROM timed\n  GROUP BY {key}took\n),\n"
        f"risk AS (\n  SELECT {key}took, arrivals, people,\n"
        f"    sum(people) OVER ({within}ORDER BY took DESC) AS at_risk\n  FROM at_time\n),\n"
        f"estimate AS (\n  SELECT {key}took, arrivals, people,\n"
        f"    exp(sum(CASE WHEN arrivals = at_risk THEN {_NOBODY_LEFT!r} ELSE ln(1 - arrivals * 1.0 / at_risk) END)\n"
        f"      OVER ({within}ORDER BY took)) AS under_way\n  FROM risk\n)\n{body}"
    )

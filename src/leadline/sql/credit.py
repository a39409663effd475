"""Conversions credited to the touches before them: rule-based models as one statement.

Credit of a conversion adds up to its value: what no touch preceded stays on one row without a touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import TOUCHES
from leadline.model.tree import Row
from leadline.plan.leg import Credits
from leadline.plan.span import time_column

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

HALF_LIFE_DAYS = 7
_DAY = "days"


def person_column(fact: Fact) -> str:
    """The column that says whose conversion a row is; refused for facts that belong to nobody."""
    if fact.has("person_id"):
        return "person_id"
    if fact.entity:
        return fact.entity
    raise RefusedError(
        "no-entity",
        f"Rows of {fact.name} cannot be credited to touches.",
        why="they belong to nobody whose touches could be known",
        fix="credit deals, orders or stage entries",
    )


def credit_sql(renderer: Renderer, leg: Credits) -> str:
    """One row a group: the credited sum or count. Breakdowns name columns of the touch where it has them."""
    groups = [
        *(["period"] if leg.grain else []),
        *map(renderer.quote, leg.by),
        *(["currency_"] if leg.currency else []),
    ]
    ctes, kept = credit_parts(renderer, leg)
    value = f"sum(converted_value * share_of_credit) AS {leg.alias}"
    return ctes + renderer.select([*groups, value], "credit", kept, len(groups))


def credit_parts(
    renderer: Renderer, leg: Credits, cell: tuple[Row, ...] = (), carried: str = ""
) -> tuple[str, list[str]]:
    """The WITH clause that ends in `credit`, a row a conversion and touch, and the conditions on it.

    `cell` are dimension values as `leg.where` is: of the touch where it has the column, else of the conversion.
    `carried` are further columns of the conversion, each followed by a comma.
    """
    fact, touch, measure = renderer.facts[leg.fact], renderer.facts[TOUCHES], leg.measure
    time = time_column(measure, renderer.facts)
    conditions = [f"{renderer.quote(time)} IS NOT NULL", *renderer.within(time, fact, leg.spans, leg.timezone)]
    if measure.of.where is not None:
        conditions.append(renderer.row(measure.of.where, fact, 3))
    of_touch = [name for name in leg.by if touch.has(name)]
    of_conversion = [name for name in leg.by if not touch.has(name)]
    kept = []
    for row in (*leg.where, *cell):
        if all(touch.has(name) for name in tree.columns_of(row)):
            kept.append(row)
        else:
            conditions += renderer.conditions((row,), fact)
    if measure.where is not None:
        kept.append(measure.where)
    read = dict.fromkeys([*of_touch, *(name for row in kept for name in tree.columns_of(row)), "channel", "touched_at"])
    touched = ", ".join(map(renderer.quote, read))
    bucket = f"{renderer.bucket(time, fact, leg)} AS period, " if leg.grain else ""
    money = "currency AS currency_, " if leg.currency else ""
    own = "".join(f"{renderer.quote(name)}, " for name in of_conversion)
    value = "1" if isinstance(measure.of, tree.Count) else renderer.row(measure.of.value, fact, 0)
    assert measure.days is not None
    meets = " AND ".join(renderer.conditions(tuple(kept), touch)) or "TRUE"
    weight, helpers = _weight(measure.model, renderer, meets, of_touch)
    ctes = (
        f"WITH conversion AS (\n  SELECT {bucket}{own}{money}{carried}{renderer.quote(person_column(fact))} AS person, "
        f"{renderer.quote(time)} AS converted_at,\n    {value} AS converted_value,\n"
        "    row_number() OVER (ORDER BY _source, _key, _line) AS conversion\n"
        f"  FROM {renderer.source(leg.fact)}\n  WHERE {' AND '.join(conditions)}\n),\n"
        f"touchpoint AS (\n  SELECT person_id AS touched, {touched},\n"
        "    row_number() OVER (ORDER BY touched_at, _source, _key, _line) AS touch_order\n"
        f"  FROM {renderer.source(TOUCHES)}\n  WHERE person_id IS NOT NULL\n),\n"
        f"path AS (\n  SELECT conversion.*, touchpoint.*{helpers},\n"
        "    row_number() OVER (PARTITION BY conversion ORDER BY touch_order) AS nth,\n"
        "    count(touched_at) OVER (PARTITION BY conversion) AS touches\n"
        "  FROM conversion LEFT JOIN touchpoint ON touched = person AND touched_at <= converted_at\n"
        f"    AND touched_at >= converted_at - {renderer.span_of(measure.days)}\n),\n"
        f"credit AS (\n  SELECT path.*, CASE WHEN touches = 0 THEN 1.0 ELSE {weight} END AS share_of_credit\n"
        "  FROM path\n)\n"
    )
    return ctes, renderer.conditions(tuple(kept), touch)


def _weight(model: str, renderer: Renderer, meets: str, dimensions: list[str]) -> tuple[str, str]:
    """The share of credit of a touch that has `touches` beside it, and the columns it needs on the path."""
    match model:
        case "any":
            each = ", ".join(["conversion", *map(renderer.quote, dimensions), f"CASE WHEN {meets} THEN 1 ELSE 0 END"])
            helper = f",\n    row_number() OVER (PARTITION BY {each} ORDER BY touch_order) AS nth_of_its_kind"
            return "CASE WHEN nth_of_its_kind = 1 THEN 1.0 ELSE 0.0 END", helper
        case "first":
            return "CASE WHEN nth = 1 THEN 1.0 ELSE 0.0 END", ""
        case "last":
            return "CASE WHEN nth = touches THEN 1.0 ELSE 0.0 END", ""
        case "last_non_direct":
            known = "CASE WHEN channel IS NULL OR channel <> 'Direct' THEN touch_order END"
            helper = f",\n    max({known}) OVER (PARTITION BY conversion) AS last_known"
            return (
                "CASE WHEN coalesce(touch_order = last_known, nth = touches) THEN 1.0 ELSE 0.0 END",
                helper,
            )
        case "linear":
            return "1.0 / touches", ""
        case "position":
            return (
                "CASE WHEN touches = 1 THEN 1.0 WHEN touches = 2 THEN 0.5 WHEN nth IN (1, touches) THEN 0.4 "
                "ELSE 0.2 / (touches - 2) END",
                "",
            )
        case _:
            age = renderer.duration("touched_at", "converted_at", _DAY)
            decay = f"power(0.5, {age} / {HALF_LIFE_DAYS}.0)"
            helper = f",\n    {decay} AS decay,\n    sum({decay}) OVER (PARTITION BY conversion) AS decay_of_all"
            return "decay / decay_of_all", helper

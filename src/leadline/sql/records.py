"""The rows of a fact that a leg counts: the drill from a number to its records, for every kind of leg.

The dimension values of the cell are given apart from the leg's filter, for they narrow at another moment: a cohort
counts an entity where its *first* step was, a balance an item where its *last* reading was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Column, Fact
from leadline.model.tree import Row
from leadline.plan.leg import Balance, Cohort, Course, Credits, Gaps, Leg, Moves, Scan, Spread
from leadline.sql.relation import RATE_COLUMNS, leg_time, words_of

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

PLACE_COLUMNS = ("_source", "_load", "_line")


class Behind(Struct, frozen=True):
    """Where a leg's rows come from: a WITH clause (or none), a FROM, conditions, and columns of the drill's own.

    `column` names a fact's column within the FROM.
    """

    source: str
    conditions: list[str]
    time: str
    extras: tuple[str, ...] = ()
    ctes: str = ""
    column: Callable[[str], str] | None = None


def records_sql(
    renderer: Renderer, leg: Leg, cell: tuple[Row, ...] = (), *, reveal: bool = False, limit: int | None = None
) -> str:
    """The records of a leg, newest first: the fact's columns, what the drill adds, source, load and line.

    Personal data becomes dots unless `reveal`.
    """
    behind, fact = behind_leg(renderer, leg, cell), renderer.facts[leg.fact]
    name = behind.column or renderer.quote
    columns = [_shown(renderer, column, name(column.name), reveal=reveal) for column in fact.columns]
    columns += behind.extras
    widening = renderer.widened
    converted = widening is not None and widening.converts(leg.fact, frozenset(words_of(leg)))
    if converted and behind.column is None:
        columns += RATE_COLUMNS[1:5]
    columns += [_as(name(place), place) for place in PLACE_COLUMNS]
    tail = f"\nLIMIT {limit}" if limit is not None else ""
    return (
        f"{behind.ctes}SELECT {', '.join(columns)}\nFROM {behind.source}{_where(behind.conditions)}\n"
        f"ORDER BY {behind.time} DESC, {name('_source')}, {name('_line')}{tail}"
    )


def count_sql(renderer: Renderer, leg: Leg, cell: tuple[Row, ...] = ()) -> str:
    """How many records a leg has."""
    behind = behind_leg(renderer, leg, cell)
    return f"{behind.ctes}SELECT count(*) AS records\nFROM {behind.source}{_where(behind.conditions)}"


def used_rates_sql(renderer: Renderer, leg: Leg, target: str) -> str:
    """Which rates a leg's rows need: currency, local day, source, base, rate, smallest number published, rows.

    The rate is null where none is in force.
    """
    behind = behind_leg(renderer, leg, ())
    own = f"(currency IS NULL OR currency <> {renderer.text(target)})"
    keys = "currency, _day, _rate_source, _rate_through"
    return (
        f"{behind.ctes}SELECT {keys}, min(_rate) AS lowest, min(_rate_published) AS published, "
        f"count(*) - count(_rate) AS missing, count(*) AS row_count\n"
        f"FROM {behind.source}{_where([*behind.conditions, own])}\nGROUP BY {keys}\nORDER BY _day, currency"
    )


def _where(conditions: list[str]) -> str:
    return "\nWHERE " + "\n  AND ".join(conditions) if conditions else ""


def _as(value: str, name: str) -> str:
    return value if value == name else f"{value} AS {name}"


def _shown(renderer: Renderer, column: Column, value: str, *, reveal: bool) -> str:
    """A column as a role may see it: personal data becomes dots unless it may be revealed."""
    name = renderer.quote(column.name)
    return (
        f"CASE WHEN {value} IS NOT NULL THEN '•••' END AS {name}"
        if column.personal and not reveal
        else _as(value, name)
    )


def behind_leg(renderer: Renderer, leg: Leg, cell: tuple[Row, ...]) -> Behind:
    """The rows that a leg counts, narrowed to the dimension values of a cell."""
    match leg:
        case Scan():
            return _of_scan(renderer, leg, cell)
        case Spread():
            time = leg_time(leg, renderer.facts)
            return _flow(renderer, leg, cell, time, [leg.measure.of.where])
        case Balance():
            return _of_balance(renderer, leg, cell)
        case Cohort() | Course():
            return _of_journey(renderer, leg, cell)
        case Gaps():
            return _of_gaps(renderer, leg, cell)
        case Moves():
            return _of_moves(renderer, leg, cell)
        case Credits():
            return _of_credits(renderer, leg, cell)


def _of_scan(renderer: Renderer, leg: Scan, cell: tuple[Row, ...]) -> Behind:
    return _flow(renderer, leg, cell, leg.time, [named.measure.where for named in leg.measures])


def _flow(
    renderer: Renderer, leg: Leg, cell: tuple[Row, ...], time: str, filters: list[Row | None], *, within: bool = True
) -> Behind:
    """Rows of a fact placed by their own time; any of the measures' filters lets a row count."""
    fact = renderer.facts[leg.fact]
    conditions = _ground(renderer, leg, fact, cell)
    period = renderer.within(time, fact, leg.spans, leg.timezone) if within else []
    conditions += period
    wanted = [where for where in dict.fromkeys(filters) if where is not None]
    if wanted and None not in filters:
        texts = [renderer.row(where, fact, 2) for where in wanted]
        conditions.append(f"({' OR '.join(texts)})" if len(texts) > 1 else renderer.row(wanted[0], fact, 3))
    return Behind(renderer.source(leg.fact, period), conditions, renderer.quote(time))


def _ground(renderer: Renderer, leg: Leg, fact: Fact, cell: tuple[Row, ...]) -> list[str]:
    return [*renderer.conditions(leg.where, fact), *renderer.conditions(cell, fact)]


def _of_balance(renderer: Renderer, leg: Balance, cell: tuple[Row, ...]) -> Behind:
    fact, measure = renderer.facts[leg.fact], leg.measure
    time = leg_time(leg, renderer.facts)
    if isinstance(measure, tree.Last) and not (fact.starts and fact.ends):
        return _of_readings(renderer, leg, fact, cell)
    flow = _flow(renderer, leg, cell, time, [measure.of.where], within=False)
    column = renderer.quote(time)
    if isinstance(measure, tree.Last):
        ends = renderer.quote(fact.ends)
        held = [_held(renderer, fact, end, leg.timezone) for _, end in leg.spans] or [f"{ends} IS NULL"]
    elif leg.spans:
        held = []
        for _, end in leg.spans:
            high = renderer.moment(fact, time, end, leg.timezone)
            if isinstance(measure, tree.Trailing):
                low = f"{high} - {renderer.span_of(measure.days)}"
            else:
                start = leg.calendar.floor(end - dt.timedelta(days=1), measure.grain)
                low = renderer.moment(fact, time, start, leg.timezone)
            held.append(f"{column} >= {low} AND {column} < {high}")
    elif isinstance(measure, tree.Trailing):
        latest = f"(SELECT max({column}) FROM {renderer.source(leg.fact)})"
        held = [f"{column} > {latest} - {renderer.span_of(measure.days)}"]
    else:
        held = []
    if held:
        flow.conditions.append(_any(held))
    return flow


def _held(renderer: Renderer, fact: Fact, day: dt.date, timezone: str) -> str:
    """Whether a row holds at the start of a local day."""
    moment = renderer.moment(fact, fact.starts, day, timezone)
    starts, ends = renderer.quote(fact.starts), renderer.quote(fact.ends)
    return f"{starts} < {moment} AND ({ends} IS NULL OR {ends} >= {moment})"


def _any(conditions: list[str]) -> str:
    return "(" + " OR ".join(f"({item})" for item in conditions) + ")" if len(conditions) > 1 else conditions[0]


def _of_readings(renderer: Renderer, leg: Balance, fact: Fact, cell: tuple[Row, ...]) -> Behind:
    """The last reading of each item, in each period."""
    quote, time = renderer.quote, renderer.quote(fact.time)
    assert isinstance(leg.measure, tree.Last)
    flow = _flow(renderer, leg, (), fact.time, [leg.measure.of.where])
    items = [*([renderer.bucket(fact.time, fact, leg)] if leg.grain else []), *map(quote, fact.balance_of)]
    source = (
        f"(\n  SELECT *, row_number() OVER (PARTITION BY {', '.join(items)}\n"
        f"    ORDER BY {time} DESC, _load DESC, _key DESC, _line DESC) AS newest\n"
        f"  FROM {flow.source}{_where(flow.conditions)}\n) AS reading"
    )
    return Behind(source, ["newest = 1", *renderer.conditions(cell, fact)], time)


def _of_journey(renderer: Renderer, leg: Cohort | Course, cell: tuple[Row, ...]) -> Behind:
    """The first step of each entity in each period, with the moment of the next; of `reached` only where it came."""
    measure = leg.measure
    fact, target = renderer.facts[leg.fact], renderer.facts[measure.end.fact]
    quote = renderer.quote
    time, entity = leg_time(leg, renderer.facts), quote(fact.entity)
    flow = _flow(renderer, leg, (), time, [measure.start.where])
    flow.conditions.append(f"{entity} IS NOT NULL")
    items = [entity, *([renderer.bucket(time, fact, leg)] if leg.grain else [])]
    then = quote(measure.end.at or target.time)
    arrivals = [f"{quote(target.entity)} IS NOT NULL", f"{then} IS NOT NULL"]
    if measure.end.where is not None:
        arrivals.append(renderer.row(measure.end.where, target, 3))
    in_time = renderer.in_time(leg) if isinstance(leg, Cohort) else "happened >= began"
    ctes = (
        f"WITH first_step AS (\n  SELECT *, {quote(time)} AS began,\n"
        f"    row_number() OVER (PARTITION BY {', '.join(items)} ORDER BY {quote(time)}, _key, _line) AS nth\n"
        f"  FROM {flow.source}{_where(flow.conditions)}\n),\n"
        f"next_step AS (\n  SELECT {quote(target.entity)} AS follower, {then} AS happened\n"
        f"  FROM {renderer.source(target.name)}{_where(arrivals)}\n),\n"
        f"arrival AS (\n  SELECT follower, began AS set_out, min(happened) AS reached_at\n"
        f"  FROM first_step JOIN next_step ON follower = {entity} AND {in_time}\n"
        "  WHERE nth = 1\n  GROUP BY follower, began\n)\n"
    )
    source = f"first_step LEFT JOIN arrival ON follower = {entity} AND set_out = began"
    conditions = ["nth = 1", *renderer.conditions(cell, fact)]
    if isinstance(measure, tree.Reach) and not measure.share:
        conditions.append("reached_at IS NOT NULL")
    return Behind(source, conditions, quote(time), ("reached_at AS _reached_at",), ctes)


def _of_gaps(renderer: Renderer, leg: Gaps, cell: tuple[Row, ...]) -> Behind:
    """The later one of each pair of moments, with the earlier."""
    fact, measure = renderer.facts[leg.fact], leg.measure
    time, entity = renderer.quote(fact.time), renderer.quote(fact.entity)
    sequence = [f"{entity} IS NOT NULL"]
    if measure.where is not None:
        sequence.append(renderer.row(measure.where, fact, 3))
    source = (
        f"(\n  SELECT *, lag({time}) OVER (PARTITION BY {entity} ORDER BY {time}, _source, _key, _line) AS before_it\n"
        f"  FROM {renderer.source(leg.fact)}{_where(sequence)}\n) AS sequence"
    )
    conditions = [
        f"before_it < {time}",
        *renderer.within(fact.time, fact, leg.spans, leg.timezone),
        *_ground(renderer, leg, fact, cell),
    ]
    return Behind(source, conditions, time, ("before_it AS _moment_before",))


_MOVED = {
    "new": "opening = 0 AND held_before = 0 AND closing > 0",
    "reactivation": "opening = 0 AND held_before = 1 AND closing > 0",
    "churned": "closing = 0 AND opening > 0",
    "expansion": "opening > 0 AND closing > opening",
    "contraction": "closing > 0 AND closing < opening",
}


def _of_moves(renderer: Renderer, leg: Moves, cell: tuple[Row, ...]) -> Behind:
    """Rows that moved entities held at the start or the end of the period, with what each was worth then.

    Of several periods, those of the last one. Closing minus opening amounts add up to the movement.
    """
    fact, quote = renderer.facts[leg.fact], renderer.quote
    measure = leg.measures[0][1]
    first, end = leg.spans[-1]
    starts, entity = quote(fact.starts), quote(fact.entity)
    value = renderer.row(measure.value, fact, 0)
    opened, closed = (_held(renderer, fact, day, leg.timezone) for day in (first, end))
    moment = renderer.moment(fact, fact.starts, first, leg.timezone)
    flow = _flow(renderer, leg, cell, fact.starts, [measure.where], within=False)
    flow.conditions.append(f"{entity} IS NOT NULL")
    ctes = (
        f"WITH held AS (\n  SELECT *, CASE WHEN {opened} THEN {value} END AS at_start,\n"
        f"    CASE WHEN {closed} THEN {value} END AS at_end,\n"
        f"    CASE WHEN {starts} < {moment} AND {value} > 0 THEN 1 ELSE 0 END AS before_it\n"
        f"  FROM {flow.source}{_where(flow.conditions)}\n),\n"
        f"moved AS (\n  SELECT {entity} AS mover, coalesce(sum(at_start), 0) AS opening,\n"
        f"    coalesce(sum(at_end), 0) AS closing, max(before_it) AS held_before\n  FROM held\n  GROUP BY {entity}\n)\n"
    )
    kinds = [_MOVED[move.kind] for _, move in leg.measures]
    conditions = ["(at_start IS NOT NULL OR at_end IS NOT NULL)", f"({_any(list(dict.fromkeys(kinds)))})"]
    source = f"held JOIN moved ON mover = {entity}"
    return Behind(source, conditions, starts, ("at_start AS _at_start", "at_end AS _at_end"), ctes)


def _of_credits(renderer: Renderer, leg: Credits, cell: tuple[Row, ...]) -> Behind:
    """Conversions beside each touch that earned credit, with the touch, its share and the value credited."""
    from leadline.sql.credit import credit_parts

    fact = renderer.facts[leg.fact]

    def carried(name: str) -> str:
        return f"own_{name.strip('_')}"

    names = [*fact.column_names, *PLACE_COLUMNS]
    own = "".join(f"{renderer.quote(name)} AS {carried(name)}, " for name in names)
    ctes, conditions = credit_parts(renderer, leg, cell, own)
    touched = ("touched_at AS _touched_at", "channel AS _touch_channel", "share_of_credit AS _share_of_credit")
    value = "converted_value * share_of_credit AS _credited"
    return Behind("credit", ["share_of_credit > 0", *conditions], "converted_at", (*touched, value), ctes, carried)

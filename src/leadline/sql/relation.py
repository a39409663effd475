"""The rows of a fact as one leg needs them: with looked-up dimensions, and with amounts in one currency.

A fact that needs neither is its plain table. Otherwise it is wrapped in a SELECT with explicit columns; whatever is
joined has at most one row a key, so rows are never multiplied, and every join is from the fact outward: none is lost.

Money. The rate of a day is the last one published on or before it, not older than `MAX_AGE` days. A pair is used as
published or turned round (1 / rate); failing both, through one common base that has a rate to either side. Of several
rates for a day the newest counts, then the one as published, then the first source and base by name. A row in the
wanted currency is left as it is. Amounts are rounded to the six decimals that facts keep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.model.fact import SYSTEM_COLUMNS, Fact
from leadline.model.infer import TOUCHES
from leadline.model.lookup import Lookup
from leadline.plan.leg import Balance, Credits, Leg, Moves, Scan, Spread
from leadline.plan.query import FactState
from leadline.plan.span import time_column
from leadline.sql.segment import segment_joins
from leadline.time.zone import offset_at, offsets

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

CHANNEL = "channel"
ORIGIN = ("traffic_source", "medium")
"""What a channel is told by; a row with neither has none."""
MAX_AGE = 7
RATES = "fx_rate"
RATE_COLUMNS = ("_day", "_rate", "_rate_date", "_rate_source", "_rate_through", "_rate_published")
"""What a converted row says of its rate: the row's local day, the factor, the day and source of the rate, the base it
went through (empty: none), and the smallest number published on the way."""
_DAY = dt.timedelta(days=1)


class Exchange(Struct, frozen=True):
    """Amounts are wanted in `target`.

    `foreign` has, for each fact with amounts to convert, the other currencies of its rows; `bases` the currencies
    that rates may go through.
    """

    target: str
    timezone: str
    foreign: dict[str, tuple[str, ...]]
    bases: tuple[str, ...]


class Widening(Struct, frozen=True):
    """What a query adds to the rows of facts. `tables` are the facts as stored, `states` what the ledger knows.

    `today` and `timezone` say which days segments of recent days are about.
    """

    tables: Mapping[str, Fact]
    lookups: tuple[Lookup, ...]
    states: Mapping[str, FactState]
    exchange: Exchange | None = None
    today: dt.date | None = None
    timezone: str = "UTC"

    def relation(self, renderer: Renderer, leg: Leg, *, whole: bool = False) -> Callable[[str], str]:
        """The SQL of a fact's rows for a leg; `whole` with every looked-up dimension, else with those it reads."""
        words = frozenset(words_of(leg))
        base = renderer.relation

        def widened(fact: str, within: Sequence[str] = ()) -> str:
            stored = self.tables.get(fact)
            if stored is None:
                return rows_within(base, fact, within)
            lookups = self.used(fact, None if whole else words | {*stored.balance_of, *stored.first_by})
            money = money_columns(stored) if self.converts(fact, words) else ()
            if not lookups and not money:
                return rows_within(base, fact, within)
            time = leg_time(leg, renderer.facts) if fact == leg.fact else stored.time
            changed = [renderer.quote(given) for lookup in lookups for given in lookup.gives]
            plain = [condition for condition in within if not any(name in condition for name in changed)]
            rows = rows_within(base, fact, plain)
            wrap = _Wrap(self, renderer, base, stored, lookups)
            return wrap.select(rows, money, money & words if money else set(), time)

        return Ruled(widened) if isinstance(base, Ruled) else widened

    def used(self, fact: str, words: frozenset[str] | None) -> list[Lookup]:
        """The lookups that serve a fact and give one of `words` (None: anything), those their keys need included."""
        serving = [lookup for lookup in self.lookups if lookup.key_in(fact)]
        if words is None:
            return serving
        needed, found = set(words), []
        for lookup in reversed(serving):
            if needed & set(lookup.gives):
                needed.add(lookup.key_in(fact))
                found.append(lookup)
        return found[::-1]

    def lookups_of(self, leg: Leg, *, whole: bool) -> list[Lookup]:
        """All lookups that a leg's rows go through."""
        words = frozenset(words_of(leg))
        read = {name for name in self.tables if name in words} | ({TOUCHES} if isinstance(leg, Credits) else set())
        used = {lookup.name for fact in read for lookup in self.used(fact, None if whole else words)}
        return [lookup for lookup in self.lookups if lookup.name in used]

    def concerns(self, leg: Leg) -> bool:
        """Whether anything is added to the rows of a leg's own fact."""
        words = frozenset(words_of(leg))
        stored = self.tables.get(leg.fact)
        first = {*stored.balance_of, *stored.first_by} if stored is not None else set()
        return self.converts(leg.fact, words) or bool(self.used(leg.fact, words | first))

    def converts(self, fact: str, words: frozenset[str]) -> bool:
        """Whether a leg that says `words` reads amounts of a fact that need conversion."""
        stored = self.tables.get(fact)
        if self.exchange is None or stored is None or not self.exchange.foreign.get(fact):
            return False
        return bool(money_columns(stored) & words)


class Ruled(Struct, frozen=True):
    """The SQL of facts' rows, of some with channels told by rule.

    `within` takes a fact and conditions under which its rows are read anyway: rules then look at no other rows.
    """

    within: Callable[[str, Sequence[str]], str]

    def __call__(self, fact: str) -> str:
        return self.within(fact, ())


def rows_within(relation: Callable[[str], str], fact: str, conditions: Sequence[str]) -> str:
    """The SQL of a fact's rows for a statement that reads only those under `conditions`, and says so itself."""
    return relation.within(fact, conditions) if isinstance(relation, Ruled) else relation(fact)


def told_by_rule(
    renderer: Renderer,
    rows: str,
    fact: Fact,
    case: Callable[[str, str, str], str],
    within: Sequence[str] = (),
) -> str:
    """A fact's rows with the channel that `case` makes of source, medium and campaign where they have none.

    `case` takes and gives SQL expressions, and must take a null for an empty text. It is worked out once for each
    origin among the rows under `within`, not once a row, and joined by what it reads: one row an origin.
    """
    quote = renderer.quote
    known = {f"ruled_{name}": quote(name) for name in (*ORIGIN, "campaign") if fact.has(name)}
    source, medium = (f"ruled_{name}" for name in ORIGIN)
    channel = case(source, medium, "ruled_campaign" if "ruled_campaign" in known else "''")
    read = {alias: name for alias, name in known.items() if alias in channel}
    values = {name: f"told.{quote(name)}" for name in fact.column_names}
    given = values[CHANNEL]
    any_origin = " OR ".join(f"{{}}{quote(name)} IS NOT NULL" for name in ORIGIN)
    values[CHANNEL] = (
        f"CASE WHEN {given} IS NOT NULL THEN {given} WHEN {any_origin.format('told.', 'told.')} "
        "THEN origin.ruled_channel END"
    )
    columns = [f"{value} AS {quote(name)}" for name, value in values.items()]
    columns += [f"told.{name} AS {name}" for name in SYSTEM_COLUMNS]
    origins = ", ".join(f"coalesce({name}, '') AS {alias}" for alias, name in read.items())
    conditions = " AND ".join([f"{quote(CHANNEL)} IS NULL", f"({any_origin.format('', '')})", *within])
    matched = " AND ".join(f"origin.{alias} = coalesce(told.{name}, '')" for alias, name in read.items())
    return (
        f"(\n  SELECT {', '.join(columns)}\n  FROM {rows} AS told\n  LEFT JOIN (\n"
        f"    SELECT {', '.join(read)}, {channel} AS ruled_channel\n    FROM (\n"
        f"      SELECT DISTINCT {origins}\n      FROM {rows} AS unruled\n      WHERE {conditions}\n"
        f"    ) AS found\n  ) AS origin ON {matched}\n)"
    )


def words_of(node: Any) -> Iterator[str]:
    """Every text within a leg: names of columns among them, and at worst a constant of the same spelling."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            yield from words_of(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from words_of(item)


def money_columns(fact: Fact) -> frozenset[str]:
    """The columns that hold amounts in the row's currency."""
    if not fact.has_currency:
        return frozenset()
    return frozenset(column.name for column in fact.columns if column.unit == "money")


def leg_time(leg: Leg, facts: Mapping[str, Fact]) -> str:
    """The column that places a leg's rows in time."""
    match leg:
        case Scan():
            return leg.time
        case Moves():
            return time_column(leg.measures[0][1], facts)
        case _:
            return time_column(leg.measure, facts)


def reads_money(leg: Leg) -> bool:
    """Whether a leg can add up amounts at all: journeys count people and measure time."""
    return isinstance(leg, Scan | Balance | Spread | Moves | Credits)


class _Wrap:
    """The SELECT around one fact."""

    def __init__(
        self,
        widening: Widening,
        renderer: Renderer,
        base: Callable[[str], str],
        fact: Fact,
        lookups: list[Lookup],
    ) -> None:
        self.widening = widening
        self.renderer = renderer
        self.base = base
        self.fact = fact
        self.lookups = lookups
        self.quote = renderer.quote
        self.values = {name: f"item.{self.quote(name)}" for name in fact.column_names}

    def select(self, rows: str, money: frozenset[str] | tuple[()], read: set[str] | frozenset[str], time: str) -> str:
        """The relation over `rows`, in parentheses. `money` columns are converted; of these `read` are asked for."""
        joins = [join for lookup in self.lookups for join in self.lookup_joins(lookup)]
        rate_columns: list[str] = []
        if money:
            joins.append(self.rate_join(time))
            rate_columns = self.rate_columns(sorted(read), time)
            for name in money:
                self.values[name] = self.converted(self.values[name])
        # Every column is named outright: after several joins an engine may call one by its table too.
        columns = [f"{value} AS {self.quote(name)}" for name, value in self.values.items()]
        columns += [f"item.{name} AS {name}" for name in SYSTEM_COLUMNS]
        listed = ", ".join([*columns, *rate_columns])
        return f"(\n  SELECT {listed}\n  FROM {rows} AS item\n  {chr(10).join(joins)}\n)"

    # Lookups

    def lookup_joins(self, lookup: Lookup) -> list[str]:
        """The joins of a lookup; from here on the fact's columns have what it gives where they had nothing."""
        name = self.quote(lookup.name)
        key = self.values[lookup.key_in(self.fact.name)]
        if lookup.segment:
            about = (self.widening.today, self.widening.timezone)
            joins, inside = segment_joins(self.renderer, self.base, self.widening.tables, lookup, key, *about)
            self.values[lookup.gives[0]] = inside
            return joins
        for given in lookup.gives:
            found = f"{name}.{self.quote(f'given_{given}')}"
            own = self.values.get(given)
            self.values[given] = found if own is None else f"coalesce({own}, {found})"
        rows = lookup_rows(self.renderer, self.base, self.widening.tables, lookup)
        return [f"LEFT JOIN {rows} AS {name} ON {name}.known_as = {key}"]

    # Money

    def own_currency(self) -> str:
        return f"item.currency = {self.renderer.text(self.exchange.target)}"

    @property
    def exchange(self) -> Exchange:
        assert self.widening.exchange is not None
        return self.widening.exchange

    def converted(self, amount: str) -> str:
        value = self.renderer.money(f"{self.renderer.real(amount)} * fx.rate")
        return f"CASE WHEN {self.own_currency()} OR {amount} = 0 THEN {amount} ELSE {value} END"

    def rate_columns(self, read: list[str], time: str) -> list[str]:
        nothing = " AND ".join(f"coalesce(item.{self.quote(name)}, 0) = 0" for name in read)
        same = f"{self.own_currency()} OR ({nothing})"
        return [
            f"{self.day(time)} AS _day",
            f"CASE WHEN {same} THEN 1 ELSE fx.rate END AS _rate",
            "fx.dated AS _rate_date",
            "fx.told_by AS _rate_source",
            "fx.through AS _rate_through",
            "fx.published AS _rate_published",
        ]

    def day(self, time: str) -> str:
        """The local day of a row: by the leg's time, or by the fact's own where that is empty."""
        columns = dict.fromkeys([time, self.fact.time])
        days = [self.local_day(name) for name in columns]
        return days[0] if len(days) == 1 else f"coalesce({', '.join(days)})"

    def local_day(self, column: str) -> str:
        instant = f"item.{self.quote(column)}"
        if self.fact.column(column).type == "date":
            return instant
        bounds = self.widening.states[self.fact.name].bounds(column)
        return self.renderer.date_trunc("day", local_time(self.renderer, instant, self.exchange.timezone, bounds))

    def rate_join(self, time: str) -> str:
        rates = rates_sql(self.renderer, self.base, self.exchange, self.fact.name, self.known_days(time))
        return f"LEFT JOIN {rates} AS fx ON fx.currency = item.currency AND fx.day = {self.day(time)}"

    def known_days(self, time: str) -> tuple[dt.date, dt.date] | None:
        """The local days that the fact's rows may lie on, as far as the ledger knows; None when it does not."""
        state = self.widening.states[self.fact.name]
        pairs = [state.bounds(name) for name in {time, self.fact.time}]
        known = [pair for pair in pairs if pair is not None]
        if len(known) < len(pairs):
            return None
        first, last = min(low for low, _ in known), max(high for _, high in known)
        return first.date() - _DAY, last.date() + _DAY


def local_time(renderer: Renderer, instant: str, timezone: str, bounds: tuple[dt.datetime, dt.datetime] | None) -> str:
    """Local time of an instant within `bounds`: the zone's offset changes as a CASE."""
    if timezone == "UTC" or bounds is None:
        return instant
    steps = offsets(timezone, bounds[0], bounds[1] + _DAY)
    if len(steps) == 1:
        return renderer.shifted(instant, offset_at(bounds[0], timezone))
    branches = " ".join(
        f"WHEN {instant} < {renderer.timestamp(until)} THEN {renderer.shifted(instant, offset)}"
        for (_, offset), (until, _) in pairwise(steps)
    )
    return f"CASE {branches} ELSE {renderer.shifted(instant, steps[-1][1])} END"


def lookup_rows(renderer: Renderer, base: Callable[[str], str], tables: Mapping[str, Fact], lookup: Lookup) -> str:
    """A lookup's keys and what they lead to, each key once."""
    quote, fact = renderer.quote, tables[lookup.table]
    key = quote(lookup.key)
    given = ", ".join(f"max({quote(name)}) AS {quote(f'given_{name}')}" for name in lookup.gives)
    conditions = [f"{key} IS NOT NULL"]
    if lookup.where is not None:
        conditions.append(renderer.row(lookup.where, fact, 3))
    return (
        f"(\n    SELECT {key} AS known_as, {given}\n    FROM {base(lookup.table)}\n"
        f"    WHERE {' AND '.join(conditions)}\n    GROUP BY {key}\n  )"
    )


def clash_sql(renderer: Renderer, base: Callable[[str], str], tables: Mapping[str, Fact], lookup: Lookup) -> str:
    """Keys of a lookup that lead to two values, in order, with the least and greatest of each column given."""
    quote, fact = renderer.quote, tables[lookup.table]
    key = quote(lookup.key)
    ends = ", ".join(f"min({quote(name)}), max({quote(name)})" for name in lookup.gives)
    differ = " OR ".join(f"min({quote(name)}) <> max({quote(name)})" for name in lookup.gives)
    conditions = [f"{key} IS NOT NULL"]
    if lookup.where is not None:
        conditions.append(renderer.row(lookup.where, fact, 3))
    return (
        f"SELECT {key}, {ends}\nFROM {base(lookup.table)}\nWHERE {' AND '.join(conditions)}\n"
        f"GROUP BY {key}\nHAVING {differ}\nORDER BY 1\nLIMIT 3"
    )


def rates_sql(
    renderer: Renderer,
    base: Callable[[str], str],
    exchange: Exchange,
    fact: str,
    days: tuple[dt.date, dt.date] | None,
) -> str:
    """Currency, day and rate into the target: one row a currency and day for which a rate is in force."""
    real, target = renderer.real, renderer.text(exchange.target)
    relevant = sorted({exchange.target, *exchange.foreign[fact], *exchange.bases})
    listed = ", ".join(map(renderer.text, relevant))
    rates, date = base(RATES), renderer.quote("date")
    conditions = [f"currency IN ({listed})", f"to_currency IN ({listed})", "rate > 0"]
    if days is not None:
        first, last = days[0] - dt.timedelta(days=MAX_AGE), days[1]
        conditions += [f"{date} >= {renderer.date(first)}", f"{date} <= {renderer.date(last)}"]
    where = " AND ".join(conditions)
    ages = " UNION ALL ".join(f"SELECT {age}{' AS age' if age == 0 else ''}" for age in range(MAX_AGE + 1))
    ways = (
        "SELECT currency, day, rate, dated, told_by, published, '' AS through\n"
        f"    FROM held WHERE to_currency = {target}"
    )
    if exchange.bases:
        ways += (
            "\n    UNION ALL\n"
            "    SELECT here.currency, here.day, here.rate * there.rate,\n"
            "      CASE WHEN here.dated < there.dated THEN here.dated ELSE there.dated END, here.told_by,\n"
            "      CASE WHEN here.published < there.published THEN here.published ELSE there.published END,\n"
            "      here.to_currency\n"
            "    FROM held AS here JOIN held AS there ON there.currency = here.to_currency AND there.day = here.day\n"
            f"    WHERE there.to_currency = {target} AND here.currency <> {target}"
        )
    return (
        "(\n  WITH published_rate AS (\n"
        f"    SELECT currency, to_currency, {date} AS dated, {real('rate')} AS rate, {real('rate')} AS published,\n"
        f"      0 AS turned, _source AS told_by, _line AS line\n    FROM {rates} WHERE {where}\n"
        "    UNION ALL\n"
        f"    SELECT to_currency, currency, {date}, 1 / {real('rate')}, {real('rate')}, 1, _source, _line\n"
        f"    FROM {rates} WHERE {where}\n"
        "  ),\n"
        "  offered AS (  -- each rate for its own day and those it may stand in for\n"
        "    SELECT currency, to_currency, dated + age AS day, dated, rate, published, told_by,\n"
        "      row_number() OVER (PARTITION BY currency, to_currency, dated + age\n"
        "        ORDER BY age, turned, told_by, line) AS choice\n"
        f"    FROM published_rate CROSS JOIN ({ages}) AS ages\n"
        "  ),\n"
        "  held AS (\n"
        "    SELECT currency, to_currency, day, dated, rate, published, told_by FROM offered WHERE choice = 1\n  ),\n"
        f"  way AS (\n    {ways}\n  ),\n"
        "  ranked AS (\n"
        "    SELECT currency, day, rate, dated, told_by, published, through,\n"
        "      row_number() OVER (PARTITION BY currency, day ORDER BY through) AS preference\n    FROM way\n"
        "  )\n"
        "  SELECT currency, day, rate, dated, told_by, published, through FROM ranked WHERE preference = 1\n)"
    )

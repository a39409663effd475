"""Legs to SQL as a careful analyst would write it.

What engines say differently is in `leadline.sql.dialect`. Dates and zones are decided here once: bucket and filter
share the same half-open instants, and a zone is a CASE over its offset changes within the range asked for, so the
result depends on no engine's zone table (docs/adr/0003).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from itertools import pairwise

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Row
from leadline.plan.leg import Balance, Cohort, Course, Credits, Gaps, Leg, Moves, Scan, Span, Spread
from leadline.plan.span import time_column
from leadline.sql.course import course_sql
from leadline.sql.credit import credit_sql
from leadline.sql.dialect import Dialect
from leadline.sql.gap import gap_sql
from leadline.sql.movement import movement_sql
from leadline.sql.relation import Widening, rows_within
from leadline.sql.rollup import Rollup
from leadline.sql.spread import spread_sql
from leadline.time.calendar import Grain
from leadline.time.zone import day_start, offsets


class Renderer(Dialect):
    """Renders legs for DuckDB.

    `relation` gives the SQL of a fact's rows (a table, or its rows as known at a load), `widening` what a leg's rows
    get beyond it, `rollups` by fact what is read in place of the fact's rows where that answers the same.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        relation: Callable[[str], str],
        widening: Widening | None = None,
        rollups: Mapping[str, Rollup] | None = None,
    ) -> None:
        self.facts = facts
        self.relation = relation
        self.widening = widening
        self.widened: Widening | None = None
        self.rollups = rollups or {}

    def render(self, leg: Leg) -> str:
        """One statement: `period` (with a grain), the dimensions, `currency_` when split, and the leg's columns."""
        rollup = self.rollup_for(leg)
        turned = self.for_leg(leg) if rollup is None else self.over(rollup)
        return self.statement(turned.render_plain(leg))

    def rollup_for(self, leg: Leg) -> Rollup | None:
        """The roll-up that answers a leg, if there is one."""
        rollup = self.rollups.get(leg.fact)
        if rollup is None or not rollup.serves(leg) or (self.widening is not None and self.widening.concerns(leg)):
            return None
        return rollup

    def over(self, rollup: Rollup) -> Renderer:
        """This renderer reading a roll-up in place of its fact."""
        turned = copy(self)
        turned.relation = lambda _: rollup.relation
        turned.rolled, turned.widening, turned.rollups = True, None, {}
        return turned

    def render_plain(self, leg: Leg) -> str:
        """The statement over the rows that `relation` gives."""
        match leg:
            case Scan():
                return self.scan(leg)
            case Balance():
                return self.balance(leg)
            case Cohort():
                return self.cohort(leg)
            case Course():
                return course_sql(self, leg)
            case Gaps():
                return gap_sql(self, leg)
            case Spread():
                return spread_sql(self, leg)
            case Moves():
                return movement_sql(self, leg)
            case Credits():
                return credit_sql(self, leg)

    # Legs

    def scan(self, leg: Scan) -> str:
        """Aggregates of one fact, filters common to all of them in WHERE, the others per aggregate."""
        fact = self.facts[leg.fact]
        filters = [named.measure.where for named in leg.measures]
        shared = filters[0] if filters and all(item == filters[0] for item in filters) else None
        columns = [
            f"{self.aggregate(named.measure, fact, bare=shared is not None)} AS {named.alias}" for named in leg.measures
        ]
        within = self.within(leg.time, fact, leg.spans, leg.timezone)
        conditions = [*within, *self.conditions(leg.where, fact)]
        if shared is not None:
            conditions.append(self.row(shared, fact, 3))
        elif leg.by and all(item is not None for item in filters):
            # Rows that no measure counts would only add groups of nothing.
            wanted = dict.fromkeys(self.row(item, fact, 2) for item in filters if item is not None)
            conditions.append(f"({' OR '.join(wanted)})")
        groups = self.groups(leg, self.bucket(leg.time, fact, leg) if leg.grain else "")
        return self.select([*groups, *columns], self.source(leg.fact, within), conditions, len(groups))

    def balance(self, leg: Balance) -> str:
        """A balance at the end of each period: rows that hold then, or each item's last reading within it."""
        fact = self.facts[leg.fact]
        if isinstance(leg.measure, tree.Trailing | tree.ToDate):
            return self.window(leg, leg.measure, fact)
        if not (fact.starts and fact.ends):
            return self.readings(leg, fact)
        column = f"{self.aggregate(leg.measure.of, fact, bare=True)} AS {leg.alias}"
        conditions = self.conditions(leg.where, fact)
        if leg.measure.of.where is not None:
            conditions.append(self.row(leg.measure.of.where, fact, 3))
        starts, ends = self.quote(fact.starts), self.quote(fact.ends)
        if not leg.spans:
            # All time: what is open now.
            groups = self.groups(leg, "")
            return self.select([*groups, column], self.source(leg.fact), [*conditions, f"{ends} IS NULL"], len(groups))
        moments = [
            (self.date(first), self.moment(fact, fact.starts, end, leg.timezone))
            for first, end in self.period_ends(leg)
        ]
        groups = self.groups(leg, "period_start" if leg.grain else "")
        source = (
            f"{self.table('period_end', ('period_start', 'period_ends'), moments)}\n"
            f"JOIN {self.source(leg.fact)} AS item\n"
            f"  ON {starts} < period_ends AND ({ends} IS NULL OR {ends} >= period_ends)"
        )
        return self.select([*groups, column], source, conditions, len(groups))

    def window(self, leg: Balance, measure: tree.Trailing | tree.ToDate, fact: Fact) -> str:
        """A measure over the days before the end of each period, or since its year (quarter, …) began."""
        time = time_column(measure, self.facts)
        conditions = self.conditions(leg.where, fact)
        if measure.of.where is not None:
            conditions.append(self.row(measure.of.where, fact, 3))
        column = f"{self.aggregate(measure.of, fact, bare=True)} AS {leg.alias}"
        if not leg.spans and isinstance(measure, tree.Trailing):
            groups = self.groups(leg, "")
            latest = f"(SELECT max({self.quote(time)}) FROM {self.source(leg.fact)})"
            conditions.append(f"{self.quote(time)} > {latest} - {self.span_of(measure.days)}")
            return self.select([*groups, column], self.source(leg.fact), conditions, len(groups))
        moments = []
        for first, end in self.period_ends(leg):
            ends = self.moment(fact, time, end, leg.timezone)
            if isinstance(measure, tree.Trailing):
                begins = f"{ends} - {self.span_of(measure.days)}"
            else:
                first_day = leg.calendar.floor(end - dt.timedelta(days=1), measure.grain)
                begins = self.moment(fact, time, first_day, leg.timezone)
            moments.append((self.date(first), begins, ends))
        groups = self.groups(leg, "period_start" if leg.grain else "")
        source = (
            f"{self.table('trailing_window', ('period_start', 'window_starts', 'window_ends'), moments)}\n"
            f"JOIN {self.source(leg.fact)} AS item\n"
            f"  ON {self.quote(time)} >= window_starts AND {self.quote(time)} < window_ends"
        )
        return self.select([*groups, column], source, conditions, len(groups))

    def readings(self, leg: Balance, fact: Fact) -> str:
        """Balances kept as readings: the last one of each item in the period."""
        conditions = [*self.within(fact.time, fact, leg.spans, leg.timezone), *self.conditions(leg.where, fact)]
        if not isinstance(leg.measure.of, tree.Count):
            # A row without a value is no reading of it.
            conditions.append(f"{self.row(leg.measure.of.value, fact, 3)} IS NOT NULL")
        # TRICKY: the newest reading is chosen first and judged then; an older one that met the condition is outdated.
        newest = ["newest = 1"]
        if leg.measure.of.where is not None:
            newest.append(self.row(leg.measure.of.where, fact, 3))
        bucket = self.bucket(fact.time, fact, leg) if leg.grain else ""
        items = ", ".join([*([bucket] if bucket else []), *map(self.quote, fact.balance_of)])
        where = f"\n  WHERE {' AND '.join(conditions)}" if conditions else ""
        label = f"{bucket} AS period, " if bucket else ""
        source = (
            f"(\n  SELECT {label}*, row_number() OVER (\n    PARTITION BY {items} "
            f"ORDER BY {self.quote(fact.time)} DESC, _load DESC, _key DESC, _line DESC) AS newest\n"
            f"  FROM {self.source(leg.fact)}{where}\n) AS reading"
        )
        column = f"{self.aggregate(leg.measure.of, fact, bare=True)} AS {leg.alias}"
        groups = self.groups(leg, "period" if leg.grain else "")
        return self.select([*groups, column], source, newest, len(groups))

    def cohort(self, leg: Cohort) -> str:
        """Entities that took the first step, each once a period; of them those in time, and those still open."""
        target = self.facts[leg.measure.end.fact]
        end = leg.measure.end
        then = end.at or target.time
        reached_conditions = [f"{self.quote(target.entity)} IS NOT NULL"]
        if end.where is not None:
            reached_conditions.append(self.row(end.where, target, 3))
        period = "period, " if leg.grain else ""
        dims = "".join(f"{self.quote(name)}, " for name in leg.by)
        groups = self.groups(leg, "period" if leg.grain else "")
        body = self.select(
            [
                *groups,
                f"count(*) AS {leg.alias}_started",
                f"{self.count('in_time')} AS {leg.alias}_reached",
                f"{self.count(f'NOT in_time AND {self.still_open(leg)}')} AS {leg.alias}_open",
            ],
            "followed",
            [],
            len(groups),
        )
        return (
            f"WITH {self.started(leg, leg.measure.start)},\n"
            f"reached AS (\n  SELECT {self.quote(target.entity)} AS entity, {self.quote(then)} AS happened\n"
            f"  FROM {self.source(target.name)}\n  WHERE {' AND '.join(reached_conditions)}\n),\n"
            f"followed AS (\n  SELECT {period}{dims}started.entity, began, count(happened) > 0 AS in_time\n"
            f"  FROM started LEFT JOIN reached ON reached.entity = started.entity AND {self.in_time(leg)}\n"
            f"  WHERE nth = 1\n  GROUP BY {period}{dims}started.entity, began\n)\n{body}"
        )

    def started(self, leg: Cohort | Course, start: tree.Step) -> str:
        """CTE of the entities that took the first step: each row numbered within its entity and period."""
        fact = self.facts[leg.fact]
        time = start.at or fact.time
        within = self.within(time, fact, leg.spans, leg.timezone)
        conditions = [
            f"{self.quote(fact.entity)} IS NOT NULL",
            f"{self.quote(time)} IS NOT NULL",
            *within,
            *self.conditions(leg.where, fact),
        ]
        if start.where is not None:
            conditions.append(self.row(start.where, fact, 3))
        bucket = self.bucket(time, fact, leg) if leg.grain else ""
        label = f"{bucket} AS period, " if bucket else ""
        dims = "".join(f"{self.quote(name)}, " for name in leg.by)
        partition = ", ".join([self.quote(fact.entity), *([bucket] if bucket else [])])
        return (
            f"started AS (\n  SELECT {label}{dims}{self.quote(fact.entity)} AS entity, {self.quote(time)} AS began,\n"
            f"    row_number() OVER (PARTITION BY {partition} ORDER BY {self.quote(time)}, _key, _line) AS nth\n"
            f"  FROM {self.source(leg.fact, within)}\n  WHERE {' AND '.join(conditions)}\n)"
        )

    def in_time(self, leg: Cohort) -> str:
        """Whether `happened` lies within the window that opened at `began`."""
        measure = leg.measure
        if measure.grain is not None:
            nth = measure.nth or 0
            first = self.truncate(measure.grain, self.local("began", leg, date=False), leg)
            then = self.truncate(measure.grain, self.local("happened", leg, date=False), leg)
            return f"happened >= began AND {then} = {self.later(first, nth, measure.grain, leg)}"
        if measure.days is not None:
            return f"happened >= began AND happened <= began + {self.span_of(measure.days)}"
        return "happened >= began"

    def still_open(self, leg: Cohort) -> str:
        """Whether the window that opened at `began` ends after the last thing known."""
        if leg.seen is None:
            return "true"
        seen = self.timestamp(leg.seen)
        measure = leg.measure
        if measure.grain is not None:
            first = self.truncate(measure.grain, self.local("began", leg, date=False), leg)
            end = self.later(first, (measure.nth or 0) + 1, measure.grain, leg)
            return f"{end} > {self.local(seen, leg, date=False)}"
        if measure.days is not None:
            return f"began + {self.span_of(measure.days)} > {seen}"
        return "true"

    # Records behind a number

    def records(self, leg: Leg, limit: int | None, cell: tuple[Row, ...] = (), *, reveal: bool = False) -> str:
        """The rows that a leg counts, newest first, with the load and line they came from; see `sql.records`."""
        from leadline.sql.records import records_sql

        return self.statement(records_sql(self.for_leg(leg, whole=True), leg, cell, reveal=reveal, limit=limit))

    def count_records(self, leg: Leg, cell: tuple[Row, ...] = ()) -> str:
        """How many rows a leg counts."""
        from leadline.sql.records import count_sql

        return self.statement(count_sql(self.for_leg(leg, whole=True), leg, cell))

    def used_rates(self, leg: Leg, target: str) -> str:
        """Which exchange rates a leg needs."""
        from leadline.sql.records import used_rates_sql

        return self.statement(used_rates_sql(self.for_leg(leg), leg, target))

    def statement(self, sql: str) -> str:
        """A whole statement, with what the engine wants said at its end."""
        return sql

    def for_leg(self, leg: Leg, *, whole: bool = False) -> Renderer:
        """This renderer with the rows of facts widened as the leg needs them."""
        if self.widening is None:
            return self
        turned = copy(self)
        turned.relation = self.widening.relation(self, leg, whole=whole)
        turned.widening = None
        turned.widened = self.widening
        return turned

    # Parts

    def source(self, fact: str, within: Sequence[str] = ()) -> str:
        """The rows of a fact. `within`: conditions that the statement sets on all of them itself."""
        return rows_within(self.relation, fact, within)

    def groups(self, leg: Leg, bucket: str) -> list[str]:
        """The grouping columns: period, dimensions, currency."""
        period = [f"{bucket} AS period" if bucket != "period" else "period"] if bucket else []
        money = ["currency AS currency_"] if getattr(leg, "currency", False) else []
        return [*period, *map(self.quote, leg.by), *money]

    @staticmethod
    def select(columns: list[str], source: str, conditions: list[str], grouped: int) -> str:
        """A SELECT with its conditions, grouped by its first columns."""
        where = "\nWHERE " + "\n  AND ".join(conditions) if conditions else ""
        # Without groups SQL answers one row even for no rows at all; nothing counted must stay absent.
        group = (
            "\nGROUP BY " + ", ".join(str(number + 1) for number in range(grouped))
            if grouped
            else "\nHAVING count(*) > 0"
        )
        return f"SELECT {', '.join(columns)}\nFROM {source}{where}{group}"

    def conditions(self, where: tuple[Row, ...], fact: Fact) -> list[str]:
        return [self.row(row, fact, 3) for row in where]

    def within(self, time: str, fact: Fact, spans: tuple[Span, ...], timezone: str) -> list[str]:
        """The half-open ranges of a time column, any of them."""
        if not spans:
            return []
        column = self.quote(time)
        ranges = []
        for first, end in spans:
            low, high = self.moment(fact, time, first, timezone), self.moment(fact, time, end, timezone)
            ranges.append(f"{column} >= {low} AND {column} < {high}")
        if len(ranges) == 1:
            return [ranges[0]]
        return ["(" + " OR ".join(f"({item})" for item in ranges) + ")"]

    def moment(self, fact: Fact, column: str, day: dt.date, timezone: str) -> str:
        """The start of a local day, as the column's type has it."""
        if fact.column(column).type == "date":
            return self.date(day)
        return self.timestamp(day_start(day, timezone))

    def bucket(self, time: str, fact: Fact, leg: Leg) -> str:
        """First day of the period a row lies in."""
        assert leg.grain is not None
        is_date = fact.column(time).type == "date"
        return self.truncate(leg.grain, self.local(self.quote(time), leg, date=is_date), leg)

    def local(self, instant: str, leg: Leg, *, date: bool) -> str:
        """Local time of an instant: the offset changes within the range asked for, as a CASE."""
        if date or leg.timezone == "UTC":
            return instant
        if leg.extent is not None:
            start, end = leg.extent
        else:
            start, end = day_start(leg.spans[0][0], leg.timezone), day_start(leg.spans[-1][1], leg.timezone)
        steps = offsets(leg.timezone, start, end)
        if len(steps) == 1:
            return self.shifted(instant, steps[0][1])
        branches = " ".join(
            f"WHEN {instant} < {self.timestamp(until)} THEN {self.shifted(instant, offset)}"
            for (_, offset), (until, _) in pairwise(steps)
        )
        return f"CASE {branches} ELSE {self.shifted(instant, steps[-1][1])} END"

    def stepped(self, day: str, values: list[tuple[dt.date, str]]) -> str:
        """The value that holds from the last of some days up to `day`."""
        if len(values) == 1:
            return values[0][1]
        branches = " ".join(
            f"WHEN {day} < {self.date(until)} THEN {value}" for (_, value), (until, _) in pairwise(values)
        )
        return f"CASE {branches} ELSE {values[-1][1]} END"

    def truncate(self, grain: Grain, local: str, leg: Leg) -> str:
        """First day of the period of `grain` a local time lies in, by the workspace's calendar."""
        if leg.calendar.retail is not None and grain not in {"day", "week"}:
            # Retail periods follow no rule an engine knows: their first days are listed.
            starts = self.period_starts(grain, leg)
            return self.stepped(self.date_trunc("day", local), [(day, self.date(day)) for day in starts])
        if grain == "week" and leg.calendar.week_start:
            shift = self.interval(leg.calendar.week_start, "day")
            return f"{self.date_trunc('week', f'({local}) - {shift}')} + {shift}"
        if grain in {"quarter", "year"}:
            months = (leg.calendar.fiscal_start - 1) % (3 if grain == "quarter" else 12)
            if months:
                shift = self.interval(months, "month")
                return f"{self.date_trunc(grain, f'({local}) - {shift}')} + {shift}"
        return self.date_trunc(grain, local)

    def later(self, first: str, count: int, grain: Grain, leg: Leg) -> str:
        """The first day of the period `count` after the one that begins on `first`."""
        if leg.calendar.retail is None or grain in {"day", "week"}:
            return f"{first} + {self.interval(count, grain)}"
        starts = self.period_starts(grain, leg)
        return self.stepped(first, [(day, self.date(leg.calendar.shift(day, grain, count))) for day in starts])

    def period_starts(self, grain: Grain, leg: Leg) -> list[dt.date]:
        """First days of all periods that rows of a leg may fall into."""
        if leg.extent is None:
            return leg.calendar.starts(leg.spans[0][0], leg.spans[-1][1], grain)
        day = dt.timedelta(days=1)
        return leg.calendar.starts(leg.extent[0].date() - day, leg.extent[1].date() + 2 * day, grain)

    @staticmethod
    def period_ends(leg: Balance | Moves) -> list[tuple[dt.date, dt.date]]:
        """Label and end of each period of a balance."""
        if leg.grain is None:
            return list(leg.spans)
        return [(leg.calendar.floor(first, leg.grain), end) for first, end in leg.spans]

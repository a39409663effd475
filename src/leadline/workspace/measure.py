"""Queries become results: planned, run leg by leg, combined, with their provenance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from leadline.errors import RefusedError, unknown
from leadline.model.lookup import Lookup
from leadline.model.tree import Count, Row
from leadline.plan.answer import Answer
from leadline.plan.compile import Plan, compile_query
from leadline.plan.coverage import Coverage
from leadline.plan.leg import Leg, Named, Scan
from leadline.plan.need import Need, need_of
from leadline.plan.provenance import provenance_of
from leadline.plan.query import Query
from leadline.plan.result import Mark, Result, ResultColumn, Total, Value
from leadline.plan.span import cut_periods
from leadline.plan.total import total_queries, total_rows
from leadline.sql.relation import CHANNEL, Widening
from leadline.sql.render import Renderer
from leadline.workspace.channel import Channelling

MAX_PLANS = 256
"""How many plans an open workspace keeps."""


class Measuring(Channelling):
    """Answers queries."""

    def compile(self, query: Query) -> Plan:
        """The plan of a query, worked out once for a question while the data stays as it is."""
        # TRICKY: conditions on 1, 1.0 and true are equal in Python and not in SQL, so their text tells them apart.
        key = (query, repr(query.where) if query.where is not None else "")
        states = self.states()
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
                self._coverages.clear()
            plan = self._plans[key] = compile_query(query, self.metrics, self.facts, states, self._senses)
            self._coverages[id(plan)] = self._coverage(plan)
        return plan

    def _coverage(self, plan: Plan) -> Coverage:
        return Coverage(plan, self.facts, self.states(), lambda fact, wheres: self._fed_by(plan.query, fact, wheres))

    def _fed_by(self, query: Query, fact: str, wheres: Sequence[Row]) -> list[frozenset[str]]:
        """For each condition the sources with rows of a fact that meet it; asked once while the data stays as it is."""
        keys = [(fact, repr(where), query.as_of_load) for where in wheres]
        new = [(key, where) for key, where in zip(keys, wheres, strict=True) if key not in self._feeding]
        if new:
            counts = tuple(Named(f"c{at}", Count(fact, where)) for at, (_, where) in enumerate(new))
            leg = Scan(
                fact=fact, by=("_source",), where=(), spans=(), grain=None, window=0, calendar=query.calendar,
                timezone=query.timezone, time=self.facts[fact].time, measures=counts,
            )  # fmt: skip
            found = self.warehouse().rows(self._ready(query, [leg]).render(leg))[1]
            for at, (key, _) in enumerate(new, start=1):
                self._feeding[key] = frozenset(str(row[0]) for row in found if row[at])
        return [self._feeding[key] for key in keys]

    def renderer(self, query: Query, ruled: Collection[str] | None = None) -> Renderer:
        """Renders legs over the facts as the query wants them known, in its currency, with looked-up dimensions.

        Channels are told by rule in the facts of `ruled`; None: in all that need it.
        """
        warehouse, tables = self.warehouse(), self.project.tables
        widening = None
        if self.project.lookups or query.currency:
            exchange = None
            if query.currency:
                from leadline.warehouse.exchange import exchange_for

                known = (query.currency, query.timezone, tables, self.states(), query.as_of_load)
                exchange = exchange_for(warehouse, *known)
            today = query.today or self.today
            widening = Widening(tables, self.project.lookups, self.states(), exchange, today, query.timezone)
        if ruled is None:
            ruled = self.ruled_facts(query.as_of_load)
        rollups = {} if query.as_of_load is not None else self.rollups()
        if rollups:
            rollups = {fact: rollup for fact, rollup in rollups.items() if fact not in ruled}
        return warehouse.renderer(self.facts, self.ruled_relation(ruled, query.as_of_load), widening, rollups)

    def _ready(self, query: Query, legs: Sequence[Leg], *, whole: bool = False) -> Renderer:
        """The renderer of some legs, once the lookups they go through are up to date and proved."""
        return self._prepare(query, legs, whole=whole)[0]

    def _prepare(
        self, query: Query, legs: Sequence[Leg], *, whole: bool = False
    ) -> tuple[Renderer, list[Lookup], tuple[str, ...]]:
        """The renderer, the lookups that the legs go through, and the facts whose channels are told by rule."""
        used = self._lookups_of(legs, whole=whole)
        self.refresh_lookups(used)
        ruled = self.ruled_in(legs, used, query.as_of_load, whole=whole)
        renderer = self.renderer(query, ruled)
        for lookup in used:
            if not lookup.file and not lookup.segment and (lookup.name, query.as_of_load) not in self._proved:
                from leadline.warehouse.proof import prove_lookup

                prove_lookup(self.warehouse(), renderer, self.project.tables, lookup)
                self._proved.add((lookup.name, query.as_of_load))
        return renderer, used, ruled

    def _lookups_of(self, legs: Sequence[Leg], *, whole: bool = False) -> list[Lookup]:
        """The lookups that the rows of some legs go through."""
        if not self.project.lookups:
            return []
        reached = Widening(self.project.tables, self.project.lookups, {})
        return list({one.name: one for leg in legs for one in reached.lookups_of(leg, whole=whole)}.values())

    def query(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        attribution: str | None = None,
        lookback: float | None = None,
        total: bool = False,
        definition: str | None = None,
    ) -> Result:
        """Measure metrics; every number carries its provenance.

        `by` dimensions, `grain` day to year or none, `period` as `leadline query --help` lists them, `where` a
        condition, `compare` previous and/or year, `currency` what amounts are converted into. Raises `UsageError` or
        `RefusedError`, never a wrong number. `total` adds the totals over the breakdown and over time. Of metrics that
        meant something else before, each period has the `definition` in effect in it, unless `newest` or that of a day
        is asked for throughout.
        """
        asked = self.ask(
            metrics,
            by=by,
            grain=grain,
            period=period,
            where=where,
            compare=compare,
            as_known_at=as_known_at,
            currency=currency,
            attribution=attribution,
            lookback=lookback,
            definition=definition,
        )
        plan = self.compile(asked)
        return self.with_totals(self.run(plan), plan) if total else self.run(plan)

    def with_totals(self, result: Result, plan: Plan) -> Result:
        """The result with its totals, each counted from the records; the provenance says which have no right answer."""
        totals: list[Total] = []
        told: dict[str, Any] = {"sql": [], "refused": []}
        for asked in total_queries(plan.query, plan.labels):
            try:
                answer = self.run(self.compile(asked))
            except RefusedError as error:
                told["refused"].append(str(error.what))
                continue
            totals += total_rows(result, answer)
            told["sql"] += answer.provenance["sql"]
        return msgspec.structs.replace(result, totals=tuple(totals), provenance={**result.provenance, "totals": told})

    def statements(self, plan: Plan) -> list[str]:
        """The SQL of a plan, a statement a leg; nothing of it is run."""
        renderer = self._ready(plan.query, plan.legs)
        return [renderer.render(leg) for leg in plan.legs]

    def run(self, plan: Plan) -> Result:
        """Run a plan and combine its legs."""
        renderer, lookups, ruled = self._prepare(plan.query, plan.legs)
        warehouse = self.warehouse()
        rates = []
        if plan.query.currency:
            from leadline.warehouse.exchange import used_rates

            rates = used_rates(warehouse, renderer, plan.legs, plan.query.as_of_load)
        kept = self._coverages.get(id(plan))
        answer = Answer(plan, self.states(), kept or self._coverage(plan), self._empty_columns)
        statements = []
        for leg in plan.legs:
            sql = renderer.render(leg)
            statements.append(sql)
            answer.take(leg, warehouse.rows(sql)[1])
        columns, rows, marks = answer.rows()
        if cut := cut_periods(plan.labels, plan.spans[()], plan.query):
            marks |= {(number, 0): "cut" for number, row in enumerate(rows) if row[0] in cut}
        rows, needs = self._without_nobodys_noughts(plan.query.where, columns, rows, marks)
        provenance = provenance_of(plan, statements, answer, self.states())
        provenance["needs"] = needs
        if plan.query.currency:
            provenance |= {"currency": plan.query.currency, "rates": rates}
        if self.project.lookups:
            provenance["lookups"] = {one.name: one.file or one.table for one in lookups}
        provenance |= self.rules_told(ruled)
        rolled = {leg.fact for leg in plan.legs if renderer.rollup_for(leg) is not None}
        if rolled:
            provenance["rollups"] = sorted(rolled)
        provenance["marks"] = [[row, column, mark] for (row, column), mark in marks.items()]
        return Result(tuple(columns), rows, provenance, marks, plan.query)

    def need(self, metric: str, where: Row | None = None) -> Need:
        """What a metric lacks before it can have a value: facts without rows, and columns that no source fills.

        Under a filter `where` its columns are wanted too.
        """
        if metric not in self.metrics:
            raise unknown("metric", metric, self.metrics)
        return need_of(self.metrics[metric], self.metrics, self.facts, self.states(), self._empty_columns, where)

    def _empty_columns(self, fact: str, columns: Collection[str]) -> Collection[str]:
        """Of these columns, those empty in every row of the fact; asked once while the warehouse is open."""
        # What a lookup lends is no column of the fact: rows that nobody knows anything about are no gap in a source.
        columns = [name for name in columns if self.project.tables[fact].has(name)]
        if CHANNEL in columns and self.needs_rules(fact):
            columns.remove(CHANNEL)
        asked = [name for name in columns if (fact, name) not in self._filled]
        if asked:
            warehouse = self.warehouse()
            renderer = warehouse.renderer(self.facts, warehouse.relation)
            counts = ", ".join(f"count({renderer.quote(name)})" for name in asked)
            row = warehouse.rows(f"SELECT {counts} FROM {warehouse.relation(fact)} AS filled")[1][0]
            self._filled |= {(fact, name): bool(count) for name, count in zip(asked, row, strict=True)}
        return [name for name in columns if not self._filled[fact, name]]

    def _without_nobodys_noughts(
        self,
        where: Row | None,
        columns: Sequence[ResultColumn],
        rows: list[tuple[Value, ...]],
        marks: dict[tuple[int, int], Mark],
    ) -> tuple[list[tuple[Value, ...]], dict[str, str]]:
        """Rows without the noughts of metrics that no source feeds, and what each metric without a value needs."""
        needs: dict[str, str] = {}
        void: list[int] = []
        for at, column in enumerate(columns):
            name = column.metric or column.name
            if column.kind != "metric" or name not in self.metrics or any(row[at] for row in rows):
                continue
            need = self.need(name, where)
            if need:
                void.append(at)
            if need.source and (need or all(row[at] is None for row in rows)):
                needs[name] = need.source
        if not void:
            return rows, needs
        marks.update({(number, at): "no-data" for number in range(len(rows)) for at in void})
        return [tuple(None if at in void else value for at, value in enumerate(row)) for row in rows], needs

"""Conversions and the touches around them as statements over the facts of a workspace, by person or by account.

Conversions, persons, touches and their order are those of `credited()` in a formula (`leadline.sql.credit`): the same
rows, the same column for whose they are, touches up to the moment of the conversion and not older than the lookback,
both ends included, those of one moment in the order of source, key and line. Tests hold the two equal.

By account, a row belongs to the one that `leadline.sql.belonging` tells, else to the person alone. Who is with whom
comes from `identity.employer` where the registry has been made (`leadline.journey.registry`), else from the rows of any
fact that name both.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.attribution.conversion import STAGES, Conversion
from leadline.model import tree
from leadline.model.infer import TOUCHES
from leadline.model.level import Level
from leadline.model.tree import Row
from leadline.plan.leg import Credits, Span
from leadline.plan.span import time_column
from leadline.sql.belonging import BY_IDS, NOBODY, belonging, was_with
from leadline.sql.credit import person_column
from leadline.time.calendar import Calendar

if TYPE_CHECKING:
    from leadline.model.fact import Fact
    from leadline.sql.render import Renderer

_ORDER = "_source, _key, _line"


class Asked(Struct, frozen=True, kw_only=True):
    """Which conversions, and which touches may earn them.

    `by` is a column of the touch; `lookback` in days; `span` half-open local days in `timezone` (None: all time);
    `where` conditions on the rows of the conversions; `split` keeps currencies apart.
    """

    conversion: Conversion
    by: str
    lookback: float
    level: Level
    span: Span | None
    timezone: str
    calendar: Calendar
    where: tuple[Row, ...] = ()
    split: bool = False

    def leg(self) -> Credits:
        """The question as a leg of a plan, which decides what the rows of facts are widened by."""
        return Credits(
            fact=self.conversion.measure.fact,
            by=(self.by,),
            where=self.where,
            spans=(self.span,) if self.span else (),
            grain=None,
            window=0,
            calendar=self.calendar,
            timezone=self.timezone,
            alias="credit",
            measure=tree.Credit(self.conversion.measure, "first", self.lookback),
            currency=self.split,
        )


class Relations(Struct, frozen=True):
    """The statements of a question. `renderer` is widened for its leg; `facts` with rows among `filled`.

    `registry` tells whether the identity registry has been made.
    """

    asked: Asked
    renderer: Renderer
    filled: frozenset[str]
    registry: bool = False

    def paths(self) -> str:
        """A row a conversion and touch, in order; one without a touch where none came before.

        Columns: number, value, currency, label, is_direct (0 or 1), age in seconds, and whether the touch was up to
        the moment the entity became a lead, and an opportunity (0 or 1).
        """
        renderer = self.renderer
        within = renderer.span_of(self.asked.lookback)
        age = renderer.duration("touched_at", "converted_at", "seconds")
        marks = [
            f"CASE WHEN touched_at <= staged.{name} THEN 1 ELSE 0 END AS {name}" for name in ("lead_at", "opened_at")
        ]
        return renderer.statement(
            f"WITH {self._belongs()}{self._conversions(self.asked.where)},\n{self._touches()},\n{self._stages()}\n"
            "SELECT conversion.number, conversion.value, conversion.currency, label,\n"
            f"  CASE WHEN touchpoint.channel = 'Direct' THEN 1 ELSE 0 END AS is_direct, {age} AS age, "
            f"{', '.join(marks)}\n"
            "FROM conversion\n"
            "LEFT JOIN touchpoint ON touchpoint.entity = conversion.entity AND touched_at <= converted_at\n"
            f"  AND touched_at >= converted_at - {within}\n"
            "LEFT JOIN staged ON staged.number = conversion.number\n"
            "ORDER BY conversion.number, touch_order"
        )

    def failures(
        self, begins: dt.datetime | None, ends: dt.datetime, converted_until: dt.datetime | None = None
    ) -> str:
        """A row a touch of a journey that ended without a conversion, or has not ended; in order.

        A journey ends in a conversion, or when the lookback passes without a touch or a conversion; the moment it has
        passed is when it failed. Read are those that failed from `begins` until `ends` (both UTC, half-open) and those
        that had not ended then. No touch after `ends` is looked at, and no conversion after `converted_until`. Columns:
        entity, journey, label, is_open (0 or 1).
        """
        renderer = self.renderer
        span = renderer.span_of(self.asked.lookback)
        until = renderer.timestamp(ends)
        before = f" AND converted_at < {renderer.timestamp(converted_until)}" if converted_until is not None else ""
        began = f"AND ended + {span} >= {renderer.timestamp(begins)}" if begins is not None else ""
        return renderer.statement(
            f"WITH {self._belongs()}{self._conversions((), all_time=True)},\n{self._touches()},\n"
            "happened AS (\n"
            "  SELECT entity, touched_at AS moment, 0 AS converts, touch_order AS place, label FROM touchpoint\n"
            f"  WHERE touched_at < {until}\n"
            "  UNION ALL\n"
            "  SELECT entity, converted_at, 1, number, NULL FROM conversion\n"
            f"  WHERE entity IS NOT NULL{before}\n"
            "),\n"
            "followed AS (\n"
            "  SELECT happened.*, lag(moment) OVER course AS before, lag(converts) OVER course AS converted_before\n"
            "  FROM happened WINDOW course AS (PARTITION BY entity ORDER BY moment, converts, place)\n"
            "),\n"
            "journey AS (\n"
            "  -- a new journey begins after a conversion, and after a silence longer than the lookback\n"
            "  SELECT followed.*, sum(CASE WHEN before IS NULL OR converted_before = 1\n"
            f"      OR moment > before + {span} THEN 1 ELSE 0 END)\n"
            "    OVER (PARTITION BY entity ORDER BY moment, converts, place) AS journey\n"
            "  FROM followed\n"
            "),\n"
            "ending AS (\n"
            "  SELECT entity, journey, max(moment) AS ended FROM journey\n"
            "  GROUP BY entity, journey HAVING max(converts) = 0\n"
            ")\n"
            "SELECT journey.entity, journey.journey, label,\n"
            f"  CASE WHEN ended + {span} >= {until} THEN 1 ELSE 0 END AS is_open\n"
            "FROM ending JOIN journey ON journey.entity = ending.entity AND journey.journey = ending.journey\n"
            f"WHERE moment >= ended - {span} {began}\n"
            "ORDER BY journey.entity, journey.journey, moment, place"
        )

    def _conversions(self, where: tuple[Row, ...], *, all_time: bool = False) -> str:
        asked, renderer = self.asked, self.renderer
        measure = asked.conversion.measure
        fact = renderer.facts[measure.fact]
        time = time_column(measure, renderer.facts)
        moment = renderer.quote(time)
        conditions = [f"{moment} IS NOT NULL", *renderer.conditions(where, fact)]
        if asked.span and not all_time:
            conditions += renderer.within(time, fact, (asked.span,), asked.timezone)
        if measure.where is not None:
            conditions.append(renderer.row(measure.where, fact, 3))
        value = renderer.real(renderer.row(measure.value, fact, 0)) if isinstance(measure, tree.Sum) else "1"
        key = "_key" if not asked.conversion.key else f"coalesce({renderer.quote(asked.conversion.key)}, _key)"
        currency = "currency" if asked.split else "NULL"
        own = "account_id" if fact.has("account_id") else "NULL"
        return (
            "converted AS (\n"
            f"  SELECT {renderer.quote(person_column(fact))} AS person, {own} AS own_account,\n"
            f"    {moment} AS converted_at, {value} AS value, {currency} AS currency,\n"
            f"    _source AS told_by, {key} AS part,\n"
            f"    row_number() OVER (ORDER BY {moment}, {_ORDER}) AS number\n"
            f"  FROM {renderer.source(measure.fact)}\n  WHERE {' AND '.join(conditions)}\n"
            "),\n"
            "whole AS (\n"
            "  -- the lines of one order are one conversion\n"
            "  SELECT person, max(own_account) AS own_account, converted_at, sum(value) AS value, currency,\n"
            "    min(number) AS number\n"
            "  FROM converted GROUP BY person, converted_at, currency, told_by, part\n"
            f"),\n{self._with_entity('conversion', 'whole', 'converted_at')}"
        )

    def _touches(self) -> str:
        asked, renderer = self.asked, self.renderer
        touch = renderer.facts[TOUCHES]
        known = "person_id IS NOT NULL" + (" OR account_id IS NOT NULL" if asked.level == "account" else "")
        own = "account_id" if touch.has("account_id") else "NULL"
        return (
            f"touched AS (\n  SELECT person_id AS person, {own} AS own_account, touched_at,\n"
            f"    {renderer.quote(asked.by)} AS label, channel,\n"
            f"    row_number() OVER (ORDER BY touched_at, {_ORDER}) AS touch_order\n"
            f"  FROM {renderer.source(TOUCHES)}\n  WHERE touched_at IS NOT NULL AND ({known})\n"
            f"),\n{self._with_entity('touchpoint', 'touched', 'touched_at')}"
        )

    def _stages(self) -> str:
        """When the entity of each conversion had become a lead, and an opportunity."""
        renderer = self.renderer
        entry = (
            "entry AS (\n  SELECT person_id AS person, account_id AS own_account, stage, entered_at\n"
            f"  FROM {renderer.source(STAGES)}\n  WHERE stage IN ('lead', 'opportunity')\n"
            f"),\n{self._with_entity('stage', 'entry', 'entered_at')}"
        )
        first = [
            f"min(CASE WHEN stage.stage = '{name}' THEN entered_at END) AS {column}"
            for name, column in (("lead", "lead_at"), ("opportunity", "opened_at"))
        ]
        return (
            f"{entry},\nstaged AS (\n  SELECT conversion.number, {', '.join(first)}\n"
            "  FROM conversion JOIN stage ON stage.entity = conversion.entity AND entered_at <= converted_at\n"
            "  GROUP BY conversion.number\n)"
        )

    def _with_entity(self, name: str, source: str, at: str) -> str:
        """Rows with the entity they belong to."""
        if self.asked.level == "person":
            return f"{name} AS (\n  SELECT {source}.*, person AS entity FROM {source}\n)"
        return (
            f"{name} AS (\n"
            f"  SELECT {source}.*, CASE WHEN coalesce(own_account, belongs.account) IS NOT NULL\n"
            f"      THEN 'account ' || coalesce(own_account, belongs.account)\n"
            f"      ELSE 'person ' || {source}.person END AS entity\n"
            f"  FROM {source} LEFT JOIN belongs ON {was_with(f'{source}.person', at)}\n"
            ")"
        )

    def _belongs(self) -> str:
        """CTEs of the accounts of persons over time; nothing where accounts are not asked for."""
        if self.asked.level == "person":
            return ""
        listed = BY_IDS if self.registry else "\n    UNION ALL ".join(map(self._named_together, self._with_both()))
        return f"{belonging(listed or NOBODY)},\n"

    def _with_both(self) -> list[Fact]:
        """Facts with rows that may name a person and an account."""
        found = []
        for name in sorted(self.filled):
            fact = self.renderer.facts[name]
            timed = fact.column(fact.time).type == "timestamp"
            if timed and fact.has("person_id") and fact.has("account_id"):
                found.append(fact)
        return found

    def _named_together(self, fact: Fact) -> str:
        time = self.renderer.quote(fact.time)
        return (
            f"SELECT person_id AS person, account_id AS account, {time} AS since "
            f"FROM {self.renderer.source(fact.name)} "
            f"WHERE person_id IS NOT NULL AND account_id IS NOT NULL AND {time} IS NOT NULL"
        )

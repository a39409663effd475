"""Channels by rule: rows that say where a visit came from, and not which channel that is, get it by the rules here.

A channel that a source delivered stays. The rules (`channels.yaml` above its preset) are read at each question and
become a part of its SQL, so that changing them needs no new load. Facts whose rows all have a channel are read as they
are: whether any row needs a rule is asked once while the warehouse is open, and only when a question asks for channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from leadline.model.infer import TOUCHES
from leadline.plan.leg import Credits, Leg
from leadline.plan.query import FactState
from leadline.sql.relation import CHANNEL, ORIGIN, Ruled, told_by_rule, words_of
from leadline.workspace.ask import Asking

if TYPE_CHECKING:
    from leadline.journey.rule import Rules
    from leadline.model.lookup import Lookup

Relation = Callable[[str], str]


class Channelling(Asking):
    """Tells channels by rule."""

    def ruled_facts(self, as_of_load: int | None = None) -> tuple[str, ...]:
        """The facts with rows, as known at a load, that get their channel by rule."""
        return tuple(name for name in self.project.tables if self.needs_rules(name, as_of_load))

    def ruled_relation(self, facts: Iterable[str], as_of_load: int | None = None) -> Relation:
        """The SQL of facts' rows as known at a load; those of `facts` have the channel that the rules say."""
        warehouse, tables = self.warehouse(), self.project.tables
        ruled = frozenset(facts)
        if not ruled:
            return lambda name: warehouse.relation(name, as_of_load)
        from leadline.journey.statement import channel_case

        rules, words = self._channel_rules(), warehouse.renderer(self.facts, str)

        def case(source: str, medium: str, campaign: str) -> str:
            return channel_case(rules, source=source, medium=medium, campaign=campaign, words=words)

        def within(name: str, conditions: Sequence[str]) -> str:
            rows = warehouse.relation(name, as_of_load)
            return told_by_rule(words, rows, tables[name], case, conditions) if name in ruled else rows

        return Ruled(within)

    def ruled_in(
        self, legs: Sequence[Leg], lookups: Sequence[Lookup], as_of_load: int | None, *, whole: bool = False
    ) -> tuple[str, ...]:
        """The facts whose channel these legs, or the lookups they go through, want told by rule."""
        wanted: dict[str, None] = {}
        for leg in legs:
            said: set[str] = set()
            for part in (leg, *lookups):
                said |= set(words_of(part))
            # Credit tells direct touches from others, whatever it is broken down by.
            credited = isinstance(leg, Credits)
            if CHANNEL in said or credited or whole:
                wanted |= dict.fromkeys(name for name in self.project.tables if name in said)
            if credited:
                wanted[TOUCHES] = None
        return tuple(name for name in wanted if self.needs_rules(name, as_of_load))

    def needs_rules(self, name: str, as_of_load: int | None = None) -> bool:
        """Whether any row of a fact has no channel and an origin to tell one by."""
        fact = self.project.tables[name]
        if not all(map(fact.has, (CHANNEL, *ORIGIN))) or not self.states().get(name, FactState()).rows:
            return False
        if (name, as_of_load) not in self._ruled:
            warehouse = self.warehouse()
            quote = warehouse.renderer(self.facts, str).quote
            known = " OR ".join(f"{quote(column)} IS NOT NULL" for column in ORIGIN)
            found = warehouse.rows(
                f"SELECT 1 AS found FROM {warehouse.relation(name, as_of_load)} AS told "
                f"WHERE {quote(CHANNEL)} IS NULL AND ({known}) LIMIT 1"
            )[1]
            self._ruled[name, as_of_load] = bool(found)
        return self._ruled[name, as_of_load]

    def _channel_rules(self) -> Rules:
        from leadline.journey.rule import load_rules, read_own_rules

        return load_rules(read_own_rules(self.path))

    def rules_told(self, facts: Sequence[str]) -> dict[str, Any]:
        """What a provenance says of the rules that told channels; nothing where none did."""
        if not facts:
            return {}
        from leadline.journey.rule import read_own_rules

        own = read_own_rules(self.path)
        told = {"preset": own.preset, "own": [rule.id for rule in own.rules], "sources": dict(own.sources)}
        return {"channels": {"facts": list(facts), **told}}

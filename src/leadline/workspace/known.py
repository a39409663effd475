"""What questions about sequences know: events as of a load, and up to when all this holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.errors import UsageError
from leadline.plan.query import FactState, Query
from leadline.plan.reach import RETIRED_AFTER, reaches
from leadline.time.period import check_grain
from leadline.time.zone import day_start
from leadline.workspace.sequence import Sequences

if TYPE_CHECKING:
    from leadline.plan.leg import Scan
    from leadline.time.calendar import Grain
    from leadline.timeline import Match, Timeline
    from leadline.timeline.view import View

_DAY = dt.timedelta(days=1)


class KnownEvents(Sequences):
    """The ground of cohorts, the lifecycle and visits."""

    @staticmethod
    def _cohort_grain(grain: str) -> Grain:
        sized = check_grain(grain)
        if sized is None:
            raise UsageError(
                "no-grain", "People cannot be followed without periods.", fix="ask for days, weeks, months or longer"
            )
        return sized

    def _people_and_start(self, timeline: Timeline, asked: Query) -> tuple[View, Match]:
        """The people a filter lets through by their segments, and what the event that starts must meet besides."""
        from leadline.journey.step import read_where
        from leadline.model.text import condition_text
        from leadline.timeline.question import EVERYTHING, Match

        conditions = tuple[Any, ...]()
        view, rest = self._people_of(timeline, asked)
        for part in rest:
            conditions += read_where(condition_text(part), timeline)
        return view, Match((), conditions) if conditions else EVERYTHING

    @contextmanager
    def _events_known(self, asked: Query, converted: Sequence[str]) -> Iterator[Timeline]:
        """The workspace's timeline; for what was known earlier or in another currency one of its own, for now."""
        if asked.as_of_load is None and not converted:
            yield self.timeline()
            return
        import tempfile

        from leadline.timeline import Timeline
        from leadline.timeline.source import KEPT, events_sql, identity_version

        self._here()
        self.refresh_identity()
        warehouse = self.warehouse()
        renderer = self.renderer(asked)
        turned = {fact: renderer.for_leg(_amounts(fact, asked)) for fact in converted}
        if converted:
            from leadline.warehouse.exchange import used_rates

            used_rates(warehouse, renderer, [_amounts(fact, asked) for fact in converted], asked.as_of_load)
        select = events_sql(
            warehouse.facts,
            relation=lambda fact: turned.get(fact, renderer).relation(fact),
            identified=identity_version(warehouse) > 0,
            recalled=asked.as_of_load is not None,
        )
        with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
            yield Timeline.build(Path(folder), warehouse.con, select, properties=KEPT)[0]

    def _known_until(self, facts: Sequence[str], asked: Query) -> dt.datetime:
        """The first moment of which nothing is known: today has not ended, and sources reach only so far."""
        today = asked.today or self.today
        last = today - _DAY
        states = self.states()
        for fact in facts:
            known = [
                one.until for one in reaches(self.facts[fact], states.get(fact, FactState()), asked.timezone, today)
            ]
            alive = [day for day in known if day >= max(known) - RETIRED_AFTER]
            last = min([last, *alive])
        return day_start(last + _DAY, asked.timezone)

    def _journey_provenance(
        self, told: dict[str, Any], asked: Query, facts: Sequence[str], until: dt.datetime
    ) -> dict[str, Any]:
        from leadline.time.zone import offset_at
        from leadline.timeline.source import last_load

        states = self.states()
        local = until + offset_at(until, asked.timezone)
        return {
            "question": told,
            "timezone": asked.timezone,
            "load": last_load(self.warehouse()) if asked.as_of_load is None else asked.as_of_load,
            "known_until": local.date().isoformat(),
            "facts": {
                fact: {
                    source.source: {
                        "rows": source.rows,
                        "through": source.through.isoformat() if source.through else None,
                    }
                    for source in states.get(fact, FactState()).sources
                }
                for fact in facts
            },
            **self.rules_told([fact for fact in facts if self.needs_rules(fact, asked.as_of_load)]),
        }


def _amounts(fact: str, asked: Query) -> Scan:
    """A leg that reads the amounts of a fact."""
    from leadline.model import tree
    from leadline.plan.leg import Named, Scan
    from leadline.timeline.source import RULES

    rule = next(rule for rule in RULES if rule.fact == fact and rule.value)
    measure = Named("amount", tree.Sum(fact, tree.Column(rule.value)))
    return Scan(
        fact=fact, by=(), where=(), spans=(), grain=None, window=0, calendar=asked.calendar, timezone=asked.timezone,
        time=rule.moment, measures=(measure,),
    )  # fmt: skip

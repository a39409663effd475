"""Roll-ups: a fact counted up by day and some dimensions, read in place of its rows where that answers the same.

A roll-up looks like its fact: the same time column, dimensions and amounts, and in `_rows` how many rows each of its
own stands for. Its moments are the noon of each local day, so whatever is bounded by days of its zone comes out alike:
a bucket and a filter are rendered as for the fact itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.plan.leg import Leg, Scan
from leadline.plan.query import FactState
from leadline.sql.dialect import ROWS
from leadline.sql.name import quote
from leadline.sql.relation import local_time

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

CURRENCY = "currency"


class Rollup(Struct, frozen=True):
    """What a roll-up keeps of a fact: days of `timezone` by its `time`, `dimensions`, and the totals of `sums`."""

    fact: str
    time: str
    timezone: str
    dimensions: tuple[str, ...]
    sums: tuple[str, ...]

    @property
    def relation(self) -> str:
        """The SQL of its rows."""
        return relation_of(self.fact)

    def serves(self, leg: Leg) -> bool:
        """Whether a leg over the roll-up yields what it yields over the fact: counts and totals, by day at finest.

        A leg that reads anything the roll-up does not keep is not served.
        """
        if not isinstance(leg, Scan) or (leg.fact, leg.time, leg.timezone) != (self.fact, self.time, self.timezone):
            return False
        kept = set(self.dimensions)
        read = {*leg.by, *([CURRENCY] if leg.currency else [])}
        for row in (*leg.where, *(named.measure.where for named in leg.measures)):
            read.update(tree.columns_of(row))
        return read <= kept and all(self._adds(named.measure) for named in leg.measures)

    def _adds(self, measure: tree.Aggregate) -> bool:
        if isinstance(measure, tree.Count):
            return True
        return (
            isinstance(measure, tree.Sum) and isinstance(measure.value, tree.Column) and measure.value.name in self.sums
        )


def relation_of(fact: str) -> str:
    """Where the roll-up of a fact is kept."""
    return f"rollup.{quote(fact)}"


def rollup_of(fact: Fact, dimensions: tuple[str, ...], timezone: str) -> Rollup:
    """The roll-up of a fact by these of its stored dimensions; amounts keep their currency."""
    kept = dict.fromkeys([*dimensions, *([CURRENCY] if fact.has_currency else [])])
    sums = tuple(
        column.name
        for column in fact.columns
        if column.type in ("integer", "decimal") and column.additive and column.name not in kept
    )
    return Rollup(fact.name, fact.time, timezone, tuple(kept), sums)


def rollup_sql(renderer: Renderer, rollup: Rollup, fact: Fact, state: FactState) -> str:
    """The rows of a roll-up, made of the fact's."""
    time = renderer.quote(rollup.time)
    if fact.column(rollup.time).type == "date":
        day = time
    else:
        local = local_time(renderer, time, rollup.timezone, state.bounds(rollup.time))
        noon = f"{renderer.date_trunc('day', local)} + {renderer.interval(12, 'hour')}"
        day = noon if local == time else f"{noon} - (({local}) - {time})"
    columns = [f"{day} AS {time}", *map(renderer.quote, rollup.dimensions)]
    totals = [f"sum({renderer.quote(name)}) AS {renderer.quote(name)}" for name in rollup.sums]
    return (
        f"SELECT {', '.join([*columns, *totals, f'count(*) AS {ROWS}'])}\nFROM {renderer.relation(rollup.fact)}\n"
        f"GROUP BY {', '.join(str(number + 1) for number in range(len(columns)))}"
    )

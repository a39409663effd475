"""Records that moved: those behind a number on one side and not on the other, told apart in the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from leadline.plan.result import Result
from leadline.sql.records import PLACE_COLUMNS
from leadline.workspace import Workspace

Way = Literal["gone", "come"]
_KEY = ", ".join(PLACE_COLUMNS)


class Moved(Struct, frozen=True):
    """Records of a fact that count on one side only: `gone` with the old one, `come` with the new.

    `count` are all of them, `rows` the newest few, personal data masked; the last column says the file of each.
    """

    fact: str
    way: Way
    count: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def moved_records(
    was: tuple[Workspace, Result], now: tuple[Workspace, Result], name: str, limit: int, *, same_data: bool
) -> tuple[Moved, ...]:
    """What moved between two answers of one row each.

    On the same data a record counts on both sides or on one; of two moments of knowledge each version of a record is
    one, so that a restated record goes and comes. Measures that are the same on both sides are left out.
    """
    old, new = (space.record_statements(result, 0, name) for space, result in (was, now))
    if same_data:
        shared = {(measure, sql) for measure, _, sql in old} & {(measure, sql) for measure, _, sql in new}
        old, new = ([one for one in side if (one[0], one[2]) not in shared] for side in (old, new))
    found = []
    for fact in dict.fromkeys(fact for _, fact, _ in (*old, *new)):
        sides = [_of_fact(side, fact) for side in (old, new)]
        for way, (mine, other) in (("gone", sides), ("come", sides[::-1])):
            moved = _only(now[0], fact, way, mine, other, limit)  # type: ignore[arg-type]
            if moved.count:
                found.append(moved)
    return tuple(found)


def _of_fact(side: Sequence[tuple[str, str, str]], fact: str) -> list[str]:
    return [sql for _, of, sql in side if of == fact]


def _only(space: Workspace, fact: str, way: Way, mine: Sequence[str], other: Sequence[str], limit: int) -> Moved:
    if not mine:
        return Moved(fact, way, 0, (), ())
    warehouse = space.warehouse()
    quote = warehouse.renderer(space.facts, warehouse.relation).quote
    columns = [*(quote(name) for name in space.project.tables[fact].column_names), *PLACE_COLUMNS]
    here = " UNION ".join(f"SELECT {', '.join(columns)} FROM ({sql}) AS one" for sql in mine)
    there = " UNION ".join(f"SELECT {_KEY} FROM ({sql}) AS one" for sql in other)
    apart = ""
    if there:
        on = " AND ".join(f"there.{name} = here.{name}" for name in PLACE_COLUMNS)
        apart = f" WHERE NOT EXISTS (SELECT 1 FROM ({there}) AS there WHERE {on})"
    count = int(warehouse.rows(f"SELECT count(*) FROM ({here}) AS here{apart}")[1][0][0])
    if not count:
        return Moved(fact, way, 0, (), ())
    time = quote(space.project.tables[fact].time)
    names, rows = warehouse.rows(
        f"SELECT * FROM ({here}) AS here{apart} ORDER BY {time} DESC, _source, _line LIMIT {limit}"
    )
    at = names.index("_load")
    origins = dict(warehouse.con.execute("SELECT id, origin FROM ledger.load").fetchall())
    return Moved(fact, way, count, (*names, "_file"), tuple((*row, origins.get(row[at])) for row in rows))

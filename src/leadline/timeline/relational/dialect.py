"""What engines say differently in questions about sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from leadline.errors import RefusedError
from leadline.sql.clickhouse import ClickHouseRenderer
from leadline.sql.postgres import PostgresRenderer
from leadline.sql.render import Renderer
from leadline.sql.spark import SparkRenderer

Nothing = Literal["text", "number"]


class Dialect(Struct, frozen=True):
    """An engine's words for sequences; texts, rows written out and closing settings are those of its renderer.

    `in_order` sorts `{items}`, numbers written as columns, into a list that can be compared. `gathered` makes a list of
    `{value}` in the order of `{place}` (whole numbers, each once); `no_places` is a list of texts without any.
    `window_funnel` says a plain funnel's level in the meaning of ours, from `{window}` and `{steps}`; empty where an
    engine has no such function.
    """

    renderer: type[Renderer]
    text_type: str
    number_type: str
    in_order: str
    gathered: str
    no_places: str
    window_funnel: str = ""

    def text(self, value: str) -> str:
        """A text written out."""
        return self._words.text(value)

    def nothing(self, kind: Nothing) -> str:
        """A null of a type."""
        return f"CAST(NULL AS {self.text_type if kind == 'text' else self.number_type})"

    def numbers(self, name: str, values: Sequence[int]) -> str:
        """A relation `name` of one column `k` with these numbers."""
        return self._words.table(name, ("k",), [(str(value),) for value in values])

    def statement(self, sql: str) -> str:
        """A finished statement, with the settings it cannot do without."""
        return self._words.statement(sql)

    @property
    def _words(self) -> Renderer:
        return self.renderer({}, str)


DUCKDB = Dialect(
    Renderer,
    text_type="VARCHAR",
    number_type="BIGINT",
    in_order="list_sort([{items}])",
    gathered="list({value} ORDER BY {place})",
    no_places="CAST([] AS VARCHAR[])",
)
POSTGRES = Dialect(
    PostgresRenderer,
    text_type="TEXT",
    number_type="BIGINT",
    in_order="ARRAY(SELECT unnest(ARRAY[{items}]) ORDER BY 1)",
    gathered="array_agg({value} ORDER BY {place})",
    no_places="CAST(ARRAY[] AS TEXT[])",
)
CLICKHOUSE = Dialect(
    ClickHouseRenderer,
    text_type="Nullable(String)",
    number_type="Nullable(Int64)",
    in_order="arraySort([{items}])",
    # A tuple is never null, so that values that are stay in the list.
    gathered="arrayMap(pair -> pair.2, arraySort(pair -> pair.1, groupArray(({place}, {value}))))",
    no_places="CAST([] AS Array(Nullable(String)))",
    # Its moments cannot be negative.
    window_funnel="windowFunnel({window}, 'strict_once')(toUInt64(ts + 1152921504606846976), {steps})",
)
SPARK = Dialect(
    SparkRenderer,
    text_type="STRING",
    number_type="BIGINT",
    in_order="sort_array(array({items}))",
    gathered="transform(sort_array(collect_list(struct({place} AS k, {value} AS v))), pair -> pair.v)",
    no_places="CAST(array() AS ARRAY<STRING>)",
)
DIALECTS = (DUCKDB, POSTGRES, CLICKHOUSE, SPARK)


def dialect_of(renderer: type[Renderer]) -> Dialect:
    """The dialect of an engine, by its renderer; `RefusedError` for one whose sequences nobody has tried."""
    for dialect in DIALECTS:
        if dialect.renderer is renderer:
            return dialect
    raise RefusedError(
        "no-sequences",
        "This engine answers no questions about sequences.",
        why="funnels, sessions, retention, paths and touches are written for DuckDB, PostgreSQL, ClickHouse and Spark",
        fix="ask the timeline beside the warehouse",
    )

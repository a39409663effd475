"""Rows lie with the columns their source delivers; `fact.X` gives all columns of all rows, whatever lies where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadline.engines.duckdb import connect
from leadline.model.fact import Column
from leadline.model.facts import FACTS
from leadline.warehouse import MergeCounts, Warehouse
from leadline.warehouse.column import stored_columns
from leadline.warehouse.schema import ensure_tables
from leadline.warehouse.shelf import has_room, shelf_of, shelves
from leadline.warehouse.undo import undo_load


def rows(*values: tuple[str, str, int], extra: str = "") -> str:
    listed = ", ".join(f"('{key}', DATE '{day}', {clicks})" for key, day, clicks in values)
    return (
        f"SELECT c0 AS _key, row_number() OVER () AS _line, c1 AS date, c2 AS clicks{extra} "
        f"FROM (VALUES {listed}) AS v(c0, c1, c2)"
    )


ONE, TWO = ("a", "2026-01-01", 1), ("b", "2026-01-02", 2)


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse.open(None)


def wide(path: Path | None = None) -> Warehouse:
    """A warehouse as it was made before there were shelves."""
    con = connect(path)
    ensure_tables(con, FACTS)
    return Warehouse(con, FACTS, None)


def deliver(
    warehouse: Warehouse, select: str, source: str = "ads", fact: str = "ad", mode: str = "upsert"
) -> MergeCounts:
    with warehouse.load(source, "file.csv", select, "m1") as load:
        return load.merge(fact, select, mode)  # type: ignore[arg-type]


def fill(warehouse: Warehouse, select: str, fact: str = "ad", source: str = "ads", **how: Any) -> MergeCounts:
    with warehouse.load(source, "file.csv", select, "m1") as load:
        return load.fill(fact, select, **({"fixed": {}} | how))


def columns(warehouse: Warehouse, fact: str = "ad", source: str = "ads") -> set[str]:
    shelf = shelf_of(warehouse.con, fact, source)
    assert shelf is not None
    return set(shelf.columns)


def seen(warehouse: Warehouse, names: str, fact: str = "ad", load: int | None = None) -> list[tuple[Any, ...]]:
    return warehouse.con.execute(f"SELECT {names} FROM {warehouse.relation(fact, load)} ORDER BY ALL").fetchall()


def test_a_shelf_has_the_columns_delivered_and_the_fact_all(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(ONE))
    assert columns(warehouse) == {"date", "clicks", "_load", "_line", "_key"}
    found = [row[0] for row in warehouse.con.execute("DESCRIBE fact.ad").fetchall()]
    assert found == stored_columns(FACTS["ad"])
    assert seen(warehouse, "clicks, campaign, spend, _source, _load, _line, _key") == [
        (1, None, None, "ads", 1, 1, "a")
    ]


def test_a_fact_without_rows_can_be_asked(warehouse: Warehouse) -> None:
    assert seen(warehouse, "*", "order") == []
    assert [row[0] for row in warehouse.con.execute('DESCRIBE fact."order"').fetchall()] == stored_columns(
        FACTS["order"]
    )


def test_a_column_is_added_when_it_is_first_delivered(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(ONE))
    counts = deliver(warehouse, rows(ONE, TWO, extra=", 'brand' AS campaign, CAST(NULL AS VARCHAR) AS term"))
    assert counts == MergeCounts(inserted=1, updated=1)
    assert columns(warehouse) == {"date", "clicks", "campaign", "_load", "_line", "_key"}, "nulls take no room"
    assert seen(warehouse, "_key, campaign") == [("a", "brand"), ("b", "brand")]
    assert seen(warehouse, "_key, campaign", load=1) == [("a", None)]
    assert deliver(warehouse, rows(ONE, TWO)) == MergeCounts(updated=2), "a column that is gone counts as empty"


def test_each_source_has_a_shelf_of_its_own(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(ONE))
    deliver(warehouse, rows(ONE, extra=", 'x' AS campaign"), source="Ads")
    assert [shelf.source for shelf in shelves(warehouse.con, "ad")] == ["ads", "Ads"]
    assert seen(warehouse, "_source, campaign") == [("Ads", "x"), ("ads", None)]
    assert deliver(warehouse, rows(TWO), source="Ads", mode="snapshot") == MergeCounts(inserted=1, removed=1)
    assert seen(warehouse, "_source, _key") == [("Ads", "b"), ("ads", "a")]


def test_a_load_undone_leaves_an_empty_shelf_to_begin_again(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(ONE))
    undo_load(warehouse, 1)
    assert seen(warehouse, "*") == []
    assert columns(warehouse) == {"date", "clicks", "_load", "_line", "_key"}
    assert deliver(warehouse, rows(TWO, extra=", 3.5 AS spend")) == MergeCounts(inserted=1)
    assert "spend" in columns(warehouse)
    assert seen(warehouse, "_key, _load") == [("b", 3)]
    assert seen(warehouse, "_key", load=1) == [("a",)]


def test_what_is_the_same_in_all_rows_is_told_once(warehouse: Warehouse) -> None:
    plain = "SELECT date, clicks FROM (VALUES (DATE '2026-01-01', 1), (DATE '2026-01-02', 2)) AS v(date, clicks)"
    assert fill(warehouse, plain, fixed={"currency": "EUR"}, first_line=3) == MergeCounts(inserted=2)
    assert columns(warehouse) == {"date", "clicks"}
    expected = [("2026-01-01", 1, "EUR", 1, 3, None), ("2026-01-02", 2, "EUR", 1, 4, None)]
    assert seen(warehouse, "CAST(date AS VARCHAR), clicks, currency, _load, _line, _key") == expected
    assert warehouse.con.execute("SELECT row_count, currencies FROM ledger.state").fetchall() == [(2, ["EUR"])]


def test_it_is_written_into_the_rows_before_they_change(warehouse: Warehouse) -> None:
    plain = "SELECT date, clicks FROM (VALUES (DATE '2026-01-01', 1), (DATE '2026-01-02', 2)) AS v(date, clicks)"
    fill(warehouse, plain, fixed={"currency": "EUR"}, first_line=3)
    later = (
        "SELECT DATE '2026-01-02' AS date, 7 AS clicks, 'USD' AS currency, 4 AS _line, CAST(NULL AS VARCHAR) AS _key "
        "UNION ALL SELECT DATE '2026-01-01', 1, 'EUR', 3, NULL UNION ALL SELECT DATE '2026-01-03', 3, 'EUR', 5, NULL"
    )
    assert deliver(warehouse, later) == MergeCounts(inserted=1, updated=1, unchanged=1)
    assert seen(warehouse, "_line, clicks, currency, _load") == [(3, 1, "EUR", 1), (4, 7, "USD", 2), (5, 3, "EUR", 2)]
    assert seen(warehouse, "_line, clicks, currency, _load", load=1) == [(3, 1, "EUR", 1), (4, 2, "EUR", 1)]


def test_so_it_is_when_the_load_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    plain = "SELECT DATE '2026-01-01' AS date, range AS clicks FROM range(5000)"
    with Warehouse.open(path) as first:
        fill(first, plain, fixed={"currency": "EUR"}, first_line=2)
    with Warehouse.open(path) as again:
        assert seen(again, "min(_line), max(_line), count(DISTINCT _line)") == [(2, 5001, 5000)]
        assert undo_load(again, 1).gone == {"ad": 5000}
        assert seen(again, "*") == []
        assert seen(again, "count(*), max(_line - clicks), max(currency)", load=1) == [(5000, 2, "EUR")]


ORDERS = (
    "SELECT c0 AS customer_id, c1 AS ordered_at, c2 AS is_sale FROM (VALUES "
    "('x', TIMESTAMP '2026-01-05', true), ('x', TIMESTAMP '2026-01-01', false), ('x', TIMESTAMP '2026-01-02', true), "
    "('x', TIMESTAMP '2026-01-02', true), (NULL, TIMESTAMP '2026-01-01', true), ('y', TIMESTAMP '2026-01-09', NULL)"
    ") AS v(c0, c1, c2)"
)


def test_first_orders_are_told_apart_where_they_lie(warehouse: Warehouse) -> None:
    fill(warehouse, ORDERS, "order", first_line=2)
    assert seen(warehouse, "_line, is_first", "order") == [
        (2, False), (3, False), (4, True), (5, True), (6, False), (7, False),
    ]  # fmt: skip


def test_an_earlier_order_of_another_source_takes_their_place(warehouse: Warehouse) -> None:
    fill(warehouse, ORDERS, "order", first_line=2)
    assert not has_room(warehouse.con, FACTS["order"], "shop"), "first orders are compared across sources"
    earlier = (
        "SELECT 'x' AS customer_id, TIMESTAMP '2025-12-31' AS ordered_at, true AS is_sale, 1 AS _line, 'k' AS _key"
    )
    deliver(warehouse, earlier, "shop", "order")
    assert seen(warehouse, "_source, _line", "order") == [("ads", line) for line in range(2, 8)] + [("shop", 1)]
    firsts = warehouse.con.execute('SELECT _source, _line FROM fact."order" WHERE is_first').fetchall()
    assert firsts == [("shop", 1)]


def test_first_entries_of_a_stage_are_told_apart(warehouse: Warehouse) -> None:
    entries = (
        "SELECT c0 AS person_id, 'lead' AS stage, c1 AS entered_at FROM (VALUES ('p', TIMESTAMP '2026-01-05'), "
        "('p', TIMESTAMP '2026-01-02'), ('q', TIMESTAMP '2026-01-09'), ('p', TIMESTAMP '2026-01-02')) AS v(c0, c1)"
    )
    fill(warehouse, entries, "stage_entry", first_line=2)
    firsts = warehouse.con.execute("SELECT _line FROM fact.stage_entry WHERE is_first ORDER BY 1").fetchall()
    assert firsts == [(3,), (4,)]


def test_there_is_room_only_for_the_first_rows_of_a_source(warehouse: Warehouse) -> None:
    assert has_room(warehouse.con, FACTS["ad"], "ads")
    deliver(warehouse, rows(ONE))
    assert not has_room(warehouse.con, FACTS["ad"], "ads")
    assert has_room(warehouse.con, FACTS["ad"], "others")
    assert not has_room(wide().con, FACTS["ad"], "ads"), "one table for all sources has no room of one's own"


def test_amounts_without_a_currency_have_none(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(ONE))
    assert warehouse.con.execute("SELECT currencies FROM ledger.state").fetchone() == ([],)


def test_a_failing_load_leaves_no_shelf(warehouse: Warehouse) -> None:
    with pytest.raises(RuntimeError), warehouse.load("ads", "f", "x", "m") as load:  # noqa: PT012
        load.merge("ad", rows(ONE))
        raise RuntimeError
    assert shelves(warehouse.con, "ad") == []
    assert seen(warehouse, "*") == []


def test_a_warehouse_made_before_goes_on_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    old = wide(path)
    deliver(old, rows(ONE, TWO))
    old.close()
    facts = {**FACTS, "ad": FACTS["ad"].extended((Column("sector", "text", "Sector.", "dimension"),))}
    with Warehouse.open(path, facts) as again:
        counts = deliver(again, rows(("b", "2026-01-02", 9), extra=", 'retail' AS sector"))
        assert counts == MergeCounts(updated=1)
        assert seen(again, "_key, clicks, sector, _source") == [("a", 1, None, "ads"), ("b", 9, "retail", "ads")]
        assert seen(again, "_key, clicks", load=1) == [("a", 1), ("b", 2)]
        undo_load(again, 2)
        assert seen(again, "_key, clicks") == [("a", 1), ("b", 2)]
    with Warehouse.open(path, facts, read_only=True) as reading:
        assert seen(reading, "_key, clicks") == [("a", 1), ("b", 2)]


def test_a_declared_column_is_there_before_any_source_delivers_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as first:
        deliver(first, rows(ONE))
    facts = {**FACTS, "ad": FACTS["ad"].extended((Column("sector", "text", "Sector.", "dimension"),))}
    with Warehouse.open(path, facts) as again:
        assert seen(again, "_key, sector") == [("a", None)]
        deliver(again, rows(ONE, extra=", 'retail' AS sector"))
        assert seen(again, "_key, sector") == [("a", "retail")]

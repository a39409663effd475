"""Loads are transactions; nothing is overwritten; any figure can be asked as known at a load."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from leadline.warehouse import MergeCounts, Warehouse


def rows(*values: tuple[str, str, int, float]) -> str:
    listed = ", ".join(f"('{key}', DATE '{day}', {clicks}, {spend})" for key, day, clicks, spend in values)
    return (
        "SELECT c0 AS _key, row_number() OVER () AS _line, c1 AS date, c2 AS clicks, c3 AS spend, "
        f"'EUR' AS currency FROM (VALUES {listed}) AS v(c0, c1, c2, c3)"
    )


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse.open(None)


def deliver(
    warehouse: Warehouse, select: str, *, source: str = "ads", fact: str = "ad", mode: str = "upsert"
) -> MergeCounts:
    with warehouse.load(source, "file.csv", select, "m1") as load:
        return load.merge(fact, select, mode)  # type: ignore[arg-type]


def spend(warehouse: Warehouse, load: int | None = None) -> list[tuple[str, float]]:
    return warehouse.con.execute(
        f"SELECT _key, CAST(spend AS DOUBLE) FROM {warehouse.relation('ad', load)} ORDER BY 1, 2"
    ).fetchall()


def test_restated_rows_replace_old_ones_and_stay_known(warehouse: Warehouse) -> None:
    assert deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5), ("b", "2026-01-02", 2, 2.5))) == MergeCounts(inserted=2)
    counts = deliver(
        warehouse, rows(("b", "2026-01-02", 2, 9.5), ("c", "2026-01-03", 3, 3.5), ("a", "2026-01-01", 1, 1.5))
    )
    assert counts == MergeCounts(inserted=1, updated=1, unchanged=1)
    assert spend(warehouse) == [("a", 1.5), ("b", 9.5), ("c", 3.5)]
    assert spend(warehouse, 1) == [("a", 1.5), ("b", 2.5)]
    assert spend(warehouse, 2) == spend(warehouse)
    assert spend(warehouse, 0) == []


def test_snapshot_removes_what_the_delivery_lacks(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5), ("b", "2026-01-02", 2, 2.5)))
    counts = deliver(warehouse, rows(("b", "2026-01-02", 2, 2.5)), mode="snapshot")
    assert counts == MergeCounts(unchanged=1, removed=1)
    assert spend(warehouse) == [("b", 2.5)]
    assert spend(warehouse, 1) == [("a", 1.5), ("b", 2.5)]


def test_other_sources_are_left_alone(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5)))
    counts = deliver(warehouse, rows(("a", "2026-01-01", 7, 7.5)), source="other", mode="snapshot")
    assert counts == MergeCounts(inserted=1)
    assert spend(warehouse) == [("a", 1.5), ("a", 7.5)]


def test_a_failing_load_changes_nothing(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5)))
    with pytest.raises(RuntimeError), warehouse.load("ads", "f", "x", "m") as load:  # noqa: PT012
        load.merge("ad", rows(("a", "2026-01-01", 5, 5.5)))
        raise RuntimeError
    assert spend(warehouse) == [("a", 1.5)]
    assert warehouse.con.execute("SELECT count(*) FROM ledger.load").fetchone() == (1,)


def entries(*values: tuple[str, str, str]) -> str:
    listed = ", ".join(f"('{person}', '{stage}', TIMESTAMP '{at}')" for person, stage, at in values)
    return (
        "SELECT concat(c0, c1, c2) AS _key, 1 AS _line, c0 AS person_id, c1 AS stage, "
        f"c2 AS entered_at FROM (VALUES {listed}) AS v(c0, c1, c2)"
    )


def first_entries(warehouse: Warehouse, load: int | None = None) -> list[tuple[str, str, str]]:
    return warehouse.con.execute(
        f"SELECT person_id, stage, strftime(entered_at, '%m-%d') FROM {warehouse.relation('stage_entry', load)} "
        "WHERE is_first ORDER BY ALL"
    ).fetchall()


def test_first_entries_follow_late_arrivals(warehouse: Warehouse) -> None:
    deliver(
        warehouse,
        entries(("p", "lead", "2026-01-05"), ("p", "lead", "2026-02-05"), ("q", "lead", "2026-01-07")),
        fact="stage_entry",
    )
    assert first_entries(warehouse) == [("p", "lead", "01-05"), ("q", "lead", "01-07")]
    deliver(warehouse, entries(("p", "lead", "2026-01-02")), fact="stage_entry", source="late")
    assert first_entries(warehouse) == [("p", "lead", "01-02"), ("q", "lead", "01-07")]
    assert first_entries(warehouse, 1) == [("p", "lead", "01-05"), ("q", "lead", "01-07")]
    deliver(warehouse, entries(("p", "lead", "2026-03-01")), fact="stage_entry", source="late", mode="snapshot")
    assert first_entries(warehouse) == [("p", "lead", "01-05"), ("q", "lead", "01-07")]


def orders(*values: tuple[str, str, str, bool]) -> str:
    listed = ", ".join(f"('{line}', '{buyer}', TIMESTAMP '{at}', {sale})" for line, buyer, at, sale in values)
    return (
        "SELECT c0 AS _key, 1 AS _line, c1 AS customer_id, c2 AS ordered_at, c3 AS is_sale "
        f"FROM (VALUES {listed}) AS v(c0, c1, c2, c3)"
    )


def test_first_orders_leave_cancelled_ones_out_and_keep_all_lines(warehouse: Warehouse) -> None:
    given = orders(
        ("1", "x", "2026-01-01", False), ("2", "x", "2026-01-02", True), ("3", "x", "2026-01-02", True),
        ("4", "x", "2026-01-09", True),
    )  # fmt: skip
    deliver(warehouse, given, fact="order")
    found = warehouse.con.execute('SELECT _key FROM fact."order" WHERE is_first ORDER BY 1').fetchall()
    assert found == [("2",), ("3",)]


def test_ledger_state_tells_rows_currencies_and_times(warehouse: Warehouse) -> None:
    deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5), ("b", "2026-03-02", 2, 2.5)))
    assert warehouse.con.execute("SELECT fact, source, row_count, currencies, times FROM ledger.state").fetchall() == [
        ("ad", "ads", 2, ["EUR"], '{"date":["2026-01-01","2026-03-02"]}')
    ]


def test_as_known_at_a_moment(warehouse: Warehouse) -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    deliver(warehouse, rows(("a", "2026-01-01", 1, 1.5)))
    after = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    assert warehouse.load_at(before) == 0
    assert warehouse.load_at(after) == 1


def test_refusals_are_on_record_without_rows(warehouse: Warehouse) -> None:
    load = warehouse.refuse("ads", "bad.csv", "hash", "m", [])
    assert warehouse.con.execute("SELECT id, status FROM ledger.load").fetchall() == [(load, "refused")]
    assert warehouse.loaded("ads", "hash", "m") is None


def test_delivered_files_are_kept_verbatim_once(tmp_path: Path) -> None:
    file = tmp_path / "Report.CSV"
    file.write_bytes(b"\xff\xfea\x00")
    warehouse = Warehouse.open(None, landing=tmp_path / "landing")
    digest = warehouse.land(file)
    assert warehouse.land(file) == digest
    kept = warehouse.landed(digest)
    assert kept is not None
    assert kept.read_bytes() == file.read_bytes()
    assert len([path for path in (tmp_path / "landing").rglob("*") if path.is_file()]) == 1


def test_opening_again_adds_columns_a_workspace_declares(tmp_path: Path) -> None:
    from leadline.model.fact import Column
    from leadline.model.facts import FACTS

    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as first:
        deliver(first, rows(("a", "2026-01-01", 1, 1.5)))
    extended = dict(FACTS) | {"ad": FACTS["ad"].extended((Column("sector", "text", "industry", role="dimension"),))}
    with Warehouse.open(path, extended) as again:
        assert again.con.execute("SELECT sector, _key FROM fact.ad").fetchall() == [(None, "a")]


def test_rows_without_a_key_are_known_by_their_line(warehouse: Warehouse) -> None:
    def lines(*values: tuple[int, float]) -> str:
        listed = ", ".join(f"({line}, {spend})" for line, spend in values)
        return f"SELECT c0 AS _line, CAST(NULL AS VARCHAR) AS _key, c1 AS spend FROM (VALUES {listed}) AS v(c0, c1)"

    deliver(warehouse, lines((2, 1.5), (3, 2.5)))
    assert deliver(warehouse, lines((2, 1.5), (3, 9.5), (4, 1))) == MergeCounts(inserted=1, updated=1, unchanged=1)
    assert deliver(warehouse, lines((2, 1.5)), mode="snapshot") == MergeCounts(unchanged=1, removed=2)
    found = warehouse.con.execute(
        f"SELECT _line, CAST(spend AS DOUBLE) FROM {warehouse.relation('ad', 2)} ORDER BY 1"
    ).fetchall()
    assert found == [(2, 1.5), (3, 9.5), (4, 1.0)]

"""Loading behaves the same wherever the warehouse is: counts, corrections, taking back, as known before, crashes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engines.conftest import Make
from kit import give
from leadline.errors import DataError, UsageError
from leadline.warehouse import Warehouse
from leadline.warehouse.remote_schema import LEDGER
from leadline.warehouse.undo import describe_load, undo_load
from leadline.workspace import Workspace

METRICS = """
t_spend: {formula: sum(ad.spend), unit: money}
t_rows: count(ad)
t_revenue: {formula: sum(order.amount), unit: money}
t_new: distinct(order.customer_id where is_first)
"""
SOURCE = """
title: Orders
currency: EUR
columns: {order_id: text, customer: text, ordered_at: datetime, amount: money}
facts:
  - fact: order
    key: order_id
    columns: {order_id: order_id, ordered_at: ordered_at, customer_id: customer, amount: amount, is_sale: amount > 0}
"""
SPEND = """
columns: {day: date, platform: text, cost: money}
facts:
  - fact: ad
    key: day
    columns: {date: day, platform: platform, spend: cost, level: "'campaign'"}
"""


def row(key: str | None, spend: Any, day: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {"_key": key, "date": day, "spend": spend, "currency": "EUR"} | more


def held(space: Workspace, load: int | None = None) -> dict[tuple[str, str], float]:
    """What the fact has, or had after a load."""
    warehouse = space.warehouse()
    rows = warehouse.rows(f"SELECT _source, _key, spend FROM {warehouse.relation('ad', load)}")[1]
    assert len({found[:2] for found in rows}) == len(rows)
    return {(source, key): float(spend) for source, key, spend in rows}


def counts(space: Workspace) -> list[tuple[int, ...]]:
    """What each merge did: inserted, updated, unchanged, removed."""
    return space.warehouse().ledger().execute(
        "SELECT inserted, updated, unchanged, removed FROM ledger.merge ORDER BY load"
    ).fetchall()  # fmt: skip


def test_loads_correct_remove_and_are_taken_back(make: Make) -> None:
    space = make(metrics=METRICS)
    give(space, {"ad": [row("a", 1), row("b", 2)]}, source="ads")
    give(space, {"ad": [row("b", 20), row("a", 1), row("c", 3)]}, source="ads")
    give(space, {"ad": [row("b", 200)]}, source="ads")
    give(space, {"ad": [row("a", 1000)]}, source="other")
    give(space, {"ad": [row("a", 1), row("c", 3)]}, source="ads", mode="snapshot")
    assert counts(space) == [(2, 0, 0, 0), (1, 1, 1, 0), (0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 2, 1)]
    other = {("other", "a"): 1000}
    first, second = {("ads", "a"): 1, ("ads", "b"): 2}, {("ads", "a"): 1, ("ads", "b"): 20, ("ads", "c"): 3}
    assert held(space) == {("ads", "a"): 1, ("ads", "c"): 3} | other
    assert [held(space, load) for load in (1, 2, 3, 4)] == [
        first, second, second | {("ads", "b"): 200}, second | {("ads", "b"): 200} | other,
    ]  # fmt: skip
    assert space.query(["t_spend", "t_rows"]).rows == [(1004, 3)]

    # The removal is taken back, then the second delivery: what the first and third said is left.
    warehouse = space.warehouse(write=True)
    told = describe_load(warehouse, 5)
    assert (told.gone, told.restored) == ({"ad": 0}, {"ad": 1})
    undo_load(warehouse, 5)
    assert held(space) == second | {("ads", "b"): 200} | other
    undo_load(warehouse, 2)
    space.close()
    assert held(space) == {("ads", "a"): 1, ("ads", "b"): 200} | other
    assert held(space, 5) == {("ads", "a"): 1, ("ads", "c"): 3} | other
    with pytest.raises(UsageError):
        undo_load(space.warehouse(write=True), 2)
    assert space.states()["ad"].rows == 3


def test_the_state_follows_what_is_left(make: Make) -> None:
    space = make(metrics=METRICS)
    give(space, {"ad": [row("a", 1, "2026-01-01"), row("b", 2, "2026-03-01", currency="USD")]}, source="ads")
    give(space, {"ad": [row("b", 3, "2026-02-01")]}, source="ads")
    [state] = space.states()["ad"].sources
    assert (state.rows, state.currencies) == (2, ("EUR",))
    low, high = state.times["date"]
    assert low is not None
    assert high is not None
    assert (low.date().isoformat(), high.date().isoformat()) == ("2026-01-01", "2026-02-01")


def test_rows_known_by_their_line_and_texts_of_all_kinds_are_recognised(make: Make) -> None:
    """Nothing is there twice after the same rows came again."""
    space = make(metrics=METRICS)
    names = ["", None, "a,b", 'say "no"', "two\nlines", "nul\0inside", "back\\slash", "␀", "naïve 😀", "NULL", "\\N"]

    def deliver() -> None:
        with space.warehouse(write=True).load("ads", "rows", "1", "test") as load:
            selects = " UNION ALL ".join(
                f"SELECT DATE '2026-01-01' AS date, {_text(name)} AS campaign, {number} AS _line, NULL AS _key"
                for number, name in enumerate(names)
            )
            load.merge("ad", selects)

    deliver()
    deliver()
    assert counts(space) == [(len(names), 0, 0, 0), (0, 0, len(names), 0)]
    found = [one[0] for one in space.query(["t_rows"], by=["campaign"]).rows]
    assert sorted(found, key=str) == sorted(names, key=str)


def _text(value: str | None) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''").replace("\0", "' || chr(0) || '") + "'"


def test_a_large_delivery_is_compared_with_all_of_its_source(make: Make) -> None:
    space = make(metrics=METRICS)
    for changed in (0, 1):
        with space.warehouse(write=True).load("ads", "rows", str(changed), "test") as load:
            load.merge(
                "ad",
                "SELECT DATE '2026-01-01' + CAST(i % 28 AS INTEGER) AS date, 'EUR' AS currency, "
                f"CAST(CASE WHEN i < 5 THEN i + {changed} ELSE i END AS DECIMAL(18, 6)) AS spend, i AS _line, "
                "CAST(i AS VARCHAR) AS _key FROM range(3000) t(i)",
            )
    assert counts(space) == [(3000, 0, 0, 0), (0, 5, 2995, 0)]
    assert space.query(["t_spend"]).rows == [(2999 * 3000 // 2 + 5,)]


def test_first_orders_are_told_anew_when_an_older_one_arrives(make: Make) -> None:
    space = make(metrics=METRICS)
    order = {"amount": 1, "currency": "EUR", "is_sale": True, "customer_id": "c"}
    give(space, {"order": [order | {"_key": "2", "ordered_at": "2026-02-01"}]}, source="shop")
    give(space, {"order": [order | {"_key": "1", "ordered_at": "2026-01-01"}]}, source="till")
    assert [line[1] for line in space.query(["t_new"], grain="month").rows] == [1, 0]


def test_a_load_that_dies_before_its_ledger_row_never_was(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are sent, the last word is not; the next load is not confused by what lies there."""
    space = make(metrics=METRICS)
    give(space, {"ad": [row("a", 1)]}, source="ads")
    if type(space.warehouse(write=True)) is Warehouse:
        pytest.skip("one transaction of the embedded warehouse: tests/ingest/test_crash.py kills it")
    engine = space.warehouse().engine  # type: ignore[attr-defined]
    send = type(engine).send

    def dying(self: Any, con: Any, select: str, table: str, columns: Any) -> int:
        if table == "ledger_load":
            raise KeyboardInterrupt
        return int(send(self, con, select, table, columns))

    with monkeypatch.context() as patch:
        patch.setattr(type(engine), "send", dying)
        with pytest.raises(KeyboardInterrupt):
            give(space, {"ad": [row("a", 5), row("b", 7)]}, source="ads")
    space.close()
    assert held(space) == {("ads", "a"): 1}
    give(space, {"ad": [row("a", 2), row("c", 3)]}, source="ads")
    assert held(space) == {("ads", "a"): 2, ("ads", "c"): 3}
    assert counts(space) == [(1, 0, 0, 0), (1, 1, 0, 0)]
    assert space.states()["ad"].rows == 2


def test_two_loads_at_once_do_not_both_count(make: Make) -> None:
    space = make(metrics=METRICS)
    give(space, {"ad": [row("a", 1)]}, source="ads")
    warehouse = space.warehouse(write=True)
    if type(warehouse) is Warehouse:
        pytest.skip("another process cannot open the embedded warehouse while one writes")
    other = (
        "SELECT 7 AS id, '' AS source, '' AS origin, '' AS content, '' AS mapping, 'loaded' AS status, "
        "TIMESTAMP '2026-01-01' AS started_at, TIMESTAMP '2026-01-01' AS ended_at, '' AS detail"
    )

    def load_both() -> None:
        with warehouse.load("ads", "one", "1", "test") as load:
            load.merge("ad", "SELECT DATE '2026-01-01' AS date, 5 AS spend, 1 AS _line, 'a' AS _key")
            warehouse.engine.send(load.con, other, "ledger_load", LEDGER["load"])  # type: ignore[attr-defined]

    with pytest.raises(DataError) as caught:
        load_both()
    assert caught.value.code == "warehouse-changed"
    space.close()
    assert held(space) == {("ads", "a"): 1}


def test_files_are_loaded_known_again_corrected_and_refused(make: Make, tmp_path: Path) -> None:
    """The way a user takes, with an export that is sent twice, mended, and then broken."""
    space = make(metrics=METRICS)
    (space.path / "sources").mkdir()
    (space.path / "sources" / "shop.yaml").write_text(SOURCE, encoding="utf-8")
    file = tmp_path / "orders.csv"
    head = "order_id,ordered_at,customer,amount\n"
    lines = [f"o{n},2026-01-{n:02d} 10:00:00,c{n % 2},{n}.50\n" for n in range(1, 11)]
    file.write_text(head + "".join(lines), encoding="utf-8")
    [report] = space.load([file])
    assert (report.status, report.facts[0].inserted) == ("loaded", 10)
    assert space.load([file])[0].status == "unchanged"
    file.write_text(head + "".join(["o1,2026-01-01 10:00:00,c1,100.00\n", *lines[1:]]), encoding="utf-8")
    [report] = space.load([file])
    assert (report.facts[0].updated, report.facts[0].unchanged) == (1, 9)
    assert space.query(["t_revenue"]).rows == [(Decimal("158.5"),)]
    file.write_text(head + "o1,yesterday,c1,what\n" * 3, encoding="utf-8")
    [report] = space.load([file])
    assert report.status == "refused"
    ledger = space.warehouse().ledger()
    assert ledger.execute("SELECT count(*) FROM ledger.finding WHERE severity = 'error'").fetchone() != (0,)
    space.close()
    assert space.query(["t_revenue", "t_new"]).rows == [(Decimal("158.5"), 2)]


def test_the_same_spend_from_two_sources_is_refused(make: Make, tmp_path: Path) -> None:
    space = make(metrics=METRICS)
    (space.path / "sources").mkdir()
    for name, files in (("one", "a*.csv"), ("two", "b*.csv")):
        (space.path / "sources" / f"{name}.yaml").write_text(
            f"title: T\ncurrency: EUR\nfiles: ['{files}']\n{SPEND}",
            encoding="utf-8",
        )
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(
            "day,platform,cost\n2026-01-01,x,1.00\n2026-01-02,x,2.00\n2026-01-13,x,3.00\n", encoding="utf-8"
        )
    assert space.load([tmp_path / "a.csv"])[0].status == "loaded"
    [report] = space.load([tmp_path / "b.csv"])
    assert report.status == "refused"
    assert report.error is not None
    assert report.error.code == "ad-overlap"

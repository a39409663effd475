"""Rows of the warehouse as events, and a timeline that follows the loads."""

from __future__ import annotations

from pathlib import Path

from leadline.model.facts import FACTS
from leadline.timeline.source import PROPERTIES, RULES, build_from_warehouse, events_sql, refresh
from leadline.warehouse import Warehouse
from leadline.warehouse.undo import undo_load

VIEWS = (
    "SELECT 'v' || n AS _key, n AS _line, TIMESTAMP '2026-01-01' + n * INTERVAL 1 HOUR AS viewed_at, {who}, "
    "'blog' AS content_type FROM range({low}, {high}) AS t(n)"
)
ORDERS = (
    "SELECT 'o1' AS _key, 1 AS _line, TIMESTAMP '2026-01-03' AS ordered_at, 'ann' AS customer_id, true AS is_sale, "
    "49.5 AS amount, 'EUR' AS currency UNION ALL "
    "SELECT 'o2', 2, TIMESTAMP '2026-01-04', 'ann', false, 10, 'EUR'"
)


def deliver(warehouse: Warehouse, fact: str, select: str, content: str) -> None:
    with warehouse.load("test", "file.csv", content, "m1") as load:
        load.merge(fact, select)


def views(low: int, high: int, who: str = "'ann' AS person_id") -> str:
    return VIEWS.format(low=low, high=high, who=who)


def test_every_rule_fits_its_fact() -> None:
    for rule in RULES:
        fact = FACTS[rule.fact]
        for name in (rule.moment, *rule.person, rule.detail, rule.value):
            assert not name or fact.has(name), (rule.fact, name)
    assert {name for name in PROPERTIES if not any(FACTS[rule.fact].has(name) for rule in RULES)} == set()


def test_rows_of_all_facts_are_events(tmp_path: Path) -> None:
    with Warehouse.open(None) as warehouse:
        assert warehouse.con.execute(f"SELECT count(*) FROM ({events_sql(FACTS)})").fetchall() == [(0,)]
        deliver(warehouse, "page_view", views(0, 3), "a")
        deliver(warehouse, "page_view", views(10, 12, "NULL AS person_id, 'cookie' AS visitor_id"), "b")
        deliver(warehouse, "order", ORDERS, "c")
        deal = (
            "SELECT 'd1' AS _key, 1 AS _line, TIMESTAMP '2026-01-01' AS created_at, TIMESTAMP '2026-02-01' AS won_at, "
            "'ann' AS person_id, 900 AS amount"
        )
        deliver(warehouse, "deal", deal, "d")
        stage = (
            "SELECT 's1' AS _key, 1 AS _line, TIMESTAMP '2026-01-05' AS entered_at, 'mql' AS stage, 'ann' AS person_id"
        )
        deliver(warehouse, "stage_entry", stage, "e")
        timeline, added = build_from_warehouse(tmp_path / "t", warehouse)
    assert (added.events, added.incomplete) == (9, 0)
    assert timeline.counts() == {"persons": 2, "events": 9}
    assert set(timeline.dictionaries.values("event")) == {
        None, "page_view", "order", "deal/created", "deal/won", "stage_entry/mql",
    }  # fmt: skip
    table = timeline.touches("page_view", "order")
    assert (len(table.moment), int(table.value[0]), len(table.touched)) == (1, 49_500_000, 3)


def test_new_loads_are_added_and_changed_rows_build_anew(tmp_path: Path) -> None:
    with Warehouse.open(None) as warehouse:
        deliver(warehouse, "page_view", views(0, 20), "a")
        timeline, _ = build_from_warehouse(tmp_path / "t", warehouse)
        timeline, added = refresh(timeline, warehouse)
        assert added is None
        deliver(warehouse, "page_view", views(20, 21), "b")
        timeline, added = refresh(timeline, warehouse)
        assert added is not None
        assert added.events == 1
        assert len(timeline.manifest.segments) == 2
        assert timeline.counts()["events"] == 21
        deliver(warehouse, "page_view", views(0, 1, "'bob' AS person_id"), "c")
        timeline, added = refresh(timeline, warehouse)
        assert added is not None
        assert added.events == 21
        assert timeline.counts() == {"persons": 2, "events": 21}
        undo_load(warehouse, 2)
        timeline, _ = refresh(timeline, warehouse)
        assert timeline.counts()["events"] == 20
        assert refresh(timeline, warehouse)[1] is None

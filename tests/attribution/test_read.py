"""Paths out of the warehouse, by person and by account; shuffled arrival and double delivery change nothing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from attribution.cases import as_paths, database, journeys
from kit import give, make_workspace
from leadline.attribution.compare import all_models
from leadline.attribution.path import LEAD, OPPORTUNITY
from leadline.attribution.read import read_paths
from leadline.attribution.relation import CONVERSIONS, conversion_relation, touch_relation
from leadline.attribution.rule import RULES, credit_by_rule
from leadline.errors import RefusedError, UsageError
from leadline.journey.registry import rebuild
from leadline.model.facts import FACTS
from leadline.workspace import Workspace


@pytest.mark.parametrize("lookback", [30, None])
@pytest.mark.parametrize("seed", range(3))
def test_paths_are_those_of_the_plain_reading(seed: int, lookback: float | None) -> None:
    given = journeys(seed)
    read = read_paths(database(given), conversion="conversion", touch="touch", lookback=lookback, failed=False)
    for model in RULES:
        one, other = credit_by_rule(model, read.paths), credit_by_rule(model, as_paths(given, lookback))
        assert {name: one.conversions.get(name, 0.0) for name in other.conversions} == pytest.approx(other.conversions)
        assert one.unattributed == other.unattributed
        assert one.total_value == pytest.approx(other.total_value)


def test_shuffled_arrival_and_double_delivery_change_nothing() -> None:
    given = journeys(5)
    wanted = all_models(read_paths(database(given), conversion="conversion", touch="touch").paths)
    for seed in range(3):
        again = journeys(5)
        again.touches.extend(again.touches[::3])
        again.conversions.extend(again.conversions[::2])
        random.Random(seed).shuffle(again.touches)
        random.Random(seed).shuffle(again.conversions)
        found = all_models(read_paths(database(again), conversion="conversion", touch="touch").paths)
        for one, other in zip(found, wanted, strict=True):
            assert one.conversions == pytest.approx(other.conversions, abs=1e-9), one.model
            assert one.values == pytest.approx(other.values, abs=1e-9), one.model


def test_failed_journeys_end_once_nothing_may_come() -> None:
    con = database(journeys(0, people=0))
    con.execute(
        "INSERT INTO touch SELECT e, CAST(d AS TIMESTAMP), e || d, c, 'x' FROM (VALUES "
        "('won', '2026-01-01', 'a'), ('won', '2026-01-10', 'a'), ('won', '2026-01-20', 'b'), "  # the last comes after
        "('lost', '2026-01-02', 'a'), ('lost', '2026-01-05', 'a'), "
        "('young', '2026-01-01', 'a'), ('young', '2026-03-20', 'b'), ('last', '2026-03-31', 'b')) AS v(e, d, c)"
    )
    con.execute("INSERT INTO conversion VALUES ('won', '2026-01-10', 5, 'o', NULL, NULL)")
    read = read_paths(con, conversion="conversion", touch="touch", lookback=30)
    paths = read.paths
    assert paths.channels == ("a", "b")
    found = [paths.codes[start:end].tolist() for start, end in zip(paths.offsets, paths.offsets[1:], strict=False)]
    assert sorted(zip(found, paths.conversions.tolist(), paths.nulls.tolist(), strict=True)) == [
        ([0, 0], 0, 1), ([0, 0], 1, 0), ([1], 0, 1),
    ]  # fmt: skip
    assert read.still_open == 2
    assert read_paths(con, conversion="conversion", touch="touch", lookback=None).paths.nulls.sum() == 4


def test_stages_mark_the_touch_before_them() -> None:
    con = database(journeys(0, people=0))
    con.execute(
        "INSERT INTO touch SELECT 'p', CAST(d AS TIMESTAMP), d, 'a', 'x' FROM "
        "(VALUES ('2026-01-01'), ('2026-01-02'), ('2026-01-03'), ('2026-01-04')) AS v(d)"
    )
    con.execute(
        "INSERT INTO conversion VALUES ('p', '2026-01-10', 1, 'o', '2026-01-02 12:00', '2026-01-03'), "
        "('p', '2026-01-10', 1, 'q', '2025-12-01', NULL)"
    )
    paths = read_paths(con, conversion="conversion", touch="touch").paths
    assert paths.marks is not None
    assert paths.marks.tolist() == [0, LEAD, OPPORTUNITY, 0, 0, 0, 0, 0]


ROWS: dict[str, list[dict[str, Any]]] = {
    "touch": [
        {"_key": "1", "touched_at": "2026-01-01", "person_id": "ada", "channel": "Email"},
        {"_key": "2", "touched_at": "2026-01-05", "person_id": "bob", "account_id": "acme", "channel": "Paid Search"},
        {"_key": "3", "touched_at": "2026-01-06", "person_id": "ada", "channel": "Direct"},
        {"_key": "4", "touched_at": "2026-01-07", "person_id": "eve", "channel": "Referral"},
        {"_key": "5", "touched_at": "2026-01-07", "channel": "Referral"},
    ],
    "stage_entry": [
        {"_key": "1", "entered_at": "2026-01-01 12:00", "stage": "lead", "person_id": "ada", "account_id": "acme"},
        {"_key": "2", "entered_at": "2026-01-05 12:00", "stage": "opportunity", "person_id": "bob",
         "account_id": "acme"},
    ],
    "deal": [
        {"_key": "1", "created_at": "2026-01-05", "won_at": "2026-01-10", "status": "won", "person_id": "ada",
         "account_id": "acme", "amount": 900, "currency": "EUR"},
        {"_key": "2", "created_at": "2026-01-05", "status": "open", "person_id": "eve", "amount": 50,
         "currency": "EUR"},
    ],
    "order": [
        {"_key": "1", "order_id": "o", "ordered_at": "2026-01-08", "customer_id": "eve", "is_sale": True,
         "amount": 10, "currency": "EUR"},
        {"_key": "2", "order_id": "o", "ordered_at": "2026-01-08", "customer_id": "eve", "is_sale": True,
         "amount": 5, "currency": "EUR"},
        {"_key": "3", "order_id": "x", "ordered_at": "2026-01-08", "customer_id": "eve", "is_sale": False,
         "amount": 99, "currency": "EUR"},
    ],
}  # fmt: skip


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = make_workspace(tmp_path)
    give(workspace, ROWS)
    return workspace


def linear(space: Workspace, name: str, level: Any) -> tuple[dict[str, float], float, float]:
    con = space.warehouse(write=True).con
    read = read_paths(con, conversion=conversion_relation(con, name, level), touch=touch_relation(con, level))
    credit = credit_by_rule("linear", read.paths)
    space.close()
    return {name: value for name, value in credit.values.items() if value}, credit.unattributed, credit.total_value


@pytest.mark.parametrize("made", [False, True])
def test_deals_by_person_and_by_account(space: Workspace, made: bool) -> None:
    if made:
        rebuild(space.warehouse(write=True).con, FACTS)
        space.close()
    assert linear(space, "deal", "person") == ({"Email": 450, "Direct": 450}, 0, 900)
    values, unattributed, total = linear(space, "deal", "account")
    assert values == pytest.approx({"Email": 300, "Direct": 300, "Paid Search": 300} if made else {"Paid Search": 900})
    assert unattributed == 0
    assert total == pytest.approx(900)


def test_stages_of_the_entity_reach_the_path(space: Workspace) -> None:
    con = space.warehouse(write=True).con
    rebuild(con, FACTS)
    read = read_paths(con, conversion=conversion_relation(con, "deal", "account"), touch=touch_relation(con, "account"))
    # Email made the lead, Paid Search the opportunity, Direct came last.
    assert credit_by_rule("w_shaped", read.paths).values == pytest.approx(
        {"Direct": 90, "Email": 540, "Paid Search": 270}
    )
    space.close()


def test_an_order_is_one_conversion_and_what_is_no_sale_is_none(space: Workspace) -> None:
    assert linear(space, "order", "person") == ({"Referral": 15}, 0, 15)


def test_a_stage_after_the_conversion_is_not_on_its_path(space: Workspace) -> None:
    late = {"_key": "9", "entered_at": "2026-02-01", "stage": "lead", "person_id": "eve"}
    give(space, {"stage_entry": [late]}, source="late")
    con = space.warehouse(write=True).con
    assert con.execute(f"SELECT entity, lead_at FROM {conversion_relation(con, 'order')}").fetchall() == [("eve", None)]
    space.close()


def test_every_conversion_can_be_read(space: Workspace) -> None:
    for name in CONVERSIONS:
        for level in ("person", "account"):
            linear(space, name, level)
    with pytest.raises(UsageError, match="unknown-conversion"):
        linear(space, "sale", "person")


def test_two_currencies_are_not_added(space: Workspace) -> None:
    give(space, {"deal": [{"_key": "9", "created_at": "2026-01-05", "won_at": "2026-01-10", "status": "won",
                           "amount": 1, "currency": "USD"}]}, source="other")  # fmt: skip
    with pytest.raises(RefusedError, match="mixed-currencies"):
        linear(space, "deal", "person")


def test_a_lookback_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="bad-lookback"):
        read_paths(database(journeys(0, people=1)), conversion="conversion", touch="touch", lookback=0)

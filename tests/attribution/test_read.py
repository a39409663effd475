"""Paths out of the warehouse, by person and by account: rows in, arrays out, all counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attribution.cases import LOOKBACK, as_paths, journeys
from attribution.spaces import given_space, paths_in
from kit import give, make_workspace
from leadline.attribution.path import LEAD, OPPORTUNITY, Paths
from leadline.attribution.rule import RULES, credit_by_rule
from leadline.errors import RefusedError, UsageError
from leadline.journey.registry import rebuild
from leadline.model.facts import FACTS
from leadline.workspace import Workspace


@pytest.mark.parametrize("seed", range(3))
def test_paths_are_those_of_the_plain_reading(seed: int, tmp_path: Path) -> None:
    given = journeys(seed)
    space = given_space(tmp_path, given)
    read = space.attribute("deal", lookback=LOOKBACK, models=[model for model in RULES if "_shaped" not in model
                                                              and model != "full_path"])  # fmt: skip
    for credit in read.credits:
        wanted = credit_by_rule(credit.model, as_paths(given))
        assert {name: credit.conversions.get(name, 0.0) for name in wanted.conversions} == pytest.approx(
            wanted.conversions, abs=1e-9
        )
        assert {name: credit.values.get(name, 0.0) for name in wanted.values} == pytest.approx(wanted.values, abs=1e-9)
        assert credit.unattributed == wanted.unattributed


def sequences(paths: Paths) -> list[tuple[list[str], float, float]]:
    """Labels of each path, how often it converted and how often not."""
    names = [[paths.channels[code] for code in paths.codes[start:end]]
             for start, end in zip(paths.offsets, paths.offsets[1:], strict=False)]  # fmt: skip
    return sorted(zip(names, paths.conversions.tolist(), paths.nulls.tolist(), strict=True))


def touches(*rows: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [{"person_id": person, "touched_at": at, "channel": channel} for person, at, channel in rows]


def test_a_journey_fails_when_the_lookback_has_passed_in_silence(tmp_path: Path) -> None:
    """Lookback 30 days, known to April 1. won: the touches after the deal fail on their own. lost: one failure.
    twice: silence of more than 30 days parts two failures. young: its second journey has not ended. open: neither.
    """
    space = make_workspace(tmp_path)
    give(
        space,
        {
            "touch": touches(
                ("won", "2026-01-01", "a"), ("won", "2026-01-10", "a"), ("won", "2026-01-20", "b"),
                ("lost", "2026-01-02", "a"), ("lost", "2026-01-05", "a"),
                ("twice", "2026-01-01", "a"), ("twice", "2026-02-01", "b"),
                ("edge", "2026-01-01", "a"), ("edge", "2026-01-31", "b"),
                ("young", "2026-01-01", "a"), ("young", "2026-03-20", "b"),
                ("open", "2026-04-01", "b"),
            ),
            "deal": [{"created_at": "2026-01-05", "won_at": "2026-01-10", "status": "won", "person_id": "won",
                      "amount": 5, "currency": "EUR"}],
        },
    )  # fmt: skip
    whole = paths_in(space, lookback=30)
    assert sequences(whole.paths) == [
        (["a"], 0, 1), (["a"], 0, 1), (["a", "a"], 0, 1), (["a", "a"], 1, 0), (["a", "b"], 0, 1), (["b"], 0, 1),
        (["b"], 0, 1),
    ]  # fmt: skip
    assert (whole.failed, whole.still_open) == (6, 2)
    # A failure belongs to the period in which its silence ended: January 31, February 4 and 19, March 2 and 3.
    assert [paths_in(space, lookback=30, period=month).failed for month in ("2026-01", "2026-02", "2026-03")] == [
        2,
        2,
        2,
    ]
    assert paths_in(space, lookback=30, period="2026-01").still_open == 3
    assert sequences(paths_in(space, lookback=30, period="2026-02").paths) == [(["a", "a"], 0, 1), (["b"], 0, 1)]


def test_touches_of_a_failed_journey_reach_back_as_far_as_those_of_a_conversion(tmp_path: Path) -> None:
    space = make_workspace(tmp_path)
    give(
        space,
        {
            "touch": touches(
                ("p", "2026-01-01", "a"), ("p", "2026-01-05", "b"), ("p", "2026-01-15", "c"), ("q", "2026-06-01", "d")
            ),
            "deal": [{"created_at": "2026-01-05", "status": "open", "person_id": "q", "amount": 5, "currency": "EUR"}],
        },
    )
    assert sequences(paths_in(space, lookback=10).paths) == [(["b", "c"], 0, 1)]


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


def linear(space: Workspace, name: str, level: Any = "person") -> tuple[dict[str, float], float, float]:
    [credit] = space.attribute(name, level=level, models="linear").credits
    return {name: value for name, value in credit.values.items() if value}, credit.unattributed, credit.total_value


@pytest.mark.parametrize("made", [False, True])
def test_deals_by_person_and_by_account(space: Workspace, made: bool) -> None:
    """Ada and Bob are with Acme: by account the deal has the touches of both, whether or not the registry was made."""
    if made:
        rebuild(space.warehouse(write=True).con, FACTS)
        space.close()
    assert linear(space, "deal") == ({"Email": 450, "Direct": 450}, 0, 900)
    values, unattributed, total = linear(space, "deal", "account")
    assert values == pytest.approx({"Email": 300, "Direct": 300, "Paid Search": 300})
    assert unattributed == 0
    assert total == pytest.approx(900)


def test_who_has_no_account_stands_alone(space: Workspace) -> None:
    assert linear(space, "order", "account") == ({"Referral": 15}, 0, 15)


def test_the_account_is_that_of_the_moment(tmp_path: Path) -> None:
    """Ada left Acme for Bex on January 10: her touch of the 11th earns Bex's deal, not Acme's."""
    space = make_workspace(tmp_path)
    move = [("2026-01-01", "acme"), ("2026-01-10", "bex")]
    deal = {"created_at": "2026-01-02", "won_at": "2026-01-20", "status": "won", "currency": "EUR", "amount": 10}
    give(
        space,
        {
            "stage_entry": [{"entered_at": at, "stage": "lead", "person_id": "ada", "account_id": account}
                            for at, account in move],
            "touch": touches(("ada", "2026-01-05", "Email"), ("ada", "2026-01-11", "Referral")),
            "deal": [{**deal, "account_id": "acme"}, {**deal, "account_id": "bex", "amount": 7}],
        },
    )  # fmt: skip
    assert linear(space, "deal", "account") == ({"Email": 10, "Referral": 7}, 0, 17)


def test_who_comes_back_earns_for_the_first_company_again(tmp_path: Path) -> None:
    """Ada was with Acme, with Bex from January 10, and with Acme again from the 20th."""
    space = make_workspace(tmp_path)
    moves = [("2026-01-01", "acme"), ("2026-01-10", "bex"), ("2026-01-20", "acme")]
    deal = {"created_at": "2026-01-02", "won_at": "2026-01-30", "status": "won", "currency": "EUR", "amount": 10}
    give(
        space,
        {
            "stage_entry": [{"entered_at": at, "stage": "lead", "person_id": "ada", "account_id": account}
                            for at, account in moves],
            "touch": touches(("ada", "2026-01-12", "Referral"), ("ada", "2026-01-22", "Email")),
            "deal": [{**deal, "account_id": "acme"}],
        },
    )  # fmt: skip
    assert linear(space, "deal", "account") == ({"Email": 10}, 0, 10)


def test_stages_of_the_entity_reach_the_path(space: Workspace) -> None:
    """Email made the lead, Paid Search the opportunity, Direct came last."""
    answer = space.attribute("deal", level="account", models="w_shaped")
    assert answer.credits[0].values == pytest.approx({"Direct": 90, "Email": 540, "Paid Search": 270})
    marks = paths_in(space, level="account").paths.marks
    assert marks is not None
    assert marks[:3].tolist() == [LEAD, OPPORTUNITY, 0]


def test_an_order_is_one_conversion_and_what_is_no_sale_is_none(space: Workspace) -> None:
    assert linear(space, "order") == ({"Referral": 15}, 0, 15)
    assert space.attribute("order", models="linear").control.conversions == 1


def test_a_stage_after_the_conversion_is_not_on_its_path(space: Workspace) -> None:
    late = {"_key": "9", "entered_at": "2026-02-01", "stage": "lead", "person_id": "eve"}
    give(space, {"stage_entry": [late]}, source="late")
    with pytest.raises(UsageError, match="model-has-no-answer"):
        space.attribute("order", models="w_shaped")


def test_every_conversion_can_be_read(space: Workspace) -> None:
    for name in ("deal", "deal_created", "order", "lead", "opportunity", "won_revenue", "pipeline_created", "leads"):
        for level in ("person", "account"):
            linear(space, name, level)
    with pytest.raises(UsageError, match="unknown-conversion"):
        linear(space, "sale")
    with pytest.raises(RefusedError, match="not-a-conversion"):
        linear(space, "win_rate")


def test_two_currencies_are_not_added(space: Workspace) -> None:
    give(space, {"deal": [{"_key": "9", "created_at": "2026-01-05", "won_at": "2026-01-10", "status": "won",
                           "amount": 1, "currency": "USD"}]}, source="other")  # fmt: skip
    with pytest.raises(RefusedError, match="mixed-currencies"):
        linear(space, "deal")


def test_a_lookback_of_nothing_is_refused(space: Workspace) -> None:
    with pytest.raises(UsageError, match="bad-lookback"):
        space.attribute("deal", lookback=0)

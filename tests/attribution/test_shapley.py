"""Shapley attribution, against all permutations."""

from __future__ import annotations

import itertools
import random

import pytest

from kit.data import oracle
from leadline.attribution.path import Paths, paths_of
from leadline.attribution.rule import credit_by_rule
from leadline.attribution.shapley import Worth, credit_by_shapley
from leadline.errors import UsageError


def drawn(seed: int, channels: int, count: int = 40) -> tuple[list[list[str]], list[int], list[int]]:
    dice = random.Random(seed)
    names = [f"c{number:02d}" for number in range(channels)]
    touched = [[dice.choice(names) for _ in range(dice.randrange(5))] for _ in range(count)]
    return touched, [dice.randrange(3) for _ in touched], [dice.randrange(4) for _ in touched]


def brute(touched: list[list[str]], won: list[int], lost: list[int], *, rate: bool) -> dict[str, float]:
    """The mean of what each channel adds, over all orders of all channels."""

    def worth(players: frozenset[str]) -> float:
        inside = [number for number, path in enumerate(touched) if path and set(path) <= players]
        wins = sum(won[number] for number in inside)
        if not rate:
            return wins
        tried = wins + sum(lost[number] for number in inside)
        return wins / tried if tried else 0.0

    players = sorted({channel for path in touched for channel in path})
    added = dict.fromkeys(players, 0.0)
    orders = list(itertools.permutations(players))
    for order in orders:
        for place, channel in enumerate(order):
            added[channel] += worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
    touched_journeys = sum(w + m for path, w, m in zip(touched, won, lost, strict=True) if path)
    scale = (touched_journeys if rate else 1) / len(orders)
    return {channel: value * scale for channel, value in added.items()}


@pytest.mark.parametrize("rate", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_brute_force_agrees(rate: bool, seed: int) -> None:
    touched, won, lost = drawn(seed, 6)
    paths = paths_of(touched, won, lost)
    credit = credit_by_shapley(paths, "rate" if rate else "conversions")
    assert credit.conversions == pytest.approx(brute(touched, won, lost, rate=rate), abs=1e-9)
    assert credit.total == pytest.approx(sum(won), abs=1e-9)
    assert credit.unattributed == sum(count for path, count in zip(touched, won, strict=True) if not path)


def test_kinley() -> None:
    case = oracle("attribution_worked_examples")["kinley_shapley"]
    paths = paths_of([coalition.split("+") for coalition in case["R"]], list(case["R"].values()))
    assert credit_by_shapley(paths).conversions == pytest.approx(case["shapley"], abs=1e-12)


def test_by_conversions_it_is_linear_over_distinct_channels() -> None:
    touched, won, lost = drawn(9, 8)
    shapley = credit_by_shapley(paths_of(touched, won, lost, channels=[f"c{n:02d}" for n in range(8)]))
    distinct = [sorted(set(path)) for path in touched]
    linear = credit_by_rule("linear", paths_of(distinct, won, lost, channels=[f"c{n:02d}" for n in range(8)]))
    assert shapley.conversions == pytest.approx(linear.conversions, abs=1e-12)


def test_the_first_channels_by_name_are_not_forgotten() -> None:
    case = oracle("attribution_worked_examples")["trap_alphabetical_truncation"]
    paths = paths_of(case["paths"], case["conversions"], case["nulls"])
    credit = credit_by_shapley(paths)
    # Ten conversions of five channels, three of two.
    assert credit.conversions == pytest.approx({"a": 2, "b": 3.5, "c": 2, "d": 2, "e": 3.5})


def test_a_channel_that_comes_with_failure_earns_less_than_nothing_by_rate() -> None:
    paths = paths_of([["a"], ["a", "b"]], [8, 1], [2, 9])
    credit = credit_by_shapley(paths, "rate")
    # v(a) = 0.8, v(b) = 0, v(ab) = 9/20: b adds -0.35 after a and nothing alone; 20 journeys.
    assert credit.conversions == pytest.approx({"a": 20 * (0.8 + 0.45) / 2, "b": 20 * (0 - 0.35) / 2})


def test_value_follows_its_own_worth() -> None:
    paths = paths_of([["a"], ["a", "b"]], [1, 1], values=[10, 100])
    assert credit_by_shapley(paths).values == {"a": 60, "b": 50}


@pytest.mark.parametrize("seed", range(3))
def test_sampled_orders_come_near_and_know_how_near(seed: int) -> None:
    touched, won, lost = drawn(seed, 10, 200)
    paths = paths_of(touched, won, lost)
    whole, part = credit_by_shapley(paths, "rate"), credit_by_shapley(paths, "rate", exact_to=5, orders=400, seed=seed)
    assert whole.error == {}
    assert "400 pairs" in part.note
    off = [abs(whole.conversions[name] - part.conversions[name]) / part.error[name] for name in whole.conversions]
    assert max(off) < 4.5
    assert sum(each < 2 for each in off) >= 7
    assert part.total == pytest.approx(whole.total, abs=1e-9)
    assert part == credit_by_shapley(paths, "rate", exact_to=5, orders=400, seed=seed)


def test_seventy_channels() -> None:
    touched, won, lost = drawn(1, 70, 300)
    paths = paths_of(touched, won, lost)
    exact = credit_by_shapley(paths)
    distinct = credit_by_rule("linear", paths_of([sorted(set(path)) for path in touched], won, lost))
    assert exact.conversions == pytest.approx(distinct.conversions, abs=1e-9)
    sampled = credit_by_shapley(paths, "rate", orders=20)
    assert sampled.total == pytest.approx(sum(won), abs=1e-9)
    assert sampled.error


def test_nothing_and_the_unknown() -> None:
    empty: Paths = paths_of([], [])
    worths: tuple[Worth, ...] = ("conversions", "rate")
    for worth in worths:
        assert credit_by_shapley(empty, worth).total == 0
        assert credit_by_shapley(paths_of([[]], [2]), worth).unattributed == 2
    with pytest.raises(UsageError, match="unknown-worth"):
        credit_by_shapley(empty, "money")  # type: ignore[arg-type]

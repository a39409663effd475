"""Draws of the simulation: right on average, within bounds, the same for the same seed."""

from __future__ import annotations

from statistics import mean, pvariance

import pytest

from leadline.demo.dice import Dice


@pytest.mark.parametrize(
    ("trials", "probability"), [(10, 0.5), (200, 0.015), (300, 0.6), (5000, 0.0002), (90_000, 0.004), (12, 0.19)]
)
def test_binomial_has_its_mean_and_variance(trials: int, probability: float) -> None:
    dice = Dice(1, "test")
    draws = [dice.binomial(trials, probability) for _ in range(4000)]
    assert mean(draws) == pytest.approx(trials * probability, rel=0.06)
    assert pvariance(draws) == pytest.approx(trials * probability * (1 - probability), rel=0.12)
    assert 0 <= min(draws) <= max(draws) <= trials


@pytest.mark.parametrize("expected", [0.3, 4.0, 75.0])
def test_poisson_has_its_mean_and_variance(expected: float) -> None:
    dice = Dice(1, "test")
    draws = [dice.poisson(expected) for _ in range(4000)]
    assert mean(draws) == pytest.approx(expected, rel=0.06)
    assert pvariance(draws) == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize(
    ("draw", "value"),
    [
        (Dice(1, "test").binomial(0, 0.5), 0),
        (Dice(1, "test").binomial(9, 0), 0),
        (Dice(1, "test").binomial(9, 1), 9),
        (Dice(1, "test").poisson(0), 0),
    ],
)
def test_nothing_to_draw(draw: int, value: int) -> None:
    assert draw == value


def test_parts_have_draws_of_their_own() -> None:
    assert [Dice(7, "a").random(), Dice(7, "a").random()] == [Dice(7, "a").random()] * 2
    assert len({Dice(7, "a").random(), Dice(7, "b").random(), Dice(8, "a").random()}) == 3

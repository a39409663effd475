import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.charts.scale import finite, linear_scale, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 97, (0, 20, 40, 60, 80, 100)),
        (0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (-4, 13, (-5, 0, 5, 10, 15)),
        (0.012, 0.034, (0.01, 0.015, 0.02, 0.025, 0.03, 0.035)),
        (0, 1_234_567, (0, 250_000, 500_000, 750_000, 1_000_000, 1_250_000)),
        (0, 0, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (3, 3, (0, 1, 2, 3)),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: tuple[float, ...]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_things_that_come_in_ones_get_no_half_ticks() -> None:
    assert ticks(0, 2, whole=True) == (0, 1, 2)
    assert ticks(0, 2) != (0, 1, 2)


@given(
    st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=20),
    st.sampled_from([True, False, None]),
)
def test_every_value_lies_on_the_scale(values: list[float], zero: bool | None) -> None:
    scale = linear_scale(values, 100, 0, zero=zero)
    assert all(-1e-6 <= scale(value) <= 100 + 1e-6 for value in values)
    assert 2 <= len(scale.ticks) <= 9
    if zero:
        assert scale.low <= 0 <= scale.high


@pytest.mark.parametrize(
    ("values", "zero", "has_zero"),
    [([90, 100], True, True), ([90, 100], None, False), ([20, 100], None, True), ([-5, 5], False, True)],
)
def test_zero_baseline(values: list[float], zero: bool | None, has_zero: bool) -> None:
    assert (0 in linear_scale(values, 0, 1, zero=zero).ticks) is has_zero


def test_what_is_no_number_has_no_place() -> None:
    assert [finite(value) for value in (None, math.nan, math.inf, Decimal("1.5"), 2)] == [None, None, None, 1.5, 2]

"""Scales: numbers to positions, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

Number = int | float | Decimal

_ROUND_STEPS = (1, 2, 2.5, 5, 10)
# Differences below these are rounding, not data: a scale over them would have no round ticks.
_SAME = 1e-9
_NOTHING = 1e-15


class LinearScale(Struct, frozen=True):
    """A straight map of `low`..`high` onto positions `start`..`end`; `ticks` are the round values to label."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...] = ()

    def __call__(self, value: Number) -> float:
        """The position of `value`."""
        share = (float(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def finite(value: Number | None) -> float | None:
    """`value` as a float to place it, or None where there is nothing to place (missing, NaN, infinite)."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def magnitude(value: Number) -> Number:
    """`value` without its sign, exact."""
    return -value if value < 0 else value


def present(values: Iterable[Number | None]) -> list[float]:
    """The values that can be placed, as floats."""
    return [number for number in map(finite, values) if number is not None]


def round_step(span: float, count: int) -> float:
    """The smallest round step (1, 2, 2.5 or 5 times a power of ten) that cuts `span` into at most `count` pieces."""
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in _ROUND_STEPS:
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10 * power


def ticks(low: float, high: float, count: int = 5, *, whole: bool = False) -> tuple[float, ...]:
    """Round values from at or below `low` to at or above `high`, about `count` steps.

    `whole` keeps to whole numbers, for things that come in ones. Equal ends are widened so that a scale can be made.
    """
    if high - low <= _SAME * max(abs(low), abs(high)):
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < _NOTHING:
        low, high = 0.0, 1.0
    step = round_step(high - low, count)
    if whole:
        step = max(1.0, math.ceil(step))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    digits = max(0, 12 - math.floor(math.log10(max(abs(low), abs(high)))))
    return tuple(round(index * step, digits) + 0.0 for index in range(first, last + 1))


def linear_scale(
    values: Iterable[Number | None],
    start: float,
    end: float,
    *,
    zero: bool | None = True,
    count: int = 5,
    whole: bool = False,
) -> LinearScale:
    """A scale over `values` whose ends are ticks.

    `zero` true always includes zero (bars need it: length is the message); None includes it unless all values lie far
    from it and close together, where a line would be flat.
    """
    numbers = present(values) or [0.0]
    low, high = min(numbers), max(numbers)
    if zero or (zero is None and _near_zero(low, high)):
        low, high = min(low, 0.0), max(high, 0.0)
    marks = ticks(low, high, count, whole=whole)
    return LinearScale(marks[0], marks[-1], start, end, marks)


def _near_zero(low: float, high: float) -> bool:
    if low <= 0 <= high or low == high:
        return True
    near, far = sorted((abs(low), abs(high)))
    return near < 0.7 * far

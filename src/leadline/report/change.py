"""A change: one value held against another, which way it went, and whether that is good."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from leadline.charts.scale import Number, finite, magnitude
from leadline.charts.value import format_signed, format_value

Direction = Literal["up", "down", "flat"]
Verdict = Literal["better", "worse", "steady", "changed", "unknown"]

# A difference of two shares is told in points: "+2 %" of 40 % would be read as 42 %.
_IN_POINTS = ("percent", "points")
_STEADY_BELOW = 0.0005
ARROWS: dict[Direction, str] = {"up": "▲", "down": "▼", "flat": "■"}


class Change(Struct, frozen=True):
    """The difference of a value from `base`.

    `relative` is the difference over the base, None where the base is not positive or the unit has its own zero.
    `verdict` knows which direction is better; `changed` where neither is, `unknown` where a value is missing.
    """

    base: Number | None
    difference: Number | None = None
    relative: float | None = None
    direction: Direction = "flat"
    verdict: Verdict = "unknown"


def change(value: Number | None, base: Number | None, *, unit: str = "count", better: str = "") -> Change:
    """How `value` differs from `base`; too little to show counts as steady."""
    now, then = finite(value), finite(base)
    if value is None or base is None or now is None or then is None:
        return Change(base)
    difference = _subtract(value, base)
    relative = (now - then) / then if then > 0 else None
    size = abs(now - then) if unit in _IN_POINTS else abs(relative) if relative is not None else abs(now - then)
    if size < _STEADY_BELOW * (100 if unit == "points" else 1):
        return Change(base, difference, relative, "flat", "steady")
    direction: Direction = "up" if now > then else "down"
    good = {"higher": "up", "lower": "down"}.get(better)
    verdict: Verdict = "changed" if good is None else "better" if direction == good else "worse"
    return Change(base, difference, relative, direction, verdict)


def format_change(
    found: Change, unit: str = "count", *, currency: str = "", locale: str = "en", points: str = "pts"
) -> str:
    """The change as signed text: `+12.3%`, `−1.4 pts` for shares, the bare difference where no base is positive."""
    if found.difference is None:
        return format_value(None)
    size = magnitude(found.difference)
    if unit == "percent":
        return format_signed(f"{format_value(size * 100, digits=1, locale=locale)} {points}", found.difference)
    if unit == "points":
        return format_signed(f"{format_value(size, digits=1, locale=locale)} {points}", found.difference)
    if found.relative is None:
        text = format_value(size, unit, currency=currency, locale=locale, compact=True)
        return format_signed(text, found.difference)
    return format_signed(format_value(abs(found.relative), "percent", locale=locale, digits=1), found.relative)


def _subtract(value: Number, base: Number) -> Number:
    if isinstance(value, float) or isinstance(base, float):
        return float(value) - float(base)
    return value - base

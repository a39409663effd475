from decimal import Decimal

import pytest

from leadline.report.change import change, format_change

CASES = [
    (110, 100, "count", "higher", "up", "better", "+10.0%"),
    (90, 100, "count", "higher", "down", "worse", "−10.0%"),
    (90, 100, "days", "lower", "down", "better", "−10.0%"),
    (110, 100, "days", "lower", "up", "worse", "+10.0%"),
    (110, 100, "money", "target", "up", "changed", "+10.0%"),
    (110, 100, "money", "", "up", "changed", "+10.0%"),
    (Decimal("100.01"), Decimal(100), "money", "higher", "flat", "steady", "+0.0%"),
    (100, 100, "count", "higher", "flat", "steady", "±0.0%"),
    (0.42, 0.40, "percent", "higher", "up", "better", "+2.0 pts"),
    (0.4002, 0.40, "percent", "higher", "flat", "steady", "+0.0 pts"),
    (31, 35, "points", "higher", "down", "worse", "−4.0 pts"),
    (5, 0, "count", "higher", "up", "better", "+5"),
    (Decimal(-5), Decimal(-20), "money", "higher", "up", "better", "+€15.00"),
    (None, 5, "count", "higher", "flat", "unknown", "–"),
    (5, None, "count", "higher", "flat", "unknown", "–"),
    (float("nan"), 5, "count", "higher", "flat", "unknown", "–"),
]


@pytest.mark.parametrize(("value", "base", "unit", "better", "direction", "verdict", "text"), CASES)
def test_a_change_knows_its_way_and_whether_that_is_good(
    value: float | None, base: float | None, unit: str, better: str, direction: str, verdict: str, text: str
) -> None:
    found = change(value, base, unit=unit, better=better)
    assert (found.direction, found.verdict) == (direction, verdict)
    assert format_change(found, unit, currency="EUR") == text


def test_money_is_subtracted_exactly() -> None:
    assert change(Decimal("0.30"), Decimal("0.10"), unit="money").difference == Decimal("0.20")

"""Seeded advertising days that all advertising writers share: counts, amounts to the cent, fractional conversions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

FIRST_DAY = date(2025, 5, 1)
DAYS = 14


@dataclass(frozen=True)
class Advertising:
    """What one campaign, ad group, ad and keyword did on one day."""

    day: date
    number: int
    campaign: str
    campaign_id: str
    ad_group: str
    ad_group_id: str
    keyword: str
    impressions: int
    clicks: int
    link_clicks: int
    cost: Decimal
    conversions: Decimal
    value: Decimal
    leads: int
    purchases: int
    reach: int
    views: int
    completes: int

    @property
    def last_day(self) -> date:
        """Last day of the shared range."""
        return FIRST_DAY + timedelta(days=DAYS - 1)


def advertise(seed: int, *, campaigns: int = 3, digits: int = 2, days: int = DAYS) -> list[Advertising]:
    """`days` x `campaigns` rows from `seed`; amounts have `digits` decimals (0 for đồng)."""
    random_source = random.Random(seed)
    step = Decimal(1).scaleb(-digits)
    scale = 1 if digits else 20_000
    rows = []
    for offset in range(days):
        for number in range(campaigns):
            impressions = random_source.randint(900, 64_000)
            clicks = random_source.randint(impressions // 60, impressions // 20)
            cost = Decimal(random_source.randint(1_500, 140_000) * scale).scaleb(-2).quantize(step)
            conversions = Decimal(random_source.randint(100, 900)).scaleb(-2)
            value = Decimal(random_source.randint(10_000, 900_000) * scale).scaleb(-2).quantize(step)
            rows.append(
                Advertising(
                    day=FIRST_DAY + timedelta(days=offset),
                    number=number,
                    campaign=f"Campaign {'ABCDEFG'[number]}, {'brand' if number else 'generic'}",
                    campaign_id=str(2_000_111 + number),
                    ad_group=f"Group {number + 1}",
                    ad_group_id=str(77_000_111 + number),
                    keyword=f"lead line {number + 1}",
                    impressions=impressions,
                    clicks=clicks,
                    link_clicks=clicks * 3 // 4,
                    cost=cost,
                    conversions=conversions,
                    value=value,
                    leads=random_source.randint(1, 9),
                    purchases=random_source.randint(1, 12),
                    reach=impressions * 2 // 3,
                    views=impressions // 3,
                    completes=impressions // 10,
                )
            )
    return rows


def total(rows: Iterable[Advertising], name: str) -> Any:
    """Sum of one attribute over the rows."""
    values: Sequence[Any] = [getattr(row, name) for row in rows]
    return sum(values[1:], values[0])

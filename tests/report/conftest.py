"""A small workspace that answers like the real one, from numbers written down here or drawn from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from leadline.charts.period import following
from leadline.errors import LeadlineError
from leadline.model.facts import FACTS
from leadline.model.infer import check_formula
from leadline.model.metric import Metric
from leadline.model.parse import parse_formula
from leadline.plan.result import Mark, Result, ResultColumn, Value
from leadline.project import Dashboard, Settings

METRICS: dict[str, dict[str, Any]] = {
    "sessions": {
        "name": "Sessions",
        "doc": "Visits to the site. Tools cut them by different rules.",
        "formula": "sum(session.sessions)",
        "unit": "sessions",
        "better": "higher",
        "stage": "awareness",
        "timing": "early",
    },
    "ad_spend": {
        "name": "Ad spend",
        "doc": "What advertising cost, as the platforms bill it.",
        "formula": "sum(ad.spend)",
        "unit": "money",
        "better": "target",
        "stage": "awareness",
        "timing": "early",
    },
    "mql": {
        "name": "Marketing-qualified leads",
        "doc": "Leads that reached the agreed score for the first time.",
        "formula": "count(stage_entry where stage = 'mql' and is_first)",
        "unit": "people",
        "better": "higher",
        "stage": "acquisition",
        "timing": "early",
        "owner": "Marketing",
    },
    "lead_to_mql": {
        "name": "Lead to MQL",
        "doc": "Share of a month's new leads that became MQL within 90 days.",
        "formula": "reach(lead, mql, within 90 days)",
        "unit": "percent",
        "better": "higher",
        "stage": "activation",
        "timing": "mid",
    },
    "sales_cycle": {
        "name": "Sales cycle",
        "doc": "Median days from a deal's creation to its win.",
        "formula": "median(duration(deal.created_at, deal.won_at))",
        "unit": "days",
        "better": "lower",
        "stage": "revenue",
        "timing": "late",
    },
    "revenue": {
        "name": "Revenue",
        "doc": "Paid orders less refunds, in the workspace's currency.",
        "formula": "sum(order.amount)",
        "unit": "money",
        "better": "higher",
        "stage": "revenue",
        "timing": "late",
        "pitfalls": ("A refund counts in the month it is paid back.", "Tax and shipping are not in it."),
    },
    "roas": {
        "name": "Return on ad spend",
        "doc": "Credited revenue per unit of ad spend.",
        "formula": "revenue / ad_spend",
        "unit": "ratio",
        "better": "higher",
        "stage": "revenue",
        "timing": "late",
    },
}


class FakeWorkspace:
    """Answers queries from `series`: metric id to period to value; `marks` per metric and period."""

    def __init__(
        self,
        series: Mapping[str, Mapping[date, Value]],
        *,
        marks: Mapping[str, Mapping[date, Mark]] | None = None,
        through: Mapping[str, date] | None = None,
        failing: Mapping[str, LeadlineError] | None = None,
        kpis: Sequence[str] | None = None,
    ) -> None:
        self.series = series
        self.marks = marks or {}
        self.through = through or {}
        self.failing = failing or {}
        self.asked: list[tuple[str, ...]] = []
        self.metrics = {
            name: Metric(
                id=name, tree=check_formula(parse_formula(told["formula"]), FACTS, METRICS, where=name), **told
            )
            for name, told in METRICS.items()
        }
        self.facts = FACTS
        self.settings = Settings(name="Harbour Supply", currency="EUR", timezone="Europe/Berlin", model="b2b_saas")
        chosen = tuple(kpis if kpis is not None else (*series, *self.failing))
        self.project = SimpleNamespace(dashboards={"scorecard": Dashboard(kpis=chosen)})
        self.today = date(2026, 4, 13)

    def query(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: Any = None,
    ) -> Result:
        self.asked.append(tuple(metrics))
        for name in metrics:
            if name in self.failing:
                raise self.failing[name]
        periods = sorted({period for name in metrics for period in self.series[name]})
        columns = [ResultColumn(grain, "time", grain.capitalize())]
        back = {"": 0, "previous": -1, "year": -12}
        for name in metrics:
            told = METRICS[name]
            for way in ("", *compare):
                money = "EUR" if told["unit"] == "money" else ""
                label = f"{name}_{way}" if way else name
                columns.append(
                    ResultColumn(label, "metric", told["name"], told["unit"], name, way, told["better"], money)
                )
        rows: list[tuple[Value, ...]] = []
        marks: dict[tuple[int, int], Mark] = {}
        for at, start in enumerate(periods):
            cells: list[Value] = [start]
            for index, column in enumerate(columns[1:], 1):
                shifted = following(start, "month", back[column.compare])
                cells.append(self.series[column.metric].get(shifted))
                mark = self.marks.get(column.metric, {}).get(start)
                if mark and not column.compare:
                    marks[at, index] = mark
            rows.append(tuple(cells))
        facts = {fact: {"sources": {"export": {"through": f"{day}T23:59:59"}}} for fact, day in self.through.items()}
        provenance = {"sql": [f"SELECT … -- {', '.join(metrics)}"], "facts": facts, "grain": grain}
        return Result(tuple(columns), rows, provenance, marks)


def months(first: date, count: int) -> list[date]:
    return [following(first, "month", index) for index in range(count)]


def seeded(last: date, count: int = 28) -> FakeWorkspace:
    """A lively two years up to the unfinished month that starts on `last`."""
    dice = random.Random(7)
    dates = months(following(last, "month", 1 - count), count)
    shape = {
        "sessions": lambda i: int(42000 * wave(i) * (1 + i / 60)),
        "ad_spend": lambda i: Decimal(round(31000 * wave(i) * 100)) / 100,
        "mql": lambda i: int(410 * wave(i) * (1 + i / 50)),
        "lead_to_mql": lambda i: 0.21 + 0.02 * math.sin(i / 3) - i * 0.001,
        "sales_cycle": lambda i: 47.5 - i * 0.35 + dice.random() * 4,
        "revenue": lambda i: Decimal(round(880000 * wave(i) * (1 + i / 45) * 100)) / 100,
        "roas": lambda i: 2.1 + 0.5 * math.sin(i / 4) + dice.random() * 0.2,
    }

    def wave(i: int) -> float:
        return 1 + 0.16 * math.sin((i + 3) * math.pi / 6) + dice.uniform(-0.05, 0.05)

    series = {name: {day: draw(i) for i, day in enumerate(dates)} for name, draw in shape.items()}
    for name in ("sessions", "mql", "revenue"):
        value = series[name][last]
        series[name][last] = value * 4 // 10 if isinstance(value, int) else round(value * Decimal("0.4"), 2)
    marks: dict[str, dict[date, Mark]] = {name: {last: "unfinished"} for name in series}
    marks["lead_to_mql"] |= {following(last, "month", -back): "immature" for back in (1, 2, 3)}
    # Advertising has not delivered since early March, so what needs it stops in February.
    before = following(last, "month", -1)
    for name in ("ad_spend", "roas"):
        del series[name][last], series[name][before]
        marks[name] = {last: "no-data", before: "unfinished"}
    del series["roas"][following(last, "month", -8)]
    through = {fact: last.replace(day=12) for fact in ("session", "stage_entry", "deal", "order")}
    return FakeWorkspace(series, marks=marks, through=through | {"ad": before.replace(day=3)})


@pytest.fixture
def fake() -> type[FakeWorkspace]:
    return FakeWorkspace


@pytest.fixture
def lively() -> FakeWorkspace:
    """Two years to an April of which twelve days are known; one source is late, one rate is maturing."""
    return seeded(date(2026, 4, 1))

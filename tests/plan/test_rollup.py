"""Roll-ups answer what the fact answers, or they are not asked; a number never depends on whether one is there."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import DefinitionError
from leadline.workspace import Workspace, open_workspace

METRICS = """
r_orders: count(order)
r_sales: count(order where is_sale)
r_revenue: {formula: sum(order.amount), unit: money}
r_net: {formula: sum(order.amount where is_sale), unit: money}
r_items: sum(order.quantity where country = 'DE')
r_aov: {formula: r_revenue / r_orders, unit: money}
r_buyers: distinct(order.customer_id)
r_typical: {formula: median(order.amount), unit: money}
r_big: count(order where amount > 50)
"""
ROLLUPS = "rollups: {order: [country, is_sale]}\n"
ADDING = ("r_orders", "r_sales", "r_revenue", "r_net", "r_items", "r_aov")


def orders(seed: int, count: int = 400, currencies: tuple[str, ...] = ("EUR",)) -> list[dict[str, Any]]:
    """Orders by the quarter hour around both changes of the clock in Berlin, some without a time or an amount."""
    dice = random.Random(seed)
    days = [dt.datetime(2025, 10, 25), dt.datetime(2025, 12, 31), dt.datetime(2026, 3, 28)]
    return [
        {
            "_key": f"o{number}",
            "order_id": f"o{number}",
            "ordered_at": None
            if dice.random() < 0.03
            else dice.choice(days) + dt.timedelta(minutes=15 * dice.randint(0, 3 * 96)),
            "customer_id": f"c{dice.randint(1, 40)}",
            "country": dice.choice(["DE", "FR", None]),
            "is_sale": dice.choice([True, True, False, None]),
            "quantity": dice.choice([1, 2, None]),
            "amount": None if dice.random() < 0.1 else dice.randint(-500, 9000) / 100,
            "currency": dice.choice(currencies),
        }
        for number in range(count)
    ]


def pair(folder: Path, rows: list[dict[str, Any]]) -> tuple[Workspace, Workspace]:
    """The same orders in a workspace with a roll-up and in one without."""
    made = []
    for name, settings in (("with", ROLLUPS), ("without", "")):
        space = make_workspace(folder / name, metrics=METRICS, timezone="Europe/Berlin", settings=settings)
        give(space, {"order": rows})
        if settings:
            assert space.renew_rollups() == 1
        made.append(space)
    return made[0], made[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_are_those_of_the_fact(tmp_path: Path, seed: int) -> None:
    rolled, plain = pair(tmp_path, orders(seed, currencies=("EUR", "USD") if seed == 2 else ("EUR",)))
    dice = random.Random(seed)
    with rolled, plain:
        for grain in ("none", "day", "week", "month", "quarter", "year"):
            for _ in range(4):
                asked: dict[str, Any] = {
                    "metrics": dice.sample(ADDING, dice.randint(1, 4)),
                    "by": dice.sample(["country", "is_sale"], dice.randint(0, 2)) + ["currency"] * (seed - 1),
                    "grain": grain,
                    "period": dice.choice([None, "2025-10-25..2026-03-31", "2026-03", "2025-12-31..2026-01-01"]),
                    "where": dice.choice([None, "country = 'DE'", "country is null or is_sale"]),
                }
                found = rolled.query(**asked)
                expected = plain.query(**asked)
                assert found.provenance["rollups"] == ["order"], asked
                assert "rollup." in found.provenance["sql"][0]
                assert (found.names, found.rows, found.marks) == (expected.names, expected.rows, expected.marks), asked


@pytest.mark.parametrize(
    "asked",
    [
        {"metrics": ["r_buyers"]},
        {"metrics": ["r_typical"]},
        {"metrics": ["r_big"]},
        {"metrics": ["r_orders"], "by": ["customer_id"]},
        {"metrics": ["r_orders"], "where": "amount > 10"},
        {"metrics": ["r_orders"], "as_known_at": "2027-01-01"},
    ],
    ids=str,
)
def test_what_a_rollup_does_not_keep_is_read_from_the_fact(tmp_path: Path, asked: dict[str, Any]) -> None:
    rolled, plain = pair(tmp_path, orders(3, 120))
    with rolled, plain:
        found = rolled.query(**asked)
        assert "rollups" not in found.provenance
        assert found.rows == plain.query(**asked).rows


def test_a_load_since_is_seen_and_a_renewal_takes_it_in(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics=METRICS, settings=ROLLUPS) as space:
        give(space, {"order": orders(4, 10)})
        space.renew_rollups()
        assert space.query(["r_orders"]).rows == [(10,)]
        give(space, {"order": [{"_key": "late", "ordered_at": "2026-02-01 10:00:00", "country": "DE"}]})
        behind = space.query(["r_orders"])
        assert (behind.rows, "rollups" in behind.provenance) == ([(11,)], False)
        assert space.renew_rollups() == 1
        again = space.query(["r_orders"])
        assert (again.rows, again.provenance["rollups"]) == ([(11,)], ["order"])
        assert space.renew_rollups() == 0


def test_one_asked_for_otherwise_is_made_anew_and_one_no_longer_asked_for_goes(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w", metrics=METRICS, settings=ROLLUPS) as space:
        give(space, {"order": orders(5, 30)})
        space.renew_rollups()
    settings = tmp_path / "w" / "leadline.yaml"
    text = settings.read_text()
    settings.write_text(text.replace("[country, is_sale]", "[country]"))
    with open_workspace(tmp_path / "w") as space:
        assert "rollups" not in space.query(["r_orders"], by=["country"]).provenance
        assert space.renew_rollups() == 1
        assert space.query(["r_orders"], by=["country"]).provenance["rollups"] == ["order"]
    settings.write_text(text.replace(ROLLUPS, ""))
    with open_workspace(tmp_path / "w") as space:
        space.renew_rollups()
        assert space.warehouse().con.execute("SELECT count(*) FROM ledger.rollup").fetchone() == (0,)


def test_amounts_that_are_converted_are_read_from_the_fact(tmp_path: Path) -> None:
    """The rate is that of a row's day; a roll-up of several currencies keeps them apart and leaves converting alone."""
    rolled, plain = pair(tmp_path, orders(6, 60, ("EUR", "USD")))
    rate = {"date": "2025-10-01", "currency": "USD", "to_currency": "EUR", "rate": 0.5}
    rates = [{**rate, "_key": day, "date": day} for day in ("2025-10-24", "2025-12-30", "2026-03-27")]
    for space in (rolled, plain):
        give(space, {"fx_rate": rates}, source="bank")
    with rolled, plain:
        rolled.renew_rollups()
        asked: dict[str, Any] = {"metrics": ["r_revenue"], "grain": "month", "period": "2025-10..2026-03"}
        found = rolled.query(**asked, currency="EUR")
        assert "rollups" not in found.provenance
        assert found.rows == plain.query(**asked, currency="EUR").rows
        assert rolled.query(["r_orders"], currency="EUR").provenance["rollups"] == ["order"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("rollups: {orders: [country]}\n", "unknown-fact"),
        ("rollups: {order: [land]}\n", "bad-rollup"),
        ("rollups: {order: [order_id]}\n", "bad-rollup"),
        ("rollups: {order: [amount]}\n", "bad-rollup"),
    ],
)
def test_a_wrong_rollup_is_told_with_its_cure(tmp_path: Path, settings: str, code: str) -> None:
    with pytest.raises(DefinitionError, match=code) as caught:
        make_workspace(tmp_path / "w", settings=settings)
    assert "leadline.yaml:" in str(caught.value)

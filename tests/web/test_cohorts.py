"""Cohorts: a heat map whose unreached cells are blank, the lifecycle, filters and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"


def order(who: str, day: str, amount: int) -> dict[str, Any]:
    return {
        "ordered_at": f"{day} 10:00", "customer_id": who, "order_id": f"{who}{day}", "_key": f"{who}{day}",
        "is_sale": True, "amount": amount, "currency": "EUR",
    }  # fmt: skip


# Today is 15 June: of March's cohort April and May are over, of April's only May.
ORDERS = [
    order("ann", "2026-03-03", 100), order("ann", "2026-04-05", 50), order("ben", "2026-03-09", 100),
    order("ben", "2026-05-02", 30), order("cem", "2026-04-01", 10),
]  # fmt: skip
SUBSCRIPTIONS = [
    {"subscription_id": "s1", "customer_id": "ann", "started_at": "2026-03-03", "mrr": 100, "currency": "EUR",
     "country": "DE", "ended_at": "2026-05-10", "is_churned": True, "_key": "s1"},
    {"subscription_id": "s2", "customer_id": "ben", "started_at": "2026-03-09", "mrr": 50, "currency": "EUR",
     "country": "FR", "_key": "s2"},
    # So that the source reaches beyond May.
    {"subscription_id": "s3", "customer_id": "dan", "started_at": "2026-06-12", "mrr": 10, "currency": "EUR",
     "country": "DE", "_key": "s3"},
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cohorts") / "w"
    with make_workspace(place, today="2026-06-15") as workspace:
        give(workspace, {"order": ORDERS, "subscription": SUBSCRIPTIONS})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def row(text: str, name: str) -> list[tuple[str, str]]:
    """Class and text of the cells of a row."""
    found = re.search(rf'<th scope="row">(?:<bdi>)?{name}.*?</tr>', text, re.DOTALL)
    assert found, name
    return [(one, re.sub("<[^>]+>", "", cell)) for one, cell in re.findall(r'<td class="([^"]*)">(.*?)</td>', found[0])]


def test_people_who_came_back(client: TestClient) -> None:
    page = client.get("/cohorts?value=people&start=order&period=2026-03..2026-04&upto=3&of=order").text
    assert "style=" not in page
    assert row(page, "Mar 2026") == [("n", "2"), ("n h10", "100.0%"), ("n h5", "50.0%"), ("n h5", "50.0%"), ("n", "")]
    assert row(page, "Apr 2026") == [("n", "1"), ("n h10", "100.0%"), ("n h0", "0.0%"), ("n", ""), ("n", "")]
    # Of all three in the month after: one.
    assert row(page, "All, weighted by size")[:3] == [("n", "3"), ("n", "100.0%"), ("n", "33.3%")]


def test_revenue_and_what_is_kept(client: TestClient) -> None:
    page = client.get("/cohorts?value=revenue&start=order&back=order&period=2026-03&upto=2").text
    assert [cell for _, cell in row(page, "Mar 2026")] == ["2", "€200.00", "€50.00", "€30.00"]
    asked = "/cohorts?value={}&period=2026-03&upto=2"
    assert [cell for _, cell in row(client.get(asked.format("nrr")).text, "Mar 2026")] == [
        "2", "100.0%", "100.0%", "33.3%",
    ]  # fmt: skip
    assert [cell for _, cell in row(client.get(asked.format("subscribers")).text, "Mar 2026")] == [
        "2", "100.0%", "100.0%", "50.0%",
    ]  # fmt: skip


def test_by_a_dimension_and_filtered(client: TestClient) -> None:
    page = client.get("/cohorts?value=grr&period=2026-03&upto=2&by=country").text
    assert page.count('class="data heat"') == 2
    page = client.get("/cohorts?value=grr&period=2026-03&upto=2&where=country = 'FR'").text
    assert [cell for _, cell in row(page, "Mar 2026")] == ["1", "100.0%", "100.0%", "100.0%"]


def test_the_lifecycle(client: TestClient) -> None:
    page = client.get("/cohorts?value=people&period=2026-03..2026-05&of=order").text
    assert "Lifecycle by order" in page
    assert "resurrecting" in page
    # May: ben comes back after a month without, cem and ann stay away.
    assert "resurrecting 1, dormant 2" in page


def test_each_part_has_its_own_error(client: TestClient) -> None:
    page = client.get("/cohorts?value=people&start=ordre&period=2026-03&of=order")
    assert page.status_code == 200
    assert "unknown-event" in page.text
    assert "Lifecycle by order" in page.text
    assert "bad-upto" in client.get("/cohorts?upto=-1").text


def test_nothing_loaded_says_what_to_load(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        assert "leadline load" in client.get("/cohorts").text


def test_a_visitor_sees_their_rows(folder: Path) -> None:
    accounts = Accounts(folder)
    accounts.add("fr", PASSWORD, "viewer", "country = 'FR'")
    try:
        with TestClient(make_app(folder), base_url="http://localhost") as client:
            client.post("/login", data={"name": "fr", "password": PASSWORD, "back": "/sources"})
            page = client.get("/cohorts?value=subscribers&period=2026-03&upto=1").text
            assert [cell for _, cell in row(page, "Mar 2026")] == ["1", "100.0%", "100.0%"]
            assert "rows-not-people" in client.get("/cohorts?value=people&period=2026-03").text
    finally:
        accounts.path.unlink()

"""The page of channels: ranges, cost, claims, the budget question, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"


def deal(number: int, amount: int) -> dict[str, Any]:
    return {"_key": f"d{number}", "deal_id": f"d{number}", "person_id": f"p{number}", "status": "won", "amount": amount,
            "created_at": "2026-05-20T10:00", "won_at": "2026-05-20T10:00", "currency": "EUR"}  # fmt: skip


def touch(number: int, day: int, channel: str) -> dict[str, Any]:
    return {"_key": f"t{number}{day}", "person_id": f"p{number}", "touched_at": f"2026-05-{day:02d}T10:00",
            "channel": channel, "campaign": f"{channel} one"}  # fmt: skip


FACTS = {
    # p1 came by search and then social, p2 by search alone, p3 by nothing known.
    "touch": [touch(1, 2, "Search"), touch(1, 9, "Social"), touch(2, 3, "Search")],
    "deal": [deal(1, 100), deal(2, 300), deal(3, 50)],
    "ad": [
        {"_key": "a1", "date": "2026-05-04", "channel": "Search", "platform": "google", "spend": 100, "currency": "EUR",
         "conversions": 4},
        {"_key": "a2", "date": "2026-05-05", "channel": "Social", "platform": "meta", "spend": 200, "currency": "EUR",
         "conversions": 3},
    ],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with make_workspace(tmp_path / "w", today="2026-07-01") as workspace:
        give(workspace, FACTS)
    return tmp_path / "w"


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def row(page: str, name: str) -> list[str]:
    """The figures of a label in the table of ranges."""
    table = page.partition("ROAS</th>")[2].partition("</table>")[0]
    found = next(line for line in table.split("<tr") if f"<bdi>{name}</bdi>" in line)
    return [part.partition("</bdi>")[0] for part in found.split('<td class="n"><bdi>')[1:]]


def test_the_least_and_the_most_over_all_models_with_cost(client: TestClient) -> None:
    """Search earns 300 when the last touch has it all and 400 when the first has; it cost 100."""
    page = client.get("/channels?period=2026-05").text
    value, cost, _, _, roas, roi = row(page, "Search")
    assert (value, cost) == ("€300.00 – €400.00", "€100.00")
    assert (roas, roi) == ("3× – 4×", "200% – 300%")
    assert row(page, "Social")[:2] == ["€0 – €100.00", "€200.00"]
    assert row(page, "Social")[2].endswith("∞"), "where the first touch has it all, nothing was bought"
    assert row(page, "Unattributed")[0] == "€50.00"
    assert row(page, "Total")[0] == "€450.00"
    assert "add up to 3 conversions" in page
    assert "<svg" in page
    assert "style=" not in page


def test_what_platforms_claim_is_held_against_what_happened(folder: Path) -> None:
    """Platforms claim 7 conversions where two people became leads after any touch of what the platforms sell."""
    with make_workspace(folder, today="2026-07-01") as workspace:
        leads = [
            {"_key": f"l{n}", "person_id": f"p{n}", "stage": "lead", "is_first": True, "entered_at": "2026-05-20T10:00"}
            for n in (1, 2, 3)
        ]
        give(workspace, {"stage_entry": leads}, source="crm")
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        page = client.get("/channels?conversion=lead&period=2026-05").text
    assert "Platforms claim 7 conversions; 2 had any touch of what they sell: 3.5×." in page
    assert "google" in page.partition("What platforms claim")[2]


@pytest.mark.parametrize(
    ("source", "target", "verdict"),
    # Search returns 3 to 4 for each euro, social 0 to 0.5.
    [("Social", "Search", "Yes: moving €10.00"), ("Search", "Social", "No: moving €10.00")],
)
def test_whether_a_shift_of_budget_pays(client: TestClient, source: str, target: str, verdict: str) -> None:
    page = client.get(f"/channels?period=2026-05&from={source}&to={target}&amount=10").text
    assert verdict in page
    assert row(page, "Search")


def test_a_shift_that_cannot_be_judged_leaves_the_rest(client: TestClient) -> None:
    for amount, code in (("5000", "bad-amount"), ("many", "bad-number"), ("-3", "bad-number")):
        page = client.get(f"/channels?period=2026-05&from=Search&to=Social&amount={amount}")
        assert page.status_code == 200
        assert code in page.text
        assert row(page.text, "Search")


def test_what_cannot_be_answered_says_why(client: TestClient, folder: Path, tmp_path: Path) -> None:
    for asked, code in (("by=nothing", "unknown"), ("conversion=nothing", "unknown"), ("lookback=x", "bad-number")):
        page = client.get(f"/channels?{asked}")
        assert page.status_code == 200
        assert code in page.text
        assert 'role="alert"' in page.text
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as other:
        assert "Nobody&#39;s touches are known yet" in other.get("/channels").text
    Accounts(folder).add("emea", PASSWORD, "viewer", "region = 'EMEA'")
    client.post("/login", data={"name": "emea", "password": PASSWORD, "back": "/annotations"})
    assert client.get("/channels").status_code == 422

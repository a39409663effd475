"""Pipeline: velocity, ages of open deals, coverage, and an MRR waterfall that adds up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.charts.canvas import Frame
from leadline.charts.waterfall import Fall, waterfall_chart
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"


def deal(name: str, opened: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "deal_id": name, "name": name, "created_at": f"{opened} 10:00", "amount": amount, "currency": "EUR",
        "status": "open", "_key": name, **more,
    }  # fmt: skip


# Today is 15 June, so ages are counted to 14 June.
DEALS = [
    deal("old", "2026-01-15", 100, stage="Offer", owner="Ada", country="DE", expected_close_at="2026-06-20"),
    deal("new", "2026-06-04", 200, stage="Offer", owner="Bo", country="FR"),
    deal("mid", "2026-05-01", 50, stage="Talk", owner="Ada", country="DE"),
    deal("won", "2026-05-04", 400, status="won", owner="Ada", won_at="2026-05-14 10:00",
         closed_at="2026-05-14 10:00", country="DE"),
    deal("lost", "2026-05-04", 70, status="lost", owner="Bo", lost_at="2026-05-20", closed_at="2026-05-20"),
]  # fmt: skip
# In May: c comes (40), a grows by 50, b goes (30). 230 at the start, 290 at the end.
SUBSCRIPTIONS = [
    {"customer_id": who, "started_at": start, "ended_at": end, "mrr": mrr, "currency": "EUR", "country": "DE",
     "subscription_id": key, "_key": key}
    for key, who, start, end, mrr in (
        ("s1", "a", "2026-01-01", "2026-05-10", 200), ("s2", "a", "2026-05-10", None, 250),
        ("s3", "b", "2026-01-01", "2026-05-20", 30), ("s4", "c", "2026-05-05", None, 40),
    )
]  # fmt: skip
GOALS = [{"date": "2026-06-01", "ends": "2026-07-01", "metric": "won_revenue", "target": 200, "currency": "EUR"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pipeline") / "w"
    with make_workspace(place, today="2026-06-15") as workspace:
        give(workspace, {"deal": DEALS, "subscription": SUBSCRIPTIONS, "goal": GOALS})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def part(text: str, name: str) -> str:
    """One section of the page."""
    found = re.search(rf'<section class="panel" id="{name}".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def row(text: str, name: str) -> list[str]:
    found = re.search(rf'<th scope="row"><bdi>{name}</bdi></th>(.*?)</tr>', text, re.DOTALL)
    assert found, name
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", found[1])]


def test_velocity_is_what_its_parts_make(client: TestClient) -> None:
    """At the end of May old and mid are open; one of two was won, for 400, after ten days: 2 × 0.5 × 400 / 10."""
    text = part(client.get("/pipeline?period=2026-05").text, "velocity")
    assert re.findall(r'<b class="value"><bdi>([^<]*)', text) == ["2", "50.0%", "€400.00", "10 days", "€40.00 per day"]
    assert 'href="/glossary/pipeline_velocity.html"' in text
    assert 'href="/explore?metrics=pipeline_velocity&amp;by=channel' in text


def test_ages_of_open_deals(client: TestClient) -> None:
    """Deals, value, median and oldest age, and how many are up to 30, 60, 90 days old or more."""
    text = part(client.get("/pipeline").text, "ageing")
    assert row(text, "Offer") == ["2", "€300.00", "80 days", "150 days", "1", "0", "0", "1"]
    assert row(text, "Talk") == ["1", "€50.00", "44 days", "44 days", "0", "1", "0", "0"]
    assert row(text, "All")[:2] == ["3", "€350.00"]
    assert row(text, "old") == ["Ada", "Offer", "Jan 15, 2026", "150 days", "€100.00"]
    assert text.index("<bdi>old<") < text.index("<bdi>mid<") < text.index("<bdi>new<")


def test_coverage_of_goals(client: TestClient) -> None:
    """200 wanted in June and none won: 100 are planned to close in time."""
    text = part(client.get("/pipeline").text, "coverage")
    assert re.findall(r'<td class="n"><bdi>([^<]*)', text) == [
        "€200.00", "€0", "€200.00", "€100.00", "0.5×",
    ]  # fmt: skip


def test_mrr_adds_up(client: TestClient) -> None:
    text = part(client.get("/pipeline?period=2026-05").text, "movement")
    assert {name: row(text, name) for name in ("Start", "New MRR", "Expansion MRR", "Churned", "End")} == {
        "Start": ["€230.00"], "New MRR": ["€40.00"], "Expansion MRR": ["€50.00"], "Churned": ["-€30.00"],
        "End": ["€290.00"],
    }  # fmt: skip
    assert "Start €230.00, New MRR +€40.00" in text


def test_a_filter_that_does_not_fit_a_part_says_so_there(client: TestClient) -> None:
    page = client.get("/pipeline?where=owner = 'Ada'")
    assert page.status_code == 200
    assert row(part(page.text, "ageing"), "All")[0] == "2"
    assert "owner" in part(page.text, "movement")
    assert not part(page.text, "coverage")
    assert client.get("/pipeline?period=nonsense").text.count("bad-period") >= 2


def test_a_visitor_sees_their_rows_and_no_goals(folder: Path) -> None:
    accounts = Accounts(folder)
    accounts.add("de", PASSWORD, "viewer", "country = 'DE'")
    try:
        with TestClient(make_app(folder), base_url="http://localhost") as client:
            client.post("/login", data={"name": "de", "password": PASSWORD, "back": "/sources"})
            page = client.get("/pipeline").text
            assert row(part(page, "ageing"), "All")[0] == "2"
            assert "<bdi>new</bdi>" not in page
            assert not part(page, "coverage")
            # A condition cannot step out of the parentheses it is put in.
            assert "<bdi>new</bdi>" not in client.get("/pipeline?where=1 = 1) or (1 = 1").text
            told = client.get("/explore.csv?metrics=deals_created&by=country&where=1 = 1) or (1 = 1").text
            assert "FR" not in told
    finally:
        accounts.path.unlink()


def test_nothing_loaded_says_what_to_load(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        assert "leadline load" in client.get("/pipeline").text


def test_bars_close_together_say_where_they_begin() -> None:
    near = [Fall("Start", 1000, level=True), Fall("New", 30), Fall("Churned", -10), Fall("End", 1020, level=True)]
    text = waterfall_chart(Frame("m"), near, begins="begins at {value}")
    assert "begins at 970" in text
    assert "Start 1,000, New +30, Churned −10, End 1,020." in text
    far = [Fall("Start", 100, level=True), Fall("New", 300), Fall("End", 400, level=True)]
    assert "begins" not in waterfall_chart(Frame("m"), far, begins="begins at {value}")
    assert "No data." in waterfall_chart(Frame("m"), [])

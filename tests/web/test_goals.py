"""The page of goals: table, curves, empty states, and who sees which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"
GOALS = "metric,period,target,split,region\nmql,2026-06,60,even,EMEA\nmql,2026-06,90,even,APAC\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty days of June: one MQL a day in EMEA, three in APAC; 60 and 90 are wanted."""
    place = tmp_path / "w"
    (place / "goals").mkdir(parents=True)
    (place / "goals" / "goals.csv").write_text(GOALS, encoding="utf-8")
    rows = [
        {"entered_at": f"2026-06-{day:02d}T10:00:00", "stage": "mql", "is_first": True, "region": region,
         "person_id": f"{day}{number}", "_key": f"{day}{number}"}
        for day in range(1, 21)
        for number, region in enumerate(("EMEA", "APAC", "APAC", "APAC"))
    ]  # fmt: skip
    with make_workspace(place, today="2026-06-21") as workspace:
        give(workspace, {"stage_entry": rows})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def cells(page: str, name: str) -> str:
    """The row of a goal."""
    return next(row for row in page.split("<tr") if f"<bdi>{name}</bdi>" in row)


def test_each_goal_with_what_is_due_and_what_the_rest_asks(client: TestClient) -> None:
    """Two thirds of June are over: 40 due of 60 where 20 came, 60 due of 90 where 60 came."""
    page = client.get("/goals").text
    emea, apac = cells(page, "EMEA"), cells(page, "APAC")
    numbers = [part.partition("<")[0] for part in emea.split('<td class="n">')[1:]]
    # so far, due, target, reached, pace, at this pace, a day so far, a day needed (40 in ten days)
    assert numbers == ["20", "40", "60", "33%", "0.50", "30", "1", "4"]
    assert "✗</span> act" in emea
    assert "●</span> on track" in apac
    whole = cells(page, "Marketing qualified leads (MQL)")
    assert [part.partition("<")[0] for part in whole.split('<td class="n">')[1:4]] == ["80", "100", "150"]
    assert page.count("<svg") == 2, "the curve of the whole, for screens and for phones"
    assert "80 reached by Jun 20, 2026, 100 due by then, of 150" in page


def test_who_sees_some_rows_sees_the_goals_of_exactly_these(folder: Path) -> None:
    accounts = Accounts(folder)
    for name in ("EMEA", "LATAM"):
        accounts.add(name, PASSWORD, "viewer", f"region = '{name}'")
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        client.post("/login", data={"name": "EMEA", "password": PASSWORD, "back": "/"})
        page = client.get("/goals").text
        assert "EMEA" in page
        assert "APAC" not in page
        assert '<td class="n">150' not in page
        client.cookies.clear()
        client.post("/login", data={"name": "LATAM", "password": PASSWORD, "back": "/"})
        assert "No goal is set for your part alone" in client.get("/goals").text


def test_what_is_missing_or_wrong_is_said(client: TestClient, tmp_path: Path) -> None:
    assert "No goal runs in this time" in client.get("/goals?period=2020-01").text
    wrong = client.get("/goals?period=soon")
    assert wrong.status_code == 200
    assert "What to do" in wrong.text
    with make_workspace(tmp_path / "new") as workspace:
        give(workspace, {"session": [{"date": "2026-05-03", "sessions": 1}]})
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as other:
        assert "leadline goals --template" in other.get("/goals").text

"""The cockpit: tiles with goal and pace, links, some rows only, annotations, presentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """93 MQL in May (62 of them EMEA) against 100, 40 in twenty days of June against 90; today is the 21st."""
    place = tmp_path / "w"
    for name, text in {
        "dashboards/scorecard.yaml": "kpis: [mql, sessions]\n",
        "goals/goals.csv": "metric,period,target,split\nmql,2026-05,100,even\nmql,2026-06,90,even\n",
        "annotations/own.yaml": "- {date: 2026-05-12, text: '<b>Fair</b>', metric: mql}\n",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    days = [(f"2026-05-{day:02d}", 3) for day in range(1, 32)] + [(f"2026-06-{day:02d}", 2) for day in range(1, 21)]
    rows = [
        {"entered_at": f"{day}T10:00:00", "stage": "mql", "is_first": True, "person_id": f"{day}{number}",
         "_key": f"{day}{number}", "region": "APAC" if number == 2 else "EMEA"}
        for day, count in days
        for number in range(count)
    ]  # fmt: skip
    with make_workspace(place, today="2026-06-21") as workspace:
        sessions = [{"date": f"2026-0{month}-03", "sessions": 100} for month in (5, 6)]
        give(workspace, {"stage_entry": rows, "session": sessions})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def test_a_tile_tells_goal_pace_status_and_what_comes_next(client: TestClient) -> None:
    page = client.get("/").text
    for part in (
        "goal 100 · 93% reached", "40 of 90, pace 0.67", "at this pace 60", "✗</span> act",
        "Decide now: 5 a day needed until Jun 30, 2026, 2 so far.", "Data to <bdi>Jun 20, 2026",
        'href="/glossary/mql.html"', "/explore?metrics=mql&amp;by=channel&amp;period=last-3-months",
    ):  # fmt: skip
        assert part in page, part
    # The other KPI has no goal, and its tile says nothing of one.
    assert page.count('class="aim"') == 1
    assert "style=" not in page


def test_the_cockpit_is_small(client: TestClient) -> None:
    assert len(client.get("/").content) < 60_000


def test_some_rows_see_their_numbers_and_no_goal_of_all(folder: Path) -> None:
    accounts = Accounts(folder)
    accounts.add("emea", PASSWORD, "viewer", "region = 'EMEA'")
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        client.post("/login", data={"name": "emea", "password": PASSWORD, "back": "/"})
        page = client.get("/").text
        assert "<bdi>62</bdi>" in page
        assert "<bdi>93</bdi>" not in page
        assert "goal 100" not in page
        assert "<bdi>62</bdi>" in client.get("/present").text + client.get("/present?page=2").text


def test_a_goal_of_exactly_their_rows_is_theirs(folder: Path) -> None:
    """31 of the 93 are APAC's, and 62 were wanted of it alone."""
    text = "metric,period,target,split,region\nmql,2026-05,62,even,APAC\nmql,2026-05,70,even,EMEA\n"
    (folder / "goals" / "goals.csv").write_text(text, encoding="utf-8")
    Accounts(folder).add("apac", PASSWORD, "viewer", "region = 'APAC'")
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        client.post("/login", data={"name": "apac", "password": PASSWORD, "back": "/"})
        page = client.get("/").text
    assert "goal 62 · 50% reached" in page
    assert "70" not in page.partition('id="tile-mql"')[2].partition("</article>")[0].replace("2026", "")


def test_annotations_are_written_by_editors_and_marked_on_charts(folder: Path) -> None:
    accounts = Accounts(folder)
    for role in ("viewer", "editor"):
        accounts.add(role, PASSWORD, role)
    note = {"day": "2026-05-20", "text": 'New: "price" <page>', "metric": ""}
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        client.post("/login", data={"name": "viewer", "password": PASSWORD, "back": "/"})
        assert '<form method="post" action="/annotations"' not in client.get("/annotations").text
        assert client.post("/annotations", data=note).status_code == 403
        client.cookies.clear()
        client.post("/login", data={"name": "editor", "password": PASSWORD, "back": "/"})
        before = client.get("/explore?metrics=mql&grain=week&period=2026-05").text
        listed = client.post("/annotations", data=note)
        assert listed.url.path == "/annotations"
        assert "New: &#34;price&#34; &lt;page&gt;" in listed.text
        for wrong in ({"day": "soon"}, {"text": " "}, {"metric": "mqll"}, {}):
            assert client.post("/annotations", data=note | wrong).status_code == 400
        after = client.get("/explore?metrics=mql&grain=week&period=2026-05").text
    assert "1. May 12, 2026: &lt;b&gt;Fair&lt;/b&gt;" in before
    assert "2. May 20, 2026: New: &quot;price&quot; &lt;page&gt;" in after
    assert "2. May 20" not in before
    assert "<b>Fair" not in after


def test_the_wall_turns_its_own_pages(client: TestClient) -> None:
    first = client.get("/present?theme=dark&lang=en").text
    assert '<meta http-equiv="refresh" content="15;url=/present?lang=en&amp;theme=dark&amp;page=2">' in first
    assert "Website visits" in first
    assert "<script" not in first
    assert "<nav" not in first
    second = client.get("/present?page=2&seconds=40").text
    assert "goal 100 · 93% reached" in second
    assert 'content="40;url=/present?seconds=40&amp;page=1"' in second
    assert 'http-equiv="refresh"' not in client.get("/present?hold=1").text
    assert client.get("/present?page=nonsense&seconds=0").status_code == 200


def test_nothing_loaded_is_said_on_the_wall_too(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        for place in ("/", "/present"):
            assert "Nothing is loaded yet" in client.get(place).text

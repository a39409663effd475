"""Glossary: the pages of the files, with the metric's course, its sources, and ways to and from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.report.glossary import page_name
from leadline.web.app import make_app

OWN = """
"visits <b>":
  name: Own <script>alert(1)</script>
  doc: Visits doubled.
  formula: sessions * 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("glossary") / "w"
    with make_workspace(place, metrics=OWN) as workspace:
        sessions = [{"date": f"2026-0{month}-03", "sessions": 100 * month, "channel": "Email"} for month in (4, 5)]
        give(workspace, {"session": sessions})
    (place / "dashboards").mkdir()
    (place / "dashboards" / "scorecard.yaml").write_text("title: Week\nkpis: [sessions]\n", encoding="utf-8")
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def test_all_metrics_by_group_and_letter(client: TestClient) -> None:
    page = client.get("/glossary")
    assert page.status_code == 200
    assert 'href="/glossary/sessions.html"' in page.text
    assert "style=" not in page.text
    assert "<script>alert" not in page.text


def test_every_link_of_the_index_leads_to_a_page(client: TestClient) -> None:
    links = sorted(set(re.findall(r'href="(/glossary/[^"]+)"', client.get("/glossary").text)))
    assert len(links) > 200
    for link in links[::25]:
        assert client.get(link).status_code == 200, link


def test_a_metric_with_its_course_and_lineage(client: TestClient) -> None:
    page = client.get("/glossary/sessions.html").text
    assert "<svg" in page
    assert ">500<" in page
    assert 'href="/sources/test"' in page
    assert "Week" in page
    assert 'href="/explore?metrics=sessions&amp;period=last-13-months&amp;by=channel"' in page
    assert 'href="/records?metric=sessions' in page
    own = client.get(f"/glossary/{page_name('visits <b>')}")
    assert own.status_code == 200
    assert "<script>alert" not in own.text
    assert f'href="/glossary/{page_name("sessions")}"' in own.text


def test_a_metric_without_data_says_what_it_needs(client: TestClient) -> None:
    page = client.get("/glossary/ad_spend.html").text
    assert "It has no data yet. It needs" in page
    assert "No source delivers it yet." in page


def test_an_unknown_metric_names_the_closest(client: TestClient) -> None:
    page = client.get("/glossary/session.html")
    assert page.status_code == 404
    assert "sessions" in page.text


def test_translated(client: TestClient) -> None:
    page = client.get("/glossary/sessions.html?lang=vi").text
    assert 'lang="vi"' in page
    assert "Công thức" in page


def test_tiles_and_answers_lead_to_it(client: TestClient) -> None:
    cockpit = client.get("/").text
    assert 'href="/glossary/sessions.html"' in cockpit
    assert 'href="/explore?metrics=sessions&amp;by=channel' in cockpit
    assert 'href="/glossary/sessions.html"' in client.get("/explore?metrics=sessions").text

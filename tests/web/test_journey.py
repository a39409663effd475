"""Journey: stages, events in order, the people behind them, common paths; rows and addresses kept from who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.charts.bowtie import Knot, bowtie_chart
from leadline.charts.canvas import Frame
from leadline.journey.identity import Id, email_id
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"
# Ann walks each stage, ben is at the first, cem skips the second; dan came in May, whose window of 90 days is open.
ENTRIES = [
    ("ann@x.example", "lead", "2026-02-01", "Email"), ("ann@x.example", "mql", "2026-02-03", "Email"),
    ("ann@x.example", "sal", "2026-02-04", "Email"), ("ben", "lead", "2026-02-05", "Direct"),
    ("cem", "lead", "2026-02-06", "Direct"), ("cem", "sal", "2026-02-10", "Direct"),
    ("dan", "lead", "2026-05-20", "Direct"),
]  # fmt: skip
ANN = (email_id("ann@x.example") or Id("email", "")).value
SEGMENT = "hot:\n  doc: accepted by sales\n  rule:\n    - {has: stage_entry, where: stage = 'sal'}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("journey") / "w"
    (place / "journeys").mkdir(parents=True)
    (place / "journeys" / "own.yaml").write_text("title: To sales\nstages: [lead, mql, sal]\n", encoding="utf-8")
    (place / "segments").mkdir()
    (place / "segments" / "people.yaml").write_text(SEGMENT, encoding="utf-8")
    rows = [
        {"person_id": who, "stage": stage, "entered_at": f"{day} 10:00", "channel": channel, "_key": str(at)}
        for at, (who, stage, day, channel) in enumerate(ENTRIES)
    ]
    touches = [
        {"person_id": who, "channel": channel, "touched_at": f"{day} 09:00", "kind": "visit", "_key": f"t{at}"}
        for at, (who, stage, day, channel) in enumerate(ENTRIES) if stage == "lead"
    ]  # fmt: skip
    with make_workspace(place, today="2026-06-15") as workspace:
        give(workspace, {"stage_entry": rows, "touch": touches})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def cells(text: str, row: str) -> list[str]:
    """The cells of the first table row that has this name."""
    found = re.search(rf'<th scope="row"><bdi>{row}</bdi>.*?</tr>', text, re.DOTALL)
    assert found, row
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", found[0], re.DOTALL)]


def test_stages_with_what_is_inferred_and_open(client: TestClient) -> None:
    """People, inferred, share of first and of the one before, median time, back, left, may still go on."""
    page = client.get("/journey?period=2026&window=90 days")
    assert page.status_code == 200
    assert "style=" not in page.text
    assert cells(page.text, "lead") == ["4", "0", "100.0%", "", "", "0", "0", "1"]
    assert cells(page.text, "mql") == ["2", "1", "50.0%", "50.0%", "2 days", "0", "0", "0"]
    assert cells(page.text, "sal") == ["2", "0", "50.0%", "100.0%", "1 day", "0", "0", ""]
    assert "inferred" in page.text
    assert "To sales" in page.text


def test_months_whose_window_is_open_are_shaded(client: TestClient) -> None:
    page = client.get("/journey?period=2026-01..2026-06&window=90 days").text
    shaded = re.findall(r'<tr class="still"><th scope="row"><bdi>([^<]*)', page)
    assert shaded == ["May 2026"]
    assert cells(page, "Feb 2026") == ["3", "66.7%", "66.7%"]


def test_a_stage_breaks_down(client: TestClient) -> None:
    page = client.get("/journey?period=2026&window=90 days").text
    assert re.search(r'href="/journey\?[^"]*by=channel', page)
    broken = client.get("/journey?period=2026&window=90 days&by=channel").text
    assert "Direct" in broken
    assert "All people" in broken
    assert re.search(r'href="/journey/people\?[^"]*row=Email', broken)


def test_the_people_of_a_number(client: TestClient) -> None:
    """A person known by an address alone bears the id that mappings make of it: the address is nowhere kept."""
    inferred = client.get("/journey/people?period=2026&window=90 days&step=2&fate=inferred").text
    assert "<bdi>cem</bdi>" in inferred
    assert "ann@" not in inferred
    people = client.get("/journey/people?period=2026&step=3").text
    assert f"<bdi>{ANN}</bdi>" in people
    assert "ann@" not in people
    stopped = client.get("/journey/people?period=2026&step=1&fate=stopped").text
    assert "<bdi>ben</bdi>" in stopped
    assert "cem" not in stopped
    only = client.get("/journey/people?period=2026&step=1&by=channel&row=Email").text
    assert "ben" not in only
    for wrong in ("", "?step=x", "?step=2&fate=nowhere", "?step=9"):
        assert client.get(f"/journey/people{wrong}").status_code == 400, wrong


def test_events_in_order(client: TestClient) -> None:
    page = client.get("/journey?steps=touch, mql&window=none&period=all").text
    assert cells(page, "touch") == ["4", "100.0%", "", "", "3"]
    assert cells(page, "mql") == ["1", "25.0%", "25.0%", "2 days", "0"]
    wrong = client.get("/journey?steps=touch,mqll").text
    assert "What to do" in wrong
    assert "mql" in wrong


def test_common_paths(client: TestClient) -> None:
    page = client.get("/journey/paths?to=sal&nodes=touch&by=channel&window=none&period=all").text
    assert cells(page, "Email") == ["1", "50.0%", "0"]
    assert cells(page, "Direct") == ["1", "50.0%", "2"]
    assert "<svg" in page
    assert "path-ends" in client.get("/journey/paths?to=sal&from=lead").text


def test_only_people_of_a_segment(client: TestClient) -> None:
    assert cells(client.get("/journey?period=2026&where=segment.hot").text, "lead")[0] == "2"
    assert "journey-filter" in client.get("/journey?period=2026&where=channel = 'Email'").text


def test_arabic_runs_from_right_to_left(client: TestClient) -> None:
    page = client.get("/journey?lang=ar&period=2026")
    assert page.status_code == 200
    assert 'dir="rtl"' in page.text


def test_nothing_loaded_says_what_to_load(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        assert "CRM" in client.get("/journey").text
        assert client.get("/journey/paths").status_code == 200


def test_rows_and_addresses_of_visitors(folder: Path, tmp_path: Path) -> None:
    accounts = Accounts(folder)
    accounts.add("viewer", PASSWORD, "viewer")
    accounts.add("emea", PASSWORD, "viewer", "channel = 'Email'")
    accounts.add("hot", PASSWORD, "viewer", "segment.hot")
    try:
        with TestClient(make_app(folder), base_url="http://localhost") as client:
            for name in ("viewer", "emea", "hot"):
                client.cookies.clear()
                client.post("/login", data={"name": name, "password": PASSWORD, "back": "/sources"})
                page = client.get("/journey?period=2026").text
                people = client.get("/journey/people?period=2026&step=3")
                paths = client.get("/journey/paths?to=sal").text
                assert "ann@" not in people.text, name
                if name == "emea":
                    assert "rows-not-people" in page
                    assert "rows-not-people" in paths
                    assert people.status_code == 422
                else:
                    assert cells(page, "lead")[0] == ("2" if name == "hot" else "4")
                    assert ANN in people.text
            # A condition cannot step out of the parentheses it is put in.
            sly = client.get("/journey?period=2026&where=segment.hot) or (not segment.hot").text
            assert "bad-filter" in sly
    finally:
        accounts.path.unlink()


def test_the_picture_says_what_it_shows() -> None:
    text = bowtie_chart(Frame("j"), [Knot("lead", 10, open=4), Knot("mql", 5, 1, 0, "50%", "2 days", "left: 1")])
    assert "lead 10, still under way: 4" in text
    assert "mql 5, 50%, 2 days, left: 1, inferred: 1" in text
    assert bowtie_chart(Frame("j"), []).count("<rect") == 0

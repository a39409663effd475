"""Labels out of loaded data that would be code, turn text around, or be a formula: harmless wherever they are shown.

The digest as a page and as mail is tested with the same three in tests/report (week.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.catalogue import LANGUAGES
from leadline.web.app import PAGES, make_app

SCRIPT, TURNED, COMMAND = "<script>alert(1)</script>", "invoice\u202egnp.exe", "=cmd()|' /C calc'!A0"
HOSTILE = (SCRIPT, TURNED, COMMAND, '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "' onmouseover='alert(1)")
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
ADDRESSES = {
    "/explore": "/explore?metrics=sessions,leads&by=channel,campaign&grain=month&period=2026-01..2026-06",
    "/records": "/records?metric=leads&period=2026",
    "/sources/{source}": "/sources/shop",
    "/glossary/{page}": "/glossary/leads.html",
    "/journey": "/journey?by=channel&period=2026",
    "/journey/people": "/journey/people?step=1&period=2026",
    "/journey/paths": "/journey/paths?to=customer&nodes=touch&by=channel&period=2026",
}
QUESTION = "metrics=leads&by=channel,owner&grain=month&period=2026-01..2026-06"


class Markup(HTMLParser):
    """What a browser would run or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.harm: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not str(given.get("src", "")).startswith("/static/"):
            self.harm.append(f"<script {given}>")
        self.harm += [f"{tag} {name}={value}" for name, value in attrs if name.startswith("on") or value == "x"]
        links = [str(value).strip().lower() for name, value in attrs if name in ("href", "src", "action")]
        self.harm += [f"{tag} {link}" for link in links if link.startswith("javascript:")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    place = tmp_path_factory.mktemp("hostile") / "w"
    each = [(at, label, f"2026-0{at % 6 + 1}") for at, label in enumerate(HOSTILE * 2)]
    with make_workspace(place) as workspace:
        give(
            workspace,
            {
                "session": [{"_key": f"s{at}", "date": f"{month}-03", "sessions": 10 + at, "channel": label,
                             "campaign": label, "region": label} for at, label, month in each],
                "ad": [{"_key": f"a{at}", "date": f"{month}-03", "spend": 10 + at, "currency": "EUR", "channel": label,
                        "campaign": label, "platform": label} for at, label, month in each],
                "touch": [{"_key": f"t{at}", "touched_at": f"{month}-02T08:00", "person_id": f"{label}{at}",
                           "channel": label, "campaign": label, "kind": "visit"} for at, label, month in each],
                "stage_entry": [{"_key": f"{stage}{at}", "entered_at": f"{month}-{day}T08:00", "stage": stage,
                                 "person_id": f"{label}{at}", "channel": label, "campaign": label, "owner": label}
                                for at, label, month in each
                                for stage, day in (("lead", "04"), ("mql", "08"), ("customer", "20"))],
                "deal": [{"_key": f"d{at}", "deal_id": f"{label}{at}", "person_id": f"{label}{at}", "owner": label,
                          "created_at": f"{month}-05", "won_at": f"{month}-20", "status": "won", "amount": 100 + at,
                          "currency": "EUR", "channel": label, "campaign": label} for at, label, month in each],
            },
            source="shop",
        )  # fmt: skip
        (place / "annotations").mkdir()
        notes = "".join(f"- {{date: 2026-05-20, text: {label!a}}}\n" for label in (SCRIPT, COMMAND))
        (place / "annotations" / "notes.yaml").write_text(notes, encoding="utf-8")
        (place / "dashboards").mkdir()
        (place / "dashboards" / "scorecard.yaml").write_text("kpis: [sessions, leads, mql]\n", encoding="utf-8")
    with TestClient(make_app(place), base_url="http://localhost") as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("address", [ADDRESSES.get(page.path, page.path) for page in PAGES])
def test_on_no_page(client: TestClient, address: str, language: str) -> None:
    assert language in LANGUAGES
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    found = Markup()
    found.feed(answer.text)
    assert found.harm == []
    assert not TURNS.search(answer.text)


def test_they_are_on_the_pages_indeed(client: TestClient) -> None:
    """Else the test above were empty."""
    for address in ("/explore", "/records", "/journey", "/journey/people", "/journey/paths"):
        text = client.get(ADDRESSES[address]).text
        assert "&lt;script&gt;alert(1)" in text, address
        assert "=cmd()" in text, address
        assert "gnp.exe" in text, address
    assert "&lt;script&gt;alert(1)" in client.get("/channels").text
    assert "&lt;script&gt;alert(1)" in client.get("/annotations").text


def test_nor_in_an_error(client: TestClient) -> None:
    for label in HOSTILE:
        for address, name in (("/explore", "by"), ("/explore", "metrics"), ("/", "period"), ("/journey", "where")):
            found = Markup()
            text = client.get(address, params={name: label}).text
            found.feed(text)
            assert found.harm == []
            assert not TURNS.search(text), (address, name)


def test_nor_in_a_file_for_a_spreadsheet(client: TestClient) -> None:
    text = client.get(f"/explore.csv?{QUESTION}").text
    rows = list(csv.reader(io.StringIO(text)))
    assert any("cmd()" in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r")]
    assert not TURNS.search(text)
    book = client.get(f"/explore.xlsx?{QUESTION}")
    assert book.status_code == 200
    assert b"<f>" not in book.content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    cells = [str(cell) for row in sheet for cell in row]
    assert any("cmd()" in cell for cell in cells)
    assert not TURNS.search("".join(cells))

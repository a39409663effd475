"""Every word of the pages in every language: a new sentence without its five translations fails here."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from kit.spoken import KEPT, WEB, page_words, unknown_expressions
from leadline.catalogue import LANGUAGES
from leadline.language.read import built_in
from leadline.web.app import make_app

OTHERS = [code for code in LANGUAGES if code != "en"]
# What to watch out for is English, and its heading says so.
NOTE = re.compile(r'<abbr class="en"[^>]*>\[en\]</abbr>')
PAGES = (
    "/", "/journey", "/journey?steps=page_view,deal/won", "/journey/paths", "/journey/people?step=1", "/explore",
    "/explore?metrics=leads&grain=month", "/records?metric=leads", "/cohorts", "/pipeline", "/channels", "/goals",
    "/sla", "/sources", "/annotations", "/glossary", "/glossary/leads.html", "/present", "/login",
)  # fmt: skip


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_words_are_found_in_templates_and_modules() -> None:
    found = page_words()
    assert "Skip to the content" in found, "t(…) of a template"
    assert "{team} promised" in found, "fill(…) of a template"
    assert "Checked: in every model credits and what nothing is credited with add up to {count} conversions." in found
    assert {"Cockpit", "Goals & SLA", "Loaded"} <= found, "titles of pages and deeds"
    assert {"Of the one before", "Still missing"} <= found, "heads of tables"
    assert {"refused", "kept", "on track", "dormant", "due by the curve"} <= found, "words of lower rooms"
    assert len(list(WEB.glob("templates/*.j2"))) > 20


def test_what_is_said_by_an_expression_is_known() -> None:
    assert unknown_expressions() == [], f"name its words in KEPT ({len(KEPT)} entries), so that they are translated"


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_of_the_pages_is_translated(code: str) -> None:
    words = built_in(code).words
    assert sorted(page_words() - set(words) - {""}) == []


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_the_places_to_fill(code: str) -> None:
    words = built_in(code).words
    for text in page_words() - {""}:
        there = words[text]
        for form in there.values() if isinstance(there, dict) else [there]:
            assert places(form) <= places(text), (text, form)
            assert isinstance(there, dict) or places(form) >= places(text) - {"grain", "count"}, (text, form)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three leads of June, one of them a customer by a won deal, with what they looked at before."""
    place = tmp_path_factory.mktemp("words")
    people = [("a", "2026-06-08"), ("b", "2026-06-09"), ("c", "2026-06-10")]
    stages = [
        {"person_id": name, "stage": stage, "entered_at": f"{day}T0{hour}:00", "_key": f"{name}{stage}"}
        for name, day in people
        for hour, stage in ((7, "lead"), (8, "mql"))
    ]
    # Data reaches to the day before today, so no goal waits for it.
    stages.append({"person_id": "z", "stage": "lead", "entered_at": "2026-07-05T20:00", "_key": "z"})
    touches = [
        {"person_id": name, "touched_at": f"{day}T06:00", "channel": "Email", "_key": name} for name, day in people
    ]
    deals = [
        {"deal_id": "1", "person_id": "a", "created_at": "2026-06-12", "won_at": "2026-06-20", "status": "won",
         "amount": 100, "currency": "EUR", "_key": "1"},
        {"deal_id": "2", "person_id": "b", "created_at": "2026-06-12", "status": "open", "stage": "Demo",
         "amount": 50, "currency": "EUR", "_key": "2"},
    ]  # fmt: skip
    (place / "w" / "dashboards").mkdir(parents=True)
    (place / "w" / "goals").mkdir()
    (place / "w" / "sla").mkdir()
    (place / "w" / "dashboards" / "scorecard.yaml").write_text("kpis: [leads, mql, won_revenue]\n", encoding="utf-8")
    (place / "w" / "goals" / "a.yaml").write_text(
        "goals:\n  - {metric: leads, period: 2026-06, target: 5}\n  - {metric: leads, period: 2026-07, target: 5}\n",
        encoding="utf-8",
    )
    (place / "w" / "sla" / "a.yaml").write_text(
        "between: [marketing, sales]\npromises:\n  first_touch: {kind: touch, team: sales, within: 4 hours}\n",
        encoding="utf-8",
    )
    with make_workspace(place / "w", today="2026-07-06") as workspace:
        give(workspace, {"stage_entry": stages, "touch": touches, "deal": deals}, source="crm")
    return place / "w"


@pytest.mark.parametrize("code", OTHERS)
def test_no_page_falls_back_to_english(folder: Path, code: str) -> None:
    with TestClient(make_app(folder), base_url="http://localhost") as client:
        for address in PAGES:
            page = client.get(address, headers={"accept-language": code})
            assert page.status_code == 200, address
            assert f'<html lang="{code}"' in page.text, address
            left = [line.strip() for line in NOTE.sub("", page.text).splitlines() if "[en]" in line]
            assert left == [], address

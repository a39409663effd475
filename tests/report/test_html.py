import re
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from leadline.ingest.source import Finding
from leadline.language.read import read_language
from leadline.plan.result import Result, ResultColumn
from leadline.report.html import Query, render_html, write_html
from leadline.report.scorecard import build_scorecard
from leadline.report.view import Breakdown

html5lib = pytest.importorskip("html5lib")

HOSTILE = "<script>alert(1)</script>\u202egpj\x00"
HARMLESS = "<script>alert(1)</script>gpj"
CHANNELS = (
    ResultColumn("channel", "dimension", "Channel"),
    ResultColumn("revenue", "metric", "Revenue", "money", "revenue", currency="EUR"),
    ResultColumn("revenue_year", "metric", "Revenue", "money", "revenue", "year", currency="EUR"),
)
BY_CHANNEL = Result(CHANNELS, [(HOSTILE, Decimal(5), Decimal(4)), (None, Decimal(3), None)], {})
OVER_TIME = Result(
    (ResultColumn("month", "time", "Month"), CHANNELS[0], ResultColumn("mql", "metric", "MQLs", "people", "mql")),
    [(date(2026, m, 1), f"channel {c}", c * m) for m in (1, 2, 3) for c in range(9)],
    {"grain": "month"},
    {(row, 2): "unfinished" for row in range(18, 27)},
)
TOTAL = Result((ResultColumn("revenue", "metric", "Revenue", "money", "revenue", currency="EUR"),), [(Decimal(8),)], {})


def make(workspace: Any, **options: Any) -> str:
    card = build_scorecard(workspace, today=date(2026, 4, 13))
    return render_html(card, **options)


@pytest.fixture
def full(lively: Any) -> str:
    texts = dict.fromkeys(("name", "doc", "formula", "owner"), HOSTILE)
    lively.metrics["mql"] = replace(lively.metrics["mql"], pitfalls=(HOSTILE,), **texts)
    lively.settings = replace(lively.settings, name=HOSTILE)
    return make(
        lively,
        breakdowns=[
            Breakdown(HOSTILE, BY_CHANNEL, HOSTILE),
            Breakdown("Over time", OVER_TIME),
            Breakdown("Total", TOTAL),
        ],
        findings=[HOSTILE, Finding("error", "rule", HOSTILE, HOSTILE, HOSTILE, line=3)],
        queries=[Query(HOSTILE, f"SELECT 1\n  -- {HOSTILE}", ((HOSTILE, HOSTILE),))],
        note=HOSTILE,
        generated_at=datetime(2026, 4, 13, 8),
    )


def tree(text: str) -> Any:
    """The page as a browser reads it; any parse error fails."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def test_it_is_valid_and_holds_no_script_and_no_outside_asset(full: str) -> None:
    page = tree(full)
    assert not list(page.iter("script"))
    assert not list(page.iter("link"))
    assert not list(page.iter("img"))
    for element in page.iter():
        for key, value in element.attrib.items():
            assert not str(key).startswith("on")
            if str(key) in ("href", "src"):
                assert value.startswith("#"), value
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", full)
    assert "http://www.w3.org/2000/svg" in full
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", full) == []
    assert "script-src" not in full
    assert "default-src 'none'" in full
    assert HARMLESS in "".join(page.itertext())


def test_ids_are_unique_and_every_link_and_label_arrives(full: str) -> None:
    page = tree(full)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in page.iter():
        if element.get("href"):
            assert element.get("href")[1:] in ids
        for label in (element.get("aria-labelledby") or "").split():
            assert label in ids


def test_structure_for_screen_readers(full: str) -> None:
    page = tree(full)
    levels = [int(e.tag[1]) for e in page.iter() if e.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    html = next(page.iter("html"))
    assert (html.get("lang"), html.get("dir")) == ("en", "ltr")
    assert len(list(page.iter("main"))) == 1
    assert next(page.iter("a")).get("href") == "#main"
    for table in page.iter("table"):
        assert table.find("caption") is not None
        assert all(head.get("scope") for head in table.iter("th"))


def test_every_drawing_is_well_formed_xml(full: str) -> None:
    drawings = re.findall(r"<svg .*?</svg>", full, flags=re.DOTALL)
    assert len(drawings) == 7 + 7 * 2 + 2 * 2
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).get("role") == "img"


def test_the_page_tells_what_a_reader_needs(full: str) -> None:
    words = re.sub(r"\s+", " ", "".join(tree(full).find(".//main").itertext()))
    for told in (
        "vs Feb 2026",
        "vs Mar 2025",
        "better",
        "source is late: data to Mar 3, 2026",
        "later cohorts still have time to convert",
        "early signal",
        "late result",
        "A refund counts in the month it is paid back.",
        "sum(order.amount)",
        "Unattributed",
        "Revenue, a year before",
        "3 smaller ones not drawn",
        "Cure:",
    ):
        assert told in words, told


def test_rows_beyond_fifty_are_counted(lively: Any) -> None:
    many = Result(CHANNELS[:2], [(f"c{i}", i) for i in range(60)], {})
    assert "10 of 60 rows not shown" in make(lively, breakdowns=[Breakdown("Many", many)])


def test_right_to_left_and_the_reports_own_words(lively: Any) -> None:
    text = make(lively, language=read_language("ar"))
    html = next(tree(text).iter("html"))
    assert (html.get("lang"), html.get("dir")) == ("ar", "rtl")
    assert "لمحة سريعة" in text
    assert "مارس 2026" in text


def test_an_empty_workspace_still_makes_a_page(fake: Any) -> None:
    text = make(fake({"revenue": {}}))
    tree(text)
    assert "no data in this time" in text
    assert "None known." in text


def test_light_dark_and_print_are_styled(full: str) -> None:
    for rule in ("prefers-color-scheme:dark", "@media print", "prefers-reduced-motion", "max-width:560px"):
        assert rule in full


def test_writing_leaves_no_half_file(tmp_path: Path) -> None:
    write_html(tmp_path / "report.html", "<p>ä</p>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_bytes() == "<p>ä</p>".encode()

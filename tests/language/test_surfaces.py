"""The surfaces in a language: command line, tables, scorecard and report; what programs read stays as it is."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main
from leadline.errors import DefinitionError
from leadline.language.read import read_language

Run = Callable[..., tuple[int, str, str]]
OWN = "gmv: {formula: sum(order.amount), name: Goods sold, doc: All orders., unit: money}\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path / "shop", metrics=OWN, settings="languages: [vi, en]\n")
    rows = [
        {
            "date": f"2026-{month:02}-01", "platform": "google_ads", "channel": channel, "clicks": 1000 * month,
            "impressions": 1_000_000, "spend": 1234.5 * month, "currency": "EUR", "_key": f"{month}{channel}",
        }
        for month in (3, 4, 5, 6)
        for channel in ("Paid Search", None)
    ]  # fmt: skip
    give(workspace, {"ad": rows}, source="google_ads")
    return workspace.path


def test_a_table_in_the_first_language_of_the_workspace(run: Run, shop: Path) -> None:
    code, out, _ = run("query", "ad_spend", "ad_ctr", "-b", "channel", "-p", "2026-03", "--total", "-w", str(shop))
    assert code == 0
    lines = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    assert lines[:2] == [["Chi tiêu quảng", "Tỷ lệ nhấp quảng"], ["kênh", "cáo", "cáo (CTR)"]]
    assert ["Paid Search", "3.703,50\u00a0€", "0,3%"] in lines
    assert ["Không rõ nguồn", "3.703,50\u00a0€", "0,3%"] in lines
    assert ["Tổng", "7.407,00\u00a0€", "0,3%"] in lines


def test_language_asked_for(run: Run, shop: Path) -> None:
    _, out, _ = run("query", "ad_spend", "gmv", "-g", "month", "-p", "2026-06", "--language", "tr", "-w", str(shop))
    assert "Reklam harcaması" in out
    assert "Goods sold [vi]" in out, "an own metric is in the workspace's language and says so"
    assert "Haz 2026" in out
    assert "* dönem henüz bitmedi: değer daha değişecek" in out


def test_a_terminal_table_from_right_to_left_keeps_its_cells_apart(run: Run, shop: Path) -> None:
    _, out, _ = run("query", "ad_spend", "-b", "channel", "-p", "2026-03", "--language", "ar-EG", "-w", str(shop))
    assert all(line.startswith("\u200e") for line in out.splitlines())
    assert "\u2068غير منسوب\u2069" in out
    assert "٣٬٧٠٣٫٥٠" in out
    assert out.count("\u2068") == out.count("\u2069")


def test_csv_and_json_stay_as_they_are(run: Run, shop: Path) -> None:
    for style in ("csv", "json"):
        answers = {
            tag: run(
                "query", "ad_spend", "-b", "channel", "-p", "2026-03", "-f", style, "--language", tag, "-w", str(shop)
            )
            for tag in ("en", "ar-EG")
        }
        assert answers["en"] == answers["ar-EG"]
    assert json.loads(run("scorecard", "ad_spend", "-f", "json", "-w", str(shop))[1])["kpis"][0]["definition"]["name"]


def test_scorecard(run: Run, shop: Path) -> None:
    _, out, _ = run("scorecard", "ad_spend", "cpc", "-w", str(shop))
    assert "so với tháng trước" in out
    assert "Chi phí trên mỗi lượt nhấp (CPC)" in out
    assert "Nhận biết · tín hiệu sớm" in out
    assert "[en]" not in out, "nothing is left in English"


def test_metrics_are_found_by_their_names_in_a_language(run: Run, shop: Path) -> None:
    _, out, _ = run("metrics", "bấm nút không có", "-w", str(shop))
    assert "Không có chỉ số nào phù hợp." in out
    _, out, _ = run("metrics", "tỷ lệ thoát", "-w", str(shop))
    assert "bounce_rate  Tỷ lệ thoát  [phần trăm]" in out
    assert "1 chỉ số." in out
    found = json.loads(run("metrics", "bounce_rate", "-f", "json", "-w", str(shop))[1])
    assert found[0]["name"] == "Bounce rate", "programs get English unless they ask"
    found = json.loads(run("metrics", "bounce_rate", "-f", "json", "--language", "zh", "-w", str(shop))[1])
    assert found[0]["name"] == "跳出率"


@pytest.mark.parametrize("tag", ["en", "vi", "tr", "ms", "zh", "ar"])
def test_the_report_is_whole_in_every_language(run: Run, shop: Path, tmp_path: Path, tag: str) -> None:
    page = tmp_path / "report.html"
    code, _, err = run(
        "report", "ad_spend", "cpc", "-b", "channel", "-o", str(page), "--language", tag, "-w", str(shop)
    )
    assert (code, err) == (0, "")
    text = page.read_text(encoding="utf-8")
    html5lib = pytest.importorskip("html5lib")
    html = next(html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text).iter("html"))
    assert html.get("lang") == tag
    assert html.get("dir") == ("rtl" if tag == "ar" else "ltr")
    language = read_language(tag)
    for sentence in ("Data problems", "Watch out", "None known."):
        assert language.say(sentence) in text
    marked = re.findall(r"([^<>]*)\[en\]", text)
    assert (marked == []) == (tag == "en"), "pitfalls are in English and say so"
    if tag != "en":
        pitfalls = re.findall(r"<li>[^<]*\[en\]</li>", text)
        assert len(pitfalls) == len(marked), "nothing but pitfalls is"


def test_an_unknown_language_is_refused_with_those_there_are(run: Run, shop: Path) -> None:
    code, _, err = run("query", "ad_spend", "--language", "klingon", "-w", str(shop))
    assert code == 2
    assert "use one of en, vi, tr, ms, zh, ar" in err


def test_an_unknown_language_of_a_workspace_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"leadline\.yaml:5") as caught:
        make_workspace(tmp_path / "other", settings="languages: [vi, xx]\n")
    assert caught.value.code == "unknown-language"

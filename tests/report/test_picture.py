"""Pictures: PNG of our drawings in every script, charts from the command line, results in a notebook."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leadline.charts.bar import Bar, bar_chart
from leadline.charts.canvas import Frame
from leadline.cli import main
from leadline.errors import UsageError
from leadline.report import font
from leadline.report.font import family_for, fonts_for, presentable
from leadline.report.picture import png_of
from leadline.workspace import Workspace
from report.week import COMMAND, SCRIPT, TURNED, loaded_firm

needs_fonts = pytest.mark.skipif(
    any(font._there(one.files) is None for one in (*font.FONTS[:6], font.BOTH)),
    reason="needs the fonts of fonts-noto-core, fonts-noto-cjk and fonts-dejavu-core",
)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    space = loaded_firm(tmp_path_factory.mktemp("picture"))
    yield space
    space.close()


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(args))
    return int(caught.value.code or 0)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def pixels(label: str, locale: str = "ar") -> bytes:
    """The raw picture of one bar with a label."""
    png = png_of(bar_chart(Frame("t", locale=locale, width=400), [Bar(label, 1)]))
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return zlib.decompress(data)


@needs_fonts
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("العملاء", "البريدا"),
        ("العملاء (churn) 1", "البريدا (churn) 1"),
        ("付费搜索", "电子邮件"),
        ("付费 ABC", "电子 ABC"),
        ("ตลาดนัด", "สวัสดีค"),
        ("हिन्दी", "गुजरात"),
    ],
)
def test_letters_are_drawn_and_no_boxes(one: str, other: str) -> None:
    """Empty boxes look alike: other letters in the same number are another picture."""
    assert pixels(one) != pixels(other)


@needs_fonts
def test_a_text_begins_on_its_own_side() -> None:
    # The Latin word stands left of the Arabic one in both: as the last of a text from the right, the first of one from
    # the left.
    assert pixels("البريد Email") == pixels("Email البريد")
    assert family_for("البريد Email") == ("DejaVu Sans", "البريد Email")
    assert family_for("البريد") == ("Noto Sans Arabic", "البريد")
    assert family_for("付费 Search") == ("Noto Sans CJK SC", "付费 Search")
    assert family_for("Tìm kiếm ₫ ₺ Ğ")[0] == "Noto Sans"


@needs_fonts
def test_fonts_are_those_a_text_needs() -> None:
    assert [path.name for path in fonts_for("Tiếng Việt")] == ["NotoSans-Regular.ttf"]
    assert "NotoSansArabic-Bold.ttf" in [path.name for path in fonts_for("الأسبوع", bold=True)]
    assert fonts_for("付费")[-1].name.startswith("NotoSans")


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("付费", "fonts-noto-cjk"),
        ("الأسبوع", "fonts-noto-core"),
        ("한국", "fonts-noto-cjk"),
        ("🚀", "fonts-noto-color-emoji"),
    ],
)
def test_a_missing_font_is_an_error_that_names_its_package(
    text: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(font, "_folders", lambda: [tmp_path])
    with pytest.raises(UsageError) as caught:
        fonts_for(text)
    assert caught.value.code == "missing-font"
    assert f"apt-get install {package}" in caught.value.fix


def test_a_character_of_nobody_is_shown_as_unknown() -> None:
    assert presentable("a\ue000b\U000f0000") == "a\ufffdb\ufffd"


@needs_fonts
def test_charts_from_the_command_line(firm: Workspace, tmp_path: Path) -> None:
    place = ("-w", str(firm.path))
    svg, png = tmp_path / "c.svg", tmp_path / "c.png"
    asked = ("placed", "gmv", "--by", "channel", "--grain", "month")
    assert run("chart", *asked, "-o", str(svg), *place) == 0
    assert run("chart", *asked, "--language", "ar", "-o", str(png), *place) == 0
    root = ElementTree.parse(svg).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in root.findall(f"{space}text")] == ["Orders placed", "Goods sold"]
    drawings = root.findall(f"{space}svg")
    assert drawings[0].get("y") == "30"
    assert not list(root.iter(f"{space}script"))
    assert "\u202e" not in svg.read_text(encoding="utf-8")
    width, height = size_of(png.read_bytes())
    assert (width, height) == (2 * 720 + 0, height)
    assert run("chart", "placed", "-o", str(svg), *place) == 5, "a single number is no chart"
    assert run("chart", "placed", "-b", "channel", "-o", str(tmp_path / "c.jpg"), *place) == 2


def test_a_result_draws_itself_in_a_notebook(firm: Workspace) -> None:
    html = firm.query(["placed", "gmv"], by=["channel"], period="2026-W27")._repr_html_()
    assert html.count("<svg") == 2
    assert html.count("<tr>") == 4
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "€1,300.00" in html
    alone = firm.query(["placed"], period="2026-W27")._repr_html_()
    assert "<svg" not in alone
    assert ">20<" in alone
    lines = firm.query(["placed"], grain="week", period="2026-W15..2026-W27")._repr_html_()
    assert lines.count("<svg") == 1


def test_the_hostile_labels_are_all_there(firm: Workspace) -> None:
    assert set(firm.query(["placed"], by=["channel"]).column("channel")) == {SCRIPT, COMMAND, TURNED}

"""PDF: every character of Vietnamese, Chinese and Arabic has a glyph in a font that is inside the file."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.cli import main
from leadline.language.read import read_language
from leadline.report import font
from leadline.report.digest import build_digest
from leadline.report.digest_html import digest_html
from leadline.report.digest_lines import page_of
from leadline.report.pdf import pdf_of
from leadline.workspace import Workspace
from report.week import loaded_firm

pypdf = pytest.importorskip("pypdf")
pytest.importorskip("weasyprint")
pytestmark = pytest.mark.skipif(
    any(font._there(one.files) is None for one in font.FONTS[:6]),
    reason="needs the fonts of fonts-noto-core and fonts-noto-cjk",
)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    space = loaded_firm(tmp_path_factory.mktemp("pdf"))
    yield space
    space.close()


def glyphs(data: bytes) -> Iterator[tuple[str, bytes | None, set[int]]]:
    """Each font of a file: its name, its embedded program, and the glyphs that are drawn of it."""
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        yield from _drawn(page, page["/Resources"], page.get_contents())


def _drawn(page: Any, resources: Any, content: Any) -> Iterator[tuple[str, bytes | None, set[int]]]:
    from pypdf.generic import ContentStream

    used: dict[str, set[int]] = {}
    name = ""
    for operands, operator in ContentStream(content, page.pdf).operations:
        if operator == b"Tf":
            name = operands[0]
        elif operator in (b"Tj", b"TJ"):
            pieces = operands[0] if operator == b"TJ" else operands
            for piece in pieces:
                code = getattr(piece, "original_bytes", None)
                if code is not None:
                    used.setdefault(name, set()).update(
                        int.from_bytes(code[at : at + 2], "big") for at in range(0, len(code), 2)
                    )
    for key, found in used.items():
        below = resources["/Font"][key]["/DescendantFonts"][0].get_object()
        told = below["/FontDescriptor"].get_object()
        program = next((told[one].get_object().get_data() for one in ("/FontFile2", "/FontFile3") if one in told), None)
        yield str(below["/BaseFont"]), program, found
    for form in (resources.get("/XObject") or {}).values():
        inner = form.get_object()
        if inner.get("/Subtype") == "/Form" and "/Resources" in inner:
            yield from _drawn(page, inner["/Resources"], inner)


def missing(data: bytes) -> list[str]:
    """What a reader would see as an empty box: glyph 0, a glyph the program lacks, a font that is not embedded."""
    from fontTools.ttLib import TTFont

    found = []
    for name, program, used in glyphs(data):
        if program is None:
            found.append(f"{name} is not embedded")
            continue
        if 0 in used:
            found.append(f"{name} draws glyph 0")
        if program[:4] in (b"\x00\x01\x00\x00", b"true", b"OTTO"):
            count = TTFont(io.BytesIO(program))["maxp"].numGlyphs
            found += [f"{name} lacks glyph {one}" for one in used if one >= count]
    return found


def text_of(data: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def letters(text: str) -> set[str]:
    """The letters of a text in their plain form: joined Arabic letters count as the ones they are made of."""
    plain = unicodedata.normalize("NFKC", text)
    return {one for one in plain if unicodedata.category(one)[0] == "L"}


@pytest.mark.parametrize("tag", ["vi", "zh", "ar"])
def test_a_digest_has_every_glyph(firm: Workspace, tag: str) -> None:
    language = read_language(tag)
    page = page_of(build_digest(firm, language=language), language)
    data = pdf_of(digest_html(page, language, paper=True))
    assert missing(data) == []
    shown = re.sub(r"\s", "", unicodedata.normalize("NFKC", text_of(data)))
    wanted = letters("".join(section.title for section in page.sections))
    assert wanted - letters(shown) == set()
    if tag != "ar":
        for section in page.sections:
            assert re.sub(r"\s", "", unicodedata.normalize("NFKC", section.title)) in shown


@pytest.mark.parametrize("tag", ["vi", "zh", "ar"])
def test_a_report_has_every_glyph(firm: Workspace, tmp_path: Path, tag: str) -> None:
    path = tmp_path / "report.pdf"
    with pytest.raises(SystemExit) as caught:
        main(["report", "--pdf", "--by", "channel", "--language", tag, "-o", str(path), "-w", str(firm.path)])
    assert not caught.value.code
    data = path.read_bytes()
    assert missing(data) == []
    assert letters(read_language(tag).say("Definitions")) <= letters(text_of(data))


def test_the_check_sees_an_empty_box() -> None:
    """A character that no font has, drawn without our look at the fonts before."""
    from weasyprint import HTML

    assert missing(HTML(string="<p>a\ue123b</p>").write_pdf())


def test_a_page_fetches_nothing_from_outside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG")
    data = pdf_of(f'<p>x<img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.png"></p>')
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages[0].images) == 0
    assert caplog.text.count("disallowed protocol") == 2

"""PDF of the pages: the same HTML on paper, by WeasyPrint, with every character in a font that is embedded.

Before anything is drawn the text is held against the fonts of this machine (`leadline.report.font`): what no font can
write is an error that names the package, never an empty box. Nothing outside the page is fetched.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from leadline.errors import UsageError
from leadline.report.font import FAMILIES, fonts_for, presentable
from leadline.report.picture import on_paper

_UNSHOWN = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)
_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_SIZE = re.compile(r'width="[\d.]+" height="[\d.]+"')
_TOLD = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)
# Lengths by the width of a window mean nothing on paper, and a table must not leave it.
_SHEET = f"""
.top h1 {{ font-size: 19pt }}
.data {{ font-size: 7.5pt; table-layout: auto }}
.data th, .data td {{ overflow-wrap: anywhere; padding-right: 3pt; white-space: normal }}
.scroll {{ overflow: visible }}
.drawing {{ display: block; width: 100%; height: auto }}
body, h1, h2, h3, p, td, th {{ font-family: {FAMILIES} !important }}
code, pre {{ font-family: {FAMILIES} !important; white-space: pre-wrap }}
"""


def pdf_of(page: str) -> bytes:
    """A page of ours as PDF.

    Raises `UsageError` when WeasyPrint is not installed or a font is missing.
    """
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError):
        raise UsageError(
            "needs-extra",
            "PDF needs WeasyPrint and Pango.",
            fix="pip install 'leadline[pdf]', and apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        ) from None
    text = presentable(_SVG.sub(_image, page))
    fonts_for(html.unescape(_UNSHOWN.sub(" ", text)), bold=True)
    fetcher = URLFetcher(allowed_protocols=("data",))
    document = HTML(string=text, url_fetcher=fetcher).render(
        stylesheets=[CSS(string=_SHEET)], presentational_hints=True
    )
    data: bytes = document.write_pdf()
    return data


def _image(found: re.Match[str]) -> str:
    size = _SIZE.search(found[0])
    told = _TOLD.search(found[0])
    box = size[0] if size else ""
    return f'<img class="drawing" src="{on_paper(found[0])}" {box} alt="{told[1] if told else ""}">'


def write_pdf(path: Path, page: str) -> None:
    """Writes a page to `path` as PDF, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(pdf_of(page))
    unfinished.replace(path)

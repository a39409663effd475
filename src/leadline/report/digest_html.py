"""The digest as HTML that mail programs keep whole: tables, inline styles, pictures as PNG, at most 100 KB.

Dark mode is asked for by `color-scheme` and answered where style sheets are read; where a program turns colours itself,
pictures stay legible because they bring their own white ground. On paper the pictures are drawings (SVG).
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import RefusedError
from leadline.language.language import Language
from leadline.report.digest_lines import Page, Said, Section
from leadline.report.font import FAMILIES

if TYPE_CHECKING:
    from markupsafe import Markup

SCALE = 1.5
"""Pixels a unit: small pictures are shown smaller than they are drawn."""
_SMALL = 1.0
MOST_BYTES = 100_000
"""Gmail cuts a mail that is longer than 102 KB."""
TONES = {"better": "#0b6b3a", "worse": "#a6341b", "": "#5a6672"}
_FONT = (
    "-apple-system,'Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,'Noto Sans Arabic','Noto Sans SC',sans-serif"
)
_DESC = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)


class Image(Struct, frozen=True):
    """A picture of the page: where its bytes are, and what it shows in words."""

    source: str
    told: Markup


Draw = Callable[[str, int], str]
"""Makes the address of a drawing: its SVG and number."""


def digest_html(page: Page, language: Language, *, draw: Draw | None = None, paper: bool = False) -> str:
    """The digest as one HTML text.

    `draw` gives the address of each picture; unless given they are inside the text, as PNG, or as SVG on `paper`.
    Raises `RefusedError` when the mail would be cut for its length.
    """
    if paper or draw is not None:
        text = _rendered(page, language, draw or _on_paper, paper=paper)
    else:
        text = _rendered(page, language, _inside(SCALE), paper=False)
        if len(text.encode()) > MOST_BYTES:
            text = _rendered(page, language, _inside(_SMALL), paper=False)
    size = len(text.encode())
    if size > MOST_BYTES and not paper:
        raise RefusedError(
            "mail-too-long",
            f"The digest is {size / 1000:,.0f} KB; mail programs cut what is longer than {MOST_BYTES // 1000} KB.",
            fix="ask for --format text or pdf, or keep fewer KPIs on the scorecard",
        )
    return text


def _rendered(page: Page, language: Language, draw: Draw, *, paper: bool) -> str:
    from markupsafe import Markup

    from leadline.report.html import environment

    drawn: dict[str, Image] = {}
    for said in (said for section in page.sections for said in section.lines if said.picture):
        if said.picture not in drawn:
            address = draw(said.picture, len(drawn))
            drawn[said.picture] = Image(address, _markup(_told(said.picture)))
    rtl = language.direction == "rtl"
    template = environment().get_template("digest.html.j2")
    return template.render(
        page=_safe(page),
        images={_markup(svg): image for svg, image in drawn.items()},
        preview=_markup(html.escape(_preview(page))),
        t=language.say,
        lang=language.tag,
        dir=language.direction,
        start="right" if rtl else "left",
        end="left" if rtl else "right",
        font=Markup(FAMILIES if paper else _FONT),  # noqa: S704 - a list of our own
        tones=TONES,
        paper=paper,
    )


def _preview(page: Page) -> str:
    """What a list of mails shows beside the subject."""
    if page.warning:
        return page.warning
    return " · ".join(f"{said.lead} {said.value}" for said in page.sections[0].lines[:3])


def _safe(page: Page) -> Page:
    """The page with its texts escaped here, so that the marks which keep directions apart are not cleaned away."""
    from msgspec.structs import replace

    def line(said: Said) -> Said:
        return replace(
            said,
            lead=_markup(html.escape(said.lead)),
            value=_markup(html.escape(said.value)),
            text=_markup(html.escape(said.text)),
            picture=_markup(said.picture),
        )

    def section(one: Section) -> Section:
        return replace(
            one,
            title=_markup(html.escape(one.title)),
            lines=tuple(map(line, one.lines)),
            note=_markup(html.escape(one.note)),
        )

    return replace(page, warning=_markup(html.escape(page.warning)), sections=tuple(map(section, page.sections)))


def _told(svg: str) -> str:
    found = _DESC.search(svg)
    return found[1] if found else ""


def _inside(scale: float) -> Draw:
    from leadline.report.picture import png_of

    def draw(svg: str, _: int) -> str:
        return f"data:image/png;base64,{base64.b64encode(png_of(svg, scale=scale)).decode()}"

    return draw


def _on_paper(svg: str, _: int) -> str:
    from leadline.report.picture import on_paper

    return on_paper(svg)


def _markup(text: str) -> Markup:
    from markupsafe import Markup

    # Safe: escaped by the callers, or written by our charts, which escape every label.
    return Markup(text)  # noqa: S704

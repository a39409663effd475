"""Pictures: the SVG of our charts as PNG, for mail and slides, and charts of a result as one file.

PNG is drawn by resvg, of the libraries looked at the one that shapes Arabic and falls back to the right font for
Chinese without a system library (CairoSVG needs Cairo, and draws empty boxes for both).
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from leadline.charts.canvas import Frame
from leadline.charts.label import escape
from leadline.charts.palette import FONT, LIGHT, STYLE
from leadline.errors import RefusedError, UsageError
from leadline.language.language import Language
from leadline.plan.result import Result
from leadline.report.font import ARABIC, BOTH, FAMILIES, FONTS, family_files, family_for, fonts_for, presentable

SCALE = 2
"""Pixels a unit: sharp on the screens of phones."""
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")
_TEXT = re.compile(r"(<text\b[^>]*>(?:<title>[^<]*</title>)?)([^<]+)</text>")
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
_PAPER = 3
_HALO = re.compile(r' stroke="[^"]*" stroke-width="4" paint-order="stroke"')
_TITLE = 30
_GAP = 18


class Drawing(Struct, frozen=True):
    """A chart of its own: what stands above it, and its SVG."""

    title: str
    svg: str


def png_of(svg: str, *, scale: float = SCALE, background: str = LIGHT["paper"]) -> bytes:
    """One of our drawings as PNG, in the colours of light.

    Raises `UsageError` when resvg is not installed or a font is missing.
    """
    try:
        import resvg_py
    except ImportError:
        raise UsageError("needs-extra", "PNG needs resvg.", fix="pip install 'leadline[png]'") from None
    # Variables of style sheets are for browsers; without them the colours stand in the attributes.
    plain = presentable(_STYLE.sub("", svg))
    fonts_for(html.unescape(_MARKUP.sub(" ", plain)))
    families: dict[str, tuple[str, str]] = {}
    for found in _TEXT.finditer(plain):
        families[found[2]] = family_for(html.unescape(found[2]))
    used = {family for family, _ in families.values()}
    if BOTH.family in used:
        # One Arabic in a picture, not two that look different.
        families = {
            key: (BOTH.family if family == ARABIC else family, text) for key, (family, text) in families.items()
        }
        used = {family for family, _ in families.values()}
    plain = _TEXT.sub(lambda found: _text(found[1], *families[found[2]]), plain)
    bold = "font-weight" in plain
    files = [path for family in sorted(used) for path in family_files(family, bold=bold)]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=plain,
            zoom=scale,
            background=background,
            skip_system_fonts=True,
            font_files=[str(path) for path in files],
            font_family="Noto Sans",
            sans_serif_family="Noto Sans",
        )
    )


def on_paper(svg: str) -> str:
    """A drawing as the address of an image, as WeasyPrint draws it right.

    It names no font of the system, paints the halo of a label over the label, and neither joins Arabic letters nor
    picks fonts within a drawing: one whose texts need more than Latin letters becomes a PNG.
    """
    texts = [html.unescape(found[2]) for found in _TEXT.finditer(svg)]
    if any(family_for(text)[0] != FONTS[0].family for text in texts):
        return f"data:image/png;base64,{base64.b64encode(png_of(svg, scale=_PAPER)).decode()}"
    plain = (
        _HALO.sub("", svg).replace(" ll-line-paper", "").replace(f'font-family="{FONT}"', f'font-family="{FAMILIES}"')
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(plain.encode()).decode()}"


def _text(start: str, family: str, text: str) -> str:
    """A text in one font, because resvg mistakes glyphs for others where a text has two.

    Nor does it know that a text has the direction of its first letter (`unicode-bidi`): one from the right is embedded.
    """
    way = next((way for way in map(unicodedata.bidirectional, text) if way in ("L", "R", "AL")), "L")
    shown = f"\u202b{text}\u202c" if way != "L" else text
    return f'{start}<tspan font-family="{family}">{html.escape(shown)}</tspan></text>'


def charts_of(result: Result, language: Language, *, width: int = 720) -> list[Drawing]:
    """A drawing per metric of a result: lines over time, bars over a dimension.

    Raises `RefusedError` for a result that is a single number.
    """
    from leadline.plan.drawing import draw_result, of_metric
    from leadline.report.format import format_member
    from leadline.report.view import wording

    if not {"time", "dimension"} & {column.kind for column in result.columns}:
        raise RefusedError("nothing-to-draw", "A single number is no chart.", fix="add --grain month or --by channel")
    grain = str(result.provenance.get("grain") or "day")
    found = []
    for column in result.columns:
        if column.kind != "metric" or column.compare:
            continue
        frame = Frame(
            column.label or column.name,
            currency=column.currency,
            grain=grain,
            locale=language.locale,
            width=width,
            id=column.name,
            words=wording(language, grain),
        )
        one = of_metric(result, column.metric or column.name)
        drawn = draw_result(frame, one, member=lambda value: format_member(value, language), say=language.say)
        if drawn:
            found.append(Drawing(frame.title, drawn))
    return found


def stacked(drawings: Sequence[Drawing], language: Language) -> str:
    """Drawings with their titles, one below the other, as one SVG that stands alone."""
    sizes = [_size(one.svg) for one in drawings]
    width = max(size[0] for size in sizes)
    mirrored = language.direction == "rtl"
    parts, top = [], 0.0
    for one, (_, height) in zip(drawings, sizes, strict=True):
        x, anchor = (width, "end") if mirrored else (0, "start")
        parts.append(
            f'<text x="{x:g}" y="{top + 16:g}" text-anchor="{anchor}" class="ll-fill-ink" fill="{LIGHT["ink"]}" '
            f'font-size="15" font-weight="600">{escape(one.title)}</text>'
        )
        parts.append(one.svg.replace("<svg ", f'<svg x="0" y="{top + _TITLE:g}" ', 1))
        top += _TITLE + height + _GAP
    title = escape(", ".join(one.title for one in drawings))
    height = top - _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="-12 -6 {width + 24:g} {height + 12:g}" role="img" direction="ltr" font-family="{FONT}">'
        f"<title>{title}</title><style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def write_picture(path: Path, drawings: Sequence[Drawing], language: Language) -> None:
    """Writes drawings to `path`, as PNG or SVG by its ending, whole or not at all."""
    svg = stacked(drawings, language)
    ending = path.suffix.lower()
    if ending not in (".svg", ".png"):
        raise UsageError("bad-ending", f"{path.name} is neither SVG nor PNG.", fix="name it chart.svg or chart.png")
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(png_of(svg) if ending == ".png" else svg.encode())
    unfinished.replace(path)


def _size(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    if found is None:
        raise ValueError("a drawing of ours begins with its size")
    return float(found[1]), float(found[2])

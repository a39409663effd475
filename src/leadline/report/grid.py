"""Plain columns of text in a terminal, for answers that are not a result's table."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import columns, shorten_columns
from leadline.report.table import PLAIN, Style

_GAP = "  "
_SHORTEST = 12


def render_grid(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], style: Style = PLAIN, *, give: int = 0
) -> list[str]:
    """Heading and rows as lines; the column `give` is shortened where the width asks for it."""
    widths = [max(columns(text) for text in texts) for texts in zip(heads, *rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - style.width if style.width else 0
    if over > 0:
        widths[give] = max(_SHORTEST, widths[give] - over)
    lines = [style.faint(_line(heads, widths, right))]
    return lines + [_line(row, widths, right) for row in rows]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for cell, width, flush in zip(cells, widths, right, strict=True):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        parts.append(space + text if flush else text + space)
    return _GAP.join(parts).rstrip()

"""Rows of text as columns in a terminal; what is too wide for it goes on below, under the same first column."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import columns, shorten_columns
from leadline.report.table import PLAIN, Style

_GAP = "  "
_WIDEST_NAME = 36


def lay_out(heads: Sequence[str], rows: Sequence[Sequence[str]], style: Style = PLAIN, *, texts: int = 1) -> list[str]:
    """Lines of a table: the first `texts` columns from the left, the others flush right.

    Columns that do not fit the width are put below with the first one repeated, so that nothing is left out.
    """
    widths = [max(columns(cell) for cell in cells) for cells in zip(heads, *rows, strict=True)]
    widths[0] = min(widths[0], _WIDEST_NAME)
    lines: list[str] = []
    for block in _blocks(widths, style.width):
        if lines:
            lines.append("")
        lines.append(style.bold(_line([heads[at] for at in block], [widths[at] for at in block], block, texts)))
        lines.append(style.faint(_GAP.join("─" * widths[at] for at in block)))
        lines += [_line([row[at] for at in block], [widths[at] for at in block], block, texts) for row in rows]
    return lines


def _blocks(widths: Sequence[int], room: int) -> list[list[int]]:
    """Columns that stand side by side: each block begins with the first."""
    blocks = [[0]]
    used = widths[0]
    for at in range(1, len(widths)):
        wider = used + len(_GAP) + widths[at]
        if room and wider > room and len(blocks[-1]) > 1:
            blocks.append([0])
            wider = widths[0] + len(_GAP) + widths[at]
        blocks[-1].append(at)
        used = wider
    return blocks


def _line(cells: Sequence[str], widths: Sequence[int], block: Sequence[int], texts: int) -> str:
    parts = []
    for cell, width, at in zip(cells, widths, block, strict=True):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        parts.append(text + space if at < texts else space + text)
    return _GAP.join(parts).rstrip()

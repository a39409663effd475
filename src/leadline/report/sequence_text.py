"""Answers of order and time in a terminal: a table fitted to its width, then what is counted and how."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.charts.label import clean, columns, shorten_columns
from leadline.journey.answer import Sequenced, unit_of
from leadline.journey.funnel import FunnelAnswer, cells_of
from leadline.journey.path import PathAnswer, table_of
from leadline.journey.stage_funnel import StageAnswer, cells_of_stage
from leadline.report.table import PLAIN, Style

_GAP = "  "
_NARROWEST = 14
_BAR = 20
FUNNEL_HEADS = ("", "of first", "of previous", "median", "mean", "p90", "still open")


def render_funnel(answer: FunnelAnswer, style: Style = PLAIN) -> str:
    """A funnel: a line a step, with a bar of its share of the first step."""
    grouped = bool(answer.by)
    rows = []
    for line in answer.rows:
        cells = cells_of(line, answer)
        cells.insert(3 if grouped else 2, "█" * round(_BAR * (line.of_first or 0)))
        rows.append(_once(cells, line.step) if grouped else cells)
    heads = [*([answer.by] if grouped else []), "step", unit_of(answer.level), *FUNNEL_HEADS]
    return _render(answer, heads, rows, style, texts=(0, 1, 3) if grouped else (0, 2), breaks=_breaks(answer, grouped))


def render_stages(answer: StageAnswer, style: Style = PLAIN) -> str:
    """A funnel of stages: a line a stage."""
    grouped = bool(answer.by)
    rows = [
        _once(cells_of_stage(line, answer), line.step) if grouped else cells_of_stage(line, answer)
        for line in answer.rows
    ]
    return _render(
        answer, answer.heads, rows, style, texts=(0, 1) if grouped else (0,), breaks=_breaks(answer, grouped)
    )


def render_paths(answer: PathAnswer, style: Style = PLAIN) -> str:
    """Ways, commonest first."""
    heads, rows = table_of(answer)
    return _render(answer, heads, rows, style, texts=(0,))


def _once(cells: list[str], step: int) -> list[str]:
    """The row's name only at its first step."""
    return cells if step == 1 else ["", *cells[1:]]


def _breaks(answer: FunnelAnswer | StageAnswer, grouped: bool) -> frozenset[int]:
    """Numbers of the lines before which a row begins."""
    steps = [line.step for line in answer.rows]
    return frozenset(at for at, step in enumerate(steps) if grouped and at and step == 1)


def _render(
    answer: Sequenced,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    style: Style,
    *,
    texts: Sequence[int],
    breaks: frozenset[int] = frozenset(),
) -> str:
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = [max(columns(row[at]) for row in [heads, *cleaned]) for at in range(len(heads))]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - style.width if style.width else 0
    for at in sorted(texts, key=lambda at: -widths[at]):
        taken = min(max(over, 0), max(widths[at] - _NARROWEST, 0))
        widths[at] -= taken
        over -= taken

    def line(cells: Sequence[str]) -> str:
        parts = []
        for at, cell in enumerate(cells):
            text = shorten_columns(cell, widths[at])
            space = " " * (widths[at] - columns(text))
            parts.append(text + space if at in texts else space + text)
        return _GAP.join(parts).rstrip()

    lines = [style.bold(answer.title), "", style.faint(line(heads))]
    for at, row in enumerate(cleaned):
        if at in breaks:
            lines.append("")
        lines.append(line(row))
    if not cleaned:
        lines.append("Nobody.")
    return "\n".join([*lines, "", *(style.faint(note) for note in answer.notes)])

"""A heat map: a row a member, a column a step, each cell shaded by its value and labelled with it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.scale import Number, finite, present

_ROW = 26
_GAP = 2
_HEAD = 44
_TITLE = 28
_SIZE = 12.0
_PAD = 14
_NARROWEST = 34.0
_WIDEST = 84.0


class HeatRow(Struct, frozen=True):
    """A row: its name, what stands beside it, the values that shade its cells and the texts within them.

    Cells without a value stay empty. `told` are the texts read out for each, the shown ones where there are none.
    """

    label: str
    note: str
    values: tuple[Number | None, ...]
    texts: tuple[str, ...]


def heat_map(
    frame: Frame,
    rows: Sequence[HeatRow],
    heads: Sequence[str],
    *,
    note_head: str = "",
    above: str = "",
    last: HeatRow | None = None,
) -> str:
    """An SVG table of shaded cells; `above` says what the column heads count, `last` is set apart at the foot.

    The strongest shade is the greatest value of all cells; shade only repeats what each cell says in figures.
    """
    shown = [*rows, *([last] if last else [])]
    names = max((text_width(clean(row.label), _SIZE) for row in shown), default=0) + _PAD
    notes = max((text_width(row.note, _SIZE) for row in [*shown, HeatRow("", note_head, (), ())]), default=0) + _PAD
    names = min(names, frame.width * 0.3)
    texts = [text_width(text, _SIZE) for row in shown for text in row.texts] + [
        text_width(head, _SIZE) for head in heads
    ]
    need = max(max(texts, default=0) + 10, _NARROWEST)
    room = (frame.width - names - notes) / max(len(heads), 1)
    cell = max(need, min(room, _WIDEST))
    left = names + notes
    width = max(float(frame.width) if cell > need else 0.0, left + cell * len(heads))
    foot = _ROW + 10 if last else 0
    # In a file of its own nothing else says what it shows.
    begin = _TITLE if frame.standalone else 0
    top = begin + _HEAD
    height = frame.height or top + _ROW * max(len(rows), 1) + foot + 4
    canvas = Canvas(width, height, mirrored=frame.mirrored)
    if begin:
        canvas.text(0, 16, shorten(clean(frame.title), 14, width), size=14, bold=True)
    canvas.text(left - _PAD / 2, begin + 32, note_head, anchor="end", colour="muted")
    canvas.text(left + _GAP, begin + 14, above, colour="muted")
    for number, head in enumerate(heads):
        canvas.text(left + cell * (number + 0.5), begin + 32, head, anchor="middle", colour="muted")
    values = present(value for row in rows for value in row.values)
    strongest = max(values, default=0.0)
    for index, row in enumerate(rows):
        _row(canvas, row, top + _ROW * index, (left, cell, names), heads, strongest)
    if last:
        top += _ROW * len(rows) + 8
        canvas.line(0, top - 5, left + cell * len(heads), top - 5, "axis")
        _row(canvas, last, top, (left, cell, names), heads, strongest)
    return canvas.svg(frame, frame.desc or _describe(frame, rows, heads, above))


def _row(
    canvas: Canvas,
    row: HeatRow,
    top: float,
    places: tuple[float, float, float],
    heads: Sequence[str],
    strongest: float,
) -> None:
    left, cell, names = places
    baseline = top + _ROW / 2 + 3.5
    name = clean(row.label)
    fitting = shorten(name, _SIZE, names - 6)
    canvas.text(0, baseline, fitting, size=_SIZE, title=name if fitting != name else "")
    canvas.text(left - _PAD / 2, baseline, row.note, anchor="end", colour="muted", size=_SIZE)
    for number, (value, text) in enumerate(zip(row.values, row.texts, strict=True)):
        known = finite(value)
        if known is None:
            continue
        x = left + cell * number
        strength = known / strongest if strongest > 0 else 0.0
        told = f"{name}, {heads[number]}: {text}"
        canvas.shade(x + _GAP / 2, top + _GAP / 2, cell - _GAP, _ROW - _GAP, strength, told)
        canvas.text(x + cell / 2, baseline, text, anchor="middle", size=_SIZE)


def _describe(frame: Frame, rows: Sequence[HeatRow], heads: Sequence[str], above: str) -> str:
    """Each row in words: what stands beside it and its cells."""
    if not rows:
        return frame.words.nothing
    told = []
    for row in rows:
        cells = [
            f"{above} {head} {text}".strip()
            for head, text, value in zip(heads, row.texts, row.values, strict=True)
            if finite(value) is not None
        ]
        told.append(
            f"{clean(row.label)} ({row.note}): {listed(cells, 6, frame.words)}"
            if cells
            else f"{row.label} ({row.note})"
        )
    return "; ".join(told) + "."

"""Steps of a process: a bar a step against the largest of its kind, and words where there is no count."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width

_ROW = 30
_BAR = 16
_SIZE = 12.5
_ROOM = 0.42


class StepBar(Struct, frozen=True):
    """A step, its count (None: unknown), and what stands beside it. Steps that are not `counted` with the others
    (e-mails beside people) have no bar, for theirs would be of another scale.
    """

    label: str
    count: int | None
    beside: str
    counted: bool = True


def steps_chart(frame: Frame, steps: Sequence[StepBar]) -> str:
    """An SVG with a row a step, in the order given."""
    height = frame.height or 8 + _ROW * max(len(steps), 1)
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    names = [clean(step.label) for step in steps]
    start = max((text_width(name, _SIZE) for name in names), default=0) + 14
    most = max((step.count or 0 for step in steps if step.counted), default=0)
    room = frame.width * _ROOM
    for index, (step, name) in enumerate(zip(steps, names, strict=True)):
        middle = 4 + _ROW * (index + 0.5)
        canvas.text(0, middle + 4.5, name, size=_SIZE)
        at = start + 8
        if step.count is not None and step.counted and most:
            length = room * step.count / most
            canvas.rect(start, middle - _BAR / 2, length, _BAR, "main", radius=2)
            at = start + length + 8
        colour = "muted" if step.count is None else "ink"
        told = clean(step.beside)
        fitting = shorten(told, _SIZE, frame.width - at)
        canvas.text(at, middle + 4.5, fitting, size=_SIZE, colour=colour, title=told if fitting != told else "")
        canvas.target(0, middle - _ROW / 2, frame.width, _ROW, f"{step.label}: {step.beside}")
    canvas.line(start, 4, start, height - 4, "axis")
    told = listed((f"{name}: {clean(step.beside)}" for name, step in zip(names, steps, strict=True)), 12, frame.words)
    return canvas.svg(frame, frame.desc or told or frame.words.nothing)

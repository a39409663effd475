"""Remarks: what happened on a day, as a number above the time series; its text is told when pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from leadline.charts.canvas import Canvas
from leadline.charts.label import clean
from leadline.charts.period import following, period_label

_SIZE = 15.0


class Remark(Struct, frozen=True):
    """What happened on a day."""

    day: date
    text: str


class Placed(Struct, frozen=True):
    """Remarks too close to stand apart share one mark at `x`; `numbers` count from one in order of time."""

    x: float
    numbers: tuple[int, ...]
    remarks: tuple[Remark, ...]

    @property
    def label(self) -> str:
        """The numbers as one short text."""
        first, last = self.numbers[0], self.numbers[-1]
        return str(first) if first == last else f"{first}–{last}"


def remarks_within(remarks: Sequence[Remark], dates: Sequence[date], grain: str) -> list[Remark]:
    """Those that a chart of these periods covers, in order of time."""
    if not dates:
        return []
    end = following(dates[-1], grain)
    return sorted((one for one in remarks if dates[0] <= one.day < end), key=lambda one: (one.day, one.text))


def placed_remarks(
    remarks: Sequence[Remark], dates: Sequence[date], grain: str, left: float, step: float
) -> list[Placed]:
    """Where the marks stand, `step` being the width of a period and `left` where the first begins."""
    ends = [*dates[1:], following(dates[-1], grain)] if dates else []
    found: list[Placed] = []
    for number, remark in enumerate(remarks_within(remarks, dates, grain), start=1):
        at = next(place for place, end in enumerate(ends) if remark.day < end)
        x = left + (at + (remark.day - dates[at]) / (ends[at] - dates[at])) * step
        if found and x - found[-1].x < _SIZE + 2:
            last = found.pop()
            found.append(Placed(last.x, (*last.numbers, number), (*last.remarks, remark)))
        else:
            found.append(Placed(x, (number,), (remark,)))
    return found


def draw_remarks(canvas: Canvas, placed: Sequence[Placed], top: float, bottom: float) -> None:
    """A numbered badge on a fine line for each mark."""
    for one in placed:
        wide = max(_SIZE, 8.0 + 6.5 * len(one.label))
        x = min(max(one.x, wide / 2), canvas.width - wide / 2)
        canvas.path([(one.x, top + _SIZE), (one.x, bottom)], "muted", weight=1)
        canvas.rect(x - wide / 2, top, wide, _SIZE, "muted", radius=_SIZE / 2)
        canvas.text(x, top + 11.5, one.label, anchor="middle", colour="paper", size=11, bold=True)


def aim_remarks(canvas: Canvas, placed: Sequence[Placed], top: float, locale: str) -> None:
    """The badges' texts, shown when pointed at; drawn last, so that nothing lies above them."""
    for one in placed:
        wide = max(_SIZE, 8.0 + 6.5 * len(one.label))
        canvas.target(one.x - wide / 2, top, wide, _SIZE, " · ".join(told_remarks(one, locale)))


def told_remarks(placed: Placed, locale: str) -> list[str]:
    """The remarks of a mark in words, each under its number."""
    return [
        f"{number}. {period_label(remark.day, 'day', locale)}: {clean(remark.text)}"
        for number, remark in zip(placed.numbers, placed.remarks, strict=True)
    ]

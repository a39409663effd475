"""The time series: one value per period, last year behind it, the unfinished end marked, missing periods left open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import text_width
from leadline.charts.palette import DASHES, OTHERS
from leadline.charts.period import as_date, following, period_label, spine, tick_label
from leadline.charts.remark import Remark, aim_remarks, draw_remarks, placed_remarks, told_remarks
from leadline.charts.scale import LinearScale, Number, finite, linear_scale, present
from leadline.charts.value import NOTHING, format_value

_LEGEND_LINE = 18
_BOTTOM = 40
_DOTS_UP_TO = 40
_LEAST_TARGET = 3.0
_UNFINISHED_DASH = "4 4"
# How much longer the scale may grow for the sake of an unfinished value.
_STRETCH = 1.6


class Series(Struct, frozen=True):
    """A named row of values, one per period of the chart; None where there is nothing."""

    label: str
    values: tuple[Number | None, ...]


def line_chart(
    frame: Frame,
    periods: Sequence[date],
    series: Sequence[Series],
    *,
    past: Series | None = None,
    goal: Number | None = None,
    unfinished: Collection[date] = (),
    breaks: Collection[date] = (),
    remarks: Sequence[Remark] = (),
    zero: bool | None = None,
) -> str:
    """An SVG time series; the first of `series` is the main one.

    `past` is drawn thin behind it (the same periods a year before). Periods in `unfinished` are reached by a dashed
    line to a ring, on a shaded band: their value will still change, and where it would press the others flat the line
    leaves the picture instead. A period without a value, or not given at all, leaves a gap; nothing is drawn through
    it. `breaks` are days from which on the values mean something else: an upright line stands before each. `remarks`
    are numbered marks at their days. `goal` is a level line. `zero` true starts the axis at zero, None does so unless
    that would flatten the line.
    """
    dates = spine(periods, frame.grain)
    rows = [on_spine(line, periods, dates) for line in series]
    ghost = on_spine(past, periods, dates) if past else None
    open_at = frozenset(as_date(period) for period in unfinished)
    end = following(dates[-1], frame.grain) if dates else None
    changed = sorted({as_date(day) for day in breaks if end is not None and dates[0] <= as_date(day) < end})
    shown = [value for row in rows for value, day in zip(row.values, dates, strict=True) if day not in open_at]
    shown += [goal, *(ghost.values if ghost else ())]
    parts = [value for row in rows for value, day in zip(row.values, dates, strict=True) if day in open_at]
    legend = _legend(rows, ghost, frame.words.unfinished if open_at & frozenset(dates) else "")
    chart = _Plot(frame, dates, open_at, shown, parts, legend, zero=zero)
    marks = placed_remarks(remarks, dates, frame.grain, chart.left, chart.step)
    chart.grid()
    chart.axis()
    if ghost:
        chart.trace(ghost, "past", weight=1.75)
    if goal is not None:
        chart.level(goal, frame.words.goal)
    for day in changed:
        chart.upright(day, frame.words.redefined)
    draw_remarks(chart.canvas, marks, chart.top, chart.bottom)
    for index in reversed(range(len(rows))):
        colour, weight, dash = look(index)
        chart.trace(rows[index], colour, weight=weight, dash=dash, dots=index == 0)
    if rows:
        chart.last_value(rows[0])
    chart.legend()
    chart.targets(rows, ghost)
    aim_remarks(chart.canvas, marks, chart.top, frame.locale)
    told = frame.desc or describe(frame, dates, rows, ghost, open_at, changed)
    return chart.canvas.svg(
        frame, " ".join([told, *(text for mark in marks for text in told_remarks(mark, frame.locale))])
    )


def describe(
    frame: Frame,
    dates: Sequence[date],
    rows: Sequence[Series],
    past: Series | None,
    unfinished: Collection[date],
    breaks: Collection[date] = (),
) -> str:
    """The chart in words, for those who cannot see it: range, last complete value, lowest, highest, gaps, breaks."""
    words = frame.words
    if not dates or not rows:
        return words.nothing
    main = rows[0]
    name = [period_label(period, frame.grain, frame.locale) for period in dates]
    grain = words.grain or frame.grain
    parts = [words.course.format(name=main.label, grain=grain, first=name[0], last=name[-1])]
    done = [(finite(v), i) for i, v in enumerate(main.values) if finite(v) is not None and dates[i] not in unfinished]
    if done:
        for text, (_, at) in ((words.last_complete, done[-1]), (words.lowest, min(done)), (words.highest, max(done))):
            parts.append(text.format(value=_value(frame, main.values[at]), period=name[at]))
        at = done[-1][1]
        if past and finite(past.values[at]) is not None:
            parts.append(words.then.format(name=past.label, value=_value(frame, past.values[at])))
    gaps = [name[i] for i, value in enumerate(main.values) if finite(value) is None]
    if gaps:
        parts.append(words.gaps.format(periods=listed(gaps, words=words)))
    still = [name[i] for i, period in enumerate(dates) if period in unfinished]
    if still:
        parts.append(words.still_open.format(periods=listed(still, words=words)))
    parts += [words.changed.format(day=period_label(day, "day", frame.locale)) for day in breaks]
    if len(rows) > 1:
        parts.append(words.beside.format(names=listed((row.label for row in rows[1:]), words=words)))
    return " ".join(parts)


class _Entry(Struct, frozen=True):
    """A line of the legend."""

    label: str
    colour: str
    weight: float = 2.5
    dash: str = ""
    ring: bool = False


def _legend(rows: Sequence[Series], past: Series | None, unfinished: str) -> list[_Entry]:
    entries = [_Entry(row.label, *look(index)) for index, row in enumerate(rows)]
    if past:
        entries.append(_Entry(past.label, "past", 1.75))
    if unfinished:
        entries.append(_Entry(unfinished, "main", dash=_UNFINISHED_DASH, ring=True))
    return entries


def _placed(entries: Sequence[_Entry], width: float) -> tuple[list[tuple[_Entry, float, float]], int]:
    """Entries with their places, on as many lines as the width asks for."""
    placed = []
    x, line = 0.0, 1
    for entry in entries:
        size = 26 + text_width(entry.label, 12)
        if x and x + size > width:
            x, line = 0.0, line + 1
        placed.append((entry, x, 10.0 + _LEGEND_LINE * (line - 1)))
        x += size + 18
    return placed, line


def look(index: int) -> tuple[str, float, str]:
    """Colour, weight and dash of the `index`-th line; the first is the main one."""
    return ("main", 2.5, "") if index == 0 else (OTHERS[(index - 1) % 6], 1.75, DASHES[(index - 1) % 6])


class _Plot:
    """The drawing area of one chart: its scales and what is drawn in it, in order."""

    def __init__(
        self,
        frame: Frame,
        dates: Sequence[date],
        unfinished: frozenset[date],
        values: Sequence[Number | None],
        parts: Sequence[Number | None],
        legend: Sequence[_Entry],
        *,
        zero: bool | None,
    ) -> None:
        self.frame = frame
        self.dates = dates
        self.unfinished = unfinished
        self.entries, lines = _placed(legend, frame.width)
        self.top = 12 + _LEGEND_LINE * lines
        height = frame.height or 260
        self.bottom = height - _BOTTOM
        self.y = self._scale(values, zero)
        with_parts = self._scale([*values, *parts], zero)
        if not present(values) or with_parts.high - with_parts.low <= _STRETCH * (self.y.high - self.y.low):
            self.y = with_parts
        self.tick_names = tick_names(self.y.ticks, frame)
        self.left = max((text_width(name, 12) for name in self.tick_names), default=0) + 10
        self.right = frame.width - 14.0
        self.canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
        self.step = (self.right - self.left) / max(len(dates), 1)

    def _scale(self, values: Sequence[Number | None], zero: bool | None) -> LinearScale:
        whole = self.frame.unit not in ("percent", "ratio", "money")
        whole = whole and all(value == int(value) for value in present(values))
        return linear_scale(values, self.bottom, self.top + 8, zero=zero, count=4, whole=whole)

    def place(self, index: int, value: float) -> tuple[float, float]:
        """Where a value is drawn; one off the scale lies on its edge."""
        return self.x(index), min(max(self.y(value), self.top + 8.0), self.bottom)

    def x(self, index: int) -> float:
        """The middle of the period's place."""
        return self.left + (index + 0.5) * self.step

    def grid(self) -> None:
        for first, count in _runs([period in self.unfinished for period in self.dates]):
            self.canvas.rect(self.left + first * self.step, self.top, count * self.step, self.bottom - self.top, "wash")
        for tick, name in zip(self.y.ticks, self.tick_names, strict=True):
            at = self.y(tick)
            self.canvas.line(self.left, at, self.right, at, "axis" if tick == 0 else "grid")
            self.canvas.text(self.left - 8, at + 4, name, anchor="end", colour="muted")

    def axis(self) -> None:
        names = [tick_label(period, self.frame.grain, self.frame.locale) for period in self.dates]
        room = max((text_width(name, 12) for name, _ in names), default=0) + 12
        every = max(1, -(-int(room) // max(int(self.step), 1)))
        year_before = ""
        # Counted from the end, so that the newest period always has its name.
        for index in range((len(names) - 1) % every if names else 0, len(names), every):
            name, year = names[index]
            self.canvas.text(self.x(index), self.bottom + 17, name, anchor="middle", colour="muted")
            if year != year_before:
                self.canvas.text(self.x(index), self.bottom + 33, year, anchor="middle", colour="muted", bold=True)
            year_before = year

    def level(self, goal: Number, word: str) -> None:
        at = self.y(goal)
        self.canvas.path([(self.left, at), (self.right, at)], "goal", weight=1.5, dash="8 4")
        label = f"{word} {_value(self.frame, goal, compact=True)}"
        self.canvas.text(self.left + 4, at - 5, label, colour="goal", size=11, halo=True)

    def upright(self, day: date, word: str) -> None:
        """A line before a day, as far into its period as the day is; a name at its top."""
        ends = [*self.dates[1:], following(self.dates[-1], self.frame.grain)] if self.dates else []
        for index, (start, end) in enumerate(zip(self.dates, ends, strict=True)):
            if start <= day < end:
                x = self.left + (index + (day - start) / (end - start)) * self.step
                self.canvas.path([(x, self.top), (x, self.bottom)], "ink", weight=1.25, dash="2 3")
                width = text_width(word, 11)
                room = x + 4 + width <= self.right
                y = self.top + 11
                self.canvas.text(
                    x + 4 if room else x - 4, y, word, anchor="start" if room else "end", size=11, halo=True
                )

    def trace(self, row: Series, colour: str, *, weight: float, dash: str = "", dots: bool = False) -> None:
        places = [finite(value) for value in row.values]
        run: list[tuple[float, float]] = []
        for index, value in enumerate(places):
            point = self.place(index, value) if value is not None else None
            still_open = self.dates[index] in self.unfinished and colour != "past"
            if point is None or still_open:
                self._run(run, colour, weight, dash)
                if point and run:
                    self.canvas.path([run[-1], point], colour, weight=weight, dash=_UNFINISHED_DASH)
                run = [point] if point and still_open else []
                continue
            if run and self.dates[index - 1] in self.unfinished and colour != "past":
                self.canvas.path([run[-1], point], colour, weight=weight, dash=_UNFINISHED_DASH)
                run = []
            run.append(point)
        self._run(run, colour, weight, dash)
        for index, value in enumerate(places):
            if value is None:
                continue
            alone = all(places[i] is None for i in (index - 1, index + 1) if 0 <= i < len(places))
            ring = self.dates[index] in self.unfinished and colour != "past"
            if not self.y.low <= value <= self.y.high:
                continue
            if ring or alone or (dots and len(places) <= _DOTS_UP_TO):
                radius = 4 if ring else 2.75 if dots else 2
                self.canvas.dot(self.x(index), self.y(value), radius, colour, hollow=ring)

    def _run(self, run: Sequence[tuple[float, float]], colour: str, weight: float, dash: str) -> None:
        if len(run) > 1:
            self.canvas.path(run, colour, weight=weight, dash=dash)

    def last_value(self, row: Series) -> None:
        """Names the last complete value: the one number a reader should take away."""
        for index in reversed(range(len(self.dates))):
            value = finite(row.values[index])
            if value is None or self.dates[index] in self.unfinished:
                continue
            label = _value(self.frame, row.values[index], compact=True)
            x, y = self.x(index), self.y(value)
            half = text_width(label, 13) / 2
            x = min(max(x, self.left + half), self.right - half)
            self.canvas.dot(self.x(index), y, 4.5, "main")
            below = y - 12 < self.top + 6
            self.canvas.text(x, y + 22 if below else y - 11, label, anchor="middle", size=13, bold=True, halo=True)
            return

    def legend(self) -> None:
        for entry, x, y in self.entries:
            length = 12 if entry.ring else 20
            self.canvas.path([(x, y), (x + length, y)], entry.colour, weight=entry.weight, dash=entry.dash)
            if entry.ring:
                self.canvas.dot(x + 16, y, 4, entry.colour, hollow=True)
            self.canvas.text(x + 26, y + 4, entry.label, colour="muted")

    def targets(self, rows: Sequence[Series], past: Series | None) -> None:
        """What a pointer is told of each period, where one is wide enough to be pointed at."""
        if self.step < _LEAST_TARGET:
            return
        words = self.frame.words
        for index, period in enumerate(self.dates):
            name = period_label(period, self.frame.grain, self.frame.locale)
            if period in self.unfinished:
                name += f" ({words.unfinished})"
            told = [
                f"{row.label} {_value(self.frame, row.values[index])}"
                if finite(row.values[index]) is not None
                else f"{row.label} {words.no_data}"
                for row in (*rows, *([past] if past else []))
            ]
            left = self.left + index * self.step
            self.canvas.target(left, self.top, self.step, self.bottom - self.top, f"{name}: {'; '.join(told)}")


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Where flags are up: first index and length of each run, so that one band is one shape without seams."""
    found: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if flag and found and sum(found[-1]) == index:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif flag:
            found.append((index, 1))
    return found


def tick_names(marks: Sequence[float], frame: Frame) -> list[str]:
    """Labels of an axis: compact, and with just the decimals the step needs."""
    digits: int | None = None
    largest = max((abs(mark) for mark in marks), default=0)
    if len(marks) > 1 and (frame.unit == "percent" or largest < 10_000):
        step = (marks[1] - marks[0]) * (100 if frame.unit == "percent" else 1)
        digits = next((places for places in range(7) if abs(step - round(step, places)) < step * 1e-6), 6)
    return [
        format_value(mark, frame.unit, currency=frame.currency, locale=frame.locale, compact=True, digits=digits)
        for mark in marks
    ]


def _value(frame: Frame, value: Number | None, *, compact: bool = False) -> str:
    if finite(value) is None:
        return NOTHING
    return format_value(value, frame.unit, currency=frame.currency, locale=frame.locale, compact=compact)


def on_spine(row: Series, periods: Sequence[date], dates: Sequence[date]) -> Series:
    """A row given by `periods` with a place for each of `dates`."""
    known = dict(zip((as_date(period) for period in periods), row.values, strict=True))
    return Series(row.label, tuple(known.get(period) for period in dates))

"""Funnels in the user's words: who gets from step to step, how long it takes them, and who may still get there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.journey.answer import (
    Line,
    Reach,
    Sequenced,
    bounds,
    counted,
    html_page,
    html_table,
    left_out_words,
    level_of,
    provenance_of,
    span_text,
    unit_of,
)
from leadline.journey.step import read_property, read_span, read_step, read_steps, span_words
from leadline.model.level import Level
from leadline.model.note import Lasting, Note
from leadline.timeline.question import Breakdown, Exclusion, Match, Order

if TYPE_CHECKING:
    from leadline.time.period import Period
    from leadline.timeline.funnel import Durations, FunnelResult, FunnelRow
    from leadline.timeline.timeline import Timeline

WINDOW = "30 days"
UNATTRIBUTED = "Unattributed"
EVERYBODY = {"person": "All people", "account": "All accounts"}
_BETWEEN = re.compile(
    r"(?P<event>.+?)\s+between\s+(?P<after>\d+)\s+and\s+(?P<before>\d+)\s*\Z", re.IGNORECASE | re.DOTALL
)
_AT_STEP = re.compile(r"step\s*:?\s*(\d+)\Z", re.IGNORECASE)
_WAYS: dict[str, Literal["first touch", "last touch", "every event"]] = {
    "first": "first touch",
    "last": "last touch",
    "every": "every event",
}
P90 = 4
"""Place of the 90th percentile among the quantiles of durations."""


class FunnelLine(Line, frozen=True):
    """A step in a row of a funnel.

    `group`: the value broken down by, None for those without one; `total` marks the lines of all people. `people` came
    to the step at least. Spans are seconds from the step before, of those who came to this one. `open`: people who
    stand at this step and whose window is not over, and `open_share` their share of `people`.
    """

    group: str | None
    total: bool
    step: int
    event: str
    people: int
    of_first: float | None
    of_previous: float | None
    median: float | None
    mean: float | None
    p90: float | None
    open: int
    open_share: float | None


class FunnelAnswer(Sequenced, frozen=True, kw_only=True):
    """A funnel: a line a step for each row, all people last. `people` names those behind a bar."""

    rows: tuple[FunnelLine, ...]
    by: str
    excluded: int
    found: Any

    def people(self, step: int, *, stopped: bool = False, **group: str | None) -> list[str]:
        """Ids of those who came to `step` (0: those out by exclusion); `stopped`: and no further.

        `group="Email"` only of that row. They are as the warehouse has them: mask before showing.
        """
        found: FunnelResult = self.found
        if "group" in group:
            groups = {row.group for row in found.rows}
            if group["group"] not in groups:
                raise unknown(f"row by {self.by}", str(group["group"]), [name for name in groups if name is not None])
            return found.people(step, group=group["group"], grouped=True, stopped=stopped)
        return found.people(step, stopped=stopped)

    def svg(self, *, standalone: bool = False, locale: str = "en", rtl: bool | None = None) -> str:
        """The funnel drawn: bars of all people, or of each row where it is broken down."""
        from leadline.charts.canvas import Frame
        from leadline.charts.funnel import FunnelBar, funnel_chart

        bars = [
            FunnelBar(line.event, line.people, line.of_previous, line.open, "" if line.total else label_of(line, self))
            for line in self.rows
            if not (self.by and line.total)
        ]
        return funnel_chart(Frame(self.title, standalone=standalone, locale=locale, rtl=rtl), bars)

    def _repr_html_(self) -> str:
        texts = 2 if self.by else 1
        shares = ["of first", "of previous", "median", "mean", "p90"]
        heads = [*([self.by] if self.by else []), "step", unit_of(self.level), *shares]
        return html_page(
            self.title,
            self.svg(),
            html_table([*heads, "still open"], [cells_of(line, self) for line in self.rows], texts=texts),
            self.notes,
        )


class FunnelWords(Struct, frozen=True):
    """A funnel question as people write it; see `leadline funnel --help`."""

    steps: tuple[str, ...]
    window: str = WINDOW
    order: str = "ordered"
    gaps: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    by: str = ""
    at: str = "first"
    people: str = ""
    level: Level = "person"


def answer_funnel(
    words: FunnelWords, timeline: Timeline, period: Period | None, timezone: str, reach: Reach
) -> FunnelAnswer:
    """The funnel that these words ask for. Days are those of `timezone`, data are known until `reach`."""
    steps = read_steps(words.steps, timeline)
    window = read_span(words.window)
    since, until = bounds(period, timezone)
    exclusions = tuple(read_exclusion(text, len(steps), timeline) for text in words.without)
    by = read_breakdown(words.by, words.at, timeline)
    result = timeline.funnel(
        steps,
        window=window,
        order=read_order(words.order),
        gaps=read_gaps(words.gaps, len(steps)),
        exclusions=exclusions,
        since=since,
        until=until,
        now=reach.ends,
        by=by,
    )
    lines = [line for row in result.rows for line in lines_of(row, steps, total=False)]
    lines += lines_of(result.all, steps, total=True)
    question = result.question
    return FunnelAnswer(
        title=" → ".join(step.label for step in steps),
        rows=tuple(lines),
        notes=(*_notes(words, window, result, period, timezone), *left_out_words(timeline), until_words(reach)),
        provenance=provenance_of(question, timeline, reach, period, timezone) | {"words": words},
        level=level_of(timeline),
        by=words.by,
        excluded=result.all.excluded,
        found=result,
    )


def read_order(text: str) -> Order:
    """The order of a funnel's steps."""
    for order in get_args(Order):
        if text == order:
            return order  # type: ignore[no-any-return]
    raise unknown("order", text, get_args(Order))


def read_gaps(texts: Sequence[str], steps: int) -> tuple[dt.timedelta | None, ...]:
    """Windows between neighbouring steps: one for all of them, or one for each pair."""
    gaps = tuple(read_span(text, of="gap") for text in texts)
    return gaps * (steps - 1) if len(gaps) == 1 else gaps


def read_exclusion(text: str, steps: int, timeline: Timeline) -> Exclusion:
    """`EVENT`, or `EVENT between 1 and 2`: what must not happen, and between which steps."""
    found = _BETWEEN.match(text.strip())
    if found is None:
        return Exclusion(read_step(text, timeline), 1, max(steps, 2))
    return Exclusion(read_step(found["event"], timeline), int(found["after"]), int(found["before"]))


def read_breakdown(by: str, at: str, timeline: Timeline) -> Breakdown | None:
    """A property and the event it is taken from: `first`, `last`, `step:2` or `every`."""
    if not by:
        return None
    name = read_property(by, timeline)
    place = _AT_STEP.match(at.strip())
    if place is not None:
        return Breakdown(name, "step", int(place[1]))
    if at not in _WAYS:
        raise UsageError(
            "unknown-touch",
            f"There is no {at!r} event to break down at.",
            fix="write first, last, every, or step:2 for the event counted as step 2",
        )
    return Breakdown(name, _WAYS[at])


def lines_of(row: FunnelRow, steps: Sequence[Match], *, total: bool) -> list[FunnelLine]:
    """The lines of one row."""
    lines = []
    for k, step in enumerate(steps):
        people, before = row.reached[k], row.reached[k - 1] if k else 0
        took: Durations | None = row.times[k - 1] if k and row.times else None
        lines.append(
            FunnelLine(
                group=row.group,
                total=total,
                step=k + 1,
                event=step.label,
                people=people,
                of_first=share(people, row.reached[0]),
                of_previous=share(people, before) if k else None,
                median=took.median if took else None,
                mean=took.mean if took else None,
                p90=took.quantiles[P90] if took else None,
                open=row.waiting[k],
                open_share=share(row.waiting[k], people),
            )
        )
    return lines


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def label_of(line: Any, answer: Sequenced) -> str:
    """What a row is called."""
    return EVERYBODY[answer.level] if line.total else UNATTRIBUTED if line.group is None else str(line.group)


def percent(value: float | None) -> str:
    from leadline.charts.value import format_value

    return format_value(value, "percent", digits=1)


def cells_of(line: FunnelLine, answer: FunnelAnswer) -> list[str]:
    """A line as texts: row if there are several, step, people, shares, spans, share still open."""
    spans = [span_text(line.median), span_text(line.mean), span_text(line.p90)]
    shares = [percent(line.of_first), percent(line.of_previous)]
    event = f"{line.step}. {line.event}"
    return [
        *([label_of(line, answer)] if answer.by else []),
        event,
        f"{line.people:,}",
        *shares,
        *spans,
        percent(line.open_share),
    ]


def only_words(people: str) -> Note:
    """Which people are looked at."""
    return Note("Only people with {people}, as it is today.", people=people)


def until_words(reach: Reach) -> Note:
    """How far the data reach."""
    return Note("Data until {day}.", day=reach.until.isoformat())


def lasting_words(span: dt.timedelta) -> Lasting:
    """A span as people say it."""
    return Lasting(span_words(span), span.total_seconds())


def period_words(period: Period | None, timezone: str) -> Note:
    """When people entered."""
    if period is None:
        return Note("at any time (days of {timezone})", timezone=timezone)
    last = period.end - dt.timedelta(days=1)
    if last == period.start:
        return Note("in {day} ({timezone})", day=last.isoformat(), timezone=timezone)
    return Note(
        "in {first} to {last} ({timezone})",
        first=period.start.isoformat(),
        last=last.isoformat(),
        timezone=timezone,
    )


_ORDERS = {
    "ordered": Note("steps in order, other events may lie between"),
    "strict": Note("steps in order and no other event between"),
    "any": Note("steps in any order"),
}


def _notes(
    words: FunnelWords,
    window: dt.timedelta | None,
    result: FunnelResult,
    period: Period | None,
    timezone: str,
) -> list[Note]:
    row, steps, accounts = result.all, len(result.question.steps), words.level == "account"
    within = Note("however long it takes")
    if window is not None:
        within = Note("within {span} of the first step", span=lasting_words(window))
    told: dict[str, Any] = {"period": period_words(period, timezone), "order": _ORDERS[words.order], "within": within}
    if words.order == "any" and accounts:
        notes = [Note("Counted: accounts with a step {period}, {order}, {within}.", **told)]
    elif accounts:
        notes = [Note("Counted: accounts with step 1 {period}, {order}, {within}.", **told)]
    elif words.order == "any":
        notes = [Note("Counted: people with a step {period}, {order}, {within}.", **told)]
    else:
        notes = [Note("Counted: people with step 1 {period}, {order}, {within}.", **told)]
    if words.people:
        notes.append(only_words(words.people))
    if words.gaps:
        notes.append(Note("Between neighbouring steps: at most {gaps}.", gaps=", ".join(words.gaps)))
    if words.without:
        notes.append(
            Note(
                "Out by exclusion ({without}): {people}, in no step and no share.",
                without="; ".join(words.without),
                people=counted(row.excluded, words.level),
            )
        )
    if row.open and steps > 1:
        notes.append(
            Note(
                "Still open: {open} of {people} ({share}) may yet go on; shares can grow.",
                open=row.open,
                people=counted(row.reached[0], words.level),
                share=percent(row.open_share),
            )
        )
    empty = next((k for k in range(1, steps) if row.reached[k - 1] and not row.reached[k]), None)
    if empty is not None:
        notes.append(
            Note(
                "Nobody came to step {step}: where steps come from different sources, see that these have the same ids "
                "of people.",
                step=empty + 1,
            )
        )
    added = sum(one.reached[0] for one in result.rows)
    if words.by and words.at == "every" and added != row.reached[0]:
        told = {"by": words.by, "added": added, "people": counted(row.reached[0], words.level)}
        notes.append(
            Note(
                "By every {by}: an account is in each row it has events in, so rows add up to {added} and not to the "
                "{people} there are.",
                **told,
            )
            if accounts
            else Note(
                "By every {by}: a person is in each row they have events in, so rows add up to {added} and not to the "
                "{people} there are.",
                **told,
            )
        )
    return notes

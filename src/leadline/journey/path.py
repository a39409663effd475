"""Paths in the user's words: the commonest ways to an event, or from one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.errors import UsageError
from leadline.journey.answer import (
    Line,
    Reach,
    Sequenced,
    bounds,
    html_page,
    html_table,
    left_out_words,
    level_of,
    provenance_of,
)
from leadline.journey.funnel import (
    UNATTRIBUTED,
    lasting_words,
    only_words,
    percent,
    period_words,
    share,
    until_words,
)
from leadline.journey.step import read_property, read_span, read_step
from leadline.model.level import Level
from leadline.model.note import Note
from leadline.timeline.question import EVERYTHING

if TYPE_CHECKING:
    from leadline.time.period import Period
    from leadline.timeline.paths import PathResult
    from leadline.timeline.timeline import Timeline

ARROW = " → "
DIRECT = "(nothing else)"
DRAWN = 40


class PathLine(Line, frozen=True):
    """A way: `count` times it led there (or began), `share` of all those times, what the events were worth.

    `value` is None where the amounts are in several currencies. `not_yet`: people (or accounts) who went the same
    way and have not arrived (0 for ways from an event).
    """

    way: tuple[str, ...]
    count: int
    share: float | None
    value: float | None
    not_yet: int


class PathAnswer(Sequenced, frozen=True, kw_only=True):
    """The commonest ways, of `distinct` different ones that were gone `count` times and were worth `value`."""

    rows: tuple[PathLine, ...]
    turn: str
    leads_to: bool
    distinct: int
    count: int
    value: float | None

    def svg(self, *, standalone: bool = False, locale: str = "en", rtl: bool | None = None) -> str:
        """The ways drawn as bands from place to place."""
        from leadline.charts.canvas import Frame
        from leadline.charts.flow import Way, flow_chart

        names = _short({place for line in self.rows for place in line.way})
        ways = [Way(tuple(names[place] for place in line.way), line.count) for line in self.rows[:DRAWN] if line.way]
        frame = Frame(self.title, standalone=standalone, locale=locale, rtl=rtl)
        return flow_chart(frame, ways, self.turn, leads_to=self.leads_to)

    def _repr_html_(self) -> str:
        heads, cells = table_of(self)
        return html_page(self.title, self.svg(), html_table(heads, cells), self.notes)


class PathWords(Struct, frozen=True):
    """A question of paths as people write it; see `leadline path --help`. One of `to` and `start` is given."""

    to: str = ""
    start: str = ""
    nodes: str = ""
    by: str = ""
    length: int = 5
    top: int = 20
    window: str = "none"
    collapse: bool = True
    people: str = ""
    level: Level = "person"


def answer_paths(
    words: PathWords,
    timeline: Timeline,
    period: Period | None,
    timezone: str,
    reach: Reach,
    currencies: Sequence[str] = (),
) -> PathAnswer:
    """The ways that these words ask for; amounts are added up where they have one of `currencies`."""
    if bool(words.to) == bool(words.start):
        raise UsageError("path-ends", "A path leads either to an event or from one.", fix="give one of --to and --from")
    turn = read_step(words.to or words.start, timeline)
    since, until = bounds(period, timezone)
    window = read_span(words.window)
    found: PathResult = timeline.paths(
        to=turn if words.to else None,
        start=turn if words.start else None,
        nodes=read_step(words.nodes, timeline) if words.nodes else EVERYTHING,
        by=read_property(words.by, timeline) if words.by else "",
        length=words.length,
        window=window,
        collapse=words.collapse,
        since=since,
        until=until,
        top=words.top,
    )
    rows = tuple(
        PathLine(
            way=tuple(UNATTRIBUTED if place is None else place for place in path.way),
            count=path.reached,
            share=share(path.reached, found.reached),
            value=path.value if len(currencies) < 2 else None,
            not_yet=path.unreached,
        )
        for path in found.paths
        if path.reached
    )
    way = f"Ways to {turn.label}" if words.to else f"Ways from {turn.label}"
    return PathAnswer(
        title=f"{way}, by {words.by}" if words.by else way,
        rows=rows,
        notes=(
            *_notes(words, turn.label, found, rows, period, timezone, currencies),
            *left_out_words(timeline),
            until_words(reach),
        ),
        provenance=provenance_of(found.question, timeline, reach, period, timezone) | {"words": words},
        level=level_of(timeline),
        turn=turn.label,
        leads_to=bool(words.to),
        distinct=found.distinct,
        count=found.reached,
        value=found.value if len(currencies) < 2 else None,
    )


def _short(names: set[str]) -> dict[str, str]:
    """Names for a drawing: of events only what they are in detail (`stage_entry/mql`: mql), where that is one event."""
    details = Counter(name.rpartition("/")[2] for name in names)
    return {name: detail if (detail := name.rpartition("/")[2]) and details[detail] == 1 else name for name in names}


def way_text(line: PathLine) -> str:
    return ARROW.join(line.way) or DIRECT


def table_of(answer: PathAnswer) -> tuple[list[str], list[list[str]]]:
    """Column names and texts of the rows; a value only where any event had one, `not yet` only of ways to an event."""
    valued = any(line.value for line in answer.rows)
    heads = ["way", "times", "share", *(["value"] if valued else []), *(["not yet"] if answer.leads_to else [])]
    cells = [
        [
            way_text(line),
            f"{line.count:,}",
            percent(line.share),
            *([f"{line.value or 0:,.0f}"] if valued else []),
            *([f"{line.not_yet:,}"] if answer.leads_to else []),
        ]
        for line in answer.rows
    ]
    return heads, cells


def _notes(
    words: PathWords,
    turn: str,
    found: PathResult,
    rows: tuple[PathLine, ...],
    period: Period | None,
    timezone: str,
    currencies: Sequence[str],
) -> list[Note]:
    nodes, window = words.nodes or "", read_span(words.window)
    if words.by and nodes:
        places = Note("values of {by} of {nodes}", by=words.by, nodes=nodes)
    elif words.by:
        places = Note("values of {by}", by=words.by)
    else:
        places = Note("events of {nodes}", nodes=nodes) if nodes else Note("events")
    told: dict[str, Any] = {"length": words.length, "places": places, "turn": turn}
    if words.to:
        what = Note("the last {length} {places} before each {turn}, since the one before it", **told)
    else:
        what = Note("the first {length} {places} after each {turn}, until the next", **told)
    within = "" if window is None else Note(" and within {span}", span=lasting_words(window))
    same = Note(", neighbours of the same value taken together") if words.collapse else ""
    shown = sum(line.count for line in rows)
    whole: dict[str, Any] = {"within": within, "same": same, "turn": turn, "period": period_words(period, timezone)}
    notes = [Note("Counted: {what}{within}{same}; {turn} {period}.", what=what, **whole)]
    if words.people:
        notes.append(only_words(words.people))
    notes.append(
        Note(
            "{reached} times {turn}; the {shown} commonest ways shown are {share} of them.",
            reached=found.reached,
            turn=turn,
            shown=len(rows),
            share=percent(share(shown, found.reached)),
        )
    )
    if words.to and words.level == "account":
        notes.append(
            Note(
                "Not yet: accounts whose events end with this way, without {turn} after it ({people}).",
                turn=turn,
                people=found.unreached,
            )
        )
    elif words.to:
        notes.append(
            Note(
                "Not yet: people whose events end with this way, without {turn} after it ({people}).",
                turn=turn,
                people=found.unreached,
            )
        )
    if any(line.value for line in rows):
        notes.append(
            Note("Value: in {currency}.", currency=currencies[0])
            if currencies
            else Note("Value: in the currency of the records.")
        )
    if len(currencies) > 1:
        listed = ", ".join(currencies)
        notes.append(Note("No value: the amounts are in {currencies}, which cannot be added.", currencies=listed))
    return notes

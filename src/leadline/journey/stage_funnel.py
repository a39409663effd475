"""Funnels of stages: how far people come along a journey, through which stages they were never seen to pass, how fast,
who goes back, and who leaves. The rules are told in `leadline.timeline.reference.stages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.errors import RefusedError, UsageError, unknown
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
    span_text,
    unit_of,
)
from leadline.journey.funnel import (
    P90,
    label_of,
    lasting_words,
    only_words,
    percent,
    period_words,
    read_breakdown,
    share,
    until_words,
)
from leadline.journey.step import STAGE, event_names, read_span
from leadline.model.journey import JourneyDefinition
from leadline.model.level import Level
from leadline.model.note import Lasting, Note
from leadline.timeline.question import NOTHING, Match

if TYPE_CHECKING:
    from leadline.time.period import Period
    from leadline.timeline.stages import Fate, StageResult, StageRow
    from leadline.timeline.timeline import Timeline


class StageLine(Line, frozen=True):
    """A stage in a row of a funnel of stages.

    `people` came to it or further, `inferred` of them skipped it. `back` went back from it to an earlier stage; of
    those who came no further `left` by an exit, and `open` are there still (None at the last, where all have arrived).
    Spans are seconds from the stage before, of those who entered both in turn.
    """

    group: str | None
    total: bool
    step: int
    stage: str
    people: int
    inferred: int
    of_first: float | None
    of_previous: float | None
    median: float | None
    mean: float | None
    p90: float | None
    back: int
    left: int
    open: int | None


class StageAnswer(Sequenced, frozen=True, kw_only=True):
    """A funnel of stages: a line a stage for each row, all people last."""

    rows: tuple[StageLine, ...]
    by: str
    found: Any

    def people(self, step: int, *, fate: Fate = "reached", **group: str | None) -> list[str]:
        """Ids of those who `reached` a stage (from 1), were `inferred`, `stopped` there, went `back` or `exited`.

        `group="Email"` only of that row. They are as the warehouse has them: mask before showing.
        """
        found: StageResult = self.found
        if "group" not in group:
            return found.people(step, fate)
        groups = {row.group for row in found.rows}
        if group["group"] not in groups:
            raise unknown(f"row by {self.by}", str(group["group"]), [name for name in groups if name is not None])
        return found.people(step, fate, group=group["group"], grouped=True)

    def svg(self, *, standalone: bool = False, locale: str = "en", rtl: bool | None = None) -> str:
        """The stages drawn as bars; what is inferred apart."""
        from leadline.charts.canvas import Frame
        from leadline.charts.funnel import FunnelBar, funnel_chart

        bars = [
            FunnelBar(
                line.stage,
                line.people,
                line.of_previous,
                group="" if line.total else label_of(line, self),
                inferred=line.inferred,
            )
            for line in self.rows
            if not (self.by and line.total)
        ]
        return funnel_chart(Frame(self.title, standalone=standalone, locale=locale, rtl=rtl), bars)

    def _repr_html_(self) -> str:
        cells = [cells_of_stage(line, self) for line in self.rows]
        return html_page(self.title, self.svg(), html_table(self.heads, cells, texts=2 if self.by else 1), self.notes)

    @property
    def heads(self) -> list[str]:
        """Names of the columns, as `cells_of_stage` fills them."""
        return [*([self.by] if self.by else []), "stage", unit_of(self.level), *_HEADS]


_HEADS = ("inferred", "of first", "of previous", "median", "mean", "p90", "back", "left", "there")


class StageWords(Struct, frozen=True):
    """A question of stages as people write it; see `leadline funnel --help`."""

    journey: str = ""
    window: str = "none"
    by: str = ""
    at: str = "first"
    people: str = ""
    level: Level = "person"


def answer_stages(
    words: StageWords,
    journey: JourneyDefinition,
    timeline: Timeline,
    period: Period | None,
    timezone: str,
    reach: Reach,
) -> StageAnswer:
    """How far people come along a journey. Raises `RefusedError` where no stage of it was ever entered."""
    known = {name.removeprefix(f"{STAGE}/") for name in event_names(timeline) if name.startswith(f"{STAGE}/")}
    never = [stage for stage in journey.stages if stage not in known]
    if len(never) == len(journey.stages):
        raise RefusedError(
            "no-stages",
            "Nobody ever entered a stage of this journey.",
            why=f"its stages are {', '.join(journey.stages)}; the records know {', '.join(sorted(known)) or 'none'}",
            fix="load a CRM's export of contacts, or list your own stages in journeys/NAME.yaml",
        )
    if words.by and words.at not in ("first", "last"):
        raise UsageError(
            "unknown-touch",
            f"Stages cannot be broken down at {words.at!r}.",
            why="a stage that was skipped has no entry of its own to take a value from",
            fix="write first or last",
        )
    window = read_span(words.window)
    since, until = bounds(period, timezone)
    exits = tuple(f"{STAGE}/{stage}" for stage in journey.exits if stage in known)
    found = timeline.stages(
        [Match((f"{STAGE}/{stage}",), named=stage) for stage in journey.stages],
        exits=Match(exits, named=" or ".join(journey.exits)) if exits else NOTHING,
        window=window,
        since=since,
        until=until,
        now=reach.ends,
        by=read_breakdown(words.by, words.at, timeline),
    )
    lines = [line for row in found.rows for line in _lines(row, journey, total=False)]
    lines += _lines(found.all, journey, total=True)
    span = found.all.total
    whole: Note | str = ""
    if span is not None and span.median is not None:
        median = Lasting(span_text(span.median), span.median)
        whole = Note(", {span} in the median from first to last", span=median)
    within = Note("since") if window is None else Note("within {span}", span=lasting_words(window))
    skipped = sum(found.all.inferred)
    told = {"period": period_words(period, timezone), "within": within, "whole": whole}
    notes = [
        Note(
            "Counted: accounts whose first entry of any of these stages lies {period}, and what became of them "
            "{within}{whole}.",
            **told,
        )
        if words.level == "account"
        else Note(
            "Counted: people whose first entry of any of these stages lies {period}, and what became of them "
            "{within}{whole}.",
            **told,
        )
    ]
    if words.people:
        notes.append(only_words(words.people))
    if skipped:
        notes.append(
            Note(
                "Inferred: {count} stages passed without an entry, because a later one came first; they lend no time.",
                count=skipped,
            )
        )
    if never:
        notes.append(Note("Never entered by anybody, so inferred throughout: {stages}.", stages=", ".join(never)))
    left = ", ".join(journey.exits) or Note("no stage")
    if words.level == "account":
        notes.append(
            Note(
                "Back: accounts that went on from there to an earlier stage. Left: the last entry is {stages}.",
                stages=left,
            )
        )
    else:
        notes.append(
            Note(
                "Back: people who went on from there to an earlier stage. Left: the last entry is {stages}.",
                stages=left,
            )
        )
    if window is None:
        notes.append(Note("There: at this stage at last."))
    else:
        notes.append(Note("There: at this stage at last, their window not over."))
    notes += [*left_out_words(timeline), until_words(reach)]
    return StageAnswer(
        title=journey.title or " → ".join(journey.stages),
        rows=tuple(lines),
        notes=tuple(notes),
        provenance=provenance_of(found.question, timeline, reach, period, timezone) | {"words": words},
        level=level_of(timeline),
        by=words.by,
        found=found,
    )


def _lines(row: StageRow, journey: JourneyDefinition, *, total: bool) -> list[StageLine]:
    lines = []
    for k, stage in enumerate(journey.stages):
        took = row.times[k - 1] if k else None
        lines.append(
            StageLine(
                group=row.group,
                total=total,
                step=k + 1,
                stage=stage,
                people=row.reached[k],
                inferred=row.inferred[k],
                of_first=share(row.reached[k], row.reached[0]),
                of_previous=share(row.reached[k], row.reached[k - 1]) if k else None,
                median=took.median if took else None,
                mean=took.mean if took else None,
                p90=took.quantiles[P90] if took else None,
                back=row.back[k],
                left=row.exited[k],
                open=row.waiting[k] if k + 1 < len(journey.stages) else None,
            )
        )
    return lines


def cells_of_stage(line: StageLine, answer: StageAnswer) -> list[str]:
    """A line as texts, in the order of the answer's `heads`."""
    counts = [f"{line.people:,}", f"{line.inferred:,}", percent(line.of_first), percent(line.of_previous)]
    spans = [span_text(line.median), span_text(line.mean), span_text(line.p90)]
    ends = [f"{line.back:,}", f"{line.left:,}", "–" if line.open is None else f"{line.open:,}"]
    return [*([label_of(line, answer)] if answer.by else []), f"{line.step}. {line.stage}", *counts, *spans, *ends]

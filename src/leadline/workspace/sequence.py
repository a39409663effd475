"""Questions that follow people through time: the workspace's timeline, funnels and paths.

The timeline is derived from the warehouse and lies in the workspace's folder of derived files; it is built when first
asked for and brought up to date when loads came, or were taken back, since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.engines.alone import alone
from leadline.errors import DataError, RefusedError
from leadline.time.period import parse_period
from leadline.workspace.beside import answered_near
from leadline.workspace.identity import Identifying
from leadline.workspace.segment import Segmenting

if TYPE_CHECKING:
    from leadline.journey.answer import Reach
    from leadline.journey.funnel import FunnelAnswer
    from leadline.journey.path import PathAnswer
    from leadline.journey.stage_funnel import StageAnswer
    from leadline.model.level import Level
    from leadline.time.calendar import Grain
    from leadline.time.period import Period
    from leadline.timeline import Timeline

TIMELINE = "timeline"
STAMP = "source.txt"
"""Beside the timeline's own files: what it was made from."""

LOCK = "timeline.lock"
LONG = 1_000_000
"""Rows from which on building is announced; so many take about a second."""

_BUILDING = threading.Lock()
Tell = Callable[[str], None]


class Sequences(Segmenting, Identifying):
    """Answers questions of order and time."""

    @answered_near
    def timeline(self, tell: Tell | None = None) -> Timeline:
        """The timeline of this workspace, in step with its loads.

        Building it takes about a second for each million rows; `tell` is told when it takes longer.
        """
        self._here()
        self.refresh_identity()
        folder = self.derived / TIMELINE
        found = self._current(folder)
        if found is not None:
            return found
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _BUILDING, alone(folder.parent / LOCK):
            # Whoever had the lock before may have done the work.
            return self._current(folder) or self._made(folder, tell)

    @answered_near
    def funnel(
        self,
        steps: Sequence[str],
        *,
        window: str = "30 days",
        order: str = "ordered",
        gap: Sequence[str] = (),
        without: Sequence[str] = (),
        by: str = "",
        at: str = "first",
        period: str | None = None,
        where: str | None = None,
        level: Level = "person",
        tell: Tell | None = None,
    ) -> FunnelAnswer:
        """Who gets from step to step.

        `steps` in words: a stage's id, an event's name, either with `where CONDITION`. `window` from the first step
        (`14 days`, `none`), `gap` between neighbours, one for all or one a pair. `order`: ordered, strict or any.
        `without`: `EVENT between 1 and 2`. Rows `by` a property at the `first`, `last`, `step:2` or `every` event.
        `where` chooses people by segments. At the `level` of accounts all people of a company go through the steps
        together, and accounts are counted.
        """
        from leadline.journey.funnel import FunnelWords, answer_funnel
        from leadline.journey.step import read_steps

        timeline = self._followed(where, level, tell)
        events = [event for step in read_steps(steps, timeline) for event in step.events]
        words = FunnelWords(tuple(steps), window, order, tuple(gap), tuple(without), by, at, where or "", level)
        return answer_funnel(words, timeline, self._period(period), self.settings.timezone, self.reach(events))

    @answered_near
    def stage_funnel(
        self,
        journey: str = "",
        *,
        window: str = "none",
        by: str = "",
        at: str = "first",
        period: str | None = None,
        where: str | None = None,
        level: Level = "person",
        tell: Tell | None = None,
    ) -> StageAnswer:
        """How far people come along a journey of `journeys/`, skipped stages inferred; see `docs/funnels.md`."""
        from leadline.journey.stage_funnel import StageWords, answer_stages
        from leadline.journey.step import STAGE
        from leadline.model.journey import choose_journey

        chosen = choose_journey(self.project.journeys, journey)
        timeline = self._followed(where, level, tell)
        words = StageWords(journey, window, by, at, where or "", level)
        return answer_stages(words, chosen, timeline, self._period(period), self.settings.timezone, self.reach([STAGE]))

    @answered_near
    def stage_cohorts(
        self,
        journey: str = "",
        *,
        window: str = "none",
        period: str,
        grain: Grain = "month",
        where: str | None = None,
        level: Level = "person",
        tell: Tell | None = None,
    ) -> list[tuple[dt.date, StageAnswer]]:
        """The same of those who entered in each of the periods of `grain` that begin within `period`, oldest first."""
        from leadline.journey.stage_funnel import StageWords, answer_stages
        from leadline.journey.step import STAGE
        from leadline.model.journey import choose_journey
        from leadline.time.period import Period

        chosen = choose_journey(self.project.journeys, journey)
        timeline = self._followed(where, level, tell)
        words = StageWords(journey, window, people=where or "", level=level)
        reach, zone, calendar = self.reach([STAGE]), self.settings.timezone, self.settings.calendar
        whole = self._period(period)
        if whole is None:
            return []
        days = calendar.starts(whole.start, min(whole.end, self.today), grain)
        spans = [Period(day, calendar.shift(day, grain, 1), grain, 1, str(day)) for day in days if day >= whole.start]
        return [(one.start, answer_stages(words, chosen, timeline, one, zone, reach)) for one in spans]

    @answered_near
    def paths(
        self,
        *,
        to: str = "",
        start: str = "",
        nodes: str = "",
        by: str = "",
        length: int = 5,
        top: int = 20,
        window: str = "none",
        collapse: bool = True,
        period: str | None = None,
        where: str | None = None,
        level: Level = "person",
        tell: Tell | None = None,
    ) -> PathAnswer:
        """The commonest ways `to` an event, or from a `start`, through events of `nodes`, as values of `by`."""
        from leadline.journey.path import PathWords, answer_paths
        from leadline.journey.step import read_step

        timeline = self._followed(where, level, tell)
        words = PathWords(to, start, nodes, by, length, top, window, collapse, where or "", level)
        turn = to or start
        events = read_step(turn, timeline).events if turn else ()
        facts = {event.partition("/")[0] for event in events}
        currencies = sorted({code for fact in facts & set(self.states()) for code in self.states()[fact].currencies})
        return answer_paths(
            words, timeline, self._period(period), self.settings.timezone, self.reach(events), currencies
        )

    def _followed(self, where: str | None, level: Level, tell: Tell | None) -> Timeline:
        """The timeline that a question is asked of: of some people, or of accounts."""
        return self._at_level(self._only_people(self.timeline(tell), where), level)

    def _at_level(self, timeline: Timeline, level: Level) -> Timeline:
        """The timeline as it is, or by account."""
        from leadline.model.level import check_level

        if check_level(level) == "person":
            return timeline
        from leadline.timeline.accounts import by_account, read_spells

        return by_account(timeline, read_spells(timeline, self.warehouse()))

    @answered_near
    def events(self, tell: Tell | None = None) -> dict[str, int]:
        """What can be a step: the events of the timeline, and how often each happened."""
        from leadline.journey.step import count_events

        return count_events(self.timeline(tell))

    def reach(self, events: Sequence[str]) -> Reach:
        """How far the data behind these events reach; of no event in particular, all data."""
        from leadline.journey.answer import reach_of

        return reach_of(events, self.facts, self.states(), self.settings.timezone, self.today)

    def _period(self, text: str | None) -> Period | None:
        return parse_period(text, self.today, self.settings.calendar) if text else None

    def _here(self) -> None:
        from leadline.engines.address import is_address

        if is_address(self.settings.warehouse):
            raise RefusedError(
                "timeline-elsewhere",
                "Questions of order and time are answered by the workspace itself only.",
                why="this is another view of its data, which are on another engine",
                fix="ask the workspace, under the definitions it has now",
            )

    def _current(self, folder: Path) -> Timeline | None:
        """The timeline as it is, when it is in step with the warehouse."""
        from leadline.timeline import Timeline
        from leadline.timeline.source import identity_version

        try:
            found = Timeline.open(folder)
            stamp = (folder / STAMP).read_text(encoding="utf-8")
        except (DataError, FileNotFoundError):
            # None yet, one of another version, or one that is just being replaced: it is made below.
            return None
        same = stamp == self._stamp(None) and found.manifest.identity == identity_version(self.warehouse())
        return found if same else None

    def _made(self, folder: Path, tell: Tell | None) -> Timeline:
        """The timeline, refreshed where it was made from the same loads and more came since, else built anew."""
        from leadline.timeline import Timeline
        from leadline.timeline.source import build_from_warehouse, refresh

        warehouse = self.warehouse()
        now = self._stamp(None)
        stamp = folder / STAMP
        rows = sum(state.rows for state in self.states().values())
        if tell is not None and rows >= LONG:
            tell(f"Bringing the timeline up to date: up to {rows:,} rows, about {rows // LONG} s.")
        try:
            before = Timeline.open(folder)
            same = stamp.read_text(encoding="utf-8") == self._stamp(before.manifest.synced)
        except (DataError, FileNotFoundError):
            same = False
        relation = self._event_rows()
        if same:
            made = refresh(before, warehouse, relation=relation)[0]
        else:
            made = build_from_warehouse(folder, warehouse, relation=relation)[0]
        stamp.write_text(now, encoding="utf-8")
        return made

    def _event_rows(self) -> Callable[[str], str]:
        """The rows that events are made of, with channels told by rule."""
        return self.ruled_relation(self.ruled_facts())

    def _stamp(self, until: int | None) -> str:
        """What a timeline is made from: the rules of its events, and the loads up to `until` (None: all)."""
        from leadline.timeline.source import KEPT, events_sql

        warehouse = self.warehouse()
        digest = hashlib.sha256(f"{KEPT}|{events_sql(warehouse.facts, relation=self._event_rows())}".encode())
        loads = warehouse.con.execute(
            "SELECT id, source, content, mapping, status FROM ledger.load WHERE id <= coalesce(?, id) ORDER BY id",
            [until],
        )
        for load in loads.fetchall():
            digest.update(repr(load).encode())
        return digest.hexdigest()

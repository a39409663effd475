"""People by their segments: who is in one, and a timeline narrowed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.errors import UsageError, unknown
from leadline.workspace.measure import Measuring

if TYPE_CHECKING:
    from leadline.model.tree import Row
    from leadline.plan.query import Query
    from leadline.timeline import Timeline
    from leadline.timeline.view import View


class Segmenting(Measuring):
    """Knows who is in a segment."""

    def _only_people(self, timeline: Timeline, where: str | None) -> Timeline:
        """The timeline of the people that `where` lets through; raises `UsageError` unless it is about segments."""
        from leadline.model.text import condition_text

        if not where:
            return timeline
        view, rest = self._people_of(timeline, self.ask((), where=where))
        if rest:
            raise UsageError(
                "journey-filter",
                f"{condition_text(rest[0])!r} is no segment.",
                why="steps and ways are filtered by segments of people only: a person's events may differ in all else",
                fix="put it into a step, such as \"page_view where channel = 'Email'\", or write segment.NAME",
            )
        return timeline.narrowed(view)

    def _people_of(self, timeline: Timeline, asked: Query) -> tuple[View, list[Row]]:
        """The events of the people a filter lets through by their segments, and the filter's other parts."""
        from leadline.journey.segment import split_filter
        from leadline.timeline.people import only_people

        view = timeline.view
        segments, rest = split_filter(asked.where)
        for name, inside in segments:
            view = only_people(view, self._segment_codes(name, asked, timeline), others=not inside)
        return view, rest

    def _segment_codes(self, name: str, asked: Query, timeline: Timeline) -> Any:
        """The people of a segment, as codes of a timeline in ascending order."""
        import numpy as np

        from leadline.model.segment import PREFIX
        from leadline.sql.segment import listed_sql, people_sql
        from leadline.timeline.dictionary import PERSON
        from leadline.timeline.source import persons_of

        known = {lookup.gives[0].removeprefix(PREFIX): lookup for lookup in self.project.lookups if lookup.segment}
        if name not in known:
            raise unknown("segment", name, known, fix="" if known else "define it in segments/people.yaml")
        segment = known[name]
        self.refresh_lookups([segment])
        warehouse = self.warehouse()
        renderer, tables = self.renderer(asked), self.project.tables

        def members(rows: str) -> Any:
            inside = np.zeros(timeline.dictionaries.sizes[PERSON] + 1, bool)
            ids = [str(row[0]) for row in warehouse.rows(f"SELECT known_as FROM {rows} AS found")[1]]
            inside[list(timeline.dictionaries.person_codes(persons_of(warehouse, ids)).values())] = True
            return inside

        parts = [members(listed_sql(renderer, renderer.relation, segment))] if segment.file else []
        for line in segment.rule:
            either = [
                members(people_sql(renderer, renderer.relation, tables, one, asked.today, asked.timezone)) != one.absent
                for one in line
            ]
            parts.append(np.any(either, axis=0))
        return np.flatnonzero(np.all(parts, axis=0))

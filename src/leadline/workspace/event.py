"""Events: the process from invitation to revenue, and the four questions that are asked of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leadline.errors import RefusedError, UsageError, unknown
from leadline.model import tree
from leadline.model.infer import TOUCHES
from leadline.plan.leg import Credits, Named, Scan
from leadline.plan.query import FactState, Query
from leadline.workspace.beside import answered_near
from leadline.workspace.measure import Measuring

if TYPE_CHECKING:
    from leadline.journey.event import Deal, EventLine, Occasion
    from leadline.journey.event_answer import EventsAnswer

MEMBERS = "event_member"
CREDITED = {"credited_pipeline": "event_pipeline", "credited_revenue": "event_revenue"}


class Events(Measuring):
    """Follows events."""

    @answered_near
    def event(
        self,
        event: str = "",
        *,
        period: str | None = None,
        within: float | None = None,
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        people: str = "",
        reveal: bool = False,
    ) -> EventsAnswer:
        """The process of one event (by name or id) or of all in a period, with the four questions of 000-16 answered.

        `within` days after an event its attendees' deals count as influenced (the workspace's lookback unless given).
        `people` names a step whose persons are listed; their e-mails are masked unless `reveal`, which the workspace
        must allow. Raises `UsageError` for an event or step nobody knows, `RefusedError` where there are no events.
        """
        from leadline.journey.answer import check_reveal
        from leadline.journey.event import STEPS, Known, follow, total_of
        from leadline.journey.event_answer import EventsAnswer, masked
        from leadline.journey.event_source import find_occasions, names_of
        from leadline.journey.event_words import Words, four_answers

        asked = self.ask((), period=period, as_known_at=as_known_at, currency=currency, lookback=within)
        if not asked.lookback_days > 0:
            raise UsageError("bad-window", "A window of no days sees nothing.", fix="give more than 0")
        if people and people not in STEPS:
            raise unknown("step of an event", people, STEPS)
        check_reveal(reveal, self.settings.reveal_personal)
        if not self._fed(MEMBERS):
            raise RefusedError(
                "no-events",
                "No events are known yet.",
                why=f"no source feeds the fact {MEMBERS}",
                fix=f"load {self.facts[MEMBERS].fed_by}",
            )
        occasions = self._occasions(asked)
        chosen = self._within(occasions, asked)
        if event:
            chosen = find_occasions(chosen, event)
            if not chosen:
                raise unknown("event", event, names_of(occasions))
        now = self._now(asked)
        deals, code = self._deals(asked)
        known = Known(self._leads(asked), deals, now, dt.timedelta(days=asked.lookback_days))
        credited = self._credited(chosen, occasions, asked, now)
        lines: list[EventLine] = []
        for one in chosen:
            line = follow(one, known, [other for other in occasions if other.at < one.at])
            lines.append(replace(line, contribution=replace(line.contribution, **credited.get(one.id, {}))))
        total = total_of(lines, any(line.window_open for line in lines))
        words = Words(code, asked.attribution, asked.lookback_days, asked.timezone)
        about = lines[0] if len(lines) == 1 else total
        behind = None
        if people:
            behind = tuple(row for line in lines for row in masked(line, people, reveal=reveal))
        return EventsAnswer(
            event,
            tuple(lines),
            total,
            words,
            four_answers(about, words),
            behind,
            _notes(lines),
            {
                "period": {"from": asked.period.start.isoformat(), "until": asked.period.end.isoformat()}
                if asked.period
                else None,
                "timezone": asked.timezone,
                "as_of_load": asked.as_of_load,
                "known_until": now.isoformat(),
                "facts": {name: self.states()[name].rows for name in _READ if self._fed(name)},
                "without_data": [name for name in _READ if not self._fed(name)],
            },
        )

    def event_steps(self, period: str | None = None) -> EventLine:
        """All events of a period together as `event` counts them, from invitation to engagement: what followed them
        (leads, deals, credit) is not looked at.
        """
        from leadline.journey.event import Known, follow, total_of

        asked = self.ask((), period=period)
        known = Known(None, None, self._now(asked), dt.timedelta(days=asked.lookback_days))
        chosen = self._within(self._occasions(asked), asked) if self._fed(MEMBERS) else []
        return total_of([follow(one, known) for one in chosen], window_open=False)

    def _now(self, asked: Query) -> dt.datetime:
        """The end of today: what lies after it is still to come."""
        from leadline.time.zone import day_start

        return day_start((asked.today or self.today) + dt.timedelta(days=1), asked.timezone)

    def _fed(self, fact: str) -> bool:
        return bool(self.states().get(fact, FactState()).rows)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.warehouse().rows(sql)[1]

    def _table(self, fact: str, asked: Query) -> str:
        return self.warehouse().relation(fact, asked.as_of_load)

    def _occasions(self, asked: Query) -> list[Occasion]:
        from leadline.journey.event_source import read_occasions

        emails = self._table("email", asked) if self._fed("email") else None
        return read_occasions(self._rows, self._table(MEMBERS, asked), emails)

    def _within(self, occasions: Sequence[Occasion], asked: Query) -> list[Occasion]:
        """Events that began in the period."""
        from leadline.time.zone import day_start

        if asked.period is None:
            return list(occasions)
        first, end = (day_start(day, asked.timezone) for day in (asked.period.start, asked.period.end))
        return [one for one in occasions if first <= one.at < end]

    def _leads(self, asked: Query) -> dict[str, dt.datetime] | None:
        """First moments as a lead; None where nobody ever became one."""
        from leadline.journey.event_source import read_leads

        if not self._fed("stage_entry"):
            return None
        entries = self._table("stage_entry", asked)
        if not self._rows(f"SELECT 1 FROM {entries} AS entry WHERE stage = 'lead' LIMIT 1"):
            return None
        return read_leads(self._rows, entries, self._table(MEMBERS, asked))

    def _deals(self, asked: Query) -> tuple[Mapping[str, Sequence[Deal]] | None, str]:
        """Deals of attendees and their currency; None where no source brings deals with their contact."""
        from leadline.journey.event_source import read_deals

        if not self._fed("deal") or "person_id" in self._empty_columns("deal", ["person_id"]):
            return None, asked.currency
        codes = self.states()["deal"].currencies
        if len(codes) > 1 and not asked.currency:
            raise RefusedError(
                "mixed-currencies",
                f"Deals are worth amounts in {', '.join(codes)}.",
                why="amounts of different currencies cannot be added",
                fix="convert them with --currency CODE, or set reporting_currency in leadline.yaml",
            )
        opened, won = (self._converted(asked, time) for time in ("created_at", "won_at"))
        found = read_deals(self._rows, opened, won, self._table(MEMBERS, asked))
        return found, asked.currency or (codes[0] if codes else "")

    def _converted(self, asked: Query, time: str) -> str:
        """The rows of deals with amounts in the currency asked for, by the rate of the day in `time`."""
        leg = Scan(
            fact="deal",
            by=(),
            where=(),
            spans=(),
            grain=None,
            window=0,
            calendar=asked.calendar,
            timezone=asked.timezone,
            time=time,
            measures=(Named("m0", tree.Sum("deal", tree.Column("amount"), at=time)),),
        )
        return self._ready(asked, [leg]).for_leg(leg).source("deal")

    def _credited(
        self, chosen: Sequence[Occasion], occasions: Sequence[Occasion], asked: Query, now: dt.datetime
    ) -> dict[str, dict[str, float]]:
        """Pipeline and revenue that the workspace's model credits to each event's touches, by event id.

        The metrics are those of the catalogue, narrowed to touches that name the event and lie about it.
        """
        from leadline.journey.event_source import credit_window
        from leadline.time.period import Period

        if not self._fed(TOUCHES) or not all(metric in self.metrics for metric in CREDITED.values()):
            return {}
        same: dict[str, list[Occasion]] = {}
        for one in occasions:
            same.setdefault(one.name, []).append(one)
        found: dict[str, dict[str, float]] = {}
        for one in chosen:
            first, last = credit_window(one, same)
            touches = tree.And((
                tree.Compare("=", tree.Column("content"), tree.Constant(one.name)),
                tree.Between(tree.Column("touched_at"), tree.Constant(_text(first)), tree.Constant(_text(last))),
            ))  # fmt: skip
            if one.at > now or not self._touched(touches, asked):
                continue
            begins = one.at.date()
            ends = begins + dt.timedelta(days=round(asked.lookback_days) + 1)
            period = Period(begins, ends, "day", (ends - begins).days, "")
            narrowed = replace(asked, metrics=tuple(CREDITED.values()), period=period)
            found[one.id] = dict(zip(CREDITED, self._credit_of(narrowed, touches), strict=True))
        return found

    def _touched(self, touches: tree.Row, asked: Query) -> bool:
        """Whether any touch of this event is known."""
        renderer = self.renderer(asked)
        kind = tree.Compare("=", tree.Column("kind"), tree.Constant("event"))
        meets = renderer.row(tree.And((kind, touches)), self.facts[TOUCHES], 0)
        return bool(self._rows(f"SELECT 1 FROM {self._table(TOUCHES, asked)} AS touch WHERE {meets} LIMIT 1"))

    def _credit_of(self, asked: Query, touches: tree.Row) -> list[float]:
        """The credited metrics of a query, of some touches only."""
        plan = self.compile(asked)
        amounts = []
        for leg in plan.legs:
            assert isinstance(leg, Credits)
            where = touches if leg.measure.where is None else tree.And((leg.measure.where, touches))
            leg = replace(leg, measure=replace(leg.measure, where=where))
            rows = self._rows(self._ready(asked, [leg]).render(leg))
            amounts.append(sum(float(row[-1] or 0) for row in rows))
        return amounts


_READ = (MEMBERS, "email", "stage_entry", "deal", TOUCHES)


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(sep=" ")


def _notes(lines: Sequence[EventLine]) -> tuple[str, ...]:
    notes = []
    if any(step.unit == "e-mails" for line in lines for step in line.steps):
        notes.append("✉ counts e-mails of campaigns that name the event, not people.")
    if len(lines) > 1:
        notes.append(
            "In the total, registrations and attendances are added; leads and buyers count once, and so do their deals."
        )
    if any(line.contribution.opened is not None for line in lines):
        notes.append(
            "Influenced is not caused: attendees were keener to begin with. Credited is another figure; never add them."
        )
    if any(line.contribution.credited_revenue is not None for line in lines):
        notes.append(
            "Credited here goes by the event, for deals of its window; the metrics event_pipeline and event_revenue go "
            "by the day of the deal."
        )
    notes += [f"{line.name}: {line.hint}" for line in lines if line.hint]
    return tuple(notes)

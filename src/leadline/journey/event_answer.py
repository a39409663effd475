"""The answer about events: a line an event and one for all, as data, as a page's table and as a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from leadline.charts.canvas import Frame
from leadline.charts.steps import StepBar, steps_chart
from leadline.charts.value import NOTHING, format_value
from leadline.journey.answer import HIDDEN, html_page, html_table, told_people
from leadline.journey.event import STEPS, Contribution, EventLine
from leadline.journey.event_words import Words, day_text, money, step_text


class EventsAnswer(Struct, frozen=True):
    """Events in the order of their start, and all of them together.

    `answers` are those to the four questions, about the one event asked for or about all. `people` are the persons
    behind the step that was asked for, masked unless they may be shown.
    """

    asked: str
    events: tuple[EventLine, ...]
    total: EventLine
    words: Words
    answers: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str, str], ...] | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def line(self) -> EventLine:
        """What the questions are about: the only event, else all."""
        return self.events[0] if len(self.events) == 1 else self.total

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row an event and step, the total last (its `event_id` is None)."""
        found = []
        for line in [*self.events, self.total]:
            for step in line.steps:
                told = {name: value for name, value in asdict(step).items() if name != "name"}
                at = line.at.isoformat() if line.at else None
                found.append(
                    {"event_id": line.id or None, "event": line.name, "event_at": at, "step": step.name, **told}
                )
        return found

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows."""
        return self.rows

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.rows)

    def as_data(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        return {
            "asked": self.asked,
            "events": [_plain(line) for line in self.events],
            "total": _plain(self.total),
            "answers": [{"question": question, "answer": answer} for question, answer in self.answers],
            "people": None
            if self.people is None
            else [{"person_id": id, "email": email, "event": event} for id, email, event in self.people],
            "currency": self.words.currency,
            "model": self.words.model,
            "within_days": self.words.days,
            "notes": self.notes,
            "provenance": self.provenance,
        }

    def svg(self, *, standalone: bool = True, width: int = 760) -> str:
        """The process of the event asked for, or of all together, drawn."""
        bars = [
            StepBar(step.name, step.count, step_text(step), counted=step.unit == "people") for step in self.line.steps
        ]
        return steps_chart(Frame(title_of(self.line, self.words.timezone), width=width, standalone=standalone), bars)

    def _repr_html_(self) -> str:
        table = html_table(HEADS, table_rows(self), texts=2)
        told = [f"{question} {answer}" for question, answer in self.answers]
        return html_page(
            title_of(self.line, self.words.timezone), self.svg(standalone=False), table, [*told, *self.notes]
        )


HEADS = ("event", "day", *STEPS, "new pipeline", "won", "credited revenue")


def table_rows(answer: EventsAnswer) -> list[list[str]]:
    """A row an event and the total: counts, and what it contributed; an en dash where nothing can be said."""
    rows = []
    for line in [*answer.events, *([answer.total] if len(answer.events) > 1 else [])]:
        found: Contribution = line.contribution
        counts = [_count(line, name) for name in STEPS]
        amounts = [
            money(amount, answer.words.currency)
            for amount in (found.opened_value, found.won_value, found.credited_revenue)
        ]
        rows.append([line.name, day_text(line.at, answer.words.timezone) if line.at else "", *counts, *amounts])
    return rows


def title_of(line: EventLine, timezone: str) -> str:
    """Name and local day."""
    return f"{line.name}, {day_text(line.at, timezone)}" if line.at else line.name


def masked(line: EventLine, step: str, *, reveal: bool) -> tuple[tuple[str, str, str], ...]:
    """Person, e-mail and event of those behind a step, in order."""
    return tuple(
        sorted(
            (
                told_people([one.person if one.person is not None else one.key], reveal=reveal)[0],
                (one.email or "") if reveal else HIDDEN if one.email else "",
                line.name,
            )
            for one in line.people.get(step, ())
        )
    )


def _count(line: EventLine, name: str) -> str:
    step = line.step(name)
    if step.count is None:
        return NOTHING
    return format_value(step.count) + ("✉" if step.unit != "people" else "")


def _plain(line: EventLine) -> dict[str, Any]:
    told = {name: value for name, value in asdict(line).items() if name not in ("people", "deals", "mails")}
    told["mails"] = {
        kind: dict(zip(("delivered", "opened", "clicked"), found, strict=True)) for kind, found in line.mails.items()
    }
    return told

"""The company's own tables, which no built-in format knows: the demo workspace maps them in `sources/`."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.demo.clock import Clock
from leadline.demo.export.text import File, Row, money, table, utf8
from leadline.demo.world import World


def costs(world: World) -> Iterator[File]:
    """The finance team's bookings: semicolons, decimal commas, days as 31.07.2024."""
    rows: list[Row] = [("Booked on", "Team", "Category", "Vendor", "Channel", "Actual (EUR)", "Budget (EUR)")]
    for cost in world.costs:
        rows.append(
            (f"{cost.day:%d.%m.%Y}", cost.team, cost.category, cost.vendor, cost.channel, _german(cost.cents),
             _german(cost.planned))
        )  # fmt: skip
    yield "costs.csv", utf8(table(rows, delimiter=";", newline="\r\n"), mark=True)


def _german(cents: int) -> str:
    return money(cents, grouped=True).translate(str.maketrans(",.", ".,"))


def sales_activities(world: World) -> Iterator[File]:
    """What sales did with leads, in local time."""
    clock = Clock(world.company.timezone)
    rows: list[Row] = [
        ("Activity ID", "Activity date", "Type", "Outcome", "Sent by sequence", "Contact email", "Assigned to")
    ]
    for one in world.activities:
        rows.append(
            (one.id, f"{clock.local(one.at):%Y-%m-%d %H:%M}", one.kind, one.outcome, "Yes" if one.automated else "No",
             one.person.email, one.person.owner)
        )  # fmt: skip
    yield "sales_activities.csv", utf8(table(rows))


def survey(world: World) -> Iterator[File]:
    """Answers to the quarterly survey, in UTC."""
    rows: list[Row] = [("Response ID", "Submitted at", "Email", "How likely are you to recommend us?", "Plan")]
    rows.extend(
        (one.id, f"{one.at:%Y-%m-%dT%H:%M:%SZ}", one.person.email, str(one.score), one.plan) for one in world.answers
    )
    yield "nps_responses.csv", utf8(table(rows))


def product_events(world: World) -> Iterator[File]:
    """Events in the product, in UTC; `count` says how often within the row's minute."""
    rows: list[Row] = [("event_id", "time", "user", "event", "plan", "count", "feature")]
    rows.extend(
        (one.id, f"{one.at:%Y-%m-%dT%H:%M:%SZ}", one.email, one.event, one.plan, str(one.quantity), one.feature)
        for one in world.usage
    )
    yield "product_events.csv", utf8(table(rows))

"""CRM exports: contacts with a date for each stage, and deals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from leadline.demo.clock import Clock
from leadline.demo.export.text import File, Row, money, table, utf8
from leadline.demo.world import Deal, Person, World

STAGES = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "mql": "Marketing Qualified Lead",
    "sql": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
}


PROBABILITIES = {
    "Appointment scheduled": "0.2",
    "Qualified to buy": "0.4",
    "Presentation scheduled": "0.6",
    "Contract sent": "0.9",
    "Closed won": "1",
    "Closed lost": "0",
}


def contacts(world: World) -> Iterator[File]:
    """All contacts: every cell quoted, times in the portal's own zone to the minute, no date for stages not reached."""
    clock = Clock(world.company.timezone)
    channels = {channel.name: channel.crm_name for channel in world.company.channels}
    last_amount = {deal.person.id: deal.cents for deal in world.deals if deal.status == "won"}
    rows: list[Row] = [
        ("Record ID", "First Name", "Last Name", "Email", "Company Name", "Country/Region", "Contact owner",
         "Lifecycle Stage", "Lead Status", "Create Date", "Became a Subscriber Date", "Became a Lead Date",
         "Became a Marketing Qualified Lead Date", "Became a Sales Qualified Lead Date",
         "Became an Opportunity Date", "Became a Customer Date", "Original Source",
         "First Touch Converting Campaign", "Last Touch Converting Campaign", "Number of Sessions",
         "Recent Deal Amount"),
    ]  # fmt: skip
    for person in world.people:
        amount = last_amount.get(person.id)
        rows.append(
            (person.id, person.first, person.last, person.email, person.company, person.country, person.owner,
             _stage(person), _status(person), _minute(clock, person.created_at),
             *(_minute(clock, person.stages.get(stage)) for stage in STAGES), channels[person.channel],
             person.campaign, person.campaign, str(person.visits), money(amount) if amount else "")
        )  # fmt: skip
    yield "hubspot-crm-exports-all-contacts.csv", utf8(table(rows, quote_all=True))


def _stage(person: Person) -> str:
    reached = [label for stage, label in STAGES.items() if stage in person.stages]
    return reached[-1] if reached else "Subscriber"


def _status(person: Person) -> str:
    if "opportunity" in person.stages:
        return "Open deal"
    return "In progress" if "sql" in person.stages else "Open" if "mql" in person.stages else "New"


def _minute(clock: Clock, moment: datetime | None) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""


def deals(world: World) -> Iterator[File]:
    """All deals: the close date is the day of closing, or for open ones the day the owner hopes for."""
    clock = Clock(world.company.timezone)
    channels = {channel.name: channel.crm_name for channel in world.company.channels}
    rows: list[Row] = [
        ("Record ID", "Deal Name", "Amount", "Currency", "Deal Stage", "Pipeline", "Deal Type", "Create Date",
         "Close Date", "Deal probability", "Deal owner", "Company Name", "Associated Contact",
         "Associated Contact Emails", "Original Source", "Closed Lost Reason"),
    ]  # fmt: skip
    rows.extend(_deal_row(world, clock, channels, deal) for deal in world.deals)
    yield "hubspot-crm-exports-all-deals.csv", utf8(table(rows, quote_all=True))


def _deal_row(world: World, clock: Clock, channels: dict[str, str], deal: Deal) -> tuple[str, ...]:
    person = deal.person
    return (
        deal.id, f"{person.company} - {deal.plan}", money(deal.cents), world.company.currency, deal.stage,
        "Sales Pipeline", "New Business", _minute(clock, deal.created_at),
        _minute(clock, deal.closed_at or deal.expected_close), PROBABILITIES[deal.stage], person.owner, person.company,
        person.name, person.email,
        channels[person.channel], deal.loss_reason,
    )  # fmt: skip

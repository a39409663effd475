"""What e-mails answer of a question about events, where no source tells it person by person."""

from __future__ import annotations

from msgspec import Struct

from leadline.charts.value import format_value
from leadline.governance.measurable import Inventory, Standing
from leadline.journey.event_words import INFLATED
from leadline.workspace import Workspace


class Told(Struct, frozen=True):
    """What other evidence than the metrics tells: its name, a share (None: of other events than its base), and in words
    what was counted.
    """

    name: str
    value: float | None
    words: str
    standing: Standing


def reminder_mails(workspace: Workspace, inventory: Inventory) -> Told | None:
    """The share opened of the reminders of the period's events, as `leadline event` counts them.

    None where no event has any, or no e-mail tool says who opened them.
    """
    line = workspace.event_steps(inventory.period.written)
    sent, opened = line.step("reminded"), line.step("opened")
    if not sent.count or opened.count is None or {sent.unit, opened.unit} != {"e-mails"}:
        return None
    return Told(
        "Reminder e-mails opened",
        opened.share,
        f"{format_value(opened.count)} of {format_value(sent.count)} reminder e-mails delivered were opened; these are "
        f"e-mails of campaigns that name the event, not people; {INFLATED}",
        inventory.standing_of(["event_member", "email"]),
    )

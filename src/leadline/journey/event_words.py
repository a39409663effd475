"""The four questions of an event, answered in words, and its steps as people read them (000-16)."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from leadline.charts.value import format_value
from leadline.journey.event import EventLine, Step
from leadline.time.zone import offset_at

QUESTIONS = (
    "Registered?",
    "Really attended?",
    "Looked at the reminder e-mails we sent?",
    "What did the event contribute to revenue growth?",
)
INFLATED = "opens are inflated by mail privacy proxies"


class Words(Struct, frozen=True):
    """What the words need beside the figures."""

    currency: str
    model: str
    days: float
    timezone: str = "UTC"


def four_answers(line: EventLine, words: Words) -> tuple[tuple[str, str], ...]:
    """The questions of 000-16 with their answers."""
    told = (_registered(line), _attended(line), _reminded(line), _contributed(line, words))
    return tuple(zip(QUESTIONS, told, strict=True))


def step_text(step: Step) -> str:
    """A step in a line: count, unit where it is not people, share and of what; or why there is no count."""
    if step.count is None:
        return step.note or f"no source: it needs {step.needs}"
    text = format_value(step.count)
    if step.unit != "people":
        text += f" {step.unit}"
    if step.share is not None:
        text += f", {format_value(step.share, 'percent')} of {step.of}"
    return f"{text} ({step.note})" if step.note else text


def money(amount: float | None, currency: str) -> str:
    """An amount without cents."""
    return format_value(amount, "money", currency=currency, digits=0)


def day_text(moment: dt.datetime, timezone: str) -> str:
    """The local day of a moment."""
    return (moment + offset_at(moment, timezone)).date().isoformat()


def _registered(line: EventLine) -> str:
    step, invited = line.step("registered"), line.step("invited")
    if step.count is None:
        return _unknown(step)
    text = f"{format_value(step.count)} {'registrations' if not line.id else 'people registered'}"
    if invited.count is not None and step.share is not None:
        asked = "people invited" if invited.unit == "people" else "invitations delivered"
        text += f", {format_value(step.share, 'percent')} of {format_value(invited.count)} {asked}"
    clicks = line.mails.get("invitation", (0, 0, 0))[2]
    if clicks and invited.unit != "people":
        text += f" ({format_value(clicks)} clicked)"
    return f"{text}."


def _attended(line: EventLine) -> str:
    step = line.step("attended")
    if step.count is None:
        return _unknown(step)
    text = f"{format_value(step.count)} came"
    if step.share is not None:
        text += f": {format_value(step.share, 'percent')} of those who registered"
    walked_in = step.count - line.registered_of_attended
    if walked_in and step.share is not None:
        text += f", and {format_value(walked_in)} who had not"
    if line.minutes is not None:
        text += f"; they stayed {format_value(line.minutes, digits=0)} minutes on average"
    if not line.id:
        different = len({one.person or one.key for one in line.people.get("attended", ())})
        text += f". They are {format_value(different)} different people"
    return f"{text}."


def _reminded(line: EventLine) -> str:
    sent, opened = line.step("reminded"), line.step("opened")
    if sent.count is None:
        return f"Unknown. No source tells of reminders: it needs {sent.needs}."
    if opened.count is None:
        reminded = f"{format_value(sent.count)} {'e-mails sent' if sent.unit != 'people' else 'people reminded'}"
        return f"Unknown. {reminded}, and no source tells of opens: it needs {opened.needs}."
    what = "reminder e-mails delivered" if sent.unit != "people" else "people reminded"
    text = f"{format_value(opened.count)} of {format_value(sent.count)} {what} "
    text += "opened one" if sent.unit == "people" else "were opened"
    if opened.share is not None:
        text += f" ({format_value(opened.share, 'percent')})"
    clicks = line.mails.get("reminder", (0, 0, 0))[2]
    if clicks and sent.unit != "people":
        text += f", {format_value(clicks)} clicked"
    return f"{text}; {INFLATED}."


def _contributed(line: EventLine, words: Words) -> str:
    found = line.contribution
    if line.step("attended").note == "the event is still to come":
        return "Nothing yet: the event is still to come."
    parts = []
    if found.opened is None:
        parts.append(f"Unknown for its attendees: it needs {line.step('pipeline').needs}.")
    else:
        parts.append(
            f"Influenced: within {words.days:g} days attendees opened {_deals(found.opened)} worth "
            f"{money(found.opened_value, words.currency)} (new pipeline) and won {_deals(found.won or 0)} worth "
            f"{money(found.won_value, words.currency)}; {_deals(found.open_before or 0)} worth "
            f"{money(found.open_before_value, words.currency)} {'was' if found.open_before == 1 else 'were'} "
            "open already."
        )
    if found.credited_revenue is None and found.credited_pipeline is None:
        parts.append("Credited: unknown, it needs touches of kind event whose content names the event (fact touch).")
    else:
        parts.append(
            f"Credited by {words.model}: {money(found.credited_pipeline, words.currency)} of pipeline and "
            f"{money(found.credited_revenue, words.currency)} of revenue."
        )
    if line.window_open:
        until = f" (until {day_text(line.window_ends, words.timezone)})" if line.window_ends is not None else ""
        parts.append(f"The window is still open{until if line.id else ' for the latest events'}: it will grow.")
    return " ".join(parts)


def _deals(count: int) -> str:
    return f"{format_value(count)} {'deal' if count == 1 else 'deals'}"


def _unknown(step: Step) -> str:
    return f"Not yet: {step.note}." if step.note else f"Unknown. No source tells: it needs {step.needs}."

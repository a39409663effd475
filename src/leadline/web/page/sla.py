"""SLA: promises kept, breached and open, each breach with owner, record and how late; disputes; the statement."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from leadline.charts.label import clean
from leadline.charts.scale import Number
from leadline.charts.value import format_value, local_digits
from leadline.errors import LeadlineError, RefusedError
from leadline.governance.dispute import raise_dispute
from leadline.governance.sla import Delivery, Item, Ledger, measure_sla
from leadline.governance.statement import Statement, make_statement
from leadline.governance.statement import sign as put_signature
from leadline.report.format import format_period
from leadline.report.goal_view import span_words
from leadline.report.sla_text import hours_text, local
from leadline.time.zone import offset_at
from leadline.web.page.goals import tabs
from leadline.web.question import Deed, Page, Question, Sent, View
from leadline.web.render import error_view

if TYPE_CHECKING:
    from leadline.language.language import Language

PERIOD = "this-month"
PERIODS = ("this-month", "last-month", "this-quarter", "last-quarter", "this-year")
MOST = 100
STATES = {"kept": "good", "breached": "bad"}


def show(question: Question) -> View:
    """The ledger of a period, the breaches first."""
    language, given = question.language, question.given
    period = given.get("period") or PERIOD
    page: View = {
        "tabs": tabs(question, "sla"),
        "period": period,
        "periods": PERIODS,
        "owner": given.get("owner", ""),
        "ledger": None,
        "error": None,
        "no_agreement": False,
        "dispute": None,
        "may_edit": question.visitor.may("editor"),
        "signer": question.visitor.name,
        "example": EXAMPLE,
    }
    _refuse_some_rows(question)
    try:
        statement = make_statement(question.workspace, period, reveal=question.visitor.reveals)
    except LeadlineError as error:
        if error.code == "no-agreement":
            return page | {"no_agreement": True}
        return page | {"error": error_view(error)}
    ledger = statement.ledger
    return page | {
        "ledger": _ledger(ledger, language),
        "breaches": _breaches(ledger, question),
        "owners": _owners(ledger, question, period),
        "statement": _statement(statement, language),
        "dispute": _asked_dispute(ledger, question),
    }


def dispute(question: Question, sent: Sent) -> View:
    """Write down that a team does not accept a breach."""
    _refuse_some_rows(question)
    space, fields = question.workspace, sent.fields
    ledger = measure_sla(space, None, reveal=False)
    raise_dispute(
        space.path,
        ledger.items,
        fields.get("record", ""),
        reason=clean(fields.get("reason", "")),
        by=fields.get("by", ""),
        teams=ledger.teams,
        on=space.today,
        promise=fields.get("promise", ""),
    )
    return {"to": _back(fields.get("period", ""))}


def sign(question: Question, sent: Sent) -> View:
    """Sign the statement of a period for a team."""
    _refuse_some_rows(question)
    fields = sent.fields
    who = question.visitor.name or clean(fields.get("name", ""))
    put_signature(question.workspace, fields.get("period", ""), fields.get("team", ""), who)
    return {"to": f"{_back(fields.get('period', ''))}#statement"}


def _back(period: str) -> str:
    return f"/sla?{urlencode({'period': period or PERIOD})}"


def _refuse_some_rows(question: Question) -> None:
    if question.visitor.rows:
        raise RefusedError(
            "rows-limited",
            "Promises are about all leads, and you see some of them.",
            why="the ledger and its statement are signed as one",
            fix="ask somebody who sees all rows for your part of it",
        )


def _ledger(ledger: Ledger, language: Language) -> View:
    locale = language.locale
    seen = ""
    if ledger.seen is not None:
        last = ledger.seen + offset_at(ledger.seen, ledger.timezone) - dt.timedelta(minutes=1)
        seen = format_period(last.date(), "day", locale)
    period = ledger.period
    return {
        "when": span_words(period.start, period.end, language) if period else "",
        "seen": seen,
        "timezone": ledger.timezone,
        "teams": [
            {
                "name": team,
                "deliveries": [_delivery(one, language) for one in ledger.deliveries if one.team == team],
                "rows": [
                    {
                        "title": clean(one.title),
                        "numbers": [
                            format_value(number, locale=locale)
                            for number in (one.kept, one.breached, one.open, one.released, one.disputed, one.excused)
                        ],
                        "rate": format_value(one.rate, "percent", digits=0, locale=locale),
                    }
                    for one in ledger.tallies
                    if one.team == team
                ],
            }
            for team in ledger.teams
            if team in {*(one.team for one in ledger.deliveries), *(one.team for one in ledger.tallies)}
        ],
        "work_rate": format_value(ledger.work_rate, "percent", digits=0, locale=locale)
        if ledger.work_rate is not None
        else "",
        "young": ledger.young,
    }


def _delivery(one: Delivery, language: Language) -> View:
    def share(done: Number, target: Number) -> str:
        shown = {
            "done": format_value(done, locale=language.locale),
            "target": format_value(target, locale=language.locale),
        }
        return language.fill("{done} of {target}", **shown)

    return {
        "title": clean(one.title),
        "share": share(one.delivered, one.target),
        "weighted": one.weighted,
        "state": language.say(one.state),
        "kind": STATES.get(one.state, ""),
        "through": format_period(one.through, "day", language.locale) if one.through and one.state == "open" else "",
        "parts": [f"{part.member} {share(part.delivered, part.target)}" for part in one.parts],
    }


def _breaches(ledger: Ledger, question: Question) -> View:
    language, owner = question.language, question.given.get("owner", "")
    period = question.given.get("period") or PERIOD
    found = [item for item in ledger.breaches if not owner or _owner(item) == owner]
    titles = {one.promise: clean(one.title) for one in ledger.tallies}
    return {
        "count": format_value(len(found), locale=language.locale),
        "any": bool(found),
        "hidden": language.count("{count} more not shown", len(found) - MOST) if len(found) > MOST else "",
        "rows": [
            {
                "who": item.name or item.record,
                "record": item.record if item.name else "",
                "owner": _owner(item),
                "promise": titles.get(item.promise, item.promise),
                "handed": _moment(item.handed_at, ledger, language),
                "due": _moment(item.due, ledger, language),
                "late": _hours(item.late_open, language),
                "note": _happened(item, ledger, language),
                "dispute": item.dispute,
                "href": f"/sla?{urlencode({'period': period, 'record': item.record, 'promise': item.promise})}#dispute",
            }
            for item in found[:MOST]
        ],
    }


def _happened(item: Item, ledger: Ledger, language: Language) -> str:
    if item.note or item.done_at is None:
        return language.tell(item.note)
    return language.fill("done {time}", time=_moment(item.done_at, ledger, language))


def _moment(moment: dt.datetime, ledger: Ledger, language: Language) -> str:
    """A moment on the workspace's clock, the day of the week in the reader's language."""
    if language.code == "en":
        return local(moment, ledger.timezone)
    from babel.dates import format_datetime

    there = (moment + offset_at(moment, ledger.timezone)).replace(tzinfo=None)
    told = str(format_datetime(there, "ccc yyyy-MM-dd HH:mm", locale=language.locale.replace("-", "_")))
    return local_digits(told, language.locale)


def _hours(seconds: float | None, language: Language) -> str:
    """Seconds as hours and minutes."""
    if language.code == "en" or seconds is None:
        return hours_text(seconds)
    from babel.units import format_unit

    locale = language.locale.replace("-", "_")
    hours, minutes = divmod(int(seconds // 60), 60)
    shown = [(hours, "hour")] * bool(hours) + [(minutes, "minute")]
    told = [format_unit(number, f"duration-{unit}", "short", locale=locale) for number, unit in shown]
    return local_digits(" ".join(told), language.locale)


def _owner(item: Item) -> str:
    return item.owner or "–"


def _owners(ledger: Ledger, question: Question, period: str) -> list[View]:
    """How many leads of each owner wait longer than promised, the most first."""
    records = {(_owner(item), item.record) for item in ledger.breaches}
    counted = Counter(owner for owner, _ in records)
    return [
        {
            "name": owner,
            "count": format_value(number, locale=question.language.locale),
            "href": f"/sla?{urlencode({'period': period, 'owner': owner})}",
            "here": owner == question.given.get("owner", ""),
        }
        for owner, number in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _statement(statement: Statement, language: Language) -> View:
    return {
        "hash": statement.hash,
        "signatures": [
            {"team": one.team, "by": one.by, "on": one.on, "stale": one.stale} for one in statement.signatures
        ],
        "missing": statement.missing,
    }


def _asked_dispute(ledger: Ledger, question: Question) -> View | None:
    """The breach that somebody wants to dispute."""
    record, promise = question.given.get("record", ""), question.given.get("promise", "")
    if not record or not question.visitor.may("editor"):
        return None
    item = next((one for one in ledger.breaches if (one.record, one.promise) == (record, promise)), None)
    if item is None:
        return None
    return {"who": item.name or item.record, "record": record, "promise": promise, "teams": ledger.teams}


EXAMPLE = """between: [marketing, sales]
handover: mql
promises:
  qualified_leads: {kind: deliver, team: marketing, metric: mql}
  first_touch: {kind: touch, team: sales, within: 4 business hours}
  decision: {kind: decide, team: sales, within: 2 business days}
"""
PAGE = Page("sla", "/sla", "SLA", "sla.html.j2", show, menu=False, under="goals")
DISPUTE = Deed("dispute", "/sla/disputes", "SLA", dispute)
SIGN = Deed("sign", "/sla/signatures", "SLA", sign)

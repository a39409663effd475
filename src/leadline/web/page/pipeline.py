"""Pipeline: how fast it yields, what is open against what is wanted, which deals grow old, and how MRR moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from leadline.charts.value import format_value
from leadline.charts.waterfall import Fall, waterfall_chart
from leadline.errors import LeadlineError
from leadline.plan.result import Result
from leadline.report.change import ARROWS, change, format_change
from leadline.report.format import FOOTNOTES, MARKS, format_member, format_period
from leadline.time.zone import offset_at
from leadline.web.draw import both, number
from leadline.web.link import about
from leadline.web.question import Page, Question, View

VELOCITY = "pipeline_velocity"
PARTS = (("open_deals", ""), ("win_rate", "×"), ("avg_deal_size", "×"), ("sales_cycle", "÷"))
MOVES = (("new_mrr", 1), ("expansion_mrr", 1), ("reactivation_mrr", 1), ("contraction_mrr", -1))
AGES = (30, 60, 90)
MOST_DEALS = 5_000
"""Open deals whose ages are looked at one by one."""
OLDEST = 20
PERIODS = ("last-month", "last-quarter", "last-3-months", "last-12-months", "this-quarter")


class OpenDeal(Struct, frozen=True):
    """An open deal; `age` in whole days since it was opened, `amount` in its own currency."""

    name: str
    stage: str
    owner: str
    age: int
    opened: dt.date
    amount: float | None
    currency: str


def show(question: Question) -> View:
    """Each part with its own error, so that a workspace without subscriptions still sees its deals."""
    states = question.workspace.states()
    period = question.given.get("period", "") or PERIODS[0]
    where = question.given.get("where", "")
    page: View = {
        "period": period, "where": where, "periods": PERIODS, "parts": [], "rows_limited": bool(question.visitor.rows),
        "empty": not {"deal", "subscription"} & set(states),
    }  # fmt: skip
    parts: list[tuple[str, str, Any]] = []
    if "deal" in states:
        parts += [("velocity", "Pipeline velocity", _velocity), ("ageing", "Age of open deals", _ageing)]
        if not question.visitor.rows and not where:
            parts.insert(1, ("coverage", "Coverage of goals", _coverage))
    if "subscription" in states:
        parts.append(("movement", "From MRR to MRR", _movement))
    for id, title, make in parts:
        part = {"id": id, "title": question.language.say(title), "when": "", "wide": "", "error": None}
        try:
            view = make(question, period, where or None)
        except LeadlineError as error:
            told = {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}
            page["parts"].append(part | {"error": told})
            continue
        if view:
            page["parts"].append(part | view)
    return page


def _velocity(question: Question, period: str, where: str | None) -> View:
    """The four parts and what they make, beside the period before."""
    space, language = question.workspace, question.language
    names = (*(name for name, _ in PARTS), VELOCITY)
    result = question.query(list(names), period=period, where=where, compare=["previous"])
    parts = []
    for name in names:
        metric, at = space.metrics[name], result.names.index(name)
        column, value = result.columns[at], result.rows[0][at]
        before = [i for i, one in enumerate(result.columns) if one.compare == "previous" and one.metric == name]
        currency, locale = column.currency or space.settings.currency, language.locale
        base = _number(result.rows[0][before[0]]) if before else None
        found = change(_number(value), base, unit=column.unit, better=metric.better)
        text = format_value(_number(value), column.unit, currency=currency, locale=locale, compact=True)
        moved = format_change(found, column.unit, currency=currency, locale=locale, points=language.say("pts"))
        parts.append(
            {
                "name": language.metric_name(metric),
                "href": about(name),
                "sign": dict(PARTS).get(name, "="),
                "value": text + MARKS.get(result.marks.get((0, at), ""), ""),
                "verdict": found.verdict,
                "arrow": ARROWS[found.direction] if found.verdict != "unknown" else "",
                "change": moved if found.verdict != "unknown" else "",
            }
        )
    more = urlencode({"metrics": VELOCITY, "by": "channel", "period": period, **({"where": where} if where else {})})
    marks = dict.fromkeys(result.marks.get((0, result.names.index(name)), "") for name in names)
    notes = [f"{MARKS[mark]} {language.say(FOOTNOTES[mark])}" for mark in marks if mark in FOOTNOTES]
    return {"steps": parts, "explore": f"/explore?{more}", "notes": notes, "when": _period_of(result, question)}


def _coverage(question: Question, period: str, where: str | None) -> View:
    """Goals of won revenue and quotas that run today: what is left, and the open deals planned to close in time."""
    from leadline.governance.goal import goals_of
    from leadline.governance.pace import measure_pace
    from leadline.governance.quota import measure_pipeline
    from leadline.model.goal import QUOTA_METRIC, measured_by

    language, space = question.language, question.workspace
    running = [goal for goal in goals_of(space) if goal.start <= space.today < goal.end]
    wanted = sorted({goal.metric for goal in running if measured_by(goal.metric) == QUOTA_METRIC})
    found = measure_pipeline(space, measure_pace(space, wanted)) if wanted else None
    if found is None:
        return {}

    def money(value: Any) -> str:
        return format_value(value, "money", currency=found.currency, locale=language.locale, compact=True)

    rows = []
    for one in found.coverages:
        segment = ", ".join(value for _, value in one.segment)
        name = language.metric_name(space.metrics[one.metric]) if one.metric in space.metrics \
            else language.say(one.metric.capitalize())  # fmt: skip
        rows.append(
            [
                (f"{name} · {segment}" if segment else name, False),
                *((money(value), True) for value in (one.target, one.won, one.left, one.planned)),
                (format_value(one.coverage, "ratio", locale=language.locale), True),
            ]
        )
    heads = ["Goal", "Target", "Won", "Still missing", "Open and planned to close", "Coverage"]
    return {"heads": [(language.say(head), at > 0) for at, head in enumerate(heads)], "rows": rows}


def _ageing(question: Question, period: str, where: str | None) -> View:
    """Open deals by stage with their ages, and the oldest of them with their owners."""
    space, language = question.workspace, question.language
    day = space.today - dt.timedelta(days=1)
    asked = {"period": day.isoformat(), "where": where}
    result = question.query(["open_deals", "pipeline_value"], by=["stage"], total=True, **asked)
    whole = question.query(["open_deals"], **asked)
    role = "admin" if question.visitor.reveals else "viewer"
    deals: list[OpenDeal] = []
    full = False
    if whole.rows and whole.rows[0][0]:
        [records] = space.records_of(whole, 0, "open_deals", role=role, limit=MOST_DEALS)
        deals = _deals(records.columns, records.rows, question, day)
        full = records.count > len(records.rows)
    currency = next((one.currency for one in result.columns if one.currency), "") or space.settings.currency
    heads = ["Stage", "Open deals", "Value", *([] if full else ["Median age", "Oldest"])]
    names = [*map(language.say, heads), *([] if full else _brackets())]

    def cells(values: Sequence[Any], stage: str | None) -> list[tuple[str, bool]]:
        ages = sorted(deal.age for deal in deals if stage is None or deal.stage == stage)
        line = [(number(values[0], language), True), (_money(values[1], currency, question), True)]
        if not full:
            line += [
                (_days(median(ages) if ages else None, question), True),
                (_days(max(ages, default=None), question), True),
            ]
            edges = (-1, *AGES, 10**6)
            line += [(number(sum(low < age <= high for age in ages), language), True) for low, high in pairwise(edges)]
        return line

    rows = [[(format_member(row[0], language), False), *cells(row[1:], _stage(row[0]))] for row in result.rows]
    foot = [[(language.say("All"), False), *cells(total.values[1:], None)] for total in result.totals]
    oldest = sorted(deals, key=lambda deal: (-deal.age, deal.name))[: 0 if full else OLDEST]
    return {
        "when": format_period(day, "day", language.locale),
        "heads": [(head, at > 0) for at, head in enumerate(names)],
        "rows": rows,
        "foot": foot,
        "full": language.fill(
            "More than {count} open deals: their ages are not looked at one by one.", count=number(MOST_DEALS, language)
        )
        if full else "",
        "oldest_heads": [(language.say(head), head in ("Age", "Value"))
                         for head in ("Deal", "Owner", "Stage", "Opened", "Age", "Value")],
        "oldest": [
            [(deal.name, False), (deal.owner, False), (deal.stage, False),
             (format_period(deal.opened, "day", language.locale), False),
             (_days(deal.age, question), True), (_money(deal.amount, deal.currency or currency, question), True)]
            for deal in oldest
        ],
    }  # fmt: skip


def _deals(columns: Sequence[str], rows: Sequence[Sequence[Any]], question: Question, day: dt.date) -> list[OpenDeal]:
    place = {
        name: columns.index(name) for name in ("name", "deal_id", "stage", "owner", "created_at", "amount", "currency")
    }
    zone = question.workspace.settings.timezone
    found = []
    for row in rows:
        opened = row[place["created_at"]]
        local = (opened + offset_at(opened, zone)).date()
        found.append(
            OpenDeal(
                str(row[place["name"]] or row[place["deal_id"]] or ""),
                _stage(row[place["stage"]]),
                format_member(row[place["owner"]], question.language),
                (day - local).days,
                local,
                _number(row[place["amount"]]),
                str(row[place["currency"]] or ""),
            )
        )
    return found


def _brackets() -> list[str]:
    """Names of the columns of ages, in days."""
    low = (0, *(edge + 1 for edge in AGES))
    return [f"{first}–{last}" for first, last in zip(low, AGES, strict=False)] + [f"> {AGES[-1]}"]


def _movement(question: Question, period: str, where: str | None) -> View:
    """MRR at the start, what came and went, MRR at the end: it adds up to the cent."""
    space, language = question.workspace, question.language
    names = ["mrr", "net_new_mrr", *(name for name, _ in MOVES)]
    result = question.query(names, period=period, where=where)
    if not result.rows or result.rows[0][0] is None:
        return {}
    values = dict(zip(names, (_number(value) or 0.0 for value in result.rows[0]), strict=True))
    # The catalogue's churned MRR goes by the day service ended; what went between start and end is what is left over.
    churned = sum(values[name] * way for name, way in MOVES) - values["net_new_mrr"]
    falls = [
        Fall(language.say("Start"), values["mrr"] - values["net_new_mrr"], level=True),
        *(Fall(language.metric_name(space.metrics[name]), values[name] * way) for name, way in MOVES),
        Fall(language.say("Churned"), -round(churned, 6) + 0.0),
        Fall(language.say("End"), values["mrr"], level=True),
    ]
    currency = result.columns[0].currency or space.settings.currency
    title = language.say("From MRR to MRR")

    def draw(frame: Any) -> str:
        return waterfall_chart(frame, falls, begins=language.say("Bars begin at {value}"))

    rows = [[(fall.label, False), (_money(fall.value, currency, question, compact=False), True)] for fall in falls]
    return {
        **both(draw, title, "movement", language, unit="money", currency=currency),
        "heads": [(language.say("Movement"), False), (language.metric_name(space.metrics["mrr"]), True)],
        "rows": rows,
        "when": _period_of(result, question),
    }


def _period_of(result: Result, question: Question) -> str:
    told = result.provenance.get("period") or {}
    if not told:
        return ""
    # The end of a period is the first day after it.
    first = dt.date.fromisoformat(str(told["from"]))
    last = dt.date.fromisoformat(str(told["until"])) - dt.timedelta(days=1)
    days = [format_period(day, "day", question.language.locale) for day in (first, last)]
    return " – ".join(dict.fromkeys(days))


def _stage(value: Any) -> str:
    return "" if value is None else str(value)


def _money(value: Any, currency: str, question: Question, *, compact: bool = True) -> str:
    return format_value(_number(value), "money", currency=currency, locale=question.language.locale, compact=compact)


def _days(value: float | None, question: Question) -> str:
    return format_value(value, "days", locale=question.language.locale, digits=0)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


PAGE = Page("pipeline", "/pipeline", "Pipeline", "pipeline.html.j2", show)

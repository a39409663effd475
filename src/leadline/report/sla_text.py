"""The ledger of promises and its monthly statement, as text for a terminal and as Markdown to be signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from leadline.charts.label import clean
from leadline.charts.value import format_value
from leadline.governance.sla import Delivery, Item, Ledger, Tally
from leadline.governance.statement import Statement
from leadline.report.format import format_period
from leadline.report.grid import render_grid
from leadline.report.pace_text import span_text
from leadline.report.table import PLAIN, Style
from leadline.time.zone import offset_at

WORST = 10
_HEADS = ["promise", "kept", "breached", "open", "released", "rate"]


def render_ledger(ledger: Ledger, style: Style = PLAIN, *, worst: int = WORST) -> str:
    """Each promise with how often it was kept, by team, then the breaches, latest first."""
    when = span_text(ledger.period.start, ledger.period.end) if ledger.period else "all time"
    lines = [style.bold(f"SLA · {when}"), style.faint(_told(ledger))]
    for team in ledger.teams:
        tallies = [one for one in ledger.tallies if one.team == team]
        deliveries = [one for one in ledger.deliveries if one.team == team]
        if not tallies and not deliveries:
            continue
        lines += ["", style.bold(f"{team} promised")]
        lines += [delivery_line(one) for one in deliveries]
        if tallies:
            lines += render_grid(_HEADS, [_cells(one) for one in tallies], [False, *[True] * 5], style)
        excused = sum(one.excused for one in tallies)
        disputed = sum(one.disputed for one in tallies)
        if excused or disputed:
            lines.append(style.faint(f"{disputed} breaches disputed, {excused} excused and not counted"))
    if ledger.work_rate is not None:
        young = ", leads that still have time among them" if ledger.young else ""
        rate = format_value(ledger.work_rate, "percent", digits=0)
        lines += [
            "",
            f"Lead work rate {rate}: leads of the period that sales called, wrote to or met within 14 days{young}.",
        ]
    breaches = ledger.breaches
    if breaches and worst:
        lines += ["", style.bold(f"Breaches, latest first ({min(worst, len(breaches))} of {len(breaches)})")]
        heads = ["record", "owner", "promise", "handed over", "due", "late by", ""]
        lines += render_grid(
            heads, [breach_cells(one, ledger) for one in breaches[:worst]], [False] * 5 + [True, False], style
        )
        lines.append(
            style.faint(
                "late by: open hours of the office. `leadline sla dispute RECORD` says why one should not count"
            )
        )
    return "\n".join(lines)


def _told(ledger: Ledger) -> str:
    if ledger.seen is None:
        return f"no source tells what sales did · {ledger.timezone}"
    last = ledger.seen + offset_at(ledger.seen, ledger.timezone) - dt.timedelta(minutes=1)
    return f"promises due in this time · sources tell to {format_period(last.date(), 'day', 'en')} · {ledger.timezone}"


def delivery_line(one: Delivery) -> str:
    """A promise to deliver, in words."""
    kind = "points of " if one.weighted else ""
    parts = "".join(
        f"; {part.member} {format_value(part.delivered)} of {format_value(part.target)}" for part in one.parts
    )
    to = f", to {format_period(one.through, 'day', 'en')}" if one.through and one.state == "open" else ""
    share = f"{format_value(one.delivered)} of {format_value(one.target)}"
    return f"{one.title}: {share} {kind}{one.metric}, {one.state}{to}{parts}"


def _cells(one: Tally) -> list[str]:
    counts = [format_value(number) for number in (one.kept, one.breached, one.open, one.released)]
    return [clean(one.title), *counts, format_value(one.rate, "percent", digits=0)]


def breach_cells(item: Item, ledger: Ledger) -> list[str]:
    """A breach: record (and name, where names are shown), owner, promise, times and how late."""
    note = f"disputed: {item.dispute}" if item.dispute else item.note
    if item.done_at is None and "attempts" not in item.note:
        note = item.note or "not done"
    record = f"{item.record} ({item.name})" if item.name else item.record
    return [
        record, item.owner or "–", item.promise,
        local(item.handed_at, ledger.timezone), local(item.due, ledger.timezone),
        hours_text(item.late_open), clean(f"disputed: {item.dispute}" if item.dispute else note),
    ]  # fmt: skip


def local(moment: dt.datetime, timezone: str) -> str:
    """A moment as `Fri 2026-06-05 17:55` on the workspace's clock."""
    return f"{moment + offset_at(moment, timezone):%a %Y-%m-%d %H:%M}"


def hours_text(seconds: float | None) -> str:
    """Seconds as `3 h 05 min`."""
    if seconds is None:
        return "–"
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def render_statement(statement: Statement) -> str:
    """The statement as Markdown. Records are named by their id only: it is kept and sent as text."""
    ledger = statement.ledger
    when = span_text(ledger.period.start, ledger.period.end) if ledger.period else ""
    lines = [f"# SLA statement · {when}", "", _told(ledger), "", f"Statement {statement.hash}", ""]
    for team in ledger.teams:
        lines += [f"## {team.capitalize()} promised", ""]
        lines += [f"- {delivery_line(one)}" for one in ledger.deliveries if one.team == team]
        tallies = [one for one in ledger.tallies if one.team == team]
        if tallies:
            lines += ["", *_markdown(_HEADS, [_cells(one) for one in tallies])]
        lines.append("")
    if ledger.work_rate is not None:
        lines += [f"Lead work rate: {format_value(ledger.work_rate, 'percent', digits=0)}", ""]
    if ledger.breaches:
        heads = ["record", "owner", "promise", "handed over", "due", "late by", "note"]
        lines += [f"## Breaches ({len(ledger.breaches)})", ""]
        rows = [[item.record, *breach_cells(item, ledger)[1:]] for item in ledger.breaches]
        lines += [*_markdown(heads, rows), ""]
    lines += ["## Signatures", ""]
    for signature in statement.signatures:
        who = f" by {signature.by}" if signature.by else ""
        stale = f" STALE: the figures have changed since (it was for {signature.statement})" if signature.stale else ""
        lines.append(f"- {signature.team}: signed {signature.on}{who}.{stale}")
    signed = {signature.team for signature in statement.signatures}
    lines += [f"- {team}: not signed" for team in ledger.teams if team not in signed]
    return "\n".join(lines)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return [line(heads), line(["---"] * len(heads)), *map(line, rows)]

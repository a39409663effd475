"""Sources: who delivered what, how far it reaches, what was found wrong with its cure; and a place to drop files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from leadline.charts.value import format_value
from leadline.errors import UsageError, unknown
from leadline.language.language import Language
from leadline.report.format import format_period
from leadline.warehouse.ledger import coverage, findings_of, loads_of, quarantined
from leadline.web.link import near
from leadline.web.question import Deed, Page, Question, Sent, View

MOST = 50
SIGNS = {"loaded": "✓", "unchanged": "=", "refused": "✕", "skipped": "·"}


def show(question: Question) -> View:
    """Every source with its facts, then what needs a look."""
    space, language = question.workspace, question.language
    con = space.warehouse().ledger()
    reach = {(state.source, fact): state for fact, known in space.states().items() for state in known.sources}
    rows = []
    for row in coverage(con):
        state = reach.get((row["source"], row["fact"]))
        rows.append(
            {
                "source": row["source"],
                "href": f"/sources/{quote(row['source'], safe='')}",
                "fact": language.label("facts", row["fact"]),
                "rows": format_value(row["rows"], locale=language.locale),
                "from": _day(state and state.first, language),
                "through": _day(state and state.through, language),
                "loaded": row["last_load"] or "",
                "quarantined": row["quarantined"],
            }
        )
    return {
        "rows": rows,
        "findings": [_finding(one, space.path) for one in findings_of(con, None, MOST) if one["severity"] != "note"],
        "may_load": question.visitor.may("editor"),
    }


def show_one(question: Question) -> View:
    """A source: its loads, what they found, what they put aside."""
    space, name = question.workspace, question.path["source"]
    con = space.warehouse().ledger()
    loads = loads_of(con, name, MOST)
    if not loads:
        known = {state.source for told in space.states().values() for state in told.sources}
        raise unknown("source", name, known)
    return {
        "title": name,
        "loads": [load | {"file": near(load["file"], space.path)} for load in loads],
        "findings": [_finding(one, space.path) for one in findings_of(con, name, MOST)],
        "rejected": [row | {"file": near(row["file"], space.path)} for row in quarantined(con, name, MOST)]
        if question.visitor.reveals
        else [],
    }


def load(question: Question, sent: Sent) -> View:
    """Load the files sent, and show for each what became of it."""
    if not sent.files:
        raise UsageError("no-files", "No file was sent.", fix="choose at least one")
    source = sent.fields.get("source", "").strip()
    reports = question.workspace.load(sent.files, source=source or None, dry_run="dry_run" in sent.fields)
    language = question.language
    return {
        "reports": [
            {
                "file": report.file,
                "status": language.say(report.status),
                "sign": SIGNS.get(report.status, "✓"),
                "bad": report.status == "refused",
                "title": report.title or report.source,
                "facts": [
                    (language.label("facts", loaded.fact), format_value(loaded.inserted, locale=language.locale))
                    for loaded in report.facts
                ],
                "findings": [
                    {"severity": one.severity, "where": f"{one.file}:{one.line}" if one.line else one.file,
                     "what": one.what, "fix": one.fix}
                    for one in report.findings
                    if report.error is None or one.severity != "error"
                ],
                "error": {"what": report.error.what, "why": report.error.why, "fix": report.error.fix,
                          "code": report.error.code} if report.error else None,
            }
            for report in reports
        ],
    }  # fmt: skip


def _finding(row: dict[str, Any], home: Path) -> dict[str, Any]:
    file = near(row["file"], home)
    where = f"{file}:{row['line']}" if row["line"] else file
    times = f" ({row['count']}×)" if row["count"] > 1 else ""
    return {"severity": row["severity"], "where": where, "what": f"{row['what']}{times}", "fix": row["fix"] or ""}


def _day(moment: Any, language: Language) -> str:
    return format_period(moment.date(), "day", language.locale) if moment else ""


PAGE = Page("sources", "/sources", "Sources", "sources.html.j2", show)
ONE = Page("source", "/sources/{source}", "Source", "source.html.j2", show_one, menu=False, under="sources")
LOAD = Deed("load", "/sources", "Loaded", load, "loaded.html.j2")

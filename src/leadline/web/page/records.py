"""Records: the rows behind a metric in a period, newest first, with the file and line each came from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from leadline.errors import UsageError
from leadline.plan.cell import Records
from leadline.report.format import format_cell, format_member
from leadline.web.link import near
from leadline.web.page.explorer_ask import PERIOD
from leadline.web.page.explorer_table import row_key
from leadline.web.question import Page, Question, View

MOST = 200


def show(question: Question) -> View:
    """One table for each measure of the metric's formula; of one row of an answer, if the address names it."""
    space, language, given = question.workspace, question.language, question.given
    metric = given.get("metric", "")
    if not metric:
        raise UsageError("no-metric", "Whose records?", fix="come here from a number")
    about, parts = "", []
    if given.get("row"):
        about, found = _of_row(question, metric, given["row"])
        parts = [_part(question, one.fact, one.columns, one.rows, one.count) for one in found]
    else:
        words = {name: given[name] for name in ("by", "period") if given.get(name)}
        query = space.ask(
            [metric],
            by=_names(words.get("by", "")),
            grain=given.get("grain") or "none",
            period=words.get("period"),
            where=question.rows(given.get("where") or None),
        )
        parts = [_part(question, fact, columns, rows, len(rows)) for fact, columns, rows in space.records(query, MOST)]
    name = language.metric_name(space.metrics[metric])
    title = language.fill("Records behind {name}", name=name)
    return {"title": title, "about": about, "parts": parts, "metric": metric, "most": MOST}


def _of_row(question: Question, metric: str, key: str) -> tuple[str, list[Records]]:
    """What a row of an answer stands for, and the records behind it; the answer is asked anew, so they agree."""
    given, language = question.given, question.language
    result = question.query(
        [metric],
        by=_names(given.get("by", "")),
        grain=given.get("grain") or "none",
        period=given.get("period") or PERIOD,
        where=given.get("where") or None,
    )
    try:
        wanted = json.loads(key)
    except ValueError:
        wanted = None
    for number, row in enumerate(result.rows):
        if row_key(row, result) == wanted:
            grain = str(result.provenance.get("grain") or "day")
            members = zip(row, result.columns, strict=True)
            about = [format_cell(value, column, language=language, grain=grain) for value, column in members
                     if column.kind != "metric"]  # fmt: skip
            role = "admin" if question.visitor.reveals else "viewer"
            at = next(column.name for column in result.columns if column.kind == "metric")
            return " · ".join(about), question.workspace.records_of(result, number, at, role=role, limit=MOST)
    raise UsageError("no-row", "The answer has no such row any more.", fix="go back and ask again")


def _part(question: Question, fact: str, columns: Sequence[str], rows: Sequence[Sequence[object]], count: int) -> View:
    """A table of records: the columns that say anything, and where each row came from."""
    language, home = question.language, question.workspace.path
    used = [at for at, name in enumerate(columns) if not name.startswith("_") and any(r[at] is not None for r in rows)]
    origin = [columns.index("_file"), columns.index("_line")]
    return {
        "fact": language.label("facts", fact),
        "count": count,
        "heads": [(language.column(columns[at], fact), False) for at in used] + [(language.say("File"), False)],
        "rows": [
            [(_text(row[at]), False) for at in used] + [(f"{near(row[origin[0]], home)}:{row[origin[1]] or ''}", False)]
            for row in rows
        ],
        "full": len(rows) == MOST,
    }


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else format_member(value)


PAGE = Page("records", "/records", "Records", "records.html.j2", show, menu=False, under="explorer")

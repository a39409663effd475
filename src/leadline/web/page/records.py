"""Records: the rows behind a metric in a period, newest first, with the file and line each came from."""

from __future__ import annotations

from leadline.errors import UsageError
from leadline.report.format import format_member
from leadline.web.question import Page, Question, View

MOST = 200


def show(question: Question) -> View:
    """One table for each measure of the metric's formula."""
    space, language, given = question.workspace, question.language, question.given
    metric = given.get("metric", "")
    if not metric:
        raise UsageError("no-metric", "Whose records?", fix="come here from a number")
    words = {name: given[name] for name in ("by", "period") if given.get(name)}
    grain = given.get("grain") or "none"
    query = space.ask(
        [metric],
        by=[words["by"]] if "by" in words else [],
        grain=grain,
        period=words.get("period"),
        where=question.rows(given.get("where") or None),
    )
    parts = []
    for fact, columns, rows in space.records(query, MOST):
        used = [
            at for at, name in enumerate(columns) if not name.startswith("_") and any(r[at] is not None for r in rows)
        ]
        origin = [columns.index("_file"), columns.index("_line")]
        parts.append(
            {
                "fact": language.label("facts", fact),
                "heads": [(language.column(columns[at], fact), False) for at in used] + [(language.say("File"), False)],
                "rows": [
                    [(_text(row[at]), False) for at in used]
                    + [(f"{row[origin[0]] or ''}:{row[origin[1]] or ''}", False)]
                    for row in rows
                ],
                "full": len(rows) == MOST,
            }
        )
    name = language.metric_name(space.metrics[metric])
    return {"title": language.fill("Records behind {name}", name=name), "parts": parts, "metric": metric, "most": MOST}


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else format_member(value)


PAGE = Page("records", "/records", "Records", "records.html.j2", show, menu=False)

"""The report as one HTML file: no script, no outside asset, whole in light, dark, on paper and on a phone.

Whatever came from data is escaped, cleaned of control characters and bidirectional overrides, and isolated from the
text around it; a content security policy in the file forbids all scripts besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.charts.label import clean_lines
from leadline.charts.palette import DARK_VARIABLES, LIGHT_VARIABLES, RULES
from leadline.language.language import ENGLISH, Language
from leadline.report import view
from leadline.report.goal_view import row_heads, row_view
from leadline.report.view import Breakdown

if TYPE_CHECKING:
    from jinja2 import Environment

    from leadline.ingest.source import Finding
    from leadline.report.scorecard import Scorecard


class Query(Struct, frozen=True):
    """A query behind the report: what it was for, its SQL, and the rest of its provenance as pairs."""

    title: str
    sql: str
    facts: tuple[tuple[str, str], ...] = ()


def render_html(
    card: Scorecard,
    *,
    breakdowns: Sequence[Breakdown] = (),
    findings: Sequence[Finding | str] = (),
    queries: Sequence[Query] = (),
    title: str = "",
    note: str = "",
    language: Language = ENGLISH,
    generated_at: datetime | None = None,
) -> str:
    """The report of a scorecard as HTML text.

    `breakdowns` are results to chart and tabulate, `findings` data problems to name, `queries` the SQL behind (the
    scorecard's own is always there), `note` a sentence above everything (that data is simulated, say). The
    report's own words are those of `language`; names of metrics are as the scorecard has them.
    """
    context: dict[str, Any] = {
        "t": language.say,
        "fill": language.fill,
        "lang": language.tag,
        "dir": language.direction,
        "title": title or card.workspace or language.say("Scorecard"),
        "note": note,
        "head": view.head(card, language, generated_at),
        "tiles": [view.tile(kpi, card, language) for kpi in card.kpis],
        "row_heads": row_heads(card, language),
        "rows": [row_view(kpi, card, language) for kpi in card.kpis],
        "charts": [view.chart(kpi, card, language) for kpi in card.kpis if kpi.periods],
        "breakdowns": [view.breakdown(part, card, language, index) for index, part in enumerate(breakdowns)],
        "findings": [view.finding(found) for found in findings],
        "definitions": [view.definition(kpi, language) for kpi in card.kpis],
        "queries": [*(Query(language.say("Scorecard"), sql) for sql in card.sql), *queries],
        "chart_style": RULES,
        "light": LIGHT_VARIABLES,
        "dark": DARK_VARIABLES,
    }
    return environment().get_template("report.html.j2").render(context)


def write_html(path: Path, text: str) -> None:
    """Writes a report to `path`, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


@cache
def environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("leadline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: object) -> object:
    # Drawings and other markup of our own are marked as such; everything else may have come from data.
    if value is None or hasattr(value, "__html__"):
        return "" if value is None else value
    return clean_lines(str(value))

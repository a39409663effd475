"""The explorer's answer as a file: exactly what is on the page and all of its rows, with units and currencies told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from leadline.language.language import Language
from leadline.plan.result import Result, ResultColumn
from leadline.report.excel import write_excel
from leadline.report.export import csv_lines, to_json, write_parquet
from leadline.report.format import FOOTNOTES
from leadline.report.table import heading
from leadline.report.translate import translated_result
from leadline.web.page.explorer_ask import answer, asked_of
from leadline.web.question import Question
from leadline.web.send import Download


def as_csv(question: Question) -> Download:
    """CSV, a line at a time: headings with units, and a last column that says what will still change."""
    result, language = _shown(question), question.language
    heads = [csv_heading(column, language) for column in result.columns]
    return Download(_name(question, "csv"), csv_lines(result, heads, notes_of(result, language)))


def as_json(question: Question) -> Download:
    """JSON with its provenance."""
    return Download(_name(question, "json"), to_json(answer(question, asked_of(question))) + "\n")


def as_excel(question: Question) -> Download:
    """A workbook in the visitor's language."""
    return _written(question, "xlsx", lambda path: write_excel(_shown(question), path, language=question.language))


def as_parquet(question: Question) -> Download:
    """Parquet: columns by their ids; labels, units and currencies in the file's metadata."""
    return _written(question, "parquet", lambda path: write_parquet(_shown(question), path))


def csv_heading(column: ResultColumn, language: Language) -> str:
    """What stands above a column of bare numbers: its heading, and the unit that its cells do not show."""
    text = heading(column, language)
    if column.unit.startswith("money") and column.currency:
        return f"{text} ({column.currency})"
    return f"{text} (1 = 100%)" if column.unit == "percent" else text


def notes_of(result: Result, language: Language) -> list[str]:
    """A line for each row that has a mark: which column, and what the mark means; empty when no row has one."""
    notes = [""] * len(result.rows) if result.marks else []
    for (row, at), mark in sorted(result.marks.items()):
        told = f"{heading(result.columns[at], language)}: {language.say(FOOTNOTES[mark])}"
        notes[row] = f"{notes[row]}; {told}" if notes[row] else told
    return [language.say("Notes"), *notes] if notes else []


def _shown(question: Question) -> Result:
    result = answer(question, asked_of(question))
    return translated_result(result, question.language, question.workspace.metrics)


def _written(question: Question, ending: str, write: Callable[[Path], None]) -> Download:
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        path = Path(folder) / f"answer.{ending}"
        write(path)
        return Download(_name(question, ending), path.read_bytes())


def _name(question: Question, ending: str) -> str:
    """A name that says what is asked; ids of metrics and dimensions are plain, whatever was asked was answered."""
    asked = asked_of(question)
    words = "-".join([*asked.metrics, *(["by", *asked.by] if asked.by else [])])
    return f"leadline-{words[:100]}.{ending}"


FILES: dict[str, tuple[Callable[[Question], Download], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json"),
    "xlsx": (as_excel, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": (as_parquet, "application/vnd.apache.parquet"),
}
"""By ending: what makes the file, and what it is."""

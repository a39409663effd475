"""Annotations: what happened on a day that numbers do not tell, for charts and the weekly digest.

Files of `annotations/` are YAML lists of `{date, text}` or CSV tables with these columns; `metric` names the one metric
an annotation belongs to, `until` the last day of what took longer, such as an experiment.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from leadline.charts.label import clean
from leadline.errors import DefinitionError, meant
from leadline.model.document import Document, read_document

FOLDER = "annotations"
_COLUMNS = ("date", "text", "metric", "until")


class AnnotationDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """An annotation as written; `until` is the last day, `metric` empty for all."""

    date: dt.date
    text: str
    metric: str = ""
    until: dt.date | None = None


class Annotation(Struct, frozen=True):
    """What happened from `first` to `last`, both included; about one metric, or about all when it is empty."""

    first: dt.date
    last: dt.date
    text: str
    metric: str = ""
    origin: str = ""

    def within(self, start: dt.date, end: dt.date) -> bool:
        """Whether any of it lies in [start, end)."""
        return self.first < end and self.last >= start


def read_annotations(folder: Path, metrics: Collection[str] = ()) -> tuple[Annotation, ...]:
    """The annotations of a workspace folder, oldest first.

    Raises `DefinitionError` with file and line for a wrong date or field, an empty text, or an unknown metric (of
    `metrics`, where they are given).
    """
    found = [one for document in _documents(folder) for one in _of(document, metrics)]
    return tuple(sorted(found, key=lambda one: (one.first, one.last, one.text)))


def _documents(folder: Path) -> Iterator[Document]:
    for path in sorted((folder / FOLDER).glob("*")):
        name = f"{FOLDER}/{path.name}"
        ending = path.suffix.lower()
        if ending not in (".yaml", ".yml", ".csv"):
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise DefinitionError(
                "bad-annotation", f"{path.name} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
            ) from None
        yield _table(text, name) if ending == ".csv" else read_document(text, name)


def _table(text: str, name: str) -> Document:
    """A CSV file as the same list of mappings; empty cells are left out."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    wrong = [column for column in reader.fieldnames or () if column not in _COLUMNS]
    if wrong:
        raise _wrong(f"There is no column {wrong[0]!r}.", f"{name}:1", f"columns are {', '.join(_COLUMNS)}")
    rows: list[dict[str, Any]] = []
    lines: dict[str, int] = {}
    for row in reader:
        if None in row:
            raise _wrong("A line has more cells than columns.", f"{name}:{reader.line_num}", "put quotes round commas")
        lines[str(len(rows))] = reader.line_num
        rows.append({column: cell.strip() for column, cell in row.items() if cell and cell.strip()})
    return Document(name, rows, lines)


def _of(document: Document, metrics: Collection[str]) -> Iterator[Annotation]:
    given = document.data or []
    if not isinstance(given, list):
        raise _wrong("Annotations are a list.", f"{document.file}:1", "write `- {date: 2026-06-24, text: …}` lines")
    for number, data in enumerate(given):
        place = document.place(str(number))
        if isinstance(data, dict) and data.get("metric") and metrics and data["metric"] not in metrics:
            cure = meant(str(data["metric"]), metrics, "leave metric out, or list them: `leadline metrics`")
            raise _wrong(f"There is no metric named {data['metric']!r}.", place, cure)
        one = document.convert(AnnotationDefinition, data, str(number))
        text, last = clean(one.text), one.until or one.date
        if not text:
            raise _wrong("An annotation says nothing.", place, "write what happened in `text`")
        if last < one.date:
            raise _wrong(f"An annotation ends on {last}, before it begins.", place, f"write until: {one.date} or later")
        yield Annotation(one.date, last, text, one.metric, place)


def _wrong(what: str, why: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-annotation", what, why=why, fix=fix)

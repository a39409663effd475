"""Golden examples: the worked examples of a workspace's own metrics, run as rows through the real engine.

An example gives rows by fact and the value they must yield. They are merged into a warehouse in memory, so what loading
derives (`is_first`) is derived here too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from leadline.engines.duckdb import statement_errors, value_errors
from leadline.errors import DefinitionError, LeadlineError, meant
from leadline.model.document import Document, read_document
from leadline.model.fact import Fact
from leadline.model.metric import Example, MetricDefinition
from leadline.plan.result import Value
from leadline.project import Project
from leadline.sql.name import literal, quote
from leadline.warehouse import Warehouse
from leadline.warehouse.column import column_type
from leadline.workspace import Workspace

_CLOSE = 1e-9


class _MadeUp(Workspace):
    """A workspace over the rows of an example alone."""

    def refresh_goals(self) -> None:
        """Goals are rows like others here: the example's, not the workspace's."""


class Golden(Struct, frozen=True):
    """An example of a metric, and where it is written."""

    metric: str
    example: Example
    place: str


class Outcome(Struct, frozen=True):
    """What an example yielded; `problem` says in a line why that is not what it must, empty when it is."""

    golden: Golden
    value: Value = None
    problem: str = ""


def read_examples(folder: Path) -> list[Golden]:
    """The examples of a workspace's own metrics, in the order of its files."""
    found = []
    for path in sorted((folder / "metrics").glob("*.y*ml")):
        document = read_document(path.read_text(encoding="utf-8"), f"metrics/{path.name}")
        for name, data in document.data.items():
            if isinstance(data, dict) and "examples" in data:
                found += _of_metric(str(name), document)
    return found


def _of_metric(name: str, document: Document) -> list[Golden]:
    definition = document.convert(MetricDefinition, document.data[name], name)
    return [
        Golden(name, example, document.place(name, "examples", str(number)))
        for number, example in enumerate(definition.examples)
    ]


def run_examples(project: Project, examples: Sequence[Golden]) -> list[Outcome]:
    """Run examples, each on an empty warehouse of its own."""
    return [_run(project, golden) for golden in examples]


def _run(project: Project, golden: Golden) -> Outcome:
    example = golden.example
    with Warehouse.open(None, project.tables) as warehouse:
        try:
            _fill(warehouse, project, golden)
            with _MadeUp(project, warehouse) as space:
                result = space.query([golden.metric], by=example.by, period=example.period or None)
        except LeadlineError as error:
            return Outcome(golden, problem=f"{error.what} {error.why}".strip())
        except (*statement_errors(), *value_errors()) as error:
            return Outcome(golden, problem=f"a row cannot be what its fact holds: {str(error).splitlines()[0]}")
    value = result.column(golden.metric)[0] if result.rows else None
    if _same(value, example.expect):
        return Outcome(golden, value)
    shown, wanted = ("no value" if one is None else str(one) for one in (value, example.expect))
    return Outcome(golden, value, f"gives {shown}, and must give {wanted}")


def _same(value: Value, expected: Any) -> bool:
    if value is None or expected is None:
        return value is None and expected is None
    try:
        return math.isclose(float(value), float(expected), rel_tol=_CLOSE)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _fill(warehouse: Warehouse, project: Project, golden: Golden) -> None:
    with warehouse.load("example", golden.place, golden.place, "example") as load:
        for name, rows in golden.example.given.items():
            fact = project.tables.get(name)
            if fact is None:
                raise _unknown("fact", name, project.tables, golden)
            if rows:
                load.merge(name, _select(fact, rows, golden), "upsert")


def _select(fact: Fact, rows: Sequence[Mapping[str, Any]], golden: Golden) -> str:
    """SQL that yields the rows, typed as the fact's columns; every row is one of its own."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        if not fact.has(name):
            raise _unknown(f"column of {fact.name}", name, fact.column_names, golden)
    selects = []
    for number, row in enumerate(rows, start=1):
        cells = [f"CAST({_cell(row.get(name))} AS {column_type(fact, name)}) AS {quote(name)}" for name in names]
        selects.append(f"SELECT {', '.join([*cells, f'{number} AS _line', f'{literal(str(number))} AS _key'])}")
    return " UNION ALL ".join(selects)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else literal(str(value))


def _unknown(kind: str, name: str, known: Any, golden: Golden) -> DefinitionError:
    return DefinitionError(
        "bad-example",
        f"There is no {kind} named {name!r}.",
        why=golden.place,
        fix=meant(name, known, "see `leadline facts`"),
    )

"""From a number to the records behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadline.errors import unknown
from leadline.model.text import formula_text
from leadline.plan.cell import CellLeg, Records, cell_legs, cell_of
from leadline.plan.query import Query
from leadline.plan.result import Result, Total
from leadline.sql.render import Renderer
from leadline.workspace.measure import Measuring

ROLES = ("viewer", "admin")


class Drilling(Measuring):
    """Finds records."""

    def records(self, query: Query, limit: int = 100) -> list[tuple[str, list[str], list[tuple[Any, ...]]]]:
        """The rows behind a whole query: for each leg the fact, column names and rows (newest first).

        Each row ends with the file and line it came from. Personal data is masked. For one cell see `records_of`.
        """
        plan = self.compile(query)
        renderer = self._ready(query, plan.legs, whole=True)
        return [(leg.fact, *self._rows_with_files(renderer.records(leg, limit))) for leg in plan.legs]

    def records_of(
        self, result: Result, row: int | Total, column: str | int, *, role: str = "viewer", limit: int | None = None
    ) -> list[Records]:
        """The records behind one cell of a result: one set for each measure of the metric's formula.

        `row` is a row's number, or one of the result's totals; `column` a metric column by name or number. Counts and
        sums of the records give the measures' values; of a cohort they are first steps, with the moment the next one
        was reached. Personal data is masked unless `role` is `admin`. `limit` caps the rows shown, never `count`.
        """
        found = []
        for one, renderer in self._behind(result, row, column, role):
            sql = renderer.records(one.leg, limit, one.cell, reveal=role == "admin")
            columns, rows = self._rows_with_files(sql)
            count = len(rows)
            if limit is not None and count == limit:
                count = int(self.warehouse().rows(renderer.count_records(one.leg, one.cell))[1][0][0])
            found.append(Records.of(one, columns, rows, count, sql))
        return found

    def record_statements(self, result: Result, row: int | Total, column: str | int) -> list[tuple[str, str, str]]:
        """Measure, fact and SQL of the records behind one cell, as `records_of` reads them, personal data masked."""
        return [
            (formula_text(one.leaf.measure), one.leg.fact, renderer.records(one.leg, None, one.cell))
            for one, renderer in self._behind(result, row, column, ROLES[0])
        ]

    def _behind(
        self, result: Result, row: int | Total, column: str | int, role: str
    ) -> Iterator[tuple[CellLeg, Renderer]]:
        """The legs behind one cell, each with what renders it."""
        if role not in ROLES:
            raise unknown("role", role, ROLES)
        names = result.names
        at = names.index(column) if column in names else column
        if not isinstance(at, int) or not -len(names) <= at < len(names) or result.columns[at].kind != "metric":
            raise unknown("metric column", str(column), [one.name for one in result.columns if one.kind == "metric"])
        query, label, dimensions = cell_of(result, row)
        plan = self.compile(query)
        output = next(output for output in plan.outputs if output.column.name == names[at])
        legs = cell_legs(plan, output, label, dimensions, self.facts, self.states())
        renderer = self._ready(query, [one.leg for one in legs], whole=True)
        return ((one, renderer) for one in legs)

    def _rows_with_files(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a drill, each row with the file it was delivered in."""
        warehouse = self.warehouse()
        names, rows = warehouse.rows(sql)
        loads = names.index("_load")
        origins = dict(warehouse.con.execute("SELECT id, origin FROM ledger.load").fetchall())
        return [*names, "_file"], [(*row, origins.get(row[loads])) for row in rows]

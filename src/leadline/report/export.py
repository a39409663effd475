"""Results for machines: CSV, JSON and Parquet, exact to the last digit.

**CSV and spreadsheets.** A text cell that begins with `=`, `+`, `-`, `@`, a tab or a line end would run as a formula
when the file is opened in a spreadsheet, so it gets a leading apostrophe; controls that turn text round (U+202E and its
like) are left out. Numbers are numbers and stay as they are. JSON and Parquet keep every text as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from leadline.plan.result import Result, ResultColumn

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDEST = 38


def to_csv(result: Result) -> str:
    """The result as CSV: column names first, ISO dates, plain decimals, nothing for null and `""` for empty text.

    Where there are totals, a last column `is_total` tells them from the rows.
    """
    return "".join(csv_lines(result))


def csv_lines(result: Result, heads: Sequence[str] = (), notes: Sequence[str] = ()) -> Iterator[str]:
    """The lines of `to_csv` one by one, each with its end; `heads` instead of the columns' names.

    `notes` are a last column: its head, then a text for each row.
    """
    totals = [["is_total"], ["false"], ["true"]] if result.totals else [[], [], []]
    noted = [_quoted(guard(note)) if note else "" for note in notes]
    names = heads or [column.name for column in result.columns]
    yield ",".join([*(_quoted(guard(name)) for name in names), *totals[0], *noted[:1]]) + "\n"
    for number, row in enumerate(result.rows, 1):
        yield (",".join([*map(_csv_cell, row), *totals[1], *noted[number : number + 1]]) or '""') + "\n"
    for total in result.totals:
        yield ",".join([*map(_csv_cell, total.values), *totals[2], *([""] if noted else [])]) + "\n"


def to_json(result: Result, *, indent: int = 0) -> str:
    """The result as `{"columns": […], "rows": [[…]], "totals": [[…]], "provenance": {…}}`, decimals as exact numbers.

    Marks of cells (unfinished, immature, no-data, …) stand in the provenance as `{"row", "column", "mark"}`; of totals
    under `total` instead of `row`.
    """
    marks = [
        {"row": row, "column": result.columns[column].name, "mark": mark}
        for (row, column), mark in sorted(result.marks.items())
    ]
    marks += [
        {"total": number, "column": result.columns[column].name, "mark": mark}
        for number, total in enumerate(result.totals)
        for column, mark in sorted(total.marks.items())
    ]
    provenance = {**result.provenance, "marks": marks}
    totals = {"totals": [total.values for total in result.totals]} if "totals" in result.provenance else {}
    return encode_json(
        {"columns": list(result.columns), "rows": result.rows, **totals, "provenance": provenance}, indent=indent
    )


def encode_json(data: object, *, indent: int = 0) -> str:
    """Any of our structs as JSON with exact decimals, ISO dates, and null for what is no number."""
    import msgspec

    encoded = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode(data)
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()


def write_parquet(result: Result, path: Path) -> None:
    """Writes the result to `path` as Parquet, whole or not at all.

    Times are DATE or TIMESTAMP, whole numbers BIGINT, money DECIMAL(38, its longest scale), other numbers DOUBLE. The
    file's metadata holds under `leadline` what the columns are: label, unit, currency.
    """
    from leadline.engines.duckdb import connect

    unfinished = path.with_name(path.name + ".part")
    fields, values = [], []
    for index, column in enumerate(result.columns):
        cells = [row[index] for row in result.rows]
        kind = _sql_type(column, cells)
        name = column.name.replace('"', '""')
        fields.append(f'unnest(?::{kind}[]) AS "{name}"')
        values.append([_plain(cell, kind) for cell in cells])
    target = str(unfinished).replace("'", "''")
    with connect() as con:
        con.execute(f"CREATE TABLE result AS SELECT {', '.join(fields)}", values)
        told = encode_json({"columns": list(result.columns)}).replace("'", "''")
        con.execute(f"COPY result TO '{target}' (FORMAT parquet, KV_METADATA {{leadline: '{told}'}})")
    unfinished.replace(path)


def guard(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula, nor shows it turned round."""
    if not text.isascii():
        # Only here: a query that draws nothing loads nothing of the charts.
        from leadline.charts.label import unturned

        text = unturned(text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_cell(value: object) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(guard(str(value)))


def _quoted(text: str) -> str:
    # The standard writer leaves a lone carriage return bare, where most readers see a line end.
    plain = text and not any(character in text for character in ',"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'


def _sql_type(column: ResultColumn, cells: Sequence[object]) -> str:
    known = [cell for cell in cells if cell is not None]
    if column.kind == "time":
        return "TIMESTAMP" if any(isinstance(cell, datetime) for cell in known) else "DATE"
    if column.kind == "dimension":
        return "BOOLEAN" if known and all(isinstance(cell, bool) for cell in known) else "VARCHAR"
    if known and all(isinstance(cell, int) for cell in known):
        return "BIGINT" if all(-(2**63) <= cell < 2**63 for cell in known if isinstance(cell, int)) else "HUGEINT"
    if known and all(isinstance(cell, int | Decimal) for cell in known):
        return _decimal_type([cell for cell in known if isinstance(cell, int | Decimal)])
    return "DOUBLE"


def _decimal_type(cells: Sequence[int | Decimal]) -> str:
    parts = [Decimal(cell).as_tuple() for cell in cells]
    if any(not isinstance(part.exponent, int) for part in parts):
        return "DOUBLE"
    scale = max((max(0, -int(part.exponent)) for part in parts), default=0)
    whole = max((len(part.digits) + int(part.exponent) for part in parts), default=1)
    return f"DECIMAL({_WIDEST}, {scale})" if scale + max(whole, 1) <= _WIDEST else "DOUBLE"


def _plain(cell: object, kind: str) -> object:
    if kind == "VARCHAR" and cell is not None:
        return str(cell)
    return float(cell) if kind == "DOUBLE" and isinstance(cell, Decimal) else cell

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from leadline.engines.duckdb import connect
from leadline.plan.result import Result, ResultColumn
from leadline.report.export import guard, to_csv, to_json, write_parquet

COLUMNS = (
    ResultColumn("month", "time", "Month"),
    ResultColumn("channel", "dimension", "Channel"),
    ResultColumn("is_new", "dimension", "New"),
    ResultColumn("revenue", "metric", "Revenue", "money", "revenue", currency="EUR"),
    ResultColumn("orders", "metric", "Orders", "orders", "orders"),
    ResultColumn("cr", "metric", "Rate", "percent", "cr"),
)
ROWS = [
    (date(2026, 3, 1), "=cmd()", True, Decimal("12345678901234567890.10"), 12, 0.1),
    (date(2026, 4, 1), None, False, Decimal("-5.55"), None, float("nan")),
    (date(2026, 5, 1), 'a "quoted", name', None, None, 9007199254740993, None),
]
RESULT = Result(COLUMNS, ROWS, {"sql": "SELECT 1", "asked": datetime(2026, 5, 2, 8)}, {(1, 3): "unfinished"})


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ("\u202e=1", "'=1"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a=1", "a=1"),
        ("", ""),
        ("Paid Search", "Paid Search"),
    ],
)
def test_no_text_cell_is_a_formula(text: str, guarded: str) -> None:
    assert guard(text) == guarded
    column = (ResultColumn("=x", "dimension", "x"),)
    assert [*csv.reader(io.StringIO(to_csv(Result(column, [(text or "-",)], {})), newline=""))] == [
        ["'=x"],
        [guarded or "'-"],
    ]


def test_csv_is_exact_and_numbers_stay_numbers() -> None:
    assert [*csv.reader(io.StringIO(to_csv(RESULT), newline=""))] == [
        ["month", "channel", "is_new", "revenue", "orders", "cr"],
        ["2026-03-01", "'=cmd()", "true", "12345678901234567890.10", "12", "0.1"],
        ["2026-04-01", "", "false", "-5.55", "", ""],
        ["2026-05-01", 'a "quoted", name', "", "", "9007199254740993", ""],
    ]


def test_csv_tells_null_from_empty_text() -> None:
    two = Result((COLUMNS[1], COLUMNS[1]), [(None, ""), ("a", None)], {})
    assert to_csv(two) == 'channel,channel\n,""\na,\n'
    assert to_csv(Result((COLUMNS[1],), [(None,)], {})) == 'channel\n""\n', "no line is blank"


def test_json_is_exact() -> None:
    data = json.loads(to_json(RESULT), parse_float=Decimal)
    assert set(data) == {"columns", "rows", "provenance"}
    assert [column["name"] for column in data["columns"]] == [column.name for column in COLUMNS]
    assert data["rows"] == [
        ["2026-03-01", "=cmd()", True, Decimal("12345678901234567890.10"), 12, Decimal("0.1")],
        ["2026-04-01", None, False, Decimal("-5.55"), None, None],
        ["2026-05-01", 'a "quoted", name', None, None, 9007199254740993, None],
    ]
    assert data["provenance"]["sql"] == "SELECT 1"
    assert data["provenance"]["asked"] == "2026-05-02T08:00:00"
    assert data["provenance"]["marks"] == [{"row": 1, "column": "revenue", "mark": "unfinished"}]
    assert json.loads(to_json(RESULT, indent=2)) == json.loads(to_json(RESULT))


def test_parquet_is_typed_and_exact(tmp_path: Path) -> None:
    path = tmp_path / "it's a result.parquet"
    rows = [(*row[:5], None if row[5] != row[5] else row[5]) for row in ROWS]
    write_parquet(Result(COLUMNS, rows, {}), path)
    with connect() as con:
        read = con.execute("SELECT * FROM read_parquet($1)", [str(path)])
        assert [str(column[1]) for column in read.description or []] == [
            "DATE", "VARCHAR", "BOOLEAN", "DECIMAL(38,2)", "BIGINT", "DOUBLE"
        ]  # fmt: skip
        assert read.fetchall() == rows
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_parquet_of_no_rows_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    write_parquet(Result(COLUMNS, [], {}), path)
    with connect() as con:
        assert [row[0] for row in con.execute("DESCRIBE FROM read_parquet($1)", [str(path)]).fetchall()] == [
            column.name for column in COLUMNS
        ]

"""Archives, Parquet, workbooks and databases."""

from __future__ import annotations

import builtins
import datetime as dt
import gzip
import io
import sqlite3
import zipfile
from decimal import Decimal

import duckdb
import pytest
import xlsxwriter

from leadline.errors import DataError
from leadline.ingest.read import Limits, ReadOptions, probe, read


def test_gzip(tables, rows):
    [table] = tables(gzip.compress(b"a,b\n1,2\n"))
    assert (table.file, rows(table)) == ("report.csv", [(2, "1", "2")])


def test_search_console_zip(tables, rows):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Queries.csv", "Top queries,Clicks,CTR\nshoes,5,2.5%\n")
        archive.writestr("Pages.csv", "Top pages,Clicks,CTR\n/a,5,2.5%\n")
        archive.writestr("__MACOSX/._Pages.csv", b"\0\1")
        archive.writestr("Filters.csv", "Filter,Value\nSearch type,Web\n")
    found = tables(out.getvalue())
    assert [(t.file, t.name, t.rows) for t in found] == [
        ("report.csv/Queries.csv", "Queries", 1),
        ("report.csv/Pages.csv", "Pages", 1),
        ("report.csv/Filters.csv", "Filters", 1),
    ]
    assert rows(found[0]) == [(2, "shoes", "5", "2.5%")]


def test_zip_member_names_cannot_leave_the_folder(tables, tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.csv", "a,b\n1,2\n")
    assert tables(out.getvalue())[0].rows == 1
    assert not list(tmp_path.parent.rglob("evil.csv"))


def test_unpacked_size_is_limited(refusal):
    content = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    assert refusal(content, limits=Limits(unpacked=1000)).code == "archive-too-large"


def test_parquet(con, tmp_path):
    path = tmp_path / "x.bin"
    con.execute(
        f"copy (select 'a' as Name, 1.5 as x, date '2026-01-02' as d from range(3)) to '{path}' (format parquet)"
    )
    [table] = read(con, path)
    assert (probe(path), table.text, table.columns, table.rows) == ("parquet", False, ("Name", "x", "d"), 3)
    assert con.execute(f"select _line, d from {table.relation} where _line = 3").fetchall() == [
        (3, dt.date(2026, 1, 2))
    ]


def test_every_cut_of_a_parquet_file_is_refused(con, tmp_path):
    path = tmp_path / "x.parquet"
    con.execute(f"copy (select i, i::varchar as t from range(99) r(i)) to '{path}' (format parquet)")
    whole = path.read_bytes()
    for at in range(4, len(whole), 13):
        path.write_bytes(whole[:at])
        with pytest.raises(DataError) as caught:
            read(con, path)
        assert "parquet" in caught.value.code


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as out:
        sheet = out.add_worksheet("Ads")
        sheet.write_row(0, 0, ["Campaign report"])
        sheet.write_row(1, 0, ["Jan 1, 2026 - Jan 2, 2026"])
        sheet.write_row(3, 0, ["Day", "Campaign", "Cost", "Clicks", "Code"])
        sheet.write_datetime(4, 0, dt.datetime(2026, 1, 1))
        sheet.write_row(4, 1, ["Brand", 1.5, 3, "x1"])
        sheet.write_datetime(5, 0, dt.datetime(2026, 1, 2))
        sheet.write_row(5, 1, ["Generic", 2, 4, 12])
        out.add_worksheet("Empty")
        hidden = out.add_worksheet("Secret")
        hidden.write_row(0, 0, ["a", "b"])
        hidden.write_row(1, 0, [1, 2])
        hidden.hide()
        out.add_worksheet("Plain").write_column(0, 0, ["email", "a@x.org"])
    return path


def test_workbook(con, book, rows):
    ads, plain = read(con, book)
    assert (ads.file, ads.name, ads.header_line, ads.decimal) == ("book.xlsx/Ads", "Campaign report", 4, ".")
    assert rows(ads) == [
        (5, dt.date(2026, 1, 1), "Brand", 1.5, 3, "x1"),
        (6, dt.date(2026, 1, 2), "Generic", 2.0, 4, "12"),
    ]
    assert (plain.name, rows(plain)) == ("Plain", [(2, "a@x.org")])
    assert [note.rule for note in ads.notes] == ["hidden-sheets"]


def test_workbook_sheet_option(con, book):
    [table] = read(con, book, ReadOptions(sheet="Secret"))
    assert table.rows == 1
    with pytest.raises(DataError, match="unknown-sheet"):
        read(con, book, ReadOptions(sheet="None"))


def test_every_cut_of_a_workbook_is_refused(con, book):
    whole = book.read_bytes()
    for at in range(4, len(whole), 97):
        book.write_bytes(whole[:at])
        with pytest.raises(DataError):
            read(con, book)


def test_missing_extra_names_its_install(con, book, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.split(".")[0] in ("python_calamine", "sqlalchemy"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError) as caught:
        read(con, book)
    assert caught.value.fix == "pip install 'leadline[excel]'"
    with pytest.raises(DataError) as caught:
        read(con, None, ReadOptions(url="sqlite://"))
    assert caught.value.fix == "pip install 'leadline[sql]'"


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "crm.data"
    with sqlite3.connect(path) as out:
        out.execute("create table deal (id integer, name text, amount real, mixed, day text)")
        out.executemany(
            "insert into deal values (?, ?, ?, ?, ?)",
            [(1, 'A "quoted"\nname', 1.5, 1, "2026-01-01"), (2, None, None, "x", None), (3, "", 2, b"\1", "")],
        )
        out.execute("create table other (a)")
        out.execute("create view won as select * from deal where id = 1")
    out.close()
    return path


def test_sqlite_table_and_query(con, sqlite, rows):
    [table] = read(con, sqlite, ReadOptions(table="DEAL"))
    assert (probe(sqlite), table.name, table.columns) == ("sqlite", "deal", ("id", "name", "amount", "mixed", "day"))
    assert rows(table) == [
        (1, 1, 'A "quoted"\nname', 1.5, "1", "2026-01-01"),
        (2, 2, None, None, "x", None),
        (3, 3, None, 2.0, "01", None),
    ]
    [table] = read(con, sqlite, ReadOptions(query="select count(*) as n from deal"))
    assert rows(table) == [(1, 3)]


def test_sqlite_needs_a_table_when_there_are_several(con, sqlite):
    with pytest.raises(DataError, match=r"deal, other, won"):
        read(con, sqlite)
    with pytest.raises(DataError, match=r"did you mean deal"):
        read(con, sqlite, ReadOptions(table="deals"))
    with pytest.raises(DataError, match="bad-query"):
        read(con, sqlite, ReadOptions(query="select nothing from deal"))


def test_sqlite_is_never_written(con, sqlite):
    before = sqlite.read_bytes()
    with pytest.raises(DataError):
        read(con, sqlite, ReadOptions(query="delete from deal"))
    assert sqlite.read_bytes() == before


def test_duckdb_file(con, tmp_path, rows):
    path = tmp_path / "other.data"
    with duckdb.connect(str(path)) as out:
        out.execute("create schema s; create table s.t as select 1 as a, 'x' as b; create table u as select 2 as c")
    assert probe(path) == "duckdb"
    with pytest.raises(DataError, match=r"s\.t, u"):
        read(con, path)
    [table] = read(con, path, ReadOptions(table="s.t"))
    assert rows(table) == [(1, 1, "x")]
    [table] = read(con, path, ReadOptions(query="select c + 1 as d from u"))
    assert rows(table) == [(1, 3)]
    evil = "select 1) ; create temp table evil (a int); --"
    for query in ("drop table u", "select 1) ; create table evil (a int); --", "select 1; select 2", "selec", evil):
        with pytest.raises(DataError, match="bad-query"):
            read(con, path, ReadOptions(query=query))
    assert con.execute("select current_database()").fetchone() == ("memory",)
    assert not con.execute("select 1 from duckdb_tables() where table_name = 'evil'").fetchall()
    assert len(con.execute("select 1 from duckdb_databases() where not internal").fetchall()) == 1


def test_duckdb_file_beside_a_warehouse_of_any_name(tmp_path, rows):
    path = tmp_path / "other.data"
    with duckdb.connect(str(path)) as out:
        out.execute("create table u as select 2 as c")
    with duckdb.connect(str(tmp_path / "my ware-house.db")) as warehouse:
        [table] = read(warehouse, path)
        assert warehouse.execute(f"select c from {table.relation}").fetchall() == [(2,)]
        assert warehouse.execute("select current_database()").fetchone() == ("my ware-house",)


def test_url(con, sqlite, rows):
    address = f"sqlite:///{sqlite}"
    [table] = read(con, None, ReadOptions(url=address, table="deal"))
    assert (table.name, table.rows, rows(table)[0][1:3]) == ("deal", 3, (1, 'A "quoted"\nname'))
    [table] = read(con, None, ReadOptions(url=address, query="select id from deal where amount > 1.6"))
    assert rows(table) == [(1, 3)]
    with pytest.raises(DataError, match="several-tables"):
        read(con, None, ReadOptions(url=address))


def test_url_errors_hide_the_password(con):
    for address in ("nosuchdb://me:hush@host/db", "sqlite://me:hush@host/none/where", "not an address hush"):
        with pytest.raises(DataError) as caught:
            read(con, None, ReadOptions(url=address, query="select 1"))
        assert "hush" not in str(caught.value)


def test_types_of_database_values(tmp_path):
    from leadline.ingest.read.spool import Spool

    columns = {
        "BIGINT": [1, 2.0, None],
        "DOUBLE": [1, 2.5, 1e300],
        "DECIMAL(38,10)": [Decimal("1.5"), 2, None],
        "VARCHAR": [1, "x", None],
        "DATE": [dt.date(2026, 1, 2), None, None],
        "TIMESTAMP": [dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3), None],
        "TIMESTAMPTZ": [dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2))), None, None],
        "BOOLEAN": [True, False, None],
        "TIME": [dt.time(1, 2), None, None],
    }
    spool = Spool(tmp_path, len(columns))
    for number, row in enumerate(zip(*columns.values(), strict=True), 1):
        spool.values(number, row)
    assert [spool.column_type(at) for at in range(len(columns))] == list(columns)
    with duckdb.connect() as con:
        name = spool.stage(con, [f"c{at}" for at in range(len(columns))], list(columns))
        con.execute("set timezone = 'UTC'")
        found = con.execute(f"select c2, c5, c6::varchar, c7 from {name} order by _line").fetchall()
    assert found[0] == (Decimal("1.5"), dt.datetime(2026, 1, 2), "2026-01-02 01:00:00+00", True)
    assert not list(tmp_path.iterdir())

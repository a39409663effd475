"""Swift loads: a large clean file goes straight in, and gives what staging it gives; any other is staged after all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.loading import ORDERS, Loader, orders
from leadline.ingest import landing, swift
from leadline.ingest.read import plain

ROWS = 400
BY_LINE = ORDERS.replace("key: order_id", "key: _line")
OPEN = """
title: Orders
currency: EUR
columns: {order_id: text, customer: text, ordered_at: datetime}
facts:
  - fact: order
    key: _line
    columns: {order_id: order_id, ordered_at: ordered_at, customer_id: customer, amount: amount, is_sale: amount > 0}
"""
"""The kind of the amount is left to be found."""
LEDGERS = ("quarantine", "finding", "coverage", "merge", "state")


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of the first dozen rows, a few from two places further down, and the last one."""
    for name, value in (("HEAD", 512), ("SPREAD", 2), ("SLICE", 256)):
        monkeypatch.setattr(plain, name, value)


@pytest.fixture
def inserted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each part went in: `sample` straight from a file that was only sampled, `staged` from staged text."""
    ways: list[str] = []
    insert = swift.insert

    def told(context: Any, part: Any, load: Any, mapped: Any) -> None:
        insert(context, part, load, mapped)
        ways.append("sample" if part.table.sample else "staged")

    monkeypatch.setattr(swift, "insert", told)
    return ways


def everything(loader: Loader) -> dict[str, Any]:
    """Rows, past rows and the ledger, but for clock times."""
    con = loader.warehouse.con
    found: dict[str, Any] = {"rows": loader.rows("order")}
    found["past"] = con.execute('SELECT * FROM history."order" ORDER BY ALL').fetchall()
    for name in LEDGERS:
        found[name] = con.execute(f"SELECT * FROM ledger.{name} ORDER BY ALL").fetchall()
    return found


def twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, *texts: str) -> tuple[Loader, Loader]:
    """The same files loaded swiftly and staged."""
    loaders = []
    for rows in (1, 10**9):
        monkeypatch.setattr(swift, "ROWS", rows)
        loader = Loader(tmp_path, source)
        reports = [loader.load(text) for text in texts]
        assert {report.status for report in reports} == {"loaded"}, reports
        loaders.append(loader)
    return loaders[0], loaders[1]


@pytest.mark.parametrize("source", [ORDERS, BY_LINE])
def test_a_clean_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, inserted: list[str], source: str
) -> None:
    fast, slow = twice(tmp_path, monkeypatch, source, orders(ROWS))
    assert inserted == ["sample"]
    assert everything(fast) == everything(slow)
    assert fast.rows("order", "_line, order_id")[-1] == (ROWS + 1, f"o{ROWS}")


@pytest.mark.parametrize("source", [ORDERS, BY_LINE])
def test_what_comes_after_changes_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, inserted: list[str], source: str
) -> None:
    # The second file restates a row, brings another and lacks none; the third is shorter.
    later = orders(ROWS + 1, amount={7: "99.00"}, customer={8: "c9"})
    fast, slow = twice(tmp_path, monkeypatch, source, orders(ROWS), later, orders(20))
    assert inserted == ["sample"], "only the first delivery of a source is not compared"
    assert everything(fast) == everything(slow)
    assert len(everything(fast)["past"]) == 4, "rows 7 and 8 twice: they came, and came back"


def test_lines_are_those_of_the_file_however_it_was_cut(tmp_path: Path, inserted: list[str]) -> None:
    count = 60_000
    text = "order_id,ordered_at,customer,amount\n" + "".join(
        f"o{line},2026-01-01 10:00:00,c{line % 97},{line}.25\n" for line in range(2, count + 2)
    )
    loader = Loader(tmp_path, BY_LINE)
    assert loader.load(text).status == "loaded"
    assert inserted == ["sample"]
    wrong = loader.rows("order", "count(*)", "1")
    assert wrong == [(count,)]
    con = loader.warehouse.con
    unlike = con.execute("SELECT count(*) FROM fact.order WHERE order_id <> 'o' || _line OR amount <> _line + 0.25")
    assert unlike.fetchone() == (0,)
    assert loader.load(text.replace("o77,", "x77,")).facts[0].updated == 1
    changed = con.execute("SELECT _line FROM fact.order WHERE order_id = 'x77' AND _load = 2").fetchall()
    assert changed == [(77,)]


def _cell(column: str, value: str) -> Callable[[], str]:
    return lambda: orders(ROWS, **{column: {300: value}})


def _line(text: str) -> Callable[[], str]:
    lines = orders(ROWS).splitlines()
    return lambda: "\n".join([*lines[:300], text, *lines[300:]]) + "\n"


UNSEEN: dict[str, Callable[[], str]] = {
    "number in dress": _cell("amount", '"1,234.50"'),
    "currency sign": _cell("amount", "$12.50"),
    "no number": _cell("amount", "many"),
    "underscore": _cell("amount", "1_0"),
    "null mark": _cell("amount", "n/a"),
    "blanks around": _cell("customer", " c3 "),
    "no-break space": _cell("customer", "c3\u00a0"),
    "no date": _cell("ordered_at", "soon"),
    "date of another form": _cell("ordered_at", "17/02/2026"),
    "date in the future": _cell("ordered_at", "2031-02-17 10:00:00"),
    "formula": _cell("customer", "=1+1"),
    "line break": _cell("customer", '"two\nlines"'),
    "same key": _cell("order_id", "o17"),
    "no key": _cell("order_id", ""),
    "blank line": _line(""),
    "header again": _line("order_id,ordered_at,customer,amount"),
    "lone cell": _line("a remark,,,"),
    "code among numbers": _cell("amount", "007"),
    "total": lambda: orders(ROWS) + "Total,,,9999.00\n",
}


@pytest.mark.parametrize("what", UNSEEN)
@pytest.mark.parametrize("source", [ORDERS, BY_LINE, OPEN])
def test_what_the_sample_does_not_show_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, source: str, what: str
) -> None:
    outcomes = []
    for rows in (1, 10**9):
        monkeypatch.setattr(swift, "ROWS", rows)
        loader = Loader(tmp_path, source)
        report = loader.load(UNSEEN[what]())
        told = (report.status, report.rows, report.facts, report.findings, report.quarantined, str(report.error))
        outcomes.append((told, everything(loader)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("what", ["short row", "long row", "stray quote"])
def test_rows_of_another_width_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, what: str
) -> None:
    text = {
        "short row": "o1,2026-01-01",
        "long row": "o1,2026-01-01 10:00:00,c,1,2",
        "stray quote": 'o1,2026-01-01,"c,1',
    }
    outcomes = []
    for rows in (1, 10**9):
        monkeypatch.setattr(swift, "ROWS", rows)
        loader = Loader(tmp_path, BY_LINE)
        report = loader.load(_line(text[what])())
        outcomes.append((report.status, report.findings, str(report.error), everything(loader)))
    assert outcomes[0] == outcomes[1]


def test_a_column_that_is_empty_in_the_sample_is_looked_at_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, inserted: list[str]
) -> None:
    text = orders(ROWS, amount={number: "" for number in range(1, ROWS + 1) if number != 300})
    fast, slow = twice(tmp_path, monkeypatch, OPEN, text)
    assert inserted == []
    assert everything(fast) == everything(slow)
    assert [row[0] for row in fast.rows("order", "is_sale") if row[0] is not None] == [True]


def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, inserted: list[str]
) -> None:
    monkeypatch.setattr(swift, "ROWS", 1)
    seen = iter([(1, 1)])
    monkeypatch.setattr(landing, "stamp", lambda path: next(seen))
    loader = Loader(tmp_path, BY_LINE)
    assert loader.load(orders(ROWS)).status == "loaded"
    assert inserted == ["sample"], "its rows were taken back, and it was staged"
    assert loader.ledger("merge", "load, inserted") == [(1, ROWS)]


def test_a_source_that_needs_other_rows_is_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None, inserted: list[str]
) -> None:
    source = ORDERS.replace("customer_id: customer,", "customer_id: first_value(customer) over (order by order_id),")
    fast, slow = twice(tmp_path, monkeypatch, source, orders(ROWS))
    assert inserted == ["sample"]
    assert everything(fast) == everything(slow), "the lines are asked of the file, whatever order rows come in"


def test_no_sampled_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sample: None) -> None:
    monkeypatch.setattr(swift, "ROWS", 1)
    loader = Loader(tmp_path, BY_LINE)
    loader.load(orders(ROWS))
    names = loader.warehouse.con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    ).fetchall()
    assert names == []

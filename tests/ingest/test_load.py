"""Loading: idempotent, in any order, one transaction a file, and what was refused changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.loading import ORDERS, Loader, orders, rules, table
from leadline.errors import UsageError
from leadline.ingest import swift
from leadline.ingest.load import load_paths

Rows = list[tuple[Any, ...]]
VALUES = "order_id, ordered_at, customer_id, amount, is_sale, is_first, currency"


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    first = loader.load(orders(30))
    assert (first.status, first.rows, [one.inserted for one in first.facts]) == ("loaded", 30, [30])
    before = loader.rows("order")
    again = loader.load(orders(30))
    assert (again.status, again.load) == ("unchanged", first.load)
    renamed = loader.load(orders(30), "renamed.csv")
    assert renamed.status == "unchanged", "the content counts, not the name"
    assert loader.rows("order") == before


def test_a_longer_delivery_adds_what_is_new_and_updates_what_changed(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    loader.load(orders(30))
    report = loader.load(orders(32, amount={4: "99.00"}))
    assert [(one.inserted, one.updated, one.unchanged, one.removed) for one in report.facts] == [(2, 1, 29, 0)]
    assert loader.warehouse.con.execute('SELECT count(*) FROM history."order"').fetchall() == [(1,)]


def test_a_changed_mapping_loads_the_same_file_anew(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    loader.load(orders(3))
    other = Loader(tmp_path, ORDERS.replace("amount > 0", "amount > 12"))
    other.warehouse.close()
    other.warehouse = loader.warehouse
    import msgspec

    other.settings = msgspec.structs.replace(other.settings, warehouse=loader.warehouse)
    assert other.load(orders(3)).status == "loaded"
    assert [row[0] for row in loader.rows("order", "is_sale")] == [False, True, True]


def test_a_snapshot_removes_what_it_lacks(tmp_path: Path) -> None:
    loader = Loader(tmp_path, "mode: snapshot\n" + ORDERS)
    loader.load(orders(30))
    report = loader.load(orders(28))
    assert [one.removed for one in report.facts] == [2]
    assert len(loader.rows("order")) == 28


def test_a_dry_run_writes_nothing_and_tells_all(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    report = loader.load(orders(40, amount={5: "x"}), dry_run=True)
    assert (report.status, report.quarantined, [one.inserted for one in report.facts]) == ("checked", 1, [39])
    assert rules(report) == {"not-a-number": 6}
    assert loader.rows("order") == []
    assert loader.ledger("load") == []


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    paths = [
        loader.write(orders(3), "a.csv"),
        loader.write("<html><body>Sign in</body></html>", "b.csv"),
        loader.write(orders(5), "c.csv"),
    ]
    seen: list[tuple[str, int, int]] = []
    reports = load_paths(loader.settings, paths, progress=lambda *told: seen.append(told))
    assert [report.status for report in reports] == ["loaded", "refused", "loaded"]
    assert len(loader.rows("order")) == 5
    assert seen[0] == ("a.csv", 0, 3)
    assert seen[-1] == ("", 3, 3)


def test_folders_and_patterns_are_searched(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    loader.write(orders(3), "in/a.csv")
    loader.write(orders(5), "in/deep/b.csv")
    loader.write("no data here\n", "in/LICENSE")
    loader.write(orders(9), "in/.hidden/c.csv")
    reports = load_paths(loader.settings, [tmp_path / "in"])
    assert sorted((report.file, report.status) for report in reports) == [
        ("LICENSE", "skipped"), ("a.csv", "loaded"), ("b.csv", "loaded"),
    ]  # fmt: skip
    assert [report.file for report in load_paths(loader.settings, [str(tmp_path / "in" / "*.csv")])] == ["a.csv"]
    with pytest.raises(UsageError, match="no file"):
        load_paths(loader.settings, [tmp_path / "none.csv"])


def test_a_source_can_be_named(tmp_path: Path) -> None:
    loader = Loader(tmp_path, "name: shop\nfiles: shop*.csv\n" + ORDERS)
    assert loader.load(orders(3)).status == "refused", "it does not say that it reads data.csv"
    assert loader.load(orders(3), source="shop").status == "loaded"
    with pytest.raises(UsageError, match="did you mean shop"):
        loader.load(orders(3), source="shap", name="other.csv")


def test_two_sources_that_fit_equally_are_not_guessed_between(tmp_path: Path) -> None:
    loader = Loader(tmp_path, "name: a\n" + ORDERS, "name: b\n" + ORDERS)
    report = loader.load(orders(3))
    assert report.error is not None
    assert report.error.code == "ambiguous-source"
    assert "--source" in report.error.fix


def test_an_unknown_file_is_told_what_is_near(tmp_path: Path) -> None:
    report = Loader(tmp_path, ORDERS).load(table("order_id,ordered_at,customer,sum", "1,2026-01-01,c,5"))
    assert report.error is not None
    assert report.error.code == "unrecognised"
    assert "Orders (misses amount" in report.error.why
    assert "--propose" in report.error.fix


def test_a_refusal_leaves_the_last_good_state_and_its_findings(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    loader.load(orders(10))
    before = loader.rows("order")
    report = loader.load(orders(12, order_id={11: "o1"}))
    assert report.error is not None
    assert report.error.code == "duplicate-key"
    assert loader.rows("order") == before
    statuses = loader.warehouse.con.execute("SELECT status FROM ledger.load ORDER BY id").fetchall()
    assert statuses == [("loaded",), ("refused",)]
    told = loader.warehouse.con.execute("SELECT rule, line FROM ledger.finding WHERE load = 2").fetchall()
    assert ("duplicate-key", 12) in told


def test_an_empty_report_is_told(tmp_path: Path) -> None:
    report = Loader(tmp_path, ORDERS).load("order_id,ordered_at,customer,amount\n")
    assert rules(report) == {"no-rows": None}


@pytest.mark.parametrize(
    ("amount", "head", "code"),
    [
        ("$5.00", "", "currency-contradicted"),
        ("£5.00", "", "currency-contradicted"),
        ("5.00 USD", "", "currency-contradicted"),
        ("5.00 kr", "", "currency-contradicted"),
        ("5.00 zł", "", "currency-contradicted"),
        ("Fr. 5.00", "", "currency-contradicted"),
        ("R$ 5.00", "", "currency-contradicted"),
        ("₩5", "", "currency-contradicted"),
    ],
)
def test_a_sign_of_another_currency_refuses_the_file(tmp_path: Path, amount: str, head: str, code: str) -> None:
    report = Loader(tmp_path, head + ORDERS).load(orders(20, amount={3: amount}))
    assert report.error is not None
    assert report.error.code == code


def test_two_currencies_in_one_column_refuse_the_file(tmp_path: Path) -> None:
    text = ORDERS.replace("currency: EUR\n", "")
    report = Loader(tmp_path, text).load(orders(20, amount={3: "€5.00", 4: "£5.00"}))
    assert report.error is not None
    assert report.error.code == "two-currencies"


def test_amounts_without_any_currency_are_refused(tmp_path: Path) -> None:
    report = Loader(tmp_path, ORDERS.replace("currency: EUR\n", ""), currency="").load(orders(5))
    assert report.error is not None
    assert "no-currency" in rules(report)


def test_a_currency_column_is_checked(tmp_path: Path) -> None:
    text = ORDERS.replace("customer_id: customer", "customer_id: customer, currency: customer")
    lines = orders(30, customer=dict.fromkeys(range(1, 31), "usd"))
    loader = Loader(tmp_path, text)
    assert loader.load(lines).status == "loaded"
    assert {row[0] for row in loader.rows("order", "currency")} == {"USD"}
    report = loader.load(orders(30, customer=dict.fromkeys(range(1, 30), "usd") | {30: "euro"}), "b.csv")
    assert rules(report) == {"not-a-currency": 31}


PIECES = [
    orders(6),
    orders(9),
    orders(4, amount={2: "77.00"}),
    "order_id,ordered_at,customer,amount\nx1,2026-02-01 09:00:00,c1,5.00\nx2,2026-02-02 09:00:00,c9,6.00\n",
]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(2, 8)), cut=st.integers(1, 5))
def test_files_that_do_not_contradict_may_come_in_any_order(tmp_path: Path, order: list[int], cut: int) -> None:
    pieces = [orders(number) for number in order]
    one, other = Loader(tmp_path, ORDERS), Loader(tmp_path, ORDERS)
    for number, piece in enumerate(pieces):
        one.load(piece, f"{number}.csv")
    for number, piece in enumerate(pieces[cut:] + pieces[:cut]):
        other.load(piece, f"{number}.csv")
    assert one.rows("order", VALUES, "order_id") == other.rows("order", VALUES, "order_id")
    assert len(one.rows("order")) == max(order)


def test_the_later_word_counts(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    for number, piece in enumerate(PIECES):
        assert loader.load(piece, f"{number}.csv").status == "loaded"
    amounts = dict(loader.rows("order", "order_id, CAST(amount AS VARCHAR)", "order_id"))
    assert amounts["o2"] == "77.000000"
    assert len(amounts) == 11


Plant = Callable[[int], str]
DIRT: dict[str, Plant] = {
    "clean": orders,
    "a word for a number": lambda n: orders(n, amount={5: "x"}),
    "a formula": lambda n: orders(n, customer={5: "=HYPERLINK(A1)"}),
    "a day in 1970": lambda n: orders(n, ordered_at={5: "1970-01-01 00:00:00"}),
    "a key twice": lambda n: orders(n, order_id={6: "o5"}),
    "no moment": lambda n: orders(n, ordered_at={5: ""}),
}


@pytest.mark.parametrize(("dirt", "key"), list(itertools.product(DIRT, ("order_id", "_line"))))
def test_a_swift_load_gives_what_a_staged_one_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dirt: str, key: str
) -> None:
    text = DIRT[dirt](60)
    source = ORDERS.replace("key: order_id", f"key: {key}")
    staged = Loader(tmp_path, source)
    slow = staged.load(text)
    monkeypatch.setattr(swift, "ROWS", 1)
    straight = Loader(tmp_path, source)
    fast = straight.load(text)
    assert (fast.status, fast.facts, fast.findings, fast.quarantined) == (
        slow.status, slow.facts, slow.findings, slow.quarantined,
    )  # fmt: skip
    columns = f"{VALUES}, _line, _key, _load"
    assert straight.rows("order", columns) == staged.rows("order", columns)
    for name in ("quarantine", "finding", "coverage"):
        assert straight.ledger(name) == staged.ledger(name)


def test_a_clean_swift_load_stages_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "ROWS", 1)
    called: list[str] = []
    insert = swift.insert
    monkeypatch.setattr(swift, "insert", lambda *given: (called.append("insert"), insert(*given)))
    loader = Loader(tmp_path, ORDERS.replace("key: order_id", "key: _line"))
    assert loader.load(orders(20)).status == "loaded"
    assert called == ["insert"]
    assert loader.load(orders(25)).status == "loaded"
    assert called == ["insert"], "a second delivery is compared with the first"
    assert len(loader.rows("order")) == 25

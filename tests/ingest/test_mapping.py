"""Mapping: cells become values of the fact's types by the file's own style; what cannot is set aside, never null."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit.loading import ORDERS, Loader, orders, rules, table

D = Decimal


def source(columns: str, fact: str = "order", key: str = "id", head: str = "") -> str:
    return f"title: T\n{head}\nfacts:\n  - fact: {fact}\n    key: [{key}]\n    columns: {{{columns}}}\n"


def test_a_plain_column_takes_the_fact_columns_type(tmp_path: Path) -> None:
    loader = Loader(tmp_path, source("order_id: id, ordered_at: at, amount: sum, quantity: n, is_sale: ok"))
    report = loader.load(table("id,at,sum,n,ok", '007,2026-01-02 03:04:05,"1,234.50",3,yes', "008,2026-01-03,$5,2,no"))
    assert report.status == "refused", "a dollar sign in euros"
    loader = Loader(tmp_path, source("order_id: id, ordered_at: at, amount: sum, quantity: n, is_sale: ok"))
    report = loader.load(table("id,at,sum,n,ok", '007,2026-01-02 03:04:05,"1,234.50",3,yes', "008,2026-01-03,5,2,no"))
    assert report.status == "loaded", report.error
    assert loader.rows("order", "order_id, ordered_at, amount, quantity, is_sale, currency") == [
        ("007", dt.datetime(2026, 1, 2, 3, 4, 5), D("1234.5"), D(3), True, "EUR"),
        ("008", dt.datetime(2026, 1, 3), D(5), D(2), False, "EUR"),
    ]


@pytest.mark.parametrize(
    ("cells", "head", "expected"),
    [
        (("1.234,50", "0,5"), "", [D("1234.5"), D("0.5")]),
        (("1,234.50", "0.5"), "", [D("1234.5"), D("0.5")]),
        (("1.234", "2.500"), 'decimal: ","', [D(1234), D(2500)]),
        (("(12.50)", "12.50-"), "", [D("-12.5"), D("-12.5")]),
        (("12 345.00", "1'000.00"), "", [D(12345), D(1000)]),
    ],
)
def test_numbers_are_read_in_the_files_own_style(
    tmp_path: Path, cells: tuple[str, str], head: str, expected: list[Decimal]
) -> None:
    loader = Loader(tmp_path, source("order_id: id, amount: sum, ordered_at: at", head=head))
    report = loader.load("id;at;sum\n" + "".join(f"{n};2026-01-02;{cell}\n" for n, cell in enumerate(cells)))
    assert report.status == "loaded", report.error
    assert [row[0] for row in loader.rows("order", "amount")] == expected


@pytest.mark.parametrize(
    ("cells", "head", "expected"),
    [
        (("13/02/2026", "01/03/2026"), "", [dt.date(2026, 2, 13), dt.date(2026, 3, 1)]),
        (("02/13/2026", "03/01/2026"), "", [dt.date(2026, 2, 13), dt.date(2026, 3, 1)]),
        (("01/03/2026", "02/03/2026"), "dates: day-first", [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]),
        (("01/03/2026", "02/03/2026"), "dates: '%m/%d/%Y'", [dt.date(2026, 1, 3), dt.date(2026, 2, 3)]),
        (("20260301", "20260302"), "", [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]),
        (("1. März 2026", "2. Mai 2026"), "", [dt.date(2026, 3, 1), dt.date(2026, 5, 2)]),
    ],
)
def test_dates_are_read_in_the_files_own_style(
    tmp_path: Path, cells: tuple[str, str], head: str, expected: list[dt.date]
) -> None:
    loader = Loader(tmp_path, source("date: day, amount: sum", "cost", "day", head))
    report = loader.load(table("day,sum", *(f"{cell},{n}.5" for n, cell in enumerate(cells, 1))))
    assert report.status == "loaded", report.error
    assert [row[0] for row in loader.rows("cost", "date")] == expected


def test_dates_that_can_be_read_both_ways_are_refused(tmp_path: Path) -> None:
    loader = Loader(tmp_path, source("date: day, amount: sum", "cost", "day"))
    report = loader.load(table("day,sum", "01/03/2026,1", "02/03/2026,2"))
    assert report.error is not None
    assert report.error.code == "ambiguous-dates"
    assert "dates:" in report.error.fix


@pytest.mark.parametrize(
    ("row", "code"), [("3;01/03/2026;1,5", "ambiguous-dates"), ("3;2026-03-01;1.234", "ambiguous-numbers")]
)
@pytest.mark.parametrize("headers", ["Betrag", "[Betrag, Summe]"])
def test_headers_in_no_stated_language_decide_nothing(tmp_path: Path, row: str, code: str, headers: str) -> None:
    columns = "columns:\n  day: {headers: Tag}\n  sum: {headers: " + headers + "}"
    loader = Loader(tmp_path, source("date: day, amount: sum", "cost", "day", columns))
    report = loader.load(f"Nr;Tag;Betrag\n{row}\n")
    assert report.error is not None
    assert report.error.code == code


def test_a_few_dates_of_another_form_are_not_guessed(tmp_path: Path) -> None:
    days = [f"2026-01-{day:02d},{day}" for day in range(1, 30)]
    loader = Loader(tmp_path, source("date: day, amount: sum", "cost", "day"))
    report = loader.load(table("day,sum", *days, "06/05/2026,30"))
    assert rules(report) == {"not-a-date": 31}
    assert len(loader.rows("cost")) == 29


def test_clock_times_are_of_the_sources_zone(tmp_path: Path) -> None:
    head = "timezone: Asia/Ho_Chi_Minh"
    columns = "order_id: id, ordered_at: at, amount: '1.0'"
    loader = Loader(tmp_path, source(columns, head=head))
    loader.load(table("id,at", "1,2026-01-02 03:00:00", "2,2025-07-02 00:00:00"))
    assert [row[0] for row in loader.rows("order", "ordered_at")] == [
        dt.datetime(2026, 1, 1, 20),
        dt.datetime(2025, 7, 1, 17),
    ]


def test_a_case_over_times_is_wall_clock_until_it_enters_the_fact(tmp_path: Path) -> None:
    columns = "deal_id: id, created_at: moment, won_at: case when s = 'won' then moment end, status: s"
    loader = Loader(tmp_path, source(columns, "deal", head="timezone: Europe/Berlin"))
    loader.load(table("id,moment,s", "1,2025-07-01 12:00,won", "2,2026-01-01 12:00,open"))
    assert loader.rows("deal", "created_at, won_at") == [
        (dt.datetime(2025, 7, 1, 10), dt.datetime(2025, 7, 1, 10)),
        (dt.datetime(2026, 1, 1, 11), None),
    ]


def test_codes_stay_text_in_expressions(tmp_path: Path) -> None:
    columns = "order_id: \"'A-' || id\", line_id: \"n || ''\", ordered_at: at"
    loader = Loader(tmp_path, source(columns))
    loader.load(table("id,n,at", "00123,12345678901234567,2026-01-01", "00124,2,2026-01-02"))
    assert loader.rows("order", "order_id, line_id") == [("A-00123", "12345678901234567"), ("A-00124", "2")]


def test_scales_divide_exactly(tmp_path: Path) -> None:
    head = "columns: {micros: {type: money, scale: 1000000}, cents: {type: money, scale: 100}}"
    loader = Loader(tmp_path, source("date: day, amount: micros, planned: cents * 2", "cost", "day", head))
    loader.load(table("day,micros,cents", "2026-01-01,12970777467,1", "2026-01-02,1,199"))
    assert loader.rows("cost", "amount, planned") == [
        (D("12970.777467"), D("0.02")),
        (D("0.000001"), D("3.98")),
    ]


def test_people_get_one_id_from_their_address_in_every_source(tmp_path: Path) -> None:
    contact = source('person_id: "person(email, id)", stage: "\'lead\'", entered_at: at', "stage_entry", "id")
    loader = Loader(
        tmp_path,
        contact.replace("facts:", "files: contacts.csv\nfacts:"),
        source('customer_id: "person(mail, no)", order_id: no, ordered_at: at')
        .replace("facts:", "files: shop.csv\nfacts:")
        .replace("key: [id]", "key: [no]"),
    )
    loader.load(table("id,email,at", "1, Ada@Example.com ,2026-01-01", "2,,2026-01-02"), "contacts.csv")
    loader.load(table("no,mail,at", "9,ada@example.com,2026-01-05", "10,not known,2026-01-05"), "shop.csv")
    people = [row[0] for row in loader.rows("stage_entry", "person_id")]
    buyers = [row[0] for row in loader.rows("order", "customer_id")]
    assert people[0] == buyers[0]
    assert people[0].startswith("p_")
    assert len(people[0]) == 18
    assert (people[1], buyers[1]) == ("2", "10")


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("amount", "12,x", "not-a-number"),
        ("ordered_at", "2026-02-30 10:00:00", "not-a-date"),
        ("ordered_at", "soon", "not-a-date"),
    ],
)
def test_an_unreadable_cell_sets_its_row_aside_with_file_line_and_value(
    tmp_path: Path, column: str, cell: str, rule: str
) -> None:
    loader = Loader(tmp_path, ORDERS)
    report = loader.load(orders(40, **{column: {7: f'"{cell}"'}}))
    assert report.status == "loaded"
    assert report.quarantined == 1
    [finding] = [one for one in report.findings if one.rule == rule]
    assert (finding.line, finding.column, finding.value, finding.file) == (8, column, cell, "data.csv")
    assert finding.fix
    assert len(loader.rows("order")) == 39
    [(fact, line, told, raw)] = loader.ledger("quarantine", "fact, line, what, raw")
    assert (fact, line) == ("order", 8)
    assert cell in told
    assert "o7" in raw


def test_too_many_bad_rows_refuse_the_file(tmp_path: Path) -> None:
    loader = Loader(tmp_path, ORDERS)
    report = loader.load(orders(40, amount=dict.fromkeys(range(1, 4), "x")))
    assert report.error is not None
    assert report.error.code == "too-many-bad-rows"
    assert loader.rows("order") == []
    assert ("refused",) in loader.ledger("finding", "'refused'")


def test_rows_a_filter_would_drop_for_an_unreadable_cell_are_told(tmp_path: Path) -> None:
    text = ORDERS.replace("facts:", "where: amount > 0\nfacts:")
    loader = Loader(tmp_path, text)
    report = loader.load(orders(40, amount={3: "x", 5: "-1"}))
    assert rules(report) == {"not-a-number": 4}
    assert report.quarantined == 1
    assert len(loader.rows("order")) == 38


def test_null_marks_are_null_but_namibia_is_a_country(tmp_path: Path) -> None:
    loader = Loader(tmp_path, source("order_id: id, country: land, amount: sum, ordered_at: at"))
    loader.load(table("id,land,sum,at", "1,NA,--,2026-01-01", "2,--,5,2026-01-01", "3, N/A ,n/a,2026-01-01"))
    assert loader.rows("order", "country, amount") == [("NA", None), (None, D(5)), (None, None)]


STAGES = """
title: Contacts
facts:
  - {fact: stage_entry, key: [id, "'lead'"], where: lead_at IS NOT NULL,
     columns: {entered_at: lead_at, stage: "'lead'", person_id: id}}
  - {fact: stage_entry, key: [id, "'mql'"], where: mql_at IS NOT NULL,
     columns: {entered_at: mql_at, stage: "'mql'", person_id: id}}
"""


def test_several_facts_come_from_one_row(tmp_path: Path) -> None:
    loader = Loader(tmp_path, STAGES)
    report = loader.load(table("id,lead_at,mql_at", "1,2026-01-01,2026-01-05", "2,2026-01-02,", "3,,2026-01-09"))
    assert report.status == "loaded", report.error
    assert loader.rows("stage_entry", "person_id, stage", "ALL") == [
        ("1", "lead"),
        ("1", "mql"),
        ("2", "lead"),
        ("3", "mql"),
    ]


def test_a_bad_cell_of_a_shared_row_is_told_once(tmp_path: Path) -> None:
    rows = [f"{n},2026-01-01,2026-01-05" for n in range(1, 30)]
    loader = Loader(tmp_path, STAGES)
    report = loader.load(table("id,lead_at,mql_at", *rows, "30,2026-01-01,never"))
    assert [finding.rule for finding in report.findings if finding.severity == "error"] == ["not-a-date"]
    assert report.quarantined == 1


GROUPED = """
title: Joins
facts:
  - fact: event_member
    group: true
    key: [email]
    columns: {email: min(email), minutes: sum(minutes), attended: bool_or(minutes > 0), event_at: min(joined)}
"""


def test_grouped_rows_become_one_with_the_first_line(tmp_path: Path) -> None:
    loader = Loader(tmp_path, GROUPED.replace("facts:", "columns: {minutes: number, joined: datetime}\nfacts:"))
    loader.load(
        table(
            "email,minutes,joined",
            "a@x.de,10,2026-01-01 10:00",
            "b@x.de,0,2026-01-01 10:00",
            "a@x.de,5,2026-01-01 10:20",
        )
    )
    assert loader.rows("event_member", "email, minutes, attended, _line") == [
        ("a@x.de", D(15), True, 2),
        ("b@x.de", D(0), False, 3),
    ]


LOOKUP = """
title: Deals
lookups:
  teams: {file: "teams*.csv", on: teams.agent = agent}
facts:
  - fact: deal
    key: id
    columns: {deal_id: id, created_at: at, owner: agent, region: teams.region}
"""


def test_lookups_bring_columns_and_never_multiply_rows(tmp_path: Path) -> None:
    loader = Loader(tmp_path, LOOKUP)
    loader.write(table("agent,region", "Ann,North", "Bob,South"), "teams.csv")
    deals = table("id,at,agent", "1,2026-01-01,Ann", "2,2026-01-02,Eve")
    assert loader.load(deals, "deals.csv").status == "loaded"
    assert loader.rows("deal", "owner, region") == [("Ann", "North"), ("Eve", None)]
    loader.write(table("agent,region", "Ann,North", "Ann,South"), "teams.csv")
    report = loader.load(deals, "deals.csv")
    assert report.error is not None
    assert report.error.code == "lookup-not-unique"
    loader.write(table("agent,region,since", "Ann,North,2025", "Ann,East,2026"), "teams.csv")
    newest = Loader(tmp_path, LOOKUP.replace("= agent}", "= agent, newest: since}"))
    newest.load(deals, "deals.csv")
    assert newest.rows("deal", "region") == [("East",), (None,)]


def test_a_missing_lookup_file_is_named(tmp_path: Path) -> None:
    report = Loader(tmp_path, LOOKUP).load(table("id,at,agent", "1,2026-01-01,Ann"), "deals.csv")
    assert report.error is not None
    assert report.error.code == "lookup-missing"


@pytest.mark.parametrize(
    ("columns", "code", "words"),
    [
        ("order_id: id, ordered_at: at, amount: sum + nonsense", "unrecognised", "nonsense"),
        ("order_id: id, ordered_at: at, amount: id || at", "", ""),
        ("order_id: id, ordered_at: at, amount: '[1, 2]'", "type-mismatch", "amount"),
        ("order_id: id, ordered_at: at, amount: date_part('zonk', at)", "", ""),
        ("order_id: id, ordered_at: at, amount: upper(sum) + 1", "bad-expression", "s0.yaml:"),
    ],
)
def test_expressions_that_do_not_fit_are_errors(tmp_path: Path, columns: str, code: str, words: str) -> None:
    report = Loader(tmp_path, source(columns)).load(table("id,at,sum", "1,2026-01-01,2", "2,2026-01-02,3"))
    assert report.status == "refused"
    assert report.error is not None
    if code:
        assert report.error.code == code, report.error
        assert words in str(report.error), report.error


def test_keys_do_not_depend_on_how_a_date_is_written(tmp_path: Path) -> None:
    text = source("date: day, amount: sum, category: what", "cost", "day, what")
    loader = Loader(tmp_path, text)
    loader.load(table("day,what,sum", "2026-01-31,a,1", "2026-02-01,a,2"), "iso.csv")
    report = loader.load(table("day,what,sum", "31/01/2026,a,1", "01/02/2026,a,3"), "british.csv")
    assert [(one.unchanged, one.updated, one.inserted) for one in report.facts] == [(1, 1, 0)]


def test_repeat_tells_genuine_copies_apart(tmp_path: Path) -> None:
    twice = table("id,at,sum", "1,2026-01-01,5", "1,2026-01-01,5")
    plain = Loader(tmp_path, source("order_id: id, ordered_at: at, amount: sum"))
    assert plain.load(twice).status == "refused"
    loader = Loader(tmp_path, source("order_id: id, ordered_at: at, amount: sum", key="id, _repeat"))
    assert loader.load(twice).status == "loaded"
    assert len(loader.rows("order")) == 2


def test_parquet_keeps_native_types(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "o.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT 17850.0::DOUBLE AS customer, 'o1' AS id, TIMESTAMP '2026-01-01 10:00' AS at, 2.5 AS sum) "
            f"TO '{path}'"
        )
    loader = Loader(tmp_path, source("order_id: id, customer_id: customer, ordered_at: at, amount: sum"))
    report: Any = loader.load(path.read_bytes(), "o.parquet")
    assert report.status == "loaded", report.error
    assert loader.rows("order", "customer_id, amount") == [("17850", D("2.5"))]

"""Proposals: a first mapping written from a file's columns loads that very file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from kit import make_workspace
from leadline.errors import UsageError
from leadline.ingest import synonym
from leadline.ingest.propose import propose
from leadline.model.facts import FACTS
from leadline.workspace import Workspace

ORDERS_EN = """Order;Placed;Customer;Status;Country;Total
1001;2026-01-05 09:12;ana@example.com;paid;ES;49,90
1002;2026-01-06 18:40;bo@example.com;paid;DE;120,00
1003;2026-01-09 11:05;ana@example.com;cancelled;ES;15,00
1004;2026-02-02 08:30;ana@example.com;paid;ES;80,10
1005;2026-02-11 20:15;cem@example.com;paid;TR;200,00
"""
ORDERS_DE = """Bestellnr;Datum;Kunde;Artikel;Menge;Betrag;Land
00071;05.01.2026;Müller GmbH;Hose;2;1.049,90 €;Deutschland
00072;06.01.2026;Øst AS;Hemd;1;20,00 €;Österreich
00073;14.02.2026;Müller GmbH;"Jacke; rot";1;130,10 €;Deutschland
"""
ORDERS_ZH = """订单号,下单时间,客户名称,商品名称,数量,订单金额（元）,订单状态
A1,2026年1月5日,王芳,茶,2,"1,200.50",已付款
A2,2026年1月6日,李娜,杯,1,80.00,已取消
A3,2026年2月7日,王芳,壶,3,99.50,已付款
"""
DEALS = """Opportunity ID,Opportunity,Company,Stage,Created,Close Date,Amount (USD),Owner
D1,Big one,Acme,Closed Won,01/03/2026,02/20/2026,"$12,000.00",Kim
D2,Small one,Bolt,Closed Lost,01/05/2026,02/25/2026,"$3,000.00",Lee
D3,Open one,Core,Proposal,02/01/2026,06/30/2026,"$7,500.00",Kim
"""
ADS = """Day,Campaign,Ad set,Impressions,Clicks,Cost
2026-01-01,Spring,A,1000,20,10.50
2026-01-01,Spring,B,500,5,4.25
2026-01-02,Spring,A,900,18,9.00
"""
COSTS = (
    "Datum\tKostenart\tLieferant\tBetrag\n"
    "31.01.2026\tAgentur\tStudio Nord\t1.500,00\n28.02.2026\tTools\tMailer\t99,50\n"
)
COSTS_FR = (
    "Date;Catégorie;Fournisseur;Montant (EUR)\n31/01/2026;Agence;Studio;1 500,00\n28/02/2026;Outils;Mailer;99,50\n"
)
SUBSCRIPTIONS = [
    {"subscription_id": "s1", "email": "a@example.com", "plan": "Pro", "mrr": 49.5,
     "started_at": "2026-01-03", "ended_at": None},
    {"subscription_id": "s2", "email": "b@example.com", "plan": "Basic", "mrr": 19,
     "started_at": "2026-01-10", "ended_at": "2026-03-01"},
]  # fmt: skip
STAGES = "ID;E-Mail;Lead am;MQL am\n1;ana@example.com;05.01.2026;20.01.2026\n2;bo@example.com;06.01.2026;\n"
SURVEY = "Response ID,Submitted at,Email,NPS score,Comment\n1,2026-01-05,a@x.com,9,fine\n2,2026-01-06,b@x.com,3,\n"


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content, encoding="utf-8") and None


def as_json(path: Path) -> None:
    path.write_text(json.dumps(SUBSCRIPTIONS), encoding="utf-8")


def as_workbook(path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes").write(0, 0, "note")
        sheet = book.add_worksheet("Costs")
        for at, row in enumerate(
            [["Date", "Category", "Amount"], ["2026-01-31", "Agency", 1500.5], ["2026-02-28", "Tools", 99]]
        ):
            sheet.write_row(at, 0, row)


FILES = [
    ("orders.csv", text(ORDERS_EN), "orders", "order",
     "select count(*), sum(amount) filter (is_sale), count(distinct customer_id) from fact.\"order\"",
     (5, Decimal("450"), 3)),
    ("Bestellungen_2026-01.csv", text(ORDERS_DE), "bestellungen", "order",
     "select min(order_id), sum(amount), max(currency), max(ordered_at)::date::text, sum(quantity), "
     "max(product) from fact.\"order\"",
     ("00071", Decimal("1200"), "EUR", "2026-02-14", 4, "Jacke; rot")),
    ("订单.csv", text(ORDERS_ZH), "order", "order",
     "select sum(amount) filter (is_sale), max(currency), min(ordered_at)::date::text, "
     "max(customer_id) from fact.\"order\"",
     (Decimal("1300"), "CNY", "2026-01-05", "王芳")),
    ("deals.csv", text(DEALS), "deals", "deal",
     "select sum(amount) filter (status = 'won'), max(won_at)::date::text, max(lost_at)::date::text, count(closed_at), "
     "max(expected_close_at)::date::text, max(currency) from fact.deal",
     (Decimal("12000"), "2026-02-20", "2026-02-25", 2, "2026-06-30", "USD")),
    ("network.csv", text(ADS), "network", "ad",
     "select sum(spend), sum(clicks), sum(link_clicks), sum(impressions), max(platform), max(ad_group) from fact.ad",
     (Decimal("23.75"), 43, 43, 2400, "network", "B")),
    ("subscriptions.json", as_json, "subscriptions", "subscription",
     "select sum(mrr), count(ended_at), max(plan), count(distinct customer_id) from fact.subscription",
     (Decimal("68.5"), 1, "Pro", 2)),
    ("kosten.tsv", text(COSTS), "kosten", "cost",
     "select sum(amount), max(category), max(date)::text, max(vendor) from fact.cost",
     (Decimal("1599.5"), "Tools", "2026-02-28", "Studio Nord")),
    ("depenses.csv", text(COSTS_FR), "depenses", "cost",
     "select sum(amount), max(currency), max(date)::text from fact.cost", (Decimal("1599.5"), "EUR", "2026-02-28")),
    ("budget.xlsx", as_workbook, "budget", "cost",
     "select sum(amount), max(category), max(date)::text from fact.cost", (Decimal("1599.5"), "Tools", "2026-02-28")),
    ("contacts.csv", text(STAGES), "contacts", "stage_entry",
     "select count(*), count(distinct person_id), string_agg(stage, ' ' order by entered_at) from fact.stage_entry",
     (3, 2, "lead lead mql")),
    ("answers.csv", text(SURVEY), "answers", "survey",
     "select sum(score), max(kind), count(distinct person_id) from fact.survey", (12, "nps", 2)),
]  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "space")


@pytest.mark.parametrize(("file", "write", "name", "fact", "query", "expected"), FILES, ids=[row[0] for row in FILES])
def test_a_proposal_loads_the_file_it_came_from(
    workspace: Workspace, tmp_path: Path, file: str, write: Callable[[Path], None], name: str, fact: str, query: str,
    expected: tuple[object, ...],
) -> None:  # fmt: skip
    path = tmp_path / file
    write(path)
    message = propose(workspace.path, path, workspace.facts)
    assert f"Wrote sources/{name}.yaml" in message
    assert f"fact `{fact}`" in message
    assert f"leadline load {shlex.quote(str(path))}" in message
    with workspace:
        (report,) = workspace.load([path])
        assert report.status == "loaded", report.error
        assert report.quarantined == 0
        assert [one for one in report.findings if one.severity == "error"] == []
        assert workspace.warehouse().con.execute(query).fetchone() == expected


def test_a_metric_of_a_proposed_source(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS_EN, encoding="utf-8")
    propose(workspace.path, path, workspace.facts)
    with workspace:
        workspace.load([path])
        rows = workspace.query(["revenue", "orders"], grain="month", period="2026-01..2026-02").rows
    assert [row[1:] for row in rows] == [(Decimal("169.9"), 2), (Decimal("280.1"), 2)]


def proposal(workspace: Workspace, path: Path, content: str) -> tuple[str, str]:
    """The message, and the definition written."""
    path.write_text(content, encoding="utf-8")
    message = propose(workspace.path, path, workspace.facts)
    (written,) = (workspace.path / "sources").glob("*.yaml")
    return message, written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Order;Date;Customer;Total\n1;03/04/2026;a;10,50\n", 'dates: "%d/%m/%Y"  # WARNING'),
        ("Order;Date;Customer;Total\n1;03/14/2026;a;10,50\n", 'dates: "%m/%d/%Y"  # as'),
        ("Order;Date;Customer;Total\n1;2026-03-04;a;1,234\n", 'decimal: "."  # WARNING'),
        ("Bestellnr;Datum;Kunde;Betrag\n1;2026-03-04;a;1.234\n", 'decimal: ","  # WARNING'),
        ("Order;Date;Customer;Total\n1;2026-03-04;a;10\n1;2026-03-04;a;10\n", "key: _line  # nothing tells rows apart"),
        ("Order;Date;Customer;Total;Colour of box\n1;2026-03-04;a;10;red\n", "# Not mapped: colour_of_box."),
        ("Order;Date;Customer;Total (Cent)\n1;2026-03-04;a;1000\n", "type: money, scale: 100"),
        ("Order;Date;Customer;Total\n1;2026-03-04;a;£10\n", "currency: GBP"),
    ],
)
def test_what_is_uncertain_is_said(workspace: Workspace, tmp_path: Path, content: str, expected: str) -> None:
    _, text = proposal(workspace, tmp_path / "orders.csv", content)
    assert expected in text
    with workspace:
        (report,) = workspace.load([tmp_path / "orders.csv"])
    assert report.status == "loaded", report.error


TOTALS = [
    ("in a column of words", "Order;Date;Customer;Country;Total\n1;2026-03-04;a;ES;1,50\n2;2026-03-05;b;DE;2,25\n"
     ";;;Total:;3,75\n", "line 4 (Total:)"),
    ("in the column of dates", "Datum;Bestellnr;Kunde;Betrag\n04.03.2026;1;a;1.001,50\n05.03.2026;2;b;2,25\n"
     "Gesamtsumme;;;1.003,75\n", "line 4 (Gesamtsumme)"),
    ("in Vietnamese", "Order;Date;Customer;Note;Total\n1;2026-03-04;a;x;1,50\n2;2026-03-05;b;y;2,25\n"
     ";;;TỔNG CỘNG;3,75\n", "line 4 (TỔNG CỘNG)"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), [row[1:] for row in TOTALS], ids=[row[0] for row in TOTALS])
def test_a_totals_row_is_left_out_and_held_against_the_rows(
    workspace: Workspace, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "orders.csv"
    message, _ = proposal(workspace, path, content)
    assert f"{said} is a totals row: left out, held against the sums of" in message
    assert "the key is the line" not in message, "it is no row that would need a key"
    with workspace:
        (report,) = workspace.load([path])
        assert (report.status, report.totals, report.quarantined) == ("loaded", 1, 0), report.error
        rows = workspace.query(["orders", "revenue"], period="2026-03").rows
        path.write_text(content.replace("2,25", "2,20"), encoding="utf-8")
        (report,) = workspace.load([path])
    assert [row[-1] for row in rows] in ([Decimal("3.75")], [Decimal("1003.75")])
    assert report.status == "refused"
    assert report.error is not None
    assert report.error.code == "control-total"


@pytest.mark.parametrize(
    "last", ["3;2026-03-06;c;Total;3,75", ";2026-03-06;c;Totally;3,75", ";;;;3,75", "3;2026-03-06;c;;3,75"]
)
def test_a_row_that_only_resembles_totals_stays(workspace: Workspace, tmp_path: Path, last: str) -> None:
    """A country called Total, and rows that do not say so: what is no order goes to quarantine, told, not away."""
    rows = "".join(f"{at};2026-03-0{at % 9 + 1};a;ES;0,{at}\n" for at in range(10, 40))
    message, text = proposal(workspace, tmp_path / "orders.csv", f"Order;Date;Customer;Country;Total\n{rows}{last}\n")
    assert "totals row" not in message
    assert "totals:" not in text


def test_totals_that_add_up_to_nothing_are_doubted(workspace: Workspace, tmp_path: Path) -> None:
    content = "Order;Date;Customer;Country;Total\n1;2026-03-04;a;ES;1,50\n2;2026-03-05;b;DE;2,25\n;;;Total;9,00\n"
    message, text = proposal(workspace, tmp_path / "orders.csv", content)
    assert "but its numbers are no sums of the rows" in message
    assert "sums:" not in text


def test_odd_headers_make_valid_yaml(workspace: Workspace, tmp_path: Path) -> None:
    odd = ["select", "a: b", "it's #1", '"q""uote"', "{x}", "null", "Größe", "x, y", "*", "-", "価格"]
    row = ";".join("v" for _ in odd)
    content = f"Order;Date;Total;Customer;{';'.join(odd)}\n1;2026-03-04;9;a;{row}\n"
    message, _ = proposal(workspace, tmp_path / "orders.csv", content)
    assert "fact `order`" in message
    with workspace:
        (report,) = workspace.load([tmp_path / "orders.csv"])
    assert report.status == "loaded", report.error


def test_a_vendor_export_needs_no_proposal(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "what.csv"
    head = "Campaign report\n1 January 2026 - 2 January 2026\n"
    path.write_text(
        f"{head}Day,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks\n2026-01-01,Brand,1,EUR,1.00,10,1\n", "utf-8"
    )
    assert "Google Ads" in propose(workspace.path, path, workspace.facts)
    assert not (workspace.path / "sources").exists()


def test_a_proposal_is_never_overwritten(workspace: Workspace, tmp_path: Path) -> None:
    _, before = proposal(workspace, tmp_path / "orders.csv", ORDERS_EN)
    with pytest.raises(UsageError) as raised:
        propose(workspace.path, tmp_path / "orders.csv", workspace.facts)
    assert raised.value.code == "proposal-exists"
    assert "sources/orders.yaml" in raised.value.what
    assert "move it away" in raised.value.fix
    assert (workspace.path / "sources" / "orders.yaml").read_text("utf-8") == before


def test_a_file_an_own_source_reads_needs_none(workspace: Workspace, tmp_path: Path) -> None:
    proposal(workspace, tmp_path / "orders.csv", ORDERS_EN)
    other = tmp_path / "new orders.csv"
    other.write_text(ORDERS_EN, "utf-8")
    assert "sources/orders.yaml reads new orders.csv already" in propose(workspace.path, other, workspace.facts)


def test_nothing_guessable_gives_a_skeleton(workspace: Workspace, tmp_path: Path) -> None:
    message, text = proposal(workspace, tmp_path / "odd.csv", "Foo,Bär\nx,1\ny,2\n")
    assert "No fact could be guessed" in message
    assert "{headers: Foo}" in text
    assert "headers: Bär" in text
    assert all(f"#   {fact}:" in text for fact in FACTS)
    with pytest.raises(Exception, match="maps to no fact"), workspace:
        workspace.load([tmp_path / "odd.csv"])


def test_a_missing_file(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no-such-file"):
        propose(workspace.path, tmp_path / "none.csv", workspace.facts)


def test_synonyms_name_columns_that_exist() -> None:
    for fact, columns in synonym.FACTS.items():
        assert [name for name in columns if not FACTS[fact].has(name)] == []
        marks = {name for group in synonym.MARKS[fact] for name in group} - {"email"}
        assert [name for name in marks if not FACTS[fact].has(name)] == []

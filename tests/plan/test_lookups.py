"""Conformed dimensions: what a fact does not carry is looked up, without a row lost or counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kit import give, make_workspace
from leadline.errors import DataError, DefinitionError, RefusedError
from leadline.workspace import Workspace, open_workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_cost: {formula: sum(cost.amount), unit: money}
t_roas: t_revenue / t_cost
t_visits: sum(session.sessions)
t_emea: count(order where region = 'EMEA')
t_leads: count(stage_entry where stage = 'lead' and is_first)
t_deals: {formula: last(sum(deal.amount)), unit: money}
t_reach: reach(lead, mql, within 30 days)
"""
SETTINGS = """
lookups:
  buyer:
    fact: stage_entry
    where: stage = 'lead' and is_first
    key: person_id
    for: {order: customer_id, deal: person_id}
    gives: [channel, campaign]
  campaigns: {file: lookups/campaigns.csv, key: campaign, gives: [region, product, tier]}
"""
CAMPAIGNS = "campaign,region,product,tier\nspring,EMEA,Alpha,1\nautumn,APAC,Beta,2\n"

ENTRIES: list[dict[str, Any]] = [
    {"person_id": "p", "stage": "lead", "channel": "Email", "campaign": "spring", "entered_at": "2026-01-01"},
    {"person_id": "q", "stage": "lead", "channel": "Paid", "campaign": "autumn", "entered_at": "2026-01-02"},
    {"person_id": "q", "stage": "mql", "channel": "Organic", "campaign": "winter", "entered_at": "2026-01-03"},
    {"person_id": "r", "stage": "lead", "channel": None, "campaign": None, "entered_at": "2026-01-04"},
]
# p buys for 10 and 20, q for 40 (once with a channel of the order's own), r for 80, a stranger for 160: 310 in all.
ORDERS: list[dict[str, Any]] = [
    {"customer_id": "p", "amount": 10},
    {"customer_id": "p", "amount": 20, "channel": "Affiliates"},
    {"customer_id": "q", "amount": 40},
    {"customer_id": "r", "amount": 80},
    {"customer_id": "x", "amount": 160},
]
for number, row in enumerate(ORDERS):
    row |= {"order_id": str(number), "currency": "EUR", "ordered_at": "2026-01-10", "_key": str(number)}
COSTS: list[dict[str, Any]] = [
    {"date": "2026-01-05", "amount": 5, "currency": "EUR", "campaign": "spring"},
    {"date": "2026-01-05", "amount": 8, "currency": "EUR", "campaign": "winter", "region": "Home"},
]


def workspace_at(folder: Path, settings: str = SETTINGS, campaigns: str = CAMPAIGNS) -> Workspace:
    write(folder, campaigns)
    return make_workspace(folder, metrics=METRICS, settings=settings)


def write(folder: Path, text: str) -> None:
    (folder / "lookups").mkdir(parents=True, exist_ok=True)
    (folder / "lookups" / "campaigns.csv").write_text(text, encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = workspace_at(tmp_path)
    give(workspace, {"stage_entry": ENTRIES, "order": ORDERS, "cost": COSTS})
    with workspace:
        yield workspace


def by(workspace: Workspace, metric: str, dimension: str, **asked: Any) -> dict[Any, Any]:
    return {row[0]: row[-1] for row in workspace.query([metric], by=[dimension], **asked).rows}


def test_orders_by_the_channel_of_their_buyers_lead(shop: Workspace) -> None:
    """The order's own channel goes first; what nobody knows stays as unattributed, and all adds up to 310."""
    found = by(shop, "t_revenue", "channel")
    assert found == {"Email": 10, "Affiliates": 20, "Paid": 40, None: 240}
    assert sum(found.values()) == shop.query(["t_revenue"]).rows[0][0] == 310


def test_a_lookup_uses_what_an_earlier_one_gives(shop: Workspace) -> None:
    """Orders have no region: their buyer's lead has a campaign, and the campaign's file a region."""
    assert by(shop, "t_revenue", "region") == {"EMEA": 30, "APAC": 40, None: 240}
    assert by(shop, "t_orders", "product") == {"Alpha": 2, "Beta": 1, None: 2}


def test_the_order_of_declaration_does_not_matter(tmp_path: Path) -> None:
    turned = "lookups:\n" + SETTINGS.splitlines()[-1] + "\n" + "\n".join(SETTINGS.splitlines()[2:-1]) + "\n"
    with workspace_at(tmp_path, settings=turned) as workspace:
        assert [lookup.name for lookup in workspace.project.lookups] == ["buyer", "campaigns"]
        give(workspace, {"stage_entry": ENTRIES, "order": ORDERS})
        assert by(workspace, "t_revenue", "region") == {"EMEA": 30, "APAC": 40, None: 240}


def test_a_dimension_that_no_fact_has_by_itself(shop: Workspace) -> None:
    assert by(shop, "t_orders", "tier") == {"1": 2, "2": 1, None: 2}
    assert by(shop, "t_leads", "tier") == {"1": 1, "2": 1, None: 1}
    assert shop.facts["order"].column("tier").doc == "looked up by campaign in lookups/campaigns.csv"


def test_two_facts_meet_by_a_looked_up_dimension(shop: Workspace) -> None:
    """Cost has regions of its own for one row, and by its campaign for the other."""
    result = shop.query(["t_revenue", "t_cost", "t_roas"], by=["region"])
    assert result.rows == [
        ("APAC", 40, 0, None), ("EMEA", 30, 5, 6.0), ("Home", 0, 8, 0.0), (None, 240, 0, None),
    ]  # fmt: skip


def test_filters_and_formulas_see_looked_up_dimensions(shop: Workspace) -> None:
    assert shop.query(["t_revenue"], where="region = 'EMEA'").rows == [(30,)]
    assert shop.query(["t_emea"]).rows == [(2,)]


def test_every_kind_of_leg_gets_them(shop: Workspace) -> None:
    deals = [
        {"deal_id": "1", "person_id": "p", "amount": 7, "created_at": "2026-01-05", "currency": "EUR"},
        {"deal_id": "2", "person_id": "x", "amount": 9, "created_at": "2026-01-05", "currency": "EUR"},
    ]
    give(shop, {"deal": deals})
    assert by(shop, "t_deals", "region", period="2026-01") == {"EMEA": 7, None: 9}
    assert by(shop, "t_reach", "region") == {"EMEA": 0, "APAC": 1, None: 0}


def test_a_query_that_needs_no_lookup_reads_the_plain_table(shop: Workspace) -> None:
    [sql] = shop.query(["t_revenue"], by=["country"]).provenance["sql"]
    assert "JOIN" not in sql
    [sql] = shop.query(["t_revenue"], by=["channel"]).provenance["sql"]
    assert "lookup_campaigns" not in sql


def test_rows_are_never_multiplied_by_a_key_that_repeats_itself(tmp_path: Path) -> None:
    with workspace_at(tmp_path, campaigns=CAMPAIGNS + "spring,EMEA,Alpha,1\n") as workspace:
        give(workspace, {"stage_entry": ENTRIES, "order": ORDERS})
        assert sum(by(workspace, "t_orders", "region").values()) == 5


def test_a_key_with_two_values_in_a_file_names_key_and_lines(tmp_path: Path) -> None:
    with workspace_at(tmp_path, campaigns=CAMPAIGNS + "spring,LATAM,Alpha,1\n") as workspace:
        give(workspace, {"stage_entry": ENTRIES, "order": ORDERS})
        with pytest.raises(DataError) as caught:
            workspace.query(["t_orders"], by=["region"])
        assert caught.value.code == "lookup-fan-out"
        assert "'spring'" in caught.value.what
        assert "lookups/campaigns.csv lines 2, 4" in caught.value.why
        assert "'EMEA' and 'LATAM'" in caught.value.why
        # A query that does not go through it is answered.
        assert workspace.query(["t_orders"]).rows == [(5,)]


def test_a_key_with_two_values_in_a_fact_names_key_and_lines(shop: Workspace) -> None:
    assert by(shop, "t_orders", "channel")["Email"] == 1
    again = {"person_id": "p", "stage": "lead", "channel": "Paid", "entered_at": "2026-01-09", "_key": "again"}
    give(shop, {"stage_entry": [again]}, source="second")
    assert by(shop, "t_orders", "channel")["Email"] == 1
    settings = shop.path / "leadline.yaml"
    wide = settings.read_text(encoding="utf-8").replace("stage = 'lead' and is_first", "stage = 'lead'")
    settings.write_text(wide, encoding="utf-8")
    with open_workspace(shop.path) as widened, pytest.raises(DataError) as caught:
        widened.query(["t_orders"], by=["channel"])
    assert "person_id 'p'" in caught.value.what
    assert "rows line 1 and rows line 1" in caught.value.why or "rows lines 1, 1" in caught.value.why
    assert "where" in caught.value.fix


def test_a_changed_file_counts_at_once_and_the_past_stays(shop: Workspace) -> None:
    assert by(shop, "t_revenue", "region")["EMEA"] == 30
    before = shop.load_at("2100-01-01")
    write(shop.path, "campaign,region,product,tier\nspring,Europe,Alpha,1\n")
    assert by(shop, "t_revenue", "region") == {"Europe": 30, None: 280}
    asked = replace(shop.ask(["t_revenue"], by=["region"]), as_of_load=before)
    assert dict(shop.run(shop.compile(asked)).rows) == {"EMEA": 30, "APAC": 40, None: 240}  # type: ignore[arg-type]
    write(shop.path, CAMPAIGNS)
    assert by(shop, "t_revenue", "region")["EMEA"] == 30


def test_loading_brings_lookups_up_to_date(shop: Workspace) -> None:
    shop.load([])
    warehouse = shop.warehouse()
    rows = warehouse.rows(f"SELECT count(*) AS counted FROM {warehouse.relation('lookup_campaigns')}")[1]
    assert rows == [(2,)]


def test_taking_back_the_last_load_leaves_lookups_alone(shop: Workspace) -> None:
    from leadline.warehouse.undo import last_load

    loads = shop.warehouse().con.execute("SELECT max(id) FROM ledger.load").fetchone()
    shop.refresh_lookups()
    assert (last_load(shop.warehouse()),) == loads


def test_a_dimension_a_part_lacks_says_how_to_declare_a_lookup(shop: Workspace) -> None:
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_roas"], by=["owner"])
    assert caught.value.code == "dimension-missing"
    assert "lookups" in caught.value.fix


@pytest.mark.parametrize(
    ("lookup", "line", "said"),
    [
        ("x: {file: a.csv, fact: deal, key: campaign, gives: [region]}", 6, "rows from one place"),
        ("x: {key: campaign, gives: [region]}", 6, "rows from one place"),
        ("x: {file: a.csv, key: campaign, gives: []}", 6, "gives nothing"),
        ("x: {file: a.csv, key: campagne, gives: [region]}", 6, "campagne"),
        ("x: {file: a.csv, key: campaign, gives: [amount]}", 6, "no text dimension"),
        ("x: {file: a.csv, key: campaign, gives: [is_sale], for: [order]}", 6, "no text dimension"),
        ("x: {file: a.csv, key: campaign, gives: [region], where: a = 1}", 6, "reads a file whole"),
        ("x: {fact: stage_entri, key: person_id, gives: [channel], for: [order]}", 6, "stage_entri"),
        ("x: {fact: stage_entry, key: person, gives: [channel], for: {order: customer_id}}", 6, "person"),
        ("x: {fact: stage_entry, key: person_id, gives: [email], for: {order: customer_id}}", 6, "personal"),
        ("x: {fact: stage_entry, key: person_id, gives: [channel]}", 6, "which facts"),
        ("x: {fact: stage_entry, key: person_id, gives: [channel], for: {order: buyer}}", 6, "buyer"),
        ("x: {fact: stage_entry, key: person_id, gives: [channel], for: [stage_entry]}", 6, "serves the fact"),
        ("x: {fact: stage_entry, where: stagee = 'a', key: person_id, gives: [channel], for: [deal]}", 6, "stagee"),
        ("x: {fact: stage_entry, where: stage = , key: person_id, gives: [channel], for: [deal]}", 6, "cannot be read"),
        (
            "x: {file: a.csv, key: campaign, gives: [product]}\n  y: {file: b.csv, key: product, gives: [campaign]}",
            6,
            "need each other",
        ),
        ("X-1: {file: a.csv, key: campaign, gives: [region]}", 6, "no name"),
        ("x: {file: a.csv, key: campaign, give: [region]}", 6, "give"),
    ],
)
def test_wrong_lookups_name_their_line(tmp_path: Path, lookup: str, line: int, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        make_workspace(tmp_path, settings=f"lookups:\n  {lookup}\n")
    assert f"leadline.yaml:{line}" in caught.value.why
    assert said in str(caught.value)


def test_a_file_that_is_not_there_or_lacks_a_column(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, settings=SETTINGS) as workspace:
        give(workspace, {"order": ORDERS, "stage_entry": ENTRIES})
        with pytest.raises(DataError) as absent:
            workspace.query(["t_orders"], by=["region"])
        assert absent.value.code == "lookup-unreadable"
        write(tmp_path, "campaign,regoin,product,tier\nspring,EMEA,Alpha,1\n")
        with pytest.raises(DataError) as lacking:
            workspace.query(["t_orders"], by=["region"])
        assert "regoin" in lacking.value.fix

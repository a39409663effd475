"""Segments: by rule and from a file, in queries, drills and cohorts; what is wrong with one is told with its place."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import DataError, DefinitionError, LeadlineError
from leadline.workspace import Workspace, open_workspace

RULES = """
regulars:
  doc: two orders or more in the last 30 days
  rule:
    - has: order
      where: is_sale and amount >= 10
      within: 30 days
      at_least: 2
quiet:
  doc: bought once, and neither bought nor used the product in the last 60 days
  rule:
    - has: order
    - has_not: order
      within: 60 days
    - has_not: product_event
      within: 60 days
warm:
  doc: a lead, or somebody who bought by mail
  rule:
    - any:
        - {has: stage_entry, where: stage = 'lead'}
        - {has: order, where: channel = 'Email'}
"""


def order(at: str, who: str | None, amount: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "ordered_at": at, "customer_id": who, "is_sale": True, "amount": amount, "currency": "EUR", "order_id": at,
        "_key": at, **more,
    }  # fmt: skip


def hashed(address: str) -> str:
    return "p_" + hashlib.sha256(address.encode()).hexdigest()[:16]


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """Today is 15 June. ann: 20 May (27 days ago) and 10 June; bob: January and 16 May; cem: January; one of nobody."""
    space = make_workspace(tmp_path / "shop", today="2026-06-15")
    (space.path / "segments").mkdir()
    (space.path / "segments" / "people.yaml").write_text(RULES, encoding="utf-8")
    space = open_workspace(space.path)
    rows = [
        order("2026-05-20 10:00", "ann", 100), order("2026-06-10 10:00", "ann", 10),
        order("2026-01-10 10:00", "bob", 20, channel="Email"), order("2026-05-16 10:00", "bob", 30),
        order("2026-01-11 10:00", "cem", 40), order("2026-02-01 10:00", None, 1000),
    ]  # fmt: skip
    leads = [{"entered_at": "2026-01-02", "stage": "lead", "person_id": "cem", "_key": "l"}]
    give(space, {"order": rows, "stage_entry": leads})
    return space


def revenue(space: Workspace, where: str, period: str = "2026") -> float:
    value = space.query(["revenue"], period=period, where=where).rows[0][0]
    assert value is not None
    return float(value)  # type: ignore[arg-type]


def test_a_rule_in_a_query(shop: Workspace) -> None:
    """Two in 30 days: ann only; bob's second is the other one's only partner."""
    assert revenue(shop, "segment.regulars") == 110
    assert revenue(shop, "segment.regulars and amount > 50") == 100
    assert revenue(shop, "segment.quiet") == 40  # cem: in January, and nothing since
    assert revenue(shop, "segment.warm") == 20 + 30 + 40  # bob by mail, cem a lead
    assert revenue(shop, "segment.warm and not segment.quiet") == 50


def test_yes_no_and_nobody_add_up_to_the_whole(shop: Workspace) -> None:
    """The order that names nobody is neither in a segment nor out of it, and stays."""
    result = shop.query(["revenue"], by=["segment.regulars"], period="2026", total=True)
    assert {row[0]: float(row[1]) for row in result.rows} == {True: 110, False: 90, None: 1000}  # type: ignore[arg-type]
    assert float(result.totals[0].values[1]) == 1200  # type: ignore[arg-type]
    assert revenue(shop, "not segment.regulars") == 90


def test_recent_days_end_with_the_day_asked_about(shop: Workspace) -> None:
    """The window ends with today, 30 local days long: on 18 June ann's 20 May is in, on 19 June it is not."""
    settings = shop.path / "leadline.yaml"
    text = settings.read_text(encoding="utf-8")
    for day, expected in (("2026-06-18", 110.0), ("2026-06-19", None)):
        settings.write_text(text.replace("2026-06-15", day), encoding="utf-8")
        value = open_workspace(shop.path).query(["revenue"], period="2026", where="segment.regulars")
        found = [row[0] for row in value.rows if row[0]]
        assert ([float(one) for one in found] or [None]) == [expected]  # type: ignore[arg-type]


def test_a_formula_can_ask_for_a_segment(shop: Workspace) -> None:
    (shop.path / "metrics").mkdir(exist_ok=True)
    metric = (
        "regular_orders:\n  name: Orders of regulars\n  doc: Theirs.\n  formula: count(order where segment.regulars)\n"
    )
    (shop.path / "metrics" / "own.yaml").write_text(metric, encoding="utf-8")
    assert open_workspace(shop.path).query(["regular_orders"]).rows == [(2,)]


def test_records_behind_a_segment(shop: Workspace) -> None:
    result = shop.query(["orders"], period="2026", where="segment.regulars")
    [records] = shop.records_of(result, 0, "orders")
    assert records.count == 2


def test_a_file_of_addresses(shop: Workspace) -> None:
    """People are one id in every fact: an address in a list is the buyer of an order. A changed file counts at once."""
    give(shop, {"order": [order("2026-03-01 10:00", hashed("eva@example.com"), 7)]}, source="more")
    listed = "\nvips: {doc: the list of sales, file: segments/vips.csv, key: email}\n"
    (shop.path / "segments" / "people.yaml").write_text(RULES + listed, encoding="utf-8")
    file = shop.path / "segments" / "vips.csv"
    file.write_text("email,note\n Eva@Example.com ,x\nnobody@example.com,y\n", encoding="utf-8")
    space = open_workspace(shop.path)
    assert revenue(space, "segment.vips") == 7
    file.write_text("email,note\nnobody@example.com,y\n", encoding="utf-8")
    assert space.query(["revenue"], period="2026", where="segment.vips").rows[0][0] in (None, 0)
    space.close()


def test_a_file_of_ids_in_a_query_and_a_cohort(shop: Workspace) -> None:
    listed = "\nvips: {doc: the list of sales, file: segments/vips.csv}\n"
    (shop.path / "segments" / "people.yaml").write_text(RULES + listed, encoding="utf-8")
    (shop.path / "segments" / "vips.csv").write_text("person_id\nann\nbob\n", encoding="utf-8")
    with open_workspace(shop.path) as space:
        assert revenue(space, "segment.vips") == 160
        asked: dict[str, Any] = {"period": "2026-01..2026-05", "upto": 0}
        whole = [row.size for row in space.cohort("order", **asked).rows]
        inside = [row.size for row in space.cohort("order", where="segment.vips", **asked).rows]
        outside = [row.size for row in space.cohort("order", where="not segment.vips", **asked).rows]
        assert whole == [2, 0, 0, 0, 1]
        assert inside == [1, 0, 0, 0, 1]
        assert outside == [1, 0, 0, 0, 0]


def test_rules_in_a_cohort_a_lifecycle_and_visits(shop: Workspace) -> None:
    """The timeline answers what the query answers: who is meant is the same people."""
    asked: dict[str, Any] = {"period": "2026-01..2026-05", "upto": 0}
    for name, expected in (("regulars", [0, 0, 0, 0, 1]), ("quiet", [1, 0, 0, 0, 0]), ("warm", [2, 0, 0, 0, 0])):
        rows = shop.cohort("order", where=f"segment.{name}", **asked).rows
        assert [row.size for row in rows] == expected, name
        life = shop.lifecycle("order", grain="month", period="2026-01..2026-05", where=f"segment.{name}").rows
        assert [row.new for row in life] == expected, name
    assert shop.sessions(of="order", where="segment.regulars").all.people == 1
    with pytest.raises(LeadlineError, match="lets a segment or something else decide"):
        shop.cohort("order", where="segment.warm or channel = 'Email'", **asked)
    with pytest.raises(LeadlineError, match="no segment named 'worm'"):
        shop.cohort("order", where="segment.worm", **asked)


def test_a_fact_without_people_refuses(shop: Workspace) -> None:
    give(shop, {"ad": [{"date": "2026-01-01", "spend": 5, "currency": "EUR"}]}, source="ads")
    with pytest.raises(LeadlineError, match=r"segment\.warm"):
        shop.query(["ad_spend"], where="segment.warm")
    with pytest.raises(LeadlineError, match="worm"):
        shop.query(["revenue"], where="segment.worm")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: {doc: x}", "either a rule or a file"),
        ("a: {doc: x, file: f.csv, rule: [{has: order}]}", "either a rule or a file"),
        ("A b: {doc: x, file: f.csv}", "no name for a segment"),
        ("a: {doc: x, file: f.csv, key: phone}", "cannot name people by 'phone'"),
        ("a: {doc: x, rule: [{has: ordr}]}", "no fact named 'ordr'"),
        ("a: {doc: x, rule: [{has: ad}]}", "name no person"),
        ("a: {doc: x, rule: [{where: amount > 1}]}", "what people have, or have not"),
        ("a: {doc: x, rule: [{has: order, has_not: deal}]}", "what people have, or have not"),
        ("a: {doc: x, rule: [{has: order, within: 3 months}]}", "no span of days"),
        ("a: {doc: x, rule: [{has: order, at_least: 0}]}", "counts from 1"),
        ("a: {doc: x, rule: [{has: order, at: amount}]}", "no time 'amount'"),
        ("a: {doc: x, rule: [{has: order, where: amont > 1}]}", "no column 'amont'"),
        ("a: {doc: x, rule: [{has: order, any: [{has: deal}]}]}", "`any` and something else"),
        ("[a]", "maps names to segments"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, what: str) -> None:
    space = make_workspace(tmp_path / "w")
    (space.path / "segments").mkdir()
    (space.path / "segments" / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=what) as caught:
        open_workspace(space.path)
    assert "own.yaml" in caught.value.why
    assert caught.value.fix


def test_a_name_twice_and_a_missing_file(tmp_path: Path) -> None:
    space = make_workspace(tmp_path / "w")
    folder = space.path / "segments"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text("a: {doc: x, file: gone.csv}", encoding="utf-8")
    with pytest.raises(DefinitionError, match="defined twice"):
        open_workspace(space.path)
    (folder / "two.yaml").unlink()
    opened = open_workspace(space.path)
    give(opened, {"order": [order("2026-01-10 10:00", "ann")]})
    with pytest.raises(DataError, match=r"no file gone\.csv"):
        opened.query(["revenue"], where="segment.a")


def test_rules_in_funnels_stages_and_ways(shop: Workspace) -> None:
    """Ann ordered twice in May and June, bob in January and May, cem once; cem was a lead."""

    def of(where: str | None) -> list[int]:
        return [line.people for line in shop.funnel(["order", "order"], window="none", where=where).rows]

    assert of(None) == [3, 2]
    assert of("segment.regulars") == [1, 1]
    assert of("segment.quiet") == [1, 0]
    assert of("not segment.regulars") == [2, 1]
    whole = shop.stage_funnel(where="segment.warm")
    assert [line.people for line in whole.rows] == [1, 0, 0, 0, 0, 0]
    assert shop.stage_funnel(where="segment.regulars").rows[0].people == 0
    assert "Only people with segment.warm, as it is today." in whole.notes
    assert shop.paths(to="order").count == 5
    assert shop.paths(to="order", where="segment.regulars").count == 2
    with pytest.raises(LeadlineError, match="is no segment"):
        shop.funnel(["order"], where="segment.warm and channel = 'Email'")


def test_a_segment_has_the_persons_of_all_its_ids(tmp_path: Path) -> None:
    """Who is who is kept beside segments too: a buyer's other login, and the visit before it, belong to the buyer."""
    folder = tmp_path / "w"
    (folder / "segments").mkdir(parents=True)
    (folder / "segments" / "people.yaml").write_text("buyers: {doc: bought, rule: [{has: order}]}\n", encoding="utf-8")
    workspace = make_workspace(folder, today="2026-06-15")
    with pytest.raises(LeadlineError, match="Nobody is known by 'ann'"):
        workspace.who("ann")
    visits = [("v1", "ann"), ("v1", None), ("v2", "bob"), ("v3", "cem")]
    give(
        workspace,
        {
            "page_view": [
                {"viewed_at": f"2026-05-0{at + 1} 10:00", "visitor_id": device, "person_id": who, "_key": str(at)}
                for at, (device, who) in enumerate(visits)
            ],
            "order": [order("2026-05-20", "bob")],
        },
    )
    assert sorted(workspace.funnel(["page_view"]).people(1)) == ["ann", "bob", "cem"]
    assert workspace.funnel(["page_view"], where="segment.buyers").people(1) == ["bob"]
    workspace.correct_identity("merge", "ann", "bob")
    assert workspace.funnel(["page_view"], where="segment.buyers").people(1) == ["ann"]
    assert workspace.funnel(["page_view"], where="not segment.buyers").people(1) == ["cem"]

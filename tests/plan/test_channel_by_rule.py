"""Rows that only say their source and medium have the channel of the workspace's rules, wherever one is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from kit.oracles import channel_cases
from leadline.journey.rule import load_rules, read_own_rules
from leadline.journey.statement import channel_case
from leadline.workspace import Workspace, open_workspace

METRICS = """
t_visits: count(session)
t_paid: count(session where channel like 'Paid%')
t_share: t_paid / t_visits
t_orders: count(order)
t_first: {formula: "credited(sum(order.amount), first, within 90 days)", unit: money}
t_known: {formula: "credited(sum(order.amount), last_non_direct, within 90 days)", unit: money}
"""
MAPPING = """
title: Visits
columns: {id: text, began: datetime, visitor: text, source: text, medium: text, campaign: text, group: text}
facts:
  - fact: session
    key: id
    columns:
      session_id: id
      started_at: began
      date: CAST(began AS DATE)
      visitor_id: visitor
      traffic_source: source
      medium: medium
      campaign: campaign
      channel: group
"""
# By GA4's default channel group: Paid Search, Organic Search twice, Email, Referral, Direct, Organic Social (a social
# source), one with a campaign and no origin, one that the source calls Brand itself, and one that no rule knows.
VISITS = """id,began,visitor,source,medium,campaign,group
1,2026-01-05 10:00:00,a,google,cpc,spring,
2,2026-01-05 11:00:00,b,google,organic,,
3,2026-01-06 10:00:00,c,Bing,Organic,,
4,2026-01-07 10:00:00,d,news,email,,
5,2026-01-08 10:00:00,e,partner.example,referral,,
6,2026-01-09 10:00:00,f,(direct),(none),,
7,2026-01-10 10:00:00,g,facebook,,,
8,2026-01-11 10:00:00,h,,,spring,
9,2026-01-12 10:00:00,i,google,cpc,,Brand
10,2026-01-13 10:00:00,j,odd,strange,,
"""
CHANNELS = {
    "Paid Search": 1, "Organic Search": 2, "Email": 1, "Referral": 1, "Direct": 1, "Organic Social": 1, None: 1,
    "Brand": 1, "Unassigned": 1,
}  # fmt: skip
OWN = """
rules:
  - {id: own.newsletter, channel: Newsletter, when: [{source: news}]}
  - {id: own.google, channel: Google, when: [{source: google, medium: cpc}]}
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Workspace]:
    space = make_workspace(tmp_path / "site", metrics=METRICS)
    write(space, "sources/visits.yaml", MAPPING)
    with open_workspace(space.path) as found:
        [report] = found.load([write(found, "visits.csv", VISITS)])
        assert report.status == "loaded", report.findings
        yield found


def write(space: Workspace, name: str, text: str) -> Path:
    path = space.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def by(space: Workspace, metric: str = "t_visits", **asked: Any) -> dict[Any, Any]:
    return {row[0]: row[-1] for row in space.query([metric], by=["channel"], **asked).rows}


def visit(number: int, source: str | None, medium: str | None, **more: Any) -> dict[str, Any]:
    return {"date": "2026-01-05", "traffic_source": source, "medium": medium, "_key": str(number), **more}


def test_source_and_medium_make_the_channel(site: Workspace) -> None:
    assert by(site) == CHANNELS


def test_filters_and_formulas_go_by_it(site: Workspace) -> None:
    assert site.query(["t_visits"], where="channel = 'Organic Search'").rows == [(2,)]
    assert site.query(["t_visits"], where="channel is null").rows == [(1,)]
    result = site.query(["t_paid", "t_share"])
    assert result.rows[0][0] == 1
    assert float(result.rows[0][1]) == 0.1  # type: ignore[arg-type]


def test_own_rules_answer_without_a_new_load(site: Workspace) -> None:
    """Own rules stand above the preset; the channel that the source delivered stays."""
    assert by(site)["Email"] == 1
    write(site, "channels.yaml", OWN)
    changed = {"Newsletter": 1, "Google": 1, **{name: n for name, n in CHANNELS.items() if name not in OWN_TAKES}}
    assert by(site) == changed
    write(site, "channels.yaml", "preset: ua\n")
    # Universal Analytics: Display and paid search by medium; a source without medium is (Other), and so is the odd one.
    assert by(site)["(Other)"] >= 1
    assert "Unassigned" not in by(site)


OWN_TAKES = ("Email", "Paid Search")


def test_provenance_names_the_rules(site: Workspace) -> None:
    write(site, "channels.yaml", OWN + "sources: {social: [odd]}\n")
    told = site.query(["t_visits"], by=["channel"]).provenance["channels"]
    assert told == {
        "facts": ["session"], "preset": "ga4", "own": ["own.newsletter", "own.google"], "sources": {"odd": "social"},
    }  # fmt: skip
    assert by(site)["Organic Social"] == 2
    assert "channels" not in site.query(["t_visits"]).provenance


def test_every_visit_of_the_oracle(tmp_path: Path) -> None:
    """Hand-checked visits with their channel by GA4's rules, each its own campaign."""
    cases = [case for case in channel_cases() if case[0] or case[1]]
    assert cases
    with make_workspace(tmp_path, metrics=METRICS) as space:
        rows = [
            visit(number, source or None, medium or None, campaign=campaign or None, session_id=str(number))
            for number, (source, medium, campaign, _) in enumerate(cases)
        ]
        give(space, {"session": rows})
        found = {row[0]: row[1] for row in space.query(["t_visits"], by=["session_id", "channel"]).rows}
    assert [found[str(number)] for number in range(len(cases))] == [expected for *_, expected in cases]


def test_records_behind_a_channel_show_it(site: Workspace) -> None:
    result = site.query(["t_visits"], by=["channel"])
    for number, (channel, count) in enumerate(result.rows):
        [found] = site.records_of(result, number, "t_visits")
        assert found.count == count
        assert set(found.column("channel")) == {channel}


def test_a_fact_with_all_its_channels_is_read_as_it_is(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as space:
        give(space, {"session": [visit(1, "google", "cpc", channel="Ads"), visit(2, None, None)]})
        plan = space.compile(space.ask(["t_visits"], by=["channel"]))
        assert space.statements(plan) == ['SELECT channel, count(*) AS m0\nFROM fact."session"\nGROUP BY 1']
        assert "channels" not in space.run(plan).provenance
        give(space, {"session": [visit(3, "google", "cpc")]}, source="other")
        assert by(space) == {"Ads": 1, None: 1, "Paid Search": 1}
        unasked = space.compile(space.ask(["t_visits"], by=["medium"]))
        assert "CASE" not in space.statements(unasked)[0]


def test_each_origin_is_judged_once_as_each_row_would_be(tmp_path: Path) -> None:
    """Rows of all kinds at random: the joined answer is that of the rules for the row itself."""
    dice = random.Random(5)
    sources = [None, "", "google", "GOOGLE", "(direct)", "news", "Facebook", "odd", "it's", "müsli"]
    media = [None, "", "cpc", "CPC", "organic", "email", "(none)", "referral", "x-push"]
    campaigns = [None, "", "Shopping week", "cross-network", "spring"]
    rows = [
        visit(number, dice.choice(sources), dice.choice(media), campaign=dice.choice(campaigns),
              channel=dice.choice([None, None, None, "Brand", ""]), session_id=str(number),
              started_at=f"2026-01-{number % 28 + 1:02d} 10:00")
        for number in range(800)
    ]  # fmt: skip
    rules = "CASE WHEN traffic_source IS NOT NULL OR medium IS NOT NULL THEN {} END"
    with make_workspace(tmp_path, metrics=METRICS) as space:
        give(space, {"session": rows})
        for own in (OWN, "preset: matomo\n"):
            write(space, "channels.yaml", own)
            case = rules.format(channel_case(load_rules(read_own_rules(space.path))))
            slow = f'SELECT session_id, coalesce(channel, {case}) FROM fact."session" ORDER BY 1'
            expected = space.warehouse().rows(slow)[1]
            found = space.query(["t_visits"], by=["session_id", "channel"]).rows
            assert sorted((row[0], row[1]) for row in found) == [tuple(row) for row in expected]


def test_a_short_period_looks_at_its_origins_only(site: Workspace) -> None:
    """Origins are gathered within the period asked for."""
    plan = site.compile(site.ask(["t_visits"], by=["channel"], period="2026-01-05"))
    [statement] = site.statements(plan)
    origins, condition = statement.split("SELECT DISTINCT")[1], "DATE '2026-01-05'"
    assert condition in origins.split("AS found")[0]
    assert condition in origins.split("AS found")[1]
    assert dict(site.run(plan).rows) == {"Paid Search": 1, "Organic Search": 1}
    [whole] = site.statements(site.compile(site.ask(["t_visits"], by=["channel"])))
    assert "DATE" not in whole


def test_as_known_at(tmp_path: Path) -> None:
    """A row whose channel was delivered later had that of the rules before."""
    with make_workspace(tmp_path, metrics=METRICS) as space:
        give(space, {"session": [visit(1, "google", "cpc")]})
        [(ended,)] = space.warehouse().rows("SELECT ended_at FROM ledger.load")[1]
        give(space, {"session": [visit(1, "google", "cpc", channel="Ads")]})
        assert by(space) == {"Ads": 1}
        before = ended.isoformat()
        assert by(space, as_known_at=before) == {"Paid Search": 1}
        assert by(space) == {"Ads": 1}


def test_lookups_lend_the_channel_of_the_rules(tmp_path: Path) -> None:
    """An order has the channel of its buyer's visit, which the rules tell."""
    settings = "lookups:\n  visited: {fact: session, key: person_id, for: {order: customer_id}, gives: [channel]}\n"
    with make_workspace(tmp_path, metrics=METRICS, settings=settings) as space:
        give(space, {
            "session": [visit(1, "news", "email", person_id="a"), visit(2, "google", "cpc", person_id="b")],
            "order": [order(1, "a", 10), order(2, "b", 20), order(3, "c", 30)],
        })  # fmt: skip
        assert by(space, "t_orders") == {"Email": 1, "Paid Search": 1, None: 1}


def order(number: int, who: str, amount: int) -> dict[str, Any]:
    return {
        "order_id": str(number), "ordered_at": "2026-01-20 10:00", "customer_id": who, "amount": amount,
        "currency": "EUR", "is_sale": True, "_key": f"o{number}",
    }  # fmt: skip


def touch(number: int, who: str, day: int, source: str, medium: str, **more: Any) -> dict[str, Any]:
    return {
        "touched_at": f"2026-01-{day:02d} 10:00", "person_id": who, "traffic_source": source, "medium": medium,
        "kind": "visit", "_key": f"t{number}", **more,
    }  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    """Ann (100) came by an ad, then by mail, then directly; Bob (7) by what the source calls Partner, then directly."""
    with make_workspace(tmp_path / "shop", metrics=METRICS) as space:
        give(space, {
            "touch": [
                touch(1, "ann", 5, "google", "cpc"), touch(2, "ann", 6, "news", "email"),
                touch(3, "ann", 7, "(direct)", "(none)"), touch(4, "bob", 5, "x", "y", channel="Partner"),
                touch(5, "bob", 6, "(direct)", "(none)"),
            ],
            "order": [order(1, "ann", 100), order(2, "bob", 7)],
        })  # fmt: skip
        yield space


def earned(space: Workspace, metric: str) -> dict[Any, Any]:
    """Channels with credit; the others of the touches have nought."""
    return {channel: amount for channel, amount in by(space, metric).items() if amount}


def test_attribution_goes_by_it(shop: Workspace) -> None:
    """Direct touches are known as such by the rules, too, so the last non-direct ones are the mail and the partner."""
    assert earned(shop, "t_first") == {"Paid Search": 100, "Partner": 7}
    assert earned(shop, "t_known") == {"Email": 100, "Partner": 7}
    assert shop.query(["t_known"]).rows == [(107,)]
    answer = shop.attribute("order", models=["last_non_direct"])
    assert {name: value for name, value in answer.credits[0].values.items() if value} == {"Email": 100, "Partner": 7}
    assert answer.provenance["channels"]["facts"] == ["touch"]
    write(shop, "channels.yaml", OWN)
    assert earned(shop, "t_known") == {"Newsletter": 100, "Partner": 7}


def test_the_timeline_agrees_with_the_metric(site: Workspace) -> None:
    def visits(**asked: Any) -> dict[str | None, int]:
        return {row.group: row.sessions for row in site.sessions(of="session", by="channel", **asked).rows}

    assert visits() == by(site) == CHANNELS
    write(site, "channels.yaml", OWN)
    assert visits() == by(site)
    assert visits()["Newsletter"] == 1
    # A timeline of its own, for what is known at a moment.
    assert visits(as_known_at="2100-01-01") == by(site)
    told = site.sessions(of="session", by="channel").provenance["channels"]
    assert told["own"] == ["own.newsletter", "own.google"]


def test_funnels_and_cohorts_go_by_it(shop: Workspace) -> None:
    steps = ["touch/visit where channel = 'Email'", "order"]
    assert shop.funnel(steps, window="90 days").found.all.reached == (1, 1)
    sizes = [row.size for row in shop.cohort("touch/visit", period="2026-01", where="channel = 'Paid Search'").rows]
    assert sizes == [1]
    write(shop, "channels.yaml", OWN)
    assert shop.funnel(["touch/visit where channel = 'Newsletter'", "order"]).found.all.reached == (1, 1)


def test_a_timeline_takes_over_rows_that_need_rules_later(tmp_path: Path) -> None:
    """Built while every visit had its channel; then one comes that has only an origin, and then another."""
    with make_workspace(tmp_path, metrics=METRICS) as space:

        def visits() -> dict[str | None, int]:
            return {row.group: row.sessions for row in space.sessions(of="session", by="channel").rows}

        expected = {}
        rows = [("Ads", "google", "cpc"), (None, "news", "email"), (None, "(direct)", "(none)")]
        for number, (channel, source, medium) in enumerate(rows):
            more = {"started_at": "2026-01-05 10:00", "visitor_id": f"v{number}"}
            give(space, {"session": [visit(number, source, medium, channel=channel, **more)]}, source=str(number))
            expected[channel or {"news": "Email"}.get(source, "Direct")] = 1
            assert visits() == by(space) == expected


def test_segments_go_by_it(tmp_path: Path) -> None:
    rule = "searchers: {doc: came by paid search, rule: [{has: session, where: channel = 'Paid Search'}]}\n"
    space = make_workspace(tmp_path, metrics=METRICS)
    write(space, "segments/people.yaml", rule)
    with open_workspace(space.path) as space:
        give(space, {
            "session": [visit(1, "google", "cpc", person_id="a"), visit(2, "news", "email", person_id="b")],
            "order": [order(1, "a", 10), order(2, "b", 20)],
        })  # fmt: skip
        assert space.query(["t_orders"], where="segment.searchers").rows == [(1,)]
        assert [row.size for row in space.cohort("order", period="2026-01", where="segment.searchers").rows] == [1]


def test_a_fact_given_both_columns_by_the_workspace(tmp_path: Path) -> None:
    """Page views have no source and medium of their own; where a workspace adds them, the rules answer."""
    columns = "{traffic_source: {doc: utm_source}, medium: {doc: utm_medium}}"
    metric = "t_pages: count(page_view)\n"
    with make_workspace(tmp_path, metrics=metric, settings=f"facts: {{page_view: {columns}}}\n") as space:
        view = {"viewed_at": "2026-01-05 10:00", "visitor_id": "v", "traffic_source": "google", "medium": "cpc"}
        give(space, {"page_view": [view, {**view, "traffic_source": None, "medium": None}]})
        assert by(space, "t_pages") == {"Paid Search": 1, None: 1}


def test_a_metric_of_channels_lacks_nothing(tmp_path: Path) -> None:
    """No row brought a channel, and every one has one: a filter that finds none counts nought."""
    with make_workspace(tmp_path, metrics=METRICS) as space:
        give(space, {"session": [visit(1, "news", "email")]})
        assert space.query(["t_paid"]).rows == [(0,)]
        assert not space.need("t_paid")

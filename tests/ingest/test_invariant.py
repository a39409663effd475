"""Invariants: every rule has a case that breaks it, is found at its line, and the clean file breaks none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.loading import Loader, rules, table

FACTS = {
    "ad": (
        "day,n,impressions,clicks,spend,views,completes",
        "date: day, platform: \"'x'\", campaign_id: n, impressions: impressions, clicks: clicks, spend: spend, "
        "video_views: views, video_completes: completes",
    ),
    "email": (
        "day,n,sent,delivered,opens,clicks,total_clicks,bounces",
        "sent_at: day, campaign_id: n, sent: sent, delivered: delivered, opens: opens, clicks: clicks, "
        "total_clicks: total_clicks, bounces: bounces",
    ),
    "session": ("day,n,sessions,engaged", "date: day, channel: n, sessions: sessions, engaged_sessions: engaged"),
    "deal": (
        "day,n,won,lost,amount,chance",
        "created_at: day, deal_id: n, won_at: won, lost_at: lost, amount: amount, probability: chance",
    ),
    "subscription": ("day,n,ended,mrr", "started_at: day, subscription_id: n, ended_at: ended, mrr: mrr"),
    "order": (
        "day,n,amount,product",
        "ordered_at: day, order_id: n, amount: amount, product: product, is_sale: 'true'",
    ),
    "fx_rate": ("day,n,rate", "date: day, currency: \"'USD'\", to_currency: n, rate: rate"),
    "survey": ("day,n,score,top", "answered_at: day, person_id: n, score: score, scale_max: top"),
}

CLEAN = {
    "ad": "2026-01-{day},n{n},100,10,5.00,8,3",
    "email": "2026-01-{day},n{n},100,95,40,7,9,5",
    "session": "2026-01-{day},n{n},50,20",
    "deal": "2026-01-{day},n{n},2026-02-{day},,99.00,0.5",
    "subscription": "2026-01-{day},n{n},2026-03-{day},10.00",
    "order": "2026-01-{day},n{n},{n}.00,pen {n}",
    "fx_rate": "2026-01-{day},n{n},1.0{n}",
    "survey": "2026-01-{day},n{n},9,10",
}

BROKEN = [
    ("ad", 3, "101", "clicks-exceed-impressions"),
    ("ad", 2, "-1", "negative-count"),
    ("ad", 4, "-5.00", "negative-amount"),
    ("ad", 6, "9", "video_completes-exceed-video_views"),
    ("ad", 0, "1889-01-01", "date-out-of-range"),
    ("ad", 0, "2031-01-01", "date-out-of-range"),
    ("ad", 0, "", "no-time"),
    ("email", 3, "101", "delivered-exceed-sent"),
    ("email", 4, "96", "opens-exceed-delivered"),
    ("email", 5, "10", "clicks-exceed-total_clicks"),
    ("session", 3, "51", "engaged_sessions-exceed-sessions"),
    ("deal", 2, "2025-12-01", "negative-lag"),
    ("deal", 3, "2025-12-01", "negative-lag"),
    ("deal", 5, "50", "share-out-of-range"),
    ("deal", 4, "-1.00", "negative-amount"),
    ("subscription", 2, "2025-12-01", "negative-lag"),
    ("subscription", 3, "-10.00", "negative-amount"),
    ("order", 3, "=HYPERLINK(A1)", "formula-cell"),
    ("order", 3, "+cmd|' /C calc'!A0", "formula-cell"),
    ("order", 0, "1970-01-01", "date-out-of-range"),
    ("fx_rate", 2, "0", "rate-not-positive"),
    ("survey", 2, "11", "share-out-of-range"),
]


def source(fact: str) -> str:
    key = "n, day" if fact != "deal" else "n"
    return f"title: T\nfacts:\n  - fact: {fact}\n    key: [{key}]\n    columns: {{{FACTS[fact][1]}}}\n"


def rows(fact: str, count: int = 24) -> list[str]:
    return [CLEAN[fact].format(day=f"{n:02d}", n=n) for n in range(1, count + 1)]


@pytest.mark.parametrize("fact", FACTS)
def test_clean_rows_break_nothing(tmp_path: Path, fact: str) -> None:
    loader = Loader(tmp_path, source(fact))
    report = loader.load(table(FACTS[fact][0], *rows(fact)))
    assert report.status == "loaded", report.error
    assert rules(report) == {}
    assert len(loader.rows(fact)) == 24


@pytest.mark.parametrize(("fact", "column", "cell", "rule"), BROKEN)
def test_a_broken_rule_is_found_at_its_line(tmp_path: Path, fact: str, column: int, cell: str, rule: str) -> None:
    lines = rows(fact)
    cells = lines[6].split(",")
    cells[column] = cell
    lines[6] = ",".join(cells)
    loader = Loader(tmp_path, source(fact))
    report = loader.load(table(FACTS[fact][0], *lines))
    found = rules(report)
    assert found.get(rule) == 8, report.findings
    [finding] = [one for one in report.findings if one.rule == rule]
    assert finding.fix
    assert finding.file == "data.csv"
    kept = len(loader.rows(fact))
    assert kept == (23 if finding.severity == "error" else 24)
    assert report.quarantined == 24 - kept


def test_more_clicks_than_impressions_over_all_rows_refuse_the_file(tmp_path: Path) -> None:
    lines = [line.replace(",100,10,", ",10,100,") for line in rows("ad")]
    report = Loader(tmp_path, source("ad")).load(table(FACTS["ad"][0], *lines))
    assert report.error is not None
    assert report.error.code == "clicks-exceed-impressions"


@pytest.mark.parametrize(
    "text",
    ["- 5 %", "-5", "+49 30 1234", "@handle", "a=b", "--", "=", "(c) 2026"],
)
def test_what_only_looks_like_a_formula_is_left_alone(tmp_path: Path, text: str) -> None:
    lines = rows("order")
    lines[3] = f"2026-01-04,n4,4.00,{text}"
    found = rules(Loader(tmp_path, source("order")).load(table(FACTS["order"][0], *lines)))
    assert found == {}


def test_a_sources_own_check_takes_the_place_of_the_rule(tmp_path: Path) -> None:
    lines = rows("session")
    lines[6] = "2026-01-07,n7,50,60"
    own = "checks:\n  - {rule: engaged_sessions-exceed-sessions, that: 'true', what: known to happen here}\n"
    report = Loader(tmp_path, own + source("session")).load(table(FACTS["session"][0], *lines))
    assert rules(report) == {}


@pytest.mark.parametrize("last", ["Total,,300.00,", "2026-02-01,Total,300.00,", "2026-02-01,n99,300.00,pen"])
def test_a_last_row_that_totals_the_others_is_set_aside(tmp_path: Path, last: str) -> None:
    columns = "ordered_at: day, order_id: n, amount: amount, quantity: amount, is_sale: 'true'"
    text = f"title: T\nfacts:\n  - fact: order\n    key: [n]\n    columns: {{{columns}}}\n"
    loader = Loader(tmp_path, text)
    report = loader.load(table(FACTS["order"][0], *rows("order"), last))
    assert {"total-row", "not-a-date"} & set(rules(report)), report.findings
    assert len(loader.rows("order")) == 24


def test_a_product_called_total_is_no_total(tmp_path: Path) -> None:
    loader = Loader(tmp_path, source("order"))
    report = loader.load(table(FACTS["order"][0], *rows("order"), "2026-01-25,n25,7.00,Total Gym"))
    assert rules(report) == {}
    assert len(loader.rows("order")) == 25

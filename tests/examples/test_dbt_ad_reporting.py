"""Advertising tables of eleven platforms: micros, versions of campaigns, hours, and currencies that cannot be added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.figure import ask, by_first, figures
from leadline.errors import RefusedError
from leadline.workspace import Workspace


@pytest.fixture(scope="module")
def ads(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("dbt_ad_reporting", "fivetran/dbt_ad_reporting")


@pytest.fixture(scope="module")
def workspace(ads: Any) -> Workspace:
    return ads.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("google_ads", ("1,854", "280", "231.33")),
        ("meta_ads", ("37,275", "149", "643.63")),
        ("linkedin_ads", ("1,359", "919", "530.62")),
        ("microsoft_ads", ("7,569", "592", "946.34")),
        ("pinterest_ads", ("165,000", "4,950", "12.375")),
        ("reddit_ads", ("3,469,863", "8,815", "12,970.777467")),
        ("snapchat_ads", ("5,142", "7", "1.013488")),
        ("tiktok_ads", ("34,470", "244", "444.792")),
        ("twitter_ads", ("9,876", "968", "138.535734")),
        ("amazon_ads", ("1,095", "2", "1.67")),
        ("apple_search_ads", ("6,336", "129", "100.00")),
    ],
)
def test_golden(workspace: Workspace, platform: str, expected: tuple[str, ...]) -> None:
    question = f"impressions ad_clicks ad_spend --where \"platform = '{platform}'\""
    assert figures(ask(workspace, question), expected) == expected


@pytest.mark.parametrize("question", ["ad_spend", "cpc", "ad_spend --by channel", "ad_spend --grain year"])
def test_currencies_are_never_added(workspace: Workspace, question: str) -> None:
    with pytest.raises(RefusedError) as caught:
        ask(workspace, question)
    assert caught.value.code == "mixed-currencies"
    assert "currency" in caught.value.fix


def test_currencies_are_shown_apart(workspace: Workspace) -> None:
    rows = by_first(ask(workspace, "ad_spend --by currency"))
    assert {name: f"{value:.6f}" for name, value in rows.items()} == {"USD": "14931.648201", "XXX": "1089.435488"}


def test_counts_have_no_currency_and_add_up(workspace: Workspace) -> None:
    assert figures(ask(workspace, "impressions ad_clicks"), ("3,739,839", "17,055")) == ("3,739,839", "17,055")


def test_of_a_campaign_the_newest_version_names_it(workspace: Workspace) -> None:
    """The table of Google campaigns keeps each version; joined as it is, it would multiply the spend."""
    result = ask(workspace, "ad_spend --by campaign --where \"platform = 'google_ads'\"")
    assert len(result.rows) == 1
    assert f"{result.rows[0][-1]:.2f}" == "231.33"


def test_what_a_lookup_does_not_find_is_told_and_stays_visible(ads: Any) -> None:
    findings = ads.reports["twitter_campaign_report_data.csv"].findings
    assert [(finding.rule, finding.count) for finding in findings if finding.severity == "warning"] == [
        ("campaign-unknown", 4)
    ]
    result = ask(ads.workspace, "ad_clicks --by campaign --where \"platform = 'twitter_ads'\"")
    assert result.rows == [(None, 968)]


def test_a_row_with_more_clicks_than_impressions_is_flagged(ads: Any) -> None:
    findings = ads.reports["microsoft_ads_campaign_performance_daily_report_data.csv"].findings
    assert [finding.rule for finding in findings if finding.severity == "warning"] == ["clicks-exceed-impressions"]


def test_hours_become_days(workspace: Workspace) -> None:
    count = workspace.warehouse().con.execute(
        "SELECT platform, count(*) FROM fact.ad WHERE platform IN ('snapchat_ads', 'tiktok_ads') GROUP BY 1 ORDER BY 1"
    )
    assert count.fetchall() == [("snapchat_ads", 1), ("tiktok_ads", 4)]


def test_one_table_a_platform_is_read_and_the_rest_left_alone(ads: Any) -> None:
    """The same clicks stand in account, campaign, ad group and keyword tables: only one level may count."""
    assert len(ads.read) == 11
    assert not [name for name, report in ads.reports.items() if report.status == "refused"]
    looked_up = {name for name, report in ads.reports.items() if report.status == "skipped" and report.source}
    assert "google_ads_campaign_history_data.csv" in looked_up


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "ad_spend", "--by", "platform")
    assert code == 0
    names = [column["name"] for column in answer["columns"]]
    spent = {row[names.index("platform")]: row[names.index("ad_spend")] for row in answer["rows"]}
    assert spent["reddit_ads"] == 12_970.777467
    assert len(spent) == 11
    code, told = cli(workspace, "ad_spend")
    assert code != 0
    assert "mixed-currencies" in told

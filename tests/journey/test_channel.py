"""GA4's default channel group to the letter, other presets, and a workspace's own rules above them (002-08)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kit.data import data_folder, oracle
from leadline.errors import DefinitionError, UsageError
from leadline.journey.channel import decide, explain
from leadline.journey.rule import PRESETS, load_rules, lower, read_own_rules, source_categories


def test_all_cases_of_the_oracle() -> None:
    wrong = {
        (case["source"], case["medium"], case["campaign"]): decision.channel
        for case in oracle("channel_cases")
        if (decision := decide(case["source"], case["medium"], case["campaign"])).channel != case["expected"]
    }
    assert not wrong


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "channel", "rule"),
    [
        # What others get wrong.
        ("some-site", "cpm", "", "Display", "ga4.display"),
        ("google", "cpm", "", "Paid Search", "ga4.paid-search"),
        ("google", "cpc", "summer-shop", "Paid Shopping", "ga4.paid-shopping"),
        ("google", "cpc", "bishop-brand", "Paid Search", "ga4.paid-search"),
        ("google", "cpc", "workshop", "Paid Search", "ga4.paid-search"),
        ("google", "cpc", "eshop-de", "Paid Shopping", "ga4.paid-shopping"),
        ("alibaba", "", "", "Organic Shopping", "ga4.organic-shopping"),
        ("intranet", "social-media", "", "Organic Social", "ga4.organic-social"),
        ("some-site", "interstitial", "", "Display", "ga4.display"),
        ("app", "push", "", "Mobile Push Notifications", "ga4.mobile-push"),
        ("mailchimp", "Email", "spring-shop", "Organic Shopping", "ga4.organic-shopping"),
        ("partner", "affiliates", "", "Unassigned", "ga4.otherwise"),
        # One for every rule that is left.
        ("(direct)", "(none)", "", "Direct", "ga4.direct"),
        ("(direct)", "organic", "", "Organic Search", "ga4.organic-search"),
        ("pmax", "cpc", "Cross-Network", "Cross-network", "ga4.cross-network"),
        ("tiktok.com", "paid_social", "", "Paid Social", "ga4.paid-social"),
        ("vimeo", "ppc", "", "Paid Video", "ga4.paid-video"),
        ("blog", "retargeting", "", "Paid Other", "ga4.paid-other"),
        ("x", "online-video", "", "Organic Video", "ga4.organic-video"),
        ("chatgpt.com", "ai-assistant", "", "AI Assistant", "ga4.ai-assistant"),
        ("x", "link", "", "Referral", "ga4.referral"),
        ("e_mail", "x", "", "Email", "ga4.email"),
        ("spotify", "audio", "", "Audio", "ga4.audio"),
        ("SMS", "blast", "", "SMS", "ga4.sms"),
        ("firebase", "x", "", "Mobile Push Notifications", "ga4.mobile-push"),
        ("x", "in-app-notification", "", "Mobile Push Notifications", "ga4.mobile-push"),
    ],
)
def test_ga4(source: str, medium: str, campaign: str, channel: str, rule: str) -> None:
    decision = decide(source, medium, campaign)
    assert (decision.channel, decision.rule) == (channel, rule)


def test_source_categories_are_those_google_publishes() -> None:
    path = data_folder("ga4_channel_mapping") / "velir_ga4_source_categories.csv"
    with path.open(encoding="utf-8") as stream:
        published = {
            row["source"].strip().lower(): row["source_category"].removeprefix("SOURCE_CATEGORY_").lower()
            for row in csv.DictReader(stream)
        }
    assert dict(source_categories()) == published


def test_a_decision_says_by_what() -> None:
    decision = decide("Google", "CPC", None)
    assert decision.reason == "category is search and medium matches ^(.*cp.*|ppc|retargeting|paid.*)$"
    assert (decision.source, decision.medium, decision.campaign, decision.category) == ("Google", "CPC", "", "search")


@pytest.mark.parametrize(
    ("preset", "source", "medium", "channel"),
    [
        ("ua", "google", "cpc", "Paid Search"),
        ("ua", "facebook.com", "referral", "Social"),
        ("ua", "facebook", "cpc", "Paid Search"),
        ("ua", "x", "cpa", "Other Advertising"),
        ("ua", "x", "newsletter", "(Other)"),
        ("matomo", "(direct)", "(none)", "Direct Entry"),
        ("matomo", "google", "organic", "Search Engines"),
        ("matomo", "google", "cpc", "Campaigns"),
        ("matomo", "facebook.com", "referral", "Social Networks"),
        ("matomo", "partner.example", "referral", "Websites"),
        ("hubspot", "linkedin", "cpc", "Paid Social"),
        ("hubspot", "google", "cpc", "Paid Search"),
        ("hubspot", "hs_email", "email", "Email Marketing"),
        ("hubspot", "chatgpt.com", "ai-assistant", "AI Referrals"),
        ("hubspot", "x", "flyer", "Other Campaigns"),
    ],
)
def test_presets_of_other_tools(preset: str, source: str, medium: str, channel: str) -> None:
    assert decide(source, medium, rules=load_rules(preset=preset)).channel == channel


@pytest.mark.parametrize("preset", PRESETS)
def test_rule_ids_name_their_preset_and_are_used_once(preset: str) -> None:
    ids = [rule.id for rule in load_rules(preset=preset).rules]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith(f"{preset}.") for each in ids)


OWN = """
preset: ga4
sources:
  social: [x.com, Intranet]
rules:
  - {id: own.newsletter, channel: Newsletter, when: [{medium: newsletter}, {source: {starts: News-}}]}
  - {id: own.brand, channel: Brand Search, when: [{category: search, campaign: {contains: BRAND, none_of: brandy}}]}
"""


def test_own_rules_stand_above_the_preset(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(OWN, encoding="utf-8")
    rules = load_rules(read_own_rules(tmp_path))
    assert decide("weekly", "newsletter", rules=rules).rule == "own.newsletter"
    assert decide("NEWS-7", "email", rules=rules).channel == "Newsletter"
    assert decide("google", "cpc", "my brand", rules=rules).channel == "Brand Search"
    assert decide("google", "cpc", "brandy", rules=rules).channel == "Paid Search"
    assert decide("x.com", "referral", rules=rules).channel == "Organic Social"
    assert decide("x.com", "referral").channel == "Referral"
    assert decide("intranet", "cpc", rules=rules).channel == "Paid Social"


def test_without_a_file_the_preset_stands_alone(tmp_path: Path) -> None:
    assert load_rules(read_own_rules(tmp_path)) == load_rules()


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("preset: ga3", "unknown-channel-preset", "channels.yaml:1"),
        ("sources:\n  serch: [x]", "unknown-source-category", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: [{medum: x}]}", "unknown-channel-field", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: [{medium: {like: x}}]}", "unknown-test", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: []}", "empty-rule", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: [{}]}", "empty-rule", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: [{medium: {matches: '(x'}}]}", "bad-pattern", "channels.yaml:2"),
        ("rules:\n  - {id: a, channel: A, when: [{medium: {matches: '(?=x)'}}]}", "bad-pattern", "channels.yaml:2"),
        (
            "rules:\n  - &r {id: a, channel: A, when: [{medium: x}]}\n  - *r",
            "duplicate-rule",
            "channels.yaml",
        ),
        ("rule: []", "bad-definition", "channels.yaml:1"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, code: str, place: str) -> None:
    (tmp_path / "channels.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((DefinitionError, UsageError)) as caught:
        load_rules(read_own_rules(tmp_path))
    assert caught.value.code == code
    assert place in caught.value.why


def test_lower_case_keeps_the_length_of_a_text() -> None:
    assert lower("İSTANBUL ΣΑΣ") == "istanbul σασ"


def test_explain_joins_origin_and_decision() -> None:
    found = explain(url="https://shop.example/?gclid=x", referrer="https://www.google.com/")
    assert (found.decision.channel, found.origin.rule) == ("Paid Search", "origin.gclid")

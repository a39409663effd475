"""Source, medium and campaign from what a visit brings."""

from __future__ import annotations

import pytest

from leadline.errors import UsageError
from leadline.journey.channel import explain
from leadline.journey.origin import origin_of, referrer_kind

SITE = "https://shop.example/landing"


@pytest.mark.parametrize(
    ("query", "referrer", "source", "medium", "channel"),
    [
        ("?utm_source=google&utm_medium=cpc", "", "google", "cpc", "Paid Search"),
        ("?gclid=1", "https://www.google.com/", "google", "cpc", "Paid Search"),
        ("?gbraid=1", "", "google", "cpc", "Paid Search"),
        ("?wbraid=1", "", "google", "cpc", "Paid Search"),
        ("?dclid=1", "", "doubleclick", "cpm", "Display"),
        ("?msclkid=1", "https://www.bing.com/", "bing", "cpc", "Paid Search"),
        ("?ttclid=1", "", "tiktok", "cpc", "Paid Social"),
        ("?li_fat_id=1", "", "linkedin", "cpc", "Paid Social"),
        # fbclid marks paid and unpaid clicks alike.
        ("?fbclid=1", "", "facebook", "referral", "Organic Social"),
        ("?fbclid=1", "https://l.instagram.com/", "l.instagram.com", "referral", "Organic Social"),
        ("?fbclid=1&utm_source=facebook&utm_medium=cpc", "", "facebook", "cpc", "Paid Social"),
        # Written parameters win over other networks' ids, Google's own ids over written parameters.
        ("?utm_source=news&utm_medium=email&msclkid=1", "", "news", "email", "Email"),
        ("?utm_source=news&utm_medium=email&gclid=1", "", "google", "cpc", "Paid Search"),
        ("?utm_source=news", "", "news", "(not set)", "Unassigned"),
        ("?utm_medium=email", "", "(not set)", "email", "Email"),
        ("", "https://www.google.co.uk/search?q=x", "google", "organic", "Organic Search"),
        ("", "android-app://com.google.android.googlequicksearchbox/", "google", "organic", "Organic Search"),
        ("", "https://de.search.yahoo.com/", "yahoo", "organic", "Organic Search"),
        ("", "https://mail.google.com/mail", "mail.google.com", "referral", "Referral"),
        ("", "https://m.facebook.com/", "m.facebook.com", "referral", "Organic Social"),
        ("", "https://t.co/x", "t.co", "referral", "Organic Social"),
        ("", "https://chatgpt.com/", "chatgpt.com", "ai-assistant", "AI Assistant"),
        ("", "https://www.partner.example/page", "partner.example", "referral", "Referral"),
        ("", "https://not-google.com/", "not-google.com", "referral", "Referral"),
        ("", "https://shop.example/cart", "(direct)", "(none)", "Direct"),
        ("", "https://blog.shop.example/", "(direct)", "(none)", "Direct"),
        ("", "", "(direct)", "(none)", "Direct"),
    ],
)
def test_origins(query: str, referrer: str, source: str, medium: str, channel: str) -> None:
    found = explain(url=SITE + query, referrer=referrer)
    assert (found.origin.source, found.origin.medium, found.decision.channel) == (source, medium, channel)


def test_the_campaign_name_stays_with_a_click_id() -> None:
    found = origin_of(url=f"{SITE}?gclid=1&utm_source=mail&utm_campaign=spring+sale")
    assert (found.source, found.campaign, found.rule) == ("google", "spring sale", "origin.gclid")
    assert found.notes == ("gclid overrides utm mail / (not set), as automatic tagging does in GA4",)


def test_what_was_seen_and_not_followed_is_noted() -> None:
    assert "itself" in origin_of(url=SITE, referrer=SITE).notes[0]
    assert "alike" in origin_of(url=f"{SITE}?fbclid=1").notes[0]


def test_payment_pages_can_be_declared_own() -> None:
    found = origin_of(url=SITE, referrer="https://pay.example/ok", own_hosts=("pay.example",))
    assert found.rule == "origin.direct"


def test_given_values_are_taken_as_they_are() -> None:
    found = origin_of(source="facebook", medium="", url=f"{SITE}?gclid=1")
    assert (found.source, found.medium, found.rule) == ("facebook", "", "origin.given")


def test_a_medium_left_out_is_told_by_a_click_id() -> None:
    found = explain(source="google", url=f"{SITE}?gclid=1")
    assert (found.decision.channel, found.origin.rule) == ("Paid Search", "origin.gclid")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="bad-address"):
        origin_of(url="https://[::1/")


@pytest.mark.parametrize(
    ("host", "kind"),
    [("www.google.de", "search"), ("google.com.au", "search"), ("google.example.com", "other"), ("yandex.ru", "search"),
     ("www.perplexity.ai", "assistant"), ("uk.linkedin.com", "social"), ("com", "other"), ("", "other")],
)  # fmt: skip
def test_kinds_of_hosts(host: str, kind: str) -> None:
    assert referrer_kind(host).kind == kind

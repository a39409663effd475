"""Bots are recognised and counted; nothing is dropped."""

from __future__ import annotations

import pytest

from leadline.journey.bot import bot_of, count_bots

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 [FBAN/FB4A;FBAV/400]",
        "Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/99 Mobile Safari/537.36",
    ],
)
def test_people(agent: str) -> None:
    assert bot_of(agent) is None


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        (GOOGLEBOT, "crawler"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com)", "crawler"),
        (f"{CHROME} HeadlessChrome/140", "crawler"),
        (f"{CHROME} Cypress/13", "tool"),
        ("my-company-bot/3", "named"),
        ("", "empty"),
        ("  ", "empty"),
        (None, "empty"),
    ],
)  # fmt: skip
def test_bots(agent: str | None, reason: str) -> None:
    bot = bot_of(agent)
    assert bot is not None
    assert bot.reason == reason


def test_every_visit_is_counted() -> None:
    count = count_bots([CHROME, GOOGLEBOT, GOOGLEBOT, "", None])
    assert (count.people, count.bots, count.reasons) == (1, 4, {"crawler": 2, "empty": 2})
    assert [number for _, number in count.signs] == [2, 2]
    assert count_bots({CHROME: 10, GOOGLEBOT: 5}).bots == 5

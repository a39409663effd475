"""The SQL form of channel rules answers what the Python rules answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kit.oracles import channel_cases
from leadline.engines.duckdb import connect
from leadline.journey.channel import decide
from leadline.journey.rule import PRESETS, Rules, load_rules, read_own_rules, source_categories
from leadline.journey.statement import channel_case

OWN = r"""
sources: {social: [Müsli-Forum, "it's"], search: ["100%"]}
rules:
  - {id: own.digits, channel: "Bob's", when: [{campaign: {matches: '\d{3}_.*'}}]}
  - {id: own.rest, channel: Own, when: [{medium: {none_of: [cpc, ""], starts: [ca, Ö], ends: "%"}}]}
  - {id: own.unknown, channel: Unknown source, when: [{category: {none_of: [search, social]}, medium: odd}]}
"""
con = connect()
WORDS = [
    "", "(direct)", "(none)", "(not set)", "google", "GOOGLE", "bing", "facebook.com", "youtube", "alibaba", "x",
    "it's",
    "cpc", "CPM", "ppc", "paid", "paid-x", "retargeting", "banner", "social", "video-x", "organic", "ai-assistant",
    "referral", "e mail", "email", "affiliate", "audio", "sms", "push", "pushy", "mobile-x", "firebase", "odd",
    "cross-network|eu", "shop", "eshop", "bishop", "shopping\n", "123_x", "12_x", "100%", "ca%", "Ö%", "müsli-forum",
    "MÜSLI-FORUM", "İ", "ΣΑΣ", "K",
]  # fmt: skip
LETTERS = "abcimnoprsvCPÖİΣß .-_%'\n\\1"


def drawn(count: int, seed: int = 1) -> list[tuple[str | None, ...]]:
    """Visits of known words, nothing, and random texts."""
    dice = random.Random(seed)

    def text() -> str | None:
        kind = dice.random()
        if kind < 0.05:
            return None
        return dice.choice(WORDS) if kind < 0.8 else "".join(dice.choices(LETTERS, k=dice.randrange(9)))

    return [(text(), text(), text()) for _ in range(count)]


@pytest.fixture(scope="module")
def all_rules(tmp_path_factory: pytest.TempPathFactory) -> list[Rules]:
    folder: Path = tmp_path_factory.mktemp("own")
    (folder / "channels.yaml").write_text(OWN, encoding="utf-8")
    own = read_own_rules(folder)
    return [load_rules(own if number % 2 else None, preset=preset) for number in (0, 1) for preset in PRESETS]


def in_sql(rules: Rules, visits: list[tuple[str | None, ...]]) -> list[tuple[str, str]]:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE visit (n INTEGER, traffic_source VARCHAR, medium VARCHAR, campaign VARCHAR)"
    )
    columns = [list(column) for column in zip(*((n, *visit) for n, visit in enumerate(visits)), strict=True)]
    con.execute("INSERT INTO visit SELECT unnest(?), unnest(?), unnest(?), unnest(?)", columns)
    return con.execute(
        f"SELECT {channel_case(rules)}, {channel_case(rules, answer='rule')} FROM visit ORDER BY n"
    ).fetchall()


def in_python(rules: Rules, visits: list[tuple[str | None, ...]]) -> list[tuple[str, str]]:
    decisions = [decide(*visit, rules=rules) for visit in visits]
    return [(decision.channel, decision.rule) for decision in decisions]


def test_sql_and_python_agree(all_rules: list[Rules]) -> None:
    visits = drawn(4_000)
    for rules in all_rules:
        assert in_sql(rules, visits) == in_python(rules, visits)


def test_sql_and_python_agree_on_every_known_source() -> None:
    visits: list[tuple[str | None, ...]] = [
        (source, medium, "") for source in source_categories() for medium in ("cpc", "organic", "")
    ]
    rules = load_rules()
    assert in_sql(rules, visits) == in_python(rules, visits)


def test_all_cases_of_the_oracle_in_sql() -> None:
    cases = channel_cases()
    answers = [channel for channel, _ in in_sql(load_rules(), [case[:3] for case in cases])]
    assert answers == [case[3] for case in cases]

"""Visits that no person made: recognised by their user agent, counted by reason, never dropped here.

The patterns are those of the package `crawler-user-agents`, kept by its community; what automation tools and empty
agents look like is added. A row stays in its fact with the reason beside it, and every figure that leaves bots out
can say how many there were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

# What drives a browser or speaks HTTP by itself, where the list has no pattern for it.
_TOOLS = re.compile(r"puppeteer|webdriver|cypress|lighthouse|pagespeed|^(curl|python|java|node|ruby|perl|php)\b")
# Cubot is a maker of telephones.
_WORDS = re.compile(r"(?<!cu)bot\b|crawler|spider|scraper")


class Bot(Struct, frozen=True):
    """Why a user agent is no person's: `crawler` (with the pattern of the list), `tool`, `named` (calls itself a bot)
    or `empty`.
    """

    reason: str
    sign: str


class BotCount(Struct, frozen=True):
    """How many visits were people's, how many bots', and the bots by reason and sign, most frequent first."""

    people: int
    bots: int
    reasons: Mapping[str, int]
    signs: tuple[tuple[str, int], ...]


@lru_cache(maxsize=65_536)
def bot_of(user_agent: str | None) -> Bot | None:
    """The bot a user agent belongs to; None for a browser or an app."""
    if user_agent is None or not user_agent.strip():
        return Bot("empty", "")
    for chunk, patterns in _patterns():
        if chunk.search(user_agent):
            return Bot("crawler", next(text for text, pattern in patterns if pattern.search(user_agent)))
    low = user_agent.lower()
    for reason, pattern in (("tool", _TOOLS), ("named", _WORDS)):
        found = pattern.search(low)
        if found:
            return Bot(reason, found[0])
    return None


def count_bots(user_agents: Iterable[str | None] | Mapping[str | None, int]) -> BotCount:
    """Count visits, given one by one or as user agent → visits."""
    visits = user_agents if isinstance(user_agents, Mapping) else Counter(user_agents)
    reasons: Counter[str] = Counter()
    signs: Counter[str] = Counter()
    people = 0
    for agent, count in visits.items():
        bot = bot_of(agent)
        if bot is None:
            people += count
        else:
            reasons[bot.reason] += count
            signs[bot.sign or bot.reason] += count
    ranked = tuple(sorted(signs.items(), key=lambda item: (-item[1], item[0])))
    return BotCount(people, reasons.total(), dict(sorted(reasons.items())), ranked)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], list[tuple[str, re.Pattern[str]]]]]:
    """The list in chunks: one search a chunk tells whether to look at its patterns one by one."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    entries: list[dict[str, Any]] = CRAWLER_USER_AGENTS_DATA
    texts = [str(entry["pattern"]) for entry in entries]
    chunks = [texts[start : start + 50] for start in range(0, len(texts), 50)]
    return [(re.compile("|".join(chunk)), [(text, re.compile(text)) for text in chunk]) for chunk in chunks]

"""Every page of the simulated company in Arabic: no English sentence is left but what is said to be English."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import html5lib
import pytest
from starlette.testclient import TestClient

from kit.fathomere import built
from leadline.web.app import PAGES, make_app

MOST = 45
BESIDES = (
    "/journey?steps=page_view,deal/won", "/explore?metrics=leads&grain=month", "/records?metric=leads",
    "/glossary/cac.html", "/login",
)  # fmt: skip
ALLOWED = (
    "share of voice", "share of search",  # a term in its own language, after the Arabic one
    "Gross margin (from bookings)", "Leads from paid channels",  # metrics that the company wrote itself, in English
)  # fmt: skip
NOT_TEXT = frozenset({"script", "style", "code", "pre", "kbd", "bdi"})
"""Where programs, examples and data stand."""
TOLD = ("aria-label", "title", "placeholder", "alt")
RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,:;.()]+[A-Za-z0-9'’-]+){2,}")
SMALL = re.compile(r"\b(a|an|the|of|is|are|was|has|have|to|no|not|and|in|on|with|by|for|from|it|so|than|that|what)\b")
"""Names of channels and companies have several words, sentences have small ones among them."""


def texts(element: Any) -> Iterator[str]:
    """What a reader is shown or told, but for what is marked as English."""
    if not isinstance(element.tag, str) or element.get("lang") == "en":
        return
    if element.tag.rsplit("}")[-1] in NOT_TEXT:
        return
    yield from (element.get(name) for name in TOLD if element.get(name))
    yield element.text or ""
    for child in element:
        yield from texts(child)
        yield child.tail or ""


def english(text: str) -> list[str]:
    for name in ALLOWED:
        text = text.replace(name, "")
    return [run for run in RUN.findall(re.sub(r"`[^`]*`", "", text)) if SMALL.search(run)]


def test_sentences_are_told_from_names() -> None:
    assert english("مصدر: Counted: people with step 1 in order.") == ["Counted: people with step 1 in order"]
    assert english("Organic Search, Paid Social: 12") == []
    assert english("حصة الصوت (share of voice)") == []


@pytest.mark.slow
def test_no_page_has_an_english_sentence_in_arabic(tmp_path_factory: pytest.TempPathFactory) -> None:
    left: dict[str, str] = {}
    queue = deque([*(page.path for page in PAGES if "{" not in page.path), *BESIDES])
    seen: set[str] = set()
    alike: Counter[tuple[str, str]] = Counter()
    with TestClient(make_app(built(tmp_path_factory).folder), base_url="http://localhost") as client:
        while queue and sum(alike.values()) < MOST:
            address = queue.popleft()
            parts = urlsplit(address)
            path = re.sub(r"(?<=/glossary/).+", "…", parts.path)
            kind = (path, " ".join(sorted(word.partition("=")[0] for word in parts.query.split("&"))))
            if address in seen or alike[kind] == 2:
                continue
            seen.add(address)
            alike[kind] += 1
            page = client.get(address, headers={"accept-language": "ar"})
            if "html" not in page.headers["content-type"]:
                continue
            document = html5lib.parse(page.text)
            for text in texts(document):
                left |= dict.fromkeys(english(" ".join(text.split())), address)
            links = (element.get("href", "") for element in document.iter() if isinstance(element.tag, str))
            queue += [link for link in links if link.startswith("/") and not link.startswith("/static")]
    assert len(seen) > 30
    assert left == {}

"""The digest for a chat: what Slack and Teams take at an incoming webhook, and posting it.

Both are given in parts that know no markup (Slack's `plain_text`, a `TextRun` of Teams' adaptive cards), so that no
name from data can mention everybody, make a link or break the message; and within the limits of the tools: Slack takes
50 blocks of 3,000 characters (150 in a header), Teams 28 KB.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal

from leadline.charts.label import shorten_columns
from leadline.errors import LeadlineError, UsageError
from leadline.report.digest_lines import Page, Said
from leadline.report.digest_text import said_text

Tool = Literal["slack", "teams"]
URL = "LEADLINE_WEBHOOK_URL"
"""Environment variable with the secret address of the incoming webhook."""
MOST_BLOCKS = 50
MOST_CHARACTERS = 3000
_HEADER = 150
MOST_CARD_BYTES = 28_000
_TIMEOUT = 30
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SIGNS = {"better": "🟢", "worse": "🔴", "": "•"}


def payload(page: Page, tool: Tool) -> dict[str, Any]:
    """The message as the tool takes it."""
    return _slack(page) if tool == "slack" else _teams(page)


def encode(message: Mapping[str, Any]) -> str:
    """The message as JSON text."""
    return json.dumps(message, ensure_ascii=False)


def post(message: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Posts a message to the address of the environment.

    Raises `UsageError` without one, `LeadlineError` when it is not taken; neither shows the address, which is a secret.
    """
    url = environment.get(URL, "").strip()
    parts = urllib.parse.urlsplit(url)
    if not url:
        raise UsageError("no-webhook", "The digest cannot be posted: it is not said where.", fix=f"set {URL}")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise UsageError("bad-webhook", f"{URL} is no https address.", fix="copy it from the tool's webhook page")
    body = encode(message).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url, data=body, headers={"Content-Type": "application/json; charset=utf-8"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            told = error.read(200).decode("utf-8", "replace")
        raise _not_posted(parts, f"{error.code} {told}".strip()) from None
    except (urllib.error.URLError, OSError) as error:
        raise _not_posted(parts, str(getattr(error, "reason", error))) from None


def _not_posted(parts: urllib.parse.SplitResult, why: str) -> LeadlineError:
    return LeadlineError(
        "not-posted", f"{parts.hostname} did not take the digest.", why=why, fix=f"check {URL}, then post it again"
    )


def _slack(page: Page) -> dict[str, Any]:
    title = f"{page.title} · {page.period}"
    blocks = [_header(title)]
    if page.warning:
        blocks.append(_plain(f"⚠️ {page.warning}"))
    for section in page.sections:
        lines = [*map(_line, section.lines), *([section.note] if section.note else [])]
        blocks += [_header(section.title), *map(_plain, _chunks(lines, MOST_CHARACTERS))]
    if len(blocks) > MOST_BLOCKS:
        blocks = [*blocks[: MOST_BLOCKS - 1], _plain("…")]
    return {"text": _escaped(title), "blocks": blocks}


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": shorten_columns(text, _HEADER), "emoji": False}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _escaped(text: str) -> str:
    """For the fallback text, the one place where Slack reads markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(said: Said) -> str:
    return f"{_SIGNS[said.tone]} {said_text(said)}"


def _chunks(lines: list[str], most: int) -> list[str]:
    """Lines joined to texts of at most `most` characters; a longer line is cut."""
    found: list[str] = []
    for line in lines:
        short = line if len(line) <= most else line[: most - 1] + "…"
        if found and len(found[-1]) + 1 + len(short) <= most:
            found[-1] += f"\n{short}"
        else:
            found.append(short)
    return found


def _teams(page: Page) -> dict[str, Any]:
    body = [_run(f"{page.title} · {page.period}", size="Large", weight="Bolder")]
    if page.warning:
        body.append(_run(page.warning, color="Warning", weight="Bolder"))
    for section in page.sections:
        body.append(_run(section.title, weight="Bolder", spaced=True))
        body += [_run(_line(said)) for said in section.lines]
        if section.note:
            body.append(_run(section.note, isSubtle=True, size="Small"))
    return _card(_fitting(body))


def _fitting(body: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks that a card has room for; one more says that there were others."""
    end = _run("…")
    room = MOST_CARD_BYTES - len(encode(_card([end])).encode())
    sizes = [len(encode(block).encode()) + 2 for block in body]
    kept = next((at for at in range(len(body)) if sum(sizes[: at + 1]) > room), len(body))
    return body if kept == len(body) else [*body[:kept], end]


def _card(body: list[dict[str, Any]]) -> dict[str, Any]:
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    }


def _run(text: str, *, spaced: bool = False, **look: Any) -> dict[str, Any]:
    run = {"type": "TextRun", "text": text, **look}
    return {"type": "RichTextBlock", "inlines": [run], **({"spacing": "Large"} if spaced else {})}

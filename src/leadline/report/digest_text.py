"""The digest as plain text: for a terminal, and as the part of a mail that needs no HTML."""

from __future__ import annotations

import textwrap

from leadline.report.digest_lines import Page, Said
from leadline.report.table import PLAIN, Style

_WIDTH = 96
_MARKS = {"better": "+", "worse": "!", "": "-"}


def render_digest(page: Page, style: Style = PLAIN) -> str:
    """The digest as lines; a sign before each says what is bad (!) or good (+), colour repeats it."""
    parts = [f"{style.bold(f'{page.title} · {page.period}')}\n{style.faint(page.facts)}"]
    if page.warning:
        parts.append(style.paint(_wrapped(page.warning, ""), "33"))
    for section in page.sections:
        lines = [style.bold(section.title), *(_line(said) for said in section.lines)]
        if section.note:
            lines.append(style.faint(_wrapped(section.note, "  ")))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def said_text(said: Said) -> str:
    """A line as one sentence."""
    head = ": ".join(part for part in (said.lead, said.value) if part)
    return (
        " · ".join(part for part in (head, said.text) if part)
        if said.value
        else ": ".join(part for part in (head, said.text) if part)
    )


def _line(said: Said) -> str:
    return f"{_MARKS[said.tone]} {_wrapped(said_text(said), '  ').lstrip()}"


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )

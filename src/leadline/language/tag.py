"""Language tags: `vi`, `zh-Hans`, `ar-EG` name a language that texts exist in, and a locale for numbers and dates."""

from __future__ import annotations

import re

from leadline.catalogue import LANGUAGES
from leadline.errors import UsageError

_TAG = re.compile(r"[A-Za-z]{2}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?\Z")
_SCRIPTS = {"zh": ("hans",)}


def language_code(tag: str) -> str:
    """The language of a tag, one of `LANGUAGES`; `UsageError` for one that no texts are in, or that is no tag."""
    parts = re.split("[-_]", tag)
    code, scripts = parts[0].lower(), [part.lower() for part in parts[1:] if len(part) == 4]
    known = _TAG.match(tag) is not None and code in LANGUAGES
    if not known or any(script not in _SCRIPTS.get(code, ()) for script in scripts):
        raise UsageError(
            "unknown-language",
            f"There are no texts in a language {tag!r}.",
            fix=f"use one of {', '.join(LANGUAGES)}, with a region if you like (ar-EG)",
        )
    return code


def locale_of(tag: str) -> str:
    """The locale of a tag as Babel names it: `ar_EG`; one that does not exist is a `UsageError`."""
    if language_code(tag) == tag:
        return tag
    from babel import Locale, UnknownLocaleError

    parts = re.split("[-_]", tag)
    written = [parts[0].lower(), *(part.title() if len(part) == 4 else part.upper() for part in parts[1:])]
    try:
        return str(Locale.parse("_".join(written)))
    except (UnknownLocaleError, ValueError):
        raise UsageError(
            "unknown-locale",
            f"There is no locale named {tag!r}.",
            fix=f"leave the region out: {parts[0].lower()}",
        ) from None

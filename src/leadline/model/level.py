"""Whose journey is followed: each person's, or that of a company whose people share one."""

from __future__ import annotations

from typing import Literal

from leadline.errors import unknown

Level = Literal["person", "account"]
LEVELS: tuple[Level, ...] = ("person", "account")


def check_level(text: str) -> Level:
    """The level of this name; `UsageError` where there is none."""
    found = next((level for level in LEVELS if level == text), None)
    if found is None:
        raise unknown("level", text, LEVELS)
    return found

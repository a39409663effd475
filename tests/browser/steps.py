"""Steps of a visitor that wait for what they lead to."""

from __future__ import annotations

from typing import Any

PATIENCE = 120_000
"""Milliseconds to wait for a page: the first of a kind may build a timeline, on a machine that is busy with others."""


def follow(page: Any, what: Any) -> None:
    """Click a link or a button that leads to another page, and be there: all of it read."""
    with page.expect_navigation(wait_until="load"):
        what.click()

"""Steps of a visitor that wait for what they lead to."""

from __future__ import annotations

from typing import Any


def follow(page: Any, what: Any) -> None:
    """Click a link or a button that leads to another page, and be there: all of it read."""
    with page.expect_navigation(wait_until="load"):
        what.click()

"""Drawings in pages: frames in the visitor's language, and marks that they need no escaping."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leadline.charts.canvas import Frame
from leadline.charts.value import NOTHING, format_value
from leadline.language.language import Language
from leadline.report.view import wording

if TYPE_CHECKING:
    from markupsafe import Markup

WIDE, NARROW = 760, 340
DAY = 86_400.0


def both(
    draw: Callable[[Frame], str], title: str, id: str, language: Language, *, grain: str = "month", **frame: Any
) -> dict[str, Markup]:
    """A drawing for screens and one for phones."""
    return {
        name: drawn(draw, title, f"{id}-{name}", language, width=width, grain=grain, **frame)
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    }


def drawn(
    draw: Callable[[Frame], str], title: str, id: str, language: Language, *, grain: str = "month", **frame: Any
) -> Markup:
    """One drawing; `id` is unique in the page."""
    from markupsafe import Markup

    made = Frame(title, id=id, grain=grain, locale=language.locale, words=wording(language, grain), **frame)
    # Safe: drawings escape every label themselves (leadline.charts.label).
    return Markup(draw(made))  # noqa: S704


def number(value: float | None, language: Language) -> str:
    """A count."""
    return format_value(value, locale=language.locale)


def percent(value: float | None, language: Language) -> str:
    """A share of the whole; an en dash for none."""
    return format_value(value, "percent", locale=language.locale, digits=1)


def span(seconds: float | None, language: Language) -> str:
    """How long something took, in days or in what is shorter; an en dash for none."""
    if seconds is None:
        return NOTHING
    for unit, size in (("days", DAY), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= size:
            return format_value(seconds / size, unit, locale=language.locale)
    return format_value(seconds, "seconds", locale=language.locale, digits=0)

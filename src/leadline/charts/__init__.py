"""Charts: data to accessible SVG text, the same drawing in page, mail, PDF and notebook.

Own code and no dependency, as the design asks: a page with these charts is a tenth of one with a chart library, needs
no script, and prints. Each chart is a function from a `Frame` and data to one `<svg>` element with a title and a
description; `STYLE` themes them for light and dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadline.charts.bar import Bar, bar_chart
    from leadline.charts.bullet import bullet_chart
    from leadline.charts.canvas import Frame
    from leadline.charts.line import Series, line_chart
    from leadline.charts.palette import STYLE
    from leadline.charts.spark import sparkline, text_sparkline
    from leadline.charts.value import format_value
    from leadline.charts.wording import Wording

__all__ = [
    "STYLE",
    "Bar",
    "Frame",
    "Series",
    "Wording",
    "bar_chart",
    "bullet_chart",
    "format_value",
    "line_chart",
    "sparkline",
    "text_sparkline",
]

_HOMES = {
    "STYLE": "palette",
    "Bar": "bar",
    "Frame": "canvas",
    "Series": "line",
    "Wording": "wording",
    "bar_chart": "bar",
    "bullet_chart": "bullet",
    "format_value": "value",
    "line_chart": "line",
    "sparkline": "spark",
    "text_sparkline": "spark",
}


def __getattr__(name: str) -> object:
    # Tables and exports use the labels and numbers of this room without any drawing: they should not pay for it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

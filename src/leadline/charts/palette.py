"""Colours of the charts: few, told apart by colour-blind readers, and never the only bearer of a meaning.

Every drawn element carries a plain colour as an attribute, which stands where no style sheet reaches (mail, PDF, an
image), and a class that `STYLE` themes through CSS variables for light, dark and print.
"""

from __future__ import annotations

FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, "
    "'Noto Sans Arabic', 'PingFang SC', 'Noto Sans SC', sans-serif"
)

LIGHT = {
    "ink": "#17212b",
    "muted": "#5a6672",
    "grid": "#e4e8ec",
    "axis": "#9aa5b0",
    "paper": "#ffffff",
    "main": "#0f5ea8",
    "past": "#98a3ae",
    "goal": "#8a4b00",
    "wash": "#eef2f6",
    "shade-1": "#d3dae1",
    "shade-2": "#e2e7ec",
    "shade-3": "#eff2f5",
    "other-1": "#c4560a",
    "other-2": "#00785f",
    "other-3": "#a8437f",
    "other-4": "#6a5b00",
    "other-5": "#4a55b5",
    "other-6": "#5a6672",
}
DARK = {
    "ink": "#e9edf1",
    "muted": "#a3afba",
    "grid": "#2a333c",
    "axis": "#5f6b77",
    "paper": "#181e25",
    "main": "#6db4f7",
    "past": "#66727e",
    "goal": "#f0b45e",
    "wash": "#222a33",
    "shade-1": "#414c57",
    "shade-2": "#333d47",
    "shade-3": "#262f38",
    "other-1": "#f59a5b",
    "other-2": "#4fc9a8",
    "other-3": "#e691c0",
    "other-4": "#d8c45a",
    "other-5": "#a5aef5",
    "other-6": "#a3afba",
}

# Lines beside the main one differ in colour and in dash, so that print and every eye can tell them apart.
OTHERS = ("other-1", "other-2", "other-3", "other-4", "other-5", "other-6")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2", "1 2")


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--ll-{name}:{colour};" for name, colour in colours.items())


LIGHT_VARIABLES = _variables(LIGHT)
DARK_VARIABLES = _variables(DARK)

RULES = "".join(f".ll-fill-{name}{{fill:var(--ll-{name})}}.ll-line-{name}{{stroke:var(--ll-{name})}}" for name in LIGHT)
RULES += ".ll-chart text{font-variant-numeric:tabular-nums}"

# Put this once in a page's style sheet, or into each drawing that stands alone.
STYLE = f":root{{{LIGHT_VARIABLES}}}@media screen and (prefers-color-scheme:dark){{:root{{{DARK_VARIABLES}}}}}{RULES}"

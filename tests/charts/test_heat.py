"""Heat maps and lifecycle columns: everything drawn is also said in figures and words."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET

from leadline.charts.canvas import Frame
from leadline.charts.heat import HeatRow, heat_map
from leadline.charts.lifecycle import Stack, lifecycle_chart

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [
    HeatRow("Jan <b>", "10", (1.0, 0.5, None), ("100%", "50%", "")),
    HeatRow("Feb", "4", (0.25, None, None), ("25%", "", "")),
]


def shades(svg: str) -> list[float]:
    root = ET.fromstring(svg)
    found = [float(rect.get("fill-opacity", "0")) for rect in root.iter(f"{SVG}rect")]
    return [value for value in found if value]


def test_cells_are_shaded_by_value_and_blank_ones_are_not_drawn() -> None:
    svg = heat_map(Frame("Back", standalone=True), ROWS, ["0", "1", "2"], note_head="people", above="months after")
    assert shades(svg) == [0.5, 0.27, 0.15]  # 0.04 + 0.46 * share of the greatest
    texts = ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]
    assert {"Back", "people", "months after", "100%", "50%", "25%", "Jan <b>"} <= set(texts)


def test_a_reader_hears_every_cell_that_is_there() -> None:
    root = ET.fromstring(heat_map(Frame("Back"), ROWS, ["0", "1", "2"], above="month"))
    desc = root.findtext(f"{SVG}desc") or ""
    assert desc == "Jan <b> (10): month 0 100%, month 1 50%; Feb (4): month 0 25%."
    assert root.get("role") == "img"


def test_no_rows_and_noughts_only() -> None:
    assert "No data" in heat_map(Frame("Back"), [], ["0"])
    assert shades(heat_map(Frame("Back"), [HeatRow("a", "1", (0,), ("0%",))], ["0"])) == [0.04]


def test_a_map_with_many_columns_grows_wider_than_its_frame() -> None:
    heads = [str(k) for k in range(40)]
    row = HeatRow("Jan", "1", tuple(0.5 for _ in heads), tuple("50.0%" for _ in heads))
    root = ET.fromstring(heat_map(Frame("Back", width=300), [row], heads))
    assert float(root.get("width", "0")) > 40 * 34


def test_lifecycle_columns_stand_above_and_below_the_line() -> None:
    stacks = [Stack(dt.date(2026, 1, 1), (4, 2, 1), 3), Stack(dt.date(2026, 2, 1), None, None)]
    svg = lifecycle_chart(Frame("Life"), stacks, ("new", "returning", "resurrecting", "dormant"))
    root = ET.fromstring(svg)
    assert root.findtext(f"{SVG}desc") == (
        "Jan 2026: new 4, returning 2, resurrecting 1, dormant 3; Feb 2026: not finished yet."
    )
    [zero] = [line for line in root.iter(f"{SVG}line") if "axis" in (line.get("class") or "")]
    line = float(zero.get("y1", "0"))
    grey = [rect for rect in root.iter(f"{SVG}rect") if "past" in (rect.get("class") or "")]
    assert float(grey[0].get("y", "0")) == line  # the first is the column, the second the legend's
    green = [rect for rect in root.iter(f"{SVG}rect") if "other-2" in (rect.get("class") or "")]
    assert float(green[0].get("y", "0")) < line
    assert "No data" in lifecycle_chart(Frame("Life"), [], ("a", "b", "c", "d"))

"""Ranges and steps: named, well-formed, escaped, and with nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from leadline.charts.canvas import Frame
from leadline.charts.range import Range, range_chart
from leadline.charts.steps import StepBar, steps_chart

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'x<script>"\u202egpj\x00'
RANGES = [Range("a", -2, 10, "first", "last", 4), Range("b", 5, 5), Range(HOSTILE, None, None), Range("c", 0, 3)]
STEPS = [
    StepBar("invited", 500, "500 e-mails", counted=False),
    StepBar("came", 40, "40"),
    StepBar(HOSTILE, None, HOSTILE),
]
CHARTS: dict[str, Callable[[Frame], str]] = {
    "range": lambda frame: range_chart(frame, RANGES, marked_label="linear", limit=3),
    "no range": lambda frame: range_chart(frame, []),
    "steps": lambda frame: steps_chart(frame, STEPS),
    "no steps": lambda frame: steps_chart(frame, []),
}


def shapes(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}{tag}"))


def words(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in shapes(svg, "text")]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_named_well_formed_and_harmless(name: str, locale: str) -> None:
    svg = CHARTS[name](Frame(HOSTILE, locale=locale, id="one"))
    root = ElementTree.fromstring(svg)
    named = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    assert root.get("aria-labelledby") == "one-t one-d"
    assert all(named.values())
    assert "<script" not in svg
    for element in root.iter():
        for side in ("x", "x1", "x2", "cx"):
            assert float(element.get(side, "0")) >= 0


def test_a_range_goes_from_the_least_to_the_most() -> None:
    svg = range_chart(Frame("Credit", width=700), RANGES[:2], marked_label="linear")
    dots = [float(dot.get("cx", "")) for dot in shapes(svg, "circle")]
    # The legend's, then least, most and marked of a, then both ends of b at one place.
    assert len(dots) == 6
    assert dots[1] < dots[3] < dots[2]
    assert dots[4] == dots[5]
    step = (dots[2] - dots[1]) / 12
    assert dots[4] == pytest.approx(dots[1] + 7 * step, abs=0.05)
    assert "-2 – 10" in words(svg)
    assert "5" in words(svg)


def test_what_is_not_known_is_a_dash_and_what_is_left_out_is_counted() -> None:
    told = words(range_chart(Frame("Credit"), RANGES, limit=3))
    assert "–" in told
    assert "1 more not shown" in told
    assert "c" not in told


def test_only_steps_counted_alike_have_bars() -> None:
    svg = steps_chart(Frame("Event", width=700), STEPS)
    bars = [box for box in shapes(svg, "rect") if box.get("fill-opacity") is None]
    assert len(bars) == 1
    assert float(bars[0].get("width", "")) == pytest.approx(0.42 * 700)
    assert "500 e-mails" in words(svg)

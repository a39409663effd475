"""What every chart keeps: well-formed, named, escaped, mirrored, without script."""

import re
from collections.abc import Callable
from datetime import date
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from leadline.charts import Bar, Frame, Series, bar_chart, bullet_chart, line_chart, sparkline, text_sparkline
from leadline.charts.palette import DARK, LIGHT, STYLE
from leadline.errors import RefusedError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'x<script>alert(1)</script>"\u202egpj\x00'
MONTHS = tuple(date(2025 + m // 12, m % 12 + 1, 1) for m in range(14))
VALUES = tuple(float(100 + 10 * m) for m in range(14))

CHARTS: dict[str, Callable[[Frame], str]] = {
    "line": lambda f: line_chart(f, MONTHS, [Series(HOSTILE, VALUES)], past=Series(HOSTILE, VALUES), goal=150),
    "bar": lambda f: bar_chart(f, [Bar(HOSTILE, 3, 2), Bar("b", None), Bar("c", -1)], before_label=HOSTILE),
    "spark": lambda f: sparkline(f, VALUES, unfinished=1, past=VALUES),
    "bullet": lambda f: bullet_chart(f, 3, goal=4, past=2, ranges=(1, 2, 5), goal_label=HOSTILE),
    "empty line": lambda f: line_chart(f, [], []),
    "empty bar": lambda f: bar_chart(f, []),
    "empty spark": lambda f: sparkline(f, []),
    "empty bullet": lambda f: bullet_chart(f, None),
}


def parse(svg: str) -> Element:
    return ElementTree.fromstring(svg)


def texts(root: Element) -> list[str]:
    return [element.text or "".join(element.itertext()) for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("locale", ["en", "ar", "zh"])
def test_every_chart_is_named_well_formed_and_harmless(name: str, locale: str) -> None:
    svg = CHARTS[name](Frame(HOSTILE, unit="money", currency="EUR", locale=locale, id="one"))
    root = parse(svg)
    assert root.get("role") == "img"
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    named = [ids[key].text for key in (root.get("aria-labelledby") or "").split()]
    assert named[0] == 'x<script>alert(1)</script>"gpj'
    assert named[1]
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "line", "path", "rect", "circle", "text"}
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or "href" in key]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", svg)


@pytest.mark.parametrize("name", CHARTS)
def test_all_shapes_lie_within_the_drawing(name: str) -> None:
    for locale in ("en", "ar"):
        root = parse(CHARTS[name](Frame("t", locale=locale, width=340)))
        width, height = float(root.get("width") or 0), float(root.get("height") or 0)
        for element in root.iter():
            for key, most in (
                ("x", width),
                ("x1", width),
                ("cx", width),
                ("y", height),
                ("cy", height),
                ("y2", height),
            ):
                if element.get(key) is not None:
                    assert -0.01 <= float(element.get(key) or 0) <= most + 0.01, (element.tag, key)


def test_right_to_left_mirrors_places_and_anchors() -> None:
    bars = [Bar("a", 2), Bar("b", 1)]
    ltr, rtl = (parse(bar_chart(Frame("t", rtl=rtl), bars)) for rtl in (False, True))
    for one, other in zip(ltr.iter(f"{SVG}rect"), rtl.iter(f"{SVG}rect"), strict=True):
        assert float(one.get("x") or 0) + float(other.get("x") or 0) + float(one.get("width") or 0) == pytest.approx(
            720, abs=0.05
        )
    assert [element.get("text-anchor") for element in ltr.iter(f"{SVG}text")] != [
        element.get("text-anchor") for element in rtl.iter(f"{SVG}text")
    ]


@pytest.mark.parametrize("name", ["line", "bar", "spark", "bullet"])
def test_right_to_left_mirrors_lines_dots_and_texts(name: str) -> None:
    ltr, rtl = (parse(CHARTS[name](Frame("t", rtl=rtl))) for rtl in (False, True))
    for one, other in zip(ltr.iter(), rtl.iter(), strict=True):
        for key in ("x1", "x2", "cx") if one.tag != f"{SVG}text" else ("x",):
            if one.get(key) is not None:
                assert float(one.get(key) or 0) + float(other.get(key) or 0) == pytest.approx(720, abs=0.05)
        if one.get("d"):
            first, mirrored = (float((e.get("d") or "M0").split()[0].removeprefix("M")) for e in (one, other))
            assert first + mirrored == pytest.approx(720, abs=0.05)


def test_a_drawing_of_its_own_carries_its_colours_for_light_and_dark() -> None:
    alone = parse(sparkline(Frame("t", standalone=True), VALUES))
    assert alone.find(f"{SVG}style") is not None
    assert parse(sparkline(Frame("t"), VALUES)).find(f"{SVG}style") is None
    assert LIGHT.keys() == DARK.keys()
    assert "prefers-color-scheme:dark" in STYLE


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "least"), [("ink", 7), ("muted", 4.5), ("goal", 4.5), ("main", 4.5), ("past", 2.4)])
def test_contrast(colours: dict[str, str], name: str, least: float) -> None:
    one, other = sorted((_luminance(colours[name]), _luminance(colours["paper"])))
    assert (other + 0.05) / (one + 0.05) >= least


class TestLine:
    def test_a_missing_period_is_a_gap_not_a_bridge(self) -> None:
        values = (1.0, 2.0, None, 4.0, 5.0)
        root = parse(line_chart(Frame("t"), MONTHS[:5], [Series("s", values)]))
        lines = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("class") == "ll-line-main"]
        assert [len(d.split()) // 2 for d in lines[:2] if d] == [2, 2]

    def test_a_period_that_was_not_given_is_a_gap_too(self) -> None:
        kept = (MONTHS[0], MONTHS[1], MONTHS[4], MONTHS[5])
        svg = line_chart(Frame("t"), kept, [Series("s", (1.0, 2.0, 4.0, 5.0))])
        assert "Mar 2025: s no data" in svg
        assert "No data: Mar 2025, Apr 2025." in svg

    def test_a_value_between_gaps_is_still_seen(self) -> None:
        with_one = line_chart(Frame("t"), MONTHS[:3], [Series("s", (None, 2.0, None))])
        assert with_one.count("<circle") >= 1

    def test_the_unfinished_end_is_dashed_ringed_and_said(self) -> None:
        svg = line_chart(Frame("t"), MONTHS, [Series("s", VALUES)], unfinished=[MONTHS[-1]])
        root = parse(svg)
        dashed = [p for p in root.iter(f"{SVG}path") if p.get("stroke-dasharray") == "4 4"]
        assert len(dashed) == 2, "the segment and its entry in the legend"
        assert "not finished yet" in texts(root)
        assert "Not finished yet: Feb 2026." in svg
        assert "Last complete: 220 in Jan 2026." in svg

    def test_the_value_written_is_the_last_complete_one(self) -> None:
        root = parse(line_chart(Frame("t"), MONTHS, [Series("s", VALUES)], unfinished=[MONTHS[-1]]))
        assert "220" in texts(root)
        assert "230" not in texts(root)

    def test_a_part_of_a_period_does_not_press_the_others_flat(self) -> None:
        values = (*VALUES[:-1], 9000.0)
        svg = line_chart(Frame("t"), MONTHS, [Series("s", values)], unfinished=[MONTHS[-1]])
        whole = line_chart(Frame("t"), MONTHS[:-1], [Series("s", VALUES[:-1])])
        labels = [
            [e.text for e in parse(drawing).iter(f"{SVG}text") if e.get("text-anchor") == "end"]
            for drawing in (svg, whole)
        ]
        assert labels[0] == labels[1]
        assert "s 9,000" in svg

    def test_last_year_is_never_dashed(self) -> None:
        root = parse(
            line_chart(Frame("t"), MONTHS, [Series("s", VALUES)], past=Series("p", VALUES), unfinished=[MONTHS[-1]])
        )
        past = [p for p in root.iter(f"{SVG}path") if p.get("class") == "ll-line-past"]
        assert past
        assert all(p.get("stroke-dasharray") is None for p in past)

    def test_a_long_legend_breaks_into_lines_within_the_width(self) -> None:
        series = [Series(f"a rather long channel name {i}", VALUES) for i in range(5)]
        root = parse(line_chart(Frame("t", width=340), MONTHS, series))
        rows = {element.get("y") for element in root.iter(f"{SVG}text") if (element.text or "").startswith("a rather")}
        assert len(rows) > 2

    def test_lines_differ_in_more_than_colour(self) -> None:
        root = parse(line_chart(Frame("t"), MONTHS, [Series(str(i), VALUES) for i in range(4)]))
        looks = {
            (p.get("stroke-dasharray"), p.get("stroke-width"))
            for p in root.iter(f"{SVG}path")
            if len((p.get("d") or "").split()) > 4
        }
        assert len(looks) == 4

    def test_axis_labels_do_not_overlap(self) -> None:
        for grain, count in (("day", 90), ("month", 40)):
            days = [date(2025, 1, 1)]
            from leadline.charts.period import following

            while len(days) < count:
                days.append(following(days[-1], grain))
            svg = line_chart(Frame("t", grain=grain, width=340), days, [Series("s", tuple(map(float, range(count))))])
            root = parse(svg)
            bottoms = [
                float(e.get("x") or 0)
                for e in root.iter(f"{SVG}text")
                if e.get("text-anchor") == "middle" and e.get("font-weight") is None
            ]
            gaps = [b - a for a, b in zip(sorted(bottoms), sorted(bottoms)[1:], strict=False)]
            assert gaps
            assert min(gaps) > 25


class TestBar:
    def test_lengths_are_in_proportion_from_zero(self) -> None:
        root = parse(bar_chart(Frame("t"), [Bar("a", 90), Bar("b", 100), Bar("c", 50)]))
        widths = [float(r.get("width") or 0) for r in root.iter(f"{SVG}rect") if r.get("rx")]
        assert widths[0] / widths[1] == pytest.approx(0.9, abs=0.001)
        assert widths[2] / widths[1] == pytest.approx(0.5, abs=0.001)

    def test_what_is_left_out_is_counted_not_summed(self) -> None:
        root = parse(bar_chart(Frame("t"), [Bar(f"b{i}", i) for i in range(20)], limit=12))
        assert "8 more not shown" in texts(root)
        assert len([r for r in root.iter(f"{SVG}rect") if r.get("rx")]) == 12

    def test_none_is_an_en_dash(self) -> None:
        assert "–" in texts(parse(bar_chart(Frame("t"), [Bar("a", None), Bar("b", 1)])))

    def test_a_long_label_is_cut_and_whole_in_its_title(self) -> None:
        name = "Brand | prospecting | DACH | spring 2026 | long tail | v2"
        svg = bar_chart(Frame("t", width=340), [Bar(name, 1)])
        assert any(text.endswith("…") or text == name for text in texts(parse(svg)))
        assert f"<title>{name}</title>" in svg


class TestBullet:
    def test_negatives_are_refused(self) -> None:
        with pytest.raises(RefusedError, match="negative"):
            bullet_chart(Frame("t"), -1, goal=3)

    def test_value_goal_and_last_year_are_told(self) -> None:
        svg = bullet_chart(Frame("t", unit="money", currency="EUR"), 3, goal=4, past=2)
        assert "€3.00; goal €4.00; last year €2.00." in svg


class TestSpark:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
            ([1, None, 8], "▁·█"),
            ([5, 5, 5], "▅▅▅"),
            ([None, None], "··"),
            ([], ""),
            ([-1, float("nan"), 1], "▁·█"),
        ],
    )
    def test_text(self, values: list[float | None], expected: str) -> None:
        assert text_sparkline(values) == expected

    def test_a_part_of_a_period_does_not_flatten_the_rest(self) -> None:
        whole = parse(sparkline(Frame("t", width=100, height=40), [10, 12, 11, 13]))
        broken = parse(sparkline(Frame("t", width=100, height=40), [10, 12, 11, 13, 1], unfinished=1))

        def heights(root: Element) -> list[float]:
            return [float(y) for y in (next(root.iter(f"{SVG}path")).get("d") or "").split()[1::2]]

        assert heights(broken) == heights(whole)


def test_a_new_definition_is_drawn_and_told() -> None:
    whole = line_chart(Frame("t"), MONTHS, [Series("s", VALUES)])
    day = MONTHS[2].replace(day=16)
    svg = line_chart(Frame("t"), MONTHS, [Series("s", VALUES)], breaks=[day])
    root = parse(svg)
    texts = ["".join(one.itertext()) for one in root.iter() if one.tag.endswith("text")]
    assert texts.count("new definition") == 1
    assert f"New definition from {day:%b} 16, {day.year}." in svg
    assert svg.count("<path") == whole.count("<path") + 1
    outside = line_chart(Frame("t"), MONTHS, [Series("s", VALUES)], breaks=[MONTHS[0].replace(year=1999)])
    assert outside == whole, "a change outside the picture is none of its business"

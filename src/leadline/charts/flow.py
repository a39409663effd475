"""Flows: ways through places as bands from column to column, as wide as they were often gone.

A column is a place's distance from the event that the ways lead to, or begin at. Own code, as all charts here: an
accessible drawing with real text that mirrors and prints is what libraries for such diagrams do not make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from leadline.charts.canvas import Canvas, Frame, listed
from leadline.charts.label import clean, shorten, text_width
from leadline.charts.palette import OTHERS
from leadline.charts.value import format_value

_NODE = 12.0
_GAP = 14.0
_LEAST = 1.5
_SIZE = 11.5
_TOP = 10.0
_BODY = 280.0
_ROOM = 150.0

Places = tuple[str | None, ...]
"""Places by their distance from the turn, nearest first; None is one of the rarer ones of its column."""


class Way(Struct, frozen=True):
    """The places of a way in order, and how often it was gone."""

    places: tuple[str, ...]
    count: int


class _Node(Struct, frozen=True):
    label: str
    count: int
    left: float
    top: float
    height: float
    colour: str


def flow_chart(
    frame: Frame, ways: Sequence[Way], turn: str, *, leads_to: bool = True, columns: int = 5, most: int = 7
) -> str:
    """An SVG of ways that lead to `turn` (or begin at it): the nearest `columns` places, at most `most` of a column.

    The rarer places of a column are one, called other: a way passes one place of a column, so they add up. Ways that
    are shorter begin (or end) in the middle.
    """
    ordered = [(way.places[::-1] if leads_to else way.places)[:columns] for way in ways]
    folded = _folded([(tuple(map(clean, places)), way.count) for places, way in zip(ordered, ways, strict=True)], most)
    total = sum(way.count for way in ways)
    layers: list[Counter[str | None]] = [Counter({turn: total}), *_layers(folded)]
    height = frame.height or round(_TOP * 2 + _BODY + _GAP * (max(len(layer) for layer in layers) - 1))
    canvas = Canvas(frame.width, height, mirrored=frame.mirrored)
    if total:
        step = (frame.width - _ROOM - _NODE) / max(len(layers) - 1, 1)
        lefts = [step * (len(layers) - 1 - at if leads_to else at) for at in range(len(layers))]
        nodes = _nodes(layers, lefts, total, frame.words.other)
        _bands(canvas, frame, folded, nodes, turn, leads_to=leads_to)
        for at, column in enumerate(nodes):
            # The last column's names have the rest of the width to themselves.
            room = _ROOM - 10 if lefts[at] == max(lefts) else step - _NODE - 12
            for node in column.values():
                _draw(canvas, frame, node, room)
    return canvas.svg(frame, frame.desc or _describe(frame, ways, turn, leads_to=leads_to))


def _folded(ways: Sequence[tuple[tuple[str, ...], int]], most: int) -> list[tuple[Places, int]]:
    """The ways, with the rarer places of each column as None."""
    deepest = max((len(places) for places, _ in ways), default=0)
    kept: list[set[str]] = []
    for at in range(deepest):
        counts = Counter[str]()
        for places, count in ways:
            if at < len(places):
                counts[places[at]] += count
        common = sorted(counts, key=lambda name: (-counts[name], name))
        kept.append(set(common if len(common) <= most else common[: most - 1]))
    return [
        (tuple(place if place in kept[at] else None for at, place in enumerate(places)), count)
        for places, count in ways
    ]


def _layers(ways: Sequence[tuple[Places, int]]) -> list[Counter[str | None]]:
    """How often each place of each column was passed, nearest column first."""
    layers: list[Counter[str | None]] = [Counter() for _ in range(max((len(places) for places, _ in ways), default=0))]
    for places, count in ways:
        for at, place in enumerate(places):
            layers[at][place] += count
    return layers


def _nodes(
    layers: Sequence[Mapping[str | None, int]], lefts: Sequence[float], total: int, other: str
) -> list[dict[str | None, _Node]]:
    """Where each place lies: the commonest on top, the rarer ones last."""
    overall = Counter[str]()
    for layer in layers[1:]:
        overall.update({name: count for name, count in layer.items() if name is not None})
    palette = ("main", *OTHERS[:-1])
    ranks = sorted(overall, key=lambda name: (-overall[name], name))
    colours = {name: palette[at] if at < len(palette) else "past" for at, name in enumerate(ranks)}
    columns: list[dict[str | None, _Node]] = []
    for at, (layer, left) in enumerate(zip(layers, lefts, strict=True)):
        top, column = _TOP, {}
        for name in sorted(layer, key=lambda name: (name is None, -layer[name], name or "")):
            height = max(layer[name] / total * _BODY, _LEAST)
            colour = "ink" if at == 0 else "past" if name is None else colours[name]
            column[name] = _Node(other if name is None else name, layer[name], left, top, height, colour)
            top += height + _GAP
        columns.append(column)
    return columns


def _bands(
    canvas: Canvas,
    frame: Frame,
    ways: Sequence[tuple[Places, int]],
    nodes: Sequence[Mapping[str | None, _Node]],
    turn: str,
    *,
    leads_to: bool,
) -> None:
    """The bands between neighbouring columns, stacked at each node in the order of the nodes they come from."""
    scale = _BODY / sum(count for _, count in ways)
    for at in range(1, len(nodes)):
        links = Counter[tuple[str | None, str | None]]()
        for places, count in ways:
            if len(places) >= at:
                links[turn if at == 1 else places[at - 2], places[at - 1]] += count
        near_used, far_used = Counter[str | None](), Counter[str | None]()
        for near, far in sorted(links, key=lambda link: (nodes[at][link[1]].top, nodes[at - 1][link[0]].top)):
            one, other = nodes[at - 1][near], nodes[at][far]
            count = links[near, far]
            y_near, y_far = one.top + near_used[near] * scale, other.top + far_used[far] * scale
            near_used[near] += count
            far_used[far] += count
            first, then = (other, one) if leads_to else (one, other)
            y_first, y_then = (y_far, y_near) if leads_to else (y_near, y_far)
            told = frame.words.flow.format(way=f"{first.label} → {then.label}", count=_number(frame, count))
            weight = max(count * scale, 0.75)
            canvas.ribbon(first.left + _NODE, y_first, then.left, y_then, weight, other.colour, title=told)


def _draw(canvas: Canvas, frame: Frame, node: _Node, room: float) -> None:
    count = _number(frame, node.count)
    told = frame.words.flow.format(way=node.label, count=count)
    canvas.rect(node.left, node.top, _NODE, node.height, node.colour, radius=1.5, title=told)
    name = shorten(node.label, _SIZE, max(room - text_width(f" {count}", _SIZE), 24))
    middle = node.top + node.height / 2 + 4
    canvas.text(node.left + _NODE + 5, middle, f"{name} {count}", size=_SIZE, halo=True, title=told)


def _number(frame: Frame, value: int) -> str:
    return format_value(value, locale=frame.locale)


def _describe(frame: Frame, ways: Sequence[Way], turn: str, *, leads_to: bool) -> str:
    if not ways:
        return frame.words.nothing

    def told(way: Way) -> str:
        places = [clean(place) for place in way.places]
        whole = [*places, turn] if leads_to else [turn, *places]
        return frame.words.flow.format(way=" → ".join(whole), count=_number(frame, way.count))

    return listed((told(way) for way in ways), 12, frame.words) + "."

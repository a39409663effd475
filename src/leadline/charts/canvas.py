"""A canvas: the few shapes charts are made of, as SVG text that is well-formed, named for screen readers and mirrored
for scripts that run from right to left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

from leadline.charts.label import escape
from leadline.charts.palette import FONT, LIGHT, STYLE
from leadline.charts.value import text_direction
from leadline.charts.wording import ENGLISH, Wording

Attribute = str | int | float | None
Attributes = dict[str, Attribute]


class Frame(Struct, frozen=True):
    """What all charts need to know besides their data.

    `title` and `desc` are read out by screen readers (`desc` is written from the data when empty); `unit` and
    `currency` are those of the values, `grain` that of the periods; `width` and `height` in user units (height 0: what
    the chart needs). `rtl` None follows the locale. `id` makes ids unique in a page; `standalone` puts the style sheet
    into the drawing, for a file of its own. `words` are what the chart says itself.
    """

    title: str
    desc: str = ""
    unit: str = "count"
    currency: str = ""
    grain: str = "month"
    locale: str = "en"
    width: int = 720
    height: int = 0
    rtl: bool | None = None
    id: str = ""
    standalone: bool = False
    words: Wording = ENGLISH

    @property
    def mirrored(self) -> bool:
        """Whether the drawing runs from right to left."""
        return text_direction(self.locale) == "rtl" if self.rtl is None else self.rtl


class Canvas:
    """Collects shapes in left-to-right coordinates and writes them out, mirrored if asked.

    Anchors are `start`, `middle` and `end` of the reading direction.
    """

    def __init__(self, width: float, height: float, *, mirrored: bool = False) -> None:
        self.width = width
        self.height = height
        self.mirrored = mirrored
        self.shapes: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, *, weight: float = 1) -> None:
        """A straight line in a colour of the palette."""
        ends = {"x1": self._x(x1), "y1": y1, "x2": self._x(x2), "y2": y2}
        self._add("line", "", "", {**ends, "stroke-width": weight, **_stroke(colour)})

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, weight: float = 2, dash: str = "") -> None:
        """A line through `points`."""
        steps = " ".join(f"{_number(self._x(x))} {_number(y)}" for x, y in points)
        pen: Attributes = {
            "d": f"M{steps}",
            "fill": "none",
            "stroke-width": weight,
            "stroke-linejoin": "round",
            "stroke-linecap": "butt" if dash else "round",
            "stroke-dasharray": dash or None,
        }
        self._add("path", "", "", pen | _stroke(colour))

    def rect(
        self, x: float, y: float, width: float, height: float, colour: str, *, radius: float = 0, title: str = ""
    ) -> None:
        """A filled rectangle; with a `title` it shows one when pointed at."""
        self._add("rect", title, "", self._box(x, y, width, height) | {"rx": radius or None} | _fill(colour))

    def ribbon(
        self, x1: float, y1: float, x2: float, y2: float, weight: float, colour: str, *, title: str = ""
    ) -> None:
        """A pale band of even height `weight` from one place to another; its upper edges are at `y1` and `y2`."""
        a, b, middle = self._x(x1), self._x(x2), self._x((x1 + x2) / 2)
        m = _number(middle)

        def edge(to: float, left: float, right: float) -> str:
            return f"C{m} {_number(left)} {m} {_number(right)} {_number(to)} {_number(right)}"

        shape = (
            f"M{_number(a)} {_number(y1)}{edge(b, y1, y2)}V{_number(y2 + weight)}{edge(a, y2 + weight, y1 + weight)}Z"
        )
        self._add("path", title, "", {"d": shape, "fill-opacity": 0.35, **_fill(colour)})

    def wedge(self, x1: float, x2: float, first: tuple[float, float], then: tuple[float, float], colour: str) -> None:
        """A pale shape from one upright edge to another; of each its top and bottom."""
        a, b = _number(self._x(x1)), _number(self._x(x2))
        corners = f"M{a} {_number(first[0])}L{b} {_number(then[0])}V{_number(then[1])}L{a} {_number(first[1])}Z"
        self._add("path", "", "", {"d": corners, "fill-opacity": 0.3, **_fill(colour)})

    def shade(self, x: float, y: float, width: float, height: float, strength: float, title: str) -> None:
        """A rectangle in the main colour, as strong as `strength` (0 to 1): text upon it stays legible at any.

        Half of the colour at most, which leaves a contrast of 4.5 to the ink, in light and in dark.
        """
        paint = _fill("main") | {"fill-opacity": round(0.04 + 0.46 * min(max(strength, 0.0), 1.0), 3), "rx": 2}
        self._add("rect", title, "", self._box(x, y, width, height) | paint)

    def target(self, x: float, y: float, width: float, height: float, title: str) -> None:
        """An unseen rectangle that shows `title` when pointed at."""
        self._add("rect", title, "", self._box(x, y, width, height) | {"fill": "#000", "fill-opacity": 0})

    def dot(self, x: float, y: float, radius: float, colour: str, *, hollow: bool = False) -> None:
        """A round mark, filled or as a ring."""
        paint = _fill(colour)
        if hollow:
            paint = {**_fill("paper"), **_stroke(colour), "stroke-width": 2}
            paint["class"] = f"ll-fill-paper ll-line-{colour}"
        self._add("circle", "", "", {"cx": self._x(x), "cy": y, "r": radius, **paint})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        colour: str = "ink",
        size: float = 12,
        bold: bool = False,
        title: str = "",
        halo: bool = False,
    ) -> None:
        """A line of real text whose baseline is at `y`; `halo` keeps it legible over lines."""
        if self.mirrored:
            anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
        paint = _fill(colour)
        if halo:
            paint |= {"stroke": LIGHT["paper"], "stroke-width": 4, "paint-order": "stroke"}
            paint["class"] = f"{paint['class']} ll-line-paper"
        # Each text is a paragraph of its own direction, so that a name in one script cannot reorder a number beside it.
        place: Attributes = {
            "x": self._x(x),
            "y": y,
            "font-size": size,
            "font-weight": 600 if bold else None,
            "text-anchor": None if anchor == "start" else anchor,
            "unicode-bidi": "plaintext",
        }
        self._add("text", title, escape(text), place | paint)

    def svg(self, frame: Frame, desc: str) -> str:
        """The drawing as one `<svg>` element."""
        body = "".join(self.shapes)
        key = frame.id or hashlib.blake2b((frame.title + desc + body).encode(), digest_size=6).hexdigest()
        size = {"width": _number(self.width), "height": _number(self.height)}
        attributes = _attributes(
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "ll-chart",
                **size,
                "viewBox": f"0 0 {size['width']} {size['height']}",
                "role": "img",
                "aria-labelledby": f"{escape(key)}-t {escape(key)}-d",
                "direction": "ltr",
                "font-family": FONT,
                "font-size": 12,
            }
        )
        style = f"<style>{STYLE}</style>" if frame.standalone else ""
        return (
            f'<svg {attributes}><title id="{escape(key)}-t">{escape(frame.title)}</title>'
            f'<desc id="{escape(key)}-d">{escape(desc)}</desc>{style}{body}</svg>'
        )

    def _box(self, x: float, y: float, width: float, height: float) -> Attributes:
        left = self.width - x - width if self.mirrored else x
        return {"x": left, "y": y, "width": max(width, 0.0), "height": max(height, 0.0)}

    def _x(self, x: float) -> float:
        return self.width - x if self.mirrored else x

    def _add(self, tag: str, title: str, content: str, attributes: Attributes) -> None:
        inner = (f"<title>{escape(title)}</title>" if title else "") + content
        start = f"<{tag} {_attributes(attributes)}"
        self.shapes.append(f"{start}>{inner}</{tag}>" if inner else f"{start}/>")


def listed(items: Iterable[str], most: int = 6, words: Wording = ENGLISH) -> str:
    """Items as one phrase, and how many more there are."""
    names = list(items)
    shown = ", ".join(names[:most])
    return words.more.format(names=shown, count=len(names) - most) if len(names) > most else shown


def _fill(colour: str) -> Attributes:
    return {"class": f"ll-fill-{colour}", "fill": LIGHT[colour]}


def _stroke(colour: str) -> Attributes:
    return {"class": f"ll-line-{colour}", "stroke": LIGHT[colour]}


def _attributes(attributes: Attributes) -> str:
    return " ".join(f'{name}="{_number(value)}"' for name, value in attributes.items() if value is not None)


def _number(value: str | float | None) -> str:
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
    return str(value)

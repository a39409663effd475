"""Segments in the filters of journeys: which people a filter asks for, and what is left of it."""

from __future__ import annotations

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.segment import PREFIX
from leadline.model.text import condition_text
from leadline.model.tree import Row


def split_filter(where: Row | None) -> tuple[list[tuple[str, bool]], list[Row]]:
    """The segments that people must be in (or not: false), and the parts of the filter about events.

    Raises `RefusedError` for a filter that lets either a segment or an event decide.
    """
    parts = () if where is None else where.of if isinstance(where, tree.And) else (where,)
    segments: list[tuple[str, bool]] = []
    rest: list[Row] = []
    for part in parts:
        found = _segment(part)
        if found is not None:
            segments.append(found)
        elif any(name.startswith(PREFIX) for name in tree.columns_of(part)):
            raise RefusedError(
                "segment-in-part",
                f"{condition_text(part)!r} lets a segment or something else decide.",
                why="a segment is about people, the rest of a journey's filter about the event they start with",
                fix="join them by `and`: segment.a and not segment.b and channel = 'Email'",
            )
        else:
            rest.append(part)
    return segments, rest


def _segment(part: Row) -> tuple[str, bool] | None:
    match part:
        case tree.Column(name) if name.startswith(PREFIX):
            return name.removeprefix(PREFIX), True
        case tree.Not(of):
            found = _segment(of)
            return None if found is None else (found[0], not found[1])
        case tree.Compare("=", tree.Column(name), tree.Constant(bool() as wanted)) if name.startswith(PREFIX):
            return name.removeprefix(PREFIX), wanted
        case _:
            return None

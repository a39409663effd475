"""Events sorted by person and time, kept beside the warehouse, and the questions that are one pass over them.

`Timeline.build(folder, connection, sql)` makes one, `Timeline.open(folder)` opens it, `timeline.funnel(...)` and its
neighbours ask. What an answer means is told in plain Python in `leadline.timeline.reference`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.timeline.question import Breakdown, Exclusion, Match, Where, match

if TYPE_CHECKING:
    from leadline.timeline.timeline import Timeline

__all__ = ["Breakdown", "Exclusion", "Match", "Timeline", "Where", "match"]


def __getattr__(name: str) -> Any:
    """What needs NumPy and the compiler is imported when it is asked for."""
    if name == "Timeline":
        from leadline.timeline.timeline import Timeline

        return Timeline
    raise AttributeError(f"module 'leadline.timeline' has no attribute {name!r}")

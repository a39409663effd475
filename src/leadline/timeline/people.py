"""A timeline narrowed to some persons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadline.timeline.view import Part, View


def only_people(view: View, codes: NDArray[Any], *, others: bool = False) -> View:
    """The view without the events of all but these persons (codes, each once); with `others`, of these."""
    wanted = codes.astype(np.uint32)
    parts = []
    for part in view.parts:
        there = np.isin(part.person, wanted, assume_unique=True, invert=others)
        parts.append(Part(part.person, part.start, np.where(there, part.end, part.start), part.column))
    return View(parts, view.threads)

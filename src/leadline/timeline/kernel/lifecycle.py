"""New, returning, resurrecting, dormant: one pass a person over the periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

OF = 1
"""Bit of `lut`: the event is activity."""

NEW, RETURNING, RESURRECTING, DORMANT = range(4)
"""Columns of `totals`."""


@compiled
def add_lifecycle(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    periods: Moments,
    totals: Indices,
) -> None:
    """Add each person to `totals[period, column]` for every period they are active in or have just left."""
    count = len(periods) - 1
    for person in range(len(start)):
        stop = end[person]
        seen = False
        before = -2
        period = 0
        for i in range(start[person], stop):
            if not lut[codes[i]] & OF:
                continue
            moment = ts[i]
            if moment < periods[0]:
                seen = True
                continue
            # TRICKY: events are in order of time, so the period only ever moves on.
            if moment >= periods[period + 1]:
                if moment >= periods[count]:
                    break
                period = np.searchsorted(periods, moment, side="right") - 1
            if period == before:
                continue
            if not seen:
                totals[period, NEW] += 1
                seen = True
            elif period == before + 1:
                totals[period, RETURNING] += 1
            else:
                totals[period, RESURRECTING] += 1
            if before >= 0 and period > before + 1:
                totals[before + 1, DORMANT] += 1
            before = period
        if 0 <= before < count - 1:
            totals[before + 1, DORMANT] += 1

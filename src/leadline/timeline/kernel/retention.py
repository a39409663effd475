"""Who comes back: one pass a person over cohort periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

START, BACK = 1, 2
"""Bits of `lut`: the event begins a person's time, the event is a return."""


@compiled
def add_retention(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    plain: bool,
    periods: Moments,
    width: int,
    recurring: bool,
    unbounded: bool,
    size: Indices,
    back: Indices,
) -> None:
    """Add each person to `size[cohort]` and, for each k they came back in, to `back[cohort, k]`.

    `plain`: every event both starts and returns, `lut` is not asked. `width` > 0 counts k in stretches of that length
    from the person's first event of the cohort, else in periods.
    """
    count = len(periods) - 1
    upto = back.shape[1] - 1
    for person in range(len(start)):
        stop = end[person]
        i = start[person]
        cohort = -1
        while i < stop:
            if not plain:
                while i < stop and not lut[codes[i]] & START:
                    i += 1
                if i == stop:
                    break
            begun = ts[i]
            if begun >= periods[count]:
                break
            if begun < periods[0]:
                if not recurring:
                    break
                i += 1
                continue
            if cohort < 0:
                cohort = np.searchsorted(periods, begun, side="right") - 1
            else:
                while begun >= periods[cohort + 1]:
                    cohort += 1
            size[cohort] += 1
            first = i
            while first > start[person] and ts[first - 1] == begun:
                first -= 1
            if unbounded:
                j = stop - 1
                while j >= first and not plain and not lut[codes[j]] & BACK:
                    j -= 1
                if j >= first:
                    k = (ts[j] - begun) // width if width else _period(periods, cohort, ts[j]) - cohort
                    for place in range(min(k, upto) + 1):
                        back[cohort, place] += 1
            elif width:
                k = -1
                for j in range(first, stop):
                    if plain or lut[codes[j]] & BACK:
                        now = (ts[j] - begun) // width
                        if now > upto:
                            break
                        if now != k:
                            k = now
                            back[cohort, k] += 1
            else:
                # TRICKY: the bound moves with the events, so that no division and no search is needed.
                period = cohort
                bound = periods[period + 1]
                counted = -1
                limit = min(cohort + upto, count - 1)
                for j in range(first, stop):
                    moment = ts[j]
                    if moment >= bound:
                        while period <= limit and moment >= periods[period + 1]:
                            period += 1
                        if period > limit:
                            break
                        bound = periods[period + 1]
                    if counted != period and (plain or lut[codes[j]] & BACK):
                        counted = period
                        back[cohort, period - cohort] += 1
            if not recurring:
                break
            while i < stop and ts[i] < periods[cohort + 1]:
                i += 1


@compiled
def add_first_retention(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    origin: int,
    shift: int,
    inverse: float,
    table: Indices,
    size: Indices,
    back: Indices,
) -> None:
    """The same for first-time cohorts in at most 62 periods, without a branch an event.

    `table` gives the period of each stretch of equal length from `origin`, which divides all periods; its last entry
    is for what lies beyond. Stretches are found by `((t - origin) >> shift) + 0.5) * inverse`, exact below 2 ** 50.
    """
    beyond = len(table) - 1
    outside = table[beyond]
    upto = back.shape[1] - 1
    one = np.uint64(1)
    for person in range(len(start)):
        i, stop = start[person], end[person]
        while i < stop and not lut[codes[i]] & START:
            i += 1
        if i == stop or ts[i] < origin:
            continue
        begun = ts[i]
        place = np.int64((((begun - origin) >> shift) + 0.5) * inverse)
        cohort = table[place] if place < beyond else outside
        if cohort == outside:
            continue
        size[cohort] += 1
        seen = np.uint64(0)
        while i > start[person] and ts[i - 1] == begun:
            i -= 1
        for j in range(i, stop):
            place = min(np.int64((((ts[j] - origin) >> shift) + 0.5) * inverse), np.int64(beyond))
            seen |= np.uint64(lut[codes[j]] >> 1 & 1) << np.uint64(table[place])
        seen >>= np.uint64(cohort)
        for k in range(min(upto + 1, outside - cohort)):
            back[cohort, k] += np.int64(seen >> np.uint64(k) & one)


@compiled
def _period(periods: Moments, cohort: int, moment: int) -> int:
    """The period of a moment at or after that of `cohort`; beyond the last one a number beyond all."""
    if moment >= periods[len(periods) - 1]:
        return 1 << 40
    period = cohort
    while moment >= periods[period + 1]:
        period += 1
    return period

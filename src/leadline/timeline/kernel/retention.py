"""Who comes back: one pass a person over cohort periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

START, BACK, ONLY = 1, 2, 4
"""Bits of `lut`: the event begins a person's time, is a return, and may put a person into a cohort."""


@compiled
def add_retention(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    plain: bool,
    group: Masks,
    periods: Moments,
    width: int,
    recurring: bool,
    unbounded: bool,
    size: Indices,
    back: Indices,
) -> None:
    """Add each person to `size[row, cohort]` and, for each k they came back in, to `back[row, cohort, k]`.

    The row is the code of `group` (0 when that is empty) at the event that starts. `plain`: every event is all of what
    `lut` tells, which is not asked. `width` > 0 counts k in stretches of that length
    from the person's first event of the cohort, else in periods.
    """
    count = len(periods) - 1
    upto = back.shape[2] - 1
    grouped = len(group) > 0
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
            if not plain and not lut[codes[i]] & ONLY:
                if not recurring:
                    break
                while i < stop and ts[i] < periods[cohort + 1]:
                    i += 1
                continue
            row = np.int64(group[i]) if grouped else 0
            size[row, cohort] += 1
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
                        back[row, cohort, place] += 1
            elif width:
                k = -1
                for j in range(first, stop):
                    if plain or lut[codes[j]] & BACK:
                        now = (ts[j] - begun) // width
                        if now > upto:
                            break
                        if now != k:
                            k = now
                            back[row, cohort, k] += 1
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
                        back[row, cohort, period - cohort] += 1
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
    upto = back.shape[2] - 1
    one = np.uint64(1)
    for person in range(len(start)):
        i, stop = start[person], end[person]
        while i < stop and not lut[codes[i]] & START:
            i += 1
        # TRICKY: what lies before the first stretch would be read from the end of the table, or from beyond it.
        if i == stop or ts[i] < origin:
            continue
        begun = ts[i]
        place = np.int64((((begun - origin) >> shift) + 0.5) * inverse)
        cohort = table[place] if place < beyond else outside
        if cohort == outside:
            continue
        size[0, cohort] += 1
        seen = np.uint64(0)
        while i > start[person] and ts[i - 1] == begun:
            i -= 1
        for j in range(i, stop):
            place = min(np.int64((((ts[j] - origin) >> shift) + 0.5) * inverse), np.int64(beyond))
            seen |= np.uint64(lut[codes[j]] >> 1 & 1) << np.uint64(table[place])
        seen >>= np.uint64(cohort)
        for k in range(min(upto + 1, outside - cohort)):
            back[0, cohort, k] += np.int64(seen >> np.uint64(k) & one)


@compiled
def add_even_retention(
    start: Indices, end: Indices, ts: Moments, origin: int, shift: int, inverse: float, size: Indices, back: Indices
) -> None:
    """The same where every event begins and is a return, and all periods are of one length: neither is looked up."""
    count = back.shape[1]
    upto = back.shape[2] - 1
    one = np.uint64(1)
    for person in range(len(start)):
        i, stop = start[person], end[person]
        if i == stop or ts[i] < origin:
            continue
        cohort = np.int64((((ts[i] - origin) >> shift) + 0.5) * inverse)
        if cohort >= count:
            continue
        size[0, cohort] += 1
        seen = np.uint64(0)
        for j in range(i, stop):
            seen |= one << np.uint64(min(np.int64((((ts[j] - origin) >> shift) + 0.5) * inverse), np.int64(63)))
        seen >>= np.uint64(cohort)
        for k in range(min(upto + 1, count - cohort)):
            back[0, cohort, k] += np.int64(seen >> np.uint64(k) & one)


@compiled
def add_worth(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    value: Moments,
    lut: Masks,
    group: Masks,
    periods: Moments,
    width: int,
    recurring: bool,
    worth: Indices,
) -> None:
    """Add what each person's returns are worth to `worth[row, cohort, k]`; cohorts as in `add_retention`."""
    count = len(periods) - 1
    upto = worth.shape[2] - 1
    grouped = len(group) > 0
    for person in range(len(start)):
        stop = end[person]
        i = start[person]
        while i < stop:
            while i < stop and not lut[codes[i]] & START:
                i += 1
            if i == stop or ts[i] >= periods[count]:
                break
            begun = ts[i]
            if begun < periods[0]:
                if not recurring:
                    break
                i += 1
                continue
            cohort = np.searchsorted(periods, begun, side="right") - 1
            if lut[codes[i]] & ONLY:
                row = np.int64(group[i]) if grouped else 0
                first = i
                while first > start[person] and ts[first - 1] == begun:
                    first -= 1
                period = cohort
                for j in range(first, stop):
                    if width:
                        k = (ts[j] - begun) // width
                    else:
                        if ts[j] >= periods[count]:
                            break
                        while ts[j] >= periods[period + 1]:
                            period += 1
                        k = period - cohort
                    if k > upto:
                        break
                    if lut[codes[j]] & BACK:
                        worth[row, cohort, k] += value[j]
            if not recurring:
                break
            while i < stop and ts[i] < periods[cohort + 1]:
                i += 1


@compiled
def _period(periods: Moments, cohort: int, moment: int) -> int:
    """The period of a moment at or after that of `cohort`; beyond the last one a number beyond all."""
    if moment >= periods[len(periods) - 1]:
        return 1 << 40
    period = cohort
    while moment >= periods[period + 1]:
        period += 1
    return period

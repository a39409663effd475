"""Touches before each conversion: as ranges to follow up, or straight as credit by the rules that need no path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments, Weights

TOUCH, CONVERSION = 1, 2
"""Bits of `lut`."""


@compiled
def find_touches(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    lookback: int,
    since: int,
    until: int,
    conversion: Indices,
    offset: Indices,
    touch: Indices,
) -> tuple[int, int]:
    """List conversions (their positions) and, between `offset[c]` and `offset[c + 1]`, the positions of their touches.

    Returns how many there are of both; called with empty arrays it only counts.
    """
    fill = len(offset) > 0
    conversions = 0
    pairs = 0
    for person in range(len(start)):
        stop = end[person]
        oldest = start[person]
        for i in range(start[person], stop):
            if not lut[codes[i]] & CONVERSION or not since <= ts[i] < until:
                continue
            moment = ts[i]
            while ts[oldest] < moment - lookback:
                oldest += 1
            if fill:
                conversion[conversions] = i
                offset[conversions] = pairs
            conversions += 1
            j = oldest
            while j < stop and ts[j] <= moment:
                if lut[codes[j]] & TOUCH and j != i:
                    if fill:
                        touch[pairs] = j
                    pairs += 1
                j += 1
    if fill:
        offset[conversions] = pairs
    return conversions, pairs


@compiled
def add_credit(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    group: Masks,
    value: Indices,
    lookback: int,
    half_life: float,
    outer: float,
    since: int,
    until: int,
    credit: Weights,
    totals: Indices,
) -> None:
    """Add each conversion and its value to the groups of its touches.

    `totals` takes conversions, their value, those without a touch, and the value of these.

    `credit[group, 2 m]` takes conversions and `[group, 2 m + 1]` value by model m: first, last, linear, time decay
    (weight halves every `half_life` microseconds), position (`outer` each to first and last, the rest between).
    """
    at = np.empty(1024, np.int64)
    who = np.empty(1024, np.int64)
    weight = np.empty(1024, np.float64)
    for person in range(len(start)):
        begin, stop = start[person], end[person]
        converts = False
        for i in range(begin, stop):
            if lut[codes[i]] & CONVERSION:
                converts = True
                break
        if not converts:
            continue
        if stop - begin > len(at):
            at = np.empty(2 * (stop - begin), np.int64)
            who = np.empty(2 * (stop - begin), np.int64)
            weight = np.empty(2 * (stop - begin), np.float64)
        count = 0
        oldest = 0
        base = np.int64(0)
        ahead = begin
        for i in range(begin, stop):
            if not lut[codes[i]] & CONVERSION:
                continue
            moment = ts[i]
            while ahead < stop and ts[ahead] <= moment:
                if lut[codes[ahead]] & TOUCH:
                    touched = ts[ahead]
                    if count == oldest:
                        base = touched
                    at[count] = touched
                    who[count] = group[ahead]
                    # Weights grow from a base, which cancels out when they are shared; it moves before they overflow.
                    power = (touched - base) / half_life
                    if power > 500.0:
                        base = touched
                        for k in range(oldest, count):
                            weight[k] = 2.0 ** ((at[k] - base) / half_life)
                        power = 0.0
                    weight[count] = 2.0**power
                    count += 1
                ahead += 1
            while oldest < count and at[oldest] < moment - lookback:
                oldest += 1
            if not since <= moment < until:
                continue
            totals[0] += 1
            totals[1] += value[i]
            size = count - oldest
            if size == 0:
                totals[2] += 1
                totals[3] += value[i]
                continue
            worth = float(value[i])
            first = who[oldest]
            last = who[count - 1]
            credit[first, 0] += 1.0
            credit[first, 1] += worth
            credit[last, 2] += 1.0
            credit[last, 3] += worth
            even = 1.0 / size
            total = 0.0
            for k in range(oldest, count):
                total += weight[k]
            inner = (1.0 - 2.0 * outer) / (size - 2) if size > 2 else 0.0
            for k in range(oldest, count):
                row = who[k]
                share = weight[k] / total
                place = inner
                if k == oldest or k == count - 1:
                    place = 1.0 if size == 1 else 0.5 if size == 2 else outer
                credit[row, 4] += even
                credit[row, 5] += even * worth
                credit[row, 6] += share
                credit[row, 7] += share * worth
                credit[row, 8] += place
                credit[row, 9] += place * worth

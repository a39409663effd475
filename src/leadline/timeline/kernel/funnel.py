"""The plain ordered funnel: furthest step a person, in one pass that keeps the latest entry at each step.

A chain is a sequence of distinct events that match the steps in order, at non-decreasing times, its last within the
window of its first. Of two entries that reached the same step the later one can do everything the earlier can, so the
latest entry at each step is all that has to be kept. Events of one moment count in the order of the steps.
Everything else (windows between steps, exclusions, other orders) is in `kernel.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled
from leadline.timeline.kernel.matching import assign_steps

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks, Moments

NEVER = -(1 << 62)


@compiled
def furthest_steps(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    single: bool,
    steps: int,
    window: int,
    since: int,
    until: int,
    now: int,
    level: Flags,
    is_open: Flags,
    chain: Indices,
) -> None:
    """Fill `level` (steps reached), `is_open` (not through, and the window of the latest entry ends after `now`) and,
    when it has rows, `chain`: per person the position of the event of each step reached, else -1.

    `lut[codes[i]]` has bit k - 1 for each step k that event i matches; `single` says that no event matches two.
    An entry counts when `since <= ts < until`. All times in microseconds.
    """
    latest = np.empty(steps + 1, np.int64)
    rows = np.empty((steps + 1, steps), np.int64)
    picked = np.empty(steps, np.int64)
    detailed = chain.shape[0] > 0
    for person in range(len(start)):
        for k in range(steps + 1):
            latest[k] = NEVER
        reached = 0
        i, stop = start[person], end[person]
        while i < stop:
            mask = lut[codes[i]]
            if mask == 0:
                i += 1
                continue
            moment = ts[i]
            if (i + 1 == stop or ts[i + 1] != moment) and (i == start[person] or ts[i - 1] != moment):
                if single:
                    if mask == 1:
                        if since <= moment < until:
                            latest[1] = moment
                            if detailed:
                                rows[1, 0] = i
                            if reached == 0:
                                reached = 1
                                if detailed:
                                    chain[person, 0] = i
                    else:
                        k = 2
                        mask >>= 2
                        while mask:
                            k += 1
                            mask >>= 1
                        entry = latest[k - 1]
                        if moment - entry <= window and entry > latest[k]:
                            latest[k] = entry
                            if detailed:
                                for step in range(k - 1):
                                    rows[k, step] = rows[k - 1, step]
                                rows[k, k - 1] = i
                            if k > reached:
                                reached = k
                                if detailed:
                                    for step in range(k):
                                        chain[person, step] = rows[k, step]
                else:
                    # From the last step down, so that one event is used once.
                    for k in range(steps, 0, -1):
                        if not mask >> (k - 1) & 1:
                            continue
                        enters = since <= moment < until
                        entry = latest[k - 1] if k > 1 else moment if enters else NEVER
                        if moment - entry <= window and entry > latest[k]:
                            latest[k] = entry
                            if detailed:
                                for step in range(k - 1):
                                    rows[k, step] = rows[k - 1, step]
                                rows[k, k - 1] = i
                            if k > reached:
                                reached = k
                                if detailed:
                                    for step in range(k):
                                        chain[person, step] = rows[k, step]
                i += 1
            else:
                # TRICKY: the group may begin before i, at events that match no step.
                first = i
                i += 1
                while i < stop and ts[i] == moment:
                    i += 1
                reached = _tied(
                    first, i, moment, codes, lut, single, steps, window, since, until, latest, rows, picked, detailed,
                    reached, chain, person,
                )  # fmt: skip
            if reached == steps:
                break
        level[person] = reached
        is_open[person] = 0 < reached < steps and latest[1] + window > now


@compiled
def _tied(
    first: int,
    stop: int,
    moment: int,
    codes: Masks,
    lut: Masks,
    single: bool,
    steps: int,
    window: int,
    since: int,
    until: int,
    latest: Moments,
    rows: Indices,
    picked: Indices,
    detailed: bool,
    reached: int,
    chain: Indices,
    person: int,
) -> int:
    """Take the events of one moment; the furthest step after them."""
    if single:
        for k in range(1, steps + 1):
            for i in range(first, stop):
                if not lut[codes[i]] >> (k - 1) & 1:
                    continue
                enters = since <= moment < until
                entry = latest[k - 1] if k > 1 else moment if enters else NEVER
                if moment - entry <= window and entry > latest[k]:
                    latest[k] = entry
                    for step in range(k - 1):
                        rows[k, step] = rows[k - 1, step]
                    rows[k, k - 1] = i
                    if k > reached:
                        reached = k
                        if detailed:
                            for step in range(k):
                                chain[person, step] = rows[k, step]
                break
        return reached
    before = latest.copy()
    kept = rows.copy()
    enters = since <= moment < until
    for k in range(1, steps + 1):
        # The chain comes into this moment at step `origin`; the earlier the step, the later the entry.
        chosen = -1
        for origin in range(k):
            entry = before[origin] if origin else (moment if enters else NEVER)
            if moment - entry > window or entry <= latest[k] or (chosen >= 0 and entry < before[chosen]):
                continue
            if chosen == 0:
                break
            if assign_steps(codes, lut, first, stop, -1, origin, k, picked):
                chosen = origin
        if chosen < 0:
            continue
        assign_steps(codes, lut, first, stop, -1, chosen, k, picked)
        latest[k] = before[chosen] if chosen else moment
        for step in range(k):
            rows[k, step] = kept[chosen, step] if step < chosen else picked[step]
        if k > reached:
            reached = k
            if detailed:
                for step in range(k):
                    chain[person, step] = rows[k, step]
    return reached


@compiled
def touch_values(
    start: Indices, end: Indices, codes: Masks, lut: Masks, values: Masks, last: bool, found: Masks
) -> None:
    """The value (code, 0 for none) at each person's first or last event that `lut` names and that has one."""
    for person in range(len(start)):
        found[person] = 0
        low, high = start[person], end[person]
        for k in range(high - low):
            i = high - 1 - k if last else low + k
            if values[i] != 0 and lut[codes[i]]:
                found[person] = values[i]
                break

"""Funnels that have to be followed entry by entry: windows between steps, exclusions, strict order, any order.

An entry is an event of step 1 (in any order: of any step). Each is followed through its window; the person's is the one
that got furthest, then earliest, then began latest. The rules are told in `leadline.timeline.reference.funnel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled
from leadline.timeline.kernel.matching import assign_steps, augment

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks, Moments

VOID = 255
"""Level of a person whose every entry met an excluded event."""

_UNLIMITED = 1 << 60


@compiled
def follow_entries(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    barred: Masks,
    between: Indices,
    strict: bool,
    steps: int,
    window: int,
    gaps: Indices,
    since: int,
    until: int,
    now: int,
    level: Flags,
    is_open: Flags,
    chain: Indices,
) -> None:
    """Fill `level` (VOID: out of the funnel), `is_open` and, when it has rows, `chain`, as `furthest_steps` does.

    `gaps[k]` is the window from step k to step k + 1; `barred[code]` has a bit for each exclusion an event meets and
    `between[x]` the steps (from, to) that exclusion x lies between. `strict`: nothing may lie between first and last.
    """
    best = np.empty(steps, np.int64)
    row = np.empty(steps, np.int64)
    longest = 0
    for person in range(len(start)):
        longest = max(longest, end[person] - start[person])
    stepped = False
    for k in range(1, steps):
        stepped = stepped or gaps[k] < _UNLIMITED
    depth = longest if stepped and not strict else 1
    nodes = np.empty((steps + 1, depth, steps), np.int64)
    for person in range(len(start)):
        first, stop = start[person], end[person]
        reached = 0
        at = since
        begun = since
        entered = False
        opened = False
        for entry in range(first, stop):
            if not lut[codes[entry]] & 1 or not since <= ts[entry] < until:
                continue
            entered = True
            if strict:
                got = _follow_strict(
                    entry, first, stop, ts, codes, lut, barred, between, steps, window, gaps, row, nodes
                )
            else:
                got = _follow(entry, first, stop, ts, codes, lut, barred, between, steps, window, gaps, row, nodes)
            if got == VOID:
                continue
            opened = opened or ts[entry] + window > now
            done = ts[row[got - 1]]
            if got > reached or (got == reached and (done < at or (done == at and ts[entry] > begun))):
                reached, at, begun = got, done, ts[entry]
                for step in range(got):
                    best[step] = row[step]
        level[person] = VOID if entered and reached == 0 else reached
        is_open[person] = 0 < reached < steps and opened
        if chain.shape[0] > 0:
            for step in range(reached):
                chain[person, step] = best[step]


@compiled
def _group_start(i: int, first: int, ts: Moments) -> int:
    while i > first and ts[i - 1] == ts[i]:
        i -= 1
    return i


@compiled
def _hit(
    low: int, stop: int, ts: Moments, codes: Masks, barred: Masks, between: Indices, got: int, when: Moments
) -> bool:
    """Whether an excluded event of the moment at `low` falls strictly inside what the entry is waiting for."""
    for i in range(low, stop):
        mask = barred[codes[i]]
        x = 0
        while mask:
            if mask & 1 and between[x, 0] <= got < between[x, 1] and when[between[x, 0]] < ts[low]:
                return True
            mask >>= 1
            x += 1
    return False


@compiled
def _follow(
    entry: int,
    first: int,
    stop: int,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    barred: Masks,
    between: Indices,
    steps: int,
    window: int,
    gaps: Indices,
    row: Indices,
    nodes: Indices,
) -> int:
    """Furthest step of one entry in order; `row` holds the event of each step. VOID when an exclusion meets it.

    `nodes[k, n]` is the chain of the n-th event that reached step k; where no window lies between steps the first one
    of each step is enough.
    """
    begun = ts[entry]
    count = np.zeros(steps + 1, np.int64)
    head = np.zeros(steps + 1, np.int64)
    newest = np.zeros(steps + 1, np.int64)
    when = np.zeros(steps + 1, np.int64)
    fresh = np.zeros(steps + 1, np.uint8)
    picked = np.empty(steps, np.int64)
    depth = nodes.shape[1]
    nodes[1, 0, 0] = row[0] = entry
    newest[1] = when[1] = begun
    count[1] = got = 1
    low = _group_start(entry, first, ts)
    while low < stop and ts[low] - begun <= window:
        moment = ts[low]
        high = low + 1
        later = lut[codes[low]] >> 1
        bar = barred[codes[low]]
        while high < stop and ts[high] == moment:
            later |= lut[codes[high]] >> 1
            bar |= barred[codes[high]]
            high += 1
        if later and (low != entry or high - low > 1):
            for k in range(1, steps):
                while head[k] < count[k] and moment - ts[nodes[k, head[k], k - 1]] > gaps[k]:
                    head[k] += 1
            # From the last step down: what this moment adds is counted at its end, so no event is used twice.
            for k in range(steps, 1, -1):
                if not later >> (k - 2) & 1:
                    continue
                for origin in range(k - 1, 0, -1):
                    if head[origin] >= count[origin]:
                        continue
                    if high - low == 1:
                        if origin < k - 1:
                            break
                        picked[origin] = low
                    elif not assign_steps(codes, lut, low, high, entry, origin, k, picked):
                        break  # what does not fit from here does not fit from further back
                    if count[k] < depth:
                        fresh[k] = 1
                        for step in range(k):
                            nodes[k, count[k], step] = (
                                nodes[origin, head[origin], step] if step < origin else picked[step]
                            )
                    newest[k] = moment
                    if k > got:
                        for step in range(k):
                            row[step] = nodes[origin, head[origin], step] if step < origin else picked[step]
                        for reached in range(got + 1, k + 1):
                            when[reached] = moment
                        got = k
                    break
            for k in range(2, steps + 1):
                count[k] += fresh[k]
                fresh[k] = 0
            if got == steps:
                return got
        if bar and moment - newest[got] <= gaps[got] and _hit(low, high, ts, codes, barred, between, got, when):
            return VOID
        low = high
    return got


@compiled
def _follow_strict(
    entry: int,
    first: int,
    stop: int,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    barred: Masks,
    between: Indices,
    steps: int,
    window: int,
    gaps: Indices,
    row: Indices,
    nodes: Indices,
) -> int:
    """Furthest step of one entry when no other event may lie between its first and its last moment."""
    begun = ts[entry]
    alive = np.zeros(steps + 1, np.uint8)
    after = np.zeros(steps + 1, np.uint8)
    when = np.zeros(steps + 1, np.int64)
    picked = np.empty(steps, np.int64)
    fresh = np.empty((steps + 1, steps), np.int64)
    low = _group_start(entry, first, ts)
    high = entry + 1
    while high < stop and ts[high] == begun:
        high += 1
    nodes[1, 0, 0] = row[0] = entry
    newest = when[1] = begun
    alive[1] = got = 1
    for k in range(2, steps + 1):
        if not assign_steps(codes, lut, low, high, entry, 1, k, picked):
            break
        alive[k] = 1
        when[k] = begun
        got = k
        nodes[k, 0, 0] = entry
        for step in range(1, k):
            nodes[k, 0, step] = row[step] = picked[step]
    running = True
    low = high
    while got < steps and low < stop and ts[low] - begun <= window:
        moment = ts[low]
        high = low + 1
        while high < stop and ts[high] == moment:
            high += 1
        if running:
            running = False
            after[:] = 0
            for origin in range(steps - 1, 0, -1):
                if not alive[origin] or moment - ts[nodes[origin, 0, origin - 1]] > gaps[origin]:
                    continue
                for k in range(origin + 1, steps + 1):
                    if not assign_steps(codes, lut, low, high, -1, origin, k, picked):
                        break
                    if k > got:
                        for step in range(k):
                            row[step] = nodes[origin, 0, step] if step < origin else picked[step]
                        for reached in range(got + 1, k + 1):
                            when[reached] = moment
                        got = k
                    if k == got:
                        newest = moment
                    if k - origin == high - low:
                        # The whole moment belongs to the chain, so it may go on.
                        after[k] = 1
                        running = True
                        for step in range(k):
                            fresh[k, step] = nodes[origin, 0, step] if step < origin else picked[step]
            alive[:] = after
            for k in range(steps + 1):
                if after[k]:
                    nodes[k, 0, :k] = fresh[k, :k]
        elif len(between) == 0:
            break
        if got < steps and moment - newest <= gaps[got] and _hit(low, high, ts, codes, barred, between, got, when):
            return VOID
        low = high
    return got


@compiled
def most_steps(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    steps: int,
    window: int,
    since: int,
    until: int,
    now: int,
    level: Flags,
    is_open: Flags,
    chain: Indices,
) -> None:
    """In any order: the most steps that distinct events of one window match; the window begins at the earliest of them.

    `chain[p, k]` is the event with which the number of steps matched became k + 1.
    """
    longest = 0
    for person in range(len(start)):
        longest = max(longest, end[person] - start[person])
    masks = np.empty(longest, np.uint32)
    holder = np.empty(longest, np.int64)
    seen = np.empty(longest, np.uint8)
    row = np.empty(steps, np.int64)
    for person in range(len(start)):
        first, stop = start[person], end[person]
        reached = 0
        at = since
        begun = since
        opened = False
        for entry in range(first, stop):
            moment = ts[entry]
            if not lut[codes[entry]] or not since <= moment < until:
                continue
            # One window a moment: the first event of any step opens it.
            before = entry
            while before > first and ts[before - 1] == moment and (before == entry or not lut[codes[before]]):
                before -= 1
            if before < entry and lut[codes[before]]:
                continue
            opened = opened or moment + window > now
            size = 0
            got = 0
            covered = 0
            i = entry
            while i < stop and ts[i] - moment <= window and got < steps:
                mask = lut[codes[i]]
                if mask:
                    masks[size] = mask
                    holder[size] = -1
                    size += 1
                    if _takes(masks, size, holder, seen, steps, covered):
                        row[got] = i
                        got += 1
                        covered = 0
                        for event in range(size):
                            if holder[event] >= 0:
                                covered |= 1 << holder[event]
                    else:
                        size -= 1  # an event that adds nothing now never will
                i += 1
            done = ts[row[got - 1]]
            if got > reached or (got == reached and (done < at or (done == at and moment > begun))):
                reached, at, begun = got, done, moment
                if chain.shape[0] > 0:
                    for step in range(steps):
                        chain[person, step] = row[step] if step < got else -1
        level[person] = reached
        is_open[person] = 0 < reached < steps and opened


@compiled
def _takes(masks: Masks, size: int, holder: Indices, seen: Flags, steps: int, covered: int) -> bool:
    """Whether the newest event makes one more step possible; `holder` is changed accordingly."""
    for step in range(steps):
        if covered >> step & 1:
            continue
        for event in range(size):
            seen[event] = 0
        if augment(step, masks, size, holder, seen):
            return True
    return False

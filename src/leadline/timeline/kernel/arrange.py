"""Bringing events into order: by person, by moment, by id; of events with one id of one person the earliest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

_RUN = 16


@compiled
def arrange(person: Masks, ts: Moments, ident: Indices, low: int, count: int) -> tuple[Indices, Indices]:
    """Positions of the events in order, and where each of `count` persons (codes from `low`) begins among them.

    Ids below zero stand for events without one, which are never taken for the same.
    """
    offset = np.zeros(count + 1, np.int64)
    for i in range(len(person)):
        offset[np.int64(person[i]) - low + 1] += 1
    longest = int(offset.max())
    for p in range(count):
        offset[p + 1] += offset[p]
    order = np.empty(len(person), np.int64)
    place = offset[:-1].copy()
    for i in range(len(person)):
        who = np.int64(person[i]) - low
        order[place[who]] = i
        place[who] += 1
    spare = np.empty(longest, np.int64)
    size = 16
    while size < 4 * longest:
        size *= 2
    table = np.empty(size, np.int64)
    begins = np.zeros(count + 1, np.int64)
    kept = 0
    for p in range(count):
        first, stop = offset[p], offset[p + 1]
        _sort(order, first, stop, ts, ident, spare)
        begins[p] = kept
        kept = _keep(order, first, stop, kept, ident, table)
    begins[count] = kept
    return order[:kept], begins


@compiled
def divide(person: Masks, stretch: Masks, low: int, count: int) -> tuple[Indices, Indices]:
    """Positions of the rows by stretch, in the order they have, and where each of `count` stretches begins among them.

    `stretch` has that of each person, from code `low` on.
    """
    begins = np.zeros(count + 1, np.int64)
    mine = np.empty(len(person), np.uint32)
    for i in range(len(person)):
        mine[i] = stretch[np.int64(person[i]) - low]
        begins[mine[i] + 1] += 1
    for k in range(count):
        begins[k + 1] += begins[k]
    place = begins[:-1].copy()
    order = np.empty(len(person), np.int64)
    for i in range(len(person)):
        order[place[mine[i]]] = i
        place[mine[i]] += 1
    return order, begins


@compiled
def _before(a: int, b: int, ts: Moments, ident: Indices) -> bool:
    return bool(ts[a] < ts[b] or (ts[a] == ts[b] and ident[a] < ident[b]))


@compiled
def _sort(order: Indices, first: int, stop: int, ts: Moments, ident: Indices, spare: Indices) -> None:
    """Sort `order[first:stop]`: short stretches by insertion, then merged; what is in order already is left alone."""
    sorted_already = True
    for i in range(first + 1, stop):
        if _before(order[i], order[i - 1], ts, ident):
            sorted_already = False
            break
    if sorted_already:
        return
    for begin in range(first, stop, _RUN):
        for i in range(begin + 1, min(begin + _RUN, stop)):
            moving = order[i]
            j = i
            while j > begin and _before(moving, order[j - 1], ts, ident):
                order[j] = order[j - 1]
                j -= 1
            order[j] = moving
    width = _RUN
    while width < stop - first:
        for begin in range(first, stop - width, 2 * width):
            middle = begin + width
            end = min(begin + 2 * width, stop)
            if not _before(order[middle], order[middle - 1], ts, ident):
                continue
            for i in range(begin, middle):
                spare[i - begin] = order[i]
            left, right = 0, middle
            for i in range(begin, end):
                if left < width and (right >= end or not _before(order[right], spare[left], ts, ident)):
                    order[i] = spare[left]
                    left += 1
                else:
                    order[i] = order[right]
                    right += 1
        width *= 2


@compiled
def _keep(order: Indices, first: int, stop: int, kept: int, ident: Indices, table: Indices) -> int:
    """Move `order[first:stop]` down to `kept`, leaving out events whose id was there; returns the new end."""
    if stop - first <= 24:
        begin = kept
        for i in range(first, stop):
            same = False
            for j in range(begin, kept):
                if ident[order[j]] == ident[order[i]] and ident[order[i]] >= 0:
                    same = True
                    break
            if not same:
                order[kept] = order[i]
                kept += 1
        return kept
    size = 64
    while size < 2 * (stop - first):
        size *= 2
    table[:size] = -1
    mask = np.uint64(size - 1)
    for i in range(first, stop):
        key = ident[order[i]]
        if key >= 0:
            slot = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & mask
            while table[slot] >= 0 and table[slot] != key:
                slot = (slot + np.uint64(1)) & mask
            if table[slot] == key:
                continue
            table[slot] = key
        order[kept] = order[i]
        kept += 1
    return kept


@compiled
def spread_ranges(start: Indices, end: Indices, position: Indices, owner: Masks) -> None:
    """Write out the positions of each range in turn, and the number of the range each belongs to."""
    k = 0
    for p in range(len(start)):
        for i in range(start[p], end[p]):
            position[k] = i
            owner[k] = p
            k += 1

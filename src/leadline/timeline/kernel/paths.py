"""Ways to an event or from one: sequences of codes counted in a hash table that grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

    Words = NDArray[np.uint64]
    Table = tuple[Indices, int]

NODE, TURN = 1, 2
"""Bits of `lut`: the event is a place on a way, the event is where ways end (or begin)."""

REACHED, UNREACHED, VALUE, KEY = range(4)
"""Columns of a table: ways that led there (or began), ways that have not yet, value of the events they led to; then the
words of the key. Of one row, because a look into a large table costs what it costs to fetch its line of memory."""


_BATCH = 256


@compiled
def empty_table(words: int, size: int) -> Table:
    """A table for `size` (a power of two) ways of `words` machine words."""
    return np.zeros((size, KEY + words), np.int64), 0


@compiled
def _slot(table: Indices, key: Words) -> np.int64:
    """Where `key` is, or belongs."""
    words = len(key)
    mixed = np.uint64(0)
    for word in range(words):
        mixed = (mixed ^ key[word]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    mask = np.uint64(table.shape[0] - 1)
    place = np.int64((mixed >> np.uint64(3)) & mask)
    while table[place, REACHED] | table[place, UNREACHED]:
        same = True
        for word in range(words):
            same = same and table[place, KEY + word] == np.int64(key[word])
        if same:
            return place
        place = (place + 1) & np.int64(mask)
    return place


@compiled
def _grown(table: Indices) -> Indices:
    wider = np.zeros((table.shape[0] * 2, table.shape[1]), np.int64)
    key = np.empty(table.shape[1] - KEY, np.uint64)
    for place in range(table.shape[0]):
        if table[place, REACHED] | table[place, UNREACHED]:
            for word in range(len(key)):
                key[word] = np.uint64(table[place, KEY + word])
            wider[_slot(wider, key)] = table[place]
    return wider


@compiled
def merge_tables(table: Indices, used: int, other: Indices, others: int) -> Table:
    """The first table with the counts of the other, which has `others` ways, added.

    TRICKY: room is made for all of them first. They come in the order of their places, so a table that is nearly full
    would be filled to the brim from one end, and each look would walk along all that is there.
    """
    while (used + others) * 4 >= table.shape[0] * 3:
        table = _grown(table)
    key = np.empty(table.shape[1] - KEY, np.uint64)
    for place in range(other.shape[0]):
        if other[place, REACHED] | other[place, UNREACHED]:
            for word in range(len(key)):
                key[word] = np.uint64(other[place, KEY + word])
            slot = _slot(table, key)
            if not table[slot, REACHED] | table[slot, UNREACHED]:
                table[slot] = other[place]
                used += 1
            else:
                for column in range(KEY):
                    table[slot, column] += other[place, column]
    return table, used


@compiled
def _settle(ways: Words, reached: Indices, worth: Indices, count: int, table: Indices, used: int) -> Table:
    """Add the first `count` ways to the table. Many at a time: the processor then waits for several lines at once."""
    while (used + count) * 4 >= table.shape[0] * 3:
        table = _grown(table)
    for at in range(count):
        place = _slot(table, ways[at : at + 1])
        used += not table[place, REACHED] | table[place, UNREACHED]
        table[place, KEY] = np.int64(ways[at])
        table[place, REACHED] += reached[at]
        table[place, UNREACHED] += 1 - reached[at]
        table[place, VALUE] += worth[at]
    return table, used


@compiled
def add_short_paths(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    node: Masks,
    value: Indices,
    length: int,
    bits: int,
    collapse: bool,
    since: int,
    until: int,
    table: Indices,
    used: int,
) -> Table:
    """The same for ways to an event, without a window, whose key is one word: it grows with the way, newest lowest."""
    step = np.uint64(bits)
    kept = ~np.uint64(0) >> np.uint64(64 - bits * length)
    ways = np.empty(_BATCH, np.uint64)
    reached = np.empty(_BATCH, np.int64)
    worth = np.empty(_BATCH, np.int64)
    waiting = 0
    for person in range(len(start)):
        way = np.uint64(0)
        last = np.int64(-1)
        seen = np.int64(0)
        stop = end[person]
        for i in range(start[person], stop + 1):
            mask = np.uint32(TURN)
            if i < stop:
                mask = lut[codes[i]]
                if mask == 0:
                    continue
                if not mask & TURN:
                    code = np.int64(node[i])
                    seen = ts[i]
                    if not collapse or code != last:
                        way = (way << step | np.uint64(code + 1)) & kept
                        last = code
                    continue
                moment = ts[i]
            else:
                if way == 0:
                    break
                moment = seen
            if since <= moment < until:
                ways[waiting] = way
                reached[waiting] = i < stop
                worth[waiting] = value[i] if i < stop else 0
                waiting += 1
                if waiting == _BATCH:
                    table, used = _settle(ways, reached, worth, waiting, table, used)
                    waiting = 0
            way = np.uint64(0)
            last = np.int64(-1)
    return _settle(ways, reached, worth, waiting, table, used)


@compiled
def add_paths(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    node: Masks,
    value: Indices,
    leads_to: bool,
    length: int,
    bits: int,
    window: int,
    collapse: bool,
    since: int,
    until: int,
    table: Indices,
    used: int,
) -> Table:
    """Add every person's ways to the table; a key holds code + 1 of each place in `bits` bits, first place lowest."""
    words = table.shape[1] - KEY
    room = length + 64
    places = np.empty(room, np.int64)
    times = np.empty(room, np.int64)
    key = np.zeros(words, np.uint64)
    step = np.uint64(bits)
    for person in range(len(start)):
        stop = end[person]
        count = 0
        last = np.int64(-1)
        turned = False
        turn = np.int64(0)
        worth = np.int64(0)
        for i in range(start[person], stop + 1):
            over = i == stop
            mask = np.uint32(TURN)
            if not over:
                mask = lut[codes[i]]
                if mask == 0:
                    continue
            if not mask & TURN:
                if not leads_to and (not turned or count == length or ts[i] - turn > window):
                    continue
                code = np.int64(node[i])
                if collapse and code == last:
                    if leads_to:
                        times[count - 1] = ts[i]
                    continue
                last = code
                if count == room:
                    for place in range(length):
                        places[place] = places[room - length + place]
                        times[place] = times[room - length + place]
                    count = length
                places[count] = code
                times[count] = ts[i]
                count += 1
                continue
            if not leads_to:
                moment = turn
                wanted = turned
            elif over:
                moment = times[count - 1] if count else np.int64(0)
                wanted = count > 0
            else:
                moment = ts[i]
                wanted = True
            if wanted and since <= moment < until:
                begin = max(count - length, 0)
                if leads_to and not over:
                    while begin < count and moment - times[begin] > window:
                        begin += 1
                for word in range(words):
                    key[word] = 0
                shift = np.uint64(0)
                word = 0
                for place in range(begin, count):
                    if shift + step > 64:
                        shift = np.uint64(0)
                        word += 1
                    key[word] |= np.uint64(places[place] + 1) << shift
                    shift += step
                if used * 4 >= table.shape[0] * 3:
                    table = _grown(table)
                slot = _slot(table, key)
                if not table[slot, REACHED] | table[slot, UNREACHED]:
                    for word in range(words):
                        table[slot, KEY + word] = np.int64(key[word])
                    used += 1
                if leads_to and over:
                    table[slot, UNREACHED] += 1
                else:
                    table[slot, REACHED] += 1
                    table[slot, VALUE] += value[i] if leads_to else worth
            count = 0
            last = np.int64(-1)
            if not over and not leads_to:
                turned = True
                turn = ts[i]
                worth = value[i]
    return table, used

"""Visits: one pass that divides each person's events and adds up what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Indices, Masks, Moments

OF, VIEW, KEY, ACTION = 1 << 63, 1, 1 << 21, 1 << 42
"""What an event weighs in `lut`: it belongs to visits, is a view, a key event, an action; counts stand side by side."""

_FIELD = np.uint64((1 << 21) - 1)
_WITHIN = np.uint64((1 << 63) - 1)

SESSIONS, ENGAGED, SINGLE, EVENTS, VIEWS, KEYS, DURATION, NEW, TIMED, ON_PAGES = range(10)
"""Columns of `totals`: sessions, engaged ones, those of one action, events, views, key events, microseconds, firsts,
views with a known time on page, microseconds on them."""

PEOPLE, RETURNING = range(2)
"""Columns of `people`: those with a session, those with one that is not their first. Its last row is for all."""

COLUMNS = 10
STAY = 1
"""What an event weighs in `stay`: it shows that a page was still seen."""

LONG = 10_000_000


@compiled
def add_sessions(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    plain: bool,
    campaign: Masks,
    group: Masks,
    midnights: Moments,
    gap: int,
    since: int,
    until: int,
    stay: Masks,
    totals: Indices,
    people: Indices,
    rows: Indices,
) -> int:
    """Add each person's sessions to `totals` (row: code of `group` at the first event); returns their number.

    Silence longer than `gap` divides; with `campaign` (not empty) so does a campaign code other than the session's,
    with `midnights` the passing of one. `plain`: every event belongs to visits and `lut` need not be asked for that.
    With `stay` (not empty, by code) the time on pages is added up too. `rows`, when it has any, takes a line a session:
    person (position), first and last event, session number, events, views, key events, engaged, timed views,
    microseconds on pages.
    """
    written = 0
    by_campaign = len(campaign) > 0
    by_day = len(midnights) > 0
    grouped = len(group) > 0
    wants_rows = rows.shape[0] > 0
    timing = len(stay) > 0
    everybody = people.shape[0] - 1
    # Who was last counted in a row, and as returning: people in several rows count once in each.
    seen = np.full((people.shape[0], 2), -1, np.int64)
    for person in range(len(start)):
        i, stop = start[person], end[person]
        number = 0
        counted = returned = False
        while i < stop:
            weight = lut[codes[i]]
            if not plain and not weight >> np.uint64(63):
                i += 1
                continue
            first = last = i
            begun = before = ts[i]
            weight &= _WITHIN
            if plain and not by_day and not by_campaign:
                i += 1
                while i < stop:
                    moment = ts[i]
                    if moment - before > gap:
                        break
                    weight += lut[codes[i]]
                    before = moment
                    i += 1
                events = i - first
                last = i - 1
            else:
                running = campaign[i] if by_campaign else 0
                day = _next_midnight(midnights, begun) if by_day else 0
                events = 1
                i += 1
                while i < stop:
                    more = lut[codes[i]]
                    if not plain and not more >> np.uint64(63):
                        i += 1
                        continue
                    moment = ts[i]
                    if moment - before > gap or (by_day and moment >= day):
                        break
                    if by_campaign and campaign[i] != 0 and campaign[i] != running:
                        break
                    weight += more & _WITHIN
                    before = moment
                    last = i
                    events += 1
                    i += 1
            views = np.int64(weight & _FIELD)
            keys = np.int64((weight >> np.uint64(21)) & _FIELD)
            actions = np.int64((weight >> np.uint64(42)) & _FIELD)
            number += 1
            if since <= begun < until:
                duration = before - begun
                # Sums instead of branches here: what a session is like cannot be foretold by the processor either.
                engaged = (duration > LONG) | (keys > 0) | (views >= 2)
                row = group[first] if grouped else 0
                totals[row, SESSIONS] += 1
                totals[row, ENGAGED] += engaged
                totals[row, SINGLE] += actions == 1
                totals[row, EVENTS] += events
                totals[row, VIEWS] += views
                totals[row, KEYS] += keys
                totals[row, DURATION] += duration
                totals[row, NEW] += number == 1
                counted = True
                people[row, PEOPLE] += seen[row, PEOPLE] != person
                seen[row, PEOPLE] = person
                if number > 1:
                    returned = True
                    people[row, RETURNING] += seen[row, RETURNING] != person
                    seen[row, RETURNING] = person
                timed, on_pages = np.int64(0), np.int64(0)
                if timing and views > 0:
                    timed, on_pages = _on_pages(first, last, ts, codes, lut, stay, plain, views)
                    totals[row, TIMED] += timed
                    totals[row, ON_PAGES] += on_pages
                if wants_rows:
                    rows[written, 0] = person
                    rows[written, 1] = first
                    rows[written, 2] = last
                    rows[written, 3] = number
                    rows[written, 4] = events
                    rows[written, 5] = views
                    rows[written, 6] = keys
                    rows[written, 7] = engaged
                    rows[written, 8] = timed
                    rows[written, 9] = on_pages
                written += 1
        people[everybody, PEOPLE] += counted
        people[everybody, RETURNING] += returned
    return written


@compiled
def _on_pages(
    first: int, last: int, ts: Moments, codes: Masks, lut: Masks, stay: Masks, plain: bool, views: np.int64
) -> tuple[np.int64, np.int64]:
    """How many views of a session have a known time, and the time: gaps between views add up to one."""
    view = np.uint64(VIEW)
    begin = first
    while not (lut[codes[begin]] & view and (plain or lut[codes[begin]] >> np.uint64(63))):
        begin += 1
    final = last
    end = -1
    while not (lut[codes[final]] & view and (plain or lut[codes[final]] >> np.uint64(63))):
        if end < 0 and stay[codes[final]] & STAY and (plain or lut[codes[final]] >> np.uint64(63)):
            end = final
        final -= 1
    if end < 0:
        return views - 1, ts[final] - ts[begin]
    return views, ts[end] - ts[begin]


@compiled
def _next_midnight(midnights: Moments, moment: int) -> np.int64:
    """The first midnight after `moment`; a moment beyond all when there is none."""
    place = np.searchsorted(midnights, moment, side="right")
    return np.int64(midnights[place]) if place < len(midnights) else np.int64(1 << 62)

"""Distinct events for distinct steps among events of one moment: a small bipartite matching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks


@compiled
def augment(step: int, masks: Masks, size: int, holder: Indices, seen: Flags) -> bool:
    """Find an event for `step`, moving steps that hold one if need be (Kuhn's search, without recursion).

    `holder[e]` is the step that holds event e, or -1; `seen` marks events not to be tried again.
    """
    # Depth is at most the number of steps, so a short stack of (step, next event to try) is enough.
    stack_step = np.empty(64, np.int64)
    stack_event = np.empty(64, np.int64)
    depth = 0
    stack_step[0] = step
    stack_event[0] = 0
    while depth >= 0:
        current = stack_step[depth]
        event = stack_event[depth]
        moved = False
        while event < size:
            if masks[event] >> current & 1 and not seen[event]:
                seen[event] = 1
                stack_event[depth] = event
                if holder[event] < 0:
                    # Every step on the stack takes the event it stopped at.
                    for level in range(depth, -1, -1):
                        holder[stack_event[level]] = stack_step[level]
                    return True
                depth += 1
                stack_step[depth] = holder[event]
                stack_event[depth] = 0
                moved = True
                break
            event += 1
        if not moved:
            depth -= 1
            if depth >= 0:
                stack_event[depth] += 1
    return False


@compiled
def assign_steps(
    codes: Masks, lut: Masks, first: int, stop: int, without: int, origin: int, target: int, picked: Indices
) -> bool:
    """Whether each step after `origin` up to `target` can have an event of its own among positions `first` to `stop`.

    Position `without` is left out. If so, `picked[step]` (steps from 0) is the earliest event with which the rest fits.
    """
    wanted = target - origin
    # Of the events that match the same step no more than there are steps can be needed.
    size = 0
    events = np.empty(wanted * wanted + 1, np.int64)
    masks = np.empty(wanted * wanted + 1, np.uint32)
    have = np.zeros(target + 1, np.int64)
    for i in range(first, stop):
        mask = lut[codes[i]]
        if i == without or mask == 0:
            continue
        needed = False
        for step in range(origin, target):
            if mask >> step & 1:
                if have[step] < wanted:
                    needed = True
                have[step] += 1
        if needed:
            events[size] = i
            masks[size] = mask
            size += 1
    for step in range(origin, target):
        if have[step] == 0:
            return False
    holder = np.full(size, -1, np.int64)
    for step in range(origin, target):
        if not augment(step, masks, size, holder, np.zeros(size, np.uint8)):
            return False
    fixed = np.zeros(size, np.uint8)
    for step in range(origin, target):
        for event in range(size):
            if fixed[event] or not masks[event] >> step & 1:
                continue
            fixed[event] = 1
            fits = True
            trial = np.full(size, -1, np.int64)
            for other in range(step + 1, target):
                if not augment(other, masks, size, trial, fixed.copy()):
                    fits = False
                    break
            if fits:
                picked[step] = events[event]
                break
            fixed[event] = 0
    return True

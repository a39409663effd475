"""Stages of a journey in one pass a person: how far, when, back from where, left or not.

The rules are told in `leadline.timeline.reference.stages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.timeline.kernel.jit import compiled

if TYPE_CHECKING:
    from leadline.timeline.arrays import Flags, Indices, Masks, Moments


@compiled
def follow_stages(
    start: Indices,
    end: Indices,
    ts: Moments,
    codes: Masks,
    lut: Masks,
    stages: int,
    window: int,
    since: int,
    until: int,
    now: int,
    level: Flags,
    exited: Flags,
    is_open: Flags,
    back: Masks,
    moments: Indices,
) -> None:
    """Fill, a row a person: `level` (furthest stage, 0 for who did not enter), `exited`, `is_open`, `back` (bit k - 1:
    went back from stage k) and `moments` (of each stage entered in its turn; others are left as they are).

    `lut[codes[i]]` has bit k - 1 where event i enters stage k, and bit `stages` where it is an exit.
    """
    entries = (1 << stages) - 1
    for person in range(len(start)):
        furthest = standing = 0
        gone = False
        begun = since
        steps_back = 0
        i, stop = start[person], end[person]
        while i < stop:
            moment = ts[i]
            mask = 0
            # Events of one moment are taken together, in the order of the stages.
            while i < stop and ts[i] == moment:
                mask |= int(lut[codes[i]])
                i += 1
            if furthest == 0:
                if mask & entries == 0:
                    continue
                if not since <= moment < until:
                    break
                begun = moment
            elif mask == 0:
                continue
            elif moment - begun > window:
                break
            for stage in range(1, stages + 1):
                if not mask >> (stage - 1) & 1:
                    continue
                if stage > furthest:
                    furthest = stage
                    moments[person, stage - 1] = moment
                elif stage < standing or (gone and stage == standing):
                    steps_back |= 1 << (standing - 1)
                standing = stage
                gone = False
            if mask >> stages & 1:
                gone = True
        level[person] = furthest
        exited[person] = gone
        back[person] = steps_back
        is_open[person] = 0 < furthest < stages and not gone and begun + window > now

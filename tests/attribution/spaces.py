"""Journeys as the facts of a workspace, and the paths that it reads from them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attribution.cases import Journeys
from kit import give, make_workspace
from leadline.attribution.conversion import find_conversion
from leadline.attribution.read import Reading
from leadline.workspace import Workspace

START = dt.datetime(2026, 1, 1)
Rows = dict[str, list[dict[str, Any]]]


def rows_of(given: Journeys) -> Rows:
    """Touches and won deals; keys are their ids."""
    return {
        "touch": [
            {"_key": each.id, "person_id": each.entity, "touched_at": moment(each.at), "channel": each.channel,
             "campaign": each.campaign}
            for each in given.touches
        ],
        "deal": [
            {"_key": each.id, "deal_id": each.id, "person_id": each.entity, "created_at": moment(each.at),
             "won_at": moment(each.at), "status": "won", "amount": each.value, "currency": "EUR"}
            for each in given.conversions
        ],
    }  # fmt: skip


def given_space(folder: Path, given: Journeys) -> Workspace:
    space = make_workspace(folder, today="2026-07-01")
    give(space, rows_of(given))
    return space


def shuffled(rows: Mapping[str, Sequence[dict[str, Any]]], seed: int) -> Rows:
    """The same rows in another order, some of them twice."""
    dice = random.Random(seed)
    found = {name: list(listed) for name, listed in rows.items()}
    for listed in found.values():
        dice.shuffle(listed)
    return found


def moment(micros: int) -> str:
    return (START + dt.timedelta(microseconds=micros)).isoformat(sep=" ")


def paths_in(
    space: Workspace, *, lookback: float = 90, period: str | None = None, level: Any = "person", by: str = "channel"
) -> Reading:
    """What is read of won deals before any model sees it."""
    asked = space.ask((), period=period, lookback=lookback)
    return space._reading(find_conversion("deal", space.metrics, space.facts, ()), by, asked, level)[0]

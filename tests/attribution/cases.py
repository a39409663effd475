"""Random journeys as rows, as relations of a database, and as paths."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from leadline.attribution.path import LEAD, OPPORTUNITY, Paths, paths_of
from leadline.engines.duckdb import connect

DAY = 86_400_000_000
CHANNELS = ("Direct", "Email", "Paid Search", "Paid Social", "Referral")
LOOKBACK = 30


class Touch(Struct, frozen=True):
    entity: str
    at: int
    id: str
    channel: str
    campaign: str


class Converted(Struct, frozen=True):
    entity: str
    at: int
    value: float
    id: str
    lead_at: int | None
    opportunity_at: int | None


class Journeys(Struct, frozen=True):
    touches: list[Touch]
    conversions: list[Converted]


def journeys(seed: int, people: int = 60) -> Journeys:
    """Journeys of some people over 90 days, with ties in time, several conversions, none, and none touched."""
    dice = random.Random(seed)
    touches, conversions = [], []
    for person in range(people):
        moments = sorted(
            dice.choice([dice.randrange(90 * DAY), dice.randrange(90) * DAY]) for _ in range(dice.randrange(9))
        )
        if moments and dice.random() < 0.3:
            moments.append(moments[-1])
        for number, at in enumerate(moments):
            touches.append(
                Touch(f"p{person}", at, f"t{person}-{number}", dice.choice(CHANNELS), f"c{dice.randrange(3)}")
            )
        for number in range(dice.choice([0, 1, 1, 2])):
            at = dice.choice(moments) if moments and dice.random() < 0.3 else dice.randrange(90) * DAY
            lead_at = dice.choice([None, *moments])
            opportunity_at = dice.choice([None, at, *moments])
            conversions.append(
                Converted(
                    f"p{person}", at, float(dice.randrange(1, 50)), f"o{person}-{number}", lead_at, opportunity_at
                )
            )
    return Journeys(touches, conversions)


def database(given: Journeys) -> Any:
    """The two relations, in memory."""
    con = connect()
    con.execute(
        'CREATE TABLE touch (entity VARCHAR, "at" TIMESTAMP, id VARCHAR, channel VARCHAR, campaign VARCHAR);'
        'CREATE TABLE conversion (entity VARCHAR, "at" TIMESTAMP, value DOUBLE, id VARCHAR, lead_at TIMESTAMP, '
        "opportunity_at TIMESTAMP)"
    )
    _fill(con, "touch", "unnest(?), make_timestamp(unnest(?)), unnest(?), unnest(?), unnest(?)", given.touches)
    moments = "unnest(?), make_timestamp(unnest(?::BIGINT[])), unnest(?), unnest(?)"
    _fill(con, "conversion", moments + ", make_timestamp(unnest(?::BIGINT[]))" * 2, given.conversions)
    return con


def _fill(con: Any, table: str, values: str, rows: Sequence[Struct]) -> None:
    """Insert rows as columns: row by row takes a test most of its time."""
    if rows:
        con.execute(
            f"INSERT INTO {table} SELECT {values}", [list(column) for column in zip(*map(astuple, rows), strict=True)]
        )


def path_of(given: Journeys, converted: Converted, lookback: float | None = LOOKBACK) -> list[Touch]:
    """The touches before a conversion, by the plainest reading of the rule."""
    oldest = -1 if lookback is None else converted.at - round(lookback * DAY)
    found = [each for each in given.touches if each.entity == converted.entity and oldest <= each.at <= converted.at]
    return sorted(found, key=lambda each: (each.at, each.id))


def as_paths(given: Journeys, lookback: float | None = LOOKBACK) -> Paths:
    """The paths of the conversions, in their order."""
    touched = [path_of(given, each, lookback) for each in given.conversions]
    return paths_of(
        [[touch.channel for touch in path] for path in touched],
        [1.0] * len(touched),
        values=[each.value for each in given.conversions],
        ages=[[each.at - touch.at for touch in path] for each, path in zip(given.conversions, touched, strict=True)],
        marks=[marks_of(path, each) for each, path in zip(given.conversions, touched, strict=True)],
        channels=CHANNELS,
    )


def marks_of(path: list[Touch], converted: Converted) -> list[int]:
    marks = [0] * len(path)
    for bit, moment in ((LEAD, converted.lead_at), (OPPORTUNITY, converted.opportunity_at)):
        before = [number for number, touch in enumerate(path) if moment is not None and touch.at <= moment]
        if before:
            marks[before[-1]] |= bit
    return marks

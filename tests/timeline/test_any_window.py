"""Whatever the window: before the data, after it or within it, wide or narrow, kernels say what references say."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from kit.sequences import (
    FUNNELS,
    LIFECYCLES,
    PATHS,
    RETENTION,
    SESSIONS,
    journeys_by_kernel,
    journeys_by_reference,
    lifecycle_by_reference,
    retention_by_reference,
    sessions_by_reference,
    ways_by_reference,
    without_start,
)
from kit.streams import SECOND, Streams, dice_streams, make_timeline
from leadline.timeline import Timeline
from leadline.timeline.lifecycle import ask_lifecycle
from timeline import test_lifecycle, test_paths, test_sessions
from timeline.test_retention import by_kernel as by_retention

FIRST, LAST = -30, 90
"""Seconds; the events lie from 0 to 60."""


@pytest.fixture(params=[1, 2, 3])
def dice(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


@pytest.fixture
def streams(dice: random.Random) -> Streams:
    return dice_streams(dice.randrange(10**6), 150)


@pytest.fixture
def timeline(tmp_path: Path, streams: Streams) -> Timeline:
    return make_timeline(tmp_path / "t", streams)


def bounds(dice: random.Random) -> tuple[int, ...]:
    """Periods of one length, or of any."""
    if dice.random() < 0.5:
        first, step = dice.randrange(FIRST, 70), dice.choice([1, 3, 7, 10, 25])
        return tuple((first + number * step) * SECOND for number in range(dice.randrange(3, 10)))
    return tuple(sorted(second * SECOND for second in dice.sample(range(FIRST, LAST), dice.randrange(3, 9))))


def window(dice: random.Random) -> dict[str, int]:
    first, last = sorted(dice.sample(range(FIRST, LAST), 2))
    return {"since": first * SECOND, "until": last * SECOND}


def test_retention(dice: random.Random, streams: Streams, timeline: Timeline) -> None:
    for name, question in RETENTION.items():
        for asked in (replace(question, periods=bounds(dice)) for _ in range(3)):
            expected = retention_by_reference(streams, asked)
            assert by_retention(timeline, asked) == Counter({key: n for key, n in expected.items() if n}), name


def test_lifecycles(dice: random.Random, streams: Streams, timeline: Timeline) -> None:
    for name, question in LIFECYCLES.items():
        for asked in (replace(question, periods=bounds(dice)) for _ in range(3)):
            found = ask_lifecycle(timeline.view, timeline.dictionaries, asked)
            assert test_lifecycle.by_kernel(found) == lifecycle_by_reference(streams, asked), name


def test_ways(dice: random.Random, streams: Streams, timeline: Timeline) -> None:
    for name, question in PATHS.items():
        for asked in (replace(question, **window(dice)) for _ in range(3)):
            assert test_paths.by_kernel(timeline, asked) == ways_by_reference(streams, asked), name


def test_funnels(dice: random.Random, streams: Streams, timeline: Timeline) -> None:
    for name, question in FUNNELS.items():
        for asked in (replace(question, **window(dice)) for _ in range(3)):
            expected = without_start(journeys_by_reference(streams, asked))
            assert journeys_by_kernel(timeline, asked) == expected, name


def test_visits(dice: random.Random, streams: Streams, timeline: Timeline) -> None:
    for name, question in SESSIONS.items():
        for asked in (replace(question, **window(dice)) for _ in range(3)):
            assert test_sessions.by_kernel(timeline, asked) == {
                key: (s.group, s.begun, s.ended, s.events, s.views, s.keys, s.engaged, s.timed, s.on_pages)
                for key, s in sessions_by_reference(streams, asked).items()
            }, name

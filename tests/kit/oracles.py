"""Cases of others with expected answers, as questions of ours. Tests that ask for them skip where they are absent.

What holds which cases: funnels and sessions are asked of reference, kernel and every SQL form
(tests/timeline, tests/engines/test_sequences.py); channels of the Python rules and of their SQL on every engine; the
identity cases of the rules, of the warehouse's tables and of the events built from them (tests/journey); the worked
examples of attribution of paths counted by reference, kernel and SQL, then of Markov and Shapley (tests/attribution and
tests/timeline), which work on counted paths and have no SQL form. The cases of event time and of delivery (`time`,
`dedup`) speak of an event endpoint and of days of a zone, which have no reference, kernel or SQL form; that repeated
and late delivery change nothing, tests/journey/test_follow.py holds for files.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from kit.data import oracle
from kit.streams import SECOND, Streams
from leadline.timeline import Exclusion, match
from leadline.timeline.question import FunnelQuestion, SessionQuestion, micros
from leadline.timeline.reference.event import Event

DAY = 86_400 * SECOND


def funnel_cases() -> tuple[Streams, list[tuple[str, FunnelQuestion, int]]]:
    """A person a case, and what is asked of each: the question and the level expected.

    Where tools differ ours is ClickHouse's strict_once and PostHog's strict and exclusions (JOURNEY_RULES 5).
    """
    cases: list[dict[str, Any]] = oracle("funnel_cases")["cases"]
    assert len(cases) >= 18
    streams = {
        case["case"]: [Event(int(second) * SECOND, place, name) for place, (second, name) in enumerate(case["events"])]
        for case in cases
    }
    asked: list[tuple[str, FunnelQuestion, int]] = []
    for case in cases:
        # The oracle counts the steps of an exclusion from 0.
        exclusions = tuple(
            Exclusion(match(name), low + 1, high + 1) for name, (low, high) in case["exclusions"].items()
        )
        steps = tuple(match(name) for name in case["steps"])
        window = case["window_s"] * SECOND
        levels = case["levels"]
        plain = levels["posthog_ordered" if exclusions else "ch_strict_once"]
        asked += [
            (case["case"], FunnelQuestion(steps, window, "ordered", exclusions=exclusions), plain),
            (case["case"], FunnelQuestion(steps, window, "strict", exclusions=exclusions), levels["posthog_strict"]),
        ]
    return streams, asked


def session_cases() -> tuple[Streams, list[tuple[SessionQuestion, dict[str, int]]]]:
    """A person a case, and how many sessions each has by each rule."""
    cases: list[dict[str, Any]] = oracle("session_cases")
    assert len(cases) >= 9
    streams = {
        case["case"]: [
            Event(micros(dt.datetime.fromisoformat(at)), place, "page_view", {"campaign": campaign})
            for place, (at, campaign) in enumerate(case["events"])
        ]
        for case in cases
    }
    first = micros(dt.datetime(2024, 5, 1))
    midnights = (first, first + DAY, first + 2 * DAY)
    return streams, [
        (SessionQuestion(rule, midnights=midnights), {case["case"]: case["sessions"][rule] for case in cases})
        for rule in ("ga4", "ua", "matomo")
    ]


def channel_cases() -> list[tuple[str, str, str, str]]:
    """Source, medium, campaign, and the channel by GA4's rules."""
    return [
        (case["source"] or "", case["medium"] or "", case["campaign"] or "", case["expected"])
        for case in oracle("channel_cases")
    ]


def identity_cases() -> list[dict[str, Any]]:
    """Sightings and commands, and the persons they make."""
    found: list[dict[str, Any]] = oracle("identity_time_dedup_cases")["identity"]
    return found


def counted_paths() -> dict[str, tuple[dict[tuple[str, ...], tuple[int, int]], dict[str, Any]]]:
    """The worked examples of attribution that give paths: conversions and failures by path, and the example."""
    found = {}
    for name, example in oracle("attribution_worked_examples").items():
        if "paths" in example and "conversions" in example:
            paths: dict[tuple[str, ...], tuple[int, int]] = {}
            nulls = example.get("nulls") or [1 - count for count in example["conversions"]]
            for path, won, lost in zip(example["paths"], example["conversions"], nulls, strict=True):
                before = paths.get(tuple(path), (0, 0))
                paths[tuple(path)] = (before[0] + won, before[1] + lost)
            found[name] = (paths, example)
    return found

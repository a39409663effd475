"""Funnels of stages: skipped stages inferred, steps back, exits, velocity; by hand and against the reference."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from kit.streams import SECOND, Streams, dice_streams, make_timeline, notes, ordered
from leadline.errors import LeadlineError
from leadline.timeline import Breakdown, Timeline, match
from leadline.timeline.question import FOREVER, StageQuestion
from leadline.timeline.reference.stages import StageJourney, walk_stages
from leadline.timeline.stages import StageResult, ask_stages

A, B, C, D, X = (match(name) for name in "abcdx")


def asked(timeline: Timeline, question: StageQuestion) -> StageResult:
    return ask_stages(timeline.view, timeline.dictionaries, question)


STORIES: list[tuple[str, StageJourney]] = [
    # Stages a, b, c; x is an exit. Seconds of entry; furthest, moments (None: skipped), went back from, left.
    ("a0 b5 c9", StageJourney(3, (0, 5, 9))),
    ("a0 c9", StageJourney(3, (0, None, 9))),
    ("c9", StageJourney(3, (None, None, 9))),
    ("a0 b5 x7", StageJourney(2, (0, 5), exited=True)),
    ("a0 b5 x7 a8", StageJourney(2, (0, 5), frozenset({2}))),
    ("a0 b5 x7 b8", StageJourney(2, (0, 5), frozenset({2}))),
    ("a0 b5 x7 c8", StageJourney(3, (0, 5, 8))),
    ("a0 b5 a6 b7 c8", StageJourney(3, (0, 5, 8), frozenset({2}))),
    ("a0 b5 b6", StageJourney(2, (0, 5))),
    # Entered out of turn: c came first, so b was skipped, and its entry afterwards is a step back.
    ("a0 c5 b7", StageJourney(3, (0, None, 5), frozenset({3}))),
    # At one moment in the order of the stages, whatever the order of arrival; an exit comes last.
    ("x4 c4 a4", StageJourney(3, (4, None, 4), exited=True)),
    # An exit before the journey began is none.
    ("x0 a3", StageJourney(1, (3,))),
    ("a0 b5 a6 c7 b8", StageJourney(3, (0, 5, 7), frozenset({2, 3}))),
]


@pytest.mark.parametrize(("story", "journey"), STORIES)
def test_stories(tmp_path: Path, story: str, journey: StageJourney) -> None:
    """000-04: what a journey is when stages are skipped, repeated, left, and come back to."""
    question = StageQuestion((A, B, C), X)
    moments = tuple(None if moment is None else moment * SECOND for moment in journey.moments)
    found = walk_stages(notes(story), question)
    assert found is not None
    assert (found.furthest, found.moments, found.back, found.exited) == (
        journey.furthest, moments, journey.back, journey.exited,
    )  # fmt: skip
    row = asked(make_timeline(tmp_path / "t", {"p": notes(story)}), question).all
    assert row.reached == tuple(int(journey.furthest >= k) for k in (1, 2, 3))
    assert row.inferred == tuple(int(k <= len(moments) and moments[k - 1] is None) for k in (1, 2, 3))
    assert row.back == tuple(int(k in journey.back) for k in (1, 2, 3))
    assert row.exited == tuple(int(journey.exited and journey.furthest == k) for k in (1, 2, 3))


def test_one_company_by_hand(tmp_path: Path) -> None:
    """Five people, three stages: who is where, and how long it takes; who skipped b lends it no time."""
    streams = {
        "ann": notes("a0 b10 c30"),
        "bob": notes("a0 c8"),
        "cem": notes("a5 b5 x9"),
        "dan": notes("a2 b22 a30"),
        "eva": notes("b40"),
    }
    timeline = make_timeline(tmp_path / "t", streams)
    result = timeline.stages(["a", "b", "c"], exits="x")
    row = result.all
    assert row.reached == (5, 5, 2)
    assert row.inferred == (1, 1, 0)  # eva began at b, bob skipped it
    assert row.exited == (0, 1, 0)
    assert row.back == (0, 1, 0)
    # a to b: ann 10, cem 0, dan 20; b to c: ann 20; a to c: ann 30, bob 8.
    first, second = row.times
    assert first is not None
    assert second is not None
    assert row.total is not None
    assert (first.people, first.median, first.mean) == (3, 10, 10)
    assert (second.people, second.median) == (1, 20)
    assert (row.total.people, row.total.median) == (2, 19)
    assert result.people(2, "inferred") == ["bob"]
    assert result.people(2, "exited") == ["cem"]
    assert sorted(result.people(2, "stopped")) == ["cem", "dan", "eva"]
    assert result.people(2, "back") == ["dan"]


def test_entries_in_the_period_and_window(tmp_path: Path) -> None:
    """The first entry ever decides; what comes after the window does not count; open until it is over."""
    streams = {
        "early": notes("a0 b20"),
        "late": notes("a10 b31"),
        "edge": notes("a10 b30"),
        "out": notes("a20"),
        "new": notes("a19"),
    }
    timeline = make_timeline(tmp_path / "t", streams)
    at = dt.datetime(1970, 1, 1)
    row = timeline.stages(
        ["a", "b"],
        window=dt.timedelta(seconds=20),
        since=at + dt.timedelta(seconds=10),
        until=at + dt.timedelta(seconds=20),
        now=at + dt.timedelta(seconds=35),
    ).all
    assert (row.reached, row.waiting) == ((3, 1), (1, 0))


def test_everyone_of_a_stage_goes_on_leaves_or_is_there(tmp_path: Path) -> None:
    streams = dice_streams(4, 500)
    row = asked(make_timeline(tmp_path / "t", streams), StageQuestion((A, B, C), X, now=0)).all
    for k in (0, 1):
        assert row.reached[k] == row.reached[k + 1] + row.exited[k] + row.waiting[k]
    assert row.exited[0]
    assert row.back[1]
    assert row.inferred[1]


@pytest.mark.parametrize(
    "question",
    [
        StageQuestion((A, B, C, D), X),
        StageQuestion((A, B, C), window=15 * SECOND, now=40 * SECOND),
        StageQuestion((B, A, D), X, since=5 * SECOND, until=30 * SECOND, now=45 * SECOND, by=Breakdown("channel")),
        StageQuestion(
            (match("a", channel="paid"), C), match("x", "d"), FOREVER, by=Breakdown("campaign", "last touch")
        ),
    ],
)
def test_reference_and_kernel_agree(tmp_path: Path, question: StageQuestion) -> None:
    streams: Streams = dice_streams(9, 400)
    result = asked(make_timeline(tmp_path / "t", streams), question)
    journeys = [found for events in ordered(streams).values() if (found := walk_stages(events, question)) is not None]
    for row in [result.all, *result.rows]:
        own = [one for one in journeys if row is result.all or one.group == row.group]
        for k in range(1, len(question.stages) + 1):
            assert row.reached[k - 1] == sum(one.furthest >= k for one in own)
            assert row.inferred[k - 1] == sum(one.furthest >= k and one.moments[k - 1] is None for one in own)
            assert row.back[k - 1] == sum(k in one.back for one in own)
            assert row.exited[k - 1] == sum(one.furthest == k and one.exited for one in own)
            assert row.waiting[k - 1] == sum(one.furthest == k and one.open for one in own)
        for k, took in enumerate(row.times):
            spans = [
                (then - begun) / SECOND
                for one in own
                if one.furthest > k + 1
                for begun, then in [one.moments[k : k + 2]]
                if begun is not None and then is not None
            ]
            assert (took.mean if took else None) == (pytest.approx(sum(spans) / len(spans)) if spans else None)


def test_questions_without_an_answer() -> None:
    for question, code in (
        (StageQuestion((A,)), "journey-stages"),
        (StageQuestion((A, B), window=0), "funnel-window"),
        (StageQuestion((A, B), since=5, until=5), "empty-period"),
        (StageQuestion((A, B), by=Breakdown("channel", "step", 1)), "funnel-breakdown"),
    ):
        with pytest.raises(LeadlineError) as caught:
            question.checked()
        assert caught.value.code == code

"""Funnels broken down by every event, and who is still waiting at which step."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.streams import SECOND, dice_streams, make_timeline, notes, ordered
from leadline.timeline import Breakdown, Exclusion, Match, match
from leadline.timeline.funnel import ask_funnel
from leadline.timeline.question import FOREVER, FunnelQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.funnel import follow_person, follow_values

A, B, C, X = (match(name) for name in "abcx")
EVERY = Breakdown("channel", "every event")

QUESTIONS = {
    "ordered": FunnelQuestion((A, B, C), 20 * SECOND, by=EVERY),
    "repeated": FunnelQuestion((A, A), FOREVER, by=EVERY, now=50 * SECOND),
    "period": FunnelQuestion((A, B), 30 * SECOND, by=EVERY, since=10 * SECOND, until=40 * SECOND, now=45 * SECOND),
    "exclusion": FunnelQuestion((A, B), 40 * SECOND, by=EVERY, exclusions=(Exclusion(X, 1, 2),)),
    "strict": FunnelQuestion((A, B), 40 * SECOND, "strict", by=EVERY),
    "any": FunnelQuestion((A, Match(("b", "c"))), 40 * SECOND, "any", by=EVERY),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_reference_and_kernel_agree(tmp_path: Path, name: str) -> None:
    asked = QUESTIONS[name]
    streams = dice_streams(11, 300)
    timeline = make_timeline(tmp_path / "t", streams)
    journeys = [follow_values(events, asked) for events in ordered(streams).values()]
    result = ask_funnel(timeline.view, timeline.dictionaries, asked)
    values = {value for journey in journeys for value in journey if journey[value].level}
    assert {row.group for row in result.rows} >= {v for v in values if any(j[v].level > 0 for j in journeys if v in j)}
    for row in result.rows:
        own = [journey[row.group] for journey in journeys if row.group in journey]
        steps = range(1, len(asked.steps) + 1)
        assert row.reached == tuple(sum(one.level >= k for one in own) for k in steps)
        assert row.waiting == tuple(sum(one.level == k and one.open for one in own) for k in steps)
        assert row.excluded == sum(one.level == -1 for one in own)
        spans = [one.moments[1] - one.moments[0] for one in own if one.level > 1]
        first = row.times[0]
        assert (first.mean if first else None) == (pytest.approx(sum(spans) / len(spans) / 1e6) if spans else None)
    whole = [follow_person(events, asked) for events in ordered(streams).values()]
    assert result.all.reached[0] == sum(one.level >= 1 for one in whole)


def test_one_person_is_in_several_rows(tmp_path: Path) -> None:
    """JOURNEY_RULES 5: totals then exceed people. Ann comes by mail and by an ad, and buys by mail; bob by ad only."""
    day = 86_400 * SECOND

    def seen(at: int, name: str, channel: str | None) -> Event:
        return Event(at * day, at, name, {"channel": channel})

    streams = {
        "ann": [seen(0, "a", "mail"), seen(1, "a", "paid"), seen(2, "b", "mail")],
        "bob": [seen(0, "a", "paid"), seen(1, "b", None)],
    }
    timeline = make_timeline(tmp_path / "t", streams)
    result = ask_funnel(timeline.view, timeline.dictionaries, FunnelQuestion((A, B), 9 * day, by=EVERY))
    assert {row.group: row.reached for row in result.rows} == {"mail": (1, 1), "paid": (2, 0)}
    assert result.all.reached == (2, 2)
    assert sum(row.reached[0] for row in result.rows) == 3
    assert sorted(result.people(1, group="paid", grouped=True, stopped=True)) == ["ann", "bob"]
    assert sorted(result.people(2)) == ["ann", "bob"]


def test_after_an_append(tmp_path: Path) -> None:
    """Persons with new events leave holes in the base; the events of others must not be taken for theirs."""
    streams = dice_streams(5, 200)
    timeline = make_timeline(tmp_path / "t", streams)
    extra = dice_streams(6, 20)
    from kit.streams import fill
    from leadline.engines.duckdb import connect

    with connect() as con:
        timeline.append(con, fill(con, extra, "extra"))
    joined = {p: [*streams[p], *extra.get(p, [])] for p in streams}
    asked = QUESTIONS["ordered"]
    journeys = [follow_values(events, asked) for events in ordered(joined).values()]
    result = ask_funnel(timeline.view, timeline.dictionaries, asked)
    for row in result.rows:
        own = [journey[row.group] for journey in journeys if row.group in journey]
        assert row.reached == tuple(sum(one.level >= k for one in own) for k in (1, 2, 3))


def test_who_waits_stands_at_a_step(tmp_path: Path) -> None:
    """A window of 10 s, known until second 20: p got to b and may still go on until 21, q may not since 18."""
    timeline = make_timeline(
        tmp_path / "t", {"p": notes("a11 b12"), "q": notes("a8"), "r": notes("a15"), "s": notes("c1")}
    )
    asked = FunnelQuestion((A, B, C), 10 * SECOND, now=20 * SECOND)
    found = ask_funnel(timeline.view, timeline.dictionaries, asked).all
    assert (found.reached, found.waiting, found.open) == ((3, 1, 0), (1, 1, 0), 2)

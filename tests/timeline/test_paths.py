"""Paths to and from an event, and touches before conversions: reference, kernel and SQL give the same."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import pytest

from kit.oracles import counted_paths
from kit.sequences import ALL, NODES, PATHS, TOUCHES, Ways, ways_by_reference, ways_of_rows
from kit.streams import SECOND, dice_streams, make_timeline, notes, ordered, relation
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Match, Timeline, match
from leadline.timeline.paths import ask_paths
from leadline.timeline.question import PathQuestion
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.touches import share_credit, touches_of_person
from leadline.timeline.relational.paths import paths_sql
from leadline.timeline.relational.touches import touches_sql
from leadline.timeline.touches import MODELS, ask_credit, list_touches


def by_kernel(timeline: Timeline, asked: PathQuestion) -> Ways:
    result = ask_paths(timeline.view, timeline.dictionaries, asked)
    assert result.distinct == len(result.paths)
    assert result.reached == sum(path.reached for path in result.paths)
    return {path.way: (path.reached, path.unreached, round(path.value * SECOND)) for path in result.paths}


@pytest.mark.parametrize("seed", [1, 2])
def test_reference_kernel_and_sql_agree(tmp_path: Path, seed: int) -> None:
    streams = dice_streams(seed, 600, most=20)
    timeline = make_timeline(tmp_path / "t", streams)
    with connect() as con:
        table = relation(con, streams)
        for name, asked in PATHS.items():
            expected = ways_by_reference(streams, asked)
            assert len(expected) > 8
            assert by_kernel(timeline, asked) == expected, name
            assert ways_of_rows(con.execute(paths_sql(asked, table)).fetchall()) == expected, name


def test_ways_longer_than_the_buffer_and_the_table(tmp_path: Path) -> None:
    """More places than are kept, more ways than the table begins with, more than one machine word a way."""
    names = [f"page{number}" for number in range(300)]
    streams = {
        f"p{person}": [
            *(Event(i * SECOND, i, "view", {"channel": names[(person * 7 + i * i) % 300]}) for i in range(150)),
            Event(200 * SECOND, 999, "buy"),
        ]
        for person in range(40)
    }
    timeline = make_timeline(tmp_path / "t", streams)
    for length in (1, 7, 8, 32):
        asked = PathQuestion(match("view"), "channel", to=match("buy"), length=length, top=ALL)
        assert by_kernel(timeline, asked) == ways_by_reference(streams, asked)


def test_paths_of_the_worked_examples(tmp_path: Path) -> None:
    """The published examples of attribution as people: each path counted as often as they say, by all three forms.

    From such counts Markov chains and Shapley values follow (tests/attribution holds them to the published results);
    they have no reference, kernel or SQL of their own.
    """
    for name, (paths, _) in counted_paths().items():
        streams: dict[str, list[Event]] = {}
        for path, (won, lost) in paths.items():
            for number in range(won + lost):
                touches = [Event(i * SECOND, i, "touch", {"channel": channel}) for i, channel in enumerate(path)]
                sold = [Event(len(path) * SECOND, 99, "sale", {}, SECOND)] if number < won else []
                streams[f"{path} {number}"] = touches + sold
        asked = PathQuestion(match("touch"), "channel", to=match("sale"), collapse=False, top=ALL)
        expected = {path: (won, lost, won * SECOND) for path, (won, lost) in paths.items() if won or lost}
        assert ways_by_reference(streams, asked) == expected, name
        assert by_kernel(make_timeline(tmp_path / name, streams), asked) == expected, name
        with connect() as con:
            rows = con.execute(paths_sql(asked, relation(con, streams))).fetchall()
        assert ways_of_rows(rows) == expected, name


def test_only_the_commonest_are_listed(tmp_path: Path) -> None:
    streams = {"p": notes("a0 c1 a2 c3 b4 c5 d6")}
    found = make_timeline(tmp_path / "t", streams).paths(to="c", nodes=NODES, top=1)
    assert [(path.way, path.reached) for path in found.paths] == [(("a",), 2)]
    assert (found.distinct, found.reached, found.unreached) == (3, 3, 1)


def test_a_path_needs_one_end() -> None:
    with pytest.raises(LeadlineError, match="either"):
        PathQuestion().checked()


@pytest.mark.parametrize("name", TOUCHES)
def test_touches_agree(tmp_path: Path, name: str) -> None:
    asked, streams = TOUCHES[name], dice_streams(8, 500)
    expected = sorted(
        (person, conversion.at, conversion.value, touch.at, str(touch.get("channel")))
        for person, events in ordered(streams).items()
        for conversion, touches in touches_of_person(events, asked)
        for touch in touches
    )
    conversions = sum(len(touches_of_person(events, asked)) for events in ordered(streams).values())
    timeline = make_timeline(tmp_path / "t", streams)
    table = list_touches(timeline.view, timeline.dictionaries, asked, ["channel"])
    assert (len(table.moment), int(table.offset[-1])) == (conversions, len(expected))
    people = timeline.persons(table.person.tolist())
    found = sorted(
        (people[c], int(table.moment[c]), int(table.value[c]), int(table.touched[t]), str(table.names["channel"][code]))
        for c in range(conversions)
        for t in range(table.offset[c], table.offset[c + 1])
        for code in [table.codes["channel"][t]]
    )
    assert found == expected
    with connect() as con:
        rows = con.execute(touches_sql(asked, relation(con, streams), ["channel"])).fetchall()
    assert len({(row[0], row[1], row[2]) for row in rows}) == conversions
    sql = sorted((row[0], row[1], row[3], row[4], str(row[6])) for row in rows if row[4] is not None)
    assert sql == expected


def test_credit_agrees_and_adds_up(tmp_path: Path) -> None:
    asked, streams = TOUCHES["some"], dice_streams(9, 500, most=20)
    half_life, outer = 3 * SECOND, 0.4
    expected: dict[str | None, dict[str, list[float]]] = defaultdict(lambda: {model: [0.0, 0.0] for model in MODELS})
    lonely = 0
    for events in ordered(streams).values():
        for conversion, touches in touches_of_person(events, asked):
            if not touches:
                lonely += 1
                continue
            shares = share_credit([touch.at for touch in touches], conversion.at, half_life, outer)
            for model, parts in shares.items():
                for touch, share in zip(touches, parts, strict=True):
                    earned = expected[touch.get("channel")][model]
                    earned[0] += share
                    earned[1] += share * conversion.value / 1e6
    timeline = make_timeline(tmp_path / "t", streams)
    found = ask_credit(timeline.view, timeline.dictionaries, asked, "channel", half_life, outer)
    assert {row.group for row in found.rows} == set(expected)
    assert found.unattributed == lonely > 0
    for row in found.rows:
        for model in MODELS:
            assert [row.conversions[model], row.value[model]] == pytest.approx(expected[row.group][model], rel=1e-9)
    for model in MODELS:
        assert sum(row.conversions[model] for row in found.rows) + lonely == pytest.approx(found.conversions)
        assert sum(row.value[model] for row in found.rows) + found.unattributed_value == pytest.approx(found.value)


def test_a_short_half_life_over_years_does_not_overflow(tmp_path: Path) -> None:
    """2 ** (three years in hours) is beyond a float; the shares are not."""
    hour = 3600
    events = [Event(i * 1000 * hour * SECOND, i, "a", {"channel": f"c{i}"}) for i in range(27)]
    last = events[-1].at
    streams = {
        "p": [*events, Event(last - hour * SECOND, 97, "a", {"channel": "near"}), Event(last, 99, "c", {}, SECOND)]
    }
    timeline = make_timeline(tmp_path / "t", streams)
    found = timeline.credit("a", "c", by="channel", lookback=None, half_life=dt.timedelta(hours=1))
    decay = {row.group: row.conversions["time_decay"] for row in found.rows}
    assert decay["c26"] == pytest.approx(2 / 3)
    assert decay["near"] == pytest.approx(1 / 3)
    assert sum(decay.values()) == pytest.approx(1)


def test_events_that_touch_and_convert_are_refused_credit(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {"p": notes("a0 c1")})
    with pytest.raises(LeadlineError, match="touches and as conversions"):
        timeline.credit(Match(("a", "c")), "c", by="channel")

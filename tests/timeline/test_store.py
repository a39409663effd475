"""The files of a timeline: arrival order, double delivery, erasure, crashes, and reading what was added since."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.streams import SECOND, Streams, dice_streams, fill, make_timeline, notes, ordered
from leadline.engines.duckdb import connect
from leadline.errors import LeadlineError
from leadline.timeline import Timeline, encode, manifest, store, view
from leadline.timeline.reference.event import Event

Rows = dict[str, list[tuple[int, str, str | None, int]]]


def rows(timeline: Timeline) -> Rows:
    """Every person's events as the kernels see them."""
    events, channels = timeline.dictionaries.values("event"), timeline.dictionaries.values("channel")
    found: Rows = {}
    for part in timeline.view.parts:
        columns = [part.column(name) for name in ("ts", "event", "channel", "value")]
        there = np.flatnonzero(part.end > part.start)
        for place, person in zip(there, timeline.persons(part.person[there].tolist()), strict=True):
            assert person not in found
            span = slice(int(part.start[place]), int(part.end[place]))
            ts, event, channel, value = (column[span].tolist() for column in columns)
            found[person] = [
                (at, str(events[e]), channels[c], v) for at, e, c, v in zip(ts, event, channel, value, strict=True)
            ]
    return found


def wanted(streams: Streams) -> Rows:
    return {
        person: [(event.at, event.name, event.get("channel"), event.value) for event in events]
        for person, events in ordered(streams).items()
    }


def parts_of(streams: Streams, count: int, seed: int = 0) -> list[dict[str, list[Event]]]:
    """The same events dealt out at random into deliveries."""
    dice = random.Random(seed)
    dealt: list[dict[str, list[Event]]] = [{} for _ in range(count)]
    for person, events in streams.items():
        for event in events:
            dealt[dice.randrange(count)].setdefault(person, []).append(event)
    return dealt


def add(timeline: Timeline, streams: Streams) -> None:
    with connect() as con:
        timeline.append(con, fill(con, streams, "more"))


def unique(streams: Streams) -> dict[str, list[Event]]:
    """Without duplicate ids, so that it does not matter which delivery brings which."""
    return {person: list(events) for person, events in ordered(streams).items()}


def test_every_person_is_in_order(tmp_path: Path) -> None:
    streams = dice_streams(1, 300)
    assert rows(make_timeline(tmp_path / "t", streams)) == wanted(streams)


def test_stretches_and_threads_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = dice_streams(2, 300)
    monkeypatch.setattr(encode, "STRETCH", 50)
    monkeypatch.setattr(view, "CHUNK", 64)
    timeline = make_timeline(tmp_path / "t", streams)
    assert rows(timeline) == wanted(streams)
    assert sum(1 for _ in timeline.view.chunks()) > 10
    small = timeline.funnel(["a", "b"], window=dt.timedelta(seconds=20)).all
    sessions = timeline.sessions(gap=dt.timedelta(seconds=5), by="channel").rows
    paths = timeline.paths(to="c", by="channel", top=1000).paths
    monkeypatch.undo()
    whole = make_timeline(tmp_path / "u", streams)
    assert whole.funnel(["a", "b"], window=dt.timedelta(seconds=20)).all == small
    assert whole.sessions(gap=dt.timedelta(seconds=5), by="channel").rows == sessions
    assert whole.paths(to="c", by="channel", top=1000).paths == paths


def test_a_database_in_memory_that_spilled_can_be_used_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where DuckDB has put what did not fit stays its own until it is closed, and is gone then."""
    monkeypatch.setattr(encode, "MEMORY", "60MB")
    rows = "'u' || hash(i) % 20000 AS person, TIMESTAMP '2026-01-01' + to_seconds(i) AS moment, 'a' AS event, i AS id"
    with connect() as con:
        con.execute("SET threads = 2")  # more would need more to begin with
        timeline, _ = Timeline.build(tmp_path / "t", con, f"SELECT {rows} FROM range(2000000) AS t(i)")
        assert any(path.name == "spill-duckdb" for path in timeline.folder.iterdir()), "nothing was spilled"
        con.execute("SET memory_limit = '60MB'")
        con.execute("CREATE TEMP TABLE more AS SELECT i, hash(i) AS h, hash(i, 1) AS g FROM range(4000000) AS t(i)")
        assert con.execute("SELECT count(*) FROM more").fetchone() == (4000000,)
    assert timeline.view.events == 2000000
    assert not (timeline.folder / "spill-duckdb").exists()


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_arrival_and_double_delivery_change_nothing(tmp_path: Path, seed: int) -> None:
    streams = unique(dice_streams(3, 200))
    whole = make_timeline(tmp_path / "whole", streams)
    first, *others = parts_of(streams, 5, seed)
    grown = make_timeline(tmp_path / "grown", first)
    for part in [*others, others[0], first]:
        add(grown, part)
    assert rows(grown) == rows(whole) == wanted(streams)
    ask: dict[str, Callable[[Timeline], Any]] = {
        "funnel": lambda t: t.funnel(["a", "b", "c"], window=dt.timedelta(seconds=30)).all,
        "sessions": lambda t: t.sessions(gap=dt.timedelta(seconds=5), by="channel").rows,
        "paths": lambda t: t.paths(to="c", by="channel").paths,
        "retention": lambda t: t.retention([dt.datetime(1970, 1, 1, 0, 0, s) for s in (0, 20, 40)]).cohorts,
        "counts": lambda t: t.counts(),
    }
    for name, question in ask.items():
        assert question(grown) == question(whole), name
    credit = [
        {row.group: row.conversions for row in t.credit("a", "c", by="channel", half_life=dt.timedelta(seconds=9)).rows}
        for t in (grown, whole)
    ]
    assert credit[0].keys() == credit[1].keys()
    for group, conversions in credit[0].items():
        assert conversions == pytest.approx(credit[1][group])
    grown.compact()
    assert len(grown.manifest.segments) == 1
    assert rows(grown) == wanted(streams)
    assert rows(Timeline.open(tmp_path / "grown")) == wanted(streams)


def test_many_small_deliveries_are_merged_beside_the_base(tmp_path: Path) -> None:
    streams = unique(dice_streams(4, 400))
    late = dict(list(streams.items())[:12])
    timeline = make_timeline(
        tmp_path / "t", {person: events for person, events in streams.items() if person not in late}
    )
    for person, events in late.items():
        add(timeline, {person: events})
        assert len(timeline.manifest.segments) <= store.MOST_SEGMENTS + 1
    assert len(timeline.manifest.segments) > 1
    assert rows(timeline) == wanted(streams)


def test_new_values_and_persons_get_new_codes(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {"m": notes("b5", channel="mail")})
    late = [Event(0, 7, "c"), Event(9 * SECOND, 8, "c")]
    add(timeline, {"a": notes("a1", channel="ads"), "m": late})
    assert rows(timeline) == {
        "m": [(0, "c", None, 0), (5 * SECOND, "b", "mail", 0), (9 * SECOND, "c", None, 0)],
        "a": [(1 * SECOND, "a", "ads", 0)],
    }


def values(text: str, columns: str) -> str:
    return f"SELECT * FROM (VALUES {text}) AS v({columns})"


def test_events_without_ids_are_never_taken_for_the_same(tmp_path: Path) -> None:
    same = "('p', TIMESTAMP '2026-01-01', 'a')"
    with connect() as con:
        timeline, added = Timeline.build(tmp_path / "t", con, values(f"{same}, {same}", "person, moment, event"))
    assert added == encode.Added(2, 0)
    assert timeline.counts() == {"persons": 1, "events": 2}


def test_text_ids_and_incomplete_rows(tmp_path: Path) -> None:
    text = """('p', TIMESTAMP '2026-01-01', 'a', 'x1'), ('p', TIMESTAMP '2026-01-02', 'a', 'x1'),
        ('p', TIMESTAMP '2026-01-02', 'a', 'x2'), ('q', TIMESTAMP '2026-01-02', 'a', 'x1'),
        (NULL, TIMESTAMP '2026-01-02', 'a', 'x3'), ('p', NULL, 'a', 'x4')"""
    with connect() as con:
        timeline, added = Timeline.build(tmp_path / "t", con, values(text, "person, moment, event, id"))
    assert added == encode.Added(4, 2)
    assert timeline.counts() == {"persons": 2, "events": 3}


def test_a_timeline_without_events_answers_nothing(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", {})
    assert timeline.counts() == {"persons": 0, "events": 0}
    assert timeline.sessions().all.sessions == 0
    add(timeline, {"p": notes("a0 b1")})
    assert timeline.funnel(["a", "b"], window=dt.timedelta(days=1)).all.reached == (1, 1)


def test_erasing_a_person_leaves_nothing_of_them(tmp_path: Path) -> None:
    secret = [Event(3 * SECOND, 1, "a", {"channel": "jane-doe-campaign"}), Event(4 * SECOND, 2, "odd-event", {})]
    others = {"p": notes("a0 b5", channel="mail"), "q": notes("a1", channel="mail")}
    timeline = make_timeline(tmp_path / "t", {**others, "jane@example.org": secret[:1]})
    add(timeline, {"jane@example.org": secret[1:]})
    assert timeline.erase(["jane@example.org", "nobody"]) == 2
    for opened in (timeline, Timeline.open(tmp_path / "t")):
        assert rows(opened) == wanted(others)
        with pytest.raises(LeadlineError, match="odd-event"):
            opened.funnel(["odd-event"], window=dt.timedelta(days=1))
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "t").rglob("*") if path.is_file())
    assert b"jane" not in on_disk
    assert b"odd-event" not in on_disk
    assert timeline.erase(["jane@example.org"]) == 0
    add(timeline, {"jane@example.org": secret})
    assert rows(timeline) == wanted({**others, "jane@example.org": secret})


def test_building_again_replaces_and_leaves_no_files(tmp_path: Path) -> None:
    make_timeline(tmp_path / "t", dice_streams(5, 50))
    (tmp_path / "t" / "notes.txt").write_text("not a part of the timeline")
    timeline = make_timeline(tmp_path / "t", {"p": notes("a0")})
    assert rows(timeline) == wanted({"p": notes("a0")})
    names = {path.name for path in (tmp_path / "t").iterdir()}
    assert names == timeline.manifest.files | {"manifest.json", "notes.txt"}


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from leadline.timeline import manifest, segment, store, encode
from leadline.timeline import Timeline
from kit.streams import fill, notes
from leadline.engines.duckdb import connect
place, job = sys.argv[1], sys.argv[2]
def die(*_, **__):
    os._exit(9)
if place == "before the segment is complete":
    segment.SegmentWriter.finish = die
elif place == "before the manifest":
    store.write_manifest = die
elif place == "before the manifest is renamed":
    Path.replace = die
elif place == "before the old files are gone":
    # What an earlier crash left is swept first, what is replaced at the end.
    sweeps = [store.sweep, die]
    store.sweep = lambda *given: sweeps.pop(0)(*given)
timeline = Timeline.open(Path({folder!r}))
if job == "append":
    with connect() as con:
        timeline.append(con, fill(con, {{"p": notes("a100"), "new": notes("a1")}}, "more"))
elif job == "compact":
    timeline.compact()
else:
    timeline.erase(["p1"])
"""
PLACES = [
    "before the segment is complete",
    "before the manifest",
    "before the manifest is renamed",
    "before the old files are gone",
]


@pytest.mark.slow
@pytest.mark.parametrize("job", ["append", "compact", "erase"])
def test_killed_anywhere_the_last_state_stays(tmp_path: Path, job: str) -> None:
    streams = unique(dice_streams(6, 20))
    folder = tmp_path / "t"
    script = KILLED.format(tests=str(Path(__file__).resolve().parents[1]), folder=str(folder))
    for place in PLACES:
        timeline = make_timeline(folder, {person: events[:-1] for person, events in streams.items()})
        with connect() as con:
            written = {person: events[-1:] for person, events in streams.items()}
            # Kept apart from the base, so that there is something to merge.
            share, store.SHARE = store.SHARE, 0
            timeline.append(con, fill(con, written, "more"))
            store.SHARE = share
        before = rows(Timeline.open(folder))
        done = subprocess.run([sys.executable, "-c", script, place, job], capture_output=True, text=True, check=False)
        assert done.returncode == 9, done.stderr
        after = rows(Timeline.open(folder))
        if place == "before the old files are gone" and job != "compact":
            assert after != before
        else:
            assert after == before
        again = Timeline.open(folder)
        add(again, {"p": notes("a100"), "new": notes("a1")})
        again.erase(["p1"])
        expected = wanted({**{p: e for p, e in streams.items() if p != "p1"}, "p": notes("a100"), "new": notes("a1")})
        assert rows(again) == expected
        assert {path.name for path in folder.iterdir()} == again.manifest.files | {"manifest.json"}


def test_two_writers_do_not_undo_each_other(tmp_path: Path) -> None:
    one = make_timeline(tmp_path / "t", {"p": notes("a0")})
    other = Timeline.open(tmp_path / "t")
    add(one, {"p": [Event(100 * SECOND, 1, "b")]})
    with pytest.raises(LeadlineError, match="changed by somebody else"):
        add(other, {"p": [Event(200 * SECOND, 2, "c")]})
    assert [event for _, event, _, _ in rows(Timeline.open(tmp_path / "t"))["p"]] == ["a", "b"]


def break_manifest(folder: Path) -> None:
    (folder / manifest.NAME).write_text("{")


def break_format(folder: Path) -> None:
    text = json.loads((folder / manifest.NAME).read_text())
    (folder / manifest.NAME).write_text(json.dumps({**text, "format": 99}))


def cut_column(folder: Path) -> None:
    [path] = folder.glob("g*/ts.npy")
    os.truncate(path, 140)


def lose_column(folder: Path) -> None:
    [path] = folder.glob("g*/offset.npy")
    path.unlink()


@pytest.mark.parametrize("harm", [break_manifest, break_format, cut_column, lose_column])
def test_a_damaged_timeline_says_so(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    make_timeline(tmp_path / "t", dice_streams(1, 20))
    harm(tmp_path / "t")
    with pytest.raises(LeadlineError) as caught:
        Timeline.open(tmp_path / "t").sessions()
    assert "build" in caught.value.fix
    assert rows(make_timeline(tmp_path / "t", {"p": notes("a0")})) == wanted({"p": notes("a0")})


def test_other_errors_have_a_cure(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError) as caught:
        Timeline.open(tmp_path / "none")
    assert caught.value.code == "no-timeline"
    with connect() as con:
        for select, text in (("SELECT 1 AS person", "lack the column moment"), ("SELECT nothing", "cannot be read")):
            with pytest.raises(LeadlineError, match=text):
                Timeline.build(tmp_path / "t", con, select)
        with pytest.raises(LeadlineError, match="cannot be called 'id'"):
            Timeline.build(tmp_path / "t", con, "SELECT 1", properties=("id",))
        assert not (tmp_path / "t" / manifest.NAME).exists()
        timeline = make_timeline(tmp_path / "t", {"p": notes("a0")})
        object.__setattr__(timeline, "manifest", manifest.Manifest(**{
            **{name: getattr(timeline.manifest, name) for name in timeline.manifest.__struct_fields__}, "probe": 1,
        }))  # fmt: skip
        with pytest.raises(LeadlineError, match="hashes ids"):
            timeline.append(con, fill(con, {"p": notes("a0")}, "more"))


def test_the_package_imports_without_the_compiler() -> None:
    script = "import sys, leadline.timeline; sys.exit(any(n in sys.modules for n in ('numpy', 'numba', 'duckdb')))"
    subprocess.run([sys.executable, "-c", script], check=True)

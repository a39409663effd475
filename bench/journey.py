"""What sequence questions cost on a timeline, against ClickHouse and against a pass in C, in one run.

    python bench/journey.py [--millions 20] [--rounds 3] [--folder DIR]

Four-step funnel by first channel (7-day window), weekly retention, sessions by entry channel, credit by five rules
(30-day lookback) and channel paths to a purchase, over the events of `journey_events`. ClickHouse runs embedded, on a
MergeTree table in the order of persons, which suits it best, with each question in the fastest of the forms below; the
C pass (`journey.c`) is what a single thread over sorted columns could do at best. All answers are compared first. CPU
seconds of all threads, medians of rounds run turn by turn. Without chdb or a C compiler that column is left out.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime as dt
import json
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from journey_events import folder_size, write_events
from leadline.timeline import Breakdown, Timeline
from measure import call, interleave

DAY = dt.timedelta(days=1)
US = 1_000_000
WEEKS = [dt.datetime(2025, 12, 29) + 7 * DAY * week for week in range(15)]
ORIGIN = 1_766_966_400 * US
WINDOW, GAP, LOOKBACK, HALF_LIFE = 7 * 86_400 * US, 1800 * US, 30 * 86_400 * US, 7 * 86_400 * US
STEPS = ("view_item", "add_to_cart", "begin_checkout", "purchase")
PROPERTIES = ("channel", "campaign", "country")
HERE = Path(__file__).resolve().parent
GOALS = {"funnel": 8, "retention": 10, "sessions": 20, "credit": 10, "paths": 8}
FARTHEST = 2.5

Answer = dict[Any, tuple[Any, ...]]


class Ours:
    """The questions asked of a timeline; `plain` leaves out what the others do not compute either."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline

    def funnel(self) -> Any:
        by = Breakdown("channel", "first event")
        return self.timeline.funnel(STEPS, window=7 * DAY, by=by, times=False)

    def funnel_with_times(self) -> Any:
        return self.timeline.funnel(STEPS, window=7 * DAY, by=Breakdown("channel", "first event"))

    def retention(self) -> Any:
        return self.timeline.retention(WEEKS)

    def sessions(self) -> Any:
        return self.timeline.sessions(by="channel")

    def credit(self) -> Any:
        return self.timeline.credit("session_start", "purchase", by="channel", lookback=30 * DAY)

    def paths(self) -> Any:
        return self.timeline.paths(to="purchase", nodes="session_start", by="channel")

    def all_paths(self) -> Any:
        return self.timeline.paths(to="purchase", nodes="session_start", by="channel", top=1 << 30)

    def answers(self) -> dict[str, Answer]:
        models = ("first", "last", "linear", "time_decay", "position")
        return {
            "funnel": {row.group: row.reached for row in self.funnel().rows},
            "retention": {
                (cohort, k): (n,)
                for cohort, row in enumerate(self.retention().cohorts)
                for k, n in enumerate(row.back)
                if n
            },
            "sessions": {
                row.group: (row.sessions, row.events, round(row.seconds * US)) for row in self.sessions().rows
            },
            "credit": {
                row.group: tuple(v for m in models for v in (row.conversions[m], row.value[m]))
                for row in self.credit().rows
            },
            "paths": {
                path.way: (path.reached, path.unreached, round(path.value, 2)) for path in self.all_paths().paths
            },
        }


CHAIN = ", ".join(f"event = '{step}'" for step in STEPS)
CLICKHOUSE = {
    "funnel": [
        f"""SELECT entry, level, count() FROM (SELECT person, argMin(channel, (ts, id)) AS entry,
            windowFunnel({WINDOW})(toUInt64(ts), {CHAIN}) AS level FROM events GROUP BY person)
            GROUP BY entry, level{end}"""
        for end in ("", " SETTINGS optimize_aggregation_in_order = 1")
    ],
    "retention": [
        f"""SELECT first, k, sum(people) FROM (SELECT seen, first, count() AS people FROM (
            SELECT groupBitOr(bitShiftLeft(toUInt32(1), toUInt8(intDiv(ts - {ORIGIN}, 604800000000)))) AS seen,
            intDiv(min(ts) - {ORIGIN}, 604800000000) AS first FROM events GROUP BY person) GROUP BY seen, first)
            ARRAY JOIN range(13) AS k WHERE bitTest(seen, first + k) GROUP BY first, k{end}"""
        for end in ("", " SETTINGS optimize_aggregation_in_order = 1")
    ],
    "sessions": [
        f"""SELECT visit[1].3 AS entry, count(), sum(length(visit)), sum(visit[-1].1 - visit[1].1) FROM (
            SELECT arrayJoin(arraySplit((event, silence) -> silence > {GAP}, stream,
            arrayDifference(arrayMap(event -> event.1, stream)))) AS visit FROM (
            SELECT arraySort(groupArray((ts, id, channel))) AS stream FROM events GROUP BY person))
            GROUP BY entry{end}"""
        for end in ("", " SETTINGS optimize_aggregation_in_order = 1")
    ],
    "credit": [
        f"""SELECT channel, sum(nth = 1), sum((nth = 1) * worth), sum(nth = n), sum((nth = n) * worth), sum(1 / n),
            sum(worth / n), sum(decay), sum(decay * worth), sum(place), sum(place * worth) FROM (
            SELECT touch.3 AS channel, worth, nth, n, exp2((touch.1 - at) / {HALF_LIFE}) / total AS decay,
            multiIf(n = 1, 1., n = 2, 0.5, nth = 1 OR nth = n, 0.4, 0.2 / (n - 2)) AS place FROM (
            SELECT arrayFilter(t -> t.1 <= conversion.1 AND t.1 >= conversion.1 - {LOOKBACK}, touches) AS near,
            length(near) AS n, conversion.1 AS at, conversion.2 AS worth,
            arraySum(t -> exp2((t.1 - at) / {HALF_LIFE}), near) AS total FROM (
            SELECT arraySort(groupArrayIf((ts, id, channel), event = 'session_start')) AS touches,
            groupArrayIf((ts, value), event = 'purchase') AS conversions FROM events
            WHERE event IN ('session_start', 'purchase') GROUP BY person HAVING length(conversions) > 0)
            ARRAY JOIN conversions AS conversion) ARRAY JOIN near AS touch, arrayEnumerate(near) AS nth)
            GROUP BY channel"""
    ],
    "paths": [
        """SELECT way, countIf(reached), countIf(NOT reached), sum(worth) FROM (
            SELECT arraySlice(arrayCompact(arrayMap(e -> e.4, arrayFilter(e -> NOT e.3, part))), -10) AS way,
            part[-1].3 AS reached, if(reached, part[-1].5, 0) AS worth FROM (
            SELECT arrayJoin(arraySplit((e, cut) -> cut, stream,
            arrayPushFront(arrayPopBack(arrayMap(e -> e.3, stream)), 0))) AS part FROM (
            SELECT arraySort(groupArray((ts, id, event = 'purchase', channel, value))) AS stream FROM events
            WHERE event IN ('session_start', 'purchase') GROUP BY person))) GROUP BY way"""
    ],
}  # fmt: skip


TOP = {"paths": " ORDER BY 2 DESC LIMIT 50"}
"""Paths are compared whole, and timed for the fifty commonest."""


class ClickHouse:
    """The same questions asked of an embedded ClickHouse."""

    def __init__(self, folder: Path, parquet: Path) -> None:
        from chdb.session import Session

        fresh = not folder.exists()
        self.session = Session(str(folder))
        self.session.query("CREATE DATABASE IF NOT EXISTS bench")
        self.session.query("USE bench")
        self.session.query("SET max_threads = 2")
        if fresh:
            self.session.query(
                "CREATE TABLE events (id Int64, ts Int64 CODEC(DoubleDelta, ZSTD), person UInt32, "
                "event LowCardinality(String), channel LowCardinality(String), value Float64) "
                "ENGINE = MergeTree ORDER BY (person, ts, id)"
            )
            columns = "id, ts, person, event, channel, value"
            self.session.query(f"INSERT INTO events SELECT {columns} FROM file('{parquet}')")
            self.session.query("OPTIMIZE TABLE events FINAL")
        self.fastest: dict[str, str] = {}

    def rows(self, sql: str) -> list[list[Any]]:
        answer = self.session.query(sql, "JSONCompactEachRow")
        return [json.loads(line) for line in answer.bytes().decode().splitlines()]

    def ask(self, name: str) -> None:
        self._run(self.fastest[name] + TOP.get(name, ""))

    def choose(self) -> None:
        """Of each question keep the form that takes least, both warm."""
        for name, forms in CLICKHOUSE.items():
            for sql in forms:
                self._run(sql)
            self.fastest[name] = min(forms, key=lambda sql: call(lambda: self._run(sql)))  # noqa: B023

    def _run(self, sql: str) -> None:
        self.session.query(sql, "JSONCompactEachRow").bytes()

    def answers(self) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        levels: dict[str, list[int]] = {}
        for entry, level, people in self.rows(self.fastest["funnel"]):
            counts = levels.setdefault(entry, [0] * 5)
            counts[int(level)] += int(people)
        found["funnel"] = {name: tuple(sum(counts[k:]) for k in range(1, 5)) for name, counts in levels.items()}
        found["retention"] = {(int(c), int(k)): (int(n),) for c, k, n in self.rows(self.fastest["retention"])}
        found["sessions"] = {
            row[0]: tuple(int(value) for value in row[1:]) for row in self.rows(self.fastest["sessions"])
        }
        credit, paths = self.rows(self.fastest["credit"]), self.rows(self.fastest["paths"])
        found["credit"] = {row[0]: tuple(float(value) for value in row[1:]) for row in credit}
        found["paths"] = {tuple(way): (int(a), int(b), round(float(value), 2)) for way, a, b, value in paths}
        return found


class InC:
    """The C pass over the same columns, one thread."""

    def __init__(self, folder: Path, timeline: Timeline) -> None:
        library = folder / "journey.so"
        subprocess.run(
            ["cc", "-O3", "-march=native", "-shared", "-fPIC", HERE / "journey.c", "-o", library, "-lm"], check=True
        )
        self.library = ctypes.CDLL(str(library))
        self.library.paths.restype = ctypes.c_int64
        [part] = timeline.view.parts
        self.codes = {name: code for code, name in enumerate(timeline.dictionaries.values("event"))}
        self.person = np.repeat(part.person, part.end - part.start)
        self.ts = np.array(part.column("ts"))
        self.event = part.column("event").astype(np.uint8)
        self.channel = part.column("channel").astype(np.uint8)
        self.value = np.array(part.column("value"))
        self.step = np.zeros(256, np.uint8)
        for number, name in enumerate(STEPS, start=1):
            self.step[self.codes[name]] = number

    def _call(self, name: str, *given: Any) -> Any:
        converted = [
            ctypes.c_void_p(item.ctypes.data) if isinstance(item, np.ndarray) else item
            for item in (ctypes.c_int64(len(self.ts)), self.person, *given)
        ]
        return getattr(self.library, name)(*converted)

    def funnel(self) -> Any:
        counts = np.zeros((16, 5), np.int64)
        self._call("funnel", self.ts, self.event, self.channel, self.step, ctypes.c_int64(WINDOW), counts)
        return counts

    def retention(self) -> Any:
        counts = np.zeros((64, 13), np.int64)
        self._call("retention", self.ts, ctypes.c_int64(ORIGIN), counts)
        return counts

    def sessions(self) -> Any:
        totals = np.zeros((16, 4), np.int64)
        self._call("sessions", self.ts, self.channel, ctypes.c_int64(GAP), totals)
        return totals

    def credit(self) -> Any:
        sums = np.zeros((16, 10))
        self._call(
            "credit", self.ts, self.event, self.channel, self.value, ctypes.c_uint8(self.codes["session_start"]),
            ctypes.c_uint8(self.codes["purchase"]), ctypes.c_int64(LOOKBACK), ctypes.c_double(HALF_LIFE), sums,
        )  # fmt: skip
        return sums

    def paths(self) -> Any:
        table = np.zeros((1 << 21, 4), np.int64)
        return self._call(
            "paths", self.event, self.channel, self.value, ctypes.c_uint8(self.codes["session_start"]),
            ctypes.c_uint8(self.codes["purchase"]), table, ctypes.c_int64(len(table)),
        )  # fmt: skip

    def check(self, answers: dict[str, Answer]) -> None:
        """Its totals are those of the timeline."""
        funnel, retention, sessions, credit = self.funnel(), self.retention(), self.sessions(), self.credit()
        same = [
            funnel[:, 1:].sum() == sum(row[0] for row in answers["funnel"].values()),
            funnel[:, 4].sum() == sum(row[3] for row in answers["funnel"].values()),
            retention.sum() == sum(row[0] for row in answers["retention"].values()),
            sessions[:, 0].sum() == sum(row[0] for row in answers["sessions"].values()),
            np.allclose(credit[:, 6].sum(), sum(row[6] for row in answers["credit"].values())),
            self.paths() == len(answers["paths"]),
        ]
        if not all(same):
            raise SystemExit(f"The C pass and the timeline do not agree: {same}")


def check_same(ours: dict[str, Answer], theirs: dict[str, Answer]) -> None:
    """A fast wrong answer is worth nothing."""
    for name, answer in ours.items():
        other = theirs[name]
        if answer.keys() != other.keys():
            raise SystemExit(f"{name}: other rows: {list(answer.keys() ^ other.keys())[:5]}")
        for key, values in answer.items():
            if not np.allclose(np.array(values, float), np.array(other[key], float), rtol=1e-9, atol=0.02):
                raise SystemExit(f"{name} {key}: {values} is not {other[key]}")


def build(folder: Path, millions: float, lines: list[str]) -> Timeline:
    """Make events and a timeline; notes on what building and adding cost."""
    con = duckdb.connect(str(folder / "events.duckdb"))
    con.execute("SET threads = 2")
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'event'").fetchone():
        write_events(con, "event", millions)
    [(count, late)] = con.execute("SELECT count(*), quantile_disc(moment, 0.99) FROM event").fetchall()
    warm = folder / "warm"
    Timeline.build(warm, con, "SELECT * FROM event LIMIT 100000", properties=PROPERTIES)
    grown: list[Timeline] = []
    base = f"SELECT * FROM event WHERE moment <= TIMESTAMP '{late}'"
    grown.append(Timeline.build(folder / "timeline", con, base, properties=PROPERTIES)[0])
    con.execute(f"CREATE TEMP TABLE late AS SELECT * FROM event WHERE moment > TIMESTAMP '{late}'")
    adding = call(lambda: grown[0].append(con, "SELECT * FROM late"))
    merging = call(lambda: grown[0].view.events)
    kept: list[Timeline] = []
    building = call(
        lambda: kept.append(Timeline.build(folder / "timeline", con, "SELECT * FROM event", properties=PROPERTIES)[0])
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = folder_size(folder / "timeline") / count
    speed = count / building / 1e6
    lines.append(f"building      {building:7.2f} s CPU   {speed:.2f} M events a second and core (goal 1)")
    lines.append(f"adding 1 %    {adding:7.2f} s CPU   {adding / building:.1%} of building (goal 5 %)")
    lines.append(f"first reading {merging:7.2f} s CPU   what was added merged in memory, once")
    lines.append(f"memory        {memory:7.0f} MB at most so far; {size:.1f} bytes an event on disk")
    export(con, folder, kept[0])
    con.close()
    return kept[0]


def export(con: Any, folder: Path, timeline: Timeline) -> None:
    """The same events for ClickHouse, persons as numbers, which suits it best."""
    target = folder / "events.parquet"
    if not target.exists():
        persons = ", ".join(f"'{folder / 'timeline' / name}'" for name in timeline.manifest.dictionaries["person"])
        columns = "id, epoch_us(moment) AS ts, code AS person, event, channel, coalesce(e.value, 0)::DOUBLE AS value"
        rows = f"SELECT {columns} FROM event AS e JOIN read_parquet([{persons}]) AS p ON p.value = e.person"
        con.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Sequence questions: a timeline, ClickHouse, and a pass in C.")
    parser.add_argument("--millions", type=float, default=20, help="million events (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender (default 3)")
    parser.add_argument("--folder", type=Path, help="keep events and tables here for the next run")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="journey-"))
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    try:
        timeline = build(folder, options.millions, lines)
        print("\n".join(lines), flush=True)
        compare(folder.resolve(), timeline, options.rounds)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def compare(folder: Path, timeline: Timeline, rounds: int) -> None:
    ours = Ours(timeline)
    answers = ours.answers()
    contenders: dict[str, Callable[[str], Callable[[], object]]] = {"ours": lambda name: getattr(ours, name)}
    try:
        house = ClickHouse(folder / "clickhouse", folder / "events.parquet")
    except ImportError:
        print("ClickHouse is left out: chdb is not installed (pip install chdb)")
    else:
        house.choose()
        check_same(answers, house.answers())
        contenders["clickhouse"] = lambda name: lambda: house.ask(name)
    if shutil.which("cc"):
        in_c = InC(folder, timeline)
        in_c.check(answers)
        contenders["c"] = lambda name: getattr(in_c, name)
    else:
        print("The C pass is left out: there is no C compiler")
    counts = timeline.counts()
    print(f"{counts['events']:,} events of {counts['persons']:,} persons. CPU seconds, medians of {rounds} turns.")
    print(f"{'':12}{'timeline':>10}{'ClickHouse':>12}{'times less':>12}{'goal':>6}{'C':>9}{'distance':>10}{'goal':>6}")
    for name, goal in GOALS.items():
        turns = {who: make(name) for who, make in contenders.items()}
        taken = interleave({who: partial(call, work) for who, work in turns.items()}, rounds)
        print(_line(name, taken, goal), flush=True)
    more = ("funnel_with_times", "all_paths")
    extra = interleave({name: partial(call, getattr(ours, name)) for name in more}, rounds)
    for name, seconds in extra.items():
        print(f"{name.replace('_', ' '):20}{seconds:8.3f}")


def _line(name: str, taken: dict[str, float], goal: int) -> str:
    ours = taken["ours"]
    text = f"{name:12}{ours:10.3f}"
    if "clickhouse" in taken:
        ratio = taken["clickhouse"] / ours
        text += f"{taken['clickhouse']:12.3f}{ratio:11.1f}x{'≥' + str(goal):>6}{'' if ratio >= goal else '  missed'}"
    if "c" in taken:
        far = ours / taken["c"]
        text += f"{taken['c']:9.3f}{far:9.2f}x{'≤' + str(FARTHEST):>6}{'' if far <= FARTHEST else '  missed'}"
    return text


if __name__ == "__main__":
    main()

"""Timelines by account: the events of a company's people in one stream, as the reference has them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from kit.sequences import (
    EVERY_FUNNELS,
    FUNNELS,
    PATHS,
    RETENTION,
    Counts,
    journeys_by_kernel,
    journeys_by_reference,
    retention_by_reference,
    ways_by_reference,
    without_start,
)
from kit.streams import PROPERTIES, SECOND, Streams, dice_streams, fill, make_timeline
from leadline.engines.duckdb import connect
from leadline.journey.account import Accounts, Membership, assign_accounts
from leadline.timeline import Timeline, match
from leadline.timeline.accounts import as_spells, by_account
from leadline.timeline.dictionary import EVENT
from leadline.timeline.funnel import ask_funnel
from leadline.timeline.paths import ask_paths
from leadline.timeline.question import PathQuestion, RetentionQuestion
from leadline.timeline.reference.account import streams_of_accounts
from leadline.timeline.reference.event import Event
from leadline.timeline.reference.funnel import VOID
from leadline.timeline.retention import ask_retention

KEPT = (*PROPERTIES, "account_id")


def dice_companies(seed: int, persons: int) -> tuple[dict[str, list[Event]], Accounts]:
    """Random people: some rows name an account, most people have been with one or several, some with none."""
    dice = random.Random(seed)
    streams = {
        person: [
            Event(one.at, one.id, one.name, {**one.properties, "account_id": own}, one.value)
            for one in events
            for own in [f"c{dice.randrange(9)}" if dice.random() < 0.04 else None]
        ]
        for person, events in dice_streams(seed, persons, most=9).items()
    }
    told = [
        Membership(dice.randrange(60) * SECOND, person, f"c{dice.randrange(persons // 3)}")
        for person in streams
        if dice.random() < 0.85
        for _ in range(dice.choice([1, 1, 1, 2, 4]))
    ]
    return streams, assign_accounts(told, {})


def companies(timeline: Timeline, accounts: Accounts) -> Timeline:
    codes = timeline.dictionaries.person_codes(accounts.of_person)
    rows = [
        (codes[person], each.since, each.account)
        for person, history in accounts.of_person.items()
        for each in history
        if person in codes
    ]
    random.Random(len(rows)).shuffle(rows)
    return by_account(timeline, as_spells(rows))


def kernel_counts(timeline: Timeline, asked: RetentionQuestion) -> Counts:
    result = ask_retention(timeline.view, timeline.dictionaries, asked)
    begins = {since: place for place, since in enumerate(asked.periods)}
    counts: Counts = Counts()
    for cohort in result.cohorts:
        at = begins[cohort.since]
        counts.update({(at, -1, cohort.group): cohort.size})
        counts.update({(at, k, cohort.group): n for k, n in enumerate(cohort.back)})
    return +counts


def assert_as_reference(timeline: Timeline, streams: Streams, left_out: int) -> None:
    """Everything that can be asked of accounts is what the reference says of their streams."""
    assert timeline.by_account is not None
    assert timeline.by_account.left_out == left_out
    assert timeline.counts() == {"accounts": len(streams), "events": sum(map(len, streams.values()))}
    for name, asked in FUNNELS.items():
        expected = without_start(journeys_by_reference(streams, asked))
        assert without_start(journeys_by_kernel(timeline, asked)) == expected, name
    for name, asked in EVERY_FUNNELS.items():
        journeys = journeys_by_reference(streams, asked)
        result = ask_funnel(timeline.view, timeline.dictionaries, asked)
        steps = range(1, len(asked.steps) + 1)
        for row in result.rows:
            for step in steps:
                ids = [id for (id, group), one in journeys.items() if group == row.group and one.level >= step]
                assert sorted(result.people(step, group=row.group, grouped=True)) == sorted(ids), name
        assert sorted(result.people(0)) == sorted(
            account
            for (account, _), one in journeys_by_reference(streams, replace(asked, by=None)).items()
            if one.level == VOID
        )
    for name, way in PATHS.items():
        found = ask_paths(timeline.view, timeline.dictionaries, way)
        ways = {path.way: (path.reached, path.unreached, round(path.value * SECOND)) for path in found.paths}
        assert ways == ways_by_reference(streams, way), name
    for name, back in RETENTION.items():
        assert kernel_counts(timeline, back) == retention_by_reference(streams, back), name


@pytest.mark.parametrize("seed", [1, 2])
def test_accounts_are_followed_as_the_reference_does(tmp_path: Path, seed: int) -> None:
    streams, accounts = dice_companies(seed, 150)
    expected, left_out = streams_of_accounts(streams, accounts.at)
    assert left_out > 10
    assert max(len({event.id // 1000 for event in events}) for events in expected.values()) > 3, "people of one company"
    timeline = make_timeline(tmp_path / "t", streams, KEPT)
    assert_as_reference(companies(timeline, accounts), expected, left_out)


def test_whatever_the_order_in_which_events_came(tmp_path: Path) -> None:
    """Half the events later, so that people lie in the base and beside it: the same streams."""
    streams, accounts = dice_companies(3, 150)
    expected, left_out = streams_of_accounts(streams, accounts.at)
    dice = random.Random(3)
    parts: list[dict[str, list[Event]]] = [{}, {}]
    for person, events in sorted(streams.items(), key=lambda _: dice.random()):
        for event in events:
            parts[dice.random() < 0.08].setdefault(person, []).append(event)
    timeline = make_timeline(tmp_path / "t", parts[0], KEPT)
    with connect() as con:
        timeline.append(con, fill(con, parts[1], "late", KEPT))
    assert len(timeline.view.parts) == 2
    assert_as_reference(companies(timeline, accounts), expected, left_out)


def test_three_companies_by_hand(tmp_path: Path) -> None:
    """Ann and Abe of Acme do a and b; Bea moves from Bex to Cox after a; Dan has no company, Eve's rows name Cox."""

    def events(person: int, text: str, **more: str) -> list[Event]:
        return [
            Event(int(word[1:]) * SECOND, person * 100 + place, word[0], more)
            for place, word in enumerate(text.split())
        ]

    streams = {
        "ann": events(1, "a10"), "abe": events(2, "b20 c25"), "bea": events(3, "a10 b40"),
        "dan": events(4, "a10 b20"), "eve": events(5, "a35", account_id="cox"),
    }  # fmt: skip
    accounts = assign_accounts(
        [
            Membership(15 * SECOND, "ann", "acme"), Membership(1, "abe", "acme"),
            Membership(5 * SECOND, "bea", "bex"), Membership(40 * SECOND, "bea", "cox"),
        ],
        {},
    )  # fmt: skip
    timeline = make_timeline(tmp_path / "t", streams, KEPT)
    whole = companies(timeline, accounts)
    people = timeline.funnel(["a", "b"], window=None)
    assert people.all.reached == (4, 2), "ann, bea, dan, eve; bea and dan"
    found = whole.funnel(["a", "b"], window=None)
    assert found.all.reached == (3, 2)
    assert sorted(found.people(1)) == ["acme", "bex", "cox"]
    assert sorted(found.people(2)) == ["acme", "cox"]
    assert found.people(1, stopped=True) == ["bex"]
    assert found.all.total is not None
    assert found.all.total.mean == (10 + 5) / 2
    ways = whole.paths(to=match("b"))
    assert [(path.way, path.reached) for path in ways.paths if path.reached] == [(("a",), 2)]
    assert whole.by_account is not None
    assert (whole.by_account.people, whole.by_account.left_out) == (5, 1)
    assert whole.counts() == {"accounts": 3, "events": 6}


def test_nobody_is_with_anybody(tmp_path: Path) -> None:
    timeline = make_timeline(tmp_path / "t", dice_streams(1, 20))
    whole = by_account(timeline, as_spells([]))
    assert whole.counts() == {"accounts": 0, "events": 0}
    assert whole.by_account is not None
    assert whole.by_account.left_out == 20
    assert whole.funnel(["a", "b"], window=None).all.reached == (0, 0)
    assert whole.paths(to="c", nodes=PathQuestion(to=match("c")).nodes).reached == 0


def test_columns_are_read_when_asked_for(tmp_path: Path) -> None:
    streams, accounts = dice_companies(4, 30)
    whole = companies(make_timeline(tmp_path / "t", streams, KEPT), accounts)
    (part,) = whole.view.parts
    assert part._columns == {}
    part.column(EVENT)
    assert set(part._columns) == {EVENT}
    assert (np.diff(part.column("ts")[part.start[0] : part.end[0]]) >= 0).all()

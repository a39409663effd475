"""Models by rule, against hand-computed credit and an independent query."""

from __future__ import annotations

import random

import pytest

from attribution.cases import LOOKBACK, as_paths, database, journeys, path_of
from leadline.attribution.path import LEAD, MICROSECONDS_A_DAY, OPPORTUNITY, Paths, paths_of
from leadline.attribution.rule import RULES, Settings, credit_by_rule, weights
from leadline.errors import UsageError

WEEK = 7 * MICROSECONDS_A_DAY


def one(*channels: str, ages: list[int] | None = None, marks: list[int] | None = None) -> Paths:
    return paths_of([list(channels)], [1], ages=[ages or [0] * len(channels)], marks=[marks or [0] * len(channels)])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", [1, 0, 0, 0]),
        ("last", [0, 0, 0, 1]),
        ("last_non_direct", [0, 0, 1, 0]),
        ("linear", [0.25, 0.25, 0.25, 0.25]),
        ("position", [0.4, 0.1, 0.1, 0.4]),
        # Weeks before the conversion 3, 2, 1, 0: 1 + 2 + 4 + 8 = 15 parts.
        ("time_decay", [1 / 15, 2 / 15, 4 / 15, 8 / 15]),
        # Touch 2 made the lead, touch 3 the opportunity; the last has no role.
        ("w_shaped", [0.3, 0.3, 0.3, 0.1]),
        # All four have a role: 22.5 each of 90.
        ("full_path", [0.25, 0.25, 0.25, 0.25]),
    ],
)
def test_four_touches(model: str, expected: list[float]) -> None:
    path = one("a", "b", "c", "Direct", ages=[3 * WEEK, 2 * WEEK, WEEK, 0], marks=[0, LEAD, OPPORTUNITY, 0])
    assert weights(model, path).tolist() == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("model", "channels", "marks", "expected"),
    [
        *((model, ["a"], [0], [1.0]) for model in RULES),
        ("position", ["a", "b"], [0, 0], [0.5, 0.5]),
        ("position", ["a", "b", "a"], [0, 0, 0], [0.4, 0.2, 0.4]),
        ("last_non_direct", ["Direct", "Direct"], [0, 0], [0, 1]),
        ("last_non_direct", ["a", "Direct", "b", "Direct"], [0] * 4, [0, 0, 1, 0]),
        # No lead and no opportunity known: 30 first and 10 for the rest, of 40.
        ("w_shaped", ["a", "b", "c"], [0, 0, 0], [0.75, 0.125, 0.125]),
        # One touch was first, lead and opportunity: 90, and 5 for each of the others.
        ("w_shaped", ["a", "b", "c"], [LEAD | OPPORTUNITY, 0, 0], [0.9, 0.05, 0.05]),
        # Nobody is left for the rest: 60 and 30 of 90.
        ("w_shaped", ["a", "b"], [LEAD, OPPORTUNITY], [2 / 3, 1 / 3]),
        ("full_path", ["a", "b", "c"], [LEAD, OPPORTUNITY, 0], [0.5, 0.25, 0.25]),
        ("full_path", ["a", "b", "c", "d"], [LEAD, 0, OPPORTUNITY, 0], [0.45, 0.1, 0.225, 0.225]),
    ],
)
def test_small_paths(model: str, channels: list[str], marks: list[int], expected: list[float]) -> None:
    assert weights(model, one(*channels, marks=marks)).tolist() == pytest.approx(expected, abs=1e-15)


def test_time_decay_survives_old_paths_and_takes_a_half_life() -> None:
    old = one("a", "b", ages=[10_001 * MICROSECONDS_A_DAY, 10_000 * MICROSECONDS_A_DAY])
    assert weights("time_decay", old, Settings(half_life=1)).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert weights("time_decay", old, Settings(half_life=0.5)).tolist() == pytest.approx([1 / 5, 4 / 5])


def test_other_channels_can_count_as_direct() -> None:
    path = one("a", "b", "Brand")
    assert weights("last_non_direct", path, Settings(direct=("Brand", "Direct"))).tolist() == [0, 1, 0]


@pytest.mark.parametrize("model", RULES)
@pytest.mark.parametrize("seed", range(5))
def test_credit_adds_up_and_the_rest_is_unattributed(model: str, seed: int) -> None:
    given = journeys(seed)
    credit = credit_by_rule(model, as_paths(given))
    untouched = [each for each in given.conversions if not path_of(given, each)]
    assert untouched
    assert credit.unattributed == len(untouched)
    assert credit.unattributed_value == sum(each.value for each in untouched)
    assert credit.total == pytest.approx(len(given.conversions), abs=1e-9)
    assert credit.total_value == pytest.approx(sum(each.value for each in given.conversions), abs=1e-9)


HAND_WRITTEN = {
    "first": "arg_min(channel, (t.at, t.id))",
    "last": "arg_max(channel, (t.at, t.id))",
    "last_non_direct": (
        "coalesce(arg_max(channel, (t.at, t.id)) FILTER (WHERE channel <> 'Direct'), arg_max(channel, (t.at, t.id)))"
    ),
}
SHARED = {
    "linear": "list_transform(l, lambda x: 1.0 / len(l))",
    "time_decay": "list_transform(l, lambda x: 0.5 ** ((x.age) / 604800e6))",
    "position": (
        "list_transform(range(1, len(l) + 1), lambda i: CASE WHEN len(l) < 3 THEN 1.0 / len(l) "
        "WHEN i IN (1, len(l)) THEN 0.4 ELSE 0.2 / (len(l) - 2) END)"
    ),
}


@pytest.mark.parametrize("model", [*HAND_WRITTEN, *SHARED])
@pytest.mark.parametrize("seed", range(5))
def test_an_independent_query_agrees(model: str, seed: int) -> None:
    """Aggregates per conversion (no window functions, no weights per touch), unlike the statement under test."""
    given = journeys(seed)
    con = database(given)
    within = f"t.at BETWEEN c.at - INTERVAL {LOOKBACK} DAY AND c.at"
    joined = f"FROM conversion c JOIN touch t ON t.entity = c.entity AND {within}"
    if model in HAND_WRITTEN:
        query = (
            f"SELECT channel, sum(1.0), sum(value) FROM (SELECT c.id, c.value, {HAND_WRITTEN[model]} AS channel "
            f"{joined} GROUP BY c.id, c.value) GROUP BY channel"
        )
    else:
        query = (
            "SELECT channel, sum(w / whole), sum(value * w / whole) FROM (SELECT value, unnest(l).channel AS channel, "
            f"unnest({SHARED[model]}) AS w, list_sum({SHARED[model]}) AS whole FROM (SELECT c.id, c.value, "
            "list({'channel': t.channel, 'age': epoch_us(c.at) - epoch_us(t.at)} ORDER BY t.at, t.id) AS l "
            f"{joined} GROUP BY c.id, c.value)) GROUP BY channel"
        )
    expected = {channel: (count, value) for channel, count, value in con.execute(query).fetchall()}
    credit = credit_by_rule(model, as_paths(given))
    for channel in credit.conversions:
        count, value = expected.get(channel, (0, 0))
        assert credit.conversions[channel] == pytest.approx(float(count), abs=1e-9)
        assert credit.values[channel] == pytest.approx(float(value), abs=1e-7)


@pytest.mark.parametrize("model", RULES)
def test_the_order_of_paths_changes_nothing(model: str) -> None:
    given = journeys(3)
    shuffled = journeys(3)
    random.Random(1).shuffle(shuffled.touches)
    random.Random(2).shuffle(shuffled.conversions)
    one_, other = credit_by_rule(model, as_paths(given)), credit_by_rule(model, as_paths(shuffled))
    assert one_.conversions == pytest.approx(other.conversions, abs=1e-12)


def test_a_grouped_path_is_as_many_single_ones() -> None:
    grouped = paths_of([["a", "b"], ["b"]], [3, 2], [1, 0], values=[30, 8])
    single = paths_of([["a", "b"]] * 3 + [["a", "b"], ["b"], ["b"]], [1, 1, 1, 0, 1, 1], [0, 0, 0, 1, 0, 0],
                      values=[10, 10, 10, 0, 4, 4])  # fmt: skip
    for model in ("first", "linear", "position"):
        assert credit_by_rule(model, grouped) == credit_by_rule(model, single)


def test_what_cannot_be_answered_is_refused() -> None:
    bare = paths_of([["a", "b"]], [1])
    for model, code in (
        ("lineer", "unknown-attribution-rule"),
        ("time_decay", "ages-missing"),
        ("w_shaped", "marks-missing"),
    ):
        with pytest.raises(UsageError, match=code):
            weights(model, bare)
    with pytest.raises(UsageError, match="bad-half-life"):
        weights("time_decay", one("a"), Settings(half_life=0))
    for arguments in ({"conversions": [1, 1]}, {"conversions": [-1]}, {"conversions": [1], "values": [1, 2]}):
        with pytest.raises(UsageError):
            paths_of([["a"]], **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["first", "last", "linear", "position"])
def test_no_paths_and_no_touches(model: str) -> None:
    assert credit_by_rule(model, paths_of([], [])).total == 0
    assert credit_by_rule(model, paths_of([[], []], [1, 0], [0, 1])).unattributed == 1

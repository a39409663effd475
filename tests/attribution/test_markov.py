"""Markov attribution: worked examples to 1e-9, and an independent reckoning of the chain."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest

from kit.data import oracle
from leadline.attribution.markov import MOST_STATES, credit_by_markov, removal_effects
from leadline.attribution.path import Paths, paths_of
from leadline.errors import RefusedError, UsageError


@pytest.mark.parametrize(("name", "digits"), [("bryl_2016", 8), ("puzyrov_2019", 8), ("do_attribution_readme", 4)])
def test_published_examples(name: str, digits: int) -> None:
    case = oracle("attribution_worked_examples")[name]
    nulls = case.get("nulls") or [1 - count for count in case["conversions"]]
    paths = paths_of(case["paths"], case["conversions"], nulls)
    removal = removal_effects(paths)
    close = 0.6 * 10**-digits
    assert removal.probability == pytest.approx(case["conversion_probability"], abs=close)
    assert removal.effect == pytest.approx(case["removal_effect"], abs=close)
    credit = credit_by_markov(paths)
    if "attributed_conversions" in case:
        assert credit.conversions == pytest.approx(case["attributed_conversions"], abs=1e-9)
    else:
        shares = {channel: credit.share(channel) for channel in credit.conversions}
        assert shares == pytest.approx(case["attribution"], abs=close)


def test_closed_form_of_the_readme_example() -> None:
    """Fractions by hand: the chance to convert is 7/10, and Email's removal leaves 0.24."""
    effect = removal_effects(_readme()).effect
    assert effect == pytest.approx({"Direct": 1 / 7, "Email": 23 / 35, "Search": 9 / 28, "Social": 43 / 77}, abs=1e-12)


def _readme() -> Paths:
    touched = ["E So", "Se E", "So", "E Se", "Se So E", "D", "E So", "Se E So", "So E", "Se"]
    names = {"E": "Email", "So": "Social", "Se": "Search", "D": "Direct"}
    won = [1, 1, 1, 0, 1, 1, 0, 1, 1, 0]
    return paths_of([[names[part] for part in path.split()] for path in touched], won, [1 - each for each in won])


def exact(paths: list[list[str]], won: list[int], lost: list[int], order: int) -> dict[str, Fraction]:
    """Removal effects in fractions: states are tuples of the last touches, removal is done by taking states out."""
    moves: dict[tuple[str, ...], dict[object, int]] = {}
    for path, wins, losses in zip(paths, won, lost, strict=True):
        if not path:
            continue
        states = [tuple(path[max(0, end - order) : end]) for end in range(len(path) + 1)]
        for one, other in itertools.pairwise(states):
            moves.setdefault(one, {})
            moves[one][other] = moves[one].get(other, 0) + wins + losses
        moves.setdefault(states[-1], {})
        moves[states[-1]]["won"] = moves[states[-1]].get("won", 0) + wins
        moves[states[-1]]["lost"] = moves[states[-1]].get("lost", 0) + losses

    def chance(without: str | None) -> Fraction:
        states = [state for state in moves if not state or state[-1] != without]
        place = {state: number for number, state in enumerate(states)}
        rows = []
        for state in states:
            out = sum(moves[state].values())
            row = [Fraction(0)] * (len(states) + 1)
            row[place[state]] += 1
            for to, count in moves[state].items():
                if to == "won":
                    row[-1] += Fraction(count, out)
                elif to in place:
                    row[place[to]] -= Fraction(count, out)
            rows.append(row)
        return _solve(rows)[place[()]]

    whole = chance(None)
    channels = sorted({channel for path in paths for channel in path})
    return {channel: 1 - chance(channel) / whole for channel in channels}


def _solve(rows: list[list[Fraction]]) -> list[Fraction]:
    size = len(rows)
    for column in range(size):
        pivot = next(row for row in range(column, size) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(size):
            if row != column and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [value - factor * other for value, other in zip(rows[row], rows[column], strict=True)]
    return [row[-1] for row in rows]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_fractions_agree(order: int, seed: int) -> None:
    dice = random.Random(seed)
    touched = [[dice.choice("abcd") for _ in range(dice.randrange(6))] for _ in range(14)]
    won, lost = [dice.randrange(3) for _ in touched], [dice.randrange(3) for _ in touched]
    weighed = [(path, w, m) for path, w, m in zip(touched, won, lost, strict=True) if w + m]
    touched, won, lost = (list(column) for column in zip(*weighed, strict=True))
    found = removal_effects(paths_of(touched, won, lost, channels="abcd"), order)
    for channel, effect in exact(touched, won, lost, order).items():
        assert found.effect[channel] == pytest.approx(float(effect), abs=1e-9)


def test_a_path_of_weight_zero_changes_nothing() -> None:
    assert removal_effects(paths_of([["a", "b"], ["c", "a"]], [1, 0], [1, 0])).effect == {"a": 1.0, "b": 1.0, "c": 0.0}


def test_credit_adds_up_and_bare_conversions_stay_unattributed() -> None:
    paths = paths_of([["a", "b"], ["a"], []], [3, 1, 2], [1, 4, 0], values=[30, 5, 7])
    credit = credit_by_markov(paths, 2)
    assert credit.model == "markov_2"
    assert (credit.unattributed, credit.unattributed_value) == (2, 7)
    assert credit.total == pytest.approx(6, abs=1e-12)
    assert credit.total_value == pytest.approx(42, abs=1e-12)


def test_without_failures_the_answer_says_what_it_is_worth() -> None:
    assert "presence" in credit_by_markov(paths_of([["a"], ["b"]], [1, 1])).note
    assert credit_by_markov(paths_of([["a"], ["b"]], [1, 1], [1, 0])).note == ""


def test_nothing_converted() -> None:
    credit = credit_by_markov(paths_of([["a"]], [0], [3]))
    assert (credit.conversions, credit.total) == ({"a": 0.0}, 0.0)
    assert credit_by_markov(paths_of([], [])).total == 0
    assert credit_by_markov(paths_of([[]], [2])).unattributed == 2


def test_a_chain_without_memory_or_beyond_reason_is_refused() -> None:
    with pytest.raises(UsageError, match="bad-order"):
        removal_effects(_readme(), 0)
    with pytest.raises(UsageError, match="bad-order"):
        removal_effects(_readme(), 40)
    dice = random.Random(1)
    many = [[f"c{dice.randrange(90)}" for _ in range(3)] for _ in range(MOST_STATES)]
    with pytest.raises(RefusedError, match="chain-too-large"):
        removal_effects(paths_of(many, [1] * len(many)), 3)

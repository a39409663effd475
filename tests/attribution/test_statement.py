"""The SQL form of the rules: the same credit, touch by touch."""

from __future__ import annotations

import pytest

from attribution.cases import LOOKBACK, Journeys, as_paths, database, journeys, path_of
from leadline.attribution.rule import RULES, Settings, weights
from leadline.attribution.statement import CLICKHOUSE, POSTGRES, SPARK, credit_statement
from leadline.errors import UsageError

Row = tuple[str, str | None, str | None, float, float]


def by_python(model: str, given: Journeys, lookback: float | None, settings: Settings) -> list[Row]:
    share = weights(model, as_paths(given, lookback), settings)
    rows: list[Row] = []
    place = 0
    for each in given.conversions:
        path = path_of(given, each, lookback)
        if not path:
            rows.append((each.id, None, None, 1.0, each.value))
        for touch in path:
            if share[place] > 0:
                rows.append((each.id, touch.id, touch.channel, float(share[place]), float(share[place]) * each.value))
            place += 1
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


@pytest.mark.parametrize("lookback", [LOOKBACK, 0.5, None])
@pytest.mark.parametrize("model", RULES)
def test_the_statement_agrees_with_the_models(model: str, lookback: float | None) -> None:
    for seed in range(6):
        given = journeys(seed)
        for settings in (Settings(), Settings(half_life=2.5, direct=("Direct", "Email"))):
            statement = credit_statement(model, lookback=lookback, settings=settings)
            found = database(given).execute(statement).fetchall()
            found.sort(key=lambda row: (row[0], row[1] or ""))
            wanted = by_python(model, given, lookback, settings)
            assert [row[:3] for row in found] == [row[:3] for row in wanted]
            assert [value for row in found for value in row[3:]] == pytest.approx(
                [value for row in wanted for value in row[3:]], abs=1e-9
            )


def test_any_dimensions() -> None:
    con = database(journeys(2))
    both = con.execute(credit_statement("last_non_direct", dimensions=("campaign", "channel"))).fetchall()
    one = con.execute(credit_statement("last_non_direct", dimensions=("campaign",))).fetchall()
    none = con.execute(credit_statement("last_non_direct", dimensions=())).fetchall()
    assert len(both[0]) == 6
    assert sorted((row[0], row[1], row[2], *row[4:]) for row in both) == sorted(one)
    assert sorted((row[0], row[1], *row[3:]) for row in one) == sorted(none)


def test_credit_of_each_conversion_is_one() -> None:
    con = database(journeys(4))
    for model in RULES:
        total = con.execute(
            f"SELECT conversion_id, sum(credit) FROM ({credit_statement(model)}) GROUP BY ALL"
        ).fetchall()
        assert len(total) == len(journeys(4).conversions)
        assert [part for _, part in total] == pytest.approx([1.0] * len(total), abs=1e-12)


def test_engines_differ_only_in_how_they_say_time() -> None:
    ours = credit_statement("time_decay")
    for clock, says in (
        (POSTGRES, "INTERVAL '2592000 SECOND'"),
        (CLICKHOUSE, "toUnixTimestamp64Micro"),
        (SPARK, "unix_micros"),
    ):
        theirs = credit_statement("time_decay", clock=clock)
        assert says in theirs
        differing = [line for line, other in zip(theirs.splitlines(), ours.splitlines(), strict=True) if line != other]
        assert len(differing) <= 2


def test_what_cannot_be_stated_is_refused() -> None:
    for arguments, code in (
        ({"model": "markov"}, "unknown-attribution-rule"),
        ({"model": "first", "lookback": 0}, "bad-lookback"),
        ({"model": "time_decay", "settings": Settings(half_life=-1)}, "bad-half-life"),
    ):
        with pytest.raises(UsageError, match=code):
            credit_statement(**arguments)

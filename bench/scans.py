"""What it costs to serve two times, or ten cohorts, with one reading of a fact instead of several (docs/adr/0009).

    python bench/scans.py [--rounds 5]

Plain SQL on DuckDB over generated rows; prints CPU ratios to a reading each.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import duckdb

from measure import Table, call, interleave

MOMENT = "TIMESTAMP '2024-01-01' + to_microseconds(CAST({} % 63072000000000 AS BIGINT))"
DEALS = (
    f"CREATE TABLE deal AS SELECT {MOMENT.format('hash(i)')} AS opened, {MOMENT.format('hash(i + 7)')} AS won, "
    "'channel ' || hash(i * 3) % 8 AS channel, CAST(hash(i * 5) % 1000 AS DECIMAL(18, 2)) AS asked, "
    "CAST(hash(i * 11) % 1000 AS DECIMAL(18, 2)) AS paid FROM range(8000000) AS r(i)"
)
STAGES = (
    f"CREATE TABLE stage AS SELECT hash(i) % 300000 AS person, {MOMENT.format('hash(i + 5)')} AS entered, "
    "'s' || hash(i * 3) % 6 AS stage, 'channel ' || hash(i * 31) % 8 AS channel FROM range(2000000) AS r(i)"
)
YEAR = "BETWEEN TIMESTAMP '2025-01-01' AND TIMESTAMP '2025-12-31 23:59:59'"
PAIRS = [(f"s{first}", f"s{then}") for first, then in combinations(range(6), 2)][:10]


def opened(source: str) -> str:
    return (f"SELECT 1, date_trunc('month', opened), channel, sum(asked), count(*) FROM {source} "
            f"WHERE opened {YEAR} GROUP BY ALL")  # fmt: skip


def won(source: str) -> str:
    return (f"SELECT 2, date_trunc('month', won), channel, sum(paid), count(*) FROM {source} "
            f"WHERE won {YEAR} GROUP BY ALL")  # fmt: skip


GROUPED = (
    f"SELECT CASE WHEN opened {YEAR} THEN date_trunc('month', opened) END AS a, "
    f"CASE WHEN won {YEAR} THEN date_trunc('month', won) END AS b, channel, sum(asked) FILTER (opened {YEAR}), "
    f"count(*) FILTER (opened {YEAR}), sum(paid) FILTER (won {YEAR}), count(*) FILTER (won {YEAR}) "
    f"FROM deal WHERE opened {YEAR} OR won {YEAR} GROUP BY GROUPING SETS ((a, channel), (b, channel))"
)
SHARED = f"WITH d AS MATERIALIZED (SELECT * FROM deal WHERE opened {YEAR} OR won {YEAR}) " \
         f"{opened('d')} UNION ALL {won('d')}"  # fmt: skip


def cohort(first: str, then: str, source: str) -> str:
    """Of those who entered a stage, by month and channel, how many were in the other within 90 days."""
    begun, reached = (
        f"(SELECT person, min(entered) AS moment, arg_min(channel, entered) AS channel FROM {source} "
        f"WHERE stage = '{stage}' GROUP BY person)"
        for stage in (first, then)
    )
    return (
        f"SELECT '{first}{then}', date_trunc('month', f.moment), f.channel, count(*), "
        "count(*) FILTER (t.moment >= f.moment AND t.moment <= f.moment + INTERVAL 90 DAY) "
        f"FROM {begun} AS f LEFT JOIN {reached} AS t ON t.person = f.person WHERE f.moment {YEAR} GROUP BY ALL"
    )


def turned() -> str:
    firsts = ", ".join(
        f"min(entered) FILTER (stage = 's{k}') AS s{k}, arg_min(channel, entered) FILTER (stage = 's{k}') AS c{k}"
        for k in range(6)
    )
    parts = [
        f"SELECT '{first}{then}', date_trunc('month', {first}), c{first[1:]}, count(*), "
        f"count(*) FILTER ({then} >= {first} AND {then} <= {first} + INTERVAL 90 DAY) "
        f"FROM person WHERE {first} {YEAR} GROUP BY ALL"
        for first, then in PAIRS
    ]
    return f"WITH person AS (SELECT person, {firsts} FROM stage GROUP BY person) " + " UNION ALL ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Several readings of a fact against one.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    rounds = parser.parse_args().rounds
    con = duckdb.connect()
    con.execute(DEALS)
    con.execute(STAGES)

    def cpu(*statements: str) -> float:
        return call(lambda: [con.execute(statement).fetchall() for statement in statements])

    apart = con.execute(f"{opened('deal')} UNION ALL {won('deal')}").fetchall()
    if sorted(con.execute(SHARED).fetchall()) != sorted(apart):
        raise SystemExit("the forms do not agree")
    table = Table()
    times = interleave(
        {
            "each": lambda: cpu(opened("deal"), won("deal")),
            "sets": lambda: cpu(GROUPED),
            "shared": lambda: cpu(SHARED),
        },
        rounds,
    )
    table.note("two times, GROUPING SETS", times["sets"], times["each"])
    table.note("two times, shared CTE", times["shared"], times["each"])
    separate = [cohort(first, then, "stage") for first, then in PAIRS]
    shared = "WITH s AS MATERIALIZED (SELECT * FROM stage) " + " UNION ALL ".join(
        cohort(first, then, "s") for first, then in PAIRS
    )
    if sorted(con.execute(shared).fetchall()) != sorted(con.execute(turned()).fetchall()):
        raise SystemExit("the cohorts do not agree")
    cohorts = interleave(
        {"each": lambda: cpu(*separate), "shared": lambda: cpu(shared), "turned": lambda: cpu(turned())}, rounds
    )
    table.note("ten cohorts, shared CTE", cohorts["shared"], cohorts["each"])
    table.note("ten cohorts, a row a person", cohorts["turned"], cohorts["each"])
    print(table.text())


if __name__ == "__main__":
    main()

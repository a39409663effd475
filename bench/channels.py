"""What telling channels by rule costs, to judging every row by itself.

    python bench/channels.py [--rounds 3] [--rows 1000000]

Visits without a channel on DuckDB, of two years, with few campaigns, with many, and each with its own; asked for as a
whole and for the last month. Prints CPU ratios to one CASE a row.
"""

from __future__ import annotations

import argparse

import duckdb

from leadline.journey.rule import load_rules
from leadline.journey.statement import channel_case
from leadline.model.fact import SYSTEM_COLUMNS, Column, Fact
from leadline.sql.relation import told_by_rule
from leadline.sql.render import Renderer
from measure import Table, call, interleave

TEXTS = ("traffic_source", "medium", "campaign", "channel")
MEDIA = "['cpc', 'organic', 'email', 'referral', '(none)', NULL][CAST(hash(i * 7) % 6 + 1 AS BIGINT)]"
VISITS = (
    "CREATE OR REPLACE TABLE visit AS SELECT DATE '2024-01-01' + CAST(i * 730 // {rows} AS INTEGER) AS date, "
    "CASE WHEN hash(i) % 20 = 0 THEN NULL WHEN hash(i) % 3 = 0 THEN 'google' "
    "ELSE 'site-' || hash(i * 3) % 200 || '.example' END AS traffic_source, "
    f"{MEDIA} AS medium, 'campaign ' || hash(i * 11) % {{campaigns}} AS campaign, CAST(NULL AS VARCHAR) AS channel, "
    f"{', '.join(f'0 AS {name}' for name in SYSTEM_COLUMNS)} FROM range({{rows}}) AS r(i)"
)
LAST_MONTH = "date >= DATE '2025-12-01'"


def main() -> None:
    parser = argparse.ArgumentParser(description="Channels by rule, joined by origin against judged by row.")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender (default 3)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="visits (default 1000000)")
    asked = parser.parse_args()
    con, table, rules = duckdb.connect(), Table(), load_rules()
    columns = tuple(Column(name, "date" if name == "date" else "text", "") for name in ("date", *TEXTS))
    fact, renderer = Fact("visit", "a visit", "date", columns), Renderer({}, str)

    def case(source: str, medium: str, campaign: str) -> str:
        return channel_case(rules, source=source, medium=medium, campaign=campaign)

    for told, campaigns in (("10 campaigns", 10), ("1000 campaigns", 1000), ("a campaign a visit", 10**12)):
        con.execute(VISITS.format(rows=asked.rows, campaigns=campaigns))
        for span, within in (("all", []), ("a month of 24", [LAST_MONTH])):
            joined = told_by_rule(renderer, "visit", fact, case, within)
            channel = f"CASE WHEN coalesce(traffic_source, medium) IS NOT NULL THEN {case(*TEXTS[:3])} END"
            each = f"(SELECT date, coalesce(channel, {channel}) AS channel FROM visit)"
            where = " AND ".join(["TRUE", *within])
            forms = {
                name: f"SELECT channel, count(*) FROM {rows} AS visit WHERE {where} GROUP BY 1 ORDER BY 1"
                for name, rows in (("joined", joined), ("each", each))
            }
            answers = {name: con.execute(sql).fetchall() for name, sql in forms.items()}
            if answers["joined"] != answers["each"]:
                raise SystemExit("the forms do not agree")
            times = interleave(
                {name: lambda sql=sql: call(lambda: con.execute(sql).fetchall()) for name, sql in forms.items()},
                asked.rounds,
            )
            table.note(f"{told}, {span}", times["joined"], times["each"])
    print(table.text())


if __name__ == "__main__":
    main()

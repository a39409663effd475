"""A company of 8 million sessions and 400 thousand orders, made by DuckDB from a seed, for timing queries."""

from __future__ import annotations

from pathlib import Path

from leadline.workspace import Workspace, open_workspace

SESSIONS, ORDERS, ADS, COSTS, ENTRIES = 8_000_000, 400_000, 200_000, 20_000, 500_000
_CHANNELS = "['Organic Search', 'Paid Search', 'Paid Social', 'Email', 'Direct', 'Referral', 'Display', 'Affiliates']"
_DAY = "DATE '2025-01-01' + CAST(hash(i, {salt}) % 365 AS INTEGER)"
_MOMENT = "TIMESTAMP '2025-01-01' + to_seconds(CAST(hash(i, {salt}) % 31536000 AS BIGINT))"
_CHANNEL = _CHANNELS + "[1 + CAST(hash(i, {salt}) % 8 AS BIGINT)]"
_COUNTRY = "['DE', 'FR', 'US', 'VN', 'TR'][1 + CAST(hash(i, {salt}) % 5 AS BIGINT)]"
_KEYS = "i AS _line, CAST(i AS VARCHAR) AS _key"

TABLES = {
    "session": f"""
        SELECT {_DAY.format(salt=1)} AS date, {_MOMENT.format(salt=1)} AS started_at,
            'v' || hash(i, 2) % 1500000 AS visitor_id, {_CHANNEL.format(salt=3)} AS channel,
            {_COUNTRY.format(salt=4)} AS country,
            1 AS sessions, CAST(hash(i, 5) % 3 > 0 AS INTEGER) AS engaged_sessions, 1 + hash(i, 6) % 7 AS page_views,
            {_KEYS} FROM range({SESSIONS}) AS t(i)""",
    "order": f"""
        SELECT {_MOMENT.format(salt=11)} AS ordered_at, 'o' || i AS order_id, 'c' || hash(i, 12) % 90000 AS customer_id,
            {_CHANNEL.format(salt=13)} AS channel, {_COUNTRY.format(salt=14)} AS country,
            true AS is_sale, CAST(500 + hash(i, 15) % 20000 AS DECIMAL(18, 6)) / 100 AS amount, 'EUR' AS currency,
            {_KEYS} FROM range({ORDERS}) AS t(i)""",
    "ad": f"""
        SELECT {_DAY.format(salt=21)} AS date, {_CHANNEL.format(salt=23)} AS channel, 'k' || i % 900 AS campaign,
            hash(i, 24) % 9000 AS impressions, hash(i, 25) % 300 AS clicks, 'EUR' AS currency,
            CAST(hash(i, 26) % 40000 AS DECIMAL(18, 6)) / 100 AS spend, {_KEYS} FROM range({ADS}) AS t(i)""",
    "cost": f"""
        SELECT {_DAY.format(salt=31)} AS date, {_CHANNEL.format(salt=33)} AS channel, 'marketing' AS team,
            'EUR' AS currency, CAST(hash(i, 34) % 90000 AS DECIMAL(18, 6)) / 100 AS amount,
            {_KEYS} FROM range({COSTS}) AS t(i)""",
    "stage_entry": f"""
        SELECT {_MOMENT.format(salt=41)} AS entered_at, 'p' || i // 2 AS person_id, ['lead', 'mql'][1 + i % 2] AS stage,
            {_CHANNEL.format(salt=43)} AS channel, {_KEYS} FROM range({ENTRIES}) AS t(i)""",
}


def make_company(folder: Path) -> Workspace:
    """A workspace with all tables filled; takes about a minute."""
    folder.mkdir(parents=True)
    (folder / "leadline.yaml").write_text("name: bench\ntimezone: UTC\ncurrency: EUR\ntoday: 2026-01-15\n")
    workspace = open_workspace(folder)
    for fact, select in TABLES.items():
        with workspace.warehouse(write=True).load("bench", fact, fact, "bench") as load:
            load.merge(fact, select)
    workspace.close()
    return workspace

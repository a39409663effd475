"""Events for the journey benchmark, from a seed: sessions of people over 90 days, twelve kinds of event, ten channels.

Twenty million events are about four million sessions of 1.3 million people; a few people have thousands, most a
handful. One event in some dozens shares its second with another of the same person. They arrive in no useful order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

EVENTS = (
    "session_start", "page_view", "view_item", "search", "scroll", "add_to_cart", "begin_checkout", "purchase",
    "add_payment", "sign_up", "log_in", "play_video",
)  # fmt: skip
CHANNELS = (
    "Organic Search", "Direct", "Paid Search", "Email", "Paid Social", "Referral", "Affiliates", "Display",
    "Paid Video", "Mobile Push",
)  # fmt: skip
PER_SESSION = 5
SESSIONS_PER_PERSON = 3

# A number from 0 to 1 that only depends on its two arguments.
DICE = "CREATE OR REPLACE MACRO dice(a, b) AS (hash(a, b, 2026) >> 11) / 9007199254740992.0"

SESSIONS = """
CREATE OR REPLACE TEMP TABLE visit AS
SELECT i, CAST(floor({persons} * pow(dice(i, 1), 2.2)) AS BIGINT) AS rank,
       1 + least(59, CAST(floor(-ln(1 - dice(i, 2)) * 4.4) AS INTEGER)) AS size,
       1 + least(9, CAST(floor(10 * pow(dice(i, 3), 1.7)) AS INTEGER)) AS channel,
       dice(i, 4) AS when_in_life
FROM range({sessions}) AS t(i)
"""

EVENTS_SQL = """
CREATE TABLE {table} AS
SELECT 'visitor-' || (hash(rank, 7) % 100000000000) AS person,
       TIMESTAMP '2026-01-01' + to_seconds(CAST(floor(
           (birth + (90 - birth) * when_in_life) * 86400
           + CASE WHEN k = 0 THEN 0 ELSE dice(i * 64 + k, 5) * size * 45 END
       ) AS BIGINT)) AS moment,
       CASE WHEN k = 0 THEN 'session_start' ELSE ({events})[kind] END AS event,
       ({channels})[channel] AS channel,
       'campaign ' || CAST(floor(dice(i, 6) * 200) AS INTEGER) AS campaign,
       ['CZ', 'SK', 'DE', 'AT', 'PL', 'US', 'GB', 'FR'][1 + CAST(floor(dice(i, 7) * 7.999) AS INTEGER)] AS country,
       CAST(i * 64 + k AS BIGINT) AS id,
       CASE WHEN k > 0 AND kind = 8
            THEN CAST(5 - ln(1 - dice(i * 64 + k, 8)) * 60 AS DECIMAL(18, 2)) END AS value
FROM (
    SELECT *, unnest(range(size)) AS k, 80 * pow(dice(rank, 9), 1.5) AS birth FROM visit
) AS exploded, LATERAL (SELECT dice(i * 64 + k, 10) AS u) AS thrown,
LATERAL (SELECT CASE WHEN u < .46 THEN 2 WHEN u < .64 THEN 3 WHEN u < .72 THEN 4 WHEN u < .80 THEN 5 WHEN u < .87 THEN 6
    WHEN u < .905 THEN 7 WHEN u < .923 THEN 8 WHEN u < .943 THEN 9 WHEN u < .958 THEN 10 WHEN u < .988 THEN 11
    ELSE 12 END AS kind) AS chosen
"""


def write_events(con: Any, table: str, millions: float) -> int:
    """Fill `table` with about that many million events; how many it got."""
    sessions = int(millions * 1e6 / 4.93)
    names = {"events": list(EVENTS), "channels": list(CHANNELS), "table": table}
    con.execute(DICE)
    con.execute(SESSIONS.format(persons=max(1000, int(millions * 75_000)), sessions=sessions))
    con.execute(EVENTS_SQL.format(**names))
    con.execute("DROP TABLE visit")
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

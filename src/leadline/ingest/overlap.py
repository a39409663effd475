"""Overlap: rows that would count the same thing twice, beside what is there or beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadline.ingest.mapping import Mapped
from leadline.ingest.source import Finding
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.warehouse import Warehouse

COMPARED = frozenset(("ad", "session"))
"""Facts whose rows are held against those of other sources before they are written."""


def check_twins(con: Connection, left: Sequence[Mapped], right: Sequence[Mapped], file: str) -> tuple[Finding, ...]:
    """Refusals of two tables of one file that speak of the same rows: files were joined."""
    for one, other in itertools.product(left, right):
        if one.fact.name != other.fact.name:
            continue
        row = con.execute(
            f"SELECT min(r._line), min(l._line), count(*) FROM {other.relation} r JOIN {one.relation} l USING (_key)"
        ).fetchone()
        if row and row[2]:
            return (
                Finding(
                    "error",
                    "duplicate-key",
                    file,
                    f"the file has two tables with the same rows: line {row[0]} repeats line {row[1]}, "
                    f"and {row[2] - 1} more do so",
                    "two exports were joined into one file: load each on its own",
                    row[0],
                    count=row[2],
                    fact=one.fact.name,
                ),
            )
    return ()


def check_maps(con: Connection, mapped: Sequence[Mapped], file: str) -> tuple[Finding, ...]:
    """Refusals of two maps of a source to one fact that give rows the same key: one would take the other's place."""
    for one, other in itertools.combinations(mapped, 2):
        if one.fact.name != other.fact.name:
            continue
        row = con.execute(
            f"SELECT min(r._line), count(*) FROM {other.relation} r JOIN {one.relation} l USING (_key) "
            "WHERE l._issue = 0 AND r._issue = 0"
        ).fetchone()
        if row and row[1]:
            return (
                Finding(
                    "error",
                    "duplicate-key",
                    file,
                    f"two maps to {one.fact.name} give one key ({', '.join(one.fact_map.key)}) to {row[1]} rows",
                    "add to the key of each what tells them apart, for example the stage: \"'lead'\"",
                    row[0],
                    count=row[1],
                    fact=one.fact.name,
                ),
            )
    return ()


def recall_beside(warehouse: Warehouse, mapped: Mapped) -> None:
    """Have at hand the rows there that those of a delivery may repeat, wherever the warehouse keeps them."""
    if mapped.fact.name not in COMPARED or "date" not in mapped.columns:
        return
    row = warehouse.con.execute(f"SELECT min(date), max(date) FROM {mapped.relation}").fetchone()
    if row and row[0] is not None:
        warehouse.recall(mapped.fact.name, row[0], row[1])


def check_ad_overlap(con: Connection, mapped: Mapped, source: str, file: str) -> tuple[Finding, ...]:
    """Refusals of advertising rows for days whose spend is already there at another level or from another source."""
    if mapped.fact.name != "ad" or not {"date", "platform"} <= set(mapped.columns):
        return ()
    account = next((name for name in ("account_id", "account") if name in mapped.columns), "")
    level = "level" if "level" in mapped.columns else "NULL"
    mine = (
        f"SELECT platform, {quote(account) if account else 'NULL'} AS account, {level} AS level, date "
        f"FROM {mapped.relation} GROUP BY ALL"
    )
    row = con.execute(
        f"SELECT t._source, t.level, m.level, min(t.date), max(t.date), count(DISTINCT t.date) "
        f'FROM fact."ad" t JOIN ({mine}) m ON t.date = m.date AND t.platform = m.platform '
        f"AND (m.account IS NULL OR {'t.' + quote(account) if account else 'NULL'} IS NULL "
        f"OR m.account = {'t.' + quote(account) if account else 'NULL'}) "
        f"WHERE t._source <> ? OR t.level IS DISTINCT FROM m.level GROUP BY ALL LIMIT 1",
        [source],
    ).fetchone()
    if row is None:
        return ()
    other, there, here, first, last, days = row
    return (
        Finding(
            "error",
            "ad-overlap",
            file,
            f"{days} days ({first} to {last}) already have rows of level {there or 'unknown'} from {other}; "
            f"these of level {here or 'unknown'} would count the same spend twice",
            f"load one level per platform and account: drop this file, or remove {other} first",
            fact="ad",
        ),
    )


SESSION_DIMENSIONS = (
    "channel",
    "traffic_source",
    "medium",
    "campaign",
    "landing_page",
    "country",
    "region",
    "device",
    "product",
)


def check_session_overlap(con: Connection, mapped: Mapped, source: str, file: str) -> tuple[Finding, ...]:
    """Refusals of visits broken down one way for days that have them broken down another way from the same source."""
    given = [name for name in SESSION_DIMENSIONS if name in mapped.columns]
    if (
        mapped.fact.name != "session"
        or not {"date", "sessions"} <= set(mapped.columns)
        or "session_id" in mapped.columns
    ):
        return ()
    mine = (
        " || ".join(f"CASE WHEN count({quote(name)}) > 0 THEN {literal(name + ' ')} ELSE '' END" for name in given)
        or "''"
    )
    theirs = " || ".join(
        f"CASE WHEN count({name}) > 0 THEN {literal(name + ' ')} ELSE '' END" for name in SESSION_DIMENSIONS
    )
    row = con.execute(
        f"SELECT m.way, t.way, min(m.date), max(m.date), count(*) FROM "
        f"(SELECT date, {mine} AS way FROM {mapped.relation} WHERE sessions IS NOT NULL GROUP BY date) m JOIN "
        f'(SELECT date, {theirs} AS way FROM fact."session" WHERE _source = ? AND sessions IS NOT NULL '
        "AND session_id IS NULL GROUP BY date) t USING (date) WHERE m.way <> t.way GROUP BY ALL LIMIT 1",
        [source],
    ).fetchone()
    if row is None:
        return ()
    here, there, first, last, days = row
    told = " and ".join((here or "nothing ").split()), " and ".join((there or "nothing ").split())
    return (
        Finding(
            "error",
            "session-overlap",
            file,
            f"{days} days ({first} to {last}) already have visits by {told[1]}; "
            f"these, by {told[0]}, would count them again",
            "load one report per day and property: leave this file out, give it a source of its own with --source, "
            f"or take the other back with `leadline undo --source {source}`",
            fact="session",
        ),
    )

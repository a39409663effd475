"""Tables of the warehouse, made from the facts.

`fact.X` holds the current version of every row, so that a plain scan answers a plain question; `history.X` holds the
versions that later loads replaced, with the load that did; `ledger.*` says what was delivered, by whom and with which
findings. Nothing is overwritten without its old version moving to history first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.model.fact import SYSTEM_COLUMNS, Fact
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

COLUMN_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
SYSTEM_TYPES = {"_source": "VARCHAR", "_load": "BIGINT", "_line": "BIGINT", "_key": "VARCHAR"}

LEDGER = """
CREATE SCHEMA IF NOT EXISTS fact;
CREATE SCHEMA IF NOT EXISTS history;
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.load (
    id BIGINT PRIMARY KEY, source VARCHAR NOT NULL, origin VARCHAR NOT NULL, content VARCHAR NOT NULL,
    mapping VARCHAR NOT NULL, status VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, ended_at TIMESTAMP NOT NULL,
    detail VARCHAR NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS ledger.merge (
    load BIGINT NOT NULL, fact VARCHAR NOT NULL, inserted BIGINT NOT NULL, updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL, removed BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.finding (
    load BIGINT NOT NULL, severity VARCHAR NOT NULL, rule VARCHAR NOT NULL, file VARCHAR NOT NULL, line BIGINT,
    "column" VARCHAR NOT NULL, value VARCHAR NOT NULL, what VARCHAR NOT NULL, fix VARCHAR NOT NULL,
    count BIGINT NOT NULL, fact VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.quarantine (
    load BIGINT NOT NULL, fact VARCHAR, line BIGINT, rule VARCHAR NOT NULL, what VARCHAR NOT NULL, raw VARCHAR);
CREATE TABLE IF NOT EXISTS ledger.coverage (
    load BIGINT NOT NULL, source VARCHAR NOT NULL, fact VARCHAR NOT NULL, first TIMESTAMP NOT NULL,
    last TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS ledger.state (
    fact VARCHAR NOT NULL, source VARCHAR NOT NULL, row_count BIGINT NOT NULL, currencies VARCHAR[] NOT NULL,
    times VARCHAR NOT NULL);
"""


def ensure_tables(con: Connection, facts: Mapping[str, Fact]) -> None:
    """Create what is missing: ledger, fact and history tables, and columns that a workspace added since."""
    con.execute(LEDGER)
    present: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in con.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        "WHERE table_schema IN ('fact', 'history')"
    ).fetchall():
        present.setdefault((schema, table), set()).add(column)
    for fact in facts.values():
        wanted = {column.name: COLUMN_TYPES[column.type] for column in fact.columns} | SYSTEM_TYPES
        for schema in ("fact", "history"):
            extra = {"_until": "BIGINT"} if schema == "history" else {}
            have = present.get((schema, fact.name))
            if have is None:
                columns = ", ".join(f"{quote(name)} {kind}" for name, kind in (wanted | extra).items())
                con.execute(f"CREATE TABLE {schema}.{quote(fact.name)} ({columns})")
                continue
            for name, kind in (wanted | extra).items():
                if name not in have:
                    con.execute(f"ALTER TABLE {schema}.{quote(fact.name)} ADD COLUMN {quote(name)} {kind}")


def is_current(con: Connection, facts: Mapping[str, Fact]) -> bool:
    """Whether the database already has a table for every fact with every column."""
    rows = con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'fact'").fetchall()
    have = set(rows)
    return all((fact.name, column.name) in have for fact in facts.values() for column in fact.columns)


def first_expression(fact: Fact) -> str:
    """SQL that is true for the rows of a fact that are the first of their group.

    Stage entries have exactly one first row a person and stage; order lines share the first order's moment.
    """
    group = ", ".join(quote(name) for name in fact.first_by)
    known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in fact.first_by)
    time = quote(fact.time)
    if fact.first_where:
        condition = f"coalesce({fact.first_where}, false)"
        return (
            f"({known} AND {condition} AND {time} = min({time}) FILTER (WHERE {condition}) OVER (PARTITION BY {group}))"
        )
    return f"({known} AND row_number() OVER (PARTITION BY {group} ORDER BY {time}, _source, _key, _line) = 1)"


def data_columns(fact: Fact) -> list[str]:
    """Names of the columns a delivery fills: all but the derived `is_first`."""
    return [column.name for column in fact.columns if not (fact.first_by and column.name == "is_first")]


def stored_columns(fact: Fact) -> list[str]:
    """Names of all columns of `fact.X`, in order."""
    return [*fact.column_names, *SYSTEM_COLUMNS]

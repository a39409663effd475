"""Tables of the warehouse, made from the facts.

`fact.X` gives the current version of every row, so that a plain scan answers a plain question; `history.X` holds the
versions that later loads replaced, with the load that did; `ledger.*` says what was delivered, by whom and with which
findings. Nothing is overwritten without its old version moving to history first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.engines.duckdb import statement_errors
from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.column import column_type, stored_columns
from leadline.warehouse.shelf import is_narrow, listed, view_of

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

LEDGER = """
CREATE SCHEMA IF NOT EXISTS fact;
CREATE SCHEMA IF NOT EXISTS history;
CREATE SCHEMA IF NOT EXISTS shelf;
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
CREATE TABLE IF NOT EXISTS ledger.shelf (
    fact VARCHAR NOT NULL, source VARCHAR NOT NULL, name VARCHAR NOT NULL, fixed VARCHAR NOT NULL, first_line BIGINT);
CREATE TABLE IF NOT EXISTS ledger.layout (fact VARCHAR NOT NULL, columns VARCHAR[] NOT NULL);
"""


def ensure_tables(con: Connection, facts: Mapping[str, Fact], *, narrow: bool = False) -> None:
    """Create what is missing: ledger, facts and their history, and columns that a workspace added since.

    Facts that are `narrow` are views over shelves (`leadline.warehouse.shelf`), others one table with all columns.
    """
    con.execute(LEDGER)
    present: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in con.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        "WHERE table_schema IN ('fact', 'history')"
    ).fetchall():
        present.setdefault((schema, table), set()).add(column)
    statements: list[str] = []
    for fact in facts.values():
        wanted = {name: column_type(fact, name) for name in stored_columns(fact)}
        have = present.get(("fact", fact.name))
        past = wanted | {"_until": "BIGINT"}
        statements += _table(f"history.{quote(fact.name)}", past, present.get(("history", fact.name)))
        if is_narrow(con, fact.name) if have else narrow:
            if not have or not have >= wanted.keys():
                statements.append(view_of(fact, listed(con, fact.name) if have else []))
        else:
            statements += _table(f"fact.{quote(fact.name)}", wanted, have)
    noted = ", ".join(
        f"({literal(fact.name)}, [{', '.join(map(literal, fact.column_names))}])" for fact in facts.values()
    )
    statements += ["DELETE FROM ledger.layout", f"INSERT INTO ledger.layout VALUES {noted}"]
    con.execute(";\n".join(statements))


def _table(table: str, wanted: Mapping[str, str], have: set[str] | None) -> list[str]:
    """Statements that give a table the columns wanted."""
    if have is None:
        columns = ", ".join(f"{quote(name)} {kind}" for name, kind in wanted.items())
        return [f"CREATE TABLE {table} ({columns})"]
    missing = [(name, kind) for name, kind in wanted.items() if name not in have]
    return [f"ALTER TABLE {table} ADD COLUMN {quote(name)} {kind}" for name, kind in missing]


def is_current(con: Connection, facts: Mapping[str, Fact]) -> bool:
    """Whether the database already has a table for every fact with every column."""
    have: dict[str, set[str]] = {}
    try:
        # What `ensure_tables` noted: asking DuckDB itself takes as long as a question.
        have = {name: set(columns) for name, columns in con.execute("SELECT * FROM ledger.layout").fetchall()}
    except statement_errors():
        rows = con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'fact'").fetchall()
        for name, column in rows:
            have.setdefault(name, set()).add(column)
    return all(set(fact.column_names) <= have.get(fact.name, set()) for fact in facts.values())

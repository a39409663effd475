"""Databases: a SQLite or DuckDB file, or anything SQLAlchemy has an address for; one table or one query is read.

DuckDB's own SQLite scanner is an extension fetched from the network, so Python's sqlite3 reads instead.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.engines.duckdb import sql_errors
from leadline.errors import DataError, meant
from leadline.ingest.read.cell import formula_cells, mojibake_cells
from leadline.ingest.read.spool import Spool
from leadline.ingest.read.table import LINE, ReadOptions, Table, fresh, ident, literal, unique
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

BATCH = 5000


def read_sqlite(con: Connection, path: Path, name: str, options: ReadOptions, folder: Path) -> list[Table]:
    """Stage a table or a query of a SQLite file, opened read-only."""
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise _damaged(name, "SQLite", error) from None
    try:
        query, label = options.query, options.table
        if not query:
            found = database.execute(
                "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by 1"
            )
            label = _chosen([row[0] for row in found], options.table, name)
            query = f"select * from {ident(label)}"
        cursor = database.execute(query)
        header = [column[0] for column in cursor.description or ()]
        table = _spooled(con, header, iter(lambda: cursor.fetchmany(BATCH), []), name, label, folder)
    except sqlite3.OperationalError as error:
        if options.query:
            raise _bad_query(name, error) from None
        raise _damaged(name, "SQLite", error) from None
    except sqlite3.Error as error:
        raise _damaged(name, "SQLite", error) from None
    finally:
        database.close()
    return [msgspec.structs.replace(table, kind="sqlite")]


def read_duckdb(con: Connection, path: Path, name: str, options: ReadOptions) -> list[Table]:
    """Stage a table or a query of a DuckDB file, attached read-only and detached again."""
    alias = fresh("database")
    try:
        con.execute(f"attach {literal(str(path))} as {ident(alias)} (read_only)")
    except sql_errors() as error:
        raise _damaged(name, "DuckDB", error) from None
    before = con.execute("select current_catalog(), current_schema()").fetchone() or ("memory", "main")
    try:
        found = con.execute(
            "select case schema_name when 'main' then '' else schema_name || '.' end || table_name "
            "from duckdb_tables() where database_name = ? and not internal union all "
            "select case schema_name when 'main' then '' else schema_name || '.' end || view_name from duckdb_views() "
            "where database_name = ? and not internal order by 1",
            [alias, alias],
        ).fetchall()
        if options.query:
            _check_query(con, options.query, name)
            label, source = "", f"({options.query})"
        else:
            label = _chosen([row[0] for row in found], options.table, name)
            schema, _, table = label.rpartition(".")
            source = f"{ident(alias)}.{ident(schema or 'main')}.{ident(table)}"
        staged = fresh("table")
        con.execute(f"use {ident(alias)}")
        described = con.execute(f"describe select * from {source}").fetchall()
        columns, changes = unique([row[0] for row in described])
        named = ", ".join(f"{ident(r[0])} as {ident(c)}" for r, c in zip(described, columns, strict=True))
        con.execute(
            f"create temp table {ident(staged)} as select row_number() over () as {LINE}, {named} from {source}"
        )
    except sql_errors() as error:
        raise (_bad_query(name, error) if options.query else _damaged(name, "DuckDB", error)) from None
    finally:
        con.execute(f"use {ident(before[0])}.{ident(before[1])}")
        con.execute(f"detach {ident(alias)}")
    return [_table(con, staged, columns, changes, name, label, "duckdb")]


def _check_query(con: Connection, query: str, name: str) -> None:
    """Refuse what is not one plain question: it runs beside the warehouse."""
    statements = con.extract_statements(query)
    if len(statements) != 1 or not str(statements[0].type).upper().endswith("SELECT"):
        raise DataError(
            "bad-query", f"The query on {name} is not one SELECT.", fix="write one SELECT, nothing after it"
        )


def read_url(con: Connection, name: str, options: ReadOptions) -> list[Table]:
    """Stage a table or a query of the database at `options.url`; nothing is ever written there."""
    try:
        import sqlalchemy
    except ImportError:
        raise DataError(
            "missing-extra", "Reading from a database needs SQLAlchemy.", fix="pip install 'leadline[sql]'"
        ) from None
    if not options.url:
        raise DataError("no-address", "There is neither a file nor a database address to read.", fix="name one")
    try:
        address = sqlalchemy.make_url(options.url)
        shown = name or address.render_as_string(hide_password=True)
        engine = sqlalchemy.create_engine(address)
    except sqlalchemy.exc.ArgumentError:
        raise DataError(
            "bad-address",
            "The database address cannot be understood.",
            fix="write it as dialect://user:password@host/database",
        ) from None
    except ModuleNotFoundError as error:
        raise DataError(
            "missing-driver", f"The driver {error.name} is not installed.", fix=f"pip install {error.name}"
        ) from None
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        try:
            return [_from_engine(con, engine, sqlalchemy, shown, options, Path(folder))]
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            if address.password:
                reason = reason.replace(str(address.password), "***")
            raise DataError(
                "database-error", f"{shown} cannot be read.", why=reason[:300], fix="check the address and the query"
            ) from None
        finally:
            engine.dispose()


def _from_engine(
    con: Connection, engine: Any, sqlalchemy: Any, shown: str, options: ReadOptions, folder: Path
) -> Table:
    label = options.table
    with engine.connect().execution_options(stream_results=True) as connection:
        if options.query:
            statement = sqlalchemy.text(options.query)
        else:
            inspector = sqlalchemy.inspect(connection)
            names = [*inspector.get_table_names(), *inspector.get_view_names()]
            if "." in label and label not in names:
                schema, _, inner = label.rpartition(".")
                statement = sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(inner, schema=schema))
            else:
                label = _chosen(sorted(names), label, shown)
                statement = sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(label))
        result = connection.execute(statement)
        header = list(result.keys())
        table = _spooled(con, header, iter(lambda: result.fetchmany(BATCH), []), shown, label, folder)
        connection.rollback()
    return msgspec.structs.replace(table, kind="sql")


def _spooled(
    con: Connection,
    header: list[str],
    batches: Iterable[Sequence[Sequence[Any]]],
    name: str,
    label: str,
    folder: Path,
) -> Table:
    """Stage rows that come in batches of Python values."""
    columns, changes = unique(header)
    spool = Spool(folder, len(columns))
    write: Callable[[int, Sequence[Any]], None] = spool.values
    try:
        for batch in batches:
            for row in batch:
                write(spool.rows + 1, row)
        staged = spool.stage(con, columns, [spool.column_type(position) for position in range(len(columns))])
    finally:
        spool.drop()
    return _table(con, staged, columns, changes, name, label, "")


def _table(
    con: Connection,
    staged: str,
    columns: list[str],
    changes: list[str],
    name: str,
    label: str,
    kind: str,
) -> Table:
    counted = con.execute(f"select count(*) from {ident(staged)}").fetchone()
    notes = [Finding("note", "renamed-column", name, f"{change}.") for change in changes]
    rows = counted[0] if counted else 0
    if not rows:
        notes.append(Finding("note", "no-rows", name, "The table or query has no rows."))
    table = Table(
        file=name,
        name=label,
        relation=ident(staged),
        columns=tuple(columns),
        text=False,
        rows=rows,
        kind=kind,
        parts=(staged,),
    )
    notes += formula_cells(con, table) + mojibake_cells(con, table)
    return msgspec.structs.replace(table, notes=tuple(notes))


def _chosen(names: list[str], wanted: str, file: str) -> str:
    """The table to read; raises DataError when it is not there, or when several are and none is named."""
    if wanted:
        for name in names:
            if name.lower() == wanted.lower():
                return name
        raise DataError(
            "unknown-table",
            f"{file} has no table {wanted!r}.",
            why=f"tables: {', '.join(names) or 'none'}",
            fix=meant(wanted, names, "name one of them"),
        )
    if len(names) == 1:
        return names[0]
    if not names:
        raise DataError("no-tables", f"{file} has no tables.", fix="choose another file")
    raise DataError(
        "several-tables",
        f"{file} has {len(names)} tables, and none is named.",
        why=f"tables: {', '.join(names)}",
        fix="say which one with `table:`, or write a `query:`",
    )


def _bad_query(name: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split())[:300]
    return DataError("bad-query", f"The query does not run on {name}.", why=reason, fix="correct the query")


def _damaged(name: str, kind: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split())[:300]
    return DataError(
        f"damaged-{kind.lower()}", f"{name} cannot be read as a {kind} file.", why=reason, fix="copy it again"
    )

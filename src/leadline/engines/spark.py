"""Spark through PySpark: tables are folders of Parquet files that all workers share, rows are
written there by the staging DuckDB and come back as Arrow.

The catalogue of a session is in memory, so tables and views are declared anew each time; what is in them is in the
folder. Nothing in it is changed once written.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from leadline.engines.engine import STAGED, Engine, Kind, Row, declared, listed, missing_driver
from leadline.errors import DataError
from leadline.sql.name import literal, quote
from leadline.sql.spark import SparkRenderer

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

CONFIG: Mapping[str, str] = {
    "spark.app.name": "leadline",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    # Another process may have added files since this one looked.
    "spark.sql.filesourceTableRelationCacheSize": "0",
}
SESSION: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
}
"""What the statements of `leadline.sql.spark` rely on."""
_NAME = re.compile(r"\b(?:version|replaced|fact|ledger)_\w+")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Spark(Engine):
    """A Spark session on a cluster (`spark://HOST:PORT`) or in this process (`spark:local`).

    After a question mark may follow `folder=PATH`, where the tables are (`warehouse.spark` in the workspace unless
    given; this machine and every worker must see it), and settings of Spark itself.
    """

    name = "Spark"
    types: ClassVar[Mapping[str, str]] = {
        "text": "STRING",
        "integer": "BIGINT",
        "number": "BIGINT",
        "decimal": "DECIMAL(18, 6)",
        "date": "DATE",
        "timestamp": "TIMESTAMP_NTZ",
        "boolean": "BOOLEAN",
    }
    renderer = SparkRenderer

    def __init__(self, url: str, folder: Path) -> None:
        master, _, query = url.partition("?")
        options = dict(parse_qsl(query))
        self.folder = folder / options.pop("folder", "warehouse.spark")
        self.session = _session("local[2]" if master == "spark:local" else master, options)
        self._declarations: dict[str, str] = {}
        """Tables and views that no statement has named yet: declaring all takes ten seconds."""
        database = "w" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        self.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
        self.execute(f"USE {database}")

    def rows(self, sql: str) -> tuple[list[str], list[Row]]:
        answer = self._run(sql)
        return list(answer.columns), [tuple(row) for row in answer.collect()]

    def execute(self, sql: str) -> None:
        self._run(sql)

    def _run(self, sql: str) -> Any:
        """A statement's answer, once the tables and views it names are declared."""
        self._declare(sql)
        return self.session.sql(sql)

    def _declare(self, sql: str) -> None:
        for name in dict.fromkeys(_NAME.findall(sql)):
            if name in self._declarations:
                self._run(self._declarations.pop(name))

    def columns(self) -> dict[str, set[str]]:
        # Whatever the folder holds, this session knows none of it yet.
        return {}

    def send(self, con: Connection, select: str, table: str, columns: Mapping[str, Kind]) -> int:
        # A finished file in the folder is an append: no job of Spark's is needed, and none sees half of it.
        place = self.folder / table
        place.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        partial = place / f".{name}.part"
        row = con.execute(
            f"COPY (SELECT {listed(columns)} FROM ({select})) TO {literal(str(partial))} (FORMAT parquet)"
        ).fetchone()
        count = int(row[0]) if row else 0
        if not count:
            partial.unlink()
            return 0
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.rename(place / f"part-{name}.parquet")
        return count

    def fetch(self, con: Connection, sql: str, into: str, columns: Mapping[str, Kind]) -> None:
        from pyarrow import parquet

        values = ", ".join(f"CAST({quote(name)} AS {STAGED[kind]}) AS {quote(name)}" for name, kind in columns.items())
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            parquet.write_table(self._run(f"SELECT {listed(columns)} FROM ({sql})").toArrow(), file)
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {values} FROM read_parquet({literal(str(file))})"
            )

    def create(self, table: str, columns: Mapping[str, Kind], order: tuple[str, ...]) -> None:
        # The order of rows is that of deliveries, which is roughly that of time.
        location = literal(str(self.folder / table))
        self._declarations[table] = (
            f"CREATE TABLE IF NOT EXISTS {table} ({declared(columns, self.types)}) USING parquet LOCATION {location}"
        )

    def view(self, name: str, select: str) -> None:
        self._declarations[name] = f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {select}"

    def close(self) -> None:
        # Starting Spark takes ten seconds: it stays for the next workspace of this process, and ends with it.
        return


def _session(master: str, options: Mapping[str, str]) -> Any:
    """A session of its own on the Spark of this process, which is started if there is none."""
    try:
        import pyarrow  # noqa: F401
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise missing_driver("Spark", "spark") from error
    builder: Any = SparkSession.builder.master(master)
    for name, value in {**CONFIG, **SESSION, **options}.items():
        builder = builder.config(name, value)
    host = master.removeprefix("spark://").rpartition(":")[0]
    if master.startswith("local") or host in LOOPBACK:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    try:
        shared = builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise DataError(
            "warehouse-unreachable",
            "Spark cannot be started.",
            why=str(error).strip().splitlines()[0],
            fix="install Java 17 or newer, and check `warehouse:` in leadline.yaml",
        ) from error
    shared.sparkContext.setLogLevel("ERROR")
    session = shared.newSession()
    for name, value in SESSION.items():
        session.conf.set(name, value)
    return session


def stop() -> None:
    """End the Spark of this process, if there is one."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()

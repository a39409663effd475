"""From rows of SQL to sorted columns: codes by DuckDB, order by our own counting sort, a bounded stretch at a time.

DuckDB looks up the codes; what is more than one stretch of persons is put aside by stretch on disk; each is then put in
order and written. Memory stays within DuckDB's limit plus some stretches, whatever the number of events.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import DTypeLike, NDArray

from leadline.errors import DataError
from leadline.sql.name import literal, quote
from leadline.timeline.dictionary import EVENT, PERSON, extend
from leadline.timeline.kernel.arrange import arrange
from leadline.timeline.manifest import Manifest, Segment
from leadline.timeline.segment import SegmentWriter, code_type
from leadline.timeline.spill import Spill

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

STRETCH = 4_000_000
"""Events handled at a time."""

MEMORY = "3GB"
"""What DuckDB may use meanwhile before it spills to disk."""

ENCODED = "timeline_encoded"
GIVEN = "timeline_given"

PROBE = "SELECT CAST(hash('leadline') >> 1 AS BIGINT)"

_WORDS = {1: "UTINYINT", 2: "USMALLINT", 4: "UINTEGER"}
_NEEDED = ("person", "moment", "event")
_COMPLETE = " AND ".join(f"{column} IS NOT NULL" for column in _NEEDED)
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


class Added(Struct, frozen=True):
    """What a delivery of events amounted to: rows taken, and rows left out for want of person, moment or event.

    Events that were there already are among those taken; they are dropped when segments are merged or read.
    """

    events: int
    incomplete: int


class Written(Struct, frozen=True):
    """A new segment and the dictionaries it needs."""

    segment: Segment
    dictionaries: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    added: Added


def probe(con: Connection) -> int:
    """A number that changes when DuckDB's hash of texts does; then ids stored before cannot be compared any more."""
    row = con.execute(PROBE).fetchone()
    return int(row[0]) if row else 0


def column_types(sizes: Mapping[str, int], properties: Sequence[str]) -> dict[str, DTypeLike]:
    """The columns of a segment besides persons and offsets, with their types on disk."""
    codes = {name: code_type(sizes[name]) for name in (EVENT, *properties)}
    return {"ts": np.int64, "id": np.int64, "value": np.int64, **codes}


def write_segment(con: Connection, folder: Path, name: str, select: str, base: Manifest) -> Written:
    """Write the events of `select` as segment `name`, giving new codes to what `base` does not know.

    `select` gives `person`, `moment` (TIMESTAMP, UTC), `event`, and if it has them `id`, `value` and the properties.
    Raises `DataError` when a column is missing or a value does not fit.
    """
    from leadline.engines.duckdb import sql_errors

    with _temporary(con, folder, base.properties):
        try:
            return _write(con, folder, name, select, base)
        except sql_errors() as error:
            raise DataError(
                "timeline-source",
                "The events for the timeline cannot be read.",
                why=str(error).splitlines()[0],
                fix="give SQL with person, moment, event and, if there are any, id, value and the properties",
            ) from error


def _write(con: Connection, folder: Path, name: str, select: str, base: Manifest) -> Written:
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM ({select})").fetchall()}
    missing = [column for column in _NEEDED if column not in types]
    if missing:
        raise DataError(
            "timeline-source",
            f"The events for the timeline lack the column {missing[0]}.",
            fix="give SQL with person, moment, event and, if there are any, id, value and the properties",
        )
    if base.segments:
        # What is added is small beside what it comes from: the source is read once, not once a column.
        wanted = [column for column in types if column in {*_NEEDED, "id", "value", *base.properties}]
        con.execute(f"CREATE TEMP TABLE {GIVEN} AS SELECT {', '.join(map(quote, wanted))} FROM ({select})")
        select = f"SELECT * FROM {GIVEN}"
    rows = _rows(select, types, base.properties)
    dictionaries = dict(base.dictionaries)
    sizes = dict(base.sizes)
    for column in (PERSON, EVENT, *base.properties):
        values = f"SELECT CAST({quote(column)} AS VARCHAR) AS value FROM ({rows})"
        file = f"{column}-{name}.parquet"
        size = extend(con, folder, column, dictionaries.get(column, ()), sizes.get(column, 0), values, file)
        if size > sizes.get(column, 0):
            dictionaries[column] = (*dictionaries.get(column, ()), file)
        sizes[column] = size
        dictionaries.setdefault(column, ())
    total = _count(con, f"({select})")
    _encode(con, rows, sizes, base.properties)
    complete = _count(con, ENCODED)
    segment = _sorted_segment(con, folder, name, sizes, base.properties)
    return Written(segment, dictionaries, sizes, Added(complete, total - complete))


def _count(con: Connection, relation: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _rows(select: str, types: Mapping[str, str], properties: Sequence[str]) -> str:
    """SQL of the complete rows with every column: `id` a whole number, texts as they are."""
    value = "value" if "value" in types else "0"
    texts = [quote(name) if name in types else "CAST(NULL AS VARCHAR)" for name in properties]
    # An event without an id gets one from what it says, below zero, so that its place among others is always the same.
    content = f"-1 - CAST(hash({', '.join(['person', 'moment', 'event', value, *texts])}) >> 1 AS BIGINT)"
    if "id" not in types:
        ident = content
    elif types["id"] in _WHOLE:
        ident = f"coalesce(CAST(id AS BIGINT) & {(1 << 63) - 1}, {content})"
    else:
        ident = f"CASE WHEN id IS NULL THEN {content} ELSE CAST(hash(CAST(id AS VARCHAR)) >> 1 AS BIGINT) END"
    columns = ["person", "moment", "event", f"{ident} AS id", f"{value} AS value"]
    columns += [f"{text} AS {quote(name)}" for name, text in zip(properties, texts, strict=True)]
    return f"SELECT {', '.join(columns)} FROM ({select}) WHERE {_COMPLETE}"


def _encode(con: Connection, rows: str, sizes: Mapping[str, int], properties: Sequence[str]) -> None:
    """Make the table of codes, each as narrow as it may be: what does not fit into memory is written to disk."""

    def narrow(code: str, name: str) -> str:
        return f"CAST({code} AS {_WORDS[np.dtype(code_type(sizes[name])).itemsize]}) AS {quote(name)}"

    columns = [
        "person.code AS person",
        "epoch_us(rows.moment) AS ts",
        "rows.id AS id",
        narrow("event.code", EVENT),
        "coalesce(CAST(round(rows.value * 1000000) AS BIGINT), 0) AS value",
    ]
    joins = [
        "JOIN timeline_person AS person ON CAST(rows.person AS VARCHAR) = person.value",
        "JOIN timeline_event AS event ON CAST(rows.event AS VARCHAR) = event.value",
    ]
    for place, name in enumerate(properties):
        table, text = quote(f"timeline_{name}"), f"CAST(rows.{quote(name)} AS VARCHAR)"
        columns.append(narrow(f"coalesce(p{place}.code, 0)", name))
        joins.append(f"LEFT JOIN {table} AS p{place} ON {text} = p{place}.value")
    con.execute(f"CREATE TEMP TABLE {ENCODED} AS SELECT {', '.join(columns)} FROM ({rows}) AS rows {' '.join(joins)}")


def _sorted_segment(
    con: Connection, folder: Path, name: str, sizes: Mapping[str, int], properties: Sequence[str]
) -> Segment:
    writer = SegmentWriter(folder, name, column_types(sizes, properties))
    counted = fetch(con, f"SELECT person, count(*) AS n FROM {ENCODED} GROUP BY person ORDER BY person")
    present = counted["person"]
    cut = list(stretches(counted["n"]))
    if len(cut) == 1:
        _order(writer, fetch(con, f"SELECT * FROM {ENCODED}"), present)
    elif cut:
        bounds = [int(present[low]) for low, _ in cut] + [int(present[-1]) + 1]
        with Spill(folder / "spill" / name, bounds) as spill:
            names = [PERSON, *writer.types]
            for first in range(0, int(counted["n"].sum()), STRETCH):
                # A slice by its place in the table, which is not read beyond it; one column at a time costs half.
                rest = f"FROM {ENCODED} WHERE rowid BETWEEN {first} AND {first + STRETCH - 1}"
                spill.add({name: fetch(con, f"SELECT {quote(name)} {rest}")[name] for name in names})
            for stretch, (low, high) in enumerate(cut):
                _order(writer, spill.take(stretch), present[low:high])
    return writer.finish()


def _order(writer: SegmentWriter, columns: Mapping[str, NDArray[Any]], present: NDArray[Any]) -> None:
    """Write the events of the persons `present` (codes, ascending), in order."""
    person, first, count = columns["person"], int(present[0]), int(present[-1]) - int(present[0]) + 1
    sparse = count > 2 * len(present)
    if sparse:
        # A few persons of many: they are numbered anew, so that nothing is counted for those between them.
        person, first, count = np.searchsorted(present, person).astype(np.uint32), 0, len(present)
    order, begins = arrange(person, columns["ts"], columns["id"], first, count)
    counts = np.diff(begins)
    there = np.flatnonzero(counts)
    persons = present[there] if sparse else (there + first).astype(np.uint32)
    writer.add(persons, counts[there], {column: columns[column][order] for column in writer.types})


def stretches(counts: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Neighbouring persons whose events are handled together."""
    ends = np.cumsum(counts)
    low = 0
    while low < len(counts):
        before = int(ends[low - 1]) if low else 0
        high = max(int(np.searchsorted(ends, before + STRETCH, side="right")), low + 1)
        yield low, high
        low = high


def fetch(con: Connection, sql: str) -> dict[str, NDArray[Any]]:
    """The columns of a result as plain arrays; none of them may hold nulls."""
    found: dict[str, Any] = con.execute(sql).fetchnumpy()
    return {name: np.ascontiguousarray(np.ma.getdata(values)) for name, values in found.items()}


@contextmanager
def _temporary(con: Connection, folder: Path, properties: Sequence[str]) -> Iterator[None]:
    """Bounded memory, room to spill beside the timeline, and no tables left behind."""
    row = con.execute("SELECT current_setting('memory_limit'), current_setting('temp_directory')").fetchone()
    limit, spill = (str(row[0]), str(row[1])) if row else ("", "")
    own = folder / "spill-duckdb"
    if spill in {"", ".tmp"}:  # an in-memory database would spill into whatever folder one is in
        # It keeps the folder until it is closed and removes it then; only a run that was killed leaves one.
        shutil.rmtree(own, ignore_errors=True)
        con.execute(f"SET temp_directory = {literal(str(own))}")
    con.execute(f"SET memory_limit = {literal(MEMORY)}")
    try:
        yield
    finally:
        for name in (ENCODED, GIVEN, *(f"timeline_{column}" for column in (PERSON, EVENT, *properties))):
            con.execute(f"DROP TABLE IF EXISTS {quote(name)}")
        con.execute(f"SET memory_limit = {literal(limit)}")

"""Dictionaries of a timeline: which text a code stands for. Files of value and code, added to and never changed.

Codes of events and properties begin at 1, with 0 for none; codes of persons begin at 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.errors import DataError
from leadline.sql.name import literal, quote
from leadline.timeline.manifest import sync_file

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

PERSON = "person"
EVENT = "event"
FEW = 5_000
"""Up to so many persons are asked for one by one; for more the whole dictionary is read."""


def relation(folder: Path, files: Sequence[str]) -> str:
    """SQL for the rows (value, code) of a dictionary."""
    if not files:
        return "(SELECT CAST(NULL AS VARCHAR) AS value, CAST(NULL AS UINTEGER) AS code WHERE false)"
    return f"read_parquet([{', '.join(literal(str(folder / name)) for name in files)}])"


def extend(con: Connection, folder: Path, name: str, files: Sequence[str], size: int, values: str, file: str) -> int:
    """Give codes to those of `values` (SQL of one column `value`) that have none, in the order of the texts.

    Leaves the whole dictionary in the temporary table `timeline_NAME`, writes what is new to `file` if anything is, and
    returns the highest code (for persons: how many codes there are).
    """
    table = quote(f"timeline_{name}")
    con.execute(f"DROP TABLE IF EXISTS {table}")
    known = relation(folder, files)
    first = size if name == PERSON else size + 1
    con.execute(
        f"CREATE TEMP TABLE {table} AS WITH seen AS (SELECT DISTINCT value FROM ({values}) WHERE value IS NOT NULL), "
        f"met AS MATERIALIZED (SELECT seen.value, known.code FROM seen LEFT JOIN {known} AS known USING (value)) "
        "SELECT value, CAST(code AS UINTEGER) AS code, false AS is_new FROM met WHERE code IS NOT NULL UNION ALL "
        f"SELECT value, CAST(row_number() OVER (ORDER BY value) + {first - 1} AS UINTEGER), true FROM met "
        "WHERE code IS NULL"
    )
    row = con.execute(f"SELECT count(*) FROM {table} WHERE is_new").fetchone()
    added = int(row[0]) if row else 0
    if added:
        path = folder / file
        fresh = f"SELECT value, code FROM {table} WHERE is_new ORDER BY code"
        con.execute(f"COPY ({fresh}) TO {literal(str(path))} (FORMAT parquet)")
        sync_file(path)
    return size + added


class Dictionaries:
    """The dictionaries of an open timeline, read when first asked for."""

    def __init__(self, folder: Path, files: Mapping[str, Sequence[str]], sizes: Mapping[str, int]) -> None:
        self.folder = folder
        self.files = files
        self.sizes = sizes
        self._values: dict[str, list[str | None]] = {}
        self._codes: dict[str, dict[str | None, int]] = {}
        self._others: Sequence[str] | None = None

    def of_others(self, names: Sequence[str]) -> Dictionaries:
        """The same for a view in which accounts take the place of persons: their ids by number."""
        found = copy(self)
        found._others = names
        return found

    def values(self, name: str) -> list[str | None]:
        """Texts by code, None for code 0 (events and properties only)."""
        if name not in self._values:
            values: list[str | None] = [None] * (self.sizes[name] + 1)
            for value, code in self._read(name, ""):
                values[code] = value
            self._values[name] = values
        return self._values[name]

    def codes(self, name: str) -> dict[str | None, int]:
        """Codes by text (events and properties only)."""
        if name not in self._codes:
            self._codes[name] = {value: code for code, value in enumerate(self.values(name)) if value is not None}
            self._codes[name][None] = 0
        return self._codes[name]

    def persons(self, codes: Iterable[int]) -> list[str]:
        """The ids of persons, in the order of the codes."""
        wanted = list(codes)
        if self._others is not None:
            return [self._others[code] for code in wanted]
        if not wanted:
            return []
        few = len(wanted) <= FEW
        chosen = f"WHERE code IN ({', '.join(map(str, sorted(set(wanted))))})" if few else ""
        found = {code: value for value, code in self._read(PERSON, chosen)}
        return [found[code] for code in wanted]

    def person_codes(self, ids: Iterable[str]) -> dict[str, int]:
        """The codes of those ids that are known."""
        listed = ", ".join(sorted({literal(value) for value in ids}))
        return dict(self._read(PERSON, f"WHERE value IN ({listed})")) if listed else {}

    def without(
        self, persons: Iterable[int], used: Mapping[str, Iterable[int]], suffix: str
    ) -> dict[str, tuple[str, ...]]:
        """Write the dictionaries anew without these persons, and with only the codes `used`; their files."""
        from leadline.engines.duckdb import connect

        files: dict[str, tuple[str, ...]] = {}
        conditions = {PERSON: f"code NOT IN ({', '.join(map(str, persons))})"}
        conditions |= {name: f"code IN ({', '.join(['0', *map(str, codes)])})" for name, codes in used.items()}
        with connect() as con:
            for name, condition in conditions.items():
                path = self.folder / f"{name}-{suffix}.parquet"
                rows = f"SELECT value, code FROM {relation(self.folder, self.files[name])} WHERE {condition}"
                con.execute(f"COPY ({rows} ORDER BY code) TO {literal(str(path))} (FORMAT parquet)")
                sync_file(path)
                files[name] = (path.name,)
        return files

    def _read(self, name: str, where: str) -> list[tuple[str, int]]:
        from leadline.engines.duckdb import connect, sql_errors

        try:
            with connect() as con:
                rows = con.execute(f"SELECT value, code FROM {relation(self.folder, self.files[name])} {where}")
                return rows.fetchall()
        except sql_errors() as error:
            raise DataError(
                "timeline-unreadable",
                f"The dictionary {name} of the timeline cannot be read.",
                why=str(error).splitlines()[0],
                fix="build the timeline again; it only holds what the warehouse has",
            ) from error

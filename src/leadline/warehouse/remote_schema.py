"""Tables of a warehouse that is not embedded (docs/adr/0006).

`version_X` holds every version of every row of fact X that was ever delivered; `replaced_X` says which of them a later
load replaced or removed; the view `fact_X` is what is left. All are only ever added to. The tables `ledger_*` are those
of `leadline.warehouse.schema`; a load counts once its row in `ledger_load` is there, which is written last.
"""

from __future__ import annotations

from collections.abc import Mapping

from leadline.engines.engine import Engine, Kind
from leadline.errors import DataError
from leadline.model.fact import SYSTEM_COLUMNS, Fact
from leadline.sql.name import quote
from leadline.warehouse.column import data_columns

LEDGER: Mapping[str, Mapping[str, Kind]] = {
    "load": {
        "id": "number", "source": "text", "origin": "text", "content": "text", "mapping": "text", "status": "text",
        "started_at": "timestamp", "ended_at": "timestamp", "detail": "text",
    },
    "merge": {
        "load": "number", "fact": "text", "inserted": "integer", "updated": "integer", "unchanged": "integer",
        "removed": "integer",
    },
    "finding": {
        "load": "number", "severity": "text", "rule": "text", "file": "text", "line": "integer", "column": "text",
        "value": "text", "what": "text", "fix": "text", "count": "integer", "fact": "text",
    },
    "quarantine": {
        "load": "number", "fact": "text", "line": "integer", "rule": "text", "what": "text", "raw": "text",
    },
    "coverage": {"load": "number", "source": "text", "fact": "text", "first": "timestamp", "last": "timestamp"},
    "state": {
        "load": "number", "fact": "text", "source": "text", "row_count": "integer", "currencies": "text",
        "times": "text",
    },
}  # fmt: skip
"""The ledger's tables. `state` is told anew by each load; the newest word on a fact and source holds."""
COMMAND: Mapping[str, Kind] = {
    "said_at": "timestamp", "action": "text", "left_kind": "text", "left_id": "text", "right_kind": "text",
    "right_id": "text", "said_by": "text", "reason": "text",
}  # fmt: skip
"""Commands on who is who (`leadline.journey.registry`): users' words, that no load tells."""
CLAIM: Mapping[str, Kind] = {"id": "number", "token": "text"}
"""Load numbers and who took them, so that a load that died leaves its number, and its rows, behind for good."""
REPLACED: Mapping[str, Kind] = {"_row": "number", "_until": "number"}


def version_columns(fact: Fact) -> dict[str, Kind]:
    """Columns of `version_X`: what a delivery fills, where it came from, and the number of the row."""
    kinds: dict[str, Kind] = {name: fact.column(name).type for name in data_columns(fact)}
    return kinds | {"_source": "text", "_load": "number", "_line": "integer", "_key": "text", "_row": "number"}


def ensure_remote(engine: Engine, facts: Mapping[str, Fact]) -> None:
    """Create what is missing: tables, views, and columns that a workspace added since."""
    present = engine.columns()
    for name, columns in LEDGER.items():
        if f"ledger_{name}" not in present:
            engine.create(f"ledger_{name}", columns, ("id" if name == "load" else "load",))
    if "ledger_claim" not in present:
        engine.create("ledger_claim", CLAIM, ("id",))
    if "ledger_command" not in present:
        engine.create("ledger_command", COMMAND, ("said_at",))
    for fact in facts.values():
        wanted, table = version_columns(fact), f"version_{fact.name}"
        if table not in present:
            engine.create(table, wanted, (fact.time,) if fact.time else ())
            engine.create(f"replaced_{fact.name}", REPLACED, ("_row",))
        else:
            for name, kind in wanted.items():
                if name not in present[table]:
                    engine.widen(table, name, kind)
        view = f"fact_{fact.name}"
        if view not in present or not {*fact.column_names, *SYSTEM_COLUMNS, "_row"} <= present[view]:
            engine.view(view, current_rows(engine, fact))


def current_rows(engine: Engine, fact: Fact, *, until: int | None = None, under_way: int | None = None) -> str:
    """A query for a fact's rows: as they are, as they were after load `until`, or with load `under_way` counted in."""
    loads = "SELECT id FROM ledger_load"
    replaced = f"SELECT _row FROM replaced_{fact.name}"
    counted, ended = [], []
    if not engine.transactions:
        also = "" if under_way is None else f" UNION ALL SELECT {under_way}"
        counted.append(f"_load IN ({loads}{also})")
        ended.append(f"_until IN ({loads}{also})")
    if until is not None:
        counted.append(f"_load <= {until}")
        ended.append(f"_until <= {until}")
    gone = replaced + (f" WHERE {' AND '.join(ended)}" if ended else "")
    conditions = " AND ".join([*counted, engine.outside(f"version_{fact.name}._row", gone)])
    columns = [*data_columns(fact), *SYSTEM_COLUMNS, "_row"]
    if fact.first_by:
        columns.append(f"{first_of_group(fact)} AS is_first")
    names = ", ".join(name if " " in name else quote(name) for name in columns)
    return f"SELECT {names} FROM version_{fact.name} WHERE {conditions}"


def history_rows(engine: Engine, fact: Fact) -> str:
    """A query for the versions of a fact's rows that loads have replaced, with the load that did."""
    columns = ", ".join(f"v.{quote(name)} AS {quote(name)}" for name in version_columns(fact))
    counted = ""
    if not engine.transactions:
        loads = "SELECT id FROM ledger_load"
        counted = f" WHERE v._load IN ({loads}) AND r._until IN ({loads})"
    return (
        f"SELECT {columns}, r._until AS _until FROM version_{fact.name} AS v "
        f"JOIN replaced_{fact.name} AS r ON r._row = v._row{counted}"
    )


def first_of_group(fact: Fact) -> str:
    """`leadline.warehouse.column.first_expression`, without the FILTER that not every engine takes in a window."""
    group = ", ".join(quote(name) for name in fact.first_by)
    known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in fact.first_by)
    time = quote(fact.time)
    if fact.first_where:
        condition = f"coalesce({fact.first_where}, false)"
        first = f"{time} = min(CASE WHEN {condition} THEN {time} END) OVER (PARTITION BY {group})"
        return f"({known} AND {condition} AND {first})"
    return f"({known} AND row_number() OVER (PARTITION BY {group} ORDER BY {time}, _source, _key, _line) = 1)"


def changed_meanwhile() -> DataError:
    """The error for two loads that ran into each other."""
    return DataError(
        "warehouse-changed",
        "Another load was written to the warehouse at the same time.",
        why="one load at a time may compare its rows with what is there",
        fix="load the file again: nothing of it was kept",
    )

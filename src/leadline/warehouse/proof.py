"""Proof that a lookup from a fact leads from each key to one value, before any number goes through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadline.errors import DataError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.lookup import Lookup
from leadline.sql.relation import clash_sql

if TYPE_CHECKING:
    from leadline.sql.render import Renderer
    from leadline.warehouse import Warehouse

SHOWN_LINES = 5


def prove_lookup(warehouse: Warehouse, renderer: Renderer, tables: Mapping[str, Fact], lookup: Lookup) -> None:
    """Raise `DataError` naming the first key with two values and the lines they came from."""
    clashes = warehouse.rows(renderer.statement(clash_sql(renderer, renderer.relation, tables, lookup)))[1]
    if not clashes:
        return
    clash = clashes[0]
    pairs = zip(lookup.gives, clash[1::2], clash[2::2], strict=True)
    column, one, other = next((name, low, high) for name, low, high in pairs if low != high)
    raise lookup_fan_out(
        lookup,
        clash[0],
        column,
        (one, other),
        _places(warehouse, renderer, tables, lookup, clash[0]),
        "narrow its `where` until one row a key is left, for example with `is_first`",
    )


def lookup_fan_out(lookup: Lookup, key: str, column: str, values: tuple[str, str], places: str, fix: str) -> DataError:
    """The error for a key with two values."""
    one, other = values
    return DataError(
        "lookup-fan-out",
        f"Lookup {lookup.name!r} gives two values to one key: {lookup.key} {key!r}.",
        why=f"{places}: {column} {one!r} and {other!r}; a row with that key would count in both",
        fix=fix,
    )


def _places(warehouse: Warehouse, renderer: Renderer, tables: Mapping[str, Fact], lookup: Lookup, key: str) -> str:
    """Files and lines of the rows of one key."""
    conditions = [renderer.row(tree.Compare("=", tree.Column(lookup.key), tree.Constant(key)), tables[lookup.table], 3)]
    if lookup.where is not None:
        conditions.append(renderer.row(lookup.where, tables[lookup.table], 3))
    rows = warehouse.rows(
        f"SELECT _load, _line FROM {renderer.relation(lookup.table)} AS known WHERE {' AND '.join(conditions)} "
        f"ORDER BY _load, _line LIMIT {SHOWN_LINES}"
    )[1]
    origins = dict(warehouse.con.execute("SELECT id, origin FROM ledger.load").fetchall())
    lines: dict[str, list[str]] = {}
    for load, line in rows:
        lines.setdefault(str(origins.get(load, f"load {load}")), []).append(str(line))
    return " and ".join(
        f"{file} {'line' if len(found) == 1 else 'lines'} {', '.join(found)}" for file, found in lines.items()
    )

"""Expressions of a mapping: SQL over one row, read with DuckDB's own parser and held to what a mapping may do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.errors import DefinitionError
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

IMPURE = frozenset(
    [
        "random",
        "setseed",
        "uuid",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "now",
        "current_timestamp",
        "get_current_timestamp",
        "current_date",
        "today",
        "current_time",
        "get_current_time",
        "current_localtimestamp",
        "current_localtime",
        "localtime",
        "localtimestamp",
        "transaction_timestamp",
        "nextval",
        "currval",
        "getenv",
        "getvariable",
        "current_setting",
        "current_user",
        "session_user",
        "user",
        "current_schema",
        "current_schemas",
        "current_database",
        "current_catalog",
        "current_query",
        "current_query_id",
        "current_connection_id",
        "txid_current",
        "version",
        "query",
        "query_table",
        "write_log",
        "sleep_ms",
        "in_search_path",
    ]
)
"""Functions whose value depends on more than the row: a load would not be repeatable."""


class Expression(Struct, frozen=True):
    """One expression, and what it touches. `text` is as written, a column named by a reserved word put into quotes.

    `columns` are the column references, a tuple of name parts each; `bare` is the column's name when the expression is
    nothing but a column; `relations` are the tables its subqueries read; `windows` says whether it looks at other rows.
    """

    text: str
    place: str
    columns: tuple[tuple[str, ...], ...] = ()
    bare: str = ""
    relations: tuple[str, ...] = ()
    windows: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Unqualified columns it reads."""
        return tuple(dict.fromkeys(parts[0] for parts in self.columns if len(parts) == 1))


_WORDS = re.compile(r"[^\W\d]\w*( \w+)*")
_parsed: dict[str, Expression | str] = {}


def parse_expressions(con: Connection, wanted: Iterable[tuple[str, str]]) -> list[Expression]:
    """Parse (text, place) pairs; `DefinitionError` naming the place for what is no expression over a row."""
    pairs = list(wanted)
    fresh = list(dict.fromkeys(text for text, _ in pairs if text not in _parsed))
    if fresh:
        trees = _serialise(con, fresh) or []
        if len(trees) == len(fresh):
            for text, tree in zip(fresh, trees, strict=True):
                _parsed[text] = _read(text, tree)
        else:
            for text in fresh:
                alone = _serialise(con, [text])
                _parsed[text] = _read(text, alone[0]) if alone and len(alone) == 1 else _syntax(con, text)
    result = []
    for text, place in pairs:
        found = _parsed[text]
        if isinstance(found, str):
            raise DefinitionError(
                "bad-expression", f"{text!r} is not an expression over a row.", why=f"{place}: {found}",
                fix="write one SQL expression over the source's columns; quote names with spaces: \"Order ID\"",
            )  # fmt: skip
        result.append(Expression(found.text, place, found.columns, found.bare, found.relations, found.windows))
    return result


def _serialise(con: Connection, texts: Sequence[str]) -> list[Any] | None:
    """Syntax trees of the expressions, or None when they do not parse together as that many."""
    statement = "SELECT " + ",\n".join(f"({text}\n)" for text in texts)
    row = con.execute("SELECT json_serialize_sql(?)", [statement]).fetchone()
    data: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if data.get("error") or len(data["statements"]) != 1:
        return None
    node = data["statements"][0]["node"]
    extra = node.get("where_clause") or node.get("group_expressions") or node.get("modifiers") or node.get("having")
    if node["type"] != "SELECT_NODE" or node["from_table"]["type"] != "EMPTY" or extra:
        return None
    return list(node["select_list"])


def _syntax(con: Connection, text: str) -> Expression | str:
    """What is wrong with a text; or, when it is but words, the column of that name (`order`, `at`, `Close date`)."""
    if _WORDS.fullmatch(text.strip()):
        name = text.strip()
        return Expression(quote(name), "", ((name,),), name)
    row = con.execute("SELECT json_serialize_sql(?)", [f"SELECT ({text}\n)"]).fetchone()
    data = json.loads(row[0]) if row else {}
    return str(data.get("error_message") or "more than one expression").splitlines()[0]


def _read(text: str, tree: Any) -> Expression | str:
    columns: list[tuple[str, ...]] = []
    relations: list[str] = []
    locals_: set[str] = set()
    windows = False
    for node in _nodes(tree):
        kind, function = node.get("class"), str(node.get("function_name", "")).lower()
        if kind == "COLUMN_REF":
            columns.append(tuple(node["column_names"]))
        elif kind == "LAMBDA":
            locals_.update(".".join(inner["column_names"]) for inner in _nodes(node.get("lhs"))
                           if inner.get("class") == "COLUMN_REF")  # fmt: skip
        elif kind in ("FUNCTION", "WINDOW") and function in IMPURE:
            return f"{function}() changes from load to load, so the same file would give other rows"
        elif kind == "STAR":
            return "`*` is not one value"
        elif kind in ("PARAMETER", "POSITIONAL_REFERENCE"):
            return "parameters have no value here"
        if kind == "WINDOW":
            windows = True
        table = node.get("type")
        if table == "BASE_TABLE":
            relations.append(str(node["table_name"]))
        elif table == "TABLE_FUNCTION":
            return "a mapping cannot read other files or tables; declare them under `lookups:`"
    kept = tuple(dict.fromkeys(parts for parts in columns if ".".join(parts) not in locals_))
    bare = tree["column_names"][0] if tree.get("class") == "COLUMN_REF" and len(tree["column_names"]) == 1 else ""
    clocks = (parts[0] for parts in kept if len(parts) == 1 and parts[0].lower().startswith(("current_", "localtime")))
    impure = next((name for name in clocks if name.lower() in IMPURE), "")
    if impure:
        return f"{impure} changes from load to load, so the same file would give other rows"
    return Expression(text, "", kept, bare, tuple(dict.fromkeys(relations)), windows)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a syntax tree."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            stack.extend(reversed(item))

"""Names and texts in SQL."""

from __future__ import annotations


def quote(name: str) -> str:
    """`name` as an SQL identifier: bare where that is safe and reads well."""
    if name.isidentifier() and name == name.lower() and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


# fmt: off
_RESERVED = frozenset(
    {
        "all", "and", "any", "as", "asc", "at", "between", "by", "case", "cast", "check", "column",
        "constraint", "create", "cross", "current", "date", "default", "desc", "distinct", "do", "else", "end",
        "except", "exists", "false", "for", "foreign", "from", "full", "grant", "group", "having", "in",
        "inner", "interval", "intersect", "into", "is", "join", "last", "left", "like", "limit", "not", "null",
        "offset", "on", "only", "or", "order", "outer", "position", "primary", "references", "right", "rows",
        "select", "session", "set", "some", "table", "then", "to", "true", "union", "unique", "user", "using",
        "when", "where", "window", "with",
    }
)
# fmt: on


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"

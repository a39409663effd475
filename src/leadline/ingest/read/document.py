"""JSON: an array of objects, an object around one array, or one object a line; DuckDB reads it and finds the types.

Strings stay strings: JSON has no dates, and a reader that finds some anyway finds them in campaign names too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.engines.duckdb import sql_errors
from leadline.errors import DataError
from leadline.ingest.read.cell import formula_cells, mojibake_cells
from leadline.ingest.read.encoding import encoding_of
from leadline.ingest.read.kind import read_head
from leadline.ingest.read.pack import plain_path
from leadline.ingest.read.survey import BadByteError, broken_byte, survey, transcode
from leadline.ingest.read.table import LINE, ReadOptions, Table, fresh, ident, literal, unique
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

_STRINGS = re.compile(
    r"(?<=[ \[(])(?:DATE|TIME|TIMESTAMP(?: WITH TIME ZONE)?|UUID)(?=[,)\[]|$)|^(?:DATE|TIME|UUID|TIMESTAMP.*)$"
)
_ERROR_KEYS = ("error", "errors", "error_description", "message", "detail", "fault")


def read_json(con: Connection, path: Path, name: str, options: ReadOptions, folder: Path) -> list[Table]:
    """Stage a JSON file as one table; `_line` is the line for one object a line, else the object's ordinal."""
    source, encoding, lines = _as_utf8(path, name, options, folder)
    head = read_head(source, name).lstrip(b"\xef\xbb\xbf \t\r\n")
    table_name = ""
    by_line = False
    if head.startswith(b"["):
        layout = "array"
    elif _object_a_line(source):
        layout, by_line = "newline_delimited", True
    else:
        source, table_name = _unwrapped(source, name, options, folder)
        layout = "newline_delimited"
    staged, columns, rows = _stage(con, plain_path(source, folder), name, layout, options)
    relation = _with_lines(con, staged, columns, source if by_line else None, rows, lines)
    notes = [] if rows else [Finding("note", "no-rows", name, "The file holds an empty list.")]
    table = Table(
        file=name,
        name=table_name,
        relation=ident(relation[0]),
        columns=tuple(columns),
        text=False,
        encoding=encoding,
        rows=rows,
        notes=tuple(notes),
        kind="json",
        parts=relation,
    )
    notes += formula_cells(con, table) + mojibake_cells(con, table)
    return [msgspec.structs.replace(table, notes=tuple(notes))]


def _as_utf8(path: Path, name: str, options: ReadOptions, folder: Path) -> tuple[Path, str, int]:
    encoding = options.encoding or encoding_of(read_head(path, name), name)
    # an array may stand on one line, so a line is only bounded by the size of all
    limit = max(options.limits.line, path.stat().st_size + 1)
    try:
        if encoding == "utf-8":
            return path, encoding, survey(path, name, limit).lines
        copy = folder / f"{fresh('utf8')}.json"
        transcode(path, copy, name, encoding, limit)
        return copy, encoding, survey(copy, name, limit).lines
    except BadByteError as bad:
        raise broken_byte(name, encoding, bad) from None


def _object_a_line(path: Path) -> bool:
    """Whether the first filled line is a whole object, and either another follows or it holds no list of objects."""
    with path.open("rb") as file:
        first = b""
        while not first.strip(b"\xef\xbb\xbf \t\r\n") and (first := file.readline(16 << 20)):
            pass
        try:
            value = msgspec.json.decode(first.lstrip(b"\xef\xbb\xbf"))
        except msgspec.DecodeError:
            # broken on its first line: one object a line if the next line begins another
            return file.readline(1 << 16).lstrip().startswith(b"{") and first.rstrip().endswith(b"}")
        while (more := file.readline(1 << 16)) and not more.strip():
            pass
    return bool(more.strip()) or (isinstance(value, dict) and not _lists(value) and not _is_error(value))


def _lists(value: dict[str, Any], depth: int = 3) -> list[tuple[str, list[Any]]]:
    """The lists of objects within an object, with the path to each."""
    found: list[tuple[str, list[Any]]] = []
    for key, inner in value.items():
        if isinstance(inner, list) and (not inner or isinstance(inner[0], dict)):
            found.append((key, inner))
        elif isinstance(inner, dict) and depth > 1:
            found += [(f"{key}.{below}", rows) for below, rows in _lists(inner, depth - 1)]
    return found


def _is_error(value: dict[str, Any]) -> bool:
    return any(key in value for key in _ERROR_KEYS[:3]) or (
        len(value) <= 4 and any(key in value for key in _ERROR_KEYS)
    )


def _unwrapped(path: Path, name: str, options: ReadOptions, folder: Path) -> tuple[Path, str]:
    """The one list of objects within an object, written one object a line; raises DataError when there is none."""
    if path.stat().st_size > options.limits.json:
        raise DataError(
            "json-too-large",
            f"{name} is one JSON object of more than {options.limits.json >> 20} MiB.",
            why="an object has to be held in memory as a whole",
            fix="export one object a line (NDJSON), or an array",
        )
    text = path.read_bytes().lstrip(b"\xef\xbb\xbf")
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _broken(name, str(error), _error_line(text, str(error))) from None
    lists = _lists(value)
    if len(lists) > 1:
        full = [(key, rows) for key, rows in lists if rows]
        lists = full if len(full) == 1 else lists
    if _is_error(value) and not (lists and lists[0][1] and lists[0][0] not in _ERROR_KEYS):
        said = next(value[key] for key in _ERROR_KEYS if key in value)
        raise DataError(
            "json-error-answer",
            f"{name} is an error message, not data.",
            why=f"line 1: it says {msgspec.json.encode(said)[:200].decode('utf-8', 'replace')}",
            fix="mend the request (sign in, permissions, parameters), then fetch it again",
        )
    if len(lists) != 1:
        keys = ", ".join(key for key, _ in lists) or "none"
        raise DataError(
            "json-no-rows",
            f"{name} is one JSON object, and which of its lists are the rows is not plain.",
            why=f"lists of objects in it: {keys}",
            fix="export the list alone, or one object a line",
        )
    key, rows = lists[0]
    target = folder / f"{fresh('rows')}.json"
    with target.open("wb") as out:
        for row in rows:
            out.write(msgspec.json.encode(row) + b"\n")
    return target, key


def _stage(con: Connection, path: Path, name: str, layout: str, options: ReadOptions) -> tuple[str, list[str], int]:
    staged = fresh("table")
    if path.stat().st_size < 1024 and not path.read_bytes().strip(b"\xef\xbb\xbf \t\r\n[]"):
        con.execute(f"create temp table {ident(staged)} (nothing varchar)")
        return staged, [], 0
    room = max(16 << 20, options.limits.line * 2)
    common = f"{literal(str(path))}, format={literal(layout)}, maximum_object_size={room}, ignore_errors=false"
    try:
        described = con.execute(f"describe from read_json({common}, sample_size=-1, records=true)").fetchall()
        given = [row[0] for row in described]
        types = [_STRINGS.sub("VARCHAR", row[1]) for row in described]
        pairs = ", ".join(f"{literal(key)}: {literal(kind)}" for key, kind in zip(given, types, strict=True))
        columns, _ = unique(given)
        named = ", ".join(f"{ident(raw)} as {ident(column)}" for raw, column in zip(given, columns, strict=True))
        con.execute(
            f"create temp table {ident(staged)} as select {named} "
            f"from read_json({common}, records=true, columns={{{pairs}}})"
        )
        counted = con.execute(f"select count(*) from {ident(staged)}").fetchone()
    except sql_errors() as error:
        con.execute(f"drop table if exists {ident(staged)}")
        raise _broken_file(path, name, layout, str(error), options) from None
    return staged, columns, counted[0] if counted else 0


def _broken_file(path: Path, name: str, layout: str, reason: str, options: ReadOptions) -> DataError:
    """The error for a file DuckDB could not read: it counts records in pieces of the file, so the line is looked up."""
    if layout == "newline_delimited":
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.strip(b"\xef\xbb\xbf \t\r\n")
                if text and (error := _decode_error(text)):
                    return _broken(name, error, number)
    elif path.stat().st_size <= options.limits.json:
        text = path.read_bytes().lstrip(b"\xef\xbb\xbf")
        if error := _decode_error(text):
            return _broken(name, error, _error_line(text, error))
    return _broken(name, reason, 0)


def _decode_error(text: bytes) -> str:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return str(error)
    return ""


def _error_line(text: bytes, reason: str) -> int:
    """The line of the byte that a decoding error names; the last one when the text ended too early."""
    found = re.search(r"byte (\d+)", reason)
    return text.count(b"\n", 0, int(found.group(1)) if found else len(text.rstrip())) + 1


def _broken(name: str, reason: str, line: int) -> DataError:
    return DataError(
        "broken-json",
        f"{name}{f', line {line}' if line else ''}: the JSON is broken or cut off.",
        why=" ".join(reason.split())[:250],
        fix="fetch it again",
    )


def _with_lines(
    con: Connection, staged: str, columns: list[str], by_line: Path | None, rows: int, lines: int
) -> tuple[str, ...]:
    """A view with `_line` first: the ordinal, unless blank lines between the objects shift it."""
    view = fresh("view")
    shown = ", ".join(ident(column) for column in columns) or "nothing"
    if by_line is None or lines == rows:
        con.execute(f"create temp view {ident(view)} as select rowid + 1 as {LINE}, {shown} from {ident(staged)}")
        return view, staged
    numbers = fresh("table")
    con.execute(f"create temp table {ident(numbers)} (ordinal bigint, line bigint)")
    with by_line.open("rb") as file:
        filled = [(number,) for number, line in enumerate(file, 1) if line.strip(b"\xef\xbb\xbf \t\r\n")]
    con.executemany(
        f"insert into {ident(numbers)} values (?, ?)", [(at, number) for at, (number,) in enumerate(filled)]
    )
    con.execute(
        f"create temp view {ident(view)} as select line as {LINE}, {shown} "
        f"from {ident(staged)} as staged join {ident(numbers)} on ordinal = staged.rowid"
    )
    return view, staged, numbers

"""Source definitions: YAML text to `Source`, every mistake with file and line; the built-in vendor formats."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from leadline.errors import DefinitionError, meant
from leadline.ingest.source import Context, FactMap, Lookup, Source, SourceColumn
from leadline.model.fact import Fact

ENGINE_VERSION = 1
"""Part of every mapping's hash: raised when the same definition would yield other rows than before."""

_LIST_FIELDS = {"names", "files", "key", "nulls", "any_of", "without", "range_columns", "sums"}
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<field>[^`]+)`")
_PATH = re.compile(r" - at `(?P<path>[^`]+)`$")


class Definition(msgspec.Struct, frozen=True):
    """A decoded source with where each part of it was written.

    `file` is the definition's file as shown to people; `lines` maps a dotted path (`facts.0.columns.amount`) to its
    line.
    """

    source: Source
    file: str
    lines: Mapping[str, int]
    hash: str

    def place(self, *path: str | int) -> str:
        """`file:line` of a part; of the nearest enclosing part when it was not written itself."""
        parts = [str(part) for part in path]
        while parts:
            line = self.lines.get(".".join(parts))
            if line is not None:
                return f"{self.file}:{line}"
            parts.pop()
        return f"{self.file}:1"


def decode_source(text: str, file: str, *, facts: Mapping[str, Fact] | None = None, name: str = "") -> Definition:
    """Decode one source definition; `DefinitionError` with file and line for anything it cannot mean.

    Scalars are taken as written (`no`, `on` and `1.0` are text where text is wanted), a lone value stands for a list
    of one. With `facts`, fact and column names are checked too.
    """
    root = _compose(text, file)
    lines: dict[str, int] = {}
    data = _plain(root, "", lines, file)
    if not isinstance(data, dict):
        raise _error(file, 1, "A source definition must be a mapping of fields.", "start with `title:` and `facts:`")
    data.setdefault("name", name or Path(file).stem)
    try:
        source = msgspec.convert(data, Source, strict=False)
    except msgspec.ValidationError as error:
        raise _explain(error, root, file) from None
    # What is said of the source's time makes no other rows of a file.
    mapping = msgspec.structs.replace(source, lag="", begins="")
    digest = hashlib.sha256(f"{ENGINE_VERSION}\n".encode() + msgspec.json.encode(mapping)).hexdigest()
    definition = Definition(source, file, lines, digest)
    if not source.facts:
        raise _error(file, 1, f"Source {source.name} maps to no fact.", "add `facts:` with at least one fact")
    if facts is not None:
        check_names(definition, facts)
    return definition


def check_names(definition: Definition, facts: Mapping[str, Fact]) -> None:
    """Refuse a mapping to facts or fact columns that do not exist, and keys that are empty."""
    for number, fact_map in enumerate(definition.source.facts):
        fact = facts.get(fact_map.fact)
        if fact is None:
            raise DefinitionError(
                "unknown-fact",
                f"There is no fact named {fact_map.fact!r}.",
                why=definition.place("facts", number, "fact"),
                fix=meant(fact_map.fact, facts, f"did you mean {', '.join(sorted(facts))}?"),
            )
        for column in fact_map.columns:
            if not fact.has(column):
                cure = meant(column, fact.column_names, f"did you mean {', '.join(fact.column_names)}?")
                raise DefinitionError(
                    "unknown-fact-column",
                    f"Fact {fact.name} has no column {column!r}.",
                    why=definition.place("facts", number, "columns", column),
                    fix=f"{cure} A dimension of your own is declared in leadline.yaml under `facts:`",
                )
        if not fact_map.key:
            raise DefinitionError(
                "no-key",
                f"The map to {fact.name} has no key.",
                why=definition.place("facts", number),
                fix="name the columns that tell one row from another, or `_line` when nothing does",
            )


def read_definitions(folder: Path, facts: Mapping[str, Fact] | None = None) -> list[Definition]:
    """All `*.yaml` of a workspace's `sources` folder, by name."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        found.append(decode_source(path.read_text("utf-8"), f"{folder.name}/{path.name}", facts=facts, name=path.stem))
    names = [definition.source.name for definition in found]
    for definition in found:
        if names.count(definition.source.name) > 1:
            raise DefinitionError(
                "source-twice",
                f"Two sources are named {definition.source.name!r}.",
                why=definition.file,
                fix="give one of them another `name`",
            )
    return found


@cache
def vendor_definitions() -> tuple[Definition, ...]:
    """The built-in vendor formats, decoded once a process."""
    folder = Path(__file__).parent / "vendors"
    return tuple(
        decode_source(path.read_text("utf-8"), f"vendors/{path.name}", name=path.stem)
        for path in sorted(folder.glob("*.yaml"))
    )


def named_columns(source: Source) -> Iterable[str]:
    """Names that expressions of the source may use besides the file's own headers."""
    yield from source.columns
    yield from source.derived


def _loader() -> type[yaml.SafeLoader]:
    """The parser in C where it is there: ten times as fast."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _compose(text: str, file: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _error(file, line, f"This is not valid YAML: {error.problem}.", "mind indentation and quotes") from None
    except yaml.YAMLError as error:
        raise _error(file, 1, f"This is not valid YAML: {error}.", "save it as UTF-8 text") from None
    if root is None:
        raise _error(file, 1, "The definition is empty.", "start with `title:` and `facts:`")
    return root


def _plain(node: yaml.Node, path: str, lines: dict[str, int], file: str) -> Any:
    """A node as dicts, lists and the scalars' own text, remembering where each began."""
    if path:
        lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in result:
                raise _error(file, line, f"{key!r} is given twice.", "keep one of them")
            here = f"{path}.{key}" if path else key
            lines[here] = line
            value = _plain(value_node, here, lines, file)
            if value is None:
                continue
            result[key] = _listed(key, value, path)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, f"{path}.{number}" if path else str(number), lines, file)
                for number, item in enumerate(node.value)]  # fmt: skip
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _listed(key: str, value: Any, path: str) -> Any:
    """Allowed short forms: a lone value for a list, a lone header list for all languages, a type for a column."""
    parent = path.split(".")[-2:] if path else []
    if isinstance(value, str) and (key in _LIST_FIELDS or (key == "columns" and path in ("recognise", "totals"))):
        return [value]
    if key == "headers" and not isinstance(value, dict):
        return {"": value if isinstance(value, list) else [value]}
    if path.endswith("headers") and isinstance(value, str):
        return [value]
    if isinstance(value, str) and (path == "columns" or (parent[:1] == ["context"] and path.endswith(".columns"))):
        return {"type": value}
    return value


def _explain(error: msgspec.ValidationError, root: yaml.Node, file: str) -> DefinitionError:
    """The decoder's complaint with the line it is about and, for an unknown field, the closest known ones."""
    text = str(error)
    found = _PATH.search(text)
    path = found["path"] if found else "$"
    what = text[: found.start()] if found else text
    unknown = _UNKNOWN_FIELD.search(what)
    line = _line_of(root, _segments(path), unknown["field"] if unknown else "")
    if unknown:
        known = sorted(
            {name for kind in (Source, FactMap, SourceColumn, Lookup, Context) for name in kind.__struct_fields__}
        )
        return _error(
            file,
            line,
            f"There is no field {unknown['field']!r} here.",
            meant(unknown["field"], known, "remove it"),
        )
    where = path.removeprefix("$.").replace("[...]", ".…") if path != "$" else "the top level"
    return _error(file, line, f"{what} (at {where}).", "see `leadline sources --help` and docs/sources.md")


def _segments(path: str) -> list[str]:
    return [part for part in re.split(r"[.\[\]]+", path.removeprefix("$").replace("[...]", "[*]")) if part]


def _line_of(node: yaml.Node, segments: list[str], field: str) -> int:
    """Line of the part at `segments` (`*` is any entry), or of its `field`."""
    found = _find(node, segments, field)
    return (found or node).start_mark.line + 1


def _find(node: yaml.Node, segments: list[str], field: str) -> yaml.Node | None:
    if not segments:
        if not field:
            return node
        if not isinstance(node, yaml.MappingNode):
            return None
        return next((key for key, _ in node.value if key.value == field), None)
    head, rest = segments[0], segments[1:]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if head in ("*", key.value):
                found = _find(value, rest, field)
                if found is not None:
                    return found if rest or field else key
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            if head in ("*", str(number)):
                found = _find(item, rest, field)
                if found is not None:
                    return found
    return None


def _error(file: str, line: int, what: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-definition", what, why=f"{file}:{line}", fix=fix)

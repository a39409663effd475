"""A YAML definition file: its data, and the line of every part, so that each error can name file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from leadline.errors import DefinitionError, meant

T = TypeVar("T")
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<field>[^`]+)`")
_ANY = "*"
_PATH = re.compile(r" - at `(?P<path>[^`]+)`$")


class Document(msgspec.Struct, frozen=True):
    """`data` as YAML means it; `lines` maps a dotted path (`ctr.formula`) to its line in `file`."""

    file: str
    data: Any
    lines: Mapping[str, int]

    def place(self, *path: str) -> str:
        """`file:line` of a part, or of the nearest part around it."""
        parts = list(path)
        while parts:
            line = self.lines.get(".".join(parts))
            if line is not None:
                return f"{self.file}:{line}"
            parts.pop()
        return f"{self.file}:1"

    def convert(self, kind: type[T], data: Any, *path: str) -> T:
        """`data`, found at `path`, as a `kind`; `DefinitionError` with the line and the closest known field."""
        try:
            return msgspec.convert(data, kind, strict=False)
        except msgspec.ValidationError as error:
            raise self._explain(error, kind, path) from None

    def _explain(self, error: msgspec.ValidationError, kind: type, path: tuple[str, ...]) -> DefinitionError:
        text = str(error)
        found = _PATH.search(text)
        what = text[: found.start()] if found else text
        steps = found["path"].removeprefix("$").replace("[...]", f".{_ANY}") if found else ""
        inner = [part for part in re.split(r"[.\[\]]+", steps) if part]
        unknown = _UNKNOWN_FIELD.search(what)
        if unknown:
            field = unknown["field"]
            known = _fields_at(kind, inner)
            fix = meant(field, known, f"known fields: {', '.join(known)}")
            what, inner = f"There is no field {field!r} here.", [*inner, field]
        else:
            fix = "see the reference of this file in the documentation"
        return DefinitionError("bad-definition", what, why=self.place(*self._found(path, inner)), fix=fix)

    def _found(self, path: tuple[str, ...], inner: list[str]) -> tuple[str, ...]:
        """A path in which the error left out the keys of mappings (`*`), completed by the first line that fits."""
        whole = [*path, *inner]
        if _ANY not in whole:
            return tuple(whole)
        parts = r"\.".join(r"[^.]+" if part == _ANY else re.escape(part) for part in whole)
        fitting = next((line for line in self.lines if re.fullmatch(parts, line)), "")
        return tuple(fitting.split(".")) if fitting else path


def read_document(text: str, file: str) -> Document:
    """Parse YAML; `DefinitionError` with the line for bad YAML and for a key given twice."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    lines: dict[str, int] = {}
    try:
        root = loader.get_single_node()
        if root is None:
            return Document(file, {}, {})
        _walk(root, "", lines, file)
        return Document(file, loader.construct_document(root), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DefinitionError(
            "bad-yaml",
            f"This is not valid YAML: {error.problem}.",
            why=f"{file}:{line}",
            fix="mind indentation and quotes",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise DefinitionError(
            "bad-yaml", f"This is not valid YAML: {error}.", why=f"{file}:1", fix="save it as UTF-8 text"
        ) from None
    finally:
        loader.dispose()


def _walk(node: Any, path: str, lines: dict[str, int], file: str) -> None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise DefinitionError(
                    "bad-yaml", f"{name!r} is given twice.", why=f"{file}:{line}", fix="keep one of them"
                )
            seen.add(name)
            here = f"{path}.{name}" if path else name
            lines[here] = line
            _walk(value, here, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            here = f"{path}.{number}" if path else str(number)
            lines[here] = item.start_mark.line + 1
            _walk(item, here, lines, file)


def _fields_at(kind: type, inner: list[str]) -> tuple[str, ...]:
    """Names of the fields of what lies at a path within a `kind`."""
    from msgspec import inspect

    found: Any = inspect.type_info(kind)
    for part in inner:
        if isinstance(found, inspect.StructType):
            found = next((field.type for field in found.fields if field.encode_name == part), None)
        elif isinstance(found, inspect.DictType):
            found = found.value_type
        else:
            found = getattr(found, "item_type", None)
    if isinstance(found, inspect.UnionType):
        found = next((one for one in found.types if isinstance(one, inspect.StructType)), None)
    return tuple(field.encode_name for field in found.fields) if isinstance(found, inspect.StructType) else ()

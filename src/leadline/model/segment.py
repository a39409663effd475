"""Segments: groups of people under a name, by a rule over facts or from a file of ids, for every filter and breakdown.

A segment is a lookup that gives each person yes or no (docs/adr/0010). On a fact with a person column it is a
dimension `segment.NAME`: true or false, and nothing for rows that name nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from leadline.errors import DefinitionError, meant
from leadline.model.document import Document
from leadline.model.fact import Column, Fact
from leadline.model.having import Having
from leadline.model.lookup import Lookup
from leadline.model.tree import Row

PREFIX = "segment."
TABLE = "segment_"
FOLDER = "segments"
PEOPLE = ("person_id", "customer_id")
"""Columns that name a person, the first that a fact has counts."""

EMAIL = "email"
"""A key by which a file names people through their address; it is turned into their id and not kept."""

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_SPAN = re.compile(r"(\d+)\s*(day|week)s?\Z")
_DAYS = {"day": 1, "week": 7}


class HavingDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a rule: `has: order` or `has_not: order`, `where`, `within: 90 days`, `at_least: 3`, `at: COLUMN`."""

    has: str = ""
    has_not: str = ""
    where: str = ""
    within: str = ""
    at_least: int = 1
    at: str = ""


class AnyDefinition(HavingDefinition, frozen=True, forbid_unknown_fields=True):
    """The same, or `any:` with a list of such lines of which one has to hold."""

    any: tuple[HavingDefinition, ...] = ()


class SegmentDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """A segment as written in `segments/*.yaml`: `rule`, all lines of which must hold, or `file` with a column `key`.

    `key` is `person_id` or `email`.
    """

    doc: str
    rule: tuple[AnyDefinition, ...] = ()
    file: str = ""
    key: str = field(default=PEOPLE[0])


def person_column(fact: Fact) -> str:
    """The column of a fact that names a person; empty when it has none."""
    return next((name for name in PEOPLE if fact.has(name)), "")


def segment_files(folder: Path) -> Iterator[Path]:
    """The files of a workspace that define segments."""
    yield from sorted((folder / FOLDER).glob("*.y*ml"))


def resolve_segments(
    documents: list[Document], tables: Mapping[str, Fact], facts: Mapping[str, Fact]
) -> tuple[tuple[Lookup, ...], dict[str, Fact]]:
    """Segments as lookups, and the facts with a dimension for each; `DefinitionError` with file and line."""
    found: dict[str, Lookup] = {}
    docs: dict[str, str] = {}
    for document in documents:
        if not isinstance(document.data, dict):
            raise DefinitionError(
                "bad-segment",
                "A file of segments maps names to segments.",
                why=f"{document.file}:1",
                fix="write `big_buyers:` with `doc:` and `rule:` or `file:` below it",
            )
        for name, data in document.data.items():
            place = document.place(str(name))
            if not _NAME.match(str(name)):
                raise _wrong(f"{name!r} is no name for a segment.", place, "use small letters, digits and _")
            if name in found:
                raise _wrong(f"Segment {name!r} is defined twice.", f"{found[name].origin} and {place}", "keep one")
            definition = document.convert(SegmentDefinition, data, str(name))
            found[name] = _resolve(str(name), definition, tables, document)
            docs[name] = definition.doc
    extended = dict(facts)
    for fact_name, fact in facts.items():
        if person_column(fact) and found:
            added = tuple(
                Column(f"{PREFIX}{name}", "boolean", f"in segment {name}: {docs[name]}", role="dimension")
                for name in found
            )
            extended[fact_name] = msgspec.structs.replace(fact, columns=fact.columns + added)
    return tuple(found.values()), extended


def _resolve(name: str, definition: SegmentDefinition, tables: Mapping[str, Fact], document: Document) -> Lookup:
    place = document.place(name)
    if bool(definition.rule) == bool(definition.file):
        raise _wrong(f"Segment {name!r} needs either a rule or a file.", place, "write `rule:` or `file:`, not both")
    if definition.file and definition.key not in (PEOPLE[0], EMAIL):
        raise _wrong(
            f"A file cannot name people by {definition.key!r}.",
            document.place(name, "key"),
            f"call its column {PEOPLE[0]} or {EMAIL}, and say so in `key`",
        )
    rule = tuple(
        tuple(_having(line, tables, document.place(name, "rule", str(number))) for line in _lines(line, place))
        for number, line in enumerate(definition.rule)
    )
    serves = tuple((fact.name, person_column(fact)) for fact in tables.values() if person_column(fact))
    return Lookup(
        f"{TABLE}{name}",
        f"{TABLE}{name}" if definition.file else rule[0][0].fact,
        definition.key,
        (f"{PREFIX}{name}",),
        serves,
        place,
        definition.file,
        rule=rule,
        segment=True,
    )


def _lines(line: AnyDefinition, place: str) -> tuple[HavingDefinition, ...]:
    if line.any and (line.has or line.has_not):
        raise _wrong("A line of a rule says `any` and something else.", place, "put all of it under `any`")
    return line.any or (line,)


def _having(line: HavingDefinition, tables: Mapping[str, Fact], place: str) -> Having:
    if bool(line.has) == bool(line.has_not):
        raise _wrong("A line of a rule says what people have, or have not.", place, "write `has: order`")
    name = line.has or line.has_not
    if name not in tables:
        raise _wrong(
            f"There is no fact named {name!r}.",
            place,
            meant(name, tables, "see `leadline facts`"),
        )
    fact = tables[name]
    person = person_column(fact)
    if not person:
        named = ", ".join(other for other, one in tables.items() if person_column(one))
        raise _wrong(f"Rows of {name} name no person.", place, f"use a fact that does: {named}")
    if line.at_least < 1:
        raise _wrong("`at_least` counts from 1.", place, "write `has_not` for none")
    time = line.at or fact.time
    if not fact.has(time) or fact.column(time).type not in ("date", "timestamp"):
        raise _wrong(f"{name} has no time {time!r}.", place, "name one of its times under `at`")
    return Having(
        name, person, time, _where(line, fact, place), _span(line.within, place), line.at_least, bool(line.has_not)
    )


def _where(line: HavingDefinition, fact: Fact, place: str) -> Row | None:
    from leadline.model.infer import check_condition
    from leadline.model.parse import parse_condition

    if not line.where:
        return None
    try:
        where = parse_condition(line.where)
        check_condition(where, fact, line.where)
    except DefinitionError as error:
        what = error.what.replace("formula", "condition")
        raise DefinitionError(error.code, what, why=f"{place}: {error.why}", fix=error.fix) from None
    return where


def _span(text: str, place: str) -> int:
    if not text:
        return 0
    match = _SPAN.match(text.strip())
    if match is None or not int(match[1]):
        raise _wrong(f"{text!r} is no span of days.", place, "write `within: 90 days` or `12 weeks`")
    return int(match[1]) * _DAYS[match[2]]


def _wrong(what: str, place: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-segment", what, why=place, fix=fix)

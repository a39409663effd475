"""Lookups: what a workspace declares so that facts can be broken down by dimensions they do not carry themselves.

A lookup leads from a key (a campaign, a customer) to values (region, channel). It comes from a file of the workspace
or from the rows of another fact, and gives each key one value or none: a row is never multiplied, and a row whose key
nobody knows stays, unattributed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

from leadline.errors import DefinitionError, meant
from leadline.model.document import Document
from leadline.model.fact import Column, Fact
from leadline.model.having import Having
from leadline.model.tree import Row

TABLE_PREFIX = "lookup_"
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class LookupDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """A lookup as written in `leadline.yaml`.

    Rows come from `file` (a table file in the workspace) or from `fact` (those that meet `where`). `key` names the
    column that is matched, `gives` the columns that are handed over, `for` the facts that get them: a list, or a
    mapping from fact to its own name of the key. A file without `for` serves every fact that has the key.
    """

    key: str
    gives: tuple[str, ...]
    file: str = ""
    fact: str = ""
    where: str = ""
    to: dict[str, str] | tuple[str, ...] = field(default=(), name="for")


class Lookup(Struct, frozen=True):
    """A lookup resolved and checked: `table` holds its rows, `serves` pairs facts with their key column.

    A `segment` says of a person yes or no: by `rule`, of whose lines all must hold, each by any of its tests; or by
    standing in `file` at all.
    """

    name: str
    table: str
    key: str
    gives: tuple[str, ...]
    serves: tuple[tuple[str, str], ...]
    origin: str
    file: str = ""
    where: Row | None = None
    rule: tuple[tuple[Having, ...], ...] = ()
    segment: bool = False

    def key_in(self, fact: str) -> str:
        """The column of `fact` that is matched; empty when the lookup does not serve it."""
        return next((column for name, column in self.serves if name == fact), "")


def lookup_table(lookup: Lookup) -> Fact:
    """The table a lookup's file is kept in: like a fact, so that its rows have loads, history and as-known-at."""
    columns = [Column(lookup.key, "text", f"key of lookup {lookup.name}", role="id")]
    if not lookup.segment:
        columns += [Column(name, "text", f"{name} of the {lookup.key}", role="dimension") for name in lookup.gives]
    return Fact(lookup.table, f"Rows of {lookup.file}.", time="", columns=tuple(columns))


def resolve_lookups(
    definitions: Mapping[str, LookupDefinition], facts: Mapping[str, Fact], document: Document
) -> tuple[tuple[Lookup, ...], dict[str, Fact]]:
    """The lookups in the order they apply, and the facts with what they give; `DefinitionError` with file and line.

    A lookup may use as its key what another gives, and then comes after it.
    """
    extended = dict(facts)
    found = []
    for name in _ordered(definitions, document):
        definition = definitions[name]
        lookup = _resolve(name, definition, facts, extended, document)
        for fact_name, _ in lookup.serves:
            extended[fact_name] = _given(lookup, extended[fact_name], facts, document)
        found.append(lookup)
    return tuple(found), extended


def _ordered(definitions: Mapping[str, LookupDefinition], document: Document) -> list[str]:
    """Names of lookups, each after those that give its key; else as they were declared."""
    keys = {
        name: set(definition.to.values()) if isinstance(definition.to, dict) and definition.to else {definition.key}
        for name, definition in definitions.items()
    }
    left, ordered = list(definitions), list[str]()
    while left:
        free = next(
            (
                name
                for name in left
                if not any(keys[name] & set(definitions[other].gives) for other in left if other != name)
            ),
            None,
        )
        if free is None:
            raise _wrong(
                f"Lookups {', '.join(left)} need each other's columns.",
                document.place("lookups", left[0]),
                "leave the key of one of them out of what the others give",
            )
        ordered.append(free)
        left.remove(free)
    return ordered


def _resolve(
    name: str,
    definition: LookupDefinition,
    facts: Mapping[str, Fact],
    extended: Mapping[str, Fact],
    document: Document,
) -> Lookup:
    place = document.place("lookups", name)
    if not _NAME.match(name):
        raise _wrong(f"{name!r} is no name for a lookup.", place, "use small letters, digits and _")
    if bool(definition.file) == bool(definition.fact):
        raise _wrong(
            f"Lookup {name!r} needs rows from one place.", place, "give it `file: lookups/x.csv` or `fact: stage_entry`"
        )
    if not definition.gives or definition.key in definition.gives:
        raise _wrong(
            f"Lookup {name!r} gives nothing new.", place, "list under `gives` the columns that the key leads to"
        )
    where = None
    if definition.fact:
        where = _check_rows(name, definition, facts, document)
    elif definition.where:
        raise _wrong(
            f"Lookup {name!r} reads a file whole.",
            document.place("lookups", name, "where"),
            "leave `where` out, or drop those lines from the file",
        )
    return Lookup(
        name,
        definition.fact or f"{TABLE_PREFIX}{name}",
        definition.key,
        definition.gives,
        _served(name, definition, extended, document),
        place,
        definition.file,
        where,
    )


def _check_rows(name: str, definition: LookupDefinition, facts: Mapping[str, Fact], document: Document) -> Row | None:
    """The condition of a lookup from a fact, parsed; its columns exist and are texts."""
    from leadline.model.infer import check_condition
    from leadline.model.parse import parse_condition

    place = document.place("lookups", name, "fact")
    if definition.fact not in facts:
        raise _unknown("fact", definition.fact, facts, place)
    fact = facts[definition.fact]
    for column in (definition.key, *definition.gives):
        at = document.place("lookups", name, "key" if column == definition.key else "gives")
        if not fact.has(column):
            raise _unknown(f"column of {fact.name}", column, fact.column_names, at)
        found = fact.column(column)
        if found.type != "text" or found.personal:
            what = "personal data" if found.personal else f"a {found.type}"
            raise _wrong(f"{fact.name}.{column} cannot be looked up: it is {what}.", at, "choose a text column")
    if not definition.where:
        return None
    place = document.place("lookups", name, "where")
    try:
        where = parse_condition(definition.where)
        check_condition(where, fact, definition.where)
    except DefinitionError as error:
        raise DefinitionError(
            error.code, error.what.replace("formula", "condition"), why=f"{place}: {error.why}", fix=error.fix
        ) from None
    return where


def _served(
    name: str, definition: LookupDefinition, extended: Mapping[str, Fact], document: Document
) -> tuple[tuple[str, str], ...]:
    """Which facts get what the lookup gives, each with its key column."""
    key, named = definition.key, definition.to
    place = document.place("lookups", name, "for")
    pairs = named if isinstance(named, dict) else dict.fromkeys(named, key)
    if not pairs:
        if definition.fact:
            raise _wrong(
                f"Lookup {name!r} does not say which facts it serves.", place, "write for example `for: [order, deal]`"
            )
        pairs = {fact.name: key for fact in extended.values() if fact.has(key) and fact.column(key).type == "text"}
        if not pairs:
            raise _wrong(
                f"No fact has the key {key!r} of lookup {name!r}.",
                place,
                f"write `for: {{order: …}}` to name its {key}",
            )
    for fact_name, column in pairs.items():
        if fact_name not in extended:
            raise _unknown("fact", fact_name, extended, place)
        fact = extended[fact_name]
        if fact_name == definition.fact:
            raise _wrong(f"Lookup {name!r} serves the fact it reads.", place, "leave it out of `for`")
        if not fact.has(column):
            raise _unknown(f"column of {fact_name}", column, fact.column_names, place)
        if fact.column(column).type != "text":
            raise _wrong(f"{fact_name}.{column} is no key: it is a {fact.column(column).type}.", place, "match a text")
    return tuple(pairs.items())


def _given(lookup: Lookup, fact: Fact, facts: Mapping[str, Fact], document: Document) -> Fact:
    """The fact with the dimensions it gets; those it has itself must be texts too."""
    place = document.place("lookups", lookup.name, "gives")
    added = []
    for name in lookup.gives:
        if not fact.has(name):
            doc = f"looked up by {lookup.key_in(fact.name)} in {lookup.file or lookup.table}"
            if not lookup.file and facts[lookup.table].has(name):
                doc = f"{facts[lookup.table].column(name).doc}; {doc}"
            added.append(Column(name, "text", doc, role="dimension"))
            continue
        own = fact.column(name)
        if own.role != "dimension" or own.type != "text" or own.personal:
            raise _wrong(
                f"Lookup {lookup.name!r} cannot give {name!r} to {fact.name}: its own {name} is no text dimension.",
                place,
                "give it under another name, or leave the fact out of `for`",
            )
    return msgspec.structs.replace(fact, columns=fact.columns + tuple(added)) if added else fact


def _wrong(what: str, place: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-lookup", what, why=place, fix=fix)


def _unknown(kind: str, name: str, known: Mapping[str, object] | tuple[str, ...], place: str) -> DefinitionError:
    fix = meant(name, known, f"known: {', '.join(list(known)[:12])}")
    return DefinitionError("bad-lookup", f"There is no {kind} named {name!r}.", why=place, fix=fix)

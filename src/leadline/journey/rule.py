"""Channel rules as data: presets of well-known tools, and a workspace's own rules above them.

A rule holds when one of its clauses holds; a clause holds when all its tests do. Case does not matter anywhere. The
same rules answer in Python (`leadline.journey.channel`) and as SQL (`leadline.journey.statement`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from leadline.errors import DefinitionError, unknown
from leadline.model.document import Document, read_document

FIELDS = ("source", "medium", "campaign", "category")
CATEGORIES = ("search", "social", "video", "shopping")
PRESETS = ("ga4", "ua", "matomo", "hubspot")
OWN_FILE = "channels.yaml"
_TEST_FIELDS = ("one_of", "contains", "starts", "ends", "matches", "none_of")


class Test(Struct, frozen=True, forbid_unknown_fields=True):
    """What a text must be: any of the first five, and none of `none_of`. All are kept in lower case.

    `matches` is a regular expression for the whole text, without look-around, so that every engine reads it alike.
    """

    one_of: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    matches: str = ""
    none_of: tuple[str, ...] = ()

    @property
    def wants(self) -> bool:
        """Whether the text must be something, besides not being `none_of`."""
        return bool(self.one_of or self.contains or self.starts or self.ends or self.matches)

    def holds(self, text: str) -> bool:
        """Whether `text`, in lower case, passes."""
        if text in self.none_of:
            return False
        return (
            not self.wants
            or text in self.one_of
            or any(part in text for part in self.contains)
            or text.startswith(self.starts)
            or text.endswith(self.ends)
            or (bool(self.matches) and _compiled(self.matches).fullmatch(text) is not None)
        )

    def __str__(self) -> str:
        said = []
        if self.one_of:
            said.append("is " + " or ".join(map(_shown, self.one_of)))
        for verb, values in (("contains", self.contains), ("starts with", self.starts), ("ends with", self.ends)):
            if values:
                said.append(f"{verb} {' or '.join(map(_shown, values))}")
        if self.matches:
            said.append(f"matches {self.matches}")
        text = " or ".join(said)
        if self.none_of:
            text = " and ".join(filter(None, (text, "is none of " + ", ".join(map(_shown, self.none_of)))))
        return text


class Rule(Struct, frozen=True):
    """`id` names the rule in every decision it makes; `when` is a tuple of clauses, each field → test."""

    id: str
    channel: str
    when: tuple[Mapping[str, Test], ...]


class Rules(Struct, frozen=True):
    """Rules in their order, own ones first, what is said when none holds, and the category of each known source."""

    preset: str
    rules: tuple[Rule, ...]
    otherwise: str
    categories: Mapping[str, str]


class OwnRules(Struct, frozen=True):
    """What a workspace's `channels.yaml` says."""

    preset: str = "ga4"
    rules: tuple[Rule, ...] = ()
    sources: Mapping[str, str] = {}


def load_rules(own: OwnRules | None = None, *, preset: str | None = None) -> Rules:
    """A preset's rules with a workspace's own above them. `preset` overrides the one the workspace names."""
    own = own or OwnRules()
    name = preset or own.preset
    if name not in PRESETS:
        raise unknown("channel preset", name, PRESETS)
    given = _preset(name)
    rules = (*own.rules, *given.rules)
    return Rules(name, rules, given.otherwise, {**source_categories(), **own.sources})


def read_own_rules(folder: Path) -> OwnRules:
    """The rules of a workspace's `channels.yaml`; none when there is no such file.

    Raises `DefinitionError` with file and line for a field, preset, category or expression that cannot be.
    """
    path = folder / OWN_FILE
    if not path.exists():
        return OwnRules()
    document = read_document(path.read_text(encoding="utf-8"), OWN_FILE)
    raw = document.convert(_OwnFile, document.data)
    if raw.preset not in PRESETS:
        raise unknown("channel preset", raw.preset, PRESETS, why=document.place("preset"))
    sources: dict[str, str] = {}
    for category, names in raw.sources.items():
        if category not in CATEGORIES:
            raise unknown("source category", category, CATEGORIES, why=document.place("sources", category))
        sources |= {lower(name): category for name in names}
    return OwnRules(raw.preset, tuple(_rules(document, raw.rules)), sources)


@cache
def source_categories() -> Mapping[str, str]:
    """Source name in lower case → category, as Google publishes them for GA4."""
    data = _read("sources").data
    found: dict[str, str] = {}
    for category, part in data.items():
        for line in part.get("with_com", ()):
            for name in line.split(", "):
                found[name] = found[f"{name}.com"] = category
        found |= {name: category for line in part["names"] for name in line.split(", ")}
    return found


def lower(text: str) -> str:
    """Lower case letter by letter, as engines do it: a text keeps its length, and Σ is σ at the end of a word too."""
    return text.lower() if text.isascii() else "".join(_LOWER.get(letter, letter.lower()) for letter in text)


# TRICKY: İ alone becomes two characters in Python; SQL engines make it one.
_LOWER = {"İ": "i"}


class _OwnFile(Struct, frozen=True, forbid_unknown_fields=True):
    preset: str = "ga4"
    rules: tuple[Mapping[str, Any], ...] = ()
    sources: Mapping[str, tuple[str, ...]] = {}


class _RuleFile(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    channel: str
    when: tuple[Mapping[str, Any], ...]


class _PresetFile(Struct, frozen=True, forbid_unknown_fields=True):
    preset: str
    about: str
    otherwise: str
    rules: tuple[Mapping[str, Any], ...]


class _Preset(Struct, frozen=True):
    rules: tuple[Rule, ...]
    otherwise: str


@cache
def _preset(name: str) -> _Preset:
    document = _read(name)
    raw = document.convert(_PresetFile, document.data)
    return _Preset(tuple(_rules(document, raw.rules)), raw.otherwise)


def _read(name: str) -> Document:
    text = resources.files("leadline.journey").joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
    return read_document(text, f"journey/presets/{name}.yaml")


def _rules(document: Document, raw: tuple[Mapping[str, Any], ...]) -> Iterator[Rule]:
    seen: set[str] = set()
    for number, item in enumerate(raw):
        place = ("rules", str(number))
        rule = document.convert(_RuleFile, item, *place)
        if rule.id in seen:
            raise DefinitionError(
                "duplicate-rule", f"Rule {rule.id!r} is given twice.", why=document.place(*place), fix="rename one"
            )
        seen.add(rule.id)
        clauses = []
        for clause in rule.when:
            for name in clause:
                if name not in FIELDS:
                    raise unknown("channel field", name, FIELDS, why=document.place(*place))
            clauses.append({name: _test(document, value, place) for name, value in clause.items()})
        if not clauses or not all(clauses):
            raise DefinitionError(
                "empty-rule",
                f"Rule {rule.id!r} would hold for everything.",
                why=document.place(*place),
                fix="give it at least one test under `when`",
            )
        yield Rule(rule.id, rule.channel, tuple(clauses))


def _test(document: Document, value: Any, place: tuple[str, ...]) -> Test:
    """A test as YAML says it: a text, a list of texts, or a mapping with the fields of `Test`."""
    if not isinstance(value, Mapping):
        return Test(one_of=_texts(value))
    for name in value:
        if name not in _TEST_FIELDS:
            raise unknown("test", str(name), _TEST_FIELDS, why=document.place(*place))
    pattern = str(value.get("matches", ""))
    try:
        re.compile(pattern)
    except re.error as error:
        raise DefinitionError(
            "bad-pattern", f"{pattern!r} is no regular expression: {error}.", why=document.place(*place)
        ) from None
    if re.search(r"\(\?(?!:)|\\\d", pattern):
        raise DefinitionError(
            "bad-pattern",
            f"{pattern!r} uses look-around, flags or back-references, which not every engine has.",
            why=document.place(*place),
            fix="write it with plain groups, or as several clauses",
        )
    parts = {name: _texts(value[name]) for name in value if name != "matches"}
    return msgspec.convert({**parts, "matches": lower_pattern(pattern)}, Test)


def lower_pattern(pattern: str) -> str:
    """A pattern in lower case but for its escapes (`\\S` is not `\\s`)."""
    return re.sub(r"\\.|[^\\]", lambda part: part[0] if part[0][0] == "\\" else lower(part[0]), pattern)


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(lower("" if item is None else str(item)) for item in values)


def _shown(text: str) -> str:
    return text or "empty"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)

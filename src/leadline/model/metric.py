"""A metric: a named formula with what people must know to read it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from leadline.errors import DefinitionError
from leadline.model.text import formula_text
from leadline.model.tree import (
    Combine,
    Count,
    Credit,
    Credited,
    Formula,
    Negate,
    Number,
    Prior,
    Ref,
    Sum,
    Total,
    refs_of,
)

Better = Literal["higher", "lower", "target"]
Timing = Literal["early", "mid", "late"]


class Example(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A worked example: rows given per fact, and the value they must yield."""

    given: dict[str, list[dict[str, Any]]]
    expect: Any
    period: str = ""
    by: tuple[str, ...] = ()
    note: str = ""


class VersionDefinition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a metric meant until a day (the last one it held on), as written under `versions`."""

    until: dt.date
    formula: str
    version: int | None = None
    note: str = ""


class Version(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An earlier version resolved: what the metric meant up to and including `until`."""

    until: dt.date
    formula: str
    tree: Formula
    version: int
    note: str = ""


class Contract(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who must sign a definition: these teams, or all of the workspace's; `owner` answers for it."""

    teams: tuple[str, ...] = ()
    owner: str = ""


class MetricDefinition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric as written in YAML under its id; only the formula is required.

    `needs` says in words which source feeds it, where the facts it reads do not say it; `versions` what it meant
    before, and until when; `contract` which teams must have agreed to it.
    """

    formula: str
    name: str = ""
    doc: str = ""
    unit: str = ""
    better: Better = "higher"
    stage: str = ""
    funnel: str = ""
    timing: Timing | Literal[""] = ""
    owner: str = ""
    version: int = 1
    pitfalls: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    reference: str = ""
    decision: str = ""
    needs: str = ""
    examples: tuple[Example, ...] = ()
    versions: tuple[VersionDefinition, ...] = ()
    contract: Contract | None = None


class Metric(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric resolved: its tree, and where it is defined.

    `formula` is the text as written, `tree` what it means. `origin` is `file:line`. `versions` are what it meant
    before, oldest first (`leadline.model.version`).
    """

    id: str
    formula: str
    tree: Formula
    name: str = ""
    doc: str = ""
    unit: str = ""
    better: Better = "higher"
    stage: str = ""
    funnel: str = ""
    timing: str = ""
    owner: str = ""
    version: int = 1
    pitfalls: tuple[str, ...] = field(default_factory=tuple)
    requirements: tuple[str, ...] = field(default_factory=tuple)
    reference: str = ""
    decision: str = ""
    needs: str = ""
    origin: str = ""
    versions: tuple[Version, ...] = ()
    contract: Contract | None = None

    @property
    def label(self) -> str:
        return self.name or self.id.replace("_", " ").capitalize()


def expand(formula: Formula, metrics: Mapping[str, Metric]) -> Formula:
    """The formula with every reference replaced by what it stands for; names and cycles are already checked."""
    match formula:
        case Ref(metric):
            return expand(metrics[metric].tree, metrics)
        case Combine(op, left, right):
            return Combine(op, expand(left, metrics), expand(right, metrics))
        case Negate(of):
            return Negate(expand(of, metrics))
        case Prior(of, count, grain):
            return Prior(expand(of, metrics), count, grain)
        case Total(of):
            return Total(expand(of, metrics))
        case Credited(of):
            return credit(expand(of, metrics), formula)
        case _:
            return formula


def credit(formula: Formula, credited: Credited) -> Formula:
    """An expanded formula with each of its sums and counts credited to touches.

    Credit of a sum of conversions is the sum of their credit; a ratio has no credit, and asking for it is an error.
    """
    match formula:
        case Sum() | Count():
            return Credit(formula, credited.model, credited.days, credited.where)
        case Negate(of):
            return Negate(credit(of, credited))
        case Prior(of, count, grain):
            return Prior(credit(of, credited), count, grain)
        case Combine("*" | "/" as op, of, Number() as factor):
            return Combine(op, credit(of, credited), factor)
        case Combine("*", Number() as factor, of):
            return Combine("*", factor, credit(of, credited))
        case Combine("+" | "-" as op, left, right):
            return Combine(op, credit(left, credited), credit(right, credited))
        case _:
            raise DefinitionError(
                "not-creditable",
                "Only sums and counts of conversions can be credited to touches.",
                why=f"credited({formula_text(formula)})",
                fix="credit the parts and divide afterwards, for example credited(revenue) / ad_spend",
            )


def definition_hash(metric: Metric, metrics: Mapping[str, Metric]) -> str:
    """Twelve hex digits that change when the meaning of the metric changes, and only then.

    What it meant before, and what the metrics it stands on meant before, are part of it.
    """
    meaning = f"{formula_text(expand(metric.tree, metrics))}|{metric.unit}"
    for other in (metric, *(metrics[name] for name in stands_on(metric, metrics))):
        for version in other.versions:
            meaning += f"|{other.id} until {version.until}: {formula_text(expand(version.tree, metrics))}"
    return hashlib.sha256(meaning.encode()).hexdigest()[:12]


def stands_on(metric: Metric, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """Ids of the metrics that a metric refers to, now or before, and of those they refer to, each once."""
    found: dict[str, None] = {}
    left = [metric]
    while left:
        one = left.pop(0)
        for formula in (one.tree, *(version.tree for version in one.versions)):
            for name in refs_of(formula):
                if name not in found:
                    found[name] = None
                    left.append(metrics[name])
    return tuple(found)

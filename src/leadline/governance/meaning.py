"""What a definition means, part by part: its formula and everything that would make it another number.

Parts are named texts, so that a change can be told as what it was and what it is. To the meaning of a metric belong its
formula, its unit and which way is better, what it meant before and until when, the same of every metric it stands on,
the lookups that lend it columns, the expressions by which the workspace's own sources fill the columns it reads, and
the settings it depends on: the time zone always; week, fiscal year and retail calendar where the formula names a
calendar period; attribution and lookback where credit leaves them open; the currencies where it counts money. Names,
comments, documentation, owner and version number do not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from leadline.ingest.definition import Definition
from leadline.ingest.source import FactMap, Source
from leadline.model import tree
from leadline.model.having import Having
from leadline.model.infer import facts_of, is_money, meaning_of
from leadline.model.metric import Metric, expand, stands_on
from leadline.model.text import condition_text, formula_text
from leadline.model.tree import Measure
from leadline.plan.span import time_column
from leadline.project import Project, Settings
from leadline.sql.relation import words_of

_WORD = re.compile(r"[A-Za-z_]\w*")
_BROUGHT = ("source ", "lookup ", "setting ")
_CALENDAR = ("week_start", "fiscal_year_start", "retail_calendar", "retail_year_ends")


class Change(Struct, frozen=True):
    """A part of a meaning that is not what it was; an empty text: there was none, or there is none any more."""

    part: str
    was: str
    now: str


def meaning_parts(metric: Metric, project: Project, sources: Sequence[Definition] = ()) -> dict[str, str]:
    """The parts of what a metric means in a workspace; `sources` are the workspace's own."""
    metrics = project.metrics
    family = [metric, *(metrics[name] for name in stands_on(metric, metrics))]
    measures = _measures(family, metrics)
    parts = {"formula": formula_text(metric.tree)}
    parts |= {f"until {version.until}": formula_text(version.tree) for version in metric.versions}
    parts |= {"unit": meaning_of(metric, metrics, project.facts).unit, "better": metric.better}
    for other in family[1:]:
        parts[f"metric {other.id}"] = formula_text(other.tree)
        parts |= {f"metric {other.id} until {one.until}": formula_text(one.tree) for one in other.versions}
    columns = _columns(measures, project)
    parts |= _lookups(columns, project)
    for definition in sources:
        parts |= _filled(definition.source, columns)
    return parts | _settings(measures, family, project)


def meaning_hash(parts: Mapping[str, str]) -> str:
    """Twelve hex digits of a meaning."""
    text = "\n".join(f"{name}\t{value}" for name, value in sorted(parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def changes(was: Mapping[str, str], now: Mapping[str, str]) -> tuple[Change, ...]:
    """Which parts differ, in the order of the meaning.

    What a formula brings with it or no longer needs (a setting, how a source fills a column) is left out where the
    formula says so itself.
    """
    names = dict.fromkeys((*now, *was))
    found = [Change(n, was.get(n, ""), now.get(n, "")) for n in names if was.get(n) != now.get(n)]
    own = [one for one in found if not one.part.startswith(_BROUGHT)]
    if own and was and now:
        found = [one for one in found if one in own or (one.was and one.now)]
    return tuple(found)


def change_text(change: Change) -> str:
    """A change in a line."""
    if not change.was:
        return f"{change.part}: new, {change.now}"
    return f"{change.part}: {change.was} → {change.now or 'gone'}"


def _measures(family: Sequence[Metric], metrics: Mapping[str, Metric]) -> list[Measure]:
    formulas = [formula for one in family for formula in (one.tree, *(version.tree for version in one.versions))]
    return list(dict.fromkeys(part for formula in formulas for part in tree.measures_of(expand(formula, metrics))))


def _columns(measures: Sequence[Measure], project: Project) -> dict[str, set[str]]:
    """The columns that measures read, by fact: those they name, those that place and tell apart their rows."""
    found: dict[str, set[str]] = {}
    for measure in measures:
        words = set(words_of(measure))
        for name in facts_of(measure):
            fact = project.facts[name]
            own = {word for word in words if fact.has(word)}
            own |= {fact.time, fact.entity, fact.starts, fact.ends, *fact.balance_of, *fact.first_by} - {""}
            found.setdefault(name, set()).update(own)
        found[measure.fact].add(time_column(measure, project.facts))
    return found


def _lookups(columns: Mapping[str, set[str]], project: Project) -> dict[str, str]:
    found = {}
    for lookup in project.lookups:
        for fact, read in columns.items():
            lent = sorted(read & set(lookup.gives))
            if lent and lookup.key_in(fact):
                of = lookup.file or lookup.table
                where = f" where {condition_text(lookup.where)}" if lookup.where is not None else ""
                found[f"lookup {lookup.name} for {fact}"] = (
                    f"{', '.join(lent)} of {of}{where}, by {lookup.key_in(fact)} = {lookup.key}"
                )
                if lookup.rule:
                    # A segment: who is in it is told by rows of facts, not by a file.
                    found[f"lookup {lookup.name} for {fact}"] += f", {_ruled(lookup.rule)}"
    return found


def _ruled(rule: Sequence[Sequence[Having]]) -> str:
    """A segment's rule in words: all of its lines, any of the tests of a line."""
    return " and ".join(f"({' or '.join(map(_tested, line))})" for line in rule)


def _tested(test: Having) -> str:
    where = f" where {condition_text(test.where)}" if test.where is not None else ""
    within = f" within {test.days} days of {test.time}" if test.days else ""
    return f"{'no ' if test.absent else ''}{test.at_least}+ {test.fact} of {test.person}{where}{within}"


def _filled(source: Source, columns: Mapping[str, set[str]]) -> dict[str, str]:
    """How a source fills the columns that are read, with the derived columns that its expressions use."""
    found = {}
    for mapped in source.facts:
        read = columns.get(mapped.fact, set())
        for name in sorted(read & mapped.columns.keys()):
            found[f"source {source.name}: {mapped.fact}.{name}"] = _expression(mapped.columns[name], source)
        where = " and ".join(part for part in (source.where, mapped.where) if part)
        if where and _fills(mapped, read):
            found[f"source {source.name}: rows of {mapped.fact}"] = _expression(where, source)
    return found


def _fills(mapped: FactMap, read: set[str]) -> bool:
    return not read.isdisjoint(mapped.columns)


def _expression(text: str, source: Source) -> str:
    """An expression, followed by what the derived columns in it stand for."""
    used: dict[str, str] = {}
    left = [text]
    while left:
        for word in _WORD.findall(left.pop()):
            if word in source.derived and word not in used:
                used[word] = source.derived[word]
                left.append(source.derived[word])
    return "; ".join([text, *(f"{name} = {value}" for name, value in used.items())])


def _settings(measures: Sequence[Measure], family: Sequence[Metric], project: Project) -> dict[str, str]:
    settings: Settings = project.settings
    names = ["timezone"]
    formulas = [formula for one in family for formula in (one.tree, *(version.tree for version in one.versions))]
    if any(_names_a_period(node) for formula in formulas for node in _nodes(formula)):
        names += [name for name in _CALENDAR if name != "retail_year_ends" or settings.retail_calendar is not None]
    credits_ = [measure for measure in measures if isinstance(measure, tree.Credit)]
    if any(not credit.model for credit in credits_):
        names.append("attribution")
    if any(credit.days is None for credit in credits_):
        names.append("lookback_days")
    if any(is_money(measure, project.facts) for measure in measures):
        names += ["currency", "reporting_currency"]
    told = {f"setting {name}": getattr(settings, name) for name in names}
    # A number of days is the same number whether a cache gave it back as 90 or as 90.0.
    return {
        name: f"{value:g}" if isinstance(value, int | float) else str(value)
        for name, value in told.items()
        if value not in (None, "")
    }


def _names_a_period(node: Any) -> bool:
    """Whether a node counts in calendar periods: to date, by week, a month later, a year before."""
    return getattr(node, "grain", None) not in (None, "period", "day")


def _nodes(node: Any) -> Iterator[Any]:
    if isinstance(node, Struct):
        yield node
        for name in node.__struct_fields__:
            yield from _nodes(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)

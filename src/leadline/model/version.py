"""A metric that meant one thing until a day and another after: its versions, and which one holds when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from leadline.errors import DefinitionError
from leadline.model.document import Document
from leadline.model.metric import Metric, MetricDefinition, Version, stands_on
from leadline.model.tree import Formula

_DAY = dt.timedelta(days=1)


class Held(Struct, frozen=True):
    """A definition and the half-open days it holds on; None: since ever, or to this day and on."""

    first: dt.date | None
    end: dt.date | None
    tree: Formula
    formula: str
    version: int
    note: str = ""

    def overlaps(self, start: dt.date, end: dt.date) -> bool:
        """Whether it holds on any day of [start, end)."""
        return (self.first is None or self.first < end) and (self.end is None or start < self.end)


def read_versions(definition: MetricDefinition, document: Document, name: str) -> tuple[Version, ...]:
    """The earlier versions of a metric, oldest first; `DefinitionError` with file and line.

    A version without a number has the one before the next.
    """
    found: list[Version] = []
    places = {given.until: str(number) for number, given in enumerate(definition.versions)}
    number = definition.version
    for given in sorted(definition.versions, key=lambda given: given.until, reverse=True):
        where = document.place(name, "versions", places[given.until])
        number = number - 1 if given.version is None else given.version
        if found and found[-1].until == given.until:
            raise _wrong(f"Two versions of {name} hold until {given.until}.", where, "give each a last day of its own")
        if number in (definition.version, *(version.version for version in found)):
            raise _wrong(f"Two versions of {name} have number {number}.", where, "raise `version:` of the newer one")
        from leadline.model.parse import parse_formula

        try:
            tree = parse_formula(given.formula)
        except DefinitionError as error:
            raise DefinitionError(error.code, error.what, why=f"{where}: {name}, {error.why}", fix=error.fix) from None
        found.append(Version(given.until, given.formula, tree, number, given.note))
    return tuple(found[::-1])


def held(metric: Metric) -> Iterator[Held]:
    """What a metric meant and means, oldest first, with the days of each."""
    first = None
    for version in metric.versions:
        end = version.until + _DAY
        yield Held(first, end, version.tree, version.formula, version.version, version.note)
        first = end
    yield Held(first, None, metric.tree, metric.formula, metric.version)


def held_on(metric: Metric, day: dt.date) -> Held:
    """What a metric means on a day."""
    return next(one for one in held(metric) if one.end is None or day < one.end)


def since(metric: Metric) -> dt.date | None:
    """The first day of the newest definition; None when there was none before it."""
    return metric.versions[-1].until + _DAY if metric.versions else None


def varies(metric: Metric, metrics: Mapping[str, Metric]) -> bool:
    """Whether a metric, or one it stands on, meant something else before."""
    return bool(metric.versions) or any(metrics[name].versions for name in stands_on(metric, metrics))


def metrics_on(metric: Metric, metrics: Mapping[str, Metric], day: dt.date) -> dict[str, Metric]:
    """A metric and those it stands on as they are defined on a day."""
    names = (metric.id, *stands_on(metric, metrics))
    return {name: replace(metrics[name], tree=held_on(metrics[name], day).tree) for name in names}


def _wrong(what: str, why: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-version", what, why=why, fix=fix)

"""Promises between marketing and sales, and the hours they are counted in: `sla/*.yaml` and `sla/hours.yaml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from leadline.errors import DefinitionError, LeadlineError, closest, unknown
from leadline.model.document import Document, read_document
from leadline.model.fact import Fact
from leadline.model.goal import kind_of
from leadline.model.infer import meaning_of
from leadline.model.metric import Metric
from leadline.time.business import BusinessHours, Open, parse_clock, parse_within, public_holidays, weekday_number
from leadline.time.retail import WEEKDAYS
from leadline.time.zone import zone

FOLDER = "sla"
HOURS_FILE = "hours.yaml"
DEFAULT = "default"
CASE_COLUMNS = ("channel", "lead_source", "campaign", "owner", "region", "country", "product", "segment", "is_icp")
"""What a promise may be limited by: columns of the stage entry that hands a lead over."""


class HoursDefinition(Struct, frozen=True, forbid_unknown_fields=True, rename={"opens": "from", "closes": "until"}):
    """Business hours of a region: local times on weekdays, own holidays and those of a country."""

    timezone: str = ""
    days: tuple[str, ...] = WEEKDAYS[:5]
    opens: str = "09:00"
    closes: str = "18:00"
    holidays: tuple[dt.date, ...] = ()
    country: str = ""
    subdivision: str = ""


class Office(Struct, frozen=True):
    """Business hours by region; regions without their own keep the default's."""

    default: BusinessHours
    regions: dict[str, BusinessHours] = field(default_factory=dict)

    def of(self, region: str | None) -> BusinessHours:
        """The hours of a region."""
        return self.regions.get(region or "", self.default)


class Deliver(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="deliver"):
    """So many of a metric each month, counted or weighted by what each is `worth`.

    Without a `target` the goals of the metric hold. `targets` are minimums for members of the dimension `by`, which
    `worth` weighs too (`otherwise` for members it does not name).
    """

    team: str
    metric: str
    title: str = ""
    target: Decimal | None = None
    by: str = ""
    targets: dict[str, Decimal] = field(default_factory=dict)
    worth: dict[str, Decimal] = field(default_factory=dict)
    otherwise: Decimal = Decimal(1)


class Touch(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="touch"):
    """Each lead is called, written to or met at least `attempts` times within a time of being handed over."""

    team: str
    within: str
    title: str = ""
    attempts: int = 1
    kinds: tuple[str, ...] = ("call", "email", "meeting")
    automated: bool = False
    only: dict[str, str] = field(default_factory=dict)


class Decide(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="decide"):
    """Each lead is accepted, or rejected with a reason, within a time of being handed over.

    `reasons` are the codes agreed on; empty, any reason will do, but there must be one.
    """

    team: str
    within: str
    title: str = ""
    accept: tuple[str, ...] = ("sal", "sql", "opportunity")
    reject: tuple[str, ...] = ("rejected", "recycled", "disqualified")
    reasons: tuple[str, ...] = ()
    only: dict[str, str] = field(default_factory=dict)


Promise: TypeAlias = Deliver | Touch | Decide


class Agreement(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What two teams promise each other, from a day on.

    A lead is handed over when it enters the stage `handover`. What follows until it enters one of `ends` is one case:
    a lead that comes back after that is handed over anew.
    """

    between: tuple[str, ...]
    promises: dict[str, Promise]
    title: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    handover: str = "mql"
    ends: tuple[str, ...] = ("rejected", "recycled", "disqualified")


def read_agreements(folder: Path, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> dict[str, Agreement]:
    """The agreements of a workspace folder by file name; `DefinitionError` with file and line."""
    found: dict[str, Agreement] = {}
    names: dict[str, str] = {}
    for path in sorted((folder / FOLDER).glob("*.y*ml")):
        if path.name == HOURS_FILE:
            continue
        document = _document(path, folder)
        if not document.data:
            continue
        agreement = document.convert(Agreement, document.data)
        if not agreement.between:
            raise _bad("An agreement is between two teams.", document.place("between"), "between: [marketing, sales]")
        for name, promise in agreement.promises.items():
            if name in names:
                raise _bad(
                    f"There are two promises named {name!r}.",
                    f"{names[name]} and {document.place('promises', name)}",
                    "rename one",
                )
            names[name] = document.place("promises", name)
            _check(name, promise, agreement, document, metrics, facts)
        found[path.stem] = agreement
    return found


def _check(
    name: str,
    promise: Promise,
    agreement: Agreement,
    document: Document,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
) -> None:
    def place(*path: str) -> str:
        return document.place("promises", name, *path)

    if promise.team not in agreement.between:
        raise _bad(
            f"{promise.team!r} is not a team of this agreement.", place("team"), f"use {', '.join(agreement.between)}"
        )
    if isinstance(promise, Deliver):
        _check_delivery(promise, place("metric"), metrics, facts)
        return
    try:
        parse_within(promise.within)
    except LeadlineError as error:
        raise DefinitionError(error.code, error.what, why=place("within"), fix=error.fix) from None
    if isinstance(promise, Touch) and promise.attempts < 1:
        raise _bad("There is at least one attempt.", place("attempts"), "attempts: 1")
    for column in promise.only:
        if column not in CASE_COLUMNS:
            near = closest(column, CASE_COLUMNS)
            raise _bad(
                f"Leads are not told apart by {column!r}.",
                place("only", column),
                f"use {', '.join(near or CASE_COLUMNS)}",
            )


def _check_delivery(promise: Deliver, place: str, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> None:
    if promise.metric not in metrics:
        error = unknown("metric", promise.metric, metrics)
        raise DefinitionError(error.code, error.what, why=place, fix=error.fix)
    metric = metrics[promise.metric]
    if kind_of(metric, metrics) != "sum":
        raise _bad(
            f"{promise.metric} does not add up, so none can be delivered.", place, "promise a count or an amount"
        )
    if promise.by and promise.by not in meaning_of(metric, metrics, facts).dimensions:
        raise _bad(f"{promise.metric} has no dimension {promise.by!r}.", place, "see `leadline metrics`")
    if not promise.by and (promise.worth or promise.targets):
        raise _bad("`worth` and `targets` are by members of a dimension.", place, "name it, for example `by: channel`")
    if promise.worth and promise.target is None:
        raise _bad("A weighted promise needs a target of its own, in the same points.", place, "add `target`")


def read_hours(folder: Path, timezone: str, today: dt.date) -> Office:
    """The business hours of a workspace folder, Monday to Friday from nine to six in `timezone` unless it says.

    Holidays of a country are known from ten years before `today` to two years after.
    """
    path = folder / FOLDER / HOURS_FILE
    if not path.is_file():
        return Office(BusinessHours(timezone))
    document = _document(path, folder)
    given = document.convert(dict[str, HoursDefinition], document.data or {})
    regions = {}
    for region, hours in given.items():
        try:
            regions[region] = _resolved(hours, timezone, today)
        except LeadlineError as error:
            raise DefinitionError(error.code, error.what, why=document.place(region), fix=error.fix) from None
    default = regions.pop(DEFAULT, BusinessHours(timezone))
    return Office(default, regions)


def _resolved(hours: HoursDefinition, timezone: str, today: dt.date) -> BusinessHours:
    name = hours.timezone or timezone
    zone(name)
    opens, closes = parse_clock(hours.opens), parse_clock(hours.closes)
    if opens >= closes:
        raise DefinitionError(
            "bad-definition", "This office closes before it opens.", fix="from: '09:00', until: '18:00'"
        )
    week: list[Open | None] = [None] * 7
    for day in hours.days:
        week[weekday_number(day)] = (opens, closes)
    holidays = frozenset(hours.holidays)
    if hours.country:
        holidays |= public_holidays(hours.country, hours.subdivision, range(today.year - 10, today.year + 3))
    return BusinessHours(name, tuple(week), holidays)


def _document(path: Path, folder: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "bad-yaml", f"{path.name} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
        ) from None
    return read_document(text, str(path.relative_to(folder)))


def _bad(what: str, place: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-promise", what, why=place, fix=fix)

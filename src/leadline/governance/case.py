"""Cases: leads handed over from marketing to sales, with what sales did and decided about each.

A lead that was rejected or recycled and comes back is handed over anew: a case of its own, to which only what happens
after that counts. A second entry without an end between is the same case, told twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from leadline.model.promise import CASE_COLUMNS, Agreement, Decide, Touch
from leadline.plan.reach import DAY, reaches
from leadline.sql.name import literal, quote
from leadline.time.zone import day_start
from leadline.workspace import Workspace

STAGE, SALES = "stage_entry", "sales_touch"


class Entry(Struct, frozen=True):
    """A stage entry after the handover: its moment (naive UTC), stage, reason and source."""

    at: dt.datetime
    stage: str
    reason: str


class Contact(Struct, frozen=True):
    """Something sales did: its moment (naive UTC), kind, and whether a sequence sent it."""

    at: dt.datetime
    kind: str
    automated: bool
    owner: str


class Case(Struct, frozen=True):
    """A lead handed over at `at` (naive UTC), and all that followed until it was handed over again.

    `tells` are its columns at the handover (channel, region, …), `email` is personal.
    """

    record: str
    at: dt.datetime
    owner: str
    email: str
    tells: dict[str, str]
    entries: tuple[Entry, ...] = ()
    contacts: tuple[Contact, ...] = ()


class Seen(Struct, frozen=True):
    """Until when sources have told (naive UTC): of what sales did, and of decisions."""

    touches: dt.datetime | None
    decisions: dt.datetime | None


def read_cases(workspace: Workspace, agreement: Agreement, as_of_load: int | None = None) -> list[Case]:
    """The cases of an agreement, oldest first."""
    stages = {agreement.handover, *agreement.ends}
    for promise in agreement.promises.values():
        if isinstance(promise, Decide):
            stages |= {*promise.accept, *promise.reject}
    columns = ("person_id", "entered_at", "stage", "reason", "email", *CASE_COLUMNS)
    rows = _rows(
        workspace, STAGE, columns, f"stage IN ({', '.join(map(literal, sorted(stages)))})", "entered_at", as_of_load
    )
    contacts = _contacts(workspace, as_of_load)
    by_person: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        by_person.setdefault(row[0], []).append(row)
    found: list[Case] = []
    for person, own in by_person.items():
        found += _cases_of(own, contacts.get(person, []), agreement)
    return sorted(found, key=lambda case: (case.at, case.record))


def _rows(
    workspace: Workspace, fact: str, columns: Sequence[str], condition: str, time: str, as_of_load: int | None
) -> list[tuple[Any, ...]]:
    if not _has(workspace, fact):
        return []
    warehouse = workspace.warehouse()
    sql = (
        f"SELECT {', '.join(map(quote, columns))}\nFROM {warehouse.relation(fact, as_of_load)} AS told\n"
        f"WHERE person_id IS NOT NULL AND {time} IS NOT NULL AND {condition}\n"
        f"ORDER BY person_id, {time}, _source, _line"
    )
    return warehouse.rows(sql)[1]


def _has(workspace: Workspace, fact: str) -> bool:
    state = workspace.states().get(fact)
    return state is not None and state.rows > 0


def _contacts(workspace: Workspace, as_of_load: int | None) -> dict[str, list[Contact]]:
    columns = ("person_id", "touched_at", "kind", "is_automated", "owner")
    found: dict[str, list[Contact]] = {}
    for person, at, kind, automated, owner in _rows(workspace, SALES, columns, "true", "touched_at", as_of_load):
        found.setdefault(person, []).append(Contact(at, kind or "", bool(automated), owner or ""))
    return found


def _cases_of(rows: Sequence[Sequence[Any]], contacts: Sequence[Contact], agreement: Agreement) -> list[Case]:
    """The cases of one person, from its entries in order."""
    handed: list[Sequence[Any]] = []
    running = False
    for row in rows:
        if row[2] == agreement.handover and not running:
            handed.append(row)
            running = True
        elif row[2] in agreement.ends:
            running = False
    cases = []
    for number, row in enumerate(handed):
        at = row[1]
        until = handed[number + 1][1] if number + 1 < len(handed) else dt.datetime.max
        entries = tuple(Entry(other[1], other[2], other[3] or "") for other in rows if at <= other[1] < until)
        own = tuple(contact for contact in contacts if at <= contact.at < until)
        tells = {name: _text(value) for name, value in zip(CASE_COLUMNS, row[5:], strict=True) if value is not None}
        owner = tells.get("owner", "") or next((contact.owner for contact in own if contact.owner), "")
        if _in_force(agreement, at.date()):
            cases.append(Case(str(row[0]), at, owner, row[4] or "", tells, entries, own))
    return cases


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_force(agreement: Agreement, day: dt.date) -> bool:
    return (agreement.since is None or day >= agreement.since) and (agreement.until is None or day < agreement.until)


def seen_of(workspace: Workspace, agreement: Agreement, known: dt.date) -> Seen:
    """Until when what sales did and decided is known: a promise due after that is open, whatever the clock says."""
    decided: set[str] = set()
    for promise in agreement.promises.values():
        if isinstance(promise, Decide):
            decided |= {*promise.accept, *promise.reject}
    sources = _telling(workspace, decided) if decided else set()
    return Seen(_until(workspace, SALES, None, known), _until(workspace, STAGE, sources, known))


def _telling(workspace: Workspace, stages: Iterable[str]) -> set[str]:
    """The sources that tell of some stages."""
    if not _has(workspace, STAGE):
        return set()
    warehouse = workspace.warehouse()
    listed = ", ".join(map(literal, sorted(stages)))
    rows = warehouse.rows(f"SELECT DISTINCT _source FROM {warehouse.relation(STAGE)} AS told WHERE stage IN ({listed})")
    return {row[0] for row in rows[1]}


def _until(workspace: Workspace, fact: str, sources: set[str] | None, known: dt.date) -> dt.datetime | None:
    """The end of the last day that all living sources of a fact tell of; today does not count."""
    state = workspace.states().get(fact)
    if state is None:
        return None
    timezone = workspace.settings.timezone
    own = [one for one in reaches(workspace.facts[fact], state, timezone, known) if one.lives_in(known - DAY, known)]
    last = [one.until for one in own if sources is None or one.source in sources]
    return day_start(min(min(last), known - DAY) + DAY, timezone) if last else None


def fits(case: Case, promise: Touch | Decide) -> bool:
    """Whether a promise is about this case."""
    return _matches(case.tells, promise.only)


def _matches(tells: Mapping[str, str], only: Mapping[str, str]) -> bool:
    return all(tells.get(name) == value for name, value in only.items())

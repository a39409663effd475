"""A timeline by account: the events of all people of a company in one stream, in order.

Which account an event belongs to is the rule of `leadline.sql.belonging`: the one its row names, else the one its
person was with at that moment. Events that belong to none are left out, and the people they are of counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from leadline.sql.belonging import REGISTRY, belonging
from leadline.timeline.arrays import Indices
from leadline.timeline.dictionary import PERSON
from leadline.timeline.kernel.arrange import arrange, spread_ranges
from leadline.timeline.source import ACCOUNT
from leadline.timeline.store import Grouped
from leadline.timeline.view import Part, View, frozen

if TYPE_CHECKING:
    from leadline.timeline.timeline import Timeline
    from leadline.warehouse import Warehouse


class Spells(Struct, frozen=True):
    """Who was with which account from when on.

    A place a spell, by person (code) and time: `since` in microseconds, `account` the number of one of `names`, which
    are in order.
    """

    person: Indices
    since: Indices
    account: Indices
    names: tuple[str, ...]


def read_spells(timeline: Timeline, warehouse: Warehouse) -> Spells:
    """The spells of the people of a timeline, from the identity registry; none where it was never made."""
    from leadline.timeline.dictionary import relation

    made = warehouse.con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = 'employer'"
    ).fetchone()
    if not made or not made[0]:
        return as_spells([])
    codes = relation(timeline.folder, timeline.manifest.dictionaries[PERSON])
    rows = warehouse.con.execute(
        f"WITH {belonging(REGISTRY)}\nSELECT code, epoch_us(since), account FROM belongs "
        f"JOIN {codes} AS known ON known.value = belongs.person"
    )
    return as_spells(rows.fetchall())


def as_spells(rows: Sequence[tuple[int, int, str]]) -> Spells:
    """Spells of rows of person (code), since and account, in any order."""
    names = sorted({account for _, _, account in rows})
    number = {name: place for place, name in enumerate(names)}
    ordered = sorted((person, since, number[account]) for person, since, account in rows)
    person, since, account = np.array(ordered, np.int64).reshape(-1, 3).T.copy()
    return Spells(person, since, account, tuple(names))


def by_account(timeline: Timeline, spells: Spells) -> Timeline:
    """The timeline as one of accounts, to be asked and not to be written to.

    Everything that is asked of it is asked of accounts; what a question names as people are ids of accounts. An id
    counts once an account. Kept in memory are 16 bytes an event and the columns that are asked for, each as wide as it
    is on disk; meanwhile about 50 bytes an event.
    """
    view, dictionaries = timeline.view, timeline.dictionaries
    named = dictionaries.values(ACCOUNT) if ACCOUNT in dictionaries.sizes else [None]
    names = sorted({*spells.names, *(name for name in named if name is not None)})
    number = {name: place for place, name in enumerate(names)}
    renumbered = np.array([number[name] for name in spells.names], np.int64)
    spells = Spells(spells.person, spells.since, renumbered[spells.account], tuple(names))
    # Code 0 of a property is none.
    own = np.array([-1 if name is None else number[name] for name in named], np.int64)
    positions: list[Indices] = []
    accounts: list[NDArray[np.uint32]] = []
    left_out = 0
    for part in view.parts:
        position, account, without = _of_part(part, spells, own if len(own) > 1 else None)
        positions.append(position)
        accounts.append(account)
        left_out += without

    def gather(name: str) -> NDArray[Any]:
        columns = [part.column(name)[position] for part, position in zip(view.parts, positions, strict=True)]
        return np.concatenate(columns)

    grouped = Grouped(tuple(names), view.persons, left_out)
    if not sum(map(len, positions)):
        return timeline.grouped(View((), view.threads), grouped)
    order, begins = arrange(frozen(np.concatenate(accounts)), frozen(gather("ts")), frozen(gather("id")), 0, len(names))
    begins = frozen(begins)
    numbers = np.arange(len(names), dtype=np.uint32)
    part = Part(numbers, begins[:-1], begins[1:], lambda name: gather(name)[order])
    return timeline.grouped(View((part,), view.threads), grouped)


def _of_part(part: Part, spells: Spells, own: Indices | None) -> tuple[Indices, NDArray[np.uint32], int]:
    """The events of a part that belong to an account, these accounts, and how many people have others."""
    size = int((part.end - part.start).sum())
    position, owner = np.empty(size, np.int64), np.empty(size, np.uint32)
    spread_ranges(frozen(part.start), frozen(part.end), position, owner)
    account = _employers(spells, part.person, owner, part.column("ts")[position])
    if own is not None:
        given = own[part.column(ACCOUNT)[position]]
        account = np.where(given >= 0, given, account)
    there = account >= 0
    others = np.zeros(len(part.person), bool)
    others[owner[~there]] = True
    return position[there], account[there].astype(np.uint32), int(others.sum())


def _employers(spells: Spells, person: NDArray[np.uint32], owner: NDArray[np.uint32], ts: Indices) -> Indices:
    """The account that the person of each event was with at its moment; -1 where none is known.

    `owner` is the place in `person` of each event's person.
    """
    first = np.searchsorted(spells.person, person, side="left")[owner]
    count = np.searchsorted(spells.person, person, side="right")[owner] - first
    if not len(spells.person):
        return np.full(len(owner), -1, np.int64)
    # The first spell holds before its beginning too; of the later ones the last that has begun.
    place, rest, nth = first.copy(), np.flatnonzero(count > 1), 1
    while len(rest):
        begun = rest[spells.since[first[rest] + nth] <= ts[rest]]
        place[begun] = first[begun] + nth
        nth += 1
        rest = begun[count[begun] > nth]
    found = spells.account[np.minimum(place, len(spells.account) - 1)]
    return np.where(count > 0, found, -1)

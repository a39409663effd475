"""Persons in the warehouse: evidence read from the facts, commands kept, and who is who written beside them.

`identity.command` is the one table that people write to (`record_command`); everything else is made anew from facts and
commands by `rebuild`, in one transaction: `identity.member` (id → person), `identity.decision` (what was linked, merged
or refused, by which rule) and `identity.employer` (person → account over time). Facts are never changed.

For whoever joins it to facts there are `identity.known`, ids as facts spell them (`spelled`) → person, and
`identity.owner`, the users of shared devices over time. `identity.state` says from which load all this was made and
counts the times that ids changed persons; `identity.moved` has the persons concerned each time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from leadline.errors import UsageError
from leadline.journey.account import Accounts, Membership, assign_accounts
from leadline.journey.identity import (
    KINDS,
    LIMITS,
    Action,
    Id,
    Identities,
    Kind,
    Observed,
    email_id,
    plain_id,
)
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.model.fact import Fact

TABLES = """
CREATE SCHEMA IF NOT EXISTS identity;
CREATE TABLE IF NOT EXISTS identity.command (
    said_at TIMESTAMP NOT NULL, action VARCHAR NOT NULL, left_kind VARCHAR NOT NULL, left_id VARCHAR NOT NULL,
    right_kind VARCHAR NOT NULL, right_id VARCHAR NOT NULL, said_by VARCHAR NOT NULL, reason VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS identity.member (
    kind VARCHAR NOT NULL, id VARCHAR NOT NULL, person VARCHAR NOT NULL, first_seen TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS identity.decision (
    seen_at TIMESTAMP NOT NULL, left_kind VARCHAR NOT NULL, left_id VARCHAR NOT NULL, right_kind VARCHAR NOT NULL,
    right_id VARCHAR NOT NULL, rule VARCHAR NOT NULL, refused BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS identity.employer (
    person VARCHAR NOT NULL, since TIMESTAMP NOT NULL, account VARCHAR NOT NULL, rule VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS identity.known (kind VARCHAR NOT NULL, given VARCHAR NOT NULL, person VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS identity.owner (
    given VARCHAR NOT NULL, since TIMESTAMP NOT NULL, until TIMESTAMP NOT NULL, person VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS identity.moved (version BIGINT NOT NULL, person VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS identity.state (version BIGINT NOT NULL, synced BIGINT NOT NULL, commands BIGINT NOT NULL);
"""
EPOCH = dt.datetime(1970, 1, 1)
FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)
MOVED = """
INSERT INTO identity.moved
WITH changed AS (
    SELECT before.person AS one, after.person AS other FROM known_before AS before
    LEFT JOIN identity.known AS after ON after.kind = before.kind AND after.given = before.given
    WHERE after.person IS DISTINCT FROM before.person
), shared AS (
    SELECT given FROM (FROM owner_before EXCEPT FROM identity.owner) UNION
    SELECT given FROM (FROM identity.owner EXCEPT FROM owner_before)
)
SELECT DISTINCT ?, person FROM (
    SELECT one AS person FROM changed UNION ALL SELECT other FROM changed
    UNION ALL SELECT person FROM owner_before WHERE given IN (FROM shared)
    UNION ALL SELECT person FROM identity.owner WHERE given IN (FROM shared)
    UNION ALL SELECT person FROM identity.known WHERE kind = 'anonymous' AND given IN (FROM shared)
) WHERE person IS NOT NULL
"""

Freshness = Literal["current", "behind", "stale"]
Forms = dict[tuple[Kind, str], Id]
"""Ids as facts give them."""


class Rebuilt(Struct, frozen=True):
    """What a rebuild found: ids, persons, persons with an account, refused evidence, uses of ids that mean nobody."""

    ids: int
    people: int
    with_account: int
    refused: int
    nobody: int


def record_command(
    con: Connection, action: Action, left: tuple[Kind, str], right: tuple[Kind, str], *, at: dt.datetime,
    said_by: str = "", reason: str = "",
) -> None:  # fmt: skip
    """Keep a `merge` or `separate` of two ids; the next `rebuild` follows it. `at` is naive UTC.

    Raises `UsageError` for an id that stands for nobody, and for an id with itself.
    """
    con.execute(TABLES)
    one, other = _id(*left), _id(*right)
    if one == other:
        raise UsageError("same-id", f"{one} cannot be told apart from itself, nor merged.", fix="give two ids")
    con.execute(
        "INSERT INTO identity.command VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [at, action, one.kind, one.value, other.kind, other.value, said_by, reason],
    )


def take_commands(con: Connection, select: str) -> bool:
    """Have the commands that a query gives in place of those kept; whether any differ. The next `rebuild` follows them.

    For a copy of data whose commands are kept elsewhere.
    """
    con.execute(TABLES)
    con.execute(f"CREATE OR REPLACE TEMP TABLE said AS {select}")
    ways = ("FROM said EXCEPT ALL FROM identity.command", "FROM identity.command EXCEPT ALL FROM said")
    differ = any(con.execute(f"SELECT 1 FROM ({way}) LIMIT 1").fetchone() for way in ways)
    if differ:
        con.execute("DELETE FROM identity.command")
        con.execute("INSERT INTO identity.command BY NAME FROM said")
        # As many as before may be others.
        con.execute("UPDATE identity.state SET commands = -1")
    con.execute("DROP TABLE said")
    return differ


def rebuild(con: Connection, facts: Mapping[str, Fact], limits: Mapping[Kind, int] = LIMITS) -> Rebuilt:
    """Make persons and accounts anew from the facts and commands, in one transaction."""
    con.execute(TABLES)
    forms: Forms = {}
    observed = gather(con, facts, forms)
    identities = observed.resolve(limits)
    accounts = gather_accounts(con, facts, identities)
    members = [(each.kind, each.value, person, _time(observed.seen[each]))
               for each, person in identities.person_of.items()]  # fmt: skip
    decisions = [
        (_time(each.at), each.left.kind, each.left.value, each.right.kind, each.right.value, each.rule, each.refused)
        for each in identities.decisions
    ]
    employers = [
        (person, _time(each.since), each.account, each.rule)
        for person, history in accounts.of_person.items()
        for each in history
    ]
    known = [(kind, spelled(given), identities.person_of[each]) for (kind, given), each in forms.items()]
    owners = gather_owners(con, facts, observed, identities, forms)
    con.execute("BEGIN TRANSACTION")
    try:
        for table in ("known", "owner"):
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table}_before AS FROM identity.{table}")
        for table, rows in (
            ("member", members), ("decision", decisions), ("employer", employers), ("known", known), ("owner", owners)
        ):  # fmt: skip
            con.execute(f"DELETE FROM identity.{table}")
            _insert(con, table, rows)
        _note_state(con)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    people = set(identities.person_of.values())
    return Rebuilt(len(members), len(people), len(accounts.of_person), len(identities.conflicts()), identities.nobody)


def freshness(con: Connection, facts: Mapping[str, Fact]) -> Freshness:
    """How the registry stands to the warehouse.

    `current`: made from it. `behind`: what was loaded since is not about people, so it holds still (`mark_current`).
    `stale`: ids came, changed or went, or commands were given.
    """
    newest = _newest_load(con)
    if not _has_table(con, "state"):
        return "stale" if newest else "current"
    row = con.execute("SELECT synced, commands FROM identity.state").fetchone()
    if row is None or newest < row[0] or row[1] != _count_commands(con):
        return "stale"
    about = [name for name, fact in facts.items() if identity_columns(fact)]
    merged = con.execute(
        "SELECT count(*) FROM ledger.merge WHERE load > ? AND list_contains(?, fact) "
        "AND (inserted > 0 OR updated > 0 OR removed > 0)",
        [row[0], about],
    ).fetchone()
    if merged and merged[0]:
        return "stale"
    return "behind" if newest > row[0] else "current"


def has_registry(con: Connection) -> bool:
    """Whether who is who has ever been made."""
    return _has_table(con, "member")


def mark_current(con: Connection) -> None:
    """Note that what was made holds after the newest load too."""
    con.execute("UPDATE identity.state SET synced = ?", [_newest_load(con)])


def spelled(given: str) -> str:
    """How `identity.known` keeps an id that a fact gives: as it is, but an address as its hash.

    In SQL: `CASE WHEN position('@' IN x) > 0 THEN sha256(x) ELSE x END`.
    """
    return hashlib.sha256(given.encode()).hexdigest() if "@" in given else given


def gather(con: Connection, facts: Mapping[str, Fact], forms: Forms | None = None) -> Observed:
    """All evidence of the facts and all commands. Pairs are reduced to their first time by the database.

    `forms` takes every id as it was given.
    """
    observed = Observed()
    for fact in facts.values():
        columns = identity_columns(fact)
        if not columns:
            continue
        chosen = [quote(columns[kind]) if kind in columns else "NULL" for kind in ("anonymous", "user", "email")]
        present = " OR ".join(f"{quote(name)} IS NOT NULL" for name in columns.values())
        rows = con.execute(
            f"SELECT {', '.join(chosen)}, epoch_us(min({_when(fact)})) FROM fact.{quote(fact.name)} "
            f"WHERE {_when(fact)} IS NOT NULL AND ({present}) GROUP BY ALL"
        ).fetchall()
        for anonymous, user, email, at in rows:
            observed.see(at, anonymous=anonymous, user=user, email=email)
            if forms is not None:
                _note_forms(forms, anonymous=anonymous, user=user, email=email)
    if _has_table(con, "command"):
        for at, action, left_kind, left, right_kind, right in con.execute(
            "SELECT epoch_us(said_at), action, left_kind, left_id, right_kind, right_id FROM identity.command"
        ).fetchall():
            observed.say(at, action, Id(left_kind, left), Id(right_kind, right))
    return observed


def gather_owners(
    con: Connection, facts: Mapping[str, Fact], observed: Observed, identities: Identities, forms: Forms
) -> list[tuple[str, dt.datetime, dt.datetime, str]]:
    """Whose a device was when, for devices on which several persons were seen: given id, since, until, person."""
    persons: dict[Id, set[str]] = {}
    for link in observed.links:
        for visitor, user in ((link.left, link.right), (link.right, link.left)):
            if visitor.kind == "anonymous" and user.kind != "anonymous":
                persons.setdefault(visitor, set()).add(identities.person_of[user])
    shared = {visitor for visitor, found in persons.items() if len(found) > 1}
    given = [form for (kind, form), each in forms.items() if kind == "anonymous" and each in shared]
    if not given:
        return []
    seen: dict[str, set[tuple[int, str]]] = {}
    for fact in facts.values():
        columns = identity_columns(fact)
        if "anonymous" not in columns or "user" not in columns:
            continue
        of_device, of_user = quote(columns["anonymous"]), quote(columns["user"])
        for device, by, at in con.execute(
            f"SELECT {of_device}, {of_user}, epoch_us({_when(fact)}) FROM fact.{quote(fact.name)} "
            f"WHERE {of_user} IS NOT NULL AND {_when(fact)} IS NOT NULL AND {of_device} IN (SELECT unnest(?))",
            [given],
        ).fetchall():
            known, person = forms["anonymous", device], _person(identities, "user", by)
            if person:
                seen.setdefault(known.value, set()).add((at, person))
    rows = []
    for form in sorted(given):
        uses = _changes(sorted(seen.get(forms["anonymous", form].value, ())))
        since = [FIRST, *(_time(at) for at, _ in uses[1:])]
        for (_, person), begins, ends in zip(uses, since, [*since[1:], LAST], strict=True):
            rows.append((spelled(form), begins, ends, person))
    return rows


def _changes(uses: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Uses at which the user changes; of several at one moment the last counts."""
    at_once = dict(uses)
    ordered = sorted(at_once.items())
    return [use for before, use in zip([(0, ""), *ordered], ordered, strict=False) if use[1] != before[1]]


def gather_accounts(con: Connection, facts: Mapping[str, Fact], identities: Identities) -> Accounts:
    """The accounts of persons, from the facts that have both, and the domains of their addresses."""
    memberships: set[Membership] = set()
    domains: dict[str, set[str]] = {}
    spellings: dict[str, set[str]] = {}
    for fact in facts.values():
        for given, account, at in _named_together(con, fact, f"epoch_us(min({_when(fact)}))"):
            known = _person(identities, "user", given)
            if known:
                memberships.add(Membership(at, known, account))
                spellings.setdefault(known, set()).add(given)
    # Of who has been with several, every record counts: they may have come back to the first.
    several = Counter(person for person, _ in {(each.person, each.account) for each in memberships})
    movers = {given: person for person, count in several.items() if count > 1 for given in spellings[person]}
    for fact in facts.values() if movers else ():
        for given, account, at in _named_together(con, fact, f"epoch_us({_when(fact)})", list(movers)):
            memberships.add(Membership(at, movers[given], account))
    for fact in facts.values():
        columns = identity_columns(fact)
        if "email" in columns:
            for (address,) in con.execute(
                f"SELECT DISTINCT {quote(columns['email'])} FROM fact.{quote(fact.name)} "
                f"WHERE {quote(columns['email'])} LIKE '%@%'"
            ).fetchall():
                known = _person(identities, "email", address)
                if known:
                    domains.setdefault(known, set()).add(address.strip().lower().rpartition("@")[2])
    return assign_accounts(memberships, domains)


def _named_together(
    con: Connection, fact: Fact, moment: str, only: list[str] | None = None
) -> list[tuple[str, str, int]]:
    """Persons (as given; of `only` these) and accounts that rows of a fact name together, with a `moment` in SQL."""
    person = identity_columns(fact).get("user")
    if not person or not fact.has("account_id"):
        return []
    chosen = "" if only is None else f" AND {quote(person)} IN (SELECT unnest(?))"
    rows: list[tuple[str, str, int]] = con.execute(
        f"SELECT {quote(person)}, account_id, {moment} FROM fact.{quote(fact.name)} "
        f"WHERE {quote(person)} IS NOT NULL AND account_id IS NOT NULL AND {_when(fact)} IS NOT NULL{chosen} "
        "GROUP BY ALL",
        [] if only is None else [only],
    ).fetchall()
    return rows


def identity_columns(fact: Fact) -> dict[Kind, str]:
    """Which columns of a fact hold ids of people; empty when the fact is not about people."""
    named: dict[Kind, tuple[str, ...]] = {
        "anonymous": ("visitor_id",),
        "user": ("person_id", "customer_id"),
        "email": ("email",),
    }
    return {kind: name for kind, names in named.items() for name in names if fact.has(name)}


def _when(fact: Fact) -> str:
    """The moment of a row: its own moment where the fact's time is only a day."""
    if fact.column(fact.time).type == "date" and fact.has("started_at"):
        return f"coalesce(started_at, CAST({quote(fact.time)} AS TIMESTAMP))"
    return f"CAST({quote(fact.time)} AS TIMESTAMP)"


def _person(identities: Identities, kind: Kind, value: str) -> str | None:
    each = email_id(value) if kind == "email" else plain_id(kind, value)
    return identities.person_of.get(each) if each else None


def _id(kind: Kind, value: str) -> Id:
    if kind not in KINDS:
        raise UsageError("unknown-id-kind", f"There is no kind of id named {kind!r}.", fix=f"one of {', '.join(KINDS)}")
    each = email_id(value) if kind == "email" else plain_id(kind, value)
    if each is None:
        raise UsageError("nobody", f"{value!r} stands for nobody, so it can be neither merged nor separated.")
    return each


def _has_table(con: Connection, name: str) -> bool:
    row = con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = ?", [name]
    ).fetchone()
    return bool(row and row[0])


def _note_forms(forms: Forms, **given: str | None) -> None:
    for kind in KINDS:
        value = given[kind]
        if value is None or (kind, value) in forms:
            continue
        each = email_id(value) if kind == "email" else plain_id(kind, value)
        if each is not None:
            forms[kind, value] = each


def _note_state(con: Connection) -> None:
    """The load this was made from, and a new version if ids have changed persons since the last."""
    row = con.execute("SELECT version FROM identity.state").fetchone()
    version = int(row[0]) + 1 if row else 1
    if row:
        con.execute(MOVED, [version])
        moved = con.execute("SELECT count(*) FROM identity.moved WHERE version = ?", [version]).fetchone()
        version -= 0 if moved and moved[0] else 1
    con.execute("DELETE FROM identity.state")
    con.execute("INSERT INTO identity.state VALUES (?, ?, ?)", [version, _newest_load(con), _count_commands(con)])


def _newest_load(con: Connection) -> int:
    row = con.execute("SELECT coalesce(max(id), 0) FROM ledger.load").fetchone()
    return int(row[0]) if row else 0


def _count_commands(con: Connection) -> int:
    row = con.execute("SELECT count(*) FROM identity.command").fetchone()
    return int(row[0]) if row else 0


def _time(micros: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=micros)


def _insert(con: Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert rows as columns: a list a column is one parameter, and one statement takes them all."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        con.execute(f"INSERT INTO identity.{table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)

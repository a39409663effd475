"""Persons in the warehouse: evidence read from the facts, commands kept, and who is who written beside them.

`identity.command` is the one table that people write to (`record_command`); everything else is made anew from facts and
commands by `rebuild`, in one transaction: `identity.member` (id → person), `identity.decision` (what was linked, merged
or refused, by which rule) and `identity.employer` (person → account over time). Facts are never changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

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
"""
EPOCH = dt.datetime(1970, 1, 1)


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


def rebuild(con: Connection, facts: Mapping[str, Fact], limits: Mapping[Kind, int] = LIMITS) -> Rebuilt:
    """Make persons and accounts anew from the facts and commands, in one transaction."""
    con.execute(TABLES)
    observed = gather(con, facts)
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
    con.execute("BEGIN TRANSACTION")
    try:
        for table, rows in (("member", members), ("decision", decisions), ("employer", employers)):
            con.execute(f"DELETE FROM identity.{table}")
            _insert(con, table, rows)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    people = set(identities.person_of.values())
    return Rebuilt(len(members), len(people), len(accounts.of_person), len(identities.conflicts()), identities.nobody)


def gather(con: Connection, facts: Mapping[str, Fact]) -> Observed:
    """All evidence of the facts and all commands. Pairs are reduced to their first time by the database."""
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
    if _has_commands(con):
        for at, action, left_kind, left, right_kind, right in con.execute(
            "SELECT epoch_us(said_at), action, left_kind, left_id, right_kind, right_id FROM identity.command"
        ).fetchall():
            observed.say(at, action, Id(left_kind, left), Id(right_kind, right))
    return observed


def gather_accounts(con: Connection, facts: Mapping[str, Fact], identities: Identities) -> Accounts:
    """The accounts of persons, from the facts that have both, and the domains of their addresses."""
    memberships: set[Membership] = set()
    domains: dict[str, set[str]] = {}
    for fact in facts.values():
        columns = identity_columns(fact)
        person = columns.get("user")
        if person and fact.has("account_id"):
            for given, account, at in con.execute(
                f"SELECT {quote(person)}, account_id, epoch_us(min({_when(fact)})) FROM fact.{quote(fact.name)} "
                f"WHERE {quote(person)} IS NOT NULL AND account_id IS NOT NULL AND {_when(fact)} IS NOT NULL "
                f"GROUP BY ALL"
            ).fetchall():
                known = _person(identities, "user", given)
                if known:
                    memberships.add(Membership(at, known, account))
        if "email" in columns:
            for (address,) in con.execute(
                f"SELECT DISTINCT {quote(columns['email'])} FROM fact.{quote(fact.name)} "
                f"WHERE {quote(columns['email'])} LIKE '%@%'"
            ).fetchall():
                known = _person(identities, "email", address)
                if known:
                    domains.setdefault(known, set()).add(address.strip().lower().rpartition("@")[2])
    return assign_accounts(memberships, domains)


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


def _has_commands(con: Connection) -> bool:
    row = con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = 'command'"
    ).fetchone()
    return bool(row and row[0])


def _time(micros: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=micros)


def _insert(con: Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert rows as columns: a list a column is one parameter, and one statement takes them all."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        con.execute(f"INSERT INTO identity.{table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)

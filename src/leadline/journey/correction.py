"""Looking a person up, and saying by hand who is who: what is known, and what a command changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import RefusedError, UsageError
from leadline.journey.identity import KINDS, Action, Id, Kind, email_id, plain_id
from leadline.journey.registry import gather, has_registry, rebuild, record_command

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.model.fact import Fact

PREFIXES: Mapping[str, Kind] = {"user": "user", "email": "email", "anonymous": "anonymous", "browser": "anonymous"}


class Ruling(Struct, frozen=True):
    """A decision about two ids: when the evidence is from or the command was given, and by which rule."""

    at: dt.datetime
    left: str
    right: str
    rule: str
    said_by: str = ""
    reason: str = ""


class Known(Struct, frozen=True):
    """A person: all ids with the time each was first seen, accounts since when, and what was decided."""

    person: str
    ids: tuple[tuple[str, dt.datetime], ...]
    accounts: tuple[tuple[str, dt.datetime], ...]
    decisions: tuple[Ruling, ...]


class Correction(Struct, frozen=True):
    """A command and what it changes: for each id concerned, the person it had and the one it has then.

    `kept` is false where it was only tried.
    """

    action: Action
    left: str
    right: str
    changed: tuple[tuple[str, str, str], ...]
    kept: bool


def find_id(con: Connection, given: str) -> Id:
    """The id that a text means: `user:ada`, `browser:v1`, an address, or any id that is known; else `UsageError`."""
    word, colon, rest = given.partition(":")
    if colon and word in PREFIXES:
        kind = PREFIXES[word]
        each = email_id(rest) if kind == "email" else plain_id(kind, rest)
        candidates = [each] if each else []
    else:
        read = (email_id(given) if kind == "email" else plain_id(kind, given) for kind in KINDS)
        candidates = list(dict.fromkeys(each for each in read if each))
    made = has_registry(con)
    known = [
        each
        for each in candidates
        if made
        and con.execute("SELECT 1 FROM identity.member WHERE kind = ? AND id = ?", [each.kind, each.value]).fetchone()
    ]
    if len(known) > 1:
        listed = " or ".join(f"{each.kind}:{each.value}" for each in known)
        raise UsageError("which-id", f"{given!r} is several ids.", fix=f"say which: {listed}")
    if not known:
        raise UsageError(
            "unknown-id",
            f"Nobody is known by {given!r}.",
            why="no row of any fact names it" if candidates else "such an id stands for nobody",
            fix="give an id as it is in the data, or user:ID, browser:ID, or an address",
        )
    return known[0]


def look_up(con: Connection, given: str) -> Known:
    """The person of an id."""
    each = find_id(con, given)
    row = con.execute(
        "SELECT person FROM identity.member WHERE kind = ? AND id = ?", [each.kind, each.value]
    ).fetchone()
    person = str(row[0]) if row else ""
    ids = con.execute(
        "SELECT kind || ':' || id, first_seen FROM identity.member WHERE person = ? ORDER BY first_seen, kind, id",
        [person],
    ).fetchall()
    accounts = con.execute(
        "SELECT account, since FROM identity.employer WHERE person = ? ORDER BY since, account", [person]
    ).fetchall()
    decisions = con.execute(
        "SELECT d.seen_at, d.left_kind || ':' || d.left_id, d.right_kind || ':' || d.right_id, d.rule, "
        "coalesce(c.said_by, ''), coalesce(c.reason, '') FROM identity.decision AS d "
        "LEFT JOIN identity.command AS c ON c.said_at = d.seen_at "
        "AND least(c.left_id, c.right_id) = least(d.left_id, d.right_id) "
        "AND greatest(c.left_id, c.right_id) = greatest(d.left_id, d.right_id) "
        "WHERE EXISTS (SELECT 1 FROM identity.member AS m WHERE m.person = ? AND "
        "((m.kind = d.left_kind AND m.id = d.left_id) OR (m.kind = d.right_kind AND m.id = d.right_id))) "
        "ORDER BY ALL",
        [person],
    ).fetchall()
    return Known(person, tuple(ids), tuple(accounts), tuple(Ruling(*line) for line in decisions))


def correct(
    con: Connection,
    facts: Mapping[str, Fact],
    action: Action,
    left: str,
    right: str,
    *,
    at: dt.datetime,
    said_by: str = "",
    reason: str = "",
    dry_run: bool = False,
) -> Correction:
    """Give a command about two known ids, and follow it; under `dry_run` only tell what it would change.

    `RefusedError` for a merge that joins what another command separates: nothing is kept of it.
    """
    one, other = find_id(con, left), find_id(con, right)
    if one == other:
        raise UsageError("same-id", f"{one} cannot be told apart from itself, nor merged.", fix="give two ids")
    observed = gather(con, facts)
    before = observed.resolve().person_of
    micros = (at - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
    observed.say(micros, action, one, other)
    after = observed.resolve()
    if action == "merge" and after.person_of[one] != after.person_of[other]:
        raise RefusedError(
            "merge-forbidden",
            f"{one} and {other} cannot be made one person.",
            why="a command given before separates ids of the two",
            fix="see `leadline identity show ID`, and take that separation back with a merge of the same two ids",
        )
    changed = tuple(
        (f"{each.kind}:{each.value}", before[each], person)
        for each, person in after.person_of.items()
        if each in before and before[each] != person
    )
    if not dry_run:
        record_command(
            con, action, (one.kind, one.value), (other.kind, other.value), at=at, said_by=said_by, reason=reason
        )
        rebuild(con, facts)
    return Correction(action, str(one), str(other), changed, not dry_run)

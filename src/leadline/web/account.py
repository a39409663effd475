"""Accounts, sessions, tokens and the audit log, in one SQLite file of the workspace (`access.sqlite`).

Passwords are kept as argon2id hashes, session and API tokens as SHA-256 of 256 random bits. Sessions end after two
weeks without use. Wrong passwords are counted by account and by address; after ten within fifteen minutes no password
is looked at until some time has passed. Accounts of people who sign in with a provider have no password and are known
by issuer and subject, never by mail address alone; their sessions end at a fixed time.
"""

from __future__ import annotations

import functools
import secrets
import sqlite3
import time
from pathlib import Path

from msgspec import Struct

from leadline.errors import RefusedError, UsageError, unknown
from leadline.web.access import FILE, access, hash_of
from leadline.web.visitor import ROLES, Role, Visitor

SESSION_SECONDS = 14 * 86_400
TRIES, TRY_SECONDS = 10, 15 * 60
SHORTEST = 10
_TABLES = """
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL, rows TEXT NOT NULL, made REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (
    hash TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account ON DELETE CASCADE, used REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS token (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    role TEXT NOT NULL, made REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS audit (at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS outside (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL UNIQUE REFERENCES account ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)) STRICT;
CREATE TABLE IF NOT EXISTS session_end (
    session TEXT PRIMARY KEY REFERENCES session ON DELETE CASCADE, at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS failure (at REAL NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL) STRICT;
"""


class Account(Struct, frozen=True):
    """An account: its role, and the condition that all its queries are put under."""

    name: str
    role: Role
    rows: str
    made: float


class Entry(Struct, frozen=True):
    """A line of the audit log; `at` in seconds since 1970."""

    at: float
    who: str
    what: str
    detail: str


class Accounts:
    """The accounts of a workspace. Every call is one transaction; any number of threads may call."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def any(self) -> bool:
        """Whether there is an account: without one, whoever is at this machine is its admin."""
        if not self.path.exists():
            return False
        with access(self.path, _TABLES) as con:
            return con.execute("SELECT 1 FROM account LIMIT 1").fetchone() is not None

    def add(self, name: str, password: str, role: str, rows: str = "") -> None:
        """A new account. Raises `UsageError` for a name in use, an unknown role or a short password."""
        checked, hashed = _role(role), _hashed(password)
        if not name.strip() or len(name) > 100:
            raise UsageError("bad-name", "An account needs a name of up to 100 characters.")
        if rows:
            from leadline.model.parse import parse_condition

            parse_condition(rows)
        with access(self.path, _TABLES) as con:
            try:
                con.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?)", [name, hashed, checked, rows, time.time()])
            except sqlite3.IntegrityError:
                raise UsageError("name-in-use", f"There is an account {name!r} already.") from None
        self.note("", "account added", f"{name} ({checked})")

    def change(
        self, name: str, *, password: str | None = None, role: str | None = None, rows: str | None = None
    ) -> None:
        """Another password, role or rows; a new password ends the account's sessions.

        Raises `UsageError` for the account of somebody who signs in with a provider, as that says who may what.
        """
        with access(self.path, _TABLES) as con:
            self._known(con, name)
            if con.execute("SELECT 1 FROM outside WHERE account = ?", [name]).fetchone():
                raise UsageError(
                    "from-outside",
                    f"{name} signs in with a provider, which says what they may.",
                    fix="change their groups there, or `sign_in:` in leadline.yaml",
                )
            if password is not None:
                con.execute("UPDATE account SET password = ? WHERE name = ?", [_hashed(password), name])
                con.execute("DELETE FROM session WHERE account = ?", [name])
            if role is not None:
                con.execute("UPDATE account SET role = ? WHERE name = ?", [_role(role), name])
            if rows is not None:
                con.execute("UPDATE account SET rows = ? WHERE name = ?", [rows, name])
        self.note("", "account changed", name)

    def remove(self, name: str) -> None:
        """Take an account away with its sessions and tokens."""
        with access(self.path, _TABLES) as con:
            self._known(con, name)
            con.execute("DELETE FROM account WHERE name = ?", [name])
        self.note("", "account removed", name)

    def all(self) -> list[Account]:
        """Accounts by name."""
        with access(self.path, _TABLES) as con:
            rows = con.execute("SELECT name, role, rows, made FROM account ORDER BY name").fetchall()
        return [Account(*row) for row in rows]

    def enter(self, name: str, password: str, address: str) -> str:
        """A session for the right password: the secret to be kept by the browser.

        Raises `RefusedError` for a wrong name or password (the same for both), and after too many of them.
        """
        import argon2

        now = time.time()
        with access(self.path, _TABLES) as con:
            con.execute("DELETE FROM failure WHERE at < ?", [now - TRY_SECONDS])
            by_name, by_address = con.execute(
                "SELECT count(*) FILTER (WHERE account = ?), count(*) FILTER (WHERE address = ?) FROM failure",
                [name, address],
            ).fetchone()
            if max(by_name, by_address) >= TRIES:
                raise RefusedError(
                    "too-many-tries", "Too many wrong passwords.", fix=f"try again in {TRY_SECONDS // 60} minutes"
                )
            row = con.execute(
                "SELECT password FROM account WHERE name = ? AND name NOT IN (SELECT account FROM outside)", [name]
            ).fetchone()
        try:
            # An unknown name costs as much as a wrong password, so that time does not tell them apart.
            argon2.PasswordHasher().verify(row[0] if row else _nobody(), password)
        except argon2.exceptions.VerificationError:
            row = None
        if row is None:
            with access(self.path, _TABLES) as con:
                con.execute("INSERT INTO failure VALUES (?, ?, ?)", [now, name, address])
            self.note(name, "wrong password", address)
            raise RefusedError("wrong-password", "Name or password is wrong.", fix="try again")
        secret = secrets.token_urlsafe(32)
        with access(self.path, _TABLES) as con:
            con.execute("INSERT INTO session VALUES (?, ?, ?)", [hash_of(secret), name, now])
        self.note(name, "logged in", address)
        return secret

    def admit(self, identity: tuple[str, str], name: str, role: Role, rows: str, hours: float) -> str:
        """A session of at most `hours` for whom a provider vouches for; `identity` is issuer and subject.

        The account is made, or brought to what the provider says now. Raises `RefusedError` when somebody else has an
        account of this name: a mail address alone proves nobody to be the same person.
        """
        now, secret = time.time(), secrets.token_urlsafe(32)
        with access(self.path, _TABLES) as con:
            con.execute("BEGIN IMMEDIATE")
            con.execute("PRAGMA defer_foreign_keys = ON")
            row = con.execute("SELECT account FROM outside WHERE (issuer, subject) = (?, ?)", identity).fetchone()
            before = row[0] if row else None
            if before != name and con.execute("SELECT 1 FROM account WHERE name = ?", [name]).fetchone():
                raise RefusedError(
                    "name-in-use",
                    f"There is another account {name!r} already.",
                    fix=f"an admin takes it away first: leadline account remove {name}",
                )
            if before is None:
                con.execute("INSERT INTO account VALUES (?, '', ?, ?, ?)", [name, role, rows, now])
                con.execute("INSERT INTO outside VALUES (?, ?, ?)", [*identity, name])
            else:
                con.execute(
                    "UPDATE account SET name = ?, role = ?, rows = ? WHERE name = ?", [name, role, rows, before]
                )
                for table in ("outside", "session", "token"):
                    con.execute(f"UPDATE {table} SET account = ? WHERE account = ?", [name, before])
            con.execute("INSERT INTO session VALUES (?, ?, ?)", [hash_of(secret), name, now])
            con.execute("INSERT INTO session_end VALUES (?, ?)", [hash_of(secret), now + hours * 3600])
        return secret

    def expel(self, identity: tuple[str, str]) -> None:
        """End the sessions of somebody whom the provider no longer gives a role."""
        with access(self.path, _TABLES) as con:
            con.execute(
                "DELETE FROM session WHERE account IN (SELECT account FROM outside WHERE (issuer, subject) = (?, ?))",
                identity,
            )

    def leave(self, secret: str) -> None:
        """End a session."""
        with access(self.path, _TABLES) as con:
            con.execute("DELETE FROM session WHERE hash = ?", [hash_of(secret)])

    def of_session(self, secret: str) -> Visitor | None:
        """Whose session it is, if it still is one."""
        now = time.time()
        with access(self.path, _TABLES) as con:
            row = con.execute(
                "SELECT a.name, a.role, a.rows, s.used FROM session AS s JOIN account AS a ON a.name = s.account "
                "LEFT JOIN session_end AS e ON e.session = s.hash "
                "WHERE s.hash = ? AND s.used > ? AND coalesce(e.at > ?, TRUE)",
                [hash_of(secret), now - SESSION_SECONDS, now],
            ).fetchone()
            if row is None:
                return None
            if now - row[3] > 3600:
                con.execute("UPDATE session SET used = ? WHERE hash = ?", [now, hash_of(secret)])
        return Visitor(row[0], row[1], row[2])

    def add_token(self, name: str, account: str, role: str) -> str:
        """A token for programs, under an account and with at most its role; shown once."""
        checked = _role(role)
        secret = f"ll_{secrets.token_urlsafe(32)}"
        with access(self.path, _TABLES) as con:
            owner = self._known(con, account)
            if ROLES.index(checked) > ROLES.index(owner.role):
                raise UsageError("role-too-high", f"{account} is {owner.role}, so its token cannot be {checked}.")
            try:
                con.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?)",
                            [hash_of(secret), name, account, checked, time.time()])  # fmt: skip
            except sqlite3.IntegrityError:
                raise UsageError("name-in-use", f"There is a token {name!r} already.") from None
        self.note("", "token added", f"{name} of {account} ({checked})")
        return secret

    def remove_token(self, name: str) -> None:
        """Take a token back."""
        with access(self.path, _TABLES) as con:
            if con.execute("DELETE FROM token WHERE name = ?", [name]).rowcount == 0:
                known = [row[0] for row in con.execute("SELECT name FROM token")]
                raise unknown("token", name, known)
        self.note("", "token removed", name)

    def tokens(self) -> list[tuple[str, str, str]]:
        """Name, account and role of each token."""
        with access(self.path, _TABLES) as con:
            return con.execute("SELECT name, account, role FROM token ORDER BY name").fetchall()

    def of_token(self, secret: str) -> Visitor | None:
        """Whose token it is: the account's rows, the lower of both roles."""
        with access(self.path, _TABLES) as con:
            row = con.execute(
                "SELECT t.name, t.role, a.role, a.rows FROM token AS t JOIN account AS a ON a.name = t.account "
                "WHERE t.hash = ?",
                [hash_of(secret)],
            ).fetchone()
        return None if row is None else Visitor(f"token {row[0]}", min(row[1], row[2], key=ROLES.index), row[3])

    def note(self, who: str, what: str, detail: str = "") -> None:
        """Write a line of the audit log."""
        with access(self.path, _TABLES) as con:
            con.execute("INSERT INTO audit VALUES (?, ?, ?, ?)", [time.time(), who, what, detail[:500]])

    def audit(self, limit: int = 200) -> list[Entry]:
        """The newest lines of the audit log."""
        with access(self.path, _TABLES) as con:
            rows = con.execute(
                "SELECT at, who, what, detail FROM audit ORDER BY rowid DESC LIMIT ?", [limit]
            ).fetchall()
        return [Entry(*row) for row in rows]

    def _known(self, con: sqlite3.Connection, name: str) -> Account:
        row = con.execute("SELECT name, role, rows, made FROM account WHERE name = ?", [name]).fetchone()
        if row is None:
            raise unknown("account", name, [one[0] for one in con.execute("SELECT name FROM account")])
        return Account(*row)


def _role(role: str) -> Role:
    for known in ROLES:
        if known == role:
            return known
    raise unknown("role", role, ROLES)


def _hashed(password: str) -> str:
    import argon2

    if len(password) < SHORTEST:
        raise UsageError("short-password", f"A password has at least {SHORTEST} characters.", fix="choose a longer one")
    return argon2.PasswordHasher().hash(password)


@functools.cache
def _nobody() -> str:
    """The hash of a password that nobody knows."""
    return _hashed(secrets.token_urlsafe(32))

"""Sign-ins under way: what is remembered of a browser that was sent to the provider, until it comes back once.

Each has a state that comes back in the address and a secret that stays in the browser's cookie; both are kept as hashes
in `access.sqlite`. It is good for ten minutes and for one answer, whatever the answer is.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from msgspec import Struct

from leadline.errors import RefusedError
from leadline.web.access import FILE, access, hash_of

SECONDS = 600
MOST = 10_000
"""Sign-ins under way at once; beyond them the oldest are forgotten."""
_TABLE = """
CREATE TABLE IF NOT EXISTS errand (
    state TEXT PRIMARY KEY, browser TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL, back TEXT NOT NULL,
    at REAL NOT NULL) STRICT;
"""


class Errand(Struct, frozen=True):
    """A sign-in under way: `verifier` is PKCE's, `back` the page it was asked on."""

    state: str
    browser: str
    nonce: str
    verifier: str
    back: str


class Errands:
    """The sign-ins under way of a workspace."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def begin(self, back: str) -> Errand:
        """A new one, of secrets that nobody can guess."""
        state, browser, nonce, verifier = (secrets.token_urlsafe(size) for size in (32, 32, 32, 48))
        made = Errand(state, browser, nonce, verifier, back)
        now = time.time()
        with access(self.path, _TABLE) as con:
            con.execute("DELETE FROM errand WHERE at < ?", [now - SECONDS])
            con.execute(
                "DELETE FROM errand WHERE state IN (SELECT state FROM errand ORDER BY at DESC LIMIT -1 OFFSET ?)",
                [MOST - 1],
            )
            con.execute(
                "INSERT INTO errand VALUES (?, ?, ?, ?, ?, ?)",
                [hash_of(made.state), hash_of(made.browser), made.nonce, made.verifier, back, now],
            )
        return made

    def end(self, state: str, browser: str) -> Errand:
        """The one that this answer belongs to, which is over with that.

        Raises `RefusedError` for an answer that was used already, comes too late, or comes by another browser.
        """
        with access(self.path, _TABLE) as con:
            row = con.execute(
                "DELETE FROM errand WHERE state = ? AND at > ? RETURNING browser, nonce, verifier, back",
                [hash_of(state), time.time() - SECONDS],
            ).fetchone()
        if row is None or not secrets.compare_digest(row[0], hash_of(browser)):
            raise RefusedError(
                "sign-in-not-asked",
                "This sign-in was not begun in this browser, took too long, or is over already.",
                fix="sign in again from this page",
            )
        return Errand(state, browser, *row[1:])

"""The file of a workspace that says who may come in (`access.sqlite`): opened in one way, read by its owner alone.

What it keeps of secrets are their hashes.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "access.sqlite"


@contextmanager
def access(path: Path, tables: str) -> Iterator[sqlite3.Connection]:
    """The file within a transaction, with `tables` (statements that make what is not there yet)."""
    con = sqlite3.connect(path, timeout=10)
    try:
        con.execute("PRAGMA foreign_keys = ON")
        con.executescript(tables)
        path.chmod(0o600)
        with con:
            yield con
    finally:
        con.close()


def hash_of(secret: str) -> str:
    """What is kept of a secret that was drawn at random."""
    return hashlib.sha256(secret.encode()).hexdigest()

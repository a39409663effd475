"""Whether the fact `goal` holds the files of `goals/` as they are: asked before every question, so it reads no YAML."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

SOURCE = "goals_folder"
"""The source that goals of files are rows of."""


def stale_goals(con: Connection, files: list[Path], mapping: str) -> str | None:
    """The hash of the goal files when the warehouse does not hold them as they are; None when it does.

    Files that say nothing are as good as none: a new workspace has one of comments.
    """
    digest = hashlib.sha256()
    said = [(path.name, text) for path in files if _says_something(text := path.read_bytes())]
    for name, text in said:
        digest.update(f"{name}\0".encode())
        digest.update(text)
    newest = con.execute(
        "SELECT content, mapping FROM ledger.load WHERE source = ? AND status = 'loaded' ORDER BY id DESC LIMIT 1",
        [SOURCE],
    ).fetchone()
    if newest is None and not said:
        return None
    return None if newest == (digest.hexdigest(), mapping) else digest.hexdigest()


def _says_something(text: bytes) -> bool:
    return any(line.strip() and not line.lstrip().startswith(b"#") for line in text.splitlines())

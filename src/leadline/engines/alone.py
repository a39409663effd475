"""One process at a time, where several would make the same derived file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadline.engines.duckdb import connect
from leadline.errors import DataError

PATIENCE = 600.0
"""Seconds to wait for another process that is at work."""

_POLL = 0.1


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time; the others wait. The lock is the driver's own on a file: it ends with its process."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            lock = connect(path)
            break
        except DataError as error:
            if error.code != "warehouse-locked" or time.monotonic() > until:
                raise
            time.sleep(_POLL)
    try:
        yield
    finally:
        lock.close()

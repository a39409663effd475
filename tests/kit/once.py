"""Things that are dear to make and the same for all tests: made once a run, by whichever worker needs them first."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 300.0
"""Seconds after which a worker no longer waits for another's work."""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` that `make` has filled, shared by all workers of a run: read it, or change a copy.

    Whoever comes first makes it, in a folder that is renamed when it is whole; the others wait. When making fails, the
    next one tries for itself and fails likewise.
    """
    base = factory.getbasetemp()
    # TRICKY: each worker of xdist has a base of its own in the run's; without workers the base is the run's.
    shared = base.parent if base.name.startswith("popen-") else base
    made, lock = shared / f"once-{name}", shared / f"once-{name}.lock"
    until = time.monotonic() + PATIENCE
    while not made.exists():
        try:
            lock.mkdir()
        except FileExistsError:
            assert time.monotonic() < until, f"another worker has not made {name} in {PATIENCE:g} s"
            time.sleep(0.1)
            continue
        try:
            if not made.exists():
                begun = shared / f"once-{name}.begun"
                shutil.rmtree(begun, ignore_errors=True)
                begun.mkdir()
                make(begun)
                begun.rename(made)
        finally:
            lock.rmdir()
    return made

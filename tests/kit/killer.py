"""A load that kills its own process (SIGKILL) right before or after one of its steps."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOT_KILLED = 7


def killed_load(folder: Path, when: str, at: int, nth: int, rows: int, order: tuple[str, ...]) -> int | None:
    """Load files in a process that dies the `nth` time it is `when` ("before", "after") step `at`; its exit code.

    The process is forked from a server that has imported everything and has no engine: starting Python each time would
    take longer than the load. `rows` is the size from which files go straight in.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["kit.killer", "leadline.ingest.load", "leadline.ingest.swift", "leadline.workspace"]
    )
    process = context.Process(target=_load, args=(str(folder), when, at, nth, rows, order))
    process.start()
    process.join()
    return process.exitcode


def _load(folder: str, when: str, at: int, nth: int, rows: int, files: tuple[str, ...]) -> None:
    from leadline.ingest import load, swift
    from leadline.workspace import open_workspace

    swift.ROWS = rows
    reached = 0

    def count(point: str) -> None:
        nonlocal reached
        reached += point == when
        if reached == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def armed(step: Callable[..., Any]) -> Callable[..., None]:
        def run(*args: Any) -> None:
            count("before")
            step(*args)
            count("after")

        return run

    steps, parts = list(load.STEPS), list(load.PART_STEPS)
    if at < len(steps):
        steps[at] = armed(steps[at])
    else:
        parts[at - len(steps)] = armed(parts[at - len(steps)])
    load.STEPS, load.PART_STEPS = tuple(steps), tuple(parts)
    with open_workspace(folder) as workspace:
        workspace.load([Path(folder) / "in" / name for name in files])
    raise SystemExit(NOT_KILLED)

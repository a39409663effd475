"""The workspace behind a server: one thread asks it, and an answer is kept until definitions or data change.

DuckDB answers one statement with all cores, so one thread that asks is as fast as many and needs no locks. Every view
is a pure function of the workspace and what was asked; its text is kept under the stamp of definitions, loads and day.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from leadline.project import project_stamp
from leadline.workspace import Workspace, open_workspace

Answer = TypeVar("Answer")

KEPT = 500
"""Answers kept; a page of numbers is some ten kilobytes."""
LISTED = ("goals", "sla", "agreements", "segments", "journeys", "annotations", "questions", "languages", "views")
"""Folders of text that pages show and the project's own stamp does not cover."""


class House:
    """Opens the workspace, asks it from one thread, remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workspace: Workspace | None = None
        self._opened = ""
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="workspace")
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._changes = 0

    async def ask(self, work: Callable[[Workspace], Answer]) -> Answer:
        """What `work` makes of the workspace, on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._hand, self._do, work)

    async def keep(self, key: Hashable, work: Callable[[Workspace], Answer]) -> Answer:
        """The same, remembered under `key` until anything it could depend on changes."""
        known = (self.stamp(), key)
        with self._lock:
            if known in self._kept:
                self._kept.move_to_end(known)
                found: Answer = self._kept[known]
                return found
        answer = await self.ask(work)
        with self._lock:
            self._kept[known] = answer
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer

    async def change(self, work: Callable[[Workspace], Answer]) -> Answer:
        """Let `work` load data or write text; answers kept before are not given again."""
        try:
            return await self.ask(work)
        finally:
            self._changes += 1

    def stamp(self) -> str:
        """Changes whenever a definition, a text or the data did, and every day."""
        warehouse = self.folder / "warehouse.duckdb"
        if self._workspace is not None:
            warehouse = self.folder / self._workspace.settings.warehouse
        parts = [project_stamp(self.folder), str(self._changes), self._today()]
        for path in (warehouse, *(each for room in LISTED for each in sorted((self.folder / room).glob("*")))):
            try:
                facts = path.stat()
            except OSError:
                # Another process is just replacing it, or there is none yet.
                continue
            parts.append(f"{path.name}:{facts.st_mtime_ns}:{facts.st_size}")
        return "|".join(parts)

    def close(self) -> None:
        """Wait for the question at hand and close the warehouse."""
        self._hand.submit(self._close).result()
        self._hand.shutdown()

    def _today(self) -> str:
        return self._workspace.today.isoformat() if self._workspace is not None else ""

    def _do(self, work: Callable[[Workspace], Answer]) -> Answer:
        stamp = project_stamp(self.folder)
        if self._workspace is None or stamp != self._opened:
            self._close()
            self._workspace, self._opened = open_workspace(self.folder), stamp
        try:
            return work(self._workspace)
        finally:
            # Another process may write between two questions.
            self._workspace.close()

    def _close(self) -> None:
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

"""A workspace beside one whose warehouse is on another engine: it asks the near copy what that cannot be asked.

The same definitions over the same rows, so every answer is made by the same code as on DuckDB. Files of lookups and
goals, and commands on who is who, are the users' own: they go to the engine, and come back with the copy.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leadline.engines.alone import alone
from leadline.engines.engine import STAGED, declared, listed
from leadline.journey.correction import find_id
from leadline.journey.registry import take_commands
from leadline.project import CACHE_FOLDER
from leadline.warehouse.near import FILE, NearCopy
from leadline.warehouse.remote import RemoteWarehouse
from leadline.warehouse.remote_schema import COMMAND
from leadline.workspace.questions import Questions

if TYPE_CHECKING:
    from leadline.engines.engine import Engine
    from leadline.journey.correction import Correction
    from leadline.journey.identity import Action
    from leadline.model.lookup import Lookup
    from leadline.warehouse import Warehouse
    from leadline.workspace.sequence import Tell

FOLDER = "near"
LOCK = "near.lock"
_AT_WORK = threading.RLock()


@contextmanager
def near_copy(far: Questions, tell: Tell | None = None) -> Iterator[NearWorkspace]:
    """The workspace of the near copy, in step with `far`, for one question; others wait for its end."""
    lock = far.derived / LOCK
    lock.parent.mkdir(exist_ok=True)
    with _AT_WORK, alone(lock), NearWorkspace(far, tell) as near:
        yield near


class NearWorkspace(Questions):
    """Answers from the near copy."""

    def __init__(self, far: Questions, tell: Tell | None) -> None:
        settings = replace(far.settings, warehouse=f"{CACHE_FOLDER}/{FOLDER}/{FILE}", rollups={})
        super().__init__(replace(far.project, settings=settings))
        self._far = far
        self._tell = tell
        self._copy = NearCopy.at(self.derived, self.project.tables, far.settings.warehouse)
        try:
            self._catch_up()
        except BaseException:
            self.close()
            raise

    @property
    def derived(self) -> Path:
        return self.path / CACHE_FOLDER / FOLDER

    def warehouse(self, *, write: bool = False) -> Warehouse:
        """The copy, which is never loaded into."""
        return self._copy

    def close(self) -> None:
        self._copy.close()
        super().close()

    def refresh_goals(self) -> None:
        self._far.refresh_goals()
        self._catch_up()

    def refresh_lookups(self, lookups: Sequence[Lookup] | None = None) -> None:
        self._far.refresh_lookups(lookups)
        self._catch_up()

    def correct_identity(
        self, action: Action, left: str, right: str, *, said_by: str = "", reason: str = "", dry_run: bool = False
    ) -> Correction:
        """As on DuckDB, the command kept by the engine."""
        done = super().correct_identity(action, left, right, said_by=said_by, reason=reason, dry_run=True)
        if dry_run:
            return done
        con = self._copy.con
        said = [find_id(con, each) for each in (left, right)]
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        words = (now, action, said[0].kind, said[0].value, said[1].kind, said[1].value, said_by, reason)
        con.execute(f"CREATE OR REPLACE TEMP TABLE command ({declared(COMMAND, STAGED)})")
        con.execute(f"INSERT INTO command VALUES ({', '.join('?' * len(words))})", list(words))
        self._engine().send(con, f"SELECT {listed(COMMAND)} FROM command", "ledger_command", COMMAND)
        con.execute("DROP TABLE command")
        self._catch_up()
        self.refresh_identity()
        return replace(done, kept=True)

    def _engine(self) -> Engine:
        warehouse = self._far.warehouse()
        assert isinstance(warehouse, RemoteWarehouse)
        return warehouse.engine

    def _catch_up(self) -> None:
        """Have what the engine has: loads and commands."""
        engine = self._engine()
        if self._copy.catch_up(engine, self._tell):
            self._forget()
        engine.fetch(self._copy.con, f"SELECT {listed(COMMAND)} FROM ledger_command", "commands", COMMAND)
        take_commands(self._copy.con, "FROM commands")
        self._copy.con.execute("DROP TABLE commands")

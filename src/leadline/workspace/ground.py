"""The ground of a workspace: its definitions, its warehouse, what the ledger knows, and loading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from leadline.model.fact import Fact
from leadline.model.lookup import Lookup
from leadline.model.metric import Metric
from leadline.plan.output import Sense
from leadline.plan.query import FactState, Query
from leadline.project import CACHE_FOLDER, Project, Settings

if TYPE_CHECKING:
    from typing import Self

    from leadline.ingest.load import LoadReport
    from leadline.model.infer import Meaning
    from leadline.plan.compile import Plan
    from leadline.plan.coverage import Coverage
    from leadline.sql.rollup import Rollup
    from leadline.warehouse import Warehouse


class Ground:
    """Definitions and data of one folder.

    `shared` is a warehouse that somebody else has opened and closes: the same data under other definitions, or rows
    made up for an example.
    """

    def __init__(self, project: Project, shared: Warehouse | None = None) -> None:
        self.project = project
        self._shared = shared
        self._warehouse: Warehouse | None = None
        self._read_only = True
        self._states: dict[str, FactState] | None = None
        self._senses: dict[str, Sense] = {}
        self._proved: set[tuple[str, int | None]] = set()
        self._filled: dict[tuple[str, str], bool] = {}
        self._ruled: dict[tuple[str, int | None], bool] = {}
        self._plans: dict[tuple[Query, str], Plan] = {}
        self._coverages: dict[int, Coverage] = {}
        self._rollups: dict[str, Rollup] | None = None
        self._feeding: dict[tuple[str, str, int | None], frozenset[str]] = {}
        self._meanings: dict[str, Meaning] = {}

    @property
    def path(self) -> Path:
        return self.project.folder

    @property
    def settings(self) -> Settings:
        return self.project.settings

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return self.project.metrics

    @property
    def facts(self) -> Mapping[str, Fact]:
        return self.project.facts

    def meaning(self, metric: str) -> Meaning:
        """What a metric means: facts, additivity, dimensions, unit; worked out once."""
        from leadline.model.infer import meaning_of

        if metric not in self._meanings:
            self._meanings[metric] = meaning_of(self.metrics[metric], self.metrics, self.facts)
        return self._meanings[metric]

    @property
    def today(self) -> dt.date:
        """Today in the workspace's zone, or the day its settings fix."""
        if self.settings.today is not None:
            return self.settings.today
        from leadline.time.zone import offset_at

        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        return (now + offset_at(now, self.settings.timezone)).date()

    @property
    def is_far(self) -> bool:
        """Whether the warehouse is on another engine, and this workspace's own."""
        from leadline.engines.address import is_address

        return self._shared is None and is_address(self.settings.warehouse)

    @property
    def derived(self) -> Path:
        """The folder of what is worked out from the data, and may be deleted at any time."""
        return self.path / CACHE_FOLDER

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the warehouse; it opens again when needed."""
        if self._warehouse is not None:
            self._warehouse.close()
            self._warehouse = None
        self._forget()

    def _forget(self) -> None:
        """Drop everything that was worked out from the data as it was."""
        self._states = None
        self._proved.clear()
        self._filled.clear()
        self._ruled.clear()
        self._plans.clear()
        self._coverages.clear()
        self._rollups = None
        self._feeding.clear()

    def warehouse(self, *, write: bool = False) -> Warehouse:
        """The workspace's warehouse, opened for reading unless `write`."""
        from leadline.engines.address import is_address
        from leadline.warehouse import Warehouse

        if self._shared is not None:
            return self._shared
        if self._warehouse is None and is_address(self.settings.warehouse):
            from leadline.warehouse.remote import RemoteWarehouse

            landing = self.path / self.settings.landing
            self._warehouse = RemoteWarehouse.at(
                self.settings.warehouse, self.path, self.project.tables, landing=landing
            )
            self._read_only = False
        if self._warehouse is not None and write and self._read_only:
            self.close()
        if self._warehouse is None:
            folder = self.path
            path = folder / self.settings.warehouse
            exists = path.exists()
            self._warehouse = Warehouse.open(
                path, self.project.tables, read_only=exists and not write, landing=folder / self.settings.landing
            )
            self._read_only = exists and not write
            if self._read_only and not self._warehouse.has(self._declared()):
                # A dimension was declared since the last load: its column is added before anything is asked.
                return self.warehouse(write=True)
        return self._warehouse

    def _declared(self) -> dict[str, Fact]:
        """The tables whose columns this workspace declares."""
        own = {lookup.table for lookup in self.project.lookups if lookup.file} | set(self.settings.facts)
        return {name: self.project.tables[name] for name in sorted(own)}

    def states(self) -> dict[str, FactState]:
        """What the ledger knows of every fact that has rows."""
        if self._states is None:
            from leadline.warehouse.state import read_states

            self.refresh_goals()
            self._states = read_states(self.warehouse(), self.facts, self.settings.timezone, self.project.clocks)
        return self._states

    def load(
        self,
        paths: Iterable[str | Path] = (),
        *,
        source: str | None = None,
        dry_run: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> list[LoadReport]:
        """Load files, folders or patterns; one report a delivered file, refused ones among them.

        `source` names the source to read them with instead of recognising it; without paths it is loaded from where
        its definition says. `dry_run` does all but the writing. `progress` is told file name, number and count.
        """
        from leadline.ingest.definition import read_definitions
        from leadline.ingest.load import Settings as LoadSettings
        from leadline.ingest.load import load_paths, load_source

        given = list(paths)
        self.refresh_lookups()
        settings = LoadSettings(
            warehouse=self.warehouse(write=True),
            sources=read_definitions(self.path / "sources", self.project.tables),
            timezone=self.settings.timezone,
            currency=self.settings.currency,
            folder=self.path,
            today=self.today,
        )
        try:
            if not given and source:
                reports = load_source(settings, source, dry_run=dry_run)
            else:
                reports = load_paths(settings, given, source=source, dry_run=dry_run, progress=progress)
        finally:
            self._forget()
        if self.settings.rollups and not dry_run:
            self.renew_rollups()
        return reports

    def declared_rollups(self) -> list[Rollup]:
        """The roll-ups that the settings ask for."""
        from leadline.sql.rollup import rollup_of

        tables, zone = self.project.tables, self.settings.timezone
        return [rollup_of(tables[fact], kept, zone) for fact, kept in self.settings.rollups.items()]

    def rollups(self) -> dict[str, Rollup]:
        """By fact the roll-ups that hold the last load, and so can be read in place of the fact's rows."""
        if not self.settings.rollups or self._shared is not None or not self.warehouse().keeps_rollups:
            return {}
        if self._rollups is None:
            from leadline.warehouse.rollup import kept_rollups

            kept = kept_rollups(self.warehouse().con, self.declared_rollups(), self.states())
            self._rollups = {one.rollup.fact: one.rollup for one in kept if one.fresh}
        return self._rollups

    def renew_rollups(self, progress: Callable[[str], None] | None = None) -> int:
        """Make the roll-ups that are missing or behind, drop those not asked for any more; how many were made."""
        from leadline.warehouse.rollup import renew_rollups

        warehouse = self.warehouse(write=True)
        if not warehouse.keeps_rollups:
            return 0
        made = renew_rollups(warehouse, self.declared_rollups(), self.facts, self.states(), progress=progress)
        self._rollups = None
        return made

    def refresh_goals(self) -> None:
        """Bring the goals of `goals/` into the fact `goal` as they are, when their files have changed."""
        from leadline.warehouse.goal import stale_goals

        mapping = f"goals:{self.settings.currency}:{self.settings.calendar}"
        content = stale_goals(self.warehouse().con, sorted((self.path / "goals").glob("*.[cy]*")), mapping)
        if content is None:
            return
        from leadline.ingest.goal import load_goals
        from leadline.model.goal import read_goals

        project, calendar, currency = self.project, self.settings.calendar, self.settings.currency
        goals = read_goals(self.path, project.metrics, project.facts, project.tables, calendar)
        warehouse = self.warehouse(write=True)
        load_goals(
            warehouse, goals, content, mapping,
            metrics=project.metrics, facts=project.facts, tables=project.tables, currency=currency,
        )  # fmt: skip
        self.close()

    def refresh_lookups(self, lookups: Sequence[Lookup] | None = None) -> None:
        """Bring the files of lookups (all of the workspace's, unless some are given) into the warehouse as they are."""
        of_files = [lookup for lookup in (self.project.lookups if lookups is None else lookups) if lookup.file]
        if not of_files:
            return
        from leadline.ingest.lookup import load_lookup, stale_lookups

        for lookup, content in stale_lookups(self.warehouse().con, self.path, of_files):
            load_lookup(self.warehouse(write=True), self.path, lookup, content)

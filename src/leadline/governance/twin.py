"""Other definitions over the same data: a workspace that reads the warehouse of another one."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from leadline.errors import UsageError
from leadline.model.lookup import Lookup
from leadline.project import Project
from leadline.workspace import Workspace


class Twin(Workspace):
    """Asks and never writes: the files of lookups and goals count as they are in the warehouse now."""

    def refresh_lookups(self, lookups: Sequence[Lookup] | None = None) -> None:
        """Nothing: the data is the other workspace's."""

    def refresh_goals(self) -> None:
        """Nothing: the data is the other workspace's."""


def twin_of(project: Project, space: Workspace) -> Twin:
    """A workspace of `project`'s definitions over the data of `space`, for as long as that is open.

    Raises `UsageError` when they declare a dimension that the warehouse has no column for.
    """
    shared = copy.copy(space.warehouse())
    shared.facts = project.tables
    twin = Twin(project, shared)
    own = {lookup.table for lookup in project.lookups if lookup.file} | set(project.settings.facts)
    for name in sorted(own):
        if not shared.has({name: project.tables[name]}):
            raise UsageError(
                "other-columns",
                f"The warehouse has no room for what {name} holds by those definitions.",
                why=f"{project.folder.name} declares dimensions or lookups that were never loaded, or are gone",
                fix="compare with a later revision, or load the data once under those definitions in a copy",
            )
    return twin

"""A workspace at work: one Python call for what every surface shows.

with open_workspace("my-company") as workspace:
    workspace.load(["exports/"])
    print(workspace.query(["ad_spend", "cpc"], by=["channel"], grain="month", period="2026"))
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.project import find_workspace, open_project
from leadline.workspace.questions import Questions

if TYPE_CHECKING:
    from leadline.workspace.sequence import Tell


def open_workspace(path: str | Path = ".") -> Workspace:
    """The workspace at `path` or above it."""
    return Workspace(open_project(find_workspace(Path(path))))


class Workspace(Questions):
    """Definitions and data of one folder. Use as a context manager, or call `close()`.

    Every surface calls the same methods.
    """

    def near(self, tell: Tell | None = None) -> AbstractContextManager[Questions]:
        """The same questions asked of the near copy, in step with this workspace, until the block ends."""
        from leadline.workspace.near import near_copy

        return near_copy(self, tell)

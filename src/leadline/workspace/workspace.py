"""A workspace at work: one Python call for what every surface shows.

with open_workspace("my-company") as workspace:
    workspace.load(["exports/"])
    print(workspace.query(["ad_spend", "cpc"], by=["channel"], grain="month", period="2026"))
"""

from __future__ import annotations

from pathlib import Path

from leadline.project import find_workspace, open_project
from leadline.workspace.attribution import Attributing
from leadline.workspace.cohort import Cohorts
from leadline.workspace.drill import Drilling
from leadline.workspace.event import Events
from leadline.workspace.sequence import Sequences
from leadline.workspace.visit import Visiting


def open_workspace(path: str | Path = ".") -> Workspace:
    """The workspace at `path` or above it."""
    return Workspace(open_project(find_workspace(Path(path))))


class Workspace(Attributing, Events, Drilling, Cohorts, Visiting, Sequences):
    """Definitions and data of one folder. Use as a context manager, or call `close()`.

    Every surface calls the same methods; each kind of question has a module of its own in this room.
    """

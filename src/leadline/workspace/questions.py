"""All that can be asked of a workspace, wherever its rows lie."""

from __future__ import annotations

from leadline.workspace.attribution import Attributing
from leadline.workspace.cohort import Cohorts
from leadline.workspace.drill import Drilling
from leadline.workspace.event import Events
from leadline.workspace.sequence import Sequences
from leadline.workspace.visit import Visiting


class Questions(Attributing, Events, Drilling, Cohorts, Visiting, Sequences):
    """Definitions and data of one folder; each kind of question has a module of its own in this room."""

"""A workspace at work. Opened from here; its questions are told apart by module."""

from leadline.workspace.ask import ORIGINAL
from leadline.workspace.drill import ROLES
from leadline.workspace.workspace import Workspace, open_workspace

__all__ = ["ORIGINAL", "ROLES", "Workspace", "open_workspace"]

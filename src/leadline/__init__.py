"""Leadline: marketing and sales numbers defined once, measured from raw records, never silently wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.version import __version__

if TYPE_CHECKING:
    from leadline.workspace import Workspace, open_workspace

__all__ = ["Workspace", "__version__", "open_workspace"]


def __getattr__(name: str) -> Any:
    """Heavy parts are imported when first asked for, so that `import leadline` stays light."""
    if name in {"Workspace", "open_workspace"}:
        from leadline import workspace

        return getattr(workspace, name)
    raise AttributeError(f"module 'leadline' has no attribute {name!r}")

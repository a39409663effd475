"""Facts on disk: their tables, the ledger of loads, and any figure as known at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.warehouse.store import Warehouse

if TYPE_CHECKING:
    from leadline.warehouse.delivery import Load, MergeCounts

__all__ = ["Load", "MergeCounts", "Warehouse"]


def __getattr__(name: str) -> Any:
    """What only loading needs is imported when loading asks for it."""
    if name in {"Load", "MergeCounts"}:
        from leadline.warehouse import delivery

        return getattr(delivery, name)
    raise AttributeError(f"module 'leadline.warehouse' has no attribute {name!r}")

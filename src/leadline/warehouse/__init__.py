"""Facts on disk: their tables, the ledger of loads, and any figure as known at a moment."""

from leadline.warehouse.delivery import Load, MergeCounts
from leadline.warehouse.store import Warehouse

__all__ = ["Load", "MergeCounts", "Warehouse"]

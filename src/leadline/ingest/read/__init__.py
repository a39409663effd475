"""Reading: a delivered path or address becomes tables staged in DuckDB, or one clear error."""

from __future__ import annotations

from leadline.ingest.read.cell import formula_cells, mojibake_cells
from leadline.ingest.read.kind import Kind, probe
from leadline.ingest.read.read import read
from leadline.ingest.read.table import Limits, ReadOptions, Table, release

__all__ = ["Kind", "Limits", "ReadOptions", "Table", "formula_cells", "mojibake_cells", "probe", "read", "release"]

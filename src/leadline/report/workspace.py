"""What the reports ask of a workspace: its scorecard, its metrics, and one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from leadline.plan.result import Result


class Asked(Protocol):
    """The part of `leadline.workspace.Workspace` that reports use."""

    @property
    def metrics(self) -> Mapping[str, Any]: ...

    @property
    def settings(self) -> Any: ...

    @property
    def project(self) -> Any: ...

    def query(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: Any = None,
    ) -> Result: ...

"""What the reports ask of a workspace: its scorecard, its metrics, and one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from leadline.model.fact import Fact
    from leadline.model.metric import Metric
    from leadline.plan.result import Result


class Asked(Protocol):
    """The part of `leadline.workspace.Workspace` that reports use."""

    @property
    def metrics(self) -> Mapping[str, Metric]: ...

    @property
    def facts(self) -> Mapping[str, Fact]: ...

    @property
    def settings(self) -> Any: ...

    @property
    def project(self) -> Any: ...

    @property
    def today(self) -> date: ...

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

"""The lifecycle of people: new, returning, resurrecting and dormant ones, period by period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.time.calendar import Grain

if TYPE_CHECKING:
    from leadline.timeline.lifecycle import LifecycleResult


class LifecycleRow(Struct, frozen=True):
    """One period by its first day: people by state, all None while it is not over."""

    since: dt.date
    new: int | None
    returning: int | None
    resurrecting: int | None
    dormant: int | None

    @property
    def active(self) -> int | None:
        """Everybody active in the period: the new, the returning and the resurrecting."""
        counts = (self.new, self.returning, self.resurrecting)
        return None if None in counts else sum(count for count in counts if count is not None)


class LifecycleAnswer(Struct, frozen=True):
    """Periods in order of time, with where the numbers come from. `of` is what counts as being active."""

    of: str
    grain: Grain
    rows: tuple[LifecycleRow, ...]
    provenance: dict[str, Any]

    def to_dicts(self) -> list[dict[str, Any]]:
        """A mapping a period; dormant people are counted below nothing, so that a column adds up to what changed."""
        return list(self._dicts())

    def _dicts(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            yield {
                "period": row.since,
                "active": row.active,
                "new": row.new,
                "returning": row.returning,
                "resurrecting": row.resurrecting,
                "dormant": None if row.dormant is None else -row.dormant,
            }

    def to_pandas(self) -> Any:
        """The rows of `to_dicts` as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.to_dicts())

    def svg(self, *, standalone: bool = True) -> str:
        """The columns of all periods."""
        from leadline.journey.picture import lifecycle_svg

        return lifecycle_svg(self, standalone=standalone)

    def _repr_html_(self) -> str:
        from leadline.journey.picture import lifecycle_html

        return lifecycle_html(self)


def lifecycle_rows(days: Sequence[dt.date], result: LifecycleResult) -> tuple[LifecycleRow, ...]:
    """Rows from what a timeline counted; the first day is that of the second bound asked for."""
    return tuple(
        LifecycleRow(day, phase.new, phase.returning, phase.resurrecting, phase.dormant)
        if phase.complete
        else LifecycleRow(day, None, None, None, None)
        for day, phase in zip(days, result.phases, strict=True)
    )

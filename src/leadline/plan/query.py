"""What is asked: metrics, breakdown, grain, period, filter, comparison, and as known when."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from leadline.model.tree import CreditModel, Row
from leadline.time.calendar import Calendar, Grain
from leadline.time.period import Period

Comparison = Literal["previous", "year"]


class Query(Struct, frozen=True):
    """A question with every name still as the user wrote it, and every date resolved.

    `period` None means all time. `as_of_load` is the last load to be known, None for all. `attribution` and
    `lookback_days` hold where a formula's `credited()` says neither. `currency` is what amounts are converted into;
    empty, they stay as they are. Nothing is known beyond `today`. `definition` is the day whose definitions hold for
    every period (the last day there is: the newest ones); None, each period has those in effect in it.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    period: Period | None = None
    where: Row | None = None
    compare: tuple[Comparison, ...] = ()
    calendar: Calendar = Calendar()
    timezone: str = "UTC"
    as_of_load: int | None = None
    attribution: CreditModel = "last_non_direct"
    lookback_days: float = 90
    currency: str = ""
    today: dt.date | None = None
    definition: dt.date | None = None


class SourceState(Struct, frozen=True):
    """What the ledger knows of a source's rows in a fact.

    `times` maps time columns to their first and last value (UTC); `first` and `through` are the local moments from
    which and until which the source speaks. `covered` are the stretches of local days (both ends included) that its
    deliveries speak for; `lag` and `begins` what its definition says of them (see `leadline.model.clock`).
    """

    source: str
    rows: int
    currencies: tuple[str, ...]
    times: dict[str, tuple[dt.datetime | None, dt.datetime | None]]
    first: dt.datetime | None
    through: dt.datetime | None
    covered: tuple[tuple[dt.date, dt.date], ...] = ()
    lag: int = 0
    begins: dt.date | None = None


class FactState(Struct, frozen=True):
    """What the ledger knows of a fact, over its sources."""

    sources: tuple[SourceState, ...] = ()

    @property
    def rows(self) -> int:
        return sum(source.rows for source in self.sources)

    @property
    def currencies(self) -> tuple[str, ...]:
        return tuple(sorted({currency for source in self.sources for currency in source.currencies}))

    def bounds(self, column: str) -> tuple[dt.datetime, dt.datetime] | None:
        """First and last value of a time column over all sources; None when there is none."""
        pairs = [source.times.get(column, (None, None)) for source in self.sources]
        lows = [low for low, _ in pairs if low is not None]
        highs = [high for _, high in pairs if high is not None]
        return (min(lows), max(highs)) if lows and highs else None

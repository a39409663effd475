"""Which of several metrics say the same, by rank correlation on the workspace's own data.

Spearman's rho: Pearson's correlation of ranks, ties sharing their mean rank (Spearman 1904). Two metrics are twins when
rho is sure to be high, the lower end of its 95 % interval reaching 0.8, and their changes from period to period go
together too (rho at least 0.6): two series that merely both grow are no twins. The interval is Fisher's z with the
variance (1 + rho²/2) / (n - 3) of Bonett and Wright (2000); it assumes periods that are about independent, which
weekly business series are not quite, so it serves as a guard against few points, not as a test. Fewer than 12 periods
common to both tell nothing. Written out with numpy, since scipy would be a large dependency for one formula.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct

FEWEST = 12
SURE = 0.8
TOGETHER = 0.6
_Z95 = 1.959963984540054
Series = Mapping[dt.date, float]


class Twin(Struct, frozen=True):
    """Two metrics that say the same: `rho` over `count` periods of `grain`, sure to be at least `low` in size."""

    left: str
    right: str
    rho: float
    low: float
    changes: float
    count: int
    grain: str = "week"

    @property
    def words(self) -> str:
        """How like they are, for people."""
        return f"rank correlation {self.rho:.2f} over {self.count} {self.grain}s".replace("-", "−")


def ranks(values: Sequence[float]) -> np.ndarray:
    """The rank of each value from 1, equal values sharing the mean of their ranks."""
    array = np.asarray(values, dtype=float)
    order = np.argsort(array, kind="stable")
    found = np.empty(len(array))
    found[order] = np.arange(1, len(array) + 1)
    _, group, counts = np.unique(array, return_inverse=True, return_counts=True)
    result: np.ndarray = (np.bincount(group, weights=found) / counts)[group]
    return result


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Rank correlation from -1 to 1; None for fewer than three pairs or where one side never changes."""
    if len(left) != len(right):
        raise ValueError("both sides need as many values")
    if len(left) < 3:
        return None
    a, b = ranks(left), ranks(right)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return None if size == 0 else max(-1.0, min(1.0, float(a @ b) / size))


def lower_bound(rho: float, count: int) -> float:
    """The end of rho's 95 % interval that is nearer to nought, as a size; nought where the interval crosses it."""
    if count <= 3:
        return 0.0
    size = min(abs(rho), 1 - 1e-12)
    low = math.atanh(size) - _Z95 * math.sqrt((1 + size * size / 2) / (count - 3))
    return max(0.0, math.tanh(low))


def twin_of(left: str, right: str, series: Mapping[str, Series], grain: str = "week") -> Twin | None:
    """The two as twins, None when they are not or the data cannot tell."""
    one, other = series.get(left, {}), series.get(right, {})
    common = sorted(one.keys() & other.keys())
    if len(common) < FEWEST:
        return None
    a, b = [one[at] for at in common], [other[at] for at in common]
    rho = spearman(a, b)
    changes = spearman([y - x for x, y in pairwise(a)], [y - x for x, y in pairwise(b)])
    if rho is None or changes is None:
        return None
    low = lower_bound(rho, len(common))
    if low < SURE or math.copysign(1, rho) * changes < TOGETHER:
        return None
    return Twin(left, right, rho, low, changes, len(common), grain)


def sparse(series: Series) -> bool:
    """Whether more than a fifth of the periods have nought, as costs booked once a month have by week."""
    return bool(series) and sum(1 for value in series.values() if value == 0) > len(series) / 5


def still(series: Series) -> bool:
    """Whether a metric has had one value in all of at least twelve periods, and so steers nobody."""
    return len(series) >= FEWEST and len(set(series.values())) == 1

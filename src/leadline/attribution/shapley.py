"""Shapley attribution: a channel's worth is what it adds, averaged over all orders in which channels could join.

What a set of channels S is worth, v(S), is told by the journeys whose channels all lie in S. Two readings:

conversions  v(S) = conversions of those journeys. Journeys that failed do not count. This is the method of Zhao,
             Mahboobi and Bagheri (2018, arXiv:1804.05327), and it equals sharing each conversion evenly among the
             *distinct* channels of its path; so it is exact for any number of channels.
rate         v(S) = conversions / journeys of those journeys, 0 where there is none: what a channel adds to the *chance*
             to convert. Failed journeys count, and a channel that comes with failure can earn less than nothing.
             Exact up to 15 channels; above, the mean over sampled orders, each with its reverse, and its standard
             error. In every order the parts add up to v(all), so the credit does too.

A channel that never occurs adds nothing and gets nothing.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from leadline.attribution.credit import Credit
from leadline.attribution.path import Paths
from leadline.errors import UsageError

if TYPE_CHECKING:
    from leadline.attribution.path import Flags, Floats

Worth = Literal["conversions", "rate"]
EXACT_TO = 15
WORD = 62
BUDGET = 100_000_000
"""Cells looked at when orders are sampled: about a second."""


class Coalitions(Struct, frozen=True, eq=False):
    """The distinct sets of channels that paths have: `member[i, c]` says whether set i holds channel c; conversions,
    value and journeys that ended either way, of the paths with exactly that set. Empty paths are left out.
    """

    member: Flags
    conversions: Floats
    values: Floats
    journeys: Floats


def credit_by_shapley(
    paths: Paths,
    worth: Worth = "conversions",
    *,
    exact_to: int = EXACT_TO,
    orders: int | None = None,
    seed: int = 0,
) -> Credit:
    """Credit by channel. `orders` fixes how many pairs of orders are sampled above `exact_to` channels; the same seed
    gives the same answer.
    """
    import numpy as np

    if worth not in ("conversions", "rate"):
        raise UsageError("unknown-worth", f"Worth by {worth!r} is not known.", fix="conversions or rate")
    found = coalitions(paths)
    count = len(paths.channels)
    empty = paths.lengths == 0
    note = ""
    error = np.zeros(count)
    used = np.flatnonzero(found.member.any(axis=0)) if len(found.member) else np.zeros(0, dtype=np.int64)
    both = (found.conversions, found.values)
    parts = [np.zeros(count), np.zeros(count)]
    if worth == "conversions" or not len(used):
        for part, worths in zip(parts, both, strict=True):
            part += _evenly(found, worths)
    elif len(used) <= exact_to:
        for part, worths in zip(parts, both, strict=True):
            part[used] = _exact(found.member[:, used], worths, found.journeys)
    else:
        pairs = orders or int(np.clip(BUDGET / found.member[:, used].size, 50, 2_000))
        sampled = _sampled(found.member[:, used], both, found.journeys, pairs, seed)
        for part, mean in zip(parts, sampled[0], strict=True):
            part[used] = mean
        error[used] = sampled[1]
        note = f"mean over {pairs} pairs of sampled orders"
    conversions, values = parts
    return Credit(
        "shapley" if worth == "conversions" else "shapley_rate",
        dict(zip(paths.channels, conversions.tolist(), strict=True)),
        dict(zip(paths.channels, values.tolist(), strict=True)),
        float(paths.conversions[empty].sum()),
        float(paths.values[empty].sum()),
        error=dict(zip(paths.channels, error.tolist(), strict=True)) if error.any() else {},
        note=note,
    )


def coalitions(paths: Paths) -> Coalitions:
    """The distinct sets of channels, found as bit sets of 62 channels a word."""
    import numpy as np

    known = paths.lengths > 0
    starts = paths.offsets[:-1][known]
    count = len(paths.channels)
    words = []
    for first in range(0, count, WORD) if len(starts) else ():
        within = (paths.codes >= first) & (paths.codes < first + WORD)
        bits = np.where(within, np.int64(1) << np.where(within, paths.codes - first, 0), 0)
        words.append(np.bitwise_or.reduceat(bits, starts))
    if not words:
        return Coalitions(np.zeros((0, count), dtype=bool), np.zeros(0), np.zeros(0), np.zeros(0))
    if len(words) == 1:
        sets, place = np.unique(words[0], return_inverse=True)
        sets = sets[:, None]
    else:
        sets, place = np.unique(np.stack(words, axis=1), axis=0, return_inverse=True)
    place = place.reshape(-1)
    channel = np.arange(count)
    member = (sets[:, channel // WORD] >> (channel % WORD)) & 1 == 1

    def of_set(weight: Floats) -> Floats:
        result: Floats = np.bincount(place, weight[known], minlength=len(sets)).astype(np.float64)
        return result

    return Coalitions(member, of_set(paths.conversions), of_set(paths.values), of_set(paths.conversions + paths.nulls))


def _evenly(found: Coalitions, worths: Floats) -> Floats:
    """Each conversion shared evenly among the distinct channels of its path."""
    result: Floats = (worths / found.member.sum(axis=1)) @ found.member
    return result


def _exact(member: Flags, worths: Floats, journeys: Floats) -> Floats:
    """Shapley values of the rate over all subsets, in units of `worths`: they add up to its sum."""
    import numpy as np

    count = member.shape[1]
    masks = member @ (1 << np.arange(count))
    inside = np.bincount(masks, worths, minlength=1 << count)
    tried = np.bincount(masks, journeys, minlength=1 << count)
    for bit in range(count):
        # Sums over subsets, one channel at a time.
        for table in (inside, tried):
            halves = table.reshape(-1, 2, 1 << bit)
            halves[:, 1] += halves[:, 0]
    rate = np.divide(inside, tried, out=np.zeros_like(inside), where=tried > 0)
    sizes = np.array([mask.bit_count() for mask in range(1 << count)])
    chance = np.array([factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)])
    result = np.zeros(count)
    for bit in range(count):
        without = np.flatnonzero((np.arange(1 << count) >> bit) & 1 == 0)
        result[bit] = chance[sizes[without]] @ (rate[without | (1 << bit)] - rate[without])
    result *= journeys.sum()
    return result


def _sampled(
    member: Flags, both: tuple[Floats, Floats], journeys: Floats, pairs: int, seed: int
) -> tuple[list[Floats], Floats]:
    """Means over sampled orders for conversions and value, and the standard error of the former.

    In an order, a set of channels is complete when its last member joins; cumulative sums by that moment give v after
    each step.
    """
    import numpy as np

    count = member.shape[1]
    random = np.random.default_rng(seed)
    total = journeys.sum()
    sums = [np.zeros(count), np.zeros(count)]
    squares = np.zeros(count)
    for _ in range(pairs):
        order = random.permutation(count)
        joined = np.empty(count, dtype=np.int64)
        joined[order] = np.arange(count)
        forward = np.where(member, joined, -1).max(axis=1)
        backward = count - 1 - np.where(member, joined, count).min(axis=1)
        for number, worths in enumerate(both):
            gained = (
                _gains(forward, worths, journeys, count)[joined]
                + _gains(backward, worths, journeys, count)[count - 1 - joined]
            ) / 2
            sums[number] += gained
            if number == 0:
                squares += gained**2
    means = [each / pairs * total for each in sums]
    spread = np.maximum(squares / pairs - (sums[0] / pairs) ** 2, 0.0) * pairs / max(pairs - 1, 1)
    return means, np.sqrt(spread / pairs) * total


def _gains(complete: Floats, worths: Floats, journeys: Floats, count: int) -> Floats:
    """What each step of an order adds to the rate, given the step at which every set of channels is complete."""
    import numpy as np

    inside = np.cumsum(np.bincount(complete, worths, minlength=count))
    tried = np.cumsum(np.bincount(complete, journeys, minlength=count))
    rate = np.divide(inside, tried, out=np.zeros(count), where=tried > 0)
    result: Floats = np.diff(rate, prepend=0.0)
    return result

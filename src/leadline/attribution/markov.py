"""Markov attribution: a channel's worth is what would be lost without it, in the chain that fits the paths.

Journeys are read as an absorbing Markov chain of order k: a state is the last k touches, transition shares are the
observed ones, and a journey ends in *conversion* or *null*. Removing a channel sends every journey that reaches it to
*null*; the removal effect is the lost share of conversions, and credit is in proportion to it.

Nothing is simulated. With N = (I - Q)^-1, f = N r the chance to convert from each state, and A the states whose last
touch is the channel, the journeys that reach A convert with chance  s N[:,A] N[A,A]^-1 f[A],  so one factorisation
answers for all channels. Assumptions: the next touch depends on the last k only; repeats are steps like others (they
are not collapsed); value is split by the same shares as conversions. Not to be used without journeys that failed:
when every path converts, the chain only counts presence.

Papers: Anderl, Becker, von Wangenheim, Schumann (2016), Mapping the customer journey; Bryl' (2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.attribution.credit import Credit
from leadline.attribution.path import Paths
from leadline.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from leadline.attribution.path import Ints

MOST_STATES = 4_000


class Removal(Struct, frozen=True):
    """`probability` that a journey converts, and each channel's removal effect, both between 0 and 1."""

    probability: float
    effect: dict[str, float]
    states: int


def removal_effects(paths: Paths, order: int = 1) -> Removal:
    """Exact removal effects of the chain of order `order`.

    Paths without touches do not enter the chain. Raises `UsageError` for an order below 1 and `RefusedError` when the
    chain would have more than 4,000 states.
    """
    import numpy as np

    states, follow = _states(paths, order)
    occurring, place = np.unique(states, return_inverse=True)
    count = len(occurring)
    if count > MOST_STATES:
        raise RefusedError(
            "chain-too-large",
            f"A chain of order {order} has {count:,} states here.",
            why=f"more than {MOST_STATES:,} cannot be solved exactly in reasonable time",
            fix="use a lower order, or group channels",
        )
    if count == 0:
        return Removal(0.0, dict.fromkeys(paths.channels, 0.0), 0)
    ends = paths.conversions + paths.nulls
    times = ends[paths.path_of]
    begins = paths.offsets[:-1][paths.lengths > 0]
    closes = paths.offsets[1:][paths.lengths > 0] - 1
    known = paths.lengths > 0
    moves = np.bincount(place[follow] * count + place[follow + 1], times[follow], minlength=count * count).reshape(
        count, count
    )
    wins = np.bincount(place[closes], paths.conversions[known], minlength=count)
    losses = np.bincount(place[closes], paths.nulls[known], minlength=count)
    leaving = moves.sum(axis=1) + wins + losses
    # A state that only paths of weight zero pass leads nowhere.
    scale = np.divide(1.0, leaving, out=np.zeros(count), where=leaving > 0)
    entry = np.bincount(place[begins], ends[known], minlength=count)
    if not entry.sum() or not wins.sum():
        return Removal(0.0, dict.fromkeys(paths.channels, 0.0), count)
    entry = entry / entry.sum()
    fundamental = np.linalg.inv(np.eye(count) - moves * scale[:, None])
    chance = fundamental @ (wins * scale)
    visits = entry @ fundamental
    probability = float(entry @ chance)
    newest = occurring % (len(paths.channels) + 1) - 1
    effect = {}
    for number, name in enumerate(paths.channels):
        at = np.flatnonzero(newest == number)
        lost = visits[at] @ np.linalg.solve(fundamental[np.ix_(at, at)], chance[at]) if len(at) else 0.0
        effect[name] = min(max(float(lost) / probability, 0.0), 1.0)
    return Removal(probability, effect, count)


def credit_by_markov(paths: Paths, order: int = 1) -> Credit:
    """Credit in proportion to removal effects; conversions without a touch stay unattributed."""
    removal = removal_effects(paths, order)
    empty = paths.lengths == 0
    whole = sum(removal.effect.values())
    conversions, values = float(paths.conversions.sum()), float(paths.values.sum())
    bare, bare_value = float(paths.conversions[empty].sum()), float(paths.values[empty].sum())
    if whole == 0:
        bare, bare_value = conversions, values
    share = {name: effect / whole if whole else 0.0 for name, effect in removal.effect.items()}
    note = "" if paths.nulls.any() else "every journey converted: the chain only counts presence"
    return Credit(
        "markov" if order == 1 else f"markov_{order}",
        {name: part * (conversions - bare) for name, part in share.items()},
        {name: part * (values - bare_value) for name, part in share.items()},
        bare,
        bare_value,
        note=note,
    )


def _states(paths: Paths, order: int) -> tuple[Ints, Ints]:
    """The state after each touch, as a number in base channels + 1 (newest touch last, 0 before the start), and the
    places of touches that another of the same path follows.
    """
    import numpy as np

    if order < 1:
        raise UsageError("bad-order", f"A chain of order {order} has no memory.", fix="give 1 or more")
    base = len(paths.channels) + 1
    if base**order > np.iinfo(np.int64).max:
        raise UsageError("bad-order", f"Order {order} is too high for {base - 1} channels.", fix="use a lower order")
    size = len(paths.codes)
    place = np.arange(size) - np.repeat(paths.offsets[:-1], paths.lengths)
    states = paths.codes + 1
    for back in range(1, min(order, size)):
        earlier = np.zeros(size, dtype=np.int64)
        earlier[back:] = np.where(place[back:] >= back, paths.codes[:-back] + 1, 0)
        states = states + earlier * base**back
    follow = np.flatnonzero(place[1:] > 0)
    return states, follow

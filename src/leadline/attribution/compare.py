"""All models side by side: the range of each channel, what platforms claim too much, and whether a decision survives.

No model is right; what holds under every one of them can be acted on, and what flips between them cannot. Credit under
these models is average, not marginal: that the next euro earns what the last ones did is an assumption, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from leadline.attribution.credit import Credit
from leadline.attribution.markov import credit_by_markov
from leadline.attribution.path import Paths
from leadline.attribution.rule import MARKED, RULES, Settings, credit_by_rule
from leadline.attribution.shapley import credit_by_shapley
from leadline.errors import UsageError, unknown

_SHIFT = re.compile(r"\s*([\d.,_ ]+?)\s+from\s+(.+?)\s+to\s+(.+?)\s*\Z", re.IGNORECASE)


class Range(Struct, frozen=True):
    """The least and the most a channel earns, and under which models."""

    channel: str
    low: float
    low_model: str
    high: float
    high_model: str


class Claim(Struct, frozen=True):
    """What a platform claims against what happened.

    `factor` is claimed ÷ credited under the models: the least and the most (None where nothing is credited).
    `touched` are the conversions with any touch of the channel, the most it could have taken part in; a claim above
    that is impossible, and `excess` says by how much.
    """

    channel: str
    claimed: float
    credited: tuple[float, float]
    factor: tuple[float | None, float | None]
    touched: float
    excess: float


class Claims(Struct, frozen=True):
    """Claims by channel, all of them together, and the conversions that happened: in all, and with a touch of any of
    these channels. `factor` is claimed ÷ happened, `factor_touched` claimed ÷ touched.
    """

    by_channel: tuple[Claim, ...]
    claimed: float
    happened: float
    factor: float | None
    touched: float = 0.0
    factor_touched: float | None = None


class Shift(Struct, frozen=True):
    """Whether moving money from one channel to another pays under every model.

    `gain` is the change in what is earned, by model, if the moved money earns what each channel earned on average.
    `survives` is true when it is above zero under all models; `verdict` is yes, no (under none) or depends.
    """

    source: str
    target: str
    amount: float
    gain: Mapping[str, float]
    verdict: str

    @property
    def survives(self) -> bool:
        return self.verdict == "yes"

    @property
    def against(self) -> list[str]:
        """The models under which it does not pay."""
        return [model for model, gain in self.gain.items() if gain <= 0]


def all_models(
    paths: Paths, settings: Settings | None = None, *, orders: Sequence[int] = (1,), models: Sequence[str] | None = None
) -> list[Credit]:
    """Credit under every model the paths can answer: rules, Markov of the orders given, Shapley by both worths.

    Time decay needs ages, W-shaped and full path need marks; without them those are left out. `models` chooses by name
    and then refuses what cannot be answered.
    """
    known = [*RULES, *("markov" if order == 1 else f"markov_{order}" for order in orders), "shapley", "shapley_rate"]
    if models is None:
        left_out = {*(MARKED if paths.marks is None else ()), *(("time_decay",) if paths.ages is None else ())}
        models = [model for model in known if model not in left_out]
    converted = paths.converted()
    found = []
    for model in models:
        if model in RULES:
            found.append(credit_by_rule(model, converted, settings))
        elif model == "markov" or model.startswith("markov_"):
            found.append(credit_by_markov(paths, _order(model)))
        elif model == "shapley":
            found.append(credit_by_shapley(converted))
        elif model == "shapley_rate":
            found.append(credit_by_shapley(paths, "rate"))
        else:
            raise unknown("attribution model", model, known)
    return found


def ranges(credits: Sequence[Credit], *, by_value: bool = False) -> list[Range]:
    """The range of each channel over the models, the largest first."""
    result = []
    for channel in _channels(credits):
        earned = {each.model: (each.values if by_value else each.conversions).get(channel, 0.0) for each in credits}
        low, high = min(earned, key=earned.__getitem__), max(earned, key=earned.__getitem__)
        result.append(Range(channel, earned[low], low, earned[high], high))
    return sorted(result, key=lambda each: (-each.high, each.channel))


def over_claim(paths: Paths, credits: Sequence[Credit], claimed: Mapping[str, float]) -> Claims:
    """What platforms claim for themselves, against the conversions of the paths. `claimed` is by channel.

    One conversion claimed by two platforms is claimed twice: `factor` of the whole says how often each was.
    """
    happened = float(paths.conversions.sum())
    found = []
    for channel, claim in sorted(claimed.items()):
        credited = [each.conversions.get(channel, 0.0) for each in credits] or [0.0]
        low, high = min(credited), max(credited)
        touched = conversions_with(paths, channel)
        factor = (claim / high if high > 0 else None, claim / low if low > 0 else None)
        found.append(Claim(channel, claim, (low, high), factor, touched, max(claim - touched, 0.0)))
    whole = sum(claimed.values())
    touched = conversions_with(paths, *claimed)
    return Claims(
        tuple(found),
        whole,
        happened,
        whole / happened if happened else None,
        touched,
        whole / touched if touched else None,
    )


def conversions_with(paths: Paths, *channels: str) -> float:
    """Conversions whose path has a touch of any of the channels."""
    import numpy as np

    codes = [number for number, name in enumerate(paths.channels) if name in channels]
    touched = np.unique(paths.path_of[np.isin(paths.codes, codes)])
    return float(paths.conversions[touched].sum())


def survives(
    credits: Sequence[Credit],
    cost: Mapping[str, float],
    *,
    source: str,
    target: str,
    amount: float,
    by_value: bool = True,
) -> Shift:
    """Whether moving `amount` of the period's cost from `source` to `target` pays under every model.

    Raises `UsageError` when a channel has no cost, or less than is to be moved: nothing can be said of what it earns.
    """
    if not credits:
        raise UsageError("no-models", "There is no model to ask.", fix="give the credit of at least one model")
    for channel in (source, target):
        if not cost.get(channel, 0.0) > 0:
            raise UsageError(
                "no-cost", f"{channel} has no cost, so what its money earns is unknown.", fix="load its cost first"
            )
    if not 0 < amount <= cost[source]:
        raise UsageError(
            "bad-amount", f"{amount:g} cannot be taken from {source}.", why=f"it cost {cost[source]:g} in all"
        )
    gain = {}
    for each in credits:
        earned = each.values if by_value else each.conversions
        gain[each.model] = amount * (earned.get(target, 0.0) / cost[target] - earned.get(source, 0.0) / cost[source])
    wins = sum(change > 0 for change in gain.values())
    verdict = "yes" if wins == len(gain) else "no" if wins == 0 else "depends"
    return Shift(source, target, amount, gain, verdict)


def parse_shift(shift: str | tuple[str, str, float] | None) -> tuple[str, str, float] | None:
    """From, to and amount of a budget shift; `UsageError` for words that name none."""
    if shift is None or not isinstance(shift, str):
        return shift
    match = _SHIFT.match(shift)
    digits = re.sub(r"[ ,_]", "", match[1]) if match else ""
    if match is None or not re.fullmatch(r"\d+(\.\d+)?", digits):
        raise UsageError(
            "bad-shift",
            f"{shift!r} is no budget shift.",
            fix='write for example "1000 from Paid Social to Paid Search"',
        )
    return match[2], match[3], float(digits)


def _channels(credits: Sequence[Credit]) -> list[str]:
    return list(dict.fromkeys(channel for each in credits for channel in each.conversions))


def _order(model: str) -> int:
    _, _, order = model.partition("_")
    if order and not order.isdigit():
        raise UsageError("unknown-attribution-model", f"There is no model {model!r}.", fix="markov, or markov_2")
    return int(order or 1)

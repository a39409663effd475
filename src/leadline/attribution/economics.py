"""Cost beside credit: what a conversion cost, and what the money brought, by channel, campaign or any label.

CPA = cost ÷ conversions, CAC = cost ÷ new customers, ROAS = value ÷ cost, ROI = (margin × value − cost) ÷ cost. A
division by nothing has no value (None), never 0 or infinity. Cost without credit and credit without cost both stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from leadline.attribution.credit import Credit
from leadline.errors import UsageError

UNATTRIBUTED = "Unattributed"
DUST = 1e-9
"""Less than this of a conversion is what floating numbers leave behind, and nothing to divide by."""


class Money(Struct, frozen=True):
    """Cost of the period: by label, without one, and booked media left out because the platforms report it as well."""

    by_label: Mapping[str, float]
    without_label: float = 0.0
    booked_twice: float = 0.0
    currency: str = ""

    @property
    def total(self) -> float:
        return sum(self.by_label.values()) + self.without_label


class Return(Struct, frozen=True):
    """One label under one model. `customers` and `cac` are None where new customers were not asked for, `value`,
    `roas` and `roi` where conversions are only counted.
    """

    model: str
    channel: str
    cost: float
    conversions: float
    value: float | None
    customers: float | None
    cpa: float | None
    cac: float | None
    roas: float | None
    roi: float | None


def returns(
    credit: Credit, cost: Mapping[str, float], *, customers: Credit | None = None, margin: float = 1.0
) -> list[Return]:
    """Cost and credit by label, the most valuable first, with the unattributed rest last.

    `customers` is the credit for first sales under the same model; `margin` the share of value that is kept.
    """
    if customers is not None and customers.model != credit.model:
        raise UsageError(
            "models-differ", f"Customers are credited by {customers.model}, conversions by {credit.model}.",
            fix="credit both by one model",
        )  # fmt: skip
    labels = sorted({*credit.conversions, *cost} - {UNATTRIBUTED})
    found = [
        _line(
            credit.model,
            label,
            cost.get(label, 0.0),
            credit.conversions.get(label, 0.0),
            credit.values.get(label, 0.0),
            None if customers is None else customers.conversions.get(label, 0.0),
            margin,
        )
        for label in labels
    ]
    found.sort(key=lambda each: (-(each.value or 0.0), -each.conversions, each.channel))
    rest = None if customers is None else customers.unattributed
    found.append(
        _line(
            credit.model,
            UNATTRIBUTED,
            cost.get(UNATTRIBUTED, 0.0),
            credit.unattributed,
            credit.unattributed_value,
            rest,
            margin,
        )
    )
    return found


def joined_cost(
    media: Mapping[str | None, float],
    booked: Mapping[str | None, float],
    spent: Mapping[str | None, float],
    currency: str,
) -> Money:
    """Media as the platforms report it, else as booked, and all other cost as booked."""
    twice = sum(amount for label, amount in booked.items() if media and (label is None or label in media))
    counted = {label: amount for label, amount in booked.items() if not media or (label and label not in media)}
    whole: dict[str | None, float] = {}
    for part in (media, counted, spent):
        for label, amount in part.items():
            whole[label] = whole.get(label, 0.0) + amount
    without = whole.pop(None, 0.0)
    named = {str(label): amount for label, amount in sorted(whole.items(), key=lambda each: str(each[0]))}
    return Money(named, without, twice, currency)


def return_ranges(
    credits: Sequence[Credit], cost: Mapping[str, float], *, margin: float = 1.0
) -> dict[str, dict[str, tuple[float, float]]]:
    """The least and the most of `cpa`, `roas` and `roi` of each label over the models; a figure that some model cannot
    give is left out for that model.
    """
    seen: dict[str, dict[str, list[float]]] = {}
    for credit in credits:
        for line in returns(credit, cost, margin=margin):
            for name, value in (("cpa", line.cpa), ("roas", line.roas), ("roi", line.roi)):
                if value is not None:
                    seen.setdefault(line.channel, {}).setdefault(name, []).append(value)
    return {
        channel: {name: (min(values), max(values)) for name, values in figures.items()}
        for channel, figures in seen.items()
    }


def _line(
    model: str, label: str, cost: float, conversions: float, value: float, customers: float | None, margin: float
) -> Return:
    return Return(
        model,
        label,
        cost,
        conversions,
        value,
        customers,
        _divide(cost, conversions),
        None if customers is None else _divide(cost, customers),
        _divide(value, cost),
        _divide(margin * value - cost, cost),
    )


def _divide(amount: float, by: float) -> float | None:
    return amount / by if by > DUST else None

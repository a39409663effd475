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


class Return(Struct, frozen=True):
    """One label under one model. `customers` and `cac` are None where new customers were not asked for."""

    model: str
    channel: str
    cost: float
    conversions: float
    value: float
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
    found.sort(key=lambda each: (-each.value, -each.conversions, each.channel))
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
    return amount / by if by > 0 else None

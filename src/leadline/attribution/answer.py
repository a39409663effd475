"""The answer about credit: all models side by side, the money beside them, and whether it adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from leadline.attribution.compare import Claims, Shift
from leadline.attribution.credit import Credit
from leadline.attribution.economics import UNATTRIBUTED, Money, Return, returns

FIGURES = ("conversions", "value", "cpa", "cac", "roas", "roi")
TOLERANCE = 1e-6
"""How far credits may be from the conversions, as a share of them: what floating numbers lose on the way."""


class Spread(Struct, frozen=True):
    """The least and the most of a figure, and under which models; `without` are models that cannot give it (nothing
    was credited, so a cost per conversion has no value).
    """

    low: float
    low_model: str
    high: float
    high_model: str
    without: tuple[str, ...] = ()


class Line(Struct, frozen=True):
    """A label over all models: what it cost, and the spread of what it earned; None where no model can say."""

    label: str
    cost: float
    conversions: Spread | None
    value: Spread | None
    cpa: Spread | None
    cac: Spread | None
    roas: Spread | None
    roi: Spread | None


class Control(Struct, frozen=True):
    """Whether credits and the unattributed rest add up to what happened, counted apart from the credit.

    `conversions` and `value` are that count; the differences are the largest over all models.
    """

    conversions: float
    value: float
    off: float
    off_value: float
    holds: bool


class PlatformClaim(Struct, frozen=True):
    """What one ad platform says it brought: `touched` conversions had a touch of a channel it sells, at the most.

    `factor` is claimed ÷ touched.
    """

    platform: str
    channels: tuple[str, ...]
    claimed: float
    touched: float
    factor: float | None


class Attribution(Struct, frozen=True):
    """Which touches earned a kind of conversion, under every model.

    `credits` are by model, `customers` those for new customers under the same models; `left_out` says why a model is
    missing. `by_value` tells whether ranges and the shift are of value rather than of conversions. `default` is the
    workspace's own model. `valued` is false where conversions are only counted: then nothing has a value or a return.
    """

    conversion: str
    label: str
    by: str
    level: str
    lookback: float
    default: str
    by_value: bool
    valued: bool
    currency: str
    credits: tuple[Credit, ...]
    customers: tuple[Credit, ...]
    money: Money | None
    claims: Claims | None
    platforms: tuple[PlatformClaim, ...]
    shift: Shift | None
    control: Control
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(credit.model for credit in self.credits)

    @property
    def rows(self) -> list[Return]:
        """A row a model and label, the unattributed rest last in each."""
        cost = self.money.by_label if self.money else {}
        found = []
        for credit in self.credits:
            customers = next((each for each in self.customers if each.model == credit.model), None)
            found += returns(credit, cost, customers=customers)
        return found if self.valued else [replace(row, value=None, roas=None, roi=None) for row in found]

    @property
    def lines(self) -> list[Line]:
        """A line a label, the one that may have earned most first, the unattributed rest last."""
        by_label: dict[str, list[Return]] = {}
        for row in self.rows:
            by_label.setdefault(row.channel, []).append(row)
        lines = [_line(label, rows) for label, rows in by_label.items()]
        figure = "value" if self.by_value else "conversions"

        def place(line: Line) -> tuple[bool, float, str]:
            spread = getattr(line, figure)
            return line.label == UNATTRIBUTED, -spread.high if spread else 0.0, line.label

        return sorted(lines, key=place)

    @property
    def total(self) -> Line:
        """All labels and the rest together: the conversions that happened against all cost of the period."""
        cost = self.money.total if self.money else 0.0
        rows = [
            _whole(credit, next((each for each in self.customers if each.model == credit.model), None), cost)
            for credit in self.credits
        ]
        if not self.valued:
            rows = [replace(row, value=None, roas=None, roi=None) for row in rows]
        return _line("Total", rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as mappings; the label is called by what was asked for (channel, campaign, …)."""
        return [{self.by if name == "channel" else name: value for name, value in asdict(row).items()}
                for row in self.rows]  # fmt: skip

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.to_dicts())

    def as_data(self) -> dict[str, Any]:
        """Everything as plain data, for JSON: rows, lines, control, claims, shift, provenance."""
        told = {name: value for name, value in asdict(self).items() if name not in ("credits", "customers")}
        return {
            **told,
            "models": self.models,
            "rows": self.to_dicts(),
            "lines": self.lines,
            "total": self.total,
            "survives": self.shift.survives if self.shift else None,
        }

    def svg(self, *, standalone: bool = True, width: int = 760) -> str:
        """The range of every label over the models as an SVG drawing."""
        from leadline.attribution.picture import range_picture

        return range_picture(self, standalone=standalone, width=width)

    def _repr_html_(self) -> str:
        from leadline.attribution.picture import page_of

        return page_of(self)


def controlled(credits: Sequence[Credit], conversions: float, value: float) -> Control:
    """Credits held against conversions and value that were counted without any of them."""
    off = max((abs(credit.total - conversions) for credit in credits), default=0.0)
    off_value = max((abs(credit.total_value - value) for credit in credits), default=0.0)
    holds = off <= TOLERANCE * max(1.0, conversions) and off_value <= TOLERANCE * max(1.0, abs(value))
    return Control(conversions, value, off, off_value, holds)


def plain(value: object) -> float:
    """A measured number as a floating one; nothing counts as none."""
    return float(value) if isinstance(value, int | float | Decimal) else 0.0


def _whole(credit: Credit, customers: Credit | None, cost: float) -> Return:
    only = Credit(credit.model, {"Total": credit.total}, {"Total": credit.total_value}, 0.0, 0.0)
    bought = Credit(customers.model, {"Total": customers.total}, {}, 0.0, 0.0) if customers else None
    return returns(only, {"Total": cost}, customers=bought)[0]


def _line(label: str, rows: Sequence[Return]) -> Line:
    spreads = {figure: _spread([(row.model, getattr(row, figure)) for row in rows]) for figure in FIGURES}
    cost = rows[0].cost
    if not cost > 0:
        spreads |= dict.fromkeys(("cpa", "cac"))
    return Line(label, cost, **spreads)


def _spread(found: Sequence[tuple[str, float | None]]) -> Spread | None:
    known = [(model, value) for model, value in found if value is not None]
    if not known:
        return None
    low, high = min(known, key=lambda each: each[1]), max(known, key=lambda each: each[1])
    return Spread(low[1], low[0], high[1], high[0], tuple(model for model, value in found if value is None))

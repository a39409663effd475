"""What may earn credit: a conversion by name, taken from the definitions that the workspace has agreed on.

`deal` is what the metrics `won_deals` and `won_revenue` count, `order` what `orders` and `revenue` count; a stage of
the journey is a person's first entry into it; any other metric that is a plain sum or count will do as well. So an
answer about credit can never count other conversions than the metric of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from leadline.errors import RefusedError, unknown
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import is_money, row_unit
from leadline.model.metric import Metric
from leadline.sql.credit import person_column

NAMED: Mapping[str, tuple[str, str]] = {
    "deal": ("won_deals", "won_revenue"),
    "deal_created": ("opportunities", "pipeline_created"),
    "order": ("orders", "revenue"),
}
"""Conversions with a value: the metric that counts them and the one that adds up what they are worth."""

STAGES = "stage_entry"
CUSTOMERS = "new_customers"


class Conversion(Struct, frozen=True):
    """Rows of a fact that are conversions.

    `measure` says which rows and when, and, where it is a sum, what each is worth. Rows with one value in the column
    `key` are parts of one conversion (the lines of an order); without a key each row is one. `metrics` are those that
    count the same rows; `money` tells whether the value has a currency, `valued` whether there is a value at all.
    """

    name: str
    label: str
    measure: tree.Sum | tree.Count
    key: str = ""
    metrics: tuple[str, ...] = ()
    money: bool = False
    unit: str = ""

    @property
    def valued(self) -> bool:
        return isinstance(self.measure, tree.Sum)


def find_conversion(
    name: str, metrics: Mapping[str, Metric], facts: Mapping[str, Fact], stages: Iterable[str]
) -> Conversion:
    """The conversion of that name: deal, deal_created, order, a stage id, or a metric that is a plain sum or count.

    Raises `UsageError` for a name nobody knows, and `RefusedError` for a metric that adds nothing up, or whose rows
    belong to nobody.
    """
    known = list(stages)
    if name in NAMED and all(metric in metrics for metric in NAMED[name]):
        return _valued(name, metrics, facts)
    if name in known:
        same = next((one for one in metrics.values() if one.tree == _stage(name)), None)
        label, counted = (same.label, (same.id,)) if same else (name, ())
        return Conversion(name, label, _stage(name), metrics=counted, unit="people")
    if name not in metrics:
        raise unknown("conversion", name, [*NAMED, *known, *metrics])
    metric = metrics[name]
    formula = metric.tree
    if not isinstance(formula, tree.Sum | tree.Count):
        raise RefusedError(
            "not-a-conversion",
            f"{name} cannot be credited to touches.",
            why="only what adds up row by row can be: a sum or a count of one fact",
            fix=f"ask for {', '.join([*NAMED, *known[:4]])}, or a metric like leads or revenue",
        )
    fact = facts[formula.fact]
    person_column(fact)
    unit = row_unit(formula.value, fact) if isinstance(formula, tree.Sum) else metric.unit
    return Conversion(name, metric.label, formula, "", (name,), is_money(formula, facts), unit)


def _valued(name: str, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> Conversion:
    counted, valued = (metrics[metric] for metric in NAMED[name])
    measure, counting = valued.tree, counted.tree
    if (
        not isinstance(measure, tree.Sum)
        or not isinstance(counting, tree.Count | tree.Distinct)
        or (measure.fact, measure.where, measure.at) != (counting.fact, counting.where, counting.at)
    ):
        raise RefusedError(
            "conversions-differ",
            f"{counted.id} and {valued.id} do not speak of the same rows, so {name} has no one meaning.",
            why="this workspace defines them itself: one must be a sum, the other a count under the same condition",
            fix=f"ask for {valued.id} or another metric by its name",
        )
    key = ""
    if isinstance(counting, tree.Distinct) and isinstance(counting.value, tree.Column):
        key = counting.value.name
    return Conversion(
        name, counted.label, measure, key, (counted.id, valued.id), is_money(measure, facts), unit=counted.unit
    )


def _stage(name: str) -> tree.Count:
    first = tree.Compare("=", tree.Column("stage"), tree.Constant(name))
    return tree.Count(STAGES, tree.And((first, tree.Column("is_first"))))

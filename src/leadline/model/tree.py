"""The formula as data: one small frozen class a kind.

Two layers. *Row expressions* compute on one row of a fact (`quantity * unit_price`, `stage = 'mql'`); *measures*
aggregate rows; *metric expressions* combine measures and other metrics. Text and tree convert without loss
(`leadline.model.parse`, `leadline.model.text`).
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

Arithmetic = Literal["+", "-", "*", "/"]
Comparator = Literal["=", "<>", "<", "<=", ">", ">="]
Function = Literal["abs", "coalesce", "lower", "upper", "length"]
DurationUnit = Literal["seconds", "minutes", "hours", "days"]
Grain = Literal["day", "week", "month", "quarter", "year"]
MovementKind = Literal["new", "expansion", "contraction", "churned", "reactivation"]
CreditModel = Literal["first", "last", "last_non_direct", "linear", "time_decay", "position"]
CreditRule = CreditModel | Literal["any"]
MOVEMENTS: tuple[MovementKind, ...] = ("new", "expansion", "contraction", "churned", "reactivation")
CREDIT_MODELS: tuple[CreditModel, ...] = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "time_decay",
    "position",
)


class Node(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all nodes: frozen, hashable, unknown fields rejected."""


# Row expressions: one value per row of a fact.


class Column(Node, frozen=True, tag="column"):
    """A column of the fact at hand."""

    name: str


class Constant(Node, frozen=True, tag="literal"):
    """A constant: number, text, true, false or null."""

    value: int | float | str | bool | None


class Calculate(Node, frozen=True, tag="calculate"):
    """Arithmetic of two row values."""

    op: Arithmetic
    left: Row
    right: Row


class Minus(Node, frozen=True, tag="minus"):
    """The negative of a row value."""

    of: Row


class Apply(Node, frozen=True, tag="apply"):
    """A plain function of row values: abs, coalesce, lower, upper, length."""

    function: Function
    arguments: tuple[Row, ...]


class Duration(Node, frozen=True, tag="duration"):
    """Elapsed time from one moment of the row to another, as a fractional number of `unit`."""

    start: str
    end: str
    unit: DurationUnit = "days"


class Compare(Node, frozen=True, tag="compare"):
    """A comparison; null when a side is null."""

    op: Comparator
    left: Row
    right: Row


class Among(Node, frozen=True, tag="among"):
    """`of in (values)`."""

    of: Row
    values: tuple[Row, ...]
    negated: bool = False


class IsNull(Node, frozen=True, tag="is_null"):
    """`of is null`."""

    of: Row
    negated: bool = False


class Like(Node, frozen=True, tag="like"):
    """`of like pattern`, case-sensitive, as in SQL."""

    of: Row
    pattern: str
    negated: bool = False


class Between(Node, frozen=True, tag="between"):
    """`of between low and high`, both included."""

    of: Row
    low: Row
    high: Row
    negated: bool = False


class And(Node, frozen=True, tag="and"):
    """All of the conditions."""

    of: tuple[Row, ...]


class Or(Node, frozen=True, tag="or"):
    """Any of the conditions."""

    of: tuple[Row, ...]


class Not(Node, frozen=True, tag="not"):
    """The opposite of a condition."""

    of: Row


Row: TypeAlias = (
    Column
    | Constant
    | Calculate
    | Minus
    | Apply
    | Duration
    | Compare
    | Among
    | IsNull
    | Like
    | Between
    | And
    | Or
    | Not
)

# Measures: one number per group of rows.


class Sum(Node, frozen=True, tag="sum"):
    """The total of a row value. Adds over everything, when its columns do."""

    word: ClassVar[str] = "sum"
    fact: str
    value: Row
    where: Row | None = None
    at: str = ""


class Count(Node, frozen=True, tag="count"):
    """The number of rows."""

    word: ClassVar[str] = "count"
    fact: str
    where: Row | None = None
    at: str = ""


class Distinct(Node, frozen=True, tag="distinct"):
    """The number of different values: recounted for each group, never added."""

    word: ClassVar[str] = "distinct"
    fact: str
    value: Row
    where: Row | None = None
    at: str = ""


class Mean(Node, frozen=True, tag="avg"):
    """The plain mean of a row value over rows that have one."""

    word: ClassVar[str] = "avg"
    fact: str
    value: Row
    where: Row | None = None
    at: str = ""


class Least(Node, frozen=True, tag="min"):
    """The smallest row value."""

    word: ClassVar[str] = "min"
    fact: str
    value: Row
    where: Row | None = None
    at: str = ""


class Greatest(Node, frozen=True, tag="max"):
    """The largest row value."""

    word: ClassVar[str] = "max"
    fact: str
    value: Row
    where: Row | None = None
    at: str = ""


class Percentile(Node, frozen=True, tag="percentile"):
    """The value below which a share of the rows lies, interpolated; a half is the median."""

    word: ClassVar[str] = "percentile"
    fact: str
    value: Row
    share: float = 0.5
    where: Row | None = None
    at: str = ""


class Last(Node, frozen=True, tag="last"):
    """A balance: `of` over the rows that hold at the end of the period, or over each item's last reading in it.

    Takes the last value in time and adds over other dimensions when `of` is a sum or a count.
    """

    word: ClassVar[str] = "last"
    of: Sum | Count | Distinct

    @property
    def fact(self) -> str:
        return self.of.fact


class Trailing(Node, frozen=True, tag="over"):
    """`of` over the last `days` days up to the end of each period, however short the period is."""

    word: ClassVar[str] = "over"
    of: Aggregate
    days: float

    @property
    def fact(self) -> str:
        return self.of.fact


class ToDate(Node, frozen=True, tag="to_date"):
    """`of` from the first day of the calendar `grain` in which a period ends, up to the period's end."""

    word: ClassVar[str] = "to date"
    of: Aggregate
    grain: Grain

    @property
    def fact(self) -> str:
        return self.of.fact


class Across(Node, frozen=True, tag="across"):
    """The plain mean of `of` over the days (weeks, …) of each period; days without rows count as nothing."""

    word: ClassVar[str] = "mean"
    of: Sum | Count | Distinct
    grain: Grain

    @property
    def fact(self) -> str:
        return self.of.fact


class Movement(Node, frozen=True, tag="movement"):
    """What a balance gained or lost from the start to the end of each period, by what happened to each entity.

    An entity that holds nothing at the start and something at the end is `new`, or `reactivation` when it ever held
    something before; one that holds nothing at the end is `churned`; the others gave `expansion` or `contraction`.
    Amounts are positive in every kind.
    """

    word: ClassVar[str] = "movement"
    fact: str
    value: Row
    kind: MovementKind
    where: Row | None = None


class Gap(Node, frozen=True, tag="gap"):
    """A percentile (a half: the median) of the time between consecutive moments of an entity, placed at the later one.

    Rows of one entity at one moment (the lines of an order) are one moment.
    """

    word: ClassVar[str] = "gap"
    fact: str
    share: float = 0.5
    unit: DurationUnit = "days"
    where: Row | None = None


class Step(Node, frozen=True, tag="step"):
    """An occurrence in the life of an entity: rows of a fact under a condition."""

    fact: str
    where: Row | None = None
    at: str = ""


class Reach(Node, frozen=True, tag="reach"):
    """Of the entities that took step `start` in the period, the share (or number) that took step `end` in time.

    In time is within `days` after the start, both ends included, or in the `nth` calendar `grain` after the start's.
    """

    word: ClassVar[str] = "reach"
    start: Step
    end: Step
    days: float | None = None
    grain: Grain | None = None
    nth: int | None = None
    share: bool = True

    @property
    def fact(self) -> str:
        return self.start.fact


class Elapsed(Node, frozen=True, tag="elapsed"):
    """The time from an entity's first step `start` in a period to its next step `end`, at a share of the entities.

    Entities that have not arrived yet are censored at the last moment known, not dropped: the product-limit estimate
    (Kaplan and Meier 1958). No value while fewer than the share have arrived.
    """

    word: ClassVar[str] = "elapsed"
    start: Step
    end: Step
    share: float = 0.5
    unit: DurationUnit = "days"

    @property
    def fact(self) -> str:
        return self.start.fact


class Credit(Node, frozen=True, tag="credit"):
    """A sum or count of conversions, credited to the touches within `days` before each of them.

    `model` empty: the query's; `any`: each conversion counts once, in full, wherever a touch preceded it. With `where`
    only the credit of touches that meet it; without, what no touch preceded stays as unattributed credit, so that
    credit adds up to the conversions.
    """

    word: ClassVar[str] = "credited"
    of: Sum | Count
    model: CreditRule | Literal[""] = ""
    days: float | None = None
    where: Row | None = None

    @property
    def fact(self) -> str:
        return self.of.fact


Measure: TypeAlias = (
    Sum
    | Count
    | Distinct
    | Mean
    | Least
    | Greatest
    | Percentile
    | Last
    | Trailing
    | ToDate
    | Across
    | Movement
    | Gap
    | Reach
    | Elapsed
    | Credit
)

# Metric expressions: numbers out of numbers.


class Number(Node, frozen=True, tag="number"):
    """A constant."""

    value: int | float


class Ref(Node, frozen=True, tag="ref"):
    """Another metric, by id."""

    metric: str


class Combine(Node, frozen=True, tag="combine"):
    """Arithmetic of two metric values; division by zero is null, and null stays null."""

    op: Arithmetic
    left: Formula
    right: Formula


class Negate(Node, frozen=True, tag="negate"):
    """The negative of a metric value."""

    of: Formula


class Prior(Node, frozen=True, tag="prior"):
    """A metric value as it was `count` grains earlier.

    `period` is the previous like period: of an unfinished one the same part. `opening` is the end of the period before,
    however much of this one is over: what a balance began with.
    """

    of: Formula
    count: int = 1
    grain: Grain | Literal["period", "opening"] = "period"


class Total(Node, frozen=True, tag="total"):
    """A metric value over all values of the breakdown: same period, same filter."""

    of: Formula


class Credited(Node, frozen=True, tag="credited"):
    """A metric made of sums and counts of conversions, credited to touches; see `Credit`."""

    of: Formula
    model: CreditRule | Literal[""] = ""
    days: float | None = None
    where: Row | None = None


Formula: TypeAlias = Number | Ref | Combine | Negate | Prior | Total | Credited | Measure
Aggregate: TypeAlias = Sum | Count | Distinct | Mean | Least | Greatest | Percentile


def columns_of(row: Row | None) -> tuple[str, ...]:
    """Names of the fact columns a row expression reads, in order of appearance, each once."""
    found: dict[str, None] = {}

    def walk(node: Row | None) -> None:
        match node:
            case None | Constant():
                return
            case Column(name):
                found[name] = None
            case Duration(start, end):
                found[start] = None
                found[end] = None
            case Calculate(_, left, right) | Compare(_, left, right):
                walk(left)
                walk(right)
            case Apply(_, items) | And(items) | Or(items):
                for item in items:
                    walk(item)
            case Among(of, values):
                walk(of)
                for item in values:
                    walk(item)
            case Between(of, low, high):
                walk(of)
                walk(low)
                walk(high)
            case Minus(of) | Not(of) | IsNull(of) | Like(of):
                walk(of)

    walk(row)
    return tuple(found)


def measures_of(formula: Formula) -> tuple[Measure, ...]:
    """The measures a formula names itself (not those of the metrics it refers to), each once."""
    found: dict[Measure, None] = {}

    def walk(node: Formula) -> None:
        match node:
            case Combine(_, left, right):
                walk(left)
                walk(right)
            case Negate(of) | Prior(of) | Total(of) | Credited(of):
                walk(of)
            case Number() | Ref():
                return
            case _:
                found[node] = None

    walk(formula)
    return tuple(found)


def refs_of(formula: Formula) -> tuple[str, ...]:
    """Ids of the metrics a formula refers to, each once."""
    match formula:
        case Ref(metric):
            return (metric,)
        case Combine(_, left, right):
            return tuple(dict.fromkeys(refs_of(left) + refs_of(right)))
        case Negate(of) | Prior(of) | Total(of) | Credited(of):
            return refs_of(of)
        case _:
            return ()

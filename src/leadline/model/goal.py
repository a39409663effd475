"""A goal: what a metric should reach in a period, for all or for a segment; read from `goals/*.yaml` and `goals/*.csv`.

Every goal feeds the fact `goal`, so that pace and the catalogue's attainment metrics ask one and the same number.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from leadline.errors import DefinitionError, LeadlineError, meant
from leadline.model import tree
from leadline.model.document import read_document
from leadline.model.fact import Fact
from leadline.model.infer import meaning_of
from leadline.model.metric import Metric, expand
from leadline.model.tree import Formula
from leadline.time.calendar import Calendar
from leadline.time.period import Period, parse_period

FOLDER = "goals"
FACT = "goal"
QUOTA = "quota"
"""The word for a salesperson's goal of `QUOTA_METRIC`, as the catalogue's quota attainment has it."""
QUOTA_METRIC = "won_revenue"
Kind = Literal["sum", "balance", "ratio", "distinct"]
Split = Literal["seasonal", "dates", "working_days", "even"]
SPLITS: tuple[Split, ...] = ("seasonal", "dates", "working_days", "even")
Segment = tuple[tuple[str, str], ...]
_OWN_COLUMNS = ("metric", "period", "target", "low", "high", "split", "currency")
_NOT_SEGMENTS = ("metric", "currency")


class GoalDefinition(Struct, frozen=True, forbid_unknown_fields=True):
    """A goal as written; `where` names the segment, `low` and `high` the band that counts as reached."""

    metric: str
    period: str
    target: Decimal | None = None
    where: dict[str, str] = field(default_factory=dict)
    low: Decimal | None = None
    high: Decimal | None = None
    split: Split | Literal[""] = ""
    currency: str = ""


class GoalFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`goals/*.yaml`."""

    goals: tuple[GoalDefinition, ...] = ()


class Goal(Struct, frozen=True):
    """A goal resolved: half-open local days, the segment as (dimension, value) pairs by name, and where it stands.

    `target`, `low` and `high` are in the metric's unit (percent as a share), money in `currency`. `line` is that of the
    file, `origin` is `file:line`. `split` is empty where the kind of the metric decides.
    """

    metric: str
    start: dt.date
    end: dt.date
    target: Decimal
    segment: Segment = ()
    low: Decimal | None = None
    high: Decimal | None = None
    split: Split | Literal[""] = ""
    currency: str = ""
    origin: str = ""
    line: int = 1
    unit: str = ""
    count: int = 1

    @property
    def key(self) -> tuple[str, dt.date, dt.date, Segment]:
        """What there may be one goal of."""
        return self.metric, self.start, self.end, self.segment

    @property
    def cut(self) -> tuple[str, ...]:
        """The dimensions that the segment names."""
        return tuple(name for name, _ in self.segment)


def measured_by(metric: str) -> str:
    """The metric that shows whether a goal is reached: itself, and won revenue for a quota."""
    return QUOTA_METRIC if metric == QUOTA else metric


def kind_of(metric: Metric, metrics: Mapping[str, Metric]) -> Kind:
    """How a metric behaves over time: what a goal may be split by follows from it."""
    return _kind(expand(metric.tree, metrics))


def _kind(formula: Formula) -> Kind:
    match formula:
        case tree.Sum() | tree.Count() | tree.Reach(share=False):
            return "sum"
        case tree.Credit(model="any") | tree.Credited(model="any"):
            return "distinct"
        case tree.Credit() | tree.Credited():
            return "sum"
        case tree.Last() | tree.Trailing() | tree.ToDate():
            return "balance"
        case tree.Distinct() | tree.Movement() | tree.Least() | tree.Greatest():
            return "distinct"
        case tree.Negate(of) | tree.Prior(of) | tree.Total(of):
            return _kind(of)
        case tree.Combine("*", tree.Number(), of) | tree.Combine("*" | "/", of, tree.Number()):
            return _kind(of)
        case tree.Combine("+" | "-", left, right):
            kinds = {_kind(side) for side in (left, right) if not isinstance(side, tree.Number)}
            constant = isinstance(left, tree.Number) or isinstance(right, tree.Number)
            if kinds == {"sum"} and constant:
                return "distinct"
            return kinds.pop() if len(kinds) == 1 else "distinct"
        case _:
            return "ratio"


def goal_files(folder: Path) -> list[Path]:
    """The goal files of a workspace folder, in order."""
    room = folder / FOLDER
    return sorted(path for pattern in ("*.yaml", "*.yml", "*.csv") for path in room.glob(pattern))


def segment_columns(tables: Mapping[str, Fact]) -> tuple[str, ...]:
    """The columns that may name a segment: dimensions that the table `goal` keeps, declared ones among them."""
    return tuple(name for name in tables[FACT].dimensions if name not in _NOT_SEGMENTS)


def read_goals(
    folder: Path,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    tables: Mapping[str, Fact],
    calendar: Calendar,
) -> tuple[Goal, ...]:
    """Every goal of a workspace folder, checked; `DefinitionError` with file and line.

    `facts` are those that metrics ask, `tables` what the warehouse keeps of them. A line without a target is
    one still to be filled, and is passed over.
    """
    found: list[Goal] = []
    for path in goal_files(folder):
        text = _text(path)
        file = str(path.relative_to(folder))
        given = _from_csv(text, file, segment_columns(tables)) if path.suffix == ".csv" else _from_yaml(text, file)
        for definition, line in given:
            goal = _resolved(definition, f"{file}:{line}", line, metrics, facts, segment_columns(tables), calendar)
            if goal is not None:
                found.append(goal)
    check_goals(found, metrics)
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "bad-goal", f"{path.name} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
        ) from None


def _from_yaml(text: str, file: str) -> Iterator[tuple[GoalDefinition, int]]:
    document = read_document(text, file)
    for number, definition in enumerate(document.convert(GoalFile, document.data).goals):
        yield definition, int(document.place("goals", str(number)).rpartition(":")[2])


def _from_csv(text: str, file: str, dimensions: Sequence[str]) -> Iterator[tuple[GoalDefinition, int]]:
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip() and line[0] != "#"), None)
    if first is None:
        return
    delimiter = ";" if lines[first].count(";") > lines[first].count(",") else ","
    rows = csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=delimiter)
    head = [name.strip().lower() for name in next(rows)]
    known = (*_OWN_COLUMNS, *dimensions)
    for name in head:
        if name not in known:
            raise DefinitionError(
                "unknown-column",
                f"A table of goals has no column {name!r}.",
                why=f"{file}:{first + 1}",
                fix=meant(name, known, f"segments are {', '.join(dimensions)}; declare another under `facts: goal:`"),
            )
    for missing in ("metric", "period", "target"):
        if missing not in head:
            raise DefinitionError(
                "bad-goal", f"This table has no column {missing!r}.", why=f"{file}:{first + 1}", fix="add it"
            )
    for row in rows:
        line = first + rows.line_num
        cells = dict(zip(head, (cell.strip() for cell in row), strict=False))
        if not any(cells.values()) or row[0].startswith("#"):
            continue
        place = f"{file}:{line}"
        split = cells.get("split", "")
        if split and split not in SPLITS:
            raise DefinitionError(
                "bad-goal", f"There is no split {split!r}.", why=place, fix=f"use {', '.join(SPLITS)}"
            )
        yield (
            GoalDefinition(
                cells["metric"],
                cells.get("period", ""),
                _number(cells.get("target", ""), place),
                {name: cells[name] for name in dimensions if cells.get(name)},
                _number(cells.get("low", ""), place),
                _number(cells.get("high", ""), place),
                split,
                cells.get("currency", ""),
            ),
            line,
        )


def _number(text: str, place: str) -> Decimal | None:
    if not text:
        return None
    try:
        number = Decimal(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise DefinitionError(
            "bad-goal", f"{text!r} is not a number.", why=place, fix="write 1250.50, or 4.5% for a share"
        )
    return number


def _resolved(
    given: GoalDefinition,
    place: str,
    line: int,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    dimensions: Sequence[str],
    calendar: Calendar,
) -> Goal | None:
    name = measured_by(given.metric)
    if name not in metrics:
        raise DefinitionError(
            "unknown-metric",
            f"There is no metric named {given.metric!r}.",
            why=place,
            fix=meant(given.metric, [*metrics, QUOTA], "list them with `leadline metrics`"),
        )
    period = _period(given.period, place, calendar)
    meaning = meaning_of(metrics[name], metrics, facts)
    for dimension in given.where:
        legal = [column for column in dimensions if column in meaning.dimensions]
        if dimension not in legal:
            raise DefinitionError(
                "unknown-segment",
                f"A goal of {given.metric} cannot be set by {dimension!r}.",
                why=f"{place}: not a dimension that both the fact goal and this metric have",
                fix=f"use {', '.join(legal)}" if legal else "set it for all",
            )
    if given.target is None:
        return None
    if given.low is not None and given.high is not None and given.low > given.high:
        raise DefinitionError("bad-goal", "The band's low end is above its high end.", why=place, fix="swap them")
    kind = kind_of(metrics[name], metrics)
    if given.split and kind != "sum":
        raise DefinitionError(
            "not-splittable",
            f"A goal of {given.metric} is not split: it is {KIND_WORDS[kind]}.",
            why=place,
            fix="leave `split` out",
        )
    return Goal(
        given.metric, period.start, period.end, given.target, tuple(sorted(given.where.items())), given.low, given.high,
        given.split, given.currency, place, line, period.unit, period.count,
    )  # fmt: skip


KIND_WORDS: dict[Kind, str] = {
    "sum": "a sum over time",
    "balance": "a balance, and counts at the period's end",
    "ratio": "a rate or level, and holds for every part as for the whole",
    "distinct": "a count of different ones, which does not add up over time",
}


def _period(text: str, place: str, calendar: Calendar) -> Period:
    word = text.strip()
    try:
        # Only periods with a date of their own: what `last-month` means changes with the day.
        found = parse_period(word, dt.date.min, calendar) if word[:1].isdigit() else None
    except LeadlineError as error:
        raise DefinitionError(error.code, error.what, why=place, fix=error.fix) from None
    if found is None:
        raise DefinitionError(
            "bad-period",
            f"A goal cannot be set for {word or 'no period'!r}.",
            why=place,
            fix="write 2026-07 or 2026-Q3",
        )
    return found


def check_goals(goals: Sequence[Goal], metrics: Mapping[str, Metric]) -> None:
    """That no goal stands twice: `DefinitionError` with both places.

    One goal a metric, period and segment. Of a metric that adds up, goals may neither overlap in time nor stand both
    for all and for parts of the same time: the whole is the sum of its parts, and would be told twice.
    """
    seen: dict[tuple[str, dt.date, dt.date, Segment], Goal] = {}
    for goal in goals:
        first = seen.setdefault(goal.key, goal)
        if first is not goal:
            raise _twice("goal-twice", goal, first, "There are two goals of {} for the same time.", "keep one of them")
    for metric, own in _by_metric(goals).items():
        name = measured_by(metric)
        if name in metrics and kind_of(metrics[name], metrics) in ("sum", "balance"):
            _check_overlaps(sorted(own, key=lambda goal: (goal.start, goal.end)))


def _check_overlaps(goals: Sequence[Goal]) -> None:
    for number, goal in enumerate(goals):
        for later in goals[number + 1 :]:
            if later.start >= goal.end:
                break
            if later.cut != goal.cut:
                text = "Goals of {} are set in two ways for the same time."
                raise _twice(
                    "goal-overlap", later, goal, text, "set them for all, or by the same columns: parts add up"
                )
            if later.segment == goal.segment:
                text = "Two goals of {} overlap in time."
                raise _twice(
                    "goal-overlap", later, goal, text, "keep the short ones or the long one: the rest is worked out"
                )


def _twice(code: str, goal: Goal, other: Goal, text: str, fix: str) -> DefinitionError:
    return DefinitionError(code, text.format(goal.metric), why=f"{other.origin} and {goal.origin}", fix=fix)


def _by_metric(goals: Iterable[Goal]) -> dict[str, list[Goal]]:
    found: dict[str, list[Goal]] = {}
    for goal in goals:
        found.setdefault(goal.metric, []).append(goal)
    return found

"""What can be inferred from a formula: facts, additivity, legal dimensions, unit; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from leadline.errors import DefinitionError, meant
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.metric import Metric, expand
from leadline.model.text import condition_text, formula_text
from leadline.model.tree import Formula, Measure, Row

Additivity = Literal["additive", "semi-additive", "non-additive"]
TOUCHES = "touch"
"""The fact whose rows earn credit for conversions."""
UNITS = (
    "count", "people", "money", "percent", "ratio", "seconds", "minutes", "hours", "days", "months", "points", "rank",
    "score", "money per day",
)  # fmt: skip


class Meaning(Struct, frozen=True):
    """The inferred type of a formula.

    `facts` in order of appearance; `dimensions` legal for all of its parts; `unit` as inferred, empty when several
    are possible.
    """

    facts: tuple[str, ...]
    additivity: Additivity
    dimensions: tuple[str, ...]
    unit: str


def infer(formula: Formula, facts: Mapping[str, Fact]) -> Meaning:
    """The meaning of an expanded formula (no references left)."""
    parts = tree.measures_of(formula)
    names = tuple(dict.fromkeys(name for part in parts for name in facts_of(part)))
    common = [dimensions_of(part, facts) for part in parts]
    shared = tuple(name for name in common[0] if all(name in others for others in common[1:])) if common else ()
    return Meaning(names, _additivity(formula), shared, _unit(formula, facts))


def facts_of(measure: Measure) -> tuple[str, ...]:
    """The facts a measure reads, the one whose rows it counts first."""
    match measure:
        case tree.Reach(start, end) | tree.Elapsed(start, end):
            return (start.fact, end.fact)
        case tree.Credit(of):
            return (of.fact, TOUCHES)
        case _:
            return (measure.fact,)


def dimensions_of(measure: Measure, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """The columns a measure may be broken down by; credit is told by the touches' own columns where they have them."""
    own = facts[measure.fact].dimensions
    if isinstance(measure, tree.Credit):
        return tuple(dict.fromkeys((*facts[TOUCHES].dimensions, *own)))
    return own


def _additivity(formula: Formula) -> Additivity:
    match formula:
        case tree.Credit(model="any"):
            return "non-additive"
        case tree.Sum() | tree.Count() | tree.Credit():
            return "additive"
        case tree.Last(of) | tree.ToDate(of) | tree.Across(of):
            return "semi-additive" if isinstance(of, tree.Sum | tree.Count) else "non-additive"
        case tree.Credited(of, model):
            return "non-additive" if model == "any" else _additivity(of)
        case tree.Reach(share=False):
            return "additive"
        case tree.Trailing():
            # Windows of neighbouring periods overlap.
            return "non-additive"
        case tree.Negate(of) | tree.Prior(of):
            return _additivity(of)
        case tree.Combine("+" | "-", left, right):
            kinds = {_additivity(side) for side in (left, right) if not isinstance(side, tree.Number)}
            constant = any(isinstance(side, tree.Number) for side in (left, right))
            return kinds.pop() if len(kinds) == 1 and not constant else "non-additive"
        case tree.Combine("*", tree.Number(), other) | tree.Combine("*" | "/", other, tree.Number()):
            return _additivity(other)
        case _:
            return "non-additive"


def row_unit(row: Row, fact: Fact) -> str:
    """The unit of a row value: that of its columns where they agree."""
    match row:
        case tree.Duration(unit=unit):
            return unit
        case tree.Column(name):
            return fact.column(name).unit if fact.has(name) else ""
        case tree.Calculate("*", left, right):
            units = [unit for unit in (row_unit(left, fact), row_unit(right, fact)) if unit]
            return "money" if "money" in units else (units[0] if len(units) == 1 else "")
        case tree.Calculate("/", left, right):
            above, below = row_unit(left, fact), row_unit(right, fact)
            return "ratio" if above == below else above
        case tree.Calculate(_, left, right):
            return row_unit(left, fact) or row_unit(right, fact)
        case tree.Minus(of):
            return row_unit(of, fact)
        case tree.Apply(_, arguments):
            return next((unit for unit in (row_unit(item, fact) for item in arguments) if unit), "")
        case _:
            return ""


def _unit(formula: Formula, facts: Mapping[str, Fact]) -> str:
    match formula:
        case tree.Count():
            return "count"
        case tree.Distinct(_, value):
            column = value.name if isinstance(value, tree.Column) else ""
            return "people" if column.endswith(("person_id", "visitor_id", "customer_id")) else "count"
        case tree.Reach(share=share):
            return "percent" if share else "count"
        case tree.Elapsed(unit=unit) | tree.Gap(unit=unit):
            return unit
        case tree.Movement(fact, value):
            return row_unit(value, facts[fact]) or "count"
        case tree.Last(of) | tree.Trailing(of) | tree.ToDate(of) | tree.Across(of) | tree.Credit(of):
            return _unit(of, facts)
        case tree.Negate(of) | tree.Prior(of) | tree.Total(of) | tree.Credited(of):
            return _unit(of, facts)
        case tree.Number() | tree.Ref():
            return ""
        case tree.Combine("/", left, right):
            above, below = _unit(left, facts), _unit(right, facts)
            if below in {"", "count", "people"} and above == "money":
                return "money"
            return "ratio" if above == below or not below else above
        case tree.Combine("*", left, right):
            units = [unit for unit in (_unit(left, facts), _unit(right, facts)) if unit not in {"", "ratio", "percent"}]
            return "money" if "money" in units else (units[0] if units else "")
        case tree.Combine(_, left, right):
            return _unit(left, facts) or _unit(right, facts)
        case _:
            return row_unit(formula.value, facts[formula.fact]) or "count"


def is_money(measure: Measure, facts: Mapping[str, Fact]) -> bool:
    """Whether the measure's value is an amount of money, which must never mix currencies."""
    of = getattr(measure, "of", measure)
    if not hasattr(of, "value"):
        return False
    return row_unit(of.value, facts[of.fact]) == "money"


def check_formula(formula: Formula, facts: Mapping[str, Fact], metrics: Iterable[str], *, where: str) -> Formula:
    """Check names and types of a formula against facts and metrics; returns it with stage names of `reach` resolved.

    `where` (file and line) goes into every error. Raises `DefinitionError`.
    """
    known = set(metrics)
    try:
        for ref in tree.refs_of(formula):
            if ref not in known:
                raise _unknown_metric(ref, known, facts, where)
        return _resolved(formula, facts)
    except DefinitionError as error:
        if where and where not in error.why:
            raise DefinitionError(
                error.code, error.what, why=f"{where}: {error.why}" if error.why else where, fix=error.fix
            ) from None
        raise


def _unknown_metric(name: str, known: set[str], facts: Mapping[str, Fact], where: str) -> DefinitionError:
    fix = meant(name, known, "list them with `leadline metrics`")
    if name in facts:
        fix = f"{name} is a fact: write count({name}) or sum({name}.column)"
    return DefinitionError("unknown-metric", f"There is no metric named {name!r}.", why=where, fix=fix)


def _resolved(formula: Formula, facts: Mapping[str, Fact]) -> Formula:
    match formula:
        case tree.Number() | tree.Ref():
            return formula
        case tree.Combine(op, left, right):
            return tree.Combine(op, _resolved(left, facts), _resolved(right, facts))
        case tree.Negate(of):
            return tree.Negate(_resolved(of, facts))
        case tree.Prior(of, count, grain):
            began = _resolved(of, facts)
            if grain == "opening" and not all(isinstance(part, tree.Last) for part in tree.measures_of(began)):
                raise DefinitionError(
                    "not-a-balance",
                    "opening() needs what stands at a moment, such as customers, and this adds up over time.",
                    why=formula_text(formula),
                    fix="use prior() for the period before, or opening() of a last()",
                )
            return tree.Prior(began, count, grain)
        case tree.Last(of):
            _check_measure(of, facts, balance=True)
            fact = facts[of.fact]
            if not (fact.starts and fact.ends) and not fact.balance_of:
                raise DefinitionError(
                    "not-a-balance",
                    f"last() needs a fact whose rows hold for a time, and {fact.name} has only moments.",
                    why=formula_text(formula),
                    fix="use sum() for a flow, or a fact such as subscription or deal",
                )
            return formula
        case tree.Trailing(of) | tree.ToDate(of) | tree.Across(of):
            _check_measure(of, facts)
            return formula
        case tree.Reach():
            start, end = _step(formula.start, facts, first=True), _step(formula.end, facts, first=False)
            return tree.Reach(start, end, formula.days, formula.grain, formula.nth, formula.share)
        case tree.Elapsed():
            start, end = _step(formula.start, facts, first=True), _step(formula.end, facts, first=False)
            return tree.Elapsed(start, end, formula.share, formula.unit)
        case tree.Gap(fact_name, where=where):
            return _checked_gap(formula, _fact(fact_name, facts, formula_text(formula)), where)
        case tree.Movement():
            return _checked_movement(formula, facts)
        case tree.Total(of):
            return tree.Total(_resolved(of, facts))
        case tree.Credited(of, model, days, where):
            if where is not None:
                check_row(where, facts[TOUCHES])
            return tree.Credited(_resolved(of, facts), model, days, where)
        case tree.Credit():
            return formula
        case _:
            _check_measure(formula, facts)
            return formula


def _checked_gap(gap: tree.Gap, fact: Fact, where: Row | None) -> tree.Gap:
    if not fact.entity:
        raise _nobody(fact, formula_text(gap))
    if where is not None:
        check_row(where, fact)
    return gap


def _checked_movement(movement: tree.Movement, facts: Mapping[str, Fact]) -> tree.Movement:
    text = formula_text(movement)
    fact = _fact(movement.fact, facts, text)
    if not (fact.starts and fact.ends and fact.entity):
        raise DefinitionError(
            "not-a-balance",
            f"movement() needs a fact whose rows hold for a time, and {fact.name} has only moments.",
            why=text,
            fix="use subscription, or sum() for a flow",
        )
    _check_measure(tree.Sum(movement.fact, movement.value, movement.where), facts, balance=True)
    return movement


def _nobody(fact: Fact, text: str) -> DefinitionError:
    return DefinitionError(
        "no-entity",
        f"Rows of {fact.name} belong to nobody a journey could follow.",
        why=text,
        fix="use a fact with persons, customers or deals, for example stage_entry or order",
    )


def _fact(name: str, facts: Mapping[str, Fact], why: str) -> Fact:
    if name not in facts:
        raise DefinitionError(
            "unknown-fact",
            f"There is no fact named {name!r}.",
            why=why,
            fix=meant(name, facts, "list them with `leadline facts`"),
        )
    return facts[name]


def _step(step: tree.Step, facts: Mapping[str, Fact], *, first: bool) -> tree.Step:
    """A step named by a stage is that stage's entry; for the start of a journey the first entry."""
    if step.fact not in facts and step.where is None and not step.at:
        is_stage: Row = tree.Compare("=", tree.Column("stage"), tree.Constant(step.fact))
        condition = tree.And((is_stage, tree.Column("is_first"))) if first else is_stage
        return tree.Step("stage_entry", condition)
    fact = _fact(step.fact, facts, condition_text(step.where) if step.where is not None else step.fact)
    if not fact.entity:
        raise _nobody(fact, f"reach(… {step.fact} …)")
    if step.where is not None:
        check_row(step.where, fact)
    _check_time(step.at, fact)
    return step


def _check_time(at: str, fact: Fact) -> None:
    if at and at not in fact.times:
        raise DefinitionError(
            "not-a-time",
            f"{fact.name} has no time column {at!r}.",
            why=f"at {at}",
            fix=f"its time columns are {', '.join(fact.times)}",
        )


def _check_measure(measure: tree.Aggregate, facts: Mapping[str, Fact], *, balance: bool = False) -> None:
    text = formula_text(measure)
    fact = _fact(measure.fact, facts, text)
    if measure.where is not None:
        check_condition(measure.where, fact, text)
    _check_time(measure.at, fact)
    if isinstance(measure, tree.Count):
        return
    check_row(measure.value, fact)
    kind = _kind(measure.value, fact)
    if isinstance(measure, tree.Distinct):
        return
    if kind != "number":
        raise DefinitionError(
            "not-a-number",
            f"{measure.word}() needs numbers, and this is {kind}.",
            why=text,
            fix="count rows with count(), or different values with distinct()",
        )
    if isinstance(measure, tree.Sum) and not balance:
        for name in tree.columns_of(measure.value):
            column = fact.column(name)
            weighted = isinstance(measure.value, tree.Calculate)
            if not column.additive and not weighted:
                raise DefinitionError(
                    "not-additive",
                    f"{fact.name}.{name} must not be added up: {column.doc}.",
                    why=text,
                    fix="weight it (sum(x * weight) / sum(weight)), or take max() in one report's own window",
                )


def check_condition(row: Row, fact: Fact, text: str) -> None:
    """Check a row expression that follows `where` in `text`: its columns and types, and that it is a condition."""
    check_row(row, fact)
    if _kind(row, fact) not in {"boolean", "null"}:
        raise DefinitionError(
            "not-a-condition",
            "What follows `where` is not a condition.",
            why=text,
            fix="compare it, for example stage = 'mql'",
        )


def check_row(row: Row, fact: Fact) -> None:
    """Check that the columns exist in the fact and operators meet the types they need."""
    for name in tree.columns_of(row):
        if not fact.has(name) and name != "_source":
            known = meant(name, fact.column_names, f"columns of {fact.name}: {', '.join(fact.dimensions)}.")
            raise DefinitionError(
                "unknown-column",
                f"Fact {fact.name} has no column {name!r}.",
                why=condition_text(row),
                fix=f"{known} Text goes in single quotes: '{name}'",
            )
    _kind(row, fact)


_KINDS = {
    "text": "text",
    "integer": "number",
    "decimal": "number",
    "date": "time",
    "timestamp": "time",
    "boolean": "boolean",
}


def _kind(row: Row, fact: Fact) -> str:
    """text, number, time, boolean or null; raises on operators that cannot work."""
    match row:
        case tree.Column(name):
            return "text" if name == "_source" else _KINDS[fact.column(name).type]
        case tree.Constant(value):
            if value is None:
                return "null"
            if isinstance(value, bool):
                return "boolean"
            return "text" if isinstance(value, str) else "number"
        case tree.Calculate(_, left, right):
            for side in (left, right):
                if _kind(side, fact) not in {"number", "null"}:
                    raise _clash(row, f"arithmetic needs numbers, and {condition_text(side)} is {_kind(side, fact)}")
            return "number"
        case tree.Minus(of):
            if _kind(of, fact) != "number":
                raise _clash(row, f"{condition_text(of)} is {_kind(of, fact)}, not a number")
            return "number"
        case tree.Duration(start, end):
            for name in (start, end):
                if _kind(tree.Column(name), fact) != "time":
                    raise _clash(row, f"{name} is not a time")
            return "number"
        case tree.Apply(function, arguments):
            return {"abs": "number", "length": "number", "coalesce": _kind(arguments[0], fact)}.get(function, "text")
        case tree.Compare(_, left, right):
            _same(row, left, right, fact)
        case tree.Among(of, values):
            for item in values:
                _same(row, of, item, fact)
        case tree.Between(of, low, high):
            _same(row, of, low, fact)
            _same(row, of, high, fact)
        case tree.Like(of):
            if _kind(of, fact) != "text":
                raise _clash(row, f"like compares text, and {condition_text(of)} is {_kind(of, fact)}")
        case tree.And(of) | tree.Or(of):
            for part in of:
                if _kind(part, fact) not in {"boolean", "null"}:
                    raise _clash(row, f"{condition_text(part)} is not a condition")
        case tree.Not(of):
            if _kind(of, fact) not in {"boolean", "null"}:
                raise _clash(row, f"{condition_text(of)} is not a condition")
        case tree.IsNull(of):
            _kind(of, fact)
    return "boolean"


def _same(row: Row, left: Row, right: Row, fact: Fact) -> None:
    kinds = {_kind(left, fact), _kind(right, fact)} - {"null"}
    # A moment may be compared with its text ('2026-01-31').
    if len(kinds) > 1 and kinds != {"time", "text"}:
        raise _clash(row, f"it compares {' with '.join(sorted(kinds))}")


def _clash(row: Row, why: str) -> DefinitionError:
    return DefinitionError(
        "type-clash",
        "These two cannot go together.",
        why=f"{condition_text(row)}: {why}",
        fix="text goes in single quotes, numbers without",
    )


def check_cycles(metrics: Mapping[str, Metric]) -> None:
    """Raise when a metric leads back to itself, naming the way round."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise DefinitionError(
                "metric-cycle",
                f"Metric {name!r} is defined by itself.",
                why=f"{metrics[name].origin}: {circle}",
                fix="break the circle",
            )
        if name in done:
            return
        metric = metrics[name]
        for formula in (metric.tree, *(version.tree for version in metric.versions)):
            for ref in tree.refs_of(formula):
                visit(ref, (*path, name))
        done.add(name)

    for name in metrics:
        visit(name, ())
    for metric in metrics.values():
        _check_credit(metric, metrics)


def check_versions(metric: Metric, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> None:
    """Refuse a version in another unit than the metric's: a number that changes its unit is another metric."""
    unit = meaning_of(metric, metrics, facts).unit
    for version in metric.versions:
        earlier = _unit(expand(version.tree, metrics), facts)
        if not metric.unit and earlier != unit:
            raise DefinitionError(
                "bad-version",
                f"{metric.id} was in {earlier or 'no unit'} and is in {unit or 'no unit'}.",
                why=f"{metric.origin}: the version until {version.until}",
                fix="say its `unit:`, or define the new number under an id of its own",
            )


def _check_credit(metric: Metric, metrics: Mapping[str, Metric]) -> None:
    """Raise when a metric credits what cannot be credited; told only once all names are known."""
    try:
        expand(metric.tree, metrics)
    except DefinitionError as error:
        raise DefinitionError(error.code, error.what, why=f"{metric.origin}: {error.why}", fix=error.fix) from None


def meaning_of(metric: Metric, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> Meaning:
    """The meaning of a metric, with the unit its definition states where it does."""
    inferred = infer(expand(metric.tree, metrics), facts)
    if metric.unit:
        return Meaning(inferred.facts, inferred.additivity, inferred.dimensions, metric.unit)
    return inferred

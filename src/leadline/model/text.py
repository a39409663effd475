"""Tree to text: the formula in its canonical form, which parses back to the same tree."""

from __future__ import annotations

import re

from leadline.model import tree
from leadline.model.tree import Formula, Row

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WORDS = frozenset(
    ["where", "at", "or", "and", "not", "in", "is", "null", "like", "between", "true", "false", "within", "over"]
)
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}


def formula_text(formula: Formula) -> str:
    """Canonical text of a formula; `parse_formula` gives the same tree back."""
    return _formula(formula, 0)


def condition_text(row: Row) -> str:
    """Canonical text of a row expression; `parse_condition` gives the same tree back."""
    return _row(row, 0)


def _name(name: str) -> str:
    return name if _PLAIN.match(name) and name.lower() not in _WORDS else '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def number_text(value: int | float) -> str:
    """A number as short as it can be written without loss."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    return repr(value)


def _formula(node: Formula, rank: int) -> str:
    match node:
        case tree.Number(value):
            return number_text(value)
        case tree.Ref(metric):
            return _name(metric)
        case tree.Combine(op, left, right):
            own = _RANK[op]
            text = f"{_formula(left, own)} {op} {_formula(right, own + 1)}"
            return f"({text})" if own < rank else text
        case tree.Negate(of):
            return f"-{_formula(of, 3)}"
        case tree.Prior(of, _, "opening"):
            return f"opening({_formula(of, 0)})"
        case tree.Prior(of, count, grain):
            plural = "s" if count != 1 else ""
            shift = "" if (count, grain) == (1, "period") else f", {count} {grain}{plural}"
            return f"prior({_formula(of, 0)}{shift})"
        case tree.Last(of):
            if isinstance(of, tree.Sum):
                return f"last{_aggregate(of).removeprefix('sum')}"
            return f"last({_aggregate(of)})"
        case tree.Trailing(of, days):
            return _aggregate(of, over=f" over {_days(days)}")
        case tree.Reach():
            return _reach(node)
        case tree.Total(of):
            return f"total({_formula(of, 0)})"
        case tree.Credited(of, model, days, where) | tree.Credit(of, model, days, where):
            return _credited(_formula(of, 0), model, days, where)
        case tree.ToDate(of, grain):
            return _aggregate(of, over=f" over {grain} to date")
        case tree.Across(of, grain):
            return f"mean({_aggregate(of)} by {grain})"
        case tree.Movement(fact, value, kind, where):
            return f"movement({_qualified(value, fact)}, {kind}{_options(where, '')})"
        case tree.Elapsed(start, end, share, unit):
            return _percentile(f"elapsed({_step(start)}, {_step(end)}{_unit(unit)})", share)
        case tree.Gap(fact, share, unit, where):
            return _percentile(f"gap({_name(fact)}{_options(where, '')}{_unit(unit)})", share)
        case _:
            return _aggregate(node)


def _percentile(of: str, share: float) -> str:
    return f"median({of})" if share == 0.5 else f"percentile({of}, {number_text(share)})"


def _unit(unit: str) -> str:
    return "" if unit == "days" else f", {unit}"


def _step(step: tree.Step) -> str:
    return _name(step.fact) + _options(step.where, step.at)


def _credited(of: str, model: str, days: float | None, where: Row | None) -> str:
    parts = [of]
    if model:
        parts.append(model)
    if days is not None:
        parts.append(f"within {_days(days)}")
    if where is not None:
        parts.append(f"where {_row(where, 0)}")
    return f"credited({', '.join(parts)})"


def _aggregate(node: tree.Aggregate, over: str = "") -> str:
    options = _options(node.where, node.at, over)
    if isinstance(node, tree.Count):
        return f"count({_name(node.fact)}{options})"
    value = _qualified(node.value, node.fact)
    if isinstance(node, tree.Percentile):
        if node.share == 0.5:
            return f"median({value}{options})"
        return f"percentile({value}, {number_text(node.share)}{options})"
    return f"{node.word}({value}{options})"


def _options(where: Row | None, at: str, over: str = "") -> str:
    text = f" where {_row(where, 0)}" if where is not None else ""
    return text + over + (f" at {_name(at)}" if at else "")


def _reach(node: tree.Reach) -> str:
    steps = f"{_step(node.start)}, {_step(node.end)}"
    if node.days is not None:
        window = f", within {_days(node.days)}"
    elif node.grain is not None:
        window = f", in {node.grain} {node.nth}"
    else:
        window = ""
    return f"{'reach' if node.share else 'reached'}({steps}{window})"


def _days(days: float) -> str:
    amount = int(days) if float(days).is_integer() else days
    return f"{amount} {'day' if amount == 1 else 'days'}"


def _qualified(row: Row, fact: str) -> str:
    """A row expression whose columns carry their fact, as measures need."""
    return _row(row, 0, f"{_name(fact)}.")


def _row(node: Row, rank: int, prefix: str = "") -> str:
    def inner(part: Row, own: int) -> str:
        return _row(part, own, prefix)

    match node:
        case tree.Column(name) if name.startswith("segment.") and _PLAIN.match(name.removeprefix("segment.")):
            return name
        case tree.Column(name):
            return prefix + _name(name)
        case tree.Constant(value):
            return _value(value)
        case tree.Calculate(op, left, right):
            own = 4 + _RANK[op]
            text = f"{inner(left, own)} {op} {inner(right, own + 1)}"
        case tree.Minus(of):
            own, text = 7, f"-{inner(of, 7)}"
        case tree.Apply(function, arguments):
            return f"{function}({', '.join(inner(item, 0) for item in arguments)})"
        case tree.Duration(start, end, unit):
            return f"duration({prefix}{_name(start)}, {prefix}{_name(end)}{_unit(unit)})"
        case tree.Compare(op, left, right):
            own, text = 4, f"{inner(left, 5)} {op} {inner(right, 5)}"
        case tree.Among(of, values, negated):
            word = "not in" if negated else "in"
            own, text = 4, f"{inner(of, 5)} {word} ({', '.join(inner(item, 5) for item in values)})"
        case tree.IsNull(of, negated):
            own, text = 4, f"{inner(of, 5)} is {'not ' if negated else ''}null"
        case tree.Like(of, pattern, negated):
            own, text = 4, f"{inner(of, 5)} {'not ' if negated else ''}like {_quoted(pattern)}"
        case tree.Between(of, low, high, negated):
            word = "not between" if negated else "between"
            own, text = 4, f"{inner(of, 5)} {word} {inner(low, 5)} and {inner(high, 5)}"
        case tree.And(of):
            own, text = 2, " and ".join(inner(item, 3) for item in of)
        case tree.Or(of):
            own, text = 1, " or ".join(inner(item, 2) for item in of)
        case tree.Not(of):
            own, text = 3, f"not {inner(of, 3)}"
    return f"({text})" if own < rank else text


def _value(value: int | float | str | bool | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else number_text(value)

"""Text to tree: formulas and conditions, with the position in every error.

The grammar (`grammar.lark`) is built by lark on first use; a workspace caches its trees, so a plain query parses
nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, cast

from leadline.errors import DefinitionError, closest, meant
from leadline.model import tree
from leadline.model.tree import Formula, Row

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

FUNCTIONS = (
    "sum",
    "count",
    "distinct",
    "avg",
    "min",
    "max",
    "percentile",
    "median",
    "last",
    "reach",
    "reached",
    "prior",
    "opening",
    "total",
    "mean",
    "movement",
    "elapsed",
    "gap",
    "credited",
)
_EXPECTED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in single quotes",
    "COMPARE": "a comparison",
    "RPAR": "')'",
    "LPAR": "'('",
    "COMMA": "','",
    "$END": "the end",
    "UNIT": "days, hours, …",
    "GRAIN": "month, year, …",
    "WHERE": "where",
    "AT": "at",
    "WITHIN": "within",
    "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/",
}  # fmt: skip
_SHOWN = 50
_DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0}


def parse_formula(text: str) -> Formula:
    """The tree of a formula such as `sum(ad.clicks) / sum(ad.impressions)`.

    Raises `DefinitionError` with line, column and a mark before the place.
    """
    return _Builder(text).formula(_parse(text, "formula").children[0])


def parse_condition(text: str) -> Row:
    """The tree of a row condition such as `channel = 'Email' and country in ('DE', 'FR')`."""
    return _Builder(text).row(_parse(text, "condition").children[0], None)


@cache
def _grammar() -> Lark:
    from lark import Lark

    text = resources.files("leadline.model").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start=["formula", "condition"], propagate_positions=True, maybe_placeholders=True)


def _parse(text: str, start: str) -> Tree[Token]:
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        return _grammar().parse(text, start=start)
    except UnexpectedInput as error:
        position = error.pos_in_stream if error.pos_in_stream is not None else len(text)
        if isinstance(error, UnexpectedToken):
            wanted = error.accepts or error.expected
            found = "the end" if error.token.type == "$END" else repr(str(error.token))
            if error.token.type == "$END":
                position = len(text)
        elif isinstance(error, UnexpectedCharacters):
            wanted, found = error.allowed or set(), repr(text[position : position + 1])
        else:
            wanted, found = set(), "the end"
            position = len(text)
        raise syntax_error(text, position, found, wanted) from None


def syntax_error(text: str, position: int, found: str, wanted: set[str]) -> DefinitionError:
    """What was found where something else belongs, with a mark before it and the likely cure."""
    words = [_EXPECTED[name] for name in _EXPECTED if name in wanted][:5]
    word = _word_at(text, position)
    near = closest(word, FUNCTIONS, limit=1) if word and text[position + len(word) :].lstrip().startswith("(") else []
    before = _word_at(text, text.rfind(_last_word(text[:position]), 0, position)) if position else ""
    if not near and text[position : position + 1] == "(" and before:
        near = [name for name in closest(before, FUNCTIONS, limit=1) if name != before.lower()]
    if near:
        fix = f"did you mean {near[0]}(…)?"
    elif words:
        fix = "expected " + ", ".join(words)
    else:
        fix = "see `leadline explain METRIC` for examples of formulas"
    return DefinitionError(
        "formula-syntax",
        f"The formula cannot be read: {found} is not expected here.",
        why=pointer(text, position),
        fix=fix,
    )


def pointer(text: str, position: int) -> str:
    """`line L, column C:` and the line with a mark before the place, cut where it is long."""
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    before, after = text[start:position], text[position : end if end >= 0 else len(text)]
    if len(before) > _SHOWN:
        before = "…" + before[-_SHOWN:]
    if len(after) > _SHOWN:
        after = after[:_SHOWN] + "…"
    return f"line {line}, column {position - start + 1}: {before}▸{after}"


def _last_word(text: str) -> str:
    stripped = text.rstrip()
    index = len(stripped)
    while index and (stripped[index - 1].isalnum() or stripped[index - 1] == "_"):
        index -= 1
    return stripped[index:]


def _word_at(text: str, position: int) -> str:
    end = position
    while position >= 0 and end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[max(position, 0) : end]


SEGMENT = "segment"
"""What stands before the name of a segment, where a fact would stand before that of a column."""


class _Scope:
    """The fact a measure is about: named by its first qualified column or by `count(FACT …)`."""

    def __init__(self, fact: str | None = None) -> None:
        self.fact = fact


class _Builder:
    """Walks lark's tree; keeps the text for positions in errors."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, node: Tree[Token] | Token, what: str, fix: str) -> DefinitionError:
        meta = node.meta if hasattr(node, "meta") else node
        position = getattr(meta, "start_pos", 0) or 0
        return DefinitionError("formula-meaning", what, why=pointer(self.text, position), fix=fix)

    def formula(self, node: Tree[Token] | Token) -> Formula:
        branch = cast("Tree[Token]", node)
        parts = branch.children
        match str(branch.data):
            case "add" | "subtract" | "multiply" | "divide" as op:
                return tree.Combine(_OPERATORS[op], self.formula(parts[0]), self.formula(parts[1]))
            case "negate":
                return tree.Negate(self.formula(parts[0]))
            case "number":
                return tree.Number(number(str(parts[0])))
            case "ref":
                return tree.Ref(unquote(str(parts[0])))
            case "prior":
                return self.prior(branch)
            case "opening":
                return tree.Prior(self.formula(parts[1]), 1, "opening")
            case "total":
                return tree.Total(self.formula(parts[1]))
            case "credited":
                return self.credited(branch)
            case "across":
                return self.across(branch)
            case "movement":
                return self.movement(branch)
            case "median_elapsed" | "percentile_elapsed":
                return self.elapsed(branch)
            case "median_gap" | "percentile_gap":
                return self.gap(branch)
            case "reach" | "reached":
                return self.reach(branch)
            case "last_of":
                return self.last_of(branch)
            case "last_sum":
                self.no_window(branch)
                summed = self.aggregate("sum_", branch)
                return tree.Last(cast("tree.Sum", summed))
            case name:
                return self.measure(name, branch)

    def prior(self, branch: Tree[Token]) -> Formula:
        of = self.formula(branch.children[1])
        shift = branch.children[2] if len(branch.children) > 2 else None
        if shift is None:
            return tree.Prior(of)
        count, grain = cast("Tree[Token]", shift).children
        whole = number(str(count))
        if not isinstance(whole, int) or whole < 1:
            raise self.fail(cast("Token", count), "prior() goes back a whole number of periods.", "for example 1 year")
        return tree.Prior(of, whole, cast("tree.Grain", str(grain).lower().rstrip("s")))

    def measure(self, name: str, branch: Tree[Token]) -> Formula:
        """An aggregate, over its trailing days or to date where it says so."""
        of = self.aggregate(name, branch)
        over = cast("Tree[Token]", branch.children[-1]).children[2]
        if over is None:
            return of
        window = cast("Tree[Token]", over)
        if str(window.data) == "to_date":
            return tree.ToDate(of, self.grain(window.children[1], "for example over year to date"))
        days = self.days(window.children[1], window.children[2])
        if days <= 0:
            raise self.fail(window.children[1], "A trailing window has a length.", "for example over 28 days")
        return tree.Trailing(of, days)

    @staticmethod
    def days(amount: Tree[Token] | Token, unit: Tree[Token] | Token) -> float:
        return float(number(str(amount))) * _DAYS[str(unit).lower().rstrip("s")]

    def grain(self, token: Tree[Token] | Token, fix: str) -> tree.Grain:
        word = str(token).lower().rstrip("s")
        if word == "period":
            raise self.fail(token, "Here a calendar grain is needed.", fix)
        return cast("tree.Grain", word)

    def credited(self, branch: Tree[Token]) -> Formula:
        _, of, model, within, amount, unit, where, condition = branch.children
        name = unquote(str(model)) if model is not None else ""
        models = (*tree.CREDIT_MODELS, "any")
        if name and name not in models:
            raise self.fail(
                cast("Token", model),
                f"There is no attribution model {name!r}.",
                meant(name, models, f"use {', '.join(models)}", limit=1),
            )
        days = self.days(amount, unit) if within is not None else None
        row = self.row(condition, _Scope("touch")) if where is not None else None
        return tree.Credited(self.formula(of), cast("tree.CreditRule", name), days, row)

    def across(self, branch: Tree[Token]) -> Formula:
        _, inner, _, grain = branch.children
        self.no_window(cast("Tree[Token]", inner))
        of = self.formula(inner)
        if not isinstance(of, tree.Sum | tree.Count | tree.Distinct):
            raise self.fail(
                inner,
                "mean(… by day) takes a sum, a count or a distinct count.",
                "for example mean(distinct(product_event.person_id) by day)",
            )
        return tree.Across(of, self.grain(grain, "for example by day"))

    def movement(self, branch: Tree[Token]) -> Formula:
        _, value, kind, options = branch.children
        self.no_window(branch)
        scope = _Scope()
        row = self.row(value, scope)
        where, at = self.options(cast("Tree[Token]", options), scope)
        if scope.fact is None or at:
            raise self.fail(
                branch,
                "movement() is about a balance column of one fact.",
                "for example movement(subscription.mrr, new)",
            )
        if str(kind) not in tree.MOVEMENTS:
            raise self.fail(
                cast("Token", kind),
                f"There is no movement {str(kind)!r}.",
                f"use {', '.join(tree.MOVEMENTS)}",
            )
        return tree.Movement(scope.fact, row, cast("tree.MovementKind", str(kind)), where)

    def elapsed(self, branch: Tree[Token]) -> Formula:
        _, start, end, unit = cast("Tree[Token]", branch.children[1]).children
        first, then = self.step(cast("Tree[Token]", start)), self.step(cast("Tree[Token]", end))
        return tree.Elapsed(first, then, self.share(branch), self.duration_unit(branch, unit))

    def gap(self, branch: Tree[Token]) -> Formula:
        _, fact, _, where, unit = cast("Tree[Token]", branch.children[1]).children
        scope = _Scope(unquote(str(fact)))
        condition = self.row(where, scope) if where is not None else None
        return tree.Gap(cast("str", scope.fact), self.share(branch), self.duration_unit(branch, unit), condition)

    def share(self, branch: Tree[Token]) -> float:
        """The share of a percentile; a median is a half."""
        if len(branch.children) < 3:
            return 0.5
        share = float(number(str(branch.children[2])))
        if not 0 <= share <= 1:
            raise self.fail(
                cast("Token", branch.children[2]), "A percentile is a share between 0 and 1.", "write 0.9 for the 90th"
            )
        return share

    def duration_unit(self, node: Tree[Token] | Token, unit: Tree[Token] | Token | None) -> tree.DurationUnit:
        word = str(unit).lower().rstrip("s") + "s" if unit is not None else "days"
        if word == "weeks":
            raise self.fail(
                node, "A duration is measured in seconds, minutes, hours or days.", "leave the unit out for days"
            )
        return cast("tree.DurationUnit", word)

    def aggregate(self, name: str, branch: Tree[Token]) -> tree.Aggregate:
        parts = branch.children
        options = cast("Tree[Token]", parts[-1])
        if name == "count_":
            scope = _Scope(unquote(str(parts[1])))
            where, at = self.options(options, scope)
            return tree.Count(cast("str", scope.fact), where, at)
        scope = _Scope()
        value = self.row(parts[1], scope)
        where, at = self.options(options, scope)
        if scope.fact is None:
            raise self.fail(
                branch,
                "This measure does not say which fact it is about.",
                "write the column as fact.column, for example ad.spend",
            )
        fact = scope.fact
        match name:
            case "sum_":
                return tree.Sum(fact, value, where, at)
            case "distinct_":
                return tree.Distinct(fact, value, where, at)
            case "avg_":
                return tree.Mean(fact, value, where, at)
            case "min_":
                return tree.Least(fact, value, where, at)
            case "max_":
                return tree.Greatest(fact, value, where, at)
            case "median":
                return tree.Percentile(fact, value, 0.5, where, at)
            case _:
                return tree.Percentile(fact, value, self.share(branch), where, at)

    def last_of(self, branch: Tree[Token]) -> Formula:
        inner = cast("Tree[Token]", branch.children[1])
        of = self.formula(inner)
        if not isinstance(of, tree.Sum | tree.Count | tree.Distinct):
            raise self.fail(
                inner, "last() takes a sum, a count or a distinct count.", "for example last(sum(subscription.mrr))"
            )
        return tree.Last(of)

    def reach(self, branch: Tree[Token]) -> Formula:
        _, start, end, window = branch.children
        share = str(branch.data) == "reach"
        first, then = self.step(cast("Tree[Token]", start)), self.step(cast("Tree[Token]", end))
        limits = cast("Tree[Token]", window)
        match str(limits.data):
            case "within":
                days = self.days(limits.children[1], limits.children[2])
                return tree.Reach(first, then, days=days, share=share)
            case "in_grain":
                grain = str(limits.children[1]).lower().rstrip("s")
                nth = number(str(limits.children[2]))
                if grain == "period" or not isinstance(nth, int):
                    raise self.fail(limits, "The window is not a calendar period.", "for example in month 1")
                return tree.Reach(first, then, grain=cast("tree.Grain", grain), nth=nth, share=share)
            case _:
                return tree.Reach(first, then, share=share)

    def step(self, branch: Tree[Token]) -> tree.Step:
        scope = _Scope(unquote(str(branch.children[0])))
        self.no_window(branch)
        where, at = self.options(cast("Tree[Token]", branch.children[1]), scope)
        return tree.Step(cast("str", scope.fact), where, at)

    def no_window(self, branch: Tree[Token]) -> None:
        over = cast("Tree[Token]", branch.children[-1]).children[2]
        if over is not None:
            raise self.fail(cast("Tree[Token]", over).children[1], "There is no window here.", "leave `over …` out")

    def options(self, branch: Tree[Token], scope: _Scope) -> tuple[Row | None, str]:
        _, where, _, _, at = branch.children
        condition = self.row(where, scope) if where is not None else None
        return condition, unquote(str(at)) if at is not None else ""

    def column(self, node: Tree[Token], scope: _Scope | None) -> tree.Column:
        if str(node.data) == "column":
            return tree.Column(unquote(str(node.children[0])))
        fact, name = (unquote(str(part)) for part in node.children)
        if fact == SEGMENT:
            return tree.Column(f"{fact}.{name}")
        if scope is None:
            raise self.fail(
                node, "A condition names columns without their fact.", f"write {name} instead of {fact}.{name}"
            )
        if scope.fact is None:
            scope.fact = fact
        if scope.fact != fact:
            raise self.fail(
                node,
                f"One measure is about one fact, and this one names {scope.fact} and {fact}.",
                "make two measures, or look the column up when loading",
            )
        return tree.Column(name)

    def row(self, node: Tree[Token] | Token, scope: _Scope | None) -> Row:
        branch = cast("Tree[Token]", node)
        parts = branch.children
        name = str(branch.data)
        match name:
            case "column" | "qualified":
                return self.column(branch, scope)
            case "inside":
                return self.row(parts[0], scope)
            case "row_number":
                return tree.Constant(number(str(parts[0])))
            case "row_string":
                return tree.Constant(unquote(str(parts[0])))
            case "row_true" | "row_false":
                return tree.Constant(name == "row_true")
            case "row_null":
                return tree.Constant(None)
            case "row_add" | "row_subtract" | "row_multiply" | "row_divide":
                left, right = parts
                return tree.Calculate(
                    _OPERATORS[name.removeprefix("row_")], self.row(left, scope), self.row(right, scope)
                )
            case "row_minus":
                return tree.Minus(self.row(parts[0], scope))
            case "and_" | "or_":
                return self.joined(name, branch, scope)
            case "not_":
                return tree.Not(self.row(parts[-1], scope))
            case "compare":
                op = str(parts[1]).replace("!=", "<>")
                return tree.Compare(cast("tree.Comparator", op), self.row(parts[0], scope), self.row(parts[2], scope))
            case "among" | "not_among":
                items = cast("Tree[Token]", parts[-1]).children
                values = tuple(self.row(item, scope) for item in items)
                return tree.Among(self.row(parts[0], scope), values, name == "not_among")
            case "is_null" | "is_not_null":
                return tree.IsNull(self.row(parts[0], scope), name == "is_not_null")
            case "like" | "not_like":
                return tree.Like(self.row(parts[0], scope), unquote(str(parts[-1])), name == "not_like")
            case "between" | "not_between":
                low, high = parts[-3], parts[-1]
                return tree.Between(
                    self.row(parts[0], scope), self.row(low, scope), self.row(high, scope), name == "not_between"
                )
            case "apply":
                items = cast("Tree[Token]", parts[1]).children
                function = cast("tree.Function", str(parts[0]).lower())
                return tree.Apply(function, tuple(self.row(item, scope) for item in items))
            case _:
                return self.duration(branch, scope)

    def joined(self, name: str, branch: Tree[Token], scope: _Scope | None) -> Row:
        """`and`/`or` chains become flat, so that order of writing is the only difference between equal chains."""
        kind = tree.And if name == "and_" else tree.Or
        left, right = self.row(branch.children[0], scope), self.row(branch.children[-1], scope)
        before = (
            left.of if isinstance(left, kind) and str(cast("Tree[Token]", branch.children[0]).data) == name else (left,)
        )
        return kind((*before, right))

    def duration(self, branch: Tree[Token], scope: _Scope | None) -> Row:
        _, start, end, unit = branch.children
        ends = (self.row(start, scope), self.row(end, scope))
        if not all(isinstance(side, tree.Column) for side in ends):
            raise self.fail(
                branch,
                "duration() goes from one time column to another.",
                "for example duration(deal.created_at, deal.won_at)",
            )
        names = [cast("tree.Column", side).name for side in ends]
        return tree.Duration(names[0], names[1], self.duration_unit(branch, unit))


_OPERATORS: dict[str, tree.Arithmetic] = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


def number(text: str) -> int | float:
    """An int where the text is one, else a float."""
    return int(text) if text.isdigit() else float(text)


def unquote(text: str) -> str:
    """The bare name or text of a quoted one."""
    if text[:1] in {'"', "'"}:
        return text[1:-1].replace(text[0] * 2, text[0])
    return text

"""Conditions and other row expressions in words."""

from __future__ import annotations

from leadline.charts.value import format_value
from leadline.language.language import Language
from leadline.model import tree
from leadline.model.tree import Row

_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_WORDS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_COMPARED = {"=": "equal", "<>": "unequal", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
_ALONE = 9


def row_words(row: Row, language: Language, fact: str, rank: int = 0) -> str:
    """A row expression of `fact` in words; `rank` is the strength with which its surroundings bind."""

    def told(part: Row, own: int = 0) -> str:
        return row_words(part, language, fact, own)

    say = language.formula
    match row:
        case tree.Column(name):
            own, text = _ALONE, language.column(name, fact)
        case tree.Constant(value):
            own, text = _ALONE, _constant(value, language)
        case tree.Calculate(op, left, right):
            own = 4 + _RANK[op]
            text = say[_WORDS[op]].format(left=told(left, own), right=told(right, own + 1))
        case tree.Minus(of):
            own, text = 7, say["negate"].format(of=told(of, 7))
        case tree.Apply("coalesce", (of, other)):
            own, text = 4, say["coalesce"].format(of=told(of, 5), other=told(other, 5))
        case tree.Apply(function, arguments):
            own = _ALONE
            text = say[function].format(of=say["listed"].join(map(told, arguments)))
        case tree.Duration(start, end, unit):
            own, text = 4, say["duration"].format(
                unit=language.label("units", unit), start=language.column(start, fact), end=language.column(end, fact)
            )  # fmt: skip
        case tree.And(of):
            own, text = 2, say["and"].join(_condition(part, language, fact, 3) for part in of)
        case tree.Or(of):
            own, text = 1, say["or"].join(_condition(part, language, fact, 2) for part in of)
        case _:
            own, text = 4, _compared(row, language, fact)
    return say["group"].format(of=text) if own < rank else text


def condition_words(row: Row, language: Language, fact: str) -> str:
    """A condition on the rows of `fact` in words."""
    return _condition(row, language, fact, 0)


def _condition(row: Row, language: Language, fact: str, rank: int) -> str:
    match row:
        case tree.Column(name):
            return language.formula["yes"].format(of=language.column(name, fact))
        case tree.Not(tree.Column(name)) | tree.Not(tree.Apply("coalesce", (tree.Column(name), tree.Constant(False)))):
            return language.formula["no"].format(of=language.column(name, fact))
        case _:
            return row_words(row, language, fact, rank)


def _compared(row: Row, language: Language, fact: str) -> str:
    """A comparison in words; values of a stage column are called as the stage is."""

    def value(part: Row, beside: Row) -> str:
        match beside, part:
            case tree.Column("stage"), tree.Constant(str(name)):
                return language.label("stages", name)
            case _:
                return row_words(part, language, fact, 5)

    say = language.formula
    match row:
        case tree.Compare(op, left, right):
            return say[_COMPARED[op]].format(left=value(left, right), right=value(right, left))
        case tree.Among(of, values, negated):
            words = say["listed"].join(value(part, of) for part in values)
            return say["none_of" if negated else "one_of"].format(of=value(of, of), values=words)
        case tree.IsNull(of, negated):
            return say["known" if negated else "unknown"].format(of=value(of, of))
        case tree.Like(of, pattern, negated):
            text = say["quoted"].format(of=pattern)
            return say["unlike" if negated else "like"].format(of=value(of, of), pattern=text)
        case tree.Between(of, low, high, negated):
            key = "outside" if negated else "between"
            return say[key].format(of=value(of, of), low=value(low, of), high=value(high, of))
        case tree.Not(of):
            return say["not"].format(of=_condition(of, language, fact, 3))
        case _:
            raise TypeError(f"no words for {type(row).__name__}")


def _constant(value: float | str | bool | None, language: Language) -> str:
    if isinstance(value, bool) or value is None:
        return language.formula[{True: "true", False: "false", None: "null"}[value]]
    if isinstance(value, str):
        return language.formula["quoted"].format(of=value)
    return number_words(value, language)


def number_words(value: float, language: Language) -> str:
    """A number of a formula, with as many decimals as it is written with."""
    digits = len(repr(value).partition(".")[2]) if isinstance(value, float) and not value.is_integer() else 0
    return format_value(value, digits=digits, locale=language.locale)

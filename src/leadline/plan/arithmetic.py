"""The arithmetic of metrics: null stays null, nothing is divided by zero, decimals stay exact as long as they can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from leadline.model import tree
from leadline.model.tree import Formula, Measure
from leadline.plan.span import Shift

Number: TypeAlias = int | float | Decimal


class Reads(Protocol):
    """Gives the value of a formula's leaf by its number."""

    def read(self, index: int) -> Number | None: ...


Evaluator: TypeAlias = Callable[[Reads], Number | None]


def evaluator(
    formula: Formula, leaves: Mapping[tuple[Measure, Shift, bool], int], shift: Shift = (), *, whole: bool = False
) -> Evaluator:
    """A function that evaluates a formula.

    `leaves` numbers its measures by how far back they are read and whether over all dimensions.
    """
    match formula:
        case tree.Number(value):
            return lambda _: value
        case tree.Combine(op, left, right):
            first, second = (evaluator(side, leaves, shift, whole=whole) for side in (left, right))
            return lambda reader: combine(op, first(reader), second(reader))
        case tree.Negate(of):
            inner = evaluator(of, leaves, shift, whole=whole)
            return lambda reader: combine("-", 0, inner(reader))
        case tree.Prior(of, count, grain):
            return evaluator(of, leaves, (*shift, (count, grain)), whole=whole)
        case tree.Total(of):
            return evaluator(of, leaves, shift, whole=True)
        case tree.Ref() | tree.Credited():
            raise KeyError(formula)
        case measure:
            index = leaves[measure, shift, whole]
            return lambda reader: reader.read(index)


def divide(left: Number | None, right: Number | None) -> float | None:
    """left / right as a float; null when either is null or the divisor is zero."""
    if left is None or right is None or right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return float(left) / float(right)
    return float(Decimal(left) / Decimal(right))


def combine(op: tree.Arithmetic, left: Number | None, right: Number | None) -> Number | None:
    """Arithmetic in which null stays null; exact decimals stay exact unless a float comes in."""
    if op == "/":
        return divide(left, right)
    if left is None or right is None:
        return None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    match op:
        case "+":
            return left + right  # type: ignore[operator]
        case "-":
            return left - right  # type: ignore[operator]
        case "*":
            return left * right  # type: ignore[operator]


def total(values: Sequence[Any]) -> Number | None:
    """The sum of values that are there; a decimal without trailing zeros."""
    if not values or values[0] is None:
        return None
    found: Number = values[0] if len(values) == 1 else sum(values[1:], values[0])
    return plain(found) if isinstance(found, Decimal) else found


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros, and without an exponent."""
    whole = int(value)
    return Decimal(whole) if whole == value else value.normalize()

"""Whether a condition holds for one text (or for none), by SQL's rules: what is compared with nothing is unknown.

Engines evaluate conditions over rows; a timeline has only the distinct texts of a property, each of which is asked once
here. Numbers, arithmetic and functions have no place in such a condition and are refused.
"""

from __future__ import annotations

import re

from leadline.errors import UsageError
from leadline.model import tree
from leadline.model.tree import Row

Truth = bool | None


def holds(row: Row, value: str | None) -> bool:
    """Whether the condition is true when its property has this value."""
    return _truth(row, value) is True


def properties_of(row: Row) -> set[str]:
    """The properties that a condition names."""
    match row:
        case tree.Column(name):
            return {name}
        case tree.And(parts) | tree.Or(parts):
            return {name for part in parts for name in properties_of(part)}
        case tree.Compare(_, left, right):
            return properties_of(left) | properties_of(right)
        case tree.Among(of, values):
            return properties_of(of).union(*(properties_of(item) for item in values))
        case tree.Between(of, low, high):
            return properties_of(of) | properties_of(low) | properties_of(high)
        case tree.Not(of) | tree.IsNull(of) | tree.Like(of):
            return properties_of(of)
        case _:
            return set()


def _truth(row: Row, value: str | None) -> Truth:
    match row:
        case tree.And(parts):
            return _all([_truth(part, value) for part in parts])
        case tree.Or(parts):
            return _not(_all([_not(_truth(part, value)) for part in parts]))
        case tree.Not(of):
            return _not(_truth(of, value))
        case tree.Compare(op, left, right):
            return _compared(op, _text(left, value), _text(right, value))
        case tree.Among(of, values, negated):
            found = _not(_all([_not(_compared("=", _text(of, value), _text(item, value))) for item in values]))
            return _not(found) if negated else found
        case tree.Between(of, low, high, negated):
            text = _text(of, value)
            within = _all([_compared(">=", text, _text(low, value)), _compared("<=", text, _text(high, value))])
            return _not(within) if negated else within
        case tree.IsNull(of, negated):
            return (_text(of, value) is None) is not negated
        case tree.Like(of, pattern, negated):
            text = _text(of, value)
            return None if text is None else _like(text, pattern) is not negated
        case _:
            raise _beyond()


def _text(row: Row, value: str | None) -> str | None:
    match row:
        case tree.Column():
            return value
        case tree.Constant(str() | None as constant):
            return constant
        case _:
            raise _beyond()


def _beyond() -> UsageError:
    return UsageError(
        "step-condition",
        "The condition of a step compares properties with texts, and this one does something else.",
        why="a timeline keeps properties as texts: it knows no numbers, truth values or functions of them",
        fix="use =, <>, in, like, between or is null with texts in single quotes, such as channel = 'Email'",
    )


def _compared(op: str, left: str | None, right: str | None) -> Truth:
    if left is None or right is None:
        return None
    # By code points, as engines order texts in their plainest collation.
    return {"=": left == right, "<>": left != right, "<": left < right, "<=": left <= right, ">": left > right}.get(
        op, left >= right
    )


def _like(text: str, pattern: str) -> bool:
    wildcards = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wildcards.get(one, re.escape(one)) for one in pattern), text, re.DOTALL) is not None


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True

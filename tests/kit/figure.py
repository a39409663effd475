"""Figures as people print them, so that a test can say how many digits it means."""

from __future__ import annotations

import shlex
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from leadline.plan.result import Result
from leadline.workspace import Workspace


def printed(value: Any, like: str) -> str:
    """A value with as many digits as `like` shows: thousands set apart, percent as `26.5 %`, nothing as `–`."""
    if value is None:
        return "–"
    percent = like.endswith("%")
    digits = len(like.rstrip(" %").partition(".")[2])
    number = Decimal(str(value)) * (100 if percent else 1)
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded:,}{' %' if percent else ''}"


def ask(workspace: Workspace, words: str) -> Result:
    """The answer to a question as it is typed after `leadline query`."""
    options: dict[str, Any] = {"by": [], "compare": []}
    metrics: list[str] = []
    rest = iter(shlex.split(words))
    for word in rest:
        if not word.startswith("--"):
            metrics.append(word)
        elif word in ("--by", "--compare"):
            options[word[2:]] += next(rest).split(",")
        else:
            options[word[2:]] = next(rest)
    return workspace.query(metrics, **options)


def figures(result: Result, like: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics of a one-row answer, printed like the expected ones."""
    assert len(result.rows) == 1, result
    at = [number for number, column in enumerate(result.columns) if column.kind == "metric"]
    assert len(at) == len(like), result
    return tuple(printed(result.rows[0][number], text) for number, text in zip(at, like, strict=True))


def table(result: Result, like: dict[str, str]) -> dict[str, str]:
    """The last metric by the first column, printed like the expected values; what has no name is `(none)`."""
    found = {str(row[0]) if row[0] is not None else "(none)": row[-1] for row in result.rows}
    return {name: printed(value, like.get(name, "0")) for name, value in found.items()}


def by_first(result: Result) -> dict[Any, Any]:
    """The last metric by the first column, as it is."""
    return {row[0]: row[-1] for row in result.rows}

"""What the explorer is asked: the address as a question, and a question as an address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct, structs

from leadline.errors import UsageError
from leadline.model.saved import SavedView, read_views
from leadline.plan.drawing import largest_first
from leadline.plan.result import Result, Value
from leadline.web.question import Question

MOST = 6
"""Metrics in one question: what a reader can tell apart."""
MOST_DIMENSIONS = 3
GRAINS = ("none", "day", "week", "month", "quarter", "year")
PERIOD = "last-12-months"
PERIODS = {
    "last-7-days": "Last 7 days",
    "last-28-days": "Last 28 days",
    "last-3-months": "Last 3 months",
    "last-12-months": "Last 12 months",
    "this-month": "This month",
    "this-quarter": "This quarter",
    "this-year": "This year",
    "last-year": "Last year",
    "all": "All time",
}
ROWS, MOST_ROWS = 50, 1000
"""Rows shown, and shown when all are asked for; exports have every row."""
HIDDEN = "•••"
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Asked(Struct, frozen=True):
    """A question. `period` is as written, `compare` with commas; `view` is the saved view it began as."""

    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    grain: str = "none"
    period: str = PERIOD
    where: str = ""
    compare: str = ""
    sort: str = ""
    rows: int = ROWS
    view: str = ""

    def address(self, path: str = "/explore", **changes: Any) -> str:
        """Where this question is answered, with `changes`; what is as without asking is left out."""
        words = structs.replace(self, **changes).words()
        return f"{path}?{urlencode(words, safe=',', quote_via=quote)}"

    def words(self) -> dict[str, str]:
        """What stands in an address."""
        words = {"metrics": ",".join(self.metrics), "by": ",".join(self.by), "where": self.where, "sort": self.sort}
        words |= {"grain": "" if self.grain == "none" else self.grain, "compare": self.compare, "view": self.view}
        words |= {"period": "" if self.period == PERIOD else self.period}
        words |= {"rows": "" if self.rows == ROWS else str(self.rows)}
        return {name: value for name, value in words.items() if value}

    def saved(self, name: str, author: str) -> SavedView:
        """The same to be kept under a name."""
        compare = tuple(filter(None, self.compare.split(",")))
        grain = "" if self.grain == "none" else self.grain
        return SavedView(name, self.metrics, self.by, grain, self.period, self.where, compare, self.sort, author)


def of_view(view: SavedView) -> Asked:
    """The question of a saved view."""
    return Asked(
        view.metrics, view.by, view.grain or "none", view.period or PERIOD, view.where, ",".join(view.compare),
        view.sort, view=view.name,
    )  # fmt: skip


def asked_of(question: Question) -> Asked:
    """What the address asks. A saved view is asked by its name alone; words beside it are asked instead.

    Raises `UsageError` for a view that is not there, and for more metrics or dimensions than one answer shows.
    """
    given = question.given
    name = given.get("view", "").strip()
    if name and not any(word in given for word in ("metrics", "by", "grain", "period", "where", "compare", "sort")):
        found = read_views(question.workspace.path)
        for one in found:
            if one.name.casefold() == name.casefold():
                return structs.replace(of_view(one), rows=_rows(given.get("rows", "")))
        raise UsageError("unknown-view", f"There is no saved view {name!r}.", fix="choose one that is listed here")
    metrics, by = _names(given.get("metrics", "")), _names(given.get("by", ""))
    if len(metrics) > MOST:
        raise UsageError("too-many-metrics", f"{len(metrics)} metrics are more than one answer shows.",
                         fix=f"ask for {MOST} at most")  # fmt: skip
    if len(by) > MOST_DIMENSIONS:
        raise UsageError("too-many-dimensions", f"{len(by)} dimensions are more than one answer shows.",
                         fix=f"ask for {MOST_DIMENSIONS} at most")  # fmt: skip
    return Asked(
        metrics,
        by,
        given.get("grain", "") or "none",
        given.get("dates", "").strip() or given.get("period", "").strip() or PERIOD,
        given.get("where", "").strip(),
        given.get("compare", ""),
        given.get("sort", ""),
        _rows(given.get("rows", "")),
        name,
    )


def answer(question: Question, asked: Asked) -> Result:
    """The result, in the order it is shown in; addresses of people are dots for those who may not see them."""
    result = question.query(list(asked.metrics), total=bool(asked.by) and asked.grain == "none", **_words(asked))
    result = result.sorted_by(asked.sort) if asked.sort else largest_first(result)
    return result if question.visitor.reveals else _masked(result)


def check(question: Question, asked: Asked) -> None:
    """Raises what `answer` would, without measuring."""
    words = _words(asked)
    space = question.workspace
    space.compile(space.ask(list(asked.metrics), **{**words, "where": question.rows(words["where"])}))


def _words(asked: Asked) -> dict[str, Any]:
    return {
        "by": list(asked.by),
        "grain": asked.grain,
        "period": asked.period,
        "where": asked.where or None,
        "compare": [word for word in asked.compare.split(",") if word],
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _rows(text: str) -> int:
    return MOST_ROWS if text.isdigit() and int(text) > ROWS else ROWS


def _masked(result: Result) -> Result:
    """The result without addresses of people in it."""

    def shown(value: Value) -> Value:
        return HIDDEN if isinstance(value, str) and _MAIL.search(value) else value

    return structs.replace(result, rows=[tuple(map(shown, row)) for row in result.rows])

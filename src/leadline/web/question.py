"""What a page is asked, and what a page is: a pure function from one to a view, and a template that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from leadline.errors import RefusedError
from leadline.journey.segment import split_filter
from leadline.language.language import Language
from leadline.plan.result import Result
from leadline.web.visitor import Role, Visitor
from leadline.workspace import Workspace

View = dict[str, Any]


class Question(Struct, frozen=True):
    """A visitor's question: `path` the values in the address, `given` those after the question mark."""

    workspace: Workspace
    visitor: Visitor
    language: Language
    path: Mapping[str, str] = {}
    given: Mapping[str, str] = {}

    def query(self, metrics: list[str], *, where: str | None = None, **words: Any) -> Result:
        """As `Workspace.query`, of the rows that the visitor may see."""
        return self.workspace.query(metrics, where=self.rows(where), **words)

    def rows(self, where: str | None = None) -> str | None:
        """A condition, and the visitor's own."""
        if where and self.visitor.rows:
            # TRICKY: it must be whole by itself, or "x) or (y" would step out of its parentheses.
            self.workspace.ask((), where=where)
        both = [f"({part})" for part in (where, self.visitor.rows) if part]
        return " and ".join(both) or None

    def people(self, where: str | None = None) -> str | None:
        """The same for questions that follow people through many facts; the visitor's rows must be a segment's."""
        if self.visitor.rows:
            _, rest = split_filter(self.workspace.ask((), where=self.visitor.rows).where)
            if rest:
                raise RefusedError(
                    "rows-not-people",
                    "You see some rows only, and this question follows people through all of theirs.",
                    why=f"your rows are those with {self.visitor.rows}, which is no segment of people",
                    fix="ask an admin to limit your account by a segment of people (segment.NAME), or use the explorer",
                )
        return self.rows(where)


class Sent(Struct, frozen=True):
    """What a form sent: its fields, and its files as they now lie in a folder that is gone after the answer."""

    fields: Mapping[str, str] = {}
    files: tuple[Path, ...] = ()


class Deed(Struct, frozen=True):
    """What a form does: changes something and shows what came of it, or names in `to` the page to go back to."""

    id: str
    path: str
    title: str
    do: Callable[[Question, Sent], View]
    template: str = ""
    role: Role = "editor"


class Page(Struct, frozen=True):
    """A page: where, what it is called (in English, translated when shown), what it shows, who may see it.

    `show` gives the view that `template` is filled with. With `menu` it is in the navigation, else it is part of the
    page whose id is in `under`. `kept` says that what it
    shows depends on nothing but definitions, texts, data and the question, so that the text is remembered.
    """

    id: str
    path: str
    title: str
    template: str
    show: Callable[[Question], View]
    role: Role = "viewer"
    menu: bool = True
    under: str = ""
    kept: bool = True

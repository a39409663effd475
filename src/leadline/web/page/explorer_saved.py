"""Saved views in the explorer: listed, saved, renamed, taken away, and taken back."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import structs

from leadline.errors import DefinitionError, UsageError
from leadline.model.saved import drop_view, own_views, read_views, rename_view, save_view
from leadline.web.page.explorer_ask import Asked, asked_of, of_view
from leadline.web.question import Deed, Question, Sent, View

NOT_HERE = {"name": "", "changed": False, "own": False, "author": ""}
"""What is shown is no saved view."""


def listed(question: Question, asked: Asked) -> View:
    """The views there are, the one that is shown and whether it is still as it was saved, and what may be done."""
    folder, may = question.workspace.path, question.visitor.may("editor")
    try:
        views = read_views(folder)
        own = {one.name for one in own_views(folder)}
    except DefinitionError as error:
        return {"views": [], "here": NOT_HERE, "may_save": False, "gone": "", "broken": error.as_dict()}
    here = NOT_HERE
    for one in views:
        if asked.view and one.name.casefold() == asked.view.casefold():
            same = structs.replace(of_view(one), rows=asked.rows, view=asked.view) == asked
            here = {"name": one.name, "changed": not same, "own": may and one.name in own, "author": one.author}
    return {
        "views": [
            {"name": one.name, "href": Asked(view=one.name).address(), "here": here["name"] == one.name}
            for one in views
        ],
        "here": here,
        "may_save": may,
        "gone": question.given.get("gone", "") if may else "",
        "broken": None,
    }  # fmt: skip


def shortcuts(question: Question) -> list[tuple[str, str]]:
    """Names and addresses of the views, for other pages; a file that cannot be read is the explorer's to tell of."""
    try:
        return [(one.name, Asked(view=one.name).address()) for one in read_views(question.workspace.path)]
    except DefinitionError:
        return []


def keep(question: Question, sent: Sent) -> View:
    """Save the question that the address asks, rename a view, or take one away; then back to the explorer."""
    folder, fields = question.workspace.path, sent.fields
    asked = asked_of(structs.replace(question, given=fields))
    match fields.get("do", ""):
        case "save":
            for name in asked.metrics:
                if name not in question.workspace.metrics:
                    raise UsageError("unknown-metric", f"There is no metric named {name!r}.", fix="mend it, then save")
            saved = save_view(folder, asked.saved(fields.get("name", ""), question.visitor.name))
            return {"to": Asked(view=saved.name).address()}
        case "rename":
            return {"to": Asked(view=rename_view(folder, asked.view, fields.get("name", "")).name).address()}
        case "delete":
            gone = drop_view(folder, asked.view)
            # The question stays in the address: to save it under its old name is to take the deletion back.
            back = structs.replace(of_view(gone), view="")
            return {"to": f"{back.address()}&{urlencode({'gone': gone.name})}"}
    raise UsageError("bad-deed", "A view is saved, renamed or deleted.", fix="use the buttons of the explorer")


KEEP = Deed("saved view", "/explore/views", "Saved views", keep)

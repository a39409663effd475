"""Saved views: questions of the explorer with a name, for all who may open the workspace.

Files of `views/` are YAML lists of `{name, metrics, by, grain, period, where, compare, sort}`. Pages write
`views/saved.yaml` whole, so that what is written by hand (and commented) belongs into another file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from leadline.charts.label import clean
from leadline.errors import DefinitionError, UsageError, meant, unknown
from leadline.model.document import Document, read_document

FOLDER = "views"
FILE = f"{FOLDER}/saved.yaml"
"""Where pages write."""
LONGEST = 80
_HEAD = "# Saved on the explorer's page, which writes this file anew; write yours into another file of this folder.\n"


class SavedView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question: `period` and `where` as they are written in the explorer, `sort` a column (`-column`: ascending).

    `author` saved it last.
    """

    name: str
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: str = ""
    period: str = ""
    where: str = ""
    compare: tuple[str, ...] = ()
    sort: str = ""
    author: str = ""


def read_views(folder: Path, metrics: Collection[str] = ()) -> tuple[SavedView, ...]:
    """The saved views of a workspace folder, by name.

    Raises `DefinitionError` with file and line for a wrong field, a name that is empty or there twice, and an unknown
    metric (of `metrics`, where they are given).
    """
    found: dict[str, SavedView] = {}
    for path in sorted((folder / FOLDER).glob("*.y*ml")):
        for place, view in _of(read_document(path.read_text(encoding="utf-8-sig"), f"{FOLDER}/{path.name}"), metrics):
            if view.name.casefold() in found:
                raise DefinitionError(
                    "bad-view", f"There are two views named {view.name!r}.", why=place, fix="give one another name"
                )
            found[view.name.casefold()] = view
    return tuple(found[name] for name in sorted(found))


def own_views(folder: Path) -> tuple[SavedView, ...]:
    """Those that pages wrote, and may change."""
    path = folder / FILE
    if not path.exists():
        return ()
    return tuple(view for _, view in _of(read_document(path.read_text(encoding="utf-8-sig"), FILE), ()))


def save_view(folder: Path, view: SavedView) -> SavedView:
    """Write a view, in place of the one of its name; gives it back as written.

    Raises `UsageError` for a name that is empty, too long or one of a file written by hand, and without a metric.
    """
    saved = replace(view, name=_name(view.name))
    if not saved.metrics:
        raise UsageError("empty-view", "A view without a metric shows nothing.", fix="choose a metric first")
    own = own_views(folder)
    _free(folder, saved.name, own)
    _write(folder, [*(one for one in own if not _same(one.name, saved.name)), saved])
    return saved


def rename_view(folder: Path, name: str, new: str) -> SavedView:
    """Give a view another name. Raises `UsageError` for one that is not there, and a name in use."""
    own, told = own_views(folder), _name(new)
    one = _known(own, name)
    rest = [other for other in own if other is not one]
    if any(_same(other.name, told) for other in rest):
        raise UsageError("view-exists", f"There is a view {told!r} already.", fix="choose another name")
    _free(folder, told, own)
    renamed = replace(one, name=told)
    _write(folder, [*rest, renamed])
    return renamed


def drop_view(folder: Path, name: str) -> SavedView:
    """Take a view away; gives it back, so that it can be saved again. Raises `UsageError` for one not there."""
    own = own_views(folder)
    one = _known(own, name)
    _write(folder, [other for other in own if other is not one])
    return one


def _of(document: Document, metrics: Collection[str]) -> Iterator[tuple[str, SavedView]]:
    given = document.data or []
    if not isinstance(given, list):
        raise _wrong("Saved views are a list.", f"{document.file}:1", "write `- {name: …, metrics: [leads]}` lines")
    for number, data in enumerate(given):
        place = document.place(str(number))
        view = document.convert(SavedView, data, str(number))
        if not clean(view.name).strip():
            raise _wrong("A saved view has no name.", place, "write its `name`")
        missing = [name for name in view.metrics if metrics and name not in metrics]
        if missing:
            cure = meant(missing[0], metrics, "list them: `leadline metrics`")
            raise _wrong(f"There is no metric named {missing[0]!r}.", place, cure)
        yield place, view


def _wrong(what: str, why: str, fix: str) -> DefinitionError:
    return DefinitionError("bad-view", what, why=why, fix=fix)


def _name(text: str) -> str:
    told = " ".join(clean(text).split())
    if not told or len(told) > LONGEST:
        raise UsageError(
            "bad-view-name", f"A view needs a name of 1 to {LONGEST} characters.", fix="write a short name"
        )
    return told


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _known(own: Sequence[SavedView], name: str) -> SavedView:
    for one in own:
        if _same(one.name, name):
            return one
    raise unknown("view", name, [one.name for one in own])


def _free(folder: Path, name: str, own: Sequence[SavedView]) -> None:
    """Whether no file written by hand has a view of this name."""
    if any(_same(one.name, name) for one in read_views(folder)) and not any(_same(one.name, name) for one in own):
        raise UsageError("view-exists", f"{name!r} is a view written by hand.", fix=f"edit it in {FOLDER}/")


def _write(folder: Path, views: Sequence[SavedView]) -> None:
    """The file, whole or not at all."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    # Text in JSON's quotes is YAML too, whatever it contains.
    lines = [
        "- {" + ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in parts.items()) + "}\n"
        for parts in (msgspec.to_builtins(view) for view in sorted(views, key=lambda one: one.name.casefold()))
    ]
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(_HEAD + "".join(lines), encoding="utf-8", newline="")
    unfinished.replace(path)

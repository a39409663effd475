"""Proposals: a first `sources/NAME.yaml` for a file nobody knows, written from its columns for a person to look at."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.errors import DefinitionError, UsageError
from leadline.ingest.definition import decode_source, vendor_definitions
from leadline.ingest.draft import Draft, latin_name, stem_of
from leadline.ingest.guess import Guess, guess_fact, look_at
from leadline.ingest.total_row import find_total, summed, without
from leadline.model.fact import Fact

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read import Table


def propose(folder: Path, path: Path, facts: Mapping[str, Fact]) -> str:
    """Write `sources/NAME.yaml` in workspace `folder` for the file at `path`; what was written, in words.

    Nothing is written for a file that a built-in format or a source of the workspace knows. `UsageError` when there is
    no such file or the proposal exists already; `DataError` when the file cannot be read.
    """
    from leadline.engines.duckdb import connect
    from leadline.ingest.read import read

    if not path.is_file():
        raise UsageError("no-such-file", f"There is no file {path}.", fix="name one file, such as orders.csv")
    con, load = connect(), f"leadline load {shlex.quote(str(path))}"
    try:
        tables = read(con, path)
        known = _known_as(tables)
        if known:
            what = f"{path.name} is a {known} export: it needs no mapping, and nothing was written."
            return f"{what}\nNext: {load}"
        whole = table = max(tables, key=lambda one: one.rows)
        total = find_total(con, whole)
        if total is not None:
            table = without(con, whole, total)
        currency = _workspace_currency(folder)
        look = look_at(con, table, month_first=currency == "USD")
        guess = guess_fact(look, facts, path.name)
        name = _source_name(path, guess)
        target = folder / "sources" / f"{name}.yaml"
        if target.exists():
            raise UsageError(
                "proposal-exists", f"sources/{name}.yaml exists already, and is not overwritten.",
                why=f"it would be the proposal for {path.name}",
                fix=f"edit it, or move it away and run leadline load --propose {shlex.quote(str(path))} again",
            )  # fmt: skip
        own = _own_source(con, folder, tables, facts)
        if own:
            return f"{own} reads {path.name} already: nothing was written.\nNext: {load}"
        draft = Draft(con, table, look, guess, path, name, currency, len(tables) > 1)
        if total is not None:
            numbers = [seen for seen in look.columns if seen.kind in ("integer", "number")]
            draft.leave_out(total, summed(con, whole, total, numbers, look.decimal or table.decimal or "."))
        text = draft.text()
    finally:
        con.close()
    if guess is not None:
        decode_source(text, f"sources/{name}.yaml", facts=facts, name=name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return draft.message()


def _known_as(tables: Sequence[Table]) -> str:
    """The vendor format of the file, in words; empty when it is none."""
    from leadline.ingest.recognise import recognise

    found = recognise(tables, [], vendor_definitions)
    source = found[0][1].definition.source if found else None
    return (source.title or source.name) if source else ""


def _own_source(con: Connection, folder: Path, tables: Sequence[Table], facts: Mapping[str, Fact]) -> str:
    """The definition in the workspace that reads the file already; unfinished ones are passed over."""
    from leadline.ingest.recognise import fit_own
    from leadline.ingest.record import needed_columns

    for path in sorted((folder / "sources").glob("*.y*ml")):
        try:
            definition = decode_source(path.read_text("utf-8"), f"sources/{path.name}", facts=facts, name=path.stem)
            needed = needed_columns(con, definition)
        except DefinitionError:
            continue
        if any(fit_own(definition, tables, at, needed).fits for at in range(len(tables))):
            return definition.file
    return ""


def _workspace_currency(folder: Path) -> str:
    from leadline.project import open_project

    return open_project(folder).settings.currency


def _source_name(path: Path, guess: Guess | None) -> str:
    """A safe name from the file's stem without dates and copies' numbers; the fact's when nothing is left."""
    name = re.sub(r"_+", "_", re.sub(r"(?<![a-z])\d[\d_]*", "", latin_name(stem_of(path)))).strip("_")
    name = name or (guess.fact.name if guess else "table")
    return f"{name}_table" if any(name == one.source.name for one in vendor_definitions()) else name

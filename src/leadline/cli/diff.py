"""`leadline diff`: what a change of definition or a restatement of data does to the numbers."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import opened, split_names, workspace_option

if TYPE_CHECKING:
    from leadline.governance.diff import Diff, Side
    from leadline.governance.restatement import Restatement
    from leadline.workspace import Workspace


@click.command("diff")
@click.argument("sides", nargs=-1, metavar="[OLD [NEW]]")
@click.option("--as-known-at", metavar="A..B", help="Restatement: as known at A and at B (days, times, or `now`).")
@click.option("--metric", "-m", multiple=True, metavar="METRIC", help="Only these; repeat or use commas.")
@click.option("--grain", "-g", default="month", show_default=True, help="day, week, month, quarter, year or none.")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Show where: break down by a dimension.")
@click.option("--period", "-p", metavar="PERIOD", help="Only this time (default: the whole history).")
@click.option("--where", metavar="'EXPR'", help="Only rows that meet a condition, e.g. \"channel = 'Email'\".")
@click.option("--records", type=click.IntRange(0), default=5, show_default=True, help="Records to show of those moved.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    sides: tuple[str, ...],
    as_known_at: str | None,
    metric: tuple[str, ...],
    grain: str,
    by: tuple[str, ...],
    period: str | None,
    where: str | None,
    records: int,
    style: str,
    workspace: str | None,
) -> None:
    """Recompute every metric that means something else since OLD, by both definitions, on the same data.

    OLD and NEW are git revisions of the workspace or folders with one; NEW is the workspace as it is now unless given.
    With --as-known-at instead of OLD the definitions stay and the data differs; with both, each change is told apart.

    \b
    leadline diff HEAD
    leadline diff v1.0 main --metric mql --by channel
    leadline diff ../before . --grain quarter
    leadline diff --as-known-at 2026-06-01..now --metric cpa
    """
    from leadline.governance.diff import Asked, diff_definitions
    from leadline.governance.restatement import both_ways, restate

    if len(sides) == 1 and ".." in sides[0] and not Path(sides[0]).is_dir():
        sides = tuple(part for part in sides[0].replace("...", "..").split("..", 1) if part)
    if len(sides) > 2:
        raise click.UsageError("Two sides are compared: OLD and NEW.")
    if not sides and as_known_at is None:
        raise click.UsageError("Say what to compare with: a revision (HEAD), a folder, or --as-known-at A..now.")
    only, asked = split_names(metric), Asked(grain, tuple(split_names(by)), period, where, records)
    with ExitStack() as stack:
        space = opened(ctx, workspace or _second_folder(sides))
        since, until = _moments(as_known_at, alone=not sides)
        for moment in (since, until):
            # What no metric could be asked by is told once, not for each of them.
            space.ask((), grain=grain, period=period, where=where, as_known_at=moment)
        old, new = _sides(stack, space, sides)
        definitions = data = None
        if sides:
            definitions = diff_definitions(_at(old, until), _at(new, until), asked, only)
        if since is not None:
            names = [one.id for one in definitions.metrics if one.kind == "changed"] if definitions else only
            names = names or _watched(space)
            data = restate(old.space, names, _known(old, since), _known(old, until), asked)
        parts = both_ways(definitions, data) if definitions and data else []
        _tell(style, definitions, data, parts)


def _moments(text: str | None, *, alone: bool) -> tuple[str | None, str | None]:
    """The two moments of knowledge; a lone one is the first, or with two definitions the moment of both."""
    if text is None:
        return None, None
    first, dots, last = text.partition("..")
    if not first or (dots and not last):
        raise click.UsageError("Write two moments as 2026-06-01..now, or 2026-06-01..2026-07-01.")
    if not dots:
        return (first, None) if alone else (None, first)
    return first, None if last.lower() == "now" else last


def _second_folder(sides: tuple[str, ...]) -> str | None:
    """The workspace whose data is asked, where both sides are folders."""
    return sides[1] if len(sides) == 2 and all(_is_workspace(Path(side)) for side in sides) else None


def _is_workspace(folder: Path) -> bool:
    from leadline.project import SETTINGS_FILE

    return (folder / SETTINGS_FILE).is_file()


def _sides(stack: ExitStack, space: Workspace, names: tuple[str, ...]) -> tuple[Side, Side]:
    """Both sides, each over the data of `space`."""
    from leadline.governance.diff import Side

    here = Side("now", space)
    if not names:
        return here, here
    old = _side(stack, space, names[0])
    if len(names) == 1:
        return old, Side(_now(space), space)
    return old, _side(stack, space, names[1])


def _now(space: Workspace) -> str:
    return f"{space.path.name}/ as it is now"


def _side(stack: ExitStack, space: Workspace, name: str) -> Side:
    """A side by the name of a folder or a revision."""
    from leadline.errors import DefinitionError
    from leadline.governance.diff import Side
    from leadline.governance.revision import check_out
    from leadline.governance.twin import twin_of
    from leadline.project import read_project

    folder = Path(name)
    if _is_workspace(folder):
        if folder.resolve() == space.path.resolve():
            return Side(_now(space), space)
        told = name
    else:
        into = stack.enter_context(tempfile.TemporaryDirectory(prefix="leadline-"))
        folder, revision = check_out(space.path, name, Path(into))
        told = revision.name
    try:
        project = read_project(folder)
    except DefinitionError as error:
        raise DefinitionError(error.code, error.what, why=f"at {told}: {error.why}", fix=error.fix) from None
    return Side(told, stack.enter_context(twin_of(project, space)))


def _at(side: Side, moment: str | None) -> Side:
    from msgspec.structs import replace

    return replace(side, as_known_at=moment)


def _known(side: Side, moment: str | None) -> Side:
    """A side of a restatement, called by its moment."""
    from msgspec.structs import replace

    return replace(side, name=f"as known at {moment}" if moment else "as known now", as_known_at=moment)


def _watched(space: Workspace) -> list[str]:
    """What people look at: the metrics of dashboards, and those under contract."""
    from leadline.governance.contract import read_terms

    shown = [kpi for dashboard in space.project.dashboards.values() for kpi in dashboard.kpis]
    agreed = [term.metric for term in read_terms(space.project) if not term.gone]
    return list(dict.fromkeys((*shown, *agreed)))


def _tell(style: str, definitions: Diff | None, data: Restatement | None, parts: list[dict[str, object]]) -> None:
    import sys

    if style == "json":
        from leadline.report.export import encode_json

        told = {"definitions": definitions, "data": data, "parts": parts}
        click.echo(encode_json({name: value for name, value in told.items() if value}))
        return
    from leadline.report.diff_text import render_diff, render_parts, render_restatement
    from leadline.report.table import style_for

    look = style_for(sys.stdout)
    texts = []
    if parts and definitions is not None:
        texts.append(render_parts(definitions, parts, look))
    if definitions is not None:
        texts.append(render_diff(definitions, look))
    if data is not None:
        texts.append(render_restatement(data, look))
    click.echo("\n\n".join(texts))

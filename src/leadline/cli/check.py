"""`leadline check`: are definitions and data sound?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import workspace_option

if TYPE_CHECKING:
    from leadline.workspace import Workspace


@click.command("check")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@workspace_option
@click.pass_context
def command(ctx: click.Context, strict: bool, workspace: str | None) -> None:
    """Check every definition and what the last load of each source found. Ends with 0 only when all is well.

    Useful in a continuous-integration step over the workspace's repository.
    """
    from leadline.ingest.definition import read_definitions
    from leadline.project import find_workspace, read_project
    from leadline.workspace import Workspace

    folder = find_workspace(Path(workspace or ctx.obj or "."))
    project = read_project(folder)
    sources = read_definitions(folder / "sources", project.tables)
    click.echo(
        f"✓ {len(project.metrics)} metrics, {len(sources)} own sources, {len(project.dashboards)} dashboards are sound"
    )
    space = Workspace(project)
    ctx.call_on_close(space.close)
    space.refresh_lookups()
    problems = _problems(space)
    for severity, text in problems:
        click.echo(f"{'✗' if severity == 'error' else '!'} {text}")
    failing = [text for severity, text in problems if severity == "error" or strict]
    if failing:
        ctx.exit(4)
    click.echo(f"✓ data: {len(space.states())} facts have rows" + (", with the warnings above" if problems else ""))


def _problems(space: Workspace) -> list[tuple[str, str]]:
    """What the newest load of each source left open, and rows in quarantine."""
    con = space.warehouse().ledger()
    rows = con.execute(
        "WITH newest AS (SELECT source, max(id) AS id FROM ledger.load GROUP BY source) "
        "SELECT f.severity, l.source, f.file, f.line, f.what, f.rule FROM ledger.finding f "
        "JOIN newest n ON n.id = f.load JOIN ledger.load l ON l.id = f.load WHERE f.severity <> 'note' "
        "ORDER BY 1, 2, 3, 4"
    ).fetchall()
    found = [
        (severity, f"{source}: {file}{f':{line}' if line else ''} {what} [{rule}]")
        for severity, source, file, line, what, rule in rows
    ]
    for source, count in con.execute(
        "SELECT l.source, count(*) FROM ledger.quarantine q JOIN ledger.load l ON l.id = q.load GROUP BY 1 ORDER BY 1"
    ).fetchall():
        found.append(("warning", f"{source}: {count} rows in quarantine (`leadline sources {source} --quarantine`)"))
    return found

"""`leadline check`: are definitions, agreements and data sound?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import workspace_option
from leadline.errors import EXIT_DATA, EXIT_DEFINITION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadline.governance.audit import Concern
    from leadline.workspace import Workspace


@click.command("check")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--format",
    "-f",
    "style",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="`github` writes annotations for a workflow's log.",
)
@workspace_option
@click.pass_context
def command(ctx: click.Context, strict: bool, style: str, workspace: str | None) -> None:
    """Check every definition, example, sign-off, goal, promise and annotation, and what the last loads found.

    Ends with 0 only when all is well, with 3 when a definition is wrong, contradicts its examples or is not what the
    teams agreed to, with 4 when data needs a look. Useful as a step of continuous integration over the workspace's
    repository, where it runs without any data too.

    \b
    leadline check
    leadline check --strict --format github
    """
    from leadline.governance.audit import contract_concerns, example_concerns, text_concerns
    from leadline.governance.contract import own_sources, read_terms
    from leadline.governance.example import read_examples, run_examples
    from leadline.project import find_workspace, read_project
    from leadline.workspace import Workspace

    folder = find_workspace(Path(workspace or ctx.obj or "."))
    project = read_project(folder)
    sources, terms = own_sources(project), read_terms(project)
    outcomes = run_examples(project, read_examples(folder))
    passed = [
        f"{len(project.metrics)} metrics, {len(sources)} own sources, {len(project.dashboards)} dashboards are sound"
    ]
    concerns = example_concerns(outcomes)
    if outcomes and not concerns:
        passed.append(f"golden examples: {len(outcomes)} give what they must")
    unsettled = contract_concerns(terms)
    if terms and not unsettled:
        passed.append(f"contracts: all teams agree to what {len(terms)} definitions mean")
    concerns += unsettled
    space = Workspace(project)
    ctx.call_on_close(space.close)
    unread, sound = text_concerns(project, space.today)
    if sound:
        passed.append(f"{sound} are sound")
    concerns += unread
    agreed = not any(concern.severity == "error" or strict for concern in concerns)
    facts = 0
    # A checkout of the definitions alone has no warehouse, and making one would change the folder that is checked.
    if not unread and (not _is_local(space) or (folder / space.settings.warehouse).exists()):
        space.refresh_lookups()
        concerns += _data(space)
        facts = len(space.states())
    _tell(style, passed, concerns, facts)
    if not agreed:
        ctx.exit(EXIT_DEFINITION)
    if any(concern.severity == "error" or strict for concern in concerns):
        ctx.exit(EXIT_DATA)


def _is_local(space: Workspace) -> bool:
    from leadline.engines.address import is_address

    return not is_address(space.settings.warehouse)


def _tell(style: str, passed: Sequence[str], concerns: Sequence[Concern], facts: int) -> None:
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json({"passed": passed, "concerns": list(concerns), "facts": facts}))
        return
    if style == "github":
        for one in concerns:
            file, _, line = one.place.rpartition(":")
            where = f"file={_value(file or one.place)}" + (f",line={line}" if file and line.isdigit() else "")
            click.echo(f"::{one.severity} {where if one.place else ''}::{_value(one.what)}".replace(" ::", "::"))
        return
    for text in passed:
        click.echo(f"✓ {text}")
    for one in concerns:
        sign = "✗" if one.severity == "error" else "!"
        place = f" ({one.place})" if one.place and one.kind != "data" else ""
        click.echo(f"{sign} {one.what}{place}")
    if not any(one.severity == "error" for one in concerns):
        data = f"{facts} facts have rows" if facts else "nothing is loaded here"
        click.echo(f"✓ data: {data}" + (", with the warnings above" if concerns else ""))


def _value(text: str) -> str:
    """A text as a workflow command takes it: on one line, with its own signs written out."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _data(space: Workspace) -> list[Concern]:
    """What the newest load of each source left open, and rows in quarantine."""
    from leadline.governance.audit import Concern

    con = space.warehouse().ledger()
    rows = con.execute(
        "WITH newest AS (SELECT source, max(id) AS id FROM ledger.load GROUP BY source) "
        "SELECT f.severity, l.source, f.file, f.line, f.what, f.rule FROM ledger.finding f "
        "JOIN newest n ON n.id = f.load JOIN ledger.load l ON l.id = f.load WHERE f.severity <> 'note' "
        "ORDER BY 1, 2, 3, 4"
    ).fetchall()
    found = [
        Concern(severity, "data", file, f"{source}: {file}{f':{line}' if line else ''} {what} [{rule}]")
        for severity, source, file, line, what, rule in rows
    ]
    for source, count in con.execute(
        "SELECT l.source, count(*) FROM ledger.quarantine q JOIN ledger.load l ON l.id = q.load GROUP BY 1 ORDER BY 1"
    ).fetchall():
        what = f"{source}: {count} rows in quarantine (`leadline sources {source} --quarantine`)"
        found.append(Concern("warning", "data", "", what))
    return found

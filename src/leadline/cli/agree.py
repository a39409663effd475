"""`leadline agree`: teams sign what a number means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from leadline.cli.common import opened, workspace_option

if TYPE_CHECKING:
    from leadline.governance.contract import Term
    from leadline.project import Project
    from leadline.workspace import Workspace


@click.command("agree")
@click.argument("metric", required=False)
@click.option("--as", "team", metavar="TEAM", help="The team that signs: one of `teams` in leadline.yaml.")
@click.option("--by", metavar="NAME", help="Who signs for it (default: git's user.name, else your login).")
@click.option("--note", metavar="TEXT", default="", help="What to remember of it.")
@click.option("--withdraw", is_flag=True, help="The team no longer agrees.")
@click.option("--status", is_flag=True, help="Only show who agreed to what.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metric: str | None,
    team: str | None,
    by: str | None,
    note: str,
    withdraw: bool,
    status: bool,
    style: str,
    workspace: str | None,
) -> None:
    """Sign what METRIC means today, for a team; without --as, show who agreed to what.

    The sign-off goes into agreements/METRIC.yaml, tied to the meaning: formula and all it stands on, unit, settings.
    When that changes, the sign-off is stale, and `leadline check` fails until the teams have agreed again.

    \b
    leadline agree mql --as sales --note "as discussed on Monday"
    leadline agree --status
    leadline agree mql --as sales --withdraw
    """
    from leadline.governance.contract import read_terms, sign

    space = opened(ctx, workspace)
    if team is None or status:
        if withdraw or by or note:
            raise click.UsageError("Say which team signs with --as TEAM.")
        _show(space, metric, read_terms(space.project), style)
        return
    if metric is None:
        raise click.UsageError("Name the METRIC that is signed.")
    if not withdraw:
        _prove(space.project, metric)
    term = sign(space.project, metric, team, space.today, by=by or _signer(space), note=note, withdraw=withdraw)
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(term))
        return
    did = "no longer agrees" if withdraw else "agreed"
    click.echo(f"✓ {team} {did} to {term.metric}, version {term.version}, meaning {term.meaning}")
    for one in term.standings:
        if one.state != "agreed" and one.team != team:
            click.echo(f"! {one.team} {_waiting(one.state)}")


def _prove(project: Project, metric: str) -> None:
    """Nobody signs a definition that contradicts its own examples."""
    from leadline.errors import RefusedError
    from leadline.governance.example import read_examples, run_examples

    examples = [golden for golden in read_examples(project.folder) if golden.metric == metric]
    for outcome in run_examples(project, examples):
        if outcome.problem:
            raise RefusedError(
                "example-fails",
                f"{metric} contradicts its own golden example.",
                why=f"{outcome.golden.place}: {outcome.problem}",
                fix="mend the formula or the example, then sign",
            )


def _signer(space: Workspace) -> str:
    """Who signs: as git knows the user, else the login."""
    import getpass

    from leadline.governance.revision import git_user

    return git_user(space.path) or getpass.getuser()


def _waiting(state: str) -> str:
    return {
        "missing": "has not signed yet",
        "stale": "agreed to another meaning and has to look again",
        "withdrawn": "withdrew its agreement",
    }[state]


def _show(space: Workspace, metric: str | None, terms: tuple[Term, ...], style: str) -> None:
    import sys

    from leadline.report.agreement_text import render_terms
    from leadline.report.export import encode_json
    from leadline.report.table import style_for

    if metric is not None:
        from leadline.errors import unknown

        if metric not in space.metrics and metric not in [term.metric for term in terms]:
            raise unknown("metric", metric, space.metrics, fix="list them with `leadline metrics`")
        terms = tuple(term for term in terms if term.metric == metric)
    click.echo(encode_json(list(terms)) if style == "json" else render_terms(terms, style_for(sys.stdout)))

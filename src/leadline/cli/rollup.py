"""`leadline rollup`: facts kept counted up by day."""

from __future__ import annotations

import click

from leadline.cli.common import opened, workspace_option


@click.command("rollup")
@click.option("--dry-run", "-n", is_flag=True, help="Only say how each roll-up stands.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(ctx: click.Context, dry_run: bool, style: str, workspace: str | None) -> None:
    """Make the roll-ups that `leadline.yaml` asks for, and show what each saves.

    A roll-up is a fact counted up by day and some dimensions. Questions that need no more than that are answered from
    it, with the same numbers; all others from the fact. Loads renew it by themselves.

    \b
    leadline rollup
    leadline rollup --dry-run
    """
    from leadline.cli.sources import show_rows
    from leadline.errors import RefusedError
    from leadline.warehouse.rollup import kept_rollups

    space = opened(ctx, workspace)
    if not space.warehouse().keeps_rollups:
        raise RefusedError(
            "no-rollups",
            "Roll-ups are kept in a DuckDB warehouse only.",
            why="this workspace keeps its data in another engine",
            fix="use a materialized view of that engine",
        )
    if not dry_run:
        space.renew_rollups(lambda fact: click.echo(f"Counting up {fact} …", err=True))
    kept = kept_rollups(space.warehouse().con, space.declared_rollups(), space.states())
    rows: list[dict[str, object]] = [
        {
            "fact": one.rollup.fact,
            "dimensions": ", ".join(one.rollup.dimensions),
            "rows": one.rows,
            "rows kept": one.kept,
            "state": "up to date" if one.fresh else "not made" if one.kept is None else "behind",
        }
        for one in kept
    ]
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(rows))
    elif rows:
        show_rows(rows)
    else:
        click.echo("leadline.yaml asks for none. An example: `rollups: {session: [channel, campaign]}`")

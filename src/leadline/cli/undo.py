"""`leadline undo`: take a load back."""

from __future__ import annotations

import click

from leadline.cli.common import opened, workspace_option


@click.command("undo")
@click.argument("loads", nargs=-1, type=int, metavar="[LOAD]...")
@click.option("--source", "-s", metavar="NAME", help="Take back everything this source delivered.")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would happen.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context, loads: tuple[int, ...], source: str | None, dry_run: bool, yes: bool, workspace: str | None
) -> None:
    """Take LOADs back, or the last one: their rows go to history, the rows they replaced return.

    Figures as known before stay as they were, and the files can be loaded again. `leadline sources NAME` lists loads.

    \b
    leadline undo
    leadline undo 12 13
    leadline undo --source ga4_report
    """
    from leadline.errors import UsageError
    from leadline.warehouse.undo import describe_load, last_load, loads_of_source, undo_load

    if loads and source:
        raise click.UsageError("Name loads or a --source, not both.")
    space = opened(ctx, workspace)
    warehouse = space.warehouse(write=not dry_run)
    chosen = sorted(loads, reverse=True) if loads else loads_of_source(warehouse, source) if source else []
    if not chosen:
        last = last_load(warehouse)
        if last is None:
            raise UsageError(
                "nothing-to-undo", "Nothing has been loaded yet.", fix="load a file with `leadline load FILE`"
            )
        chosen = [last]
    for load in chosen:
        about = describe_load(warehouse, load)
        click.echo(f"Load {load} of {about.source}: {about.origin}")
        for fact, gone in about.gone.items():
            back = about.restored[fact]
            click.echo(f"    {fact}: {gone:,} rows go" + (f", up to {back:,} come back" if back else ""))
    if dry_run:
        return
    if not yes:
        click.confirm(f"Take {'it' if len(chosen) == 1 else f'these {len(chosen)} loads'} back?", abort=True)
    for load in chosen:
        undo_load(warehouse, load)
    if space.settings.rollups:
        space.renew_rollups()
    click.echo("Done. Figures as known before are still there with --as-known-at.")

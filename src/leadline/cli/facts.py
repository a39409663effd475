"""`leadline facts`: the tables that everything is measured from."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.cli.common import opened, workspace_option


@click.command("facts")
@click.argument("names", nargs=-1, metavar="[FACT]...")
@click.option(
    "--format", "-f", "style", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True
)
@workspace_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], style: str, workspace: str | None) -> None:
    """List facts, or the columns of each FACT with type, unit and meaning.

    \b
    leadline facts
    leadline facts deal stage_entry
    """
    import msgspec

    from leadline.errors import UsageError, unknown
    from leadline.model.facts import FACTS
    from leadline.project import find_workspace
    from leadline.report.facts import facts_markdown, facts_text

    facts = dict(FACTS)
    rows: dict[str, int] = {}
    try:
        find_workspace(Path(workspace or ctx.obj or "."))
    except UsageError:
        if workspace or ctx.obj:
            raise
    else:
        space = opened(ctx, workspace)
        facts = dict(space.facts)
        rows = {name: state.rows for name, state in space.states().items()}
    for name in names:
        if name not in facts:
            raise unknown("fact", name, facts)
    chosen = [facts[name] for name in names] if names else list(facts.values())
    if style == "json":
        click.echo(msgspec.json.encode(chosen).decode())
    elif style == "markdown":
        click.echo(facts_markdown(chosen), nl=False)
    else:
        click.echo(facts_text(chosen, rows, columns=bool(names)), nl=False)

"""`leadline sources`: who delivered what, and how far it reaches."""

from __future__ import annotations

import click

from leadline.cli.common import opened, workspace_option


@click.command("sources")
@click.argument("source", required=False, metavar="[SOURCE]")
@click.option("--findings", is_flag=True, help="List what loads found, newest first.")
@click.option("--quarantine", is_flag=True, help="List rejected rows with their reasons.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str | None,
    findings: bool,
    quarantine: bool,
    style: str,
    limit: int,
    workspace: str | None,
) -> None:
    """List sources with rows and coverage; one SOURCE with its loads.

    \b
    leadline sources
    leadline sources google_ads --findings
    leadline sources --quarantine
    """
    from leadline.warehouse.ledger import coverage, findings_of, loads_of, quarantined

    space = opened(ctx, workspace)
    con = space.warehouse().ledger()
    if findings:
        rows = findings_of(con, source, limit)
    elif quarantine:
        rows = quarantined(con, source, limit)
    elif source:
        rows = loads_of(con, source, limit)
    else:
        rows = coverage(con)
        reach = {(state.source, fact): state for fact, known in space.states().items() for state in known.sources}
        for row in rows:
            state = reach[row["source"], row["fact"]]
            row |= {"from": state.first and state.first.date(), "through": state.through and state.through.date()}
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(rows))
        return
    if not rows:
        click.echo("Nothing here yet. `leadline load FILE` brings the first data.")
        return
    show_rows(rows)


def show_rows(rows: list[dict[str, object]]) -> None:
    """Rows as aligned columns; the last column takes what it needs."""
    names = list(rows[0])
    lines = [[name.replace("_", " ") for name in names], *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    for number, line in enumerate(lines):
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        click.secho(text, bold=number == 0)


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""`leadline sla`: promises between marketing and sales."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, workspace_option

_PERIOD = "2026-06, last-month, 2026-Q2."


@click.group("sla", invoke_without_command=True)
@click.option("--period", "-p", metavar="PERIOD", default="this-month", show_default=True, help=_PERIOD)
@click.option("--team", metavar="TEAM", default="", help="Only the promises of one team.")
@click.option(
    "--breaches", type=click.IntRange(0), default=10, show_default=True, metavar="N", help="How many to list."
)
@click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31).")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    period: str,
    team: str,
    breaches: int,
    as_known_at: str | None,
    style: str,
    workspace: str | None,
) -> None:
    """Show which promises of sla/ were kept, breached or are open, and each breach with owner and record.

    A promise about a lead belongs to the period in which it is due.

    \b
    leadline sla
    leadline sla --period 2026-06 --team sales --breaches 20
    leadline sla dispute p_32b32cfa81938280 --promise first_touch --reason "met at the fair" --by sales
    leadline sla statement 2026-06
    leadline sla sign 2026-06 --as sales
    """
    ctx.obj = workspace or ctx.obj
    if ctx.invoked_subcommand is not None:
        return
    from leadline.governance.sla import measure_sla

    ledger = measure_sla(opened(ctx, workspace), period, team=team, as_known_at=as_known_at)
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(ledger))
        return
    from leadline.report.sla_text import render_ledger
    from leadline.report.table import style_for

    click.echo(render_ledger(ledger, style_for(sys.stdout), worst=breaches))


@command.command("dispute")
@click.argument("record")
@click.option("--reason", required=True, metavar="TEXT", help="Why the breach should not count.")
@click.option("--by", required=True, metavar="TEAM", help="The team that says so.")
@click.option("--promise", default="", metavar="NAME", help="Which promise, when several are breached.")
@workspace_option
@click.pass_context
def dispute(ctx: click.Context, record: str, reason: str, by: str, promise: str, workspace: str | None) -> None:
    """Write into sla/disputes.csv that the breach of a RECORD is disputed.

    No figure changes until somebody writes `upheld` into the column `outcome` there.

    \b
    leadline sla dispute p_32b32cfa81938280 --promise first_touch --reason "met at the fair" --by sales
    """
    from leadline.governance.dispute import FILE, raise_dispute
    from leadline.governance.sla import measure_sla

    space = opened(ctx, workspace)
    ledger = measure_sla(space, None)
    found = raise_dispute(
        space.path, ledger.items, record, reason=reason, by=by, teams=ledger.teams, on=space.today, promise=promise
    )
    click.echo(f"{by} disputes {found.promise} of {record}: {found.reason}. Written to {FILE}.")


@command.command("statement")
@click.argument("period")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@click.option("--format", "-f", "style", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@workspace_option
@click.pass_context
def statement(ctx: click.Context, period: str, output: Path | None, style: str, workspace: str | None) -> None:
    """Write the statement of a PERIOD: promises, breaches, disputes, and who has signed it.

    \b
    leadline sla statement 2026-06
    leadline sla statement 2026-06 -o statement.md
    """
    from leadline.governance.statement import make_statement

    made = make_statement(opened(ctx, workspace), period)
    if style == "json":
        from leadline.report.export import encode_json

        text = encode_json(made)
    else:
        from leadline.report.sla_text import render_statement

        text = render_statement(made)
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8", newline="\n")
        click.echo(f"Wrote {output}.")


@command.command("sign")
@click.argument("period")
@click.option("--as", "team", required=True, metavar="TEAM", help="The team you sign for.")
@click.option("--by", default="", metavar="NAME", help="Who signs.")
@workspace_option
@click.pass_context
def sign(ctx: click.Context, period: str, team: str, by: str, workspace: str | None) -> None:
    """Sign the statement of a PERIOD for a team; the signature goes stale when any of its figures changes.

    \b
    leadline sla sign 2026-06 --as sales --by "Amara Okafor"
    """
    from leadline.governance.statement import FILE
    from leadline.governance.statement import sign as put

    made = put(opened(ctx, workspace), period, team, by)
    rest = f"Still to sign: {', '.join(made.missing)}." if made.missing else "Both sides have signed."
    click.echo(f"{team} signed statement {made.hash} of {period}, kept in {FILE}. {rest}")

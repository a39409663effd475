"""`leadline sessions`: visits made of single page views."""

from __future__ import annotations

import sys

import click

from leadline.cli.common import opened, workspace_option


@click.command("sessions")
@click.option(
    "--preset",
    type=click.Choice(["ga4", "ua", "matomo"]),
    default="ga4",
    show_default=True,
    help="The tool by whose rule events are divided into visits, and visits called engaged or bounced.",
)
@click.option("--of", default="page_view", show_default=True, metavar="EVENT", help="The events visits are made of.")
@click.option("--keys", default="", metavar="EVENT", help="Events that make a visit engaged, such as order.")
@click.option("--by", "-b", default="", metavar="DIM", help="Break down by a property of a visit's first event.")
@click.option("--period", "-p", metavar="PERIOD", help="Visits that begin in 2026-05, last-28-days, … Default: all.")
@click.option("--where", metavar="'EXPR'", help="Only people of a segment, e.g. segment.big_buyers.")
@click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31).")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    preset: str,
    of: str,
    keys: str,
    by: str,
    period: str | None,
    where: str | None,
    as_known_at: str | None,
    style: str,
    workspace: str | None,
) -> None:
    """Count visits from single page views: engaged, bounced, pages, time on page, new and returning people.

    Reports that bring sessions already counted are asked with `leadline query sessions`.

    \b
    leadline sessions --period 2026-05
    leadline sessions --by page --preset ua
    leadline sessions --by content_type --preset matomo --format json
    """
    space = opened(ctx, workspace)
    answer = space.sessions(preset, of=of, keys=keys, by=by, period=period, where=where, as_known_at=as_known_at)
    if style == "json":
        from leadline.report.export import encode_json

        data = {"rows": answer.to_dicts(), "all": answer.all, "provenance": answer.provenance}
        click.echo(encode_json(data))
        return
    from leadline.report.cohort_text import render_sessions
    from leadline.report.table import style_for

    click.echo(render_sessions(answer, style_for(sys.stdout)))

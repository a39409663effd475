"""`leadline event`: from invitation to revenue."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, workspace_option


@click.command("event")
@click.argument("event", default="", metavar="[NAME OR ID]")
@click.option("--period", "-p", metavar="PERIOD", help="Events that began in this time (2026, 2026-H1, last-90-days).")
@click.option(
    "--within",
    type=click.FloatRange(0, min_open=True),
    metavar="DAYS",
    help="Days after an event in which deals of its attendees count. Default: the workspace's lookback.",
)
@click.option("--currency", metavar="CODE", help="Convert amounts (EUR); `original` leaves them as they are.")
@click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31).")
@click.option("--people", metavar="STEP", default="", help="List the persons behind a step: attended, lead, revenue, …")
@click.option("--reveal", is_flag=True, help="Show e-mail addresses, where leadline.yaml allows it.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the process drawn.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    event: str,
    period: str | None,
    within: float | None,
    currency: str | None,
    as_known_at: str | None,
    people: str,
    reveal: bool,
    style: str,
    svg: Path | None,
    workspace: str | None,
) -> None:
    """Follow events and webinars: invited, reminded, opened, registered, attended, engaged, lead, pipeline, revenue.

    Without a name all events, one row each and a total. Four questions are answered: who registered, who really
    attended, who looked at the reminders, and what the event contributed to revenue growth.

    \b
    leadline event
    leadline event "Budget season clinic"
    leadline event "A funnel both teams believe" --period 2026 --people pipeline
    """
    space = opened(ctx, workspace)
    answer = space.event(
        event,
        period=period,
        within=within,
        as_known_at=as_known_at,
        currency=currency,
        people=people,
        reveal=reveal,
    )
    if svg is not None:
        svg.write_text(answer.svg(), encoding="utf-8")
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(answer.as_data()))
        return
    from leadline.report.event_text import render_events
    from leadline.report.table import style_for

    click.echo(render_events(answer, style_for(sys.stdout)))

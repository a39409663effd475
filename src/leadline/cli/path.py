"""`leadline path`: the commonest ways to an event, or from one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import level_option, opened, workspace_option

if TYPE_CHECKING:
    from leadline.model.level import Level


@click.command("path")
@click.option("--to", metavar="EVENT", default="", help="Ways that lead to this event.")
@click.option("--from", "start", metavar="EVENT", default="", help="Ways that begin at this event.")
@click.option(
    "--nodes", metavar="EVENTS", default="", help="Only through these: 'touch or page_view'. Default: all events."
)
@click.option(
    "--by", "-b", metavar="PROPERTY", default="", help="Places are values of channel, page, …; default: event names."
)
@click.option("--length", type=click.IntRange(1, 32), default=5, show_default=True, help="Places of a way at most.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="How many ways to show.")
@click.option("--window", metavar="SPAN", default="none", show_default=True, help="How far from the event: '30 days'.")
@click.option("--no-collapse", is_flag=True, help="Neighbours of the same value stay apart.")
@click.option("--where", metavar="SEGMENTS", help="Only people of these: 'segment.vips and not segment.staff'.")
@level_option
@click.option("--period", "-p", metavar="PERIOD", help="When the event happens.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the picture too.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    to: str,
    start: str,
    nodes: str,
    by: str,
    length: int,
    top: int,
    window: str,
    no_collapse: bool,
    where: str | None,
    level: Level,
    period: str | None,
    svg: Path | None,
    style: str,
    workspace: str | None,
) -> None:
    """Show the commonest ways to an event, or from one, with how often they were gone and what they were worth.

    \b
    leadline path --to deal/won --nodes touch --by channel
    leadline path --to mql --nodes "touch or sales_touch" --window "30 days" --period 2026
    leadline path --from product_event/signup --length 3
    leadline path --to deal/won --nodes touch --by channel --level account
    """
    from leadline.cli.funnel import show, tell

    space = opened(ctx, workspace)
    answer = space.paths(
        to=to,
        start=start,
        nodes=nodes,
        by=by,
        length=length,
        top=top,
        window=window,
        collapse=not no_collapse,
        period=period,
        where=where,
        level=level,
        tell=tell,
    )
    if svg is not None:
        svg.write_text(answer.svg(standalone=True), encoding="utf-8")
    show(answer, style)

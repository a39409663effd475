"""`leadline pace`: goals, every day of their period."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, split_names, workspace_option


@click.command("pace")
@click.argument("metrics", nargs=-1, metavar="[METRIC]...")
@click.option(
    "--period", "-p", metavar="PERIOD", help="2026-07, 2026-Q3, this-quarter. Default: every goal running yesterday."
)
@click.option("--where", metavar="'EXPR'", help="Only the goals of one segment: \"owner = 'Amara Okafor'\".")
@click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31).")
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the pace curve of one goal."
)
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metrics: tuple[str, ...],
    period: str | None,
    where: str | None,
    as_known_at: str | None,
    svg: Path | None,
    style: str,
    workspace: str | None,
) -> None:
    """Hold goals against what is due by now, with the pipeline beside goals of won revenue.

    Due is the part of the goal that the season of past years, its working days or even days ask for by the last day
    that all sources know. A goal of a longer period is split, goals of shorter ones are added up.

    \b
    leadline pace
    leadline pace mql won_revenue --period 2026-07
    leadline pace won_revenue --period 2026-Q2 --format json
    leadline pace mql --period 2026-06 --svg mql.svg
    """
    from leadline.errors import UsageError
    from leadline.governance.drawing import pace_svg
    from leadline.governance.pace import measure_pace
    from leadline.governance.quota import measure_pipeline

    space = opened(ctx, workspace)
    paces = measure_pace(space, split_names(metrics), period=period, where=where, as_known_at=as_known_at)
    pipeline = measure_pipeline(space, paces)
    if svg is not None:
        drawn = [pace for pace in paces.paces if not pace.goal.segment] or list(paces.paces)
        if len(drawn) != 1:
            raise UsageError(
                "one-goal",
                f"A pace curve is of one goal, and these are {len(drawn)}.",
                fix="name one metric and its period",
            )
        text = pace_svg(drawn[0], standalone=True)
        if not text:
            raise UsageError(
                "no-curve",
                f"The goal of {drawn[0].goal.metric} has no curve.",
                why=drawn[0].note,
                fix="see it without --svg",
            )
        svg.write_text(text, encoding="utf-8")
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json({"paces": paces, "pipeline": pipeline}))
        return
    from leadline.report.pace_text import render_paces
    from leadline.report.table import style_for

    click.echo(render_paces(paces, pipeline, style_for(sys.stdout)))
    if svg is not None:
        click.echo(f"Wrote {svg}.", err=True)

"""`leadline chart`: charts of the report as files."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.cli.common import language_option, opened, query_options, split_names, workspace_option


@click.command("chart")
@click.argument("metrics", nargs=-1, required=True, metavar="METRIC...")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Break down by a dimension; repeat or use commas.")
@click.option("--grain", "-g", default="none", show_default=True, help="day, week, month, quarter, year or none.")
@query_options
@click.option("--compare", "-c", metavar="WITH", help="previous (like period) or year (before), drawn behind.")
@click.option(
    "--width", type=click.IntRange(240, 2000), default=720, show_default=True, help="In units; PNG has twice."
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("chart.svg"),
    show_default=True,
    help="SVG or PNG, by its ending.",
)
@language_option
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    grain: str,
    period: str | None,
    where: str | None,
    currency: str | None,
    as_known_at: str | None,
    compare: str | None,
    width: int,
    output: Path,
    language: str | None,
    workspace: str | None,
) -> None:
    """Draw METRICs as one SVG or PNG: lines over time, bars over a dimension, one below the other.

    \b
    leadline chart sessions --grain month --by channel -o sessions.svg
    leadline chart revenue mrr --grain month --compare year --period last-12-months -o money.png
    leadline chart leads --by channel --period last-3-months --language ar -o leads.png
    """
    from leadline.language.read import workspace_language
    from leadline.report.picture import charts_of, write_picture
    from leadline.report.translate import translated_result

    space = opened(ctx, workspace)
    spoken = workspace_language(space, language)
    result = space.query(
        split_names(metrics),
        by=split_names(by),
        grain=grain,
        period=period,
        where=where,
        compare=split_names((compare,)) if compare else (),
        as_known_at=as_known_at,
        currency=currency,
    )
    drawings = charts_of(translated_result(result, spoken, space.metrics), spoken, width=width)
    write_picture(output, drawings, spoken)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1024:,.0f} KB).", err=True)

"""`leadline query`: measure."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, query_options, split_names, workspace_option


@click.command("query")
@click.argument("metrics", nargs=-1, required=True, metavar="METRIC...")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Break down by a dimension; repeat or use commas.")
@click.option("--grain", "-g", default="none", show_default=True, help="day, week, month, quarter, year or none.")
@query_options
@click.option("--compare", "-c", multiple=True, metavar="WITH", help="previous (like period), year (before), or both.")
@click.option("--sort", metavar="COLUMN", help="Order rows by a column, largest first; -COLUMN for smallest first.")
@click.option("--limit", type=click.IntRange(1), help="Show at most this many rows.")
@click.option(
    "--format",
    "-f",
    "style",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    grain: str,
    period: str | None,
    where: str | None,
    as_known_at: str | None,
    compare: tuple[str, ...],
    sort: str | None,
    limit: int | None,
    style: str,
    output: Path | None,
    workspace: str | None,
) -> None:
    """Measure METRICs. Rates are ratios of sums; what has no right answer is refused with the reason.

    \b
    leadline query ad_spend ad_clicks cpc --by channel --period last-3-months
    leadline query mrr --grain month --compare previous,year
    leadline query leads --by campaign --sort leads --limit 10
    leadline query revenue --period 2026-Q1 --as-known-at 2026-04-02 --format json
    """
    result = opened(ctx, workspace).query(
        split_names(metrics),
        by=split_names(by),
        grain=grain,
        period=period,
        where=where,
        compare=split_names(compare),
        as_known_at=as_known_at,
    )
    if sort:
        result = result.sorted_by(sort)
    if limit and style != "table":
        result = result.limited(limit)
    if style == "table" and output is None:
        from leadline.report.table import render_table, style_for

        click.echo(render_table(result, style_for(sys.stdout), limit=limit or 0))
        _explain_gaps(result.provenance)
        return
    from leadline.report.export import to_csv, to_json, write_parquet

    if style == "parquet":
        if output is None:
            raise click.UsageError("Parquet is not text: name a file with --output FILE.")
        write_parquet(result, output)
        return
    if style == "table":
        from leadline.report.table import render_table as drawn

        text = drawn(result, limit=limit or 0) + "\n"
    else:
        text = to_csv(result) if style == "csv" else to_json(result) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")


def _explain_gaps(provenance: dict[str, object]) -> None:
    """Say why numbers are missing, where nothing was ever loaded for them."""
    empty = provenance.get("without_data")
    if isinstance(empty, list) and empty:
        click.echo(
            f"No rows yet in {', '.join(empty)}: load a source that delivers them (see `leadline sources`).", err=True
        )

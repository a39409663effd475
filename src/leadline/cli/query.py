"""`leadline query`: measure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.cli.common import language_option, opened, query_options, split_names, workspace_option
from leadline.model.tree import CREDIT_MODELS

if TYPE_CHECKING:
    from leadline.plan.result import Result

_NOTED = 4
"""Values named with a note on them."""


@click.command("query")
@click.argument("metrics", nargs=-1, required=True, metavar="METRIC...")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Break down by a dimension; repeat or use commas.")
@click.option("--grain", "-g", default="none", show_default=True, help="day, week, month, quarter, year or none.")
@query_options
@click.option("--compare", "-c", multiple=True, metavar="WITH", help="previous (like period), year (before), or both.")
@click.option("--total", is_flag=True, help="Add totals, counted from the records again, never summed from rows.")
@click.option(
    "--attribution",
    type=click.Choice(CREDIT_MODELS),
    help="Model for credited() amounts. Default: the workspace's.",
)
@click.option("--lookback", type=click.FloatRange(0, min_open=True), metavar="DAYS", help="Days of touches credited.")
@click.option("--definition", metavar="DAY", help="Measure all periods by the definitions of a day, or the `newest`.")
@click.option("--sql", is_flag=True, help="Print the statements instead of running them.")
@click.option("--sort", metavar="COLUMN", help="Order rows by a column, largest first; -COLUMN for smallest first.")
@click.option("--limit", type=click.IntRange(1), help="Show at most this many rows.")
@click.option(
    "--format",
    "-f",
    "style",
    type=click.Choice(["table", "csv", "json", "parquet", "xlsx"]),
    default="table",
    show_default=True,
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
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
    compare: tuple[str, ...],
    total: bool,
    attribution: str | None,
    lookback: float | None,
    definition: str | None,
    sql: bool,
    sort: str | None,
    limit: int | None,
    style: str,
    output: Path | None,
    language: str | None,
    workspace: str | None,
) -> None:
    """Measure METRICs. Rates are ratios of sums; what has no right answer is refused with the reason.

    \b
    leadline query ad_spend ad_clicks cpc --by channel --period last-3-months
    leadline query mrr --grain month --compare previous,year
    leadline query revenue aov --by channel --grain month --total
    leadline query marketing_revenue --by channel --attribution linear --lookback 30
    leadline query leads --by campaign --sort leads --limit 10
    leadline query revenue leads --by channel --grain month --format xlsx -o channels.xlsx
    leadline query revenue --period 2026-Q1 --as-known-at 2026-04-02 --format json
    leadline query revenue --by region --currency EUR
    """
    space = opened(ctx, workspace)
    asked: dict[str, Any] = {
        "by": split_names(by),
        "grain": grain,
        "period": period,
        "where": where,
        "compare": split_names(compare),
        "as_known_at": as_known_at,
        "currency": currency,
        "attribution": attribution,
        "lookback": lookback,
        "definition": definition,
    }
    if sql:
        plan = space.compile(space.ask(split_names(metrics), **asked))
        click.echo("\n\n".join(f"{statement};" for statement in space.statements(plan)))
        return
    result = space.query(split_names(metrics), **asked, total=total)
    if sort:
        result = result.sorted_by(sort)
    if limit and style != "table":
        result = result.limited(limit)
    if style == "table":
        from leadline.language.read import workspace_language
        from leadline.report.table import render_table, style_for
        from leadline.report.translate import translated_result

        spoken = workspace_language(space, language)
        result = translated_result(result, spoken, space.metrics)
    if style == "table" and output is None:
        click.echo(render_table(result, style_for(sys.stdout), language=spoken, limit=limit or 0))
        _explain_gaps(result.provenance)
        _explain_rates(result.provenance)
        return
    if style == "xlsx":
        from leadline.language.read import workspace_language
        from leadline.report.excel import write_excel
        from leadline.report.translate import translated_result

        if output is None:
            raise click.UsageError("A workbook is not text: name a file with --output FILE.")
        spoken = workspace_language(space, language)
        write_excel(translated_result(result, spoken, space.metrics), output, language=spoken)
        return
    from leadline.report.export import to_csv, to_json, write_parquet

    if style == "parquet":
        if output is None:
            raise click.UsageError("Parquet is not text: name a file with --output FILE.")
        write_parquet(result, output)
        _explain_marks(result)
        if result.totals:
            click.echo("Parquet holds the rows only: totals are in the table, CSV and JSON.", err=True)
        return
    if style == "table":
        text = render_table(result, language=spoken, limit=limit or 0) + "\n"
    else:
        text = to_csv(result) if style == "csv" else to_json(result) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")
    if style == "csv":
        _explain_marks(result)


def _explain_marks(result: Result) -> None:
    """Say what a file of bare numbers cannot: which of them are not to be read like the others."""
    if not result.marks:
        return
    from leadline.report.format import FOOTNOTES

    noted: dict[str, dict[str, None]] = {}
    for (row, column), mark in result.marks.items():
        first = result.rows[row][0] if result.columns[0].kind == "time" else ""
        noted.setdefault(mark, {})[f"{result.columns[column].name} {first}".strip()] = None
    for kind, where in noted.items():
        more = f" and {len(where) - _NOTED} more" if len(where) > _NOTED else ""
        click.echo(f"Mind: {FOOTNOTES[kind]} ({', '.join(list(where)[:_NOTED])}{more}).", err=True)


def _explain_gaps(provenance: dict[str, object]) -> None:
    """Say why numbers are missing, where nothing was ever loaded for them."""
    empty = provenance.get("without_data")
    if isinstance(empty, list) and empty:
        click.echo(
            f"No rows yet in {', '.join(empty)}: load a source that delivers them (see `leadline sources`).", err=True
        )
    needs = provenance.get("needs")
    if isinstance(needs, dict):
        for metric, source in needs.items():
            click.echo(f"No source feeds {metric} yet. It needs {source}.", err=True)


def _explain_rates(provenance: dict[str, Any]) -> None:
    """Say which exchange rates the amounts were converted by."""
    for rate in provenance.get("rates", ()):
        through = f" through {rate['through']}" if rate["through"] else ""
        days = f"{rate['days']} {'day' if rate['days'] == 1 else 'days'}, {rate['first']} to {rate['last']}"
        click.echo(
            f"{rate['from']} converted to {rate['to']}{through} by the rates of {rate['source']} ({days}).", err=True
        )

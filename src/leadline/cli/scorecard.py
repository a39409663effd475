"""`leadline scorecard`: the few numbers that matter."""

from __future__ import annotations

import sys

import click

from leadline.cli.common import language_option, opened, split_names, workspace_option


@click.command("scorecard")
@click.argument("kpis", nargs=-1, metavar="[METRIC]...")
@click.option(
    "--grain",
    "-g",
    type=click.Choice(["week", "month", "quarter", "year"]),
    help="Instead of the dashboard's own, which is month unless it says otherwise.",
)
@click.option("--period", "-p", metavar="PERIOD", help="Look only at this time; its last complete period is shown.")
@click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31).")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@language_option
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    kpis: tuple[str, ...],
    grain: str | None,
    period: str | None,
    as_known_at: str | None,
    style: str,
    language: str | None,
    workspace: str | None,
) -> None:
    """Show at most seven KPIs by stage with trend, previous period and last year, and how far their goals are.

    The KPIs are those of dashboards/scorecard.yaml, or the METRICs named.

    \b
    leadline scorecard
    leadline scorecard leads mql cac --grain quarter
    """
    from leadline.language.read import workspace_language
    from leadline.report.scorecard_goal import aimed_scorecard
    from leadline.report.scorecard_text import render_scorecard
    from leadline.report.table import style_for
    from leadline.report.translate import translated_card

    space = opened(ctx, workspace)
    spoken = workspace_language(space, "en" if style == "json" else language)
    card = aimed_scorecard(
        space,
        kpis=split_names(kpis),
        grain=grain or "",
        period=period,
        as_known_at=as_known_at,
        language=spoken,
    )
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(card))
    else:
        card = translated_card(card, spoken, space.metrics)
        click.echo(render_scorecard(card, style_for(sys.stdout), language=spoken))

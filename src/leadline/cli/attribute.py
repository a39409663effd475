"""`leadline attribute`: which touches earned a conversion, under every model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, query_options, workspace_option


@click.command("attribute")
@click.argument("conversion", default="deal", metavar="[CONVERSION]")
@click.option(
    "--by", "-b", default="channel", show_default=True, help="channel, campaign, or any dimension of touches."
)
@query_options
@click.option(
    "--model", "-m", "models", default="all", show_default=True, metavar="NAMES",
    help="all, or some: first,last,last_non_direct,linear,time_decay,position,w_shaped,full_path,markov,markov_2,"
    "shapley,shapley_rate.",
)  # fmt: skip
@click.option(
    "--lookback",
    type=click.FloatRange(0, min_open=True),
    metavar="DAYS",
    help="Days of touches credited. Default: the workspace's.",
)
@click.option("--level", type=click.Choice(["person", "account"]), default="person", show_default=True)
@click.option("--value/--count", "value", default=True, help="Rank by value where there is one, or by conversions.")
@click.option("--shift", metavar="'1000 from A to B'", help="Does this budget shift survive every model?")
@click.option("--from", "source", metavar="NAME", help="With --to and --amount: the same as --shift.")
@click.option("--to", "target", metavar="NAME")
@click.option("--amount", type=click.FloatRange(0, min_open=True), metavar="MONEY")
@click.option(
    "--claims/--no-claims", "claims", default=None, help="Hold the ad platforms' claims against these conversions."
)
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the ranges drawn.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    conversion: str,
    by: str,
    period: str | None,
    where: str | None,
    currency: str | None,
    as_known_at: str | None,
    models: str,
    lookback: float | None,
    level: str,
    value: bool,
    shift: str | None,
    source: str | None,
    target: str | None,
    amount: float | None,
    claims: bool | None,
    style: str,
    svg: Path | None,
    workspace: str | None,
) -> None:
    """Credit a CONVERSION to the touches before it, by all models side by side, with cost.

    CONVERSION is deal (won), deal_created, order, a stage of the journey (lead, mql, …) or a metric that is a sum or a
    count. Credits always add up to the conversions; what no touch came before stays Unattributed.

    \b
    leadline attribute deal --period 2026-H1
    leadline attribute lead --by campaign --lookback 30 --model first,last,markov --count
    leadline attribute deal --level account --period 2026-Q2 --svg credit.svg
    leadline attribute deal --period 2026-H1 --shift "5000 from Paid Social to Paid Search"
    """
    moved: str | tuple[str, str, float] | None = shift
    if source is not None or target is not None or amount is not None:
        if shift is not None or source is None or target is None or amount is None:
            raise click.UsageError("Give --from, --to and --amount together, or --shift alone.")
        moved = (source, target, amount)
    space = opened(ctx, workspace)
    answer = space.attribute(
        conversion,
        by=by,
        period=period,
        models=models,
        lookback=lookback,
        level=level,  # type: ignore[arg-type]
        where=where,
        as_known_at=as_known_at,
        currency=currency,
        count=not value,
        shift=moved,
        claims=claims,
    )
    if svg is not None:
        svg.write_text(answer.svg(), encoding="utf-8")
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(answer.as_data()))
        return
    from leadline.report.attribute_text import render_attribution
    from leadline.report.table import style_for

    click.echo(render_attribution(answer, style_for(sys.stdout)))

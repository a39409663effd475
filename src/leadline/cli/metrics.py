"""`leadline metrics`: what can be asked."""

from __future__ import annotations

import click

from leadline.cli.common import opened, workspace_option

STAGES = ("awareness", "acquisition", "activation", "revenue", "retention", "referral")


@click.command("metrics")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--stage", type=click.Choice(STAGES), help="Only metrics of a stage of the journey.")
@click.option("--available", is_flag=True, help="Only metrics whose facts have rows.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context, words: tuple[str, ...], stage: str | None, available: bool, style: str, workspace: str | None
) -> None:
    """List metrics with their formulas; WORDs search in ids, names and descriptions.

    \b
    leadline metrics
    leadline metrics cost --stage acquisition
    """
    import msgspec

    from leadline.model.infer import meaning_of

    space = opened(ctx, workspace)
    found = []
    for metric in space.metrics.values():
        text = f"{metric.id} {metric.name} {metric.doc}".lower()
        if (stage and metric.stage != stage) or not all(word.lower() in text for word in words):
            continue
        meaning = meaning_of(metric, space.metrics, space.facts)
        if available and not all(fact in space.states() for fact in meaning.facts):
            continue
        found.append((metric, meaning))
    found.sort(key=lambda pair: (STAGES.index(pair[0].stage) if pair[0].stage in STAGES else len(STAGES), pair[0].id))
    if style == "json":
        rows = [
            {
                "id": metric.id,
                "name": metric.label,
                "formula": metric.formula,
                "doc": metric.doc,
                "unit": meaning.unit,
                "better": metric.better,
                "stage": metric.stage,
                "timing": metric.timing,
                "version": metric.version,
                "facts": meaning.facts,
                "dimensions": meaning.dimensions,
                "additivity": meaning.additivity,
                "origin": metric.origin,
                "requirements": metric.requirements,
            }
            for metric, meaning in found
        ]
        click.echo(msgspec.json.encode(rows).decode())
        return
    if not found:
        click.echo("No metric fits.")
        return
    width = max(len(metric.id) for metric, _ in found)
    last = None
    for metric, meaning in found:
        if metric.stage != last:
            click.secho(
                f"\n{metric.stage.capitalize() or 'Own'}" if last is not None else (metric.stage.capitalize() or "Own"),
                bold=True,
            )
            last = metric.stage
        click.echo(f"  {metric.id:<{width}}  {metric.formula}  [{meaning.unit}]")
    click.echo(f"\n{len(found)} metrics. `leadline explain METRIC` tells more.")

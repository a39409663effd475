"""`leadline metrics`: what can be asked."""

from __future__ import annotations

import click

from leadline.cli.common import language_option, opened, workspace_option

STAGES = ("awareness", "acquisition", "activation", "revenue", "retention", "referral", "cross")
FEW = 5
"""Up to so many metrics, each that no source feeds says what it needs."""


@click.command("metrics")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--stage", type=click.Choice(STAGES), help="Only metrics of a stage of the journey.")
@click.option("--available", is_flag=True, help="Only metrics that a loaded source feeds.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@language_option
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    stage: str | None,
    available: bool,
    style: str,
    language: str | None,
    workspace: str | None,
) -> None:
    """List metrics with their formulas; WORDs search in ids, names and descriptions.

    \b
    leadline metrics
    leadline metrics cost --stage acquisition
    leadline metrics "khách hàng" --language vi
    """
    import msgspec

    from leadline.language.read import workspace_language
    from leadline.model.infer import meaning_of
    from leadline.plan.need import Need

    space = opened(ctx, workspace)
    # Programs that read JSON get English unless they ask for a language.
    spoken = workspace_language(space, language or ("en" if style == "json" else None))
    found = []
    for metric in space.metrics.values():
        told = spoken.metric(metric)
        text = f"{metric.id} {metric.name} {metric.doc} {told.name} {told.doc}".lower()
        if (stage and metric.stage != stage) or not all(word.lower() in text for word in words):
            continue
        meaning = meaning_of(metric, space.metrics, space.facts)
        if available and space.need(metric.id):
            continue
        found.append((metric, meaning))
    found.sort(key=lambda pair: (STAGES.index(pair[0].stage) if pair[0].stage in STAGES else len(STAGES), pair[0].id))
    if style == "json":
        rows = [
            {
                "id": metric.id,
                "name": spoken.metric(metric).name,
                "formula": metric.formula,
                "doc": spoken.metric(metric).doc,
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
                "decision": metric.decision,
                "needs": (space.need(metric.id) or Need()).source,
            }
            for metric, meaning in found
        ]
        click.echo(msgspec.json.encode(rows).decode())
        return
    if not found:
        click.echo(spoken.say("No metric fits."))
        return
    width = max(len(metric.id) for metric, _ in found)
    last = None
    for metric, meaning in found:
        if metric.stage != last:
            title = spoken.label("stages", metric.stage) if metric.stage else spoken.say("Own")
            click.secho(f"{'' if last is None else chr(10)}{title[:1].upper()}{title[1:]}", bold=True)
            last = metric.stage
        shown = metric.formula if spoken.code == "en" else spoken.metric_name(metric)
        click.echo(f"  {metric.id:<{width}}  {shown}  [{spoken.label('units', meaning.unit)}]")
        need = space.need(metric.id) if len(found) <= FEW else None
        if need:
            text = spoken.fill("No source feeds it yet. It needs {source}.", source=need.source)
            click.echo(f"  {'':<{width}}  {text}")
    number = spoken.count("{count} metrics", len(found))
    click.echo(f"\n{number}. {spoken.say('`leadline explain METRIC` tells more.')}")

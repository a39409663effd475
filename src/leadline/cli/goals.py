"""`leadline goals`: what is to be reached."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.cli.common import opened, split_names, workspace_option


@click.command("goals")
@click.argument("metrics", nargs=-1, metavar="[METRIC]...")
@click.option("--period", "-p", metavar="PERIOD", help="Only goals within this time (2026-07, 2026-Q3, 2026).")
@click.option(
    "--split", type=click.Choice(["day", "week", "month", "quarter"]), help="Split each goal into these parts."
)
@click.option("--template", is_flag=True, help="Write a CSV of goals to fill in, with last year's values beside.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the template to a file.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metrics: tuple[str, ...],
    period: str | None,
    split: str | None,
    template: bool,
    output: Path | None,
    style: str,
    workspace: str | None,
) -> None:
    """List the goals by metric, period and segment, or write a table of them to fill in.

    Goals are lines of goals/*.csv or goals/*.yaml, or rows of a source that feeds the fact goal.

    \b
    leadline goals
    leadline goals won_revenue --period 2026-07 --split week
    leadline goals leads mql --template --period 2027 -o goals/2027.csv
    """
    from leadline.errors import UsageError
    from leadline.governance.listing import listed_goals, split_goals, template_text

    space = opened(ctx, workspace)
    names = split_names(metrics)
    if template:
        text = template_text(space, names, period or "")
        if output is None:
            click.echo(text, nl=False)
            return
        if output.exists():
            raise UsageError("file-exists", f"{output} is there already.", fix="choose another name, or move it away")
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="\n")
        click.echo(f"Wrote {output}. Lines without a target do not count; the others hold from the next question on.")
        return
    found = listed_goals(space, names, period)
    if split:
        found = split_goals(space, found, split)
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json([{"goal": goal, "unit": unit, "made_of": words} for goal, unit, words in found]))
        return
    from leadline.report.pace_text import render_goals
    from leadline.report.table import style_for

    click.echo(render_goals(found, style_for(sys.stdout)))

"""`leadline plan`: from goals to at most seven KPIs."""

from __future__ import annotations

import sys

import click

from leadline.cli.common import opened, workspace_option
from leadline.errors import EXIT_REFUSED, UsageError


@click.command("plan")
@click.option("--goal", "goals", multiple=True, metavar="TEXT", help="What to reach: 'won_revenue +20%'; repeat it.")
@click.option("--model", metavar="NAME", help="b2b_saas, ecommerce, plg or lead_gen, instead of the workspace's own.")
@click.option("--write", is_flag=True, help="Write plan.yaml; what you wrote into it stays.")
@click.option("--scorecard", is_flag=True, help="Write dashboards/scorecard.yaml from the plan's measurable KPIs too.")
@click.option("--check", is_flag=True, help="Hold plan.yaml against today's data; ends with 5 when something is wrong.")
@click.option("--format", "-f", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    goals: tuple[str, ...],
    model: str | None,
    write: bool,
    scorecard: bool,
    check: bool,
    form: str,
    workspace: str | None,
) -> None:
    """Turn goals and a business model into at most seven KPIs, and keep the record of what was left out and why.

    \b
    leadline plan
    leadline plan --goal "won_revenue +20%" --write
    leadline plan --check
    """
    from leadline.governance.plan_file import build_plan, check_plan, write_plan, write_scorecard
    from leadline.report.export import encode_json
    from leadline.report.plan_text import render_check, render_plan
    from leadline.report.table import style_for

    if check and (goals or model or write or scorecard):
        raise UsageError(
            "options-exclude",
            "--check looks at plan.yaml as it is.",
            fix="leave out --goal, --model, --write, --scorecard",
        )
    space = opened(ctx, workspace)
    style = style_for(sys.stdout)
    if check:
        plan, findings = check_plan(space)
        click.echo(encode_json(findings) if form == "json" else render_check(plan, findings, style))
        if any(one.sign == "wrong" for one in findings):
            ctx.exit(EXIT_REFUSED)
        return
    plan = build_plan(space, model=model or "", goals=goals)
    click.echo(encode_json(plan) if form == "json" else render_plan(plan, space.metrics, style))
    written = [write_plan(space, plan)] if write else []
    written += [write_scorecard(space, plan)] if scorecard else []
    for path in written:
        click.echo(f"✓ wrote {path.relative_to(space.path)}", err=True)

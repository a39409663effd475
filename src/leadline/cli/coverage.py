"""`leadline coverage`: which questions today's sources answer."""

from __future__ import annotations

import sys

import click

from leadline.cli.common import opened, workspace_option
from leadline.errors import EXIT_REFUSED


@click.command("coverage")
@click.option("--model", metavar="NAME", help="b2b_saas, ecommerce, plg or lead_gen, instead of the workspace's own.")
@click.option("--period", "-p", metavar="PERIOD", help="The time that counts as recent. Default: last-90-days.")
@click.option("--strict", is_flag=True, help="End with 5 when a question is not answered in full.")
@click.option("--format", "-f", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context, model: str | None, period: str | None, strict: bool, form: str, workspace: str | None
) -> None:
    """List the questions of the plan, which of them today's sources answer, and what to connect next.

    The questions are the built-in ones of the business model and the workspace's own in questions/*.yaml.

    \b
    leadline coverage
    leadline coverage --model plg --format json
    """
    from leadline.governance.coverage import build_coverage
    from leadline.report.coverage_text import render_coverage
    from leadline.report.table import style_for

    space = opened(ctx, workspace)
    coverage = build_coverage(space, model=model or "", period=period or "")
    if form == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(coverage))
    else:
        click.echo(render_coverage(coverage, style_for(sys.stdout)))
    if strict and len(coverage.of("yes")) < len(coverage.questions):
        ctx.exit(EXIT_REFUSED)

"""`leadline funnel`: who gets from step to step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.cli.common import level_option, opened, workspace_option
from leadline.errors import UsageError

if TYPE_CHECKING:
    from leadline.journey.funnel import FunnelAnswer
    from leadline.journey.stage_funnel import StageAnswer
    from leadline.model.level import Level


@click.command("funnel")
@click.argument("steps", nargs=-1, metavar="[STEP]...")
@click.option("--stages", is_flag=True, help="The stages of a journey instead of STEPs, skipped ones inferred.")
@click.option(
    "--journey", metavar="NAME", default="", help="With --stages: a file of journeys/, where there are several."
)
@click.option(
    "--window", metavar="SPAN", help="From the first step: '14 days', '2 hours', none.  [30 days; stages: none]"
)
@click.option(
    "--order", type=click.Choice(["ordered", "strict", "any"]), default="ordered", show_default=True,
    help="strict: no other event in between.",
)  # fmt: skip
@click.option("--gap", multiple=True, metavar="SPAN", help="Longest time between steps; once for all, or once a pair.")
@click.option("--without", multiple=True, metavar="EVENT", help="Leave out who has it: 'EVENT between 1 and 2'.")
@click.option("--by", "-b", metavar="PROPERTY", default="", help="Rows by channel, campaign, country, device, …")
@click.option(
    "--at", metavar="WHICH", default="first", show_default=True, help="Property at the first, last, every or step:2."
)
@click.option("--where", metavar="SEGMENTS", help="Only people of these: 'segment.vips and not segment.staff'.")
@level_option
@click.option("--period", "-p", metavar="PERIOD", help="When people enter; they may go on until their window ends.")
@click.option(
    "--people", type=click.IntRange(0), metavar="N", help="List the people who came to step N (0: those left out)."
)
@click.option("--stopped", is_flag=True, help="With --people: only those who came no further.")
@click.option("--row", metavar="VALUE", help="With --people and --by: only those of a row.")
@click.option("--reveal", is_flag=True, help="With --people: addresses in full, where the workspace allows it.")
@click.option("--events", is_flag=True, help="List what can be a step.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the picture too.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    steps: tuple[str, ...],
    stages: bool,
    journey: str,
    window: str | None,
    order: str,
    gap: tuple[str, ...],
    without: tuple[str, ...],
    by: str,
    at: str,
    where: str | None,
    level: Level,
    period: str | None,
    people: int | None,
    stopped: bool,
    row: str | None,
    reveal: bool,
    events: bool,
    svg: Path | None,
    style: str,
    workspace: str | None,
) -> None:
    """Show how many people get from STEP to STEP, how long it takes, and who may still get there.

    A STEP is a stage (mql) or an event (deal/won), as --events lists them, with a condition if you like.

    \b
    leadline funnel lead mql sql deal/won --window "90 days" --period 2026-01..2026-06
    leadline funnel "touch where channel in ('Email', 'Direct')" mql --by channel --at every
    leadline funnel mql deal/won --without "stage_entry/rejected between 1 and 2" --window none
    leadline funnel --stages --period 2025
    leadline funnel lead mql --people 1 --stopped
    leadline funnel lead mql deal/won --level account --window "180 days"
    """
    space = opened(ctx, workspace)
    if events:
        list_events(space.events(tell), style)
        return
    if stages and (steps or order != "ordered" or gap or without):
        raise UsageError(
            "stages-and-steps",
            "A funnel of stages has the stages of its journey as steps, in their order.",
            why="--stages was given with steps, --order, --gap or --without",
            fix="leave them out, or leave --stages out",
        )
    answer: FunnelAnswer | StageAnswer
    if stages:
        answer = space.stage_funnel(
            journey, window=window or "none", by=by, at=at, period=period, where=where, level=level, tell=tell
        )
    else:
        if not steps:
            raise UsageError(
                "no-steps", "A funnel needs steps.", fix="name some, for example `leadline funnel lead mql deal/won`"
            )
        told = {"window": window} if window else {}
        answer = space.funnel(
            steps, order=order, gap=gap, without=without, by=by, at=at, period=period, where=where, level=level,
            tell=tell, **told,
        )  # fmt: skip
    if svg is not None:
        svg.write_text(answer.svg(standalone=True), encoding="utf-8")
    if people is not None:
        _list_people(answer, people, stopped, row, style, check_reveal=(reveal, space.settings.reveal_personal))
        return
    show(answer, style)


def show(answer: Any, style: str) -> None:
    """An answer as a table or as JSON."""
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(answer.as_dict()))
        return
    from leadline.journey.funnel import FunnelAnswer
    from leadline.journey.path import PathAnswer
    from leadline.report.sequence_text import render_funnel, render_paths, render_stages
    from leadline.report.table import style_for

    look = style_for(sys.stdout)
    if isinstance(answer, FunnelAnswer):
        click.echo(render_funnel(answer, look))
    elif isinstance(answer, PathAnswer):
        click.echo(render_paths(answer, look))
    else:
        click.echo(render_stages(answer, look))


def _list_people(
    answer: FunnelAnswer | StageAnswer,
    step: int,
    stopped: bool,
    row: str | None,
    style: str,
    *,
    check_reveal: tuple[bool, bool],
) -> None:
    """The people behind a bar, a line each; addresses as dots unless they may be shown."""
    from leadline.journey import answer as answers
    from leadline.journey.funnel import UNATTRIBUTED, FunnelAnswer

    reveal = answers.check_reveal(*check_reveal)
    only = {} if row is None else {"group": None if row == UNATTRIBUTED else row}
    if isinstance(answer, FunnelAnswer):
        ids = answer.people(step, stopped=stopped, **only)
    else:
        ids = answer.people(step, fate="stopped" if stopped else "reached", **only)
    shown = answers.told_people(ids, reveal=reveal)
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json({"step": step, "stopped": stopped, "row": row, answers.unit_of(answer.level): shown}))
        return
    if shown:
        click.echo("\n".join(shown))
    click.echo(f"{answers.counted(len(shown), answer.level)}.", err=True)


def list_events(events: dict[str, int], style: str) -> None:
    """What can be a step, with how often it happened."""
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(events))
        return
    width = max(map(len, events), default=0)
    click.echo("\n".join(f"{name:<{width}}  {count:>12,}" for name, count in events.items()) or "No events yet.")


def tell(text: str) -> None:
    """Progress, beside the answer."""
    click.echo(text, err=True)

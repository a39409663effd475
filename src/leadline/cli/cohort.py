"""`leadline cohort`: who comes back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import level_option, opened, query_options, workspace_option
from leadline.errors import UsageError

if TYPE_CHECKING:
    from leadline.journey.cohort import CohortAnswer
    from leadline.journey.lifecycle import LifecycleAnswer
    from leadline.model.level import Level


@click.command("cohort")
@click.option("--start", "-s", default="", metavar="EVENT", help="What people begin with: customer, order, signup, …")
@click.option("--back", default="", metavar="EVENT", help="What coming back is. Default: starting again.")
@click.option(
    "--value",
    type=click.Choice(["people", "revenue", "subscribers", "nrr", "grr"]),
    default="people",
    show_default=True,
    help="What is followed; the last three are taken of subscriptions when each period ends.",
)
@click.option("--grain", "-g", default=None, metavar="GRAIN", help="day, week, month, quarter or year. Default: month.")
@click.option("--upto", type=click.IntRange(0, 120), default=12, show_default=True, help="The last period to look at.")
@click.option("--days", type=click.IntRange(1), metavar="N", help="Stretches of N days from each start, not periods.")
@click.option(
    "--kind",
    type=click.Choice(["first", "recurring"]),
    default="first",
    show_default=True,
    help="A person belongs to the period of their first start ever, or to every one they start in.",
)
@click.option("--unbounded", is_flag=True, help="Count who came back in a period or later.")
@click.option("--by", "-b", default="", metavar="DIM", help="Break down by a property of the event that starts.")
@click.option("--lifecycle", is_flag=True, help="Instead: new, returning, resurrecting and dormant people by period.")
@click.option("--of", "active", default="", metavar="EVENT", help="With --lifecycle: what being active is.")
@level_option
@query_options
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it into a file.")
@click.option("--format", "-f", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    start: str,
    back: str,
    value: str,
    grain: str | None,
    upto: int,
    days: int | None,
    kind: str,
    unbounded: bool,
    by: str,
    lifecycle: bool,
    active: str,
    level: Level,
    period: str | None,
    where: str | None,
    currency: str | None,
    as_known_at: str | None,
    svg: Path | None,
    style: str,
    workspace: str | None,
) -> None:
    """Follow people by the period they began in. Cells that are not over are blank, never a part.

    Cohorts are the periods that begin within --period, without it the last twelve that are over.

    \b
    leadline cohort --start customer --back order --period 2025
    leadline cohort --start signup --back product_event/key_action --grain week --upto 8 --period 2026-Q1
    leadline cohort --start signup --back product_event/key_action --days 7 --by channel
    leadline cohort --start order --back order --value revenue
    leadline cohort --start signup --back product_event/key_action --level account --grain quarter
    leadline cohort --value nrr --period 2025 --svg nrr.svg
    leadline cohort --lifecycle --of product_event/key_action --grain week --period last-8-weeks
    """
    space = opened(ctx, workspace)
    answer: CohortAnswer | LifecycleAnswer
    if lifecycle:
        if level == "account":
            raise UsageError(
                "not-of-lifecycle",
                "The lifecycle follows people only, so far.",
                fix="leave --level out, or ask for cohorts of accounts",
            )
        _refuse_with_lifecycle(start=start, back=back, days=days, by=by, unbounded=unbounded, currency=currency)
        if not active:
            raise UsageError(
                "no-activity",
                "The lifecycle needs to know what being active is.",
                fix="name an event: --of product_event, --of page_view or --of order",
            )
        answer = space.lifecycle(active, grain=grain or "week", period=period, where=where, as_known_at=as_known_at)
    else:
        if active:
            raise UsageError("of-without-lifecycle", "--of goes with --lifecycle.", fix="write --start instead")
        answer = space.cohort(
            start,
            back,
            value=value,
            grain=grain or "month",
            upto=upto,
            period=period,
            kind="first" if kind == "first" else "recurring",
            unbounded=unbounded,
            days=days or 0,
            by=by,
            where=where,
            currency=currency,
            as_known_at=as_known_at,
            level=level,
        )
    if svg is not None:
        svg.write_text(answer.svg(), encoding="utf-8")
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json(_plain(answer)))
        return
    from leadline.report.cohort_text import render_cohort, render_lifecycle
    from leadline.report.table import style_for

    look = style_for(sys.stdout)
    if lifecycle:
        click.echo(render_lifecycle(answer, look))  # type: ignore[arg-type]
    else:
        click.echo(render_cohort(answer, look))  # type: ignore[arg-type]


def _refuse_with_lifecycle(**given: object) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(
                "not-of-lifecycle",
                f"--{name} is of no use with --lifecycle.",
                why="it counts who is active in each period and the one before",
                fix="leave it out, or leave out --lifecycle",
            )


def _plain(answer: CohortAnswer | LifecycleAnswer) -> dict[str, object]:
    """The answer as data: a row a cohort (or period), the weighted average, and the provenance."""
    from leadline.journey.lifecycle import LifecycleAnswer

    if isinstance(answer, LifecycleAnswer):
        return {"rows": answer.to_dicts(), "provenance": answer.provenance}
    by = answer.question.by
    rows = [
        {
            "cohort": row.since,
            **({by: row.group} if by else {}),
            "size": row.size,
            "base": row.base,
            "unfinished": row.unfinished,
            "values": row.cells,
            "shares": row.shares,
        }
        for row in answer.rows
    ]
    groups = [answer.of_group(group) for group in answer.groups] if by else [answer]
    average = [{**({by: group.rows[0].group} if by else {}), "values": group.average} for group in groups if group.rows]
    return {
        "level": answer.question.level,
        "rows": rows,
        "average": average,
        "currency": answer.currency or None,
        "notes": answer.notes,
        "provenance": answer.provenance,
    }

"""`leadline identity`: who is who, and corrections by hand."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from leadline.cli.common import opened, workspace_option

if TYPE_CHECKING:
    from leadline.journey.correction import Correction, Known
    from leadline.journey.identity import Action

F = TypeVar("F", bound=Callable[..., Any])
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
_SHOWN = 20
"""Changed ids that are listed; the rest is counted."""


@click.group("identity")
def command() -> None:
    """Who is who: the ids of a person, why they are one, and corrections by hand.

    An id is a user, a browser (visitor) or an address, as it is in the data; where it could be several, write user:ID,
    browser:ID or email:ADDRESS. Facts are never changed, so that every correction can be taken back by its opposite.

    \b
    leadline identity show ann@example.com
    leadline identity merge u17 u23 --reason 'two logins' --dry-run
    leadline identity separate browser:kiosk u17
    """


@command.command("show")
@click.argument("given", metavar="ID")
@_FORMAT
@workspace_option
@click.pass_context
def show(ctx: click.Context, given: str, form: str, workspace: str | None) -> None:
    """Show the person of an ID: all ids, accounts, and what was decided by which rule."""
    known = opened(ctx, workspace).who(given)
    click.echo(_json(known) if form == "json" else _known(known))


def _correction_options(function: F) -> F:
    options: list[Callable[[F], F]] = [
        click.argument("left", metavar="ID"),
        click.argument("right", metavar="ID"),
        click.option("--reason", default="", help="Why; kept with the command."),
        click.option("--by", "said_by", default="", help="Who says so (default: your name on this machine)."),
        click.option("--dry-run", "-n", is_flag=True, help="Only say what would change."),
        _FORMAT,
        workspace_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@command.command("merge")
@_correction_options
@click.pass_context
def merge(ctx: click.Context, /, **given: Any) -> None:
    """Make two ids one person."""
    _correct(ctx, "merge", **given)


@command.command("separate")
@_correction_options
@click.pass_context
def separate(ctx: click.Context, /, **given: Any) -> None:
    """Keep two ids apart, whatever the data say."""
    _correct(ctx, "separate", **given)


def _correct(
    ctx: click.Context, action: Action, *, left: str, right: str, reason: str, said_by: str, dry_run: bool, form: str,
    workspace: str | None,
) -> None:  # fmt: skip
    done = opened(ctx, workspace).correct_identity(
        action, left, right, said_by=said_by or getpass.getuser(), reason=reason, dry_run=dry_run
    )
    click.echo(_json(done) if form == "json" else _correction(done))


def _json(answer: Known | Correction) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()


def _known(known: Known) -> str:
    lines = [f"Person {known.person}", ""]
    lines += [f"    {each:<40} first seen {at:%Y-%m-%d %H:%M}" for each, at in known.ids]
    if known.accounts:
        lines += ["", "Accounts", *(f"    {account:<40} since {since:%Y-%m-%d}" for account, since in known.accounts)]
    if known.decisions:
        lines += ["", "Why"]
        for each in known.decisions:
            said = f" by {each.said_by}" if each.said_by else ""
            why = f": {each.reason}" if each.reason else ""
            lines.append(f"    {each.at:%Y-%m-%d %H:%M}  {each.rule:<22} {each.left} | {each.right}{said}{why}")
    return "\n".join(lines)


def _correction(done: Correction) -> str:
    verb = {"merge": "one person", "separate": "two persons"}[done.action]
    lines = [f"{done.left} and {done.right} {'are' if done.kept else 'would be'} {verb}."]
    if not done.changed:
        lines.append("No id changes its person.")
    lines += [f"    {each:<40} {before} -> {after}" for each, before, after in done.changed[:_SHOWN]]
    if len(done.changed) > _SHOWN:
        lines.append(f"    and {len(done.changed) - _SHOWN:,} more ids")
    if done.changed:
        lines.append("Funnels, paths and cohorts follow; metrics go on counting the ids that rows have.")
    return "\n".join(lines)

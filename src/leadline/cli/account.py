"""`leadline account`: who may see the pages, and as what."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import workspace_option

if TYPE_CHECKING:
    from leadline.web.account import Accounts

ROLES = click.Choice(["viewer", "editor", "admin"])


@click.group("account")
def command() -> None:
    """Accounts and tokens of `leadline serve`. Without any, whoever is at this machine is admin.

    \b
    leadline account add ana --role admin
    leadline account add emea --role viewer --rows "region = 'EMEA'"
    leadline account token add looker --account ana --role viewer
    """


@command.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="viewer", show_default=True)
@click.option("--rows", default="", metavar="'EXPR'", help="Show only rows that meet a condition (region = 'EMEA').")
@click.password_option(help="Asked for when left out.")
@workspace_option
@click.pass_context
def add(ctx: click.Context, name: str, role: str, rows: str, password: str, workspace: str | None) -> None:
    """Add an account."""
    _accounts(ctx, workspace).add(name, password, role, rows)
    click.echo(f"{name} may log in as {role}.")


@command.command("change")
@click.argument("name")
@click.option("--role", type=ROLES)
@click.option("--rows", metavar="'EXPR'", help="Another condition; '' for all rows.")
@click.option("--password", is_flag=True, help="Ask for a new password; ends the account's sessions.")
@workspace_option
@click.pass_context
def change(
    ctx: click.Context, name: str, role: str | None, rows: str | None, password: bool, workspace: str | None
) -> None:
    """Change an account's role, rows or password."""
    if role is None and rows is None and not password:
        raise click.UsageError("Say what to change: --role, --rows or --password.")
    secret = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    _accounts(ctx, workspace).change(name, password=secret, role=role, rows=rows)
    click.echo(f"{name} is changed.")


@command.command("remove")
@click.argument("name")
@workspace_option
@click.pass_context
def remove(ctx: click.Context, name: str, workspace: str | None) -> None:
    """Remove an account with its sessions and tokens."""
    _accounts(ctx, workspace).remove(name)
    click.echo(f"{name} is removed.")


@command.command("list")
@workspace_option
@click.pass_context
def show(ctx: click.Context, workspace: str | None) -> None:
    """List accounts and tokens."""
    accounts = _accounts(ctx, workspace)
    for one in accounts.all():
        click.echo(f"{one.name}  {one.role}{f'  {one.rows}' if one.rows else ''}")
    for name, account, role in accounts.tokens():
        click.echo(f"token {name}  {role}  of {account}")


@command.command("audit")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@workspace_option
@click.pass_context
def audit(ctx: click.Context, limit: int, workspace: str | None) -> None:
    """Show who did what, newest first."""
    for entry in _accounts(ctx, workspace).audit(limit):
        at = dt.datetime.fromtimestamp(entry.at, dt.UTC)
        click.echo(f"{at:%Y-%m-%d %H:%M:%S}Z  {entry.who or '-'}  {entry.what}  {entry.detail}".rstrip())


@command.group("token")
def token() -> None:
    """Tokens for programs that ask over HTTP."""


@token.command("add")
@click.argument("name")
@click.option("--account", required=True, help="Whose rows it sees.")
@click.option("--role", type=ROLES, default="viewer", show_default=True)
@workspace_option
@click.pass_context
def add_token(ctx: click.Context, name: str, account: str, role: str, workspace: str | None) -> None:
    """Make a token; it is printed once."""
    click.echo(_accounts(ctx, workspace).add_token(name, account, role))


@token.command("remove")
@click.argument("name")
@workspace_option
@click.pass_context
def remove_token(ctx: click.Context, name: str, workspace: str | None) -> None:
    """Take a token back."""
    _accounts(ctx, workspace).remove_token(name)
    click.echo(f"Token {name} is taken back.")


def _accounts(ctx: click.Context, workspace: str | None) -> Accounts:
    from leadline.project import find_workspace
    from leadline.web.account import Accounts

    root = ctx.find_root().obj
    return Accounts(find_workspace(Path(workspace or root or ".")))

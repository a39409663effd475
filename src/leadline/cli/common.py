"""Options and parts that commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from leadline.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


def workspace_option(function: F) -> F:
    """`--workspace DIR` after the command too."""
    return click.option(
        "-w", "--workspace", "workspace", metavar="DIR", default=None, help="Workspace folder (default: here or above)."
    )(function)


def language_option(function: F) -> F:
    """`--language TAG`: the first of the workspace's languages unless given."""
    return click.option(
        "--language",
        metavar="TAG",
        help="en, vi, tr, ms, zh or ar, with a region if you like (ar-EG). Default: the workspace's first.",
    )(function)


def opened(ctx: click.Context, workspace: str | None) -> Workspace:
    """The workspace asked for after or before the command, or the one around the current folder."""
    from leadline.workspace import open_workspace

    found = open_workspace(Path(workspace or ctx.obj or "."))
    ctx.call_on_close(found.close)
    return found


def split_names(values: tuple[str, ...]) -> list[str]:
    """Names given one by one or with commas."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def level_option(function: F) -> F:
    """`--level person|account`."""
    return click.option(
        "--level",
        type=click.Choice(["person", "account"]),
        default="person",
        show_default=True,
        help="account: all people of a company together, and companies are counted.",
    )(function)


def query_options(function: F) -> F:
    """Period, filter, currency and moment of knowledge, as every question takes them."""
    options = [
        click.option(
            "--period", "-p", metavar="PERIOD",
            help="2026, 2026-H1, 2026-Q3, 2026-09, 2026-W37, 2026-09-15, 2026-01..2026-06, last-28-days, mtd, all.",
        ),
        click.option("--where", metavar="'EXPR'", help="Only rows that meet a condition, e.g. \"channel = 'Email'\"."),
        click.option("--currency", metavar="CODE", help="Convert amounts (EUR); `original` leaves them as they are."),
        click.option("--as-known-at", metavar="TIME", help="Answer with what had been loaded by then (2026-03-31)."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function

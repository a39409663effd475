"""`leadline explain channel`: which channel a visit belongs to, and which rule said so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.cli.common import workspace_option

if TYPE_CHECKING:
    from leadline.journey.channel import Explanation
    from leadline.journey.rule import Rules


class Explain(click.Command):
    """`explain METRIC`, and `explain channel` with options of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["channel"]:
            return command.make_context(f"{info_name} channel", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("channel")
@click.option("--source", metavar="TEXT", help="utm_source, or the source as a tool reports it.")
@click.option("--medium", metavar="TEXT", help="utm_medium, or the medium as a tool reports it.")
@click.option("--campaign", metavar="TEXT", help="Campaign name.")
@click.option("--url", metavar="URL", help="Address the visit landed on, with its parameters and click ids.")
@click.option("--referrer", metavar="URL", help="Address the visit came from.")
@click.option("--preset", metavar="NAME", help="ga4, ua, matomo or hubspot (default: channels.yaml, else ga4).")
@click.option("--format", "-f", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str | None,
    medium: str | None,
    campaign: str | None,
    url: str | None,
    referrer: str | None,
    preset: str | None,
    style: str,
    workspace: str | None,
) -> None:
    """Show the channel of a visit, the rule that decides it and what it was decided by.

    \b
    leadline explain channel --source google --medium cpc --campaign brand
    leadline explain channel --url 'https://shop.example/?gclid=x' --referrer https://www.google.com/
    """
    from leadline.errors import UsageError
    from leadline.journey.channel import explain

    if source is None and medium is None and url is None and referrer is None:
        raise UsageError(
            "no-visit", "There is no visit to explain.", fix="give --source and --medium, or --url, or --referrer"
        )
    rules = _rules(workspace or ctx.obj, preset)
    found = explain(source=source, medium=medium, campaign=campaign, url=url, referrer=referrer, rules=rules)
    click.echo(_as_json(found) if style == "json" else _as_text(found))


def _rules(workspace: str | None, preset: str | None) -> Rules:
    """The rules of the workspace asked for or around here; of the preset alone where there is none."""
    from leadline.errors import UsageError
    from leadline.journey.rule import load_rules, read_own_rules
    from leadline.project import find_workspace

    try:
        folder = find_workspace(Path(workspace or "."))
    except UsageError:
        if workspace is not None:
            raise
        return load_rules(preset=preset)
    return load_rules(read_own_rules(folder), preset=preset)


def _as_text(found: Explanation) -> str:
    decision, origin = found.decision, found.origin
    lines = [
        click.style(decision.channel, bold=True),
        f"  rule: {decision.rule} ({decision.reason})",
        f"  source: {decision.source or '–'}" + (f" (a {decision.category} source)" if decision.category else ""),
        f"  medium: {decision.medium or '–'}",
        f"  campaign: {decision.campaign or '–'}",
        f"  from: {origin.rule} ({origin.evidence})",
    ]
    lines += [f"  note: {note}" for note in origin.notes]
    return "\n".join(lines)


def _as_json(found: Explanation) -> str:
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return text.decode()

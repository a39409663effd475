"""`leadline init`: a new workspace."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--model", "-m", default="b2b_saas", show_default=True,
    type=click.Choice(["b2b_saas", "ecommerce", "plg", "lead_gen"]), help="Business model: decides the first KPIs.",
)  # fmt: skip
@click.option("--name", default="", help="Name of the company (default: the folder's).")
@click.option("--timezone", default="UTC", show_default=True, help="IANA zone in which days begin, e.g. Europe/Berlin.")
@click.option("--currency", default="EUR", show_default=True, help="Currency to report in (ISO 4217).")
def command(folder: Path, model: str, name: str, timezone: str, currency: str) -> None:
    """Write a small commented workspace into DIR. Nothing is overwritten.

    \b
    leadline init acme --model ecommerce --timezone Europe/Paris --currency EUR
    """
    from leadline.scaffold import init_workspace
    from leadline.time.zone import zone

    zone(timezone)
    written = init_workspace(folder, model, name=name, timezone=timezone, currency=currency.upper())
    for path in written:
        click.echo(f"  {folder / path}")
    click.echo(f"Next: cd {folder} && leadline load ~/Downloads/*.csv")

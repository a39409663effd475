"""`leadline demo`: see it work."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), metavar="[DIR]")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed makes another company.")
def command(folder: Path, seed: int) -> None:
    """Simulate a company for two years, load its exports, and show its scorecard and report.

    Everything is made up from a seed; the files have the shapes of real vendors' exports. The workspace stays in DIR
    (default: demo) to play with.
    """
    from leadline.demo import run
    from leadline.report.scorecard_text import render_scorecard
    from leadline.report.table import style_for

    said = {
        "generate": "Simulating a company (nothing of it is real)",
        "load": "Loading its exports",
        "ask": "Asking",
        "report": "Writing the report",
    }

    def tell(step: str, number: int, count: int) -> None:
        if step in said:
            click.echo(f"{said[step]} …", err=True)
        elif sys.stderr.isatty():
            click.echo(f"\r\x1b[K  {number + 1}/{count} {step}" if step else "\r\x1b[K", nl=False, err=True)

    done = run(folder, seed, progress=tell)
    click.echo(render_scorecard(done.scorecard, style_for(sys.stdout)))
    click.echo()
    click.echo(f"Report:    {done.report}")
    click.echo(f"Workspace: {done.folder}  (simulated; its truth is in {done.folder / 'truth.json'})")
    click.echo(f"Next:      leadline query leads mql --by channel --period last-3-months -w {done.folder}")
    click.echo(f"           leadline explain cac --records -w {done.folder}")

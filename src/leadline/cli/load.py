"""`leadline load`: bring data in."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import opened, workspace_option
from leadline.errors import EXIT_DATA

if TYPE_CHECKING:
    from leadline.ingest.load import LoadReport
    from leadline.ingest.source import Finding
    from leadline.workspace import Workspace

_SIGNS = {"loaded": "✓", "checked": "✓", "unchanged": "=", "refused": "✗", "skipped": "·"}
_SEVERITIES = {"error": "✗", "warning": "!", "note": "·"}
SLOW_SECONDS = 2.0
MANY_SKIPPED = 5


@click.command("load")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--source", "-s", metavar="NAME", help="Read them as this source instead of recognising them.")
@click.option("--dry-run", "-n", is_flag=True, help="Do all but write: what would be loaded, and what is wrong.")
@click.option("--propose", is_flag=True, help="Write a first sources/NAME.yaml for a file nobody knows.")
@click.option("--format", "-f", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--verbose", "-v", is_flag=True, help="Show notes too.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    source: str | None,
    dry_run: bool,
    propose: bool,
    style: str,
    verbose: bool,
    workspace: str | None,
) -> None:
    """Load exports, folders and patterns. Vendors are recognised by content, never by file name.

    Each file is one transaction; sending it again changes nothing. Ends with 4 when a file was refused.

    \b
    leadline load ~/Downloads/*.csv
    leadline load exports/ --dry-run
    leadline load crm-dump.xlsx --source crm
    leadline load --propose strange.csv
    leadline load --source billing_database
    """
    if not paths and not source:
        raise click.UsageError("Name files to load, or a --source that says where it comes from.")
    space = opened(ctx, workspace)
    if propose:
        _propose(space, paths)
        return
    reports = space.load(paths, source=source, dry_run=dry_run, progress=_progress() if style == "text" else None)
    if style == "json":
        from leadline.report.export import encode_json

        click.echo(encode_json([_plain(report) for report in reports]))
    else:
        skipped = [report for report in reports if report.status == "skipped"]
        for report in reports:
            if verbose or report.status != "skipped" or len(skipped) <= MANY_SKIPPED:
                _show(report, space.settings.timezone, dry_run=dry_run, verbose=verbose)
        if len(skipped) > MANY_SKIPPED and not verbose:
            click.echo(f"· {len(skipped)} files are of no format known here and were skipped (--verbose names them)")
        _sum_up(reports, dry_run=dry_run)
    if any(report.status == "refused" for report in reports):
        ctx.exit(EXIT_DATA)


def _propose(space: Workspace, paths: tuple[str, ...]) -> None:
    from leadline.ingest.propose import propose

    for path in paths:
        click.echo(propose(space.path, Path(path), space.project.tables))


def _progress() -> Callable[[str, int, int], None] | None:
    """A line on the terminal for loads that take longer than two seconds."""
    if not sys.stderr.isatty():
        return None
    began = time.monotonic()

    def tell(name: str, number: int, count: int) -> None:
        if time.monotonic() - began > SLOW_SECONDS:
            done = "" if not name else f"{number + 1}/{count} {name}"
            click.echo(f"\r\x1b[K{done}", nl=False, err=True)

    return tell


def _show(report: LoadReport, timezone: str, *, dry_run: bool, verbose: bool) -> None:
    title = report.title or report.source
    about = f" {title}" if title else ""
    click.echo(f"{_SIGNS[report.status]} {report.file}:{about} {_status(report, dry_run=dry_run)}".rstrip())
    if report.status == "skipped" and not verbose:
        return
    if report.error is not None:
        # The cure is to be run from here as it stands, so it names the file by its path.
        said = str(report.error).replace(f"--propose {report.file}", f"--propose {shlex.quote(report.path)}")
        for line in said.splitlines():
            click.echo(f"    {line.strip()}")
    for fact in report.facts:
        parts = [f"{count:,} {word}" for word, count in _counts(fact) if count]
        span = f", {_day(fact.first, timezone)} to {_day(fact.last, timezone)}" if fact.first and fact.last else ""
        click.echo(f"    {fact.fact}: {', '.join(parts) or 'no rows'}{span}")
    dropped = [
        (report.totals, "totals row", " left out"),
        (report.left_out, "row", " left out by the source's own filter"),
        (report.quarantined, "row", " in quarantine"),
    ]
    for count, what, words in dropped:
        if count:
            click.echo(f"    {count:,} {what}{'' if count == 1 else 's'}{words}")
    for finding in report.findings:
        told = report.error is not None and finding.rule == report.error.code
        if not told and (finding.severity != "note" or verbose):
            _show_finding(finding)


def _day(at: dt.date | dt.datetime, timezone: str) -> dt.date:
    """The workspace's day of a moment (naive UTC)."""
    from leadline.time.zone import offset_at

    return (at + offset_at(at, timezone)).date() if isinstance(at, dt.datetime) else at


def _counts(fact: object) -> list[tuple[str, int]]:
    names = (("inserted", "new"), ("updated", "changed"), ("unchanged", "as before"), ("removed", "gone"))
    return [(word, getattr(fact, name)) for name, word in names]


def _status(report: LoadReport, *, dry_run: bool) -> str:
    if report.status == "unchanged":
        return "already loaded, nothing changed"
    if report.status == "refused":
        return "refused, nothing changed"
    if report.status == "skipped":
        return "looks things up in it" if report.source else "not a known file, skipped"
    return f"{report.rows:,} rows {'would be ' if dry_run else ''}read"


def _show_finding(finding: Finding) -> None:
    place = f"line {finding.line}: " if finding.line else ""
    click.echo(f"    {_SEVERITIES[finding.severity]} {place}{finding.what} [{finding.rule}]")
    if finding.fix:
        click.echo(f"      fix: {finding.fix}")


def _sum_up(reports: list[LoadReport], *, dry_run: bool) -> None:
    if len(reports) < 2:
        return
    counts = {status: sum(report.status == status for report in reports) for status in _SIGNS}
    words = [f"{count} {status}" for status, count in counts.items() if count]
    click.echo(f"{len(reports)} deliveries: {', '.join(words)}." + (" Nothing was written." if dry_run else ""))


def _plain(report: LoadReport) -> dict[str, object]:
    data = {name: getattr(report, name) for name in report.__struct_fields__}
    data["error"] = report.error.as_dict() if report.error is not None else None
    return data

"""`leadline glossary`: what every number means, as pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import workspace_option

if TYPE_CHECKING:
    from leadline.language.language import Language
    from leadline.report.glossary import Terms


@click.command("glossary")
@click.option(
    "--output",
    "--out",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("glossary"),
    show_default=True,
    help="Folder for the pages.",
)
@click.option(
    "--language",
    multiple=True,
    metavar="TAG",
    help="en, vi, tr, ms, zh or ar; repeat it, or `all`. Default: the workspace's languages.",
)
@workspace_option
@click.pass_context
def command(ctx: click.Context, output: Path, language: tuple[str, ...], workspace: str | None) -> None:
    """Write a page for each metric, and an index by group and alphabet, as HTML files without scripts.

    Outside a workspace the pages are those of the built-in catalogue.

    \b
    leadline glossary --out glossary --language vi --language en
    leadline glossary --language all
    """
    from leadline.report.glossary import write_glossary

    terms, languages = _asked(Path(workspace or ctx.obj or "."), language, given=bool(workspace or ctx.obj))
    written = write_glossary(output, terms, languages)
    of = "" if terms.title else " of the built-in catalogue"
    spoken = ", ".join(each.name for each in languages)
    click.echo(f"Wrote {len(written):,} pages{of} ({spoken}): open {output / 'index.html'}.")


def _asked(folder: Path, tags: tuple[str, ...], *, given: bool) -> tuple[Terms, list[Language]]:
    from leadline.catalogue import LANGUAGES
    from leadline.errors import UsageError
    from leadline.governance.contract import read_terms
    from leadline.language.read import read_language
    from leadline.model.facts import FACTS
    from leadline.project import find_workspace, open_project, read_metrics
    from leadline.report.glossary import Terms

    wanted = list(LANGUAGES) if "all" in tags else list(dict.fromkeys(tags))
    try:
        project = open_project(find_workspace(folder))
    except UsageError as error:
        if given or error.code != "no-workspace":
            raise
        return Terms(read_metrics(None, FACTS), FACTS), [read_language(tag) for tag in wanted or ["en"]]
    spoken = project.settings.languages or ("en",)
    contracts = read_terms(project)
    terms = Terms(project.metrics, project.facts, project.settings.name or project.folder.name, contracts)
    return terms, [
        read_language(tag, folder=project.folder, home=spoken[0], known=project.metrics) for tag in wanted or spoken
    ]

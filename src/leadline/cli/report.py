"""`leadline report`: the scorecard as a page."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.cli.common import language_option, opened, split_names, workspace_option


@click.command("report")
@click.argument("kpis", nargs=-1, metavar="[METRIC]...")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="[default: report.html, or report.pdf]"
)
@click.option("--pdf", is_flag=True, help="As PDF, every character in an embedded font.")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Add a breakdown of the KPIs that have this dimension.")
@click.option(
    "--grain",
    "-g",
    type=click.Choice(["week", "month", "quarter", "year"]),
    help="Instead of the dashboard's own, which is month unless it says otherwise.",
)
@click.option("--period", "-p", metavar="PERIOD", help="Look only at this time; its last complete period is shown.")
@language_option
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    kpis: tuple[str, ...],
    output: Path | None,
    pdf: bool,
    by: tuple[str, ...],
    grain: str | None,
    period: str | None,
    language: str | None,
    workspace: str | None,
) -> None:
    """Write the scorecard, charts and definitions as one self-contained HTML file, or as PDF.

    \b
    leadline report --by channel -o may.html
    leadline report --pdf --language vi -o may.pdf
    """
    from leadline.errors import LeadlineError
    from leadline.language.read import workspace_language
    from leadline.report.html import render_html, write_html
    from leadline.report.scorecard_goal import aimed_scorecard
    from leadline.report.translate import translated_card, translated_result
    from leadline.report.view import Breakdown
    from leadline.warehouse.ledger import findings_of

    space = opened(ctx, workspace)
    spoken = workspace_language(space, language)
    card = aimed_scorecard(space, kpis=split_names(kpis), grain=grain or "", period=period, language=spoken)
    card = translated_card(card, spoken, space.metrics)
    breakdowns = []
    for dimension in split_names(by):
        for kpi in card.kpis:
            name = kpi.definition.id
            try:
                result = space.query([name], by=[dimension], grain="none", period=period)
            except LeadlineError as error:
                click.echo(f"{name} is not shown by {dimension}: {error.what}", err=True)
                continue
            title = spoken.fill("{name} by {dimension}", name=kpi.definition.name, dimension=spoken.column(dimension))
            breakdowns.append(Breakdown(title, translated_result(result, spoken, space.metrics)))
    found = [
        f"{row['file']}{':' + str(row['line']) if row['line'] else ''} {row['what']}"
        for row in findings_of(space.warehouse().ledger(), None, 20)
        if row["severity"] != "note"
    ]
    page = render_html(card, breakdowns=breakdowns, findings=found, language=spoken)
    pdf = pdf or (output is not None and output.suffix.lower() == ".pdf")
    output = output or Path("report.pdf" if pdf else "report.html")
    if pdf:
        from leadline.report.pdf import write_pdf

        write_pdf(output, page)
    else:
        write_html(output, page)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1024:,.0f} KB).")

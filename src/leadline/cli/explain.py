"""`leadline explain`: where a number comes from."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from leadline.cli.channel import Explain
from leadline.cli.common import opened, query_options, split_names, workspace_option
from leadline.errors import RefusedError, UsageError, unknown

if TYPE_CHECKING:
    from leadline.plan.cell import Records
    from leadline.plan.result import Result
    from leadline.workspace import Workspace


@click.command("explain", cls=Explain)
@click.argument("metric", metavar="METRIC")
@click.option("--by", "-b", multiple=True, metavar="DIM", help="Break the value down by a dimension.")
@click.option("--grain", "-g", default="none", show_default=True, help="day, week, month, quarter, year or none.")
@query_options
@click.option("--records", is_flag=True, help="Show the rows behind the number, with file and line.")
@click.option(
    "--cell", "-c", multiple=True, metavar="DIM=VALUE", help="Only this value of a dimension; `Unattributed` for none."
)
@click.option("--reveal", is_flag=True, help="Show personal data in records, where the workspace allows it.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many records to show.")
@click.option("--format", "-f", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    metric: str,
    by: tuple[str, ...],
    grain: str,
    period: str | None,
    where: str | None,
    currency: str | None,
    as_known_at: str | None,
    records: bool,
    cell: tuple[str, ...],
    reveal: bool,
    limit: int,
    style: str,
    workspace: str | None,
) -> None:
    """Show METRIC's formula, meaning, facts, SQL, freshness, and with --records the rows behind the number.

    \b
    leadline explain cac
    leadline explain ad_spend --period 2026-05 --where "platform = 'google_ads'" --records
    leadline explain cpc --period 2026-05 --cell channel=Display --cell region=Unattributed --records
    leadline explain channel --source google --medium cpc    (which channel, and by which rule)
    """
    space = opened(ctx, workspace)
    values = _cell_values(cell)
    if values and (by or grain != "none"):
        raise UsageError(
            "cell-and-breakdown",
            "A cell is one value, and a breakdown has many.",
            why="--cell was given with --by or --grain",
            fix="name the cell's values with --cell, and its period with --period",
        )
    result = space.query(
        [metric],
        by=list(values) or split_names(by),
        grain=grain,
        period=period,
        where=where,
        as_known_at=as_known_at,
        currency=currency,
    )
    if values:
        result = _only(result, values)
    behind = _behind(space, result, limit, _role(space, reveal)) if records else []
    if style == "json":
        click.echo(_as_json(space, metric, result, behind))
        return
    click.echo(definition_text(space, metric))
    click.echo()
    _show_value(result)
    _show_freshness(result.provenance)
    if result.provenance["sql"]:
        click.secho("\nSQL", bold=True)
    for statement in result.provenance["sql"]:
        click.echo("\n".join(f"  {line}" for line in statement.splitlines()) + ";")
    for found in behind:
        _show_records(found)


def _cell_values(cell: tuple[str, ...]) -> dict[str, str | None]:
    """Dimension values as written; None for what nothing is attributed to."""
    from leadline.report.format import UNATTRIBUTED

    found: dict[str, str | None] = {}
    for text in cell:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                "bad-cell", f"{text!r} names no cell.", why="--cell DIM=VALUE", fix="write for example channel=Email"
            )
        found[name.strip()] = None if value.strip() in {"", UNATTRIBUTED} else value.strip()
    return found


def _only(result: Result, values: dict[str, str | None]) -> Result:
    """The one row of a result with these dimension values; an error names what there is instead."""
    from leadline.report.format import UNATTRIBUTED

    wanted = tuple(value if value is None else value.lower() for value in values.values())

    def told(row: tuple[Any, ...]) -> tuple[str | None, ...]:
        return tuple(None if value is None else str(value).lower() for value in row[: len(wanted)])

    for number, row in enumerate(result.rows):
        if told(row) == wanted:
            return result.only(number)
    given = ", ".join(f"{name} {value or UNATTRIBUTED}" for name, value in values.items())
    known = [" / ".join(str(UNATTRIBUTED if value is None else value) for value in row[: len(wanted)])
             for row in result.rows]  # fmt: skip
    raise unknown("cell", given, known, why="no row of the metric has these values in the period asked for")


def _role(space: Workspace, reveal: bool) -> str:
    if reveal and not space.settings.reveal_personal:
        raise RefusedError(
            "reveal-not-allowed",
            "Personal data is not shown in this workspace.",
            why="leadline.yaml does not say `reveal_personal: true`",
            fix="leave --reveal out, or have those responsible for personal data add that line",
        )
    return "admin" if reveal else "viewer"


def _behind(space: Workspace, result: Result, limit: int, role: str) -> list[Records]:
    """The records behind every row shown; measures that count the same rows share them."""
    column = next(number for number, head in enumerate(result.columns) if head.kind == "metric")
    found: dict[str, Records] = {}
    for number in range(len(result.rows)):
        for records in space.records_of(result, number, column, role=role, limit=limit):
            same = found.get(records.sql)
            found[records.sql] = replace(same, measure=f"{same.measure}, {records.measure}") if same else records
    return list(found.values())


def definition_text(space: Workspace, name: str) -> str:
    """Formula, meaning and traps of a metric, in lines."""
    from leadline.model.infer import meaning_of
    from leadline.model.metric import definition_hash, expand
    from leadline.model.text import formula_text

    metric = space.metrics[name]
    meaning = meaning_of(metric, space.metrics, space.facts)
    lines = [click.style(f"{metric.label} ({metric.id})", bold=True)]
    if metric.doc:
        lines.append(f"  {metric.doc}")
    lines.append(f"  {metric.id} = {metric.formula}")
    whole = formula_text(expand(metric.tree, space.metrics))
    if whole != metric.formula:
        lines.append(f"  {' ' * len(metric.id)} = {whole}")
    facts = [
        meaning.unit,
        f"{metric.better} is better" if metric.better != "target" else "on target is best",
        *filter(None, (metric.stage, metric.timing)),
        meaning.additivity,
        f"version {metric.version}",
        f"definition {definition_hash(metric, space.metrics)}",
        metric.origin,
    ]
    lines.append(f"  {' · '.join(facts)}")
    if metric.owner:
        lines.append(f"  Owner: {metric.owner}")
    lines.append(f"  Break down by: {', '.join(meaning.dimensions) or 'nothing: its facts share no dimension'}")
    lines += [f"  Mind: {pitfall}" for pitfall in metric.pitfalls]
    if metric.decision:
        lines.append(f"  Decided: {metric.decision}")
    need = space.need(name)
    if need:
        lines.append(f"  No source feeds it yet. It needs {need.source}.")
    return "\n".join(lines)


def _show_value(result: Result) -> None:
    from leadline.report.table import render_table, style_for

    click.secho("Value", bold=True)
    text = render_table(result, style_for(sys.stdout))
    click.echo("\n".join(f"  {line}" for line in text.splitlines()))


def _show_freshness(provenance: dict[str, Any]) -> None:
    click.secho("\nFacts", bold=True)
    for name, state in provenance["facts"].items():
        click.echo(f"  {name}: {state['rows']:,} rows")
        for source, about in state["sources"].items():
            through = about["through"] or "unknown"
            click.echo(
                f"    {source}: {about['rows']:,} rows, from {(about['from'] or '?')[:10]} through {through[:10]}"
            )
        if not state["sources"]:
            click.echo("    nothing loaded yet")
    for period, sources in provenance["late"].items():
        click.echo(f"  Unfinished {period}: {', '.join(sources)} has not delivered its last day")


def _show_records(found: Records) -> None:
    names, rows = found.columns, found.rows
    count = f"the newest {len(rows)} of {found.count:,}" if len(rows) < found.count else f"{found.count:,}"
    click.secho(f"\nRecords of {found.fact} ({count})", bold=True)
    click.echo(f"  {found.measure} · {found.period}")
    filled = [index for index, _ in enumerate(names) if any(row[index] is not None for row in rows)]
    if not rows:
        click.echo("  none")
        return
    shown = [[names[index] for index in filled], *([_cell(row[index]) for index in filled] for row in rows)]
    widths = [min(30, max(len(line[column]) for line in shown)) for column in range(len(filled))]
    for line in shown:
        click.echo(
            "  " + "  ".join(f"{_cut(text, width):<{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        )


def _cell(value: Any) -> str:
    from decimal import Decimal

    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return " ".join(str(value).split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _as_json(space: Workspace, name: str, result: Result, behind: list[Records]) -> str:
    from leadline.model.infer import meaning_of
    from leadline.model.metric import expand
    from leadline.model.text import formula_text
    from leadline.report.export import encode_json

    metric, need = space.metrics[name], space.need(name)
    meaning = meaning_of(metric, space.metrics, space.facts)
    return encode_json(
        {
            "metric": {
                "id": metric.id,
                "name": metric.label,
                "doc": metric.doc,
                "formula": metric.formula,
                "expanded": formula_text(expand(metric.tree, space.metrics)),
                "unit": meaning.unit,
                "better": metric.better,
                "stage": metric.stage,
                "timing": metric.timing,
                "version": metric.version,
                "owner": metric.owner,
                "pitfalls": metric.pitfalls,
                "requirements": metric.requirements,
                "decision": metric.decision,
                "needs": need.source if need else "",
                "additivity": meaning.additivity,
                "dimensions": meaning.dimensions,
                "facts": meaning.facts,
                "origin": metric.origin,
            },
            "columns": [column.name for column in result.columns],
            "rows": result.rows,
            "provenance": result.provenance,
            "records": [
                {
                    "fact": one.fact,
                    "measure": one.measure,
                    "period": one.period,
                    "count": one.count,
                    "columns": one.columns,
                    "rows": one.rows,
                }
                for one in behind
            ],
        }
    )

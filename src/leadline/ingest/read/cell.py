"""Cells that must not be trusted: spreadsheet formulas in text, and text decoded wrongly before it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.ingest.read.table import LINE, Table, ident, literal
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

SHOWN = 20

# A cell a spreadsheet would run: `=` and `@` followed by something to evaluate, or a sign followed by a call or a
# dynamic data exchange link. `-5`, `+49 30 123`, `@handle`, `+running +shoes` and `--` are none.
_FORMULA = (
    r"^[\t\r]*(=\s*[-+@=]*\s*(\w|\(|\"|''|\$)"
    r"|[-+@][-+@=\s]*[A-Za-z_][A-Za-z0-9_.]*\("
    r"|[-+@=][^|]*\|.*!)"
)
_EXCEL_TEXT = r'^="[^"(=]*"$'
_MOJIBAKE = "[ÃÂ][\u0080-\u00bf]|Ã[ƒ€‚„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u0160\u0161\u017d\u017e\u0192]|â€."


def formula_cells(con: Connection, table: Table) -> list[Finding]:
    """Errors for text cells that a spreadsheet would run as a formula, one a cell, the first twenty a column."""
    findings: list[Finding] = []
    for column in _text_columns(con, table):
        cell = ident(column)
        # the range comparisons look at four inlined bytes and leave few cells to the regular expression
        starts = f"(({cell} >= '=' and {cell} < '>') or ({cell} >= '@' and {cell} < 'A') or {cell} < '.')"
        where = (
            f"{starts} and regexp_matches({cell}, {literal(_FORMULA)}) "
            f"and not regexp_matches({cell}, {literal(_EXCEL_TEXT)})"
        )
        findings += _report(
            con,
            table,
            column,
            where,
            Finding(
                "error",
                "formula-cell",
                table.file,
                "The cell holds a spreadsheet formula where text belongs: opened in a spreadsheet it would run.",
                fix="clean it at the source, or delete the row; nothing was run here",
            ),
        )
    return findings


def mojibake_cells(con: Connection, table: Table) -> list[Finding]:
    """A warning for each column with text that was UTF-8, read as cp1252 and saved again (`MÃ¼nchen`)."""
    findings: list[Finding] = []
    for column in _text_columns(con, table):
        found = _report(
            con,
            table,
            column,
            f"regexp_matches({ident(column)}, {literal(_MOJIBAKE)})",
            Finding(
                "warning",
                "mojibake",
                table.file,
                "The text was decoded with the wrong encoding before it was exported (as in MÃ¼nchen).",
                fix="export it again as UTF-8; opening and saving the file in a spreadsheet often does this",
            ),
        )
        findings += found[:1]
    return findings


def _text_columns(con: Connection, table: Table) -> list[str]:
    if table.text:
        return list(table.columns)
    described = con.execute(f"describe select * exclude ({LINE}) from {table.relation}").fetchall()
    return [row[0] for row in described if row[1] == "VARCHAR"]


def _report(con: Connection, table: Table, column: str, where: str, finding: Finding) -> list[Finding]:
    import msgspec

    rows = con.execute(
        f"select {LINE}, {ident(column)}, count(*) over () from {table.relation} where {where} "
        f"order by {LINE} limit {SHOWN}"
    ).fetchall()
    found = [msgspec.structs.replace(finding, line=line, column=column, value=value[:200]) for line, value, _ in rows]
    if found and rows[0][2] > len(found):
        found[-1] = msgspec.structs.replace(found[-1], count=rows[0][2] - len(found) + 1)
    return found

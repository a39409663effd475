"""Workbooks: numbers as numbers, text as text whatever it begins with, where it comes from on a second sheet."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.cli import main
from leadline.report.excel import write_excel
from leadline.workspace import Workspace
from report.week import COMMAND, SCRIPT, loaded_firm

calamine = pytest.importorskip("python_calamine")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    space = loaded_firm(tmp_path_factory.mktemp("excel"))
    yield space
    space.close()


@pytest.fixture(scope="module")
def book(firm: Workspace) -> Path:
    path = firm.path / "out.xlsx"
    result = firm.query(["placed", "gmv"], by=["channel"], grain="week", period="2026-W26..2026-W27", total=True)
    write_excel(result, path)
    return path


def part(book: Path, name: str) -> str:
    with zipfile.ZipFile(book) as found:
        return found.read(name).decode()


def test_numbers_dates_and_text_keep_their_kinds(book: Path) -> None:
    rows = calamine.load_workbook(str(book)).get_sheet_by_name("Numbers").to_python()
    assert rows[0] == ["Week", "Channel", "Orders placed", "Goods sold"]
    assert rows[1] == [dt.date(2026, 6, 22), SCRIPT, 6, 600]
    found = {(row[0], row[1]): row[2:] for row in rows[1:]}
    assert found[dt.date(2026, 6, 29), COMMAND] == [5, 500]
    assert rows[-1] == ["Total", "", 32, 3200]


def test_nothing_becomes_a_formula(book: Path) -> None:
    sheet = part(book, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    strings = re.findall(r"<si><t[^>]*>(.*?)</t></si>", part(book, "xl/sharedStrings.xml"))
    at = strings.index(COMMAND.replace("'", "&#39;") if COMMAND not in strings else COMMAND)
    [style, *_] = re.findall(rf'<c r="B\d+" s="(\d+)" t="s"><v>{at}</v>', sheet)
    formats = re.findall(r"<xf [^>]*/?>", part(book, "xl/styles.xml").split("<cellXfs")[1])
    assert 'quotePrefix="1"' in formats[int(style)], "text it stays, even when it is edited"
    assert "\u202e" not in part(book, "xl/sharedStrings.xml")


def test_the_heading_stays_in_sight(book: Path) -> None:
    assert 'ySplit="1"' in part(book, "xl/worksheets/sheet1.xml")


def test_where_it_comes_from_is_on_the_second_sheet(book: Path) -> None:
    facts = dict(row[:2] for row in calamine.load_workbook(str(book)).get_sheet_by_name("Provenance").to_python())
    assert "count(order)" in facts["metrics"]
    assert facts["timezone"] == "UTC"
    assert "SELECT" in facts["sql"].upper()


def test_from_the_command_line(firm: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    for words, code in ((("-o", str(path)), 0), ((), 2)):
        with pytest.raises(SystemExit) as caught:
            main(["query", "placed", "-b", "channel", "-f", "xlsx", *words, "-w", str(firm.path)])
        assert int(caught.value.code or 0) == code
    assert calamine.load_workbook(str(path)).sheet_names == ["Numbers", "Provenance"]

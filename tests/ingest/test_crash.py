"""Killing a load at any point, then loading again, gives the table of one clean load.

The load runs in a process of its own that kills itself (SIGKILL) right before or after one of its steps; once with
every delivery staged first, once with clean ones going straight in.
"""

from __future__ import annotations

import itertools
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from kit import make_workspace
from kit.killer import killed_load
from leadline.ingest.load import PART_STEPS, STEPS
from leadline.workspace import open_workspace

pytestmark = pytest.mark.slow

SOURCE = """
title: Costs by hand
recognise: {columns: [day, what, amount]}
columns:
  day: {headers: {en: [Day]}, type: date}
  what: {headers: {en: [What]}}
  amount: {headers: {en: [Amount]}, type: money}
currency: EUR
facts:
  - fact: cost
    key: [day, what]
    columns: {date: day, category: what, amount: amount, team: "'marketing'"}
"""

# The second file restates a row of the first, the third adds one and repeats another, the fourth has a bad row.
FILES = {
    "a.csv": "Day,What,Amount\n2026-01-01,tools,10.00\n2026-01-02,agency,20.00\n",
    "b.csv": "Day,What,Amount\n2026-01-02,agency,25.00\n2026-01-03,tools,30.00\n",
    "c.csv": "Day,What,Amount\n2026-01-01,tools,10.00\n2026-01-04,events,40.50\n",
    "d.csv": "Day,What,Amount\n"
    + "".join(f"2026-02-{day:02d},tools,{day}.00\n" for day in range(1, 29))
    + "2026-03-01,tools,x\n",
}

POINTS = [
    *((index, "before") for index in range(len(STEPS) + len(PART_STEPS))),
    *((index, "after") for index in range(len(STEPS) + len(PART_STEPS))),
]


def prepare(folder: Path) -> None:
    make_workspace(folder, today="2026-06-15").close()
    (folder / "sources").mkdir()
    (folder / "sources" / "costs.yaml").write_text(SOURCE, encoding="utf-8")
    (folder / "in").mkdir()
    for name, text in FILES.items():
        (folder / "in" / name).write_text(text, encoding="utf-8")


def load_all(folder: Path, order: tuple[str, ...]) -> None:
    with open_workspace(folder) as workspace:
        reports = workspace.load([folder / "in" / name for name in order])
    assert {report.status for report in reports} <= {"loaded", "unchanged"}, reports


def state(folder: Path) -> dict[str, Any]:
    """Everything a load leaves, but for ids and clock times."""
    with open_workspace(folder) as workspace:
        con = workspace.warehouse().con
        return {
            "rows": con.execute("SELECT * EXCLUDE (_load) FROM fact.cost ORDER BY ALL").fetchall(),
            "past": con.execute("SELECT * EXCLUDE (_load, _until) FROM history.cost ORDER BY ALL").fetchall(),
            "quarantine": con.execute(
                "SELECT fact, line, rule, what, raw FROM ledger.quarantine ORDER BY ALL"
            ).fetchall(),
            "state": con.execute("SELECT * FROM ledger.state ORDER BY ALL").fetchall(),
            "loads": con.execute("SELECT source, content, status FROM ledger.load ORDER BY ALL").fetchall(),
            "coverage": con.execute("SELECT source, fact, first, last FROM ledger.coverage ORDER BY ALL").fetchall(),
            "landed": sorted(
                path.name for path in (folder / "landing").rglob("*") if path.is_file() and path.name[0] != "."
            ),
        }


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], dict[str, Any]]:
    """The state after one clean load, by order of files, made when first asked for."""
    base = tmp_path_factory.mktemp("clean")

    class Clean(dict[tuple[str, ...], dict[str, Any]]):
        def __missing__(self, order: tuple[str, ...]) -> dict[str, Any]:
            folder = base / "-".join(order)
            prepare(folder)
            load_all(folder, order)
            self[order] = state(folder)
            return self[order]

    return Clean()


ORDERS = list(itertools.permutations(FILES))
CHOICE = random.Random(20261122)
STAGED, SWIFT = 10**9, 1
CASES = [
    (at, when, CHOICE.randint(1, len(FILES)), rows, CHOICE.choice(ORDERS))
    for rows in (STAGED, SWIFT)
    for at, when in POINTS
]


@pytest.mark.parametrize(("at", "when", "nth", "rows", "order"), CASES)
def test_killed_and_loaded_again(
    tmp_path: Path,
    clean: dict[tuple[str, ...], dict[str, Any]],
    at: int,
    when: str,
    nth: int,
    rows: int,
    order: tuple[str, ...],
) -> None:
    prepare(tmp_path)
    assert killed_load(tmp_path, when, at, nth, rows, order) == -signal.SIGKILL
    load_all(tmp_path, order)
    assert state(tmp_path) == clean[order]
    load_all(tmp_path, order)
    assert state(tmp_path) == clean[order], "a third load changes nothing"


def test_the_clean_table_is_what_the_files_say(clean: dict[tuple[str, ...], dict[str, Any]]) -> None:
    found = clean["a.csv", "b.csv", "c.csv", "d.csv"]
    assert len(found["rows"]) == 4 + 28
    assert len(found["past"]) == 1
    assert [(line, rule) for _, line, rule, _, _ in found["quarantine"]] == [(30, found["quarantine"][0][2])]


def test_a_half_copied_landing_file_is_no_landing_file(tmp_path: Path) -> None:
    prepare(tmp_path)
    load_all(tmp_path, ("a.csv",))
    landed = [path for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    shutil.copy(landed[0], landed[0].with_name(f".{landed[0].name}.999"))
    load_all(tmp_path, ("a.csv", "b.csv"))
    with open_workspace(tmp_path) as workspace:
        assert workspace.warehouse().landed(landed[0].stem) == landed[0]

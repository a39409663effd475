"""The worked examples of the catalogue come out of the engine: rows into facts, one query, the value reckoned by hand.

The rows go through the warehouse's own merge, so what loading derives (`is_first`) is derived here too, and must agree
with what the example states.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit import give
from leadline.catalogue import documents
from leadline.model.metric import Example, MetricDefinition
from leadline.project import Project
from leadline.sql.name import quote
from leadline.workspace import Workspace, open_workspace


def examples() -> Iterator[Any]:
    for document in documents():
        for name, data in document.data.items():
            for number, example in enumerate(document.convert(MetricDefinition, data, name).examples, start=1):
                yield pytest.param(name, example, id=f"{name}-{number}")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of a workspace whose warehouse has all tables and no rows."""
    folder = tmp_path_factory.mktemp("examples") / "empty"
    folder.mkdir()
    (folder / "leadline.yaml").write_text("name: examples\ncurrency: EUR\ntoday: 2026-06-30\n")
    with open_workspace(folder) as workspace:
        workspace.warehouse(write=True)
        return workspace.project


@pytest.fixture
def workspace(empty: Project, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it; the definitions are read only once."""
    shutil.copy(empty.folder / empty.settings.warehouse, tmp_path)
    with Workspace(msgspec.structs.replace(empty, path=str(tmp_path))) as opened:
        yield opened


def fill(workspace: Workspace, given: dict[str, list[dict[str, Any]]]) -> None:
    """Give the rows, and hold what loading derives against what they state."""
    give(workspace, given)
    con = workspace.warehouse(write=True).con
    for fact, rows in given.items():
        for line, row in enumerate(rows, start=1):
            if "is_first" in row:
                found = con.execute(f"SELECT is_first FROM fact.{quote(fact)} WHERE _line = {line}").fetchone()
                assert found == (row["is_first"],), f"{fact}, row {line}: is_first is derived otherwise"


@pytest.mark.parametrize(("name", "example"), list(examples()))
def test_example(name: str, example: Example, workspace: Workspace) -> None:
    fill(workspace, example.given)
    result = workspace.query([name], by=example.by, period=example.period or None)
    value = result.column(name)[0] if result.rows else None
    if example.expect is None:
        assert value is None
    else:
        assert value is not None
        assert float(value) == pytest.approx(float(example.expect), rel=1e-9)


def test_a_wrong_expectation_would_be_noticed(workspace: Workspace) -> None:
    fill(workspace, {"ad": [{"date": "2026-01-05", "clicks": 3, "impressions": 10}]})
    assert float(str(workspace.query(["ad_ctr"]).column("ad_ctr")[0])) != pytest.approx(0.31)

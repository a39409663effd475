"""Every engine as the tests need it.

An engine whose packages are not installed is skipped, saying how to install them. With LEADLINE_ENGINES naming engines
(`postgres,clickhouse`) only these are asked, and one that is missing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.places import CHOSEN, NEEDS, Place, lacking, places
from engines.rows import METRICS, ROWS
from kit import give, make_workspace
from leadline.workspace import Workspace

Make = Callable[..., Workspace]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        marks = {name: [pytest.mark.engine] if name != "duckdb" else [] for name in NEEDS}
        named = [pytest.param(name, marks=marks[name]) for name in NEEDS]
        metafunc.parametrize("engine", named, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if CHOSEN and name not in CHOSEN:
        pytest.skip(f"LEADLINE_ENGINES is {','.join(CHOSEN)}")
    reason = lacking(name)
    if reason and name in CHOSEN:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return name


@pytest.fixture(scope="session")
def place(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Gives the addresses of new, empty warehouses of an engine."""
    with places(engine, tmp_path_factory.mktemp(engine)) as place:
        yield place


@pytest.fixture
def make(tmp_path: Path, place: Place) -> Iterator[Make]:
    """Makes workspaces with empty warehouses, as `kit.make_workspace` does on DuckDB; they are closed in the end."""
    made: list[Workspace] = []

    def create(name: str = "space", *, settings: str = "", **options: Any) -> Workspace:
        made.append(make_workspace(tmp_path / name, settings=f"warehouse: '{place()}'\n{settings}", **options))
        return made[-1]

    yield create
    for workspace in made:
        workspace.close()


class Company:
    """One filled warehouse, seen by workspaces with different settings."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.spaces: dict[str, Workspace] = {}

    def workspace(self, *, settings: str = "", **options: Any) -> Any:
        """A workspace on it; untyped, for its answers are held against approximations."""
        key = repr((settings, options))
        if key not in self.spaces:
            settings = f"warehouse: '{self.address}'\n{settings}"
            folder = self.folder / str(len(self.spaces))
            self.spaces[key] = make_workspace(folder, metrics=METRICS, settings=settings, **options)
        return self.spaces[key]


@pytest.fixture(scope="session")
def company(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The rows of `engines.rows`, loaded once an engine."""
    company = Company(place(), tmp_path_factory.mktemp("company"))
    for source, rows in ROWS.items():
        give(company.workspace(), rows, source=source)
    yield company
    for workspace in company.spaces.values():
        workspace.close()

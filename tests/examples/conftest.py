"""Each example workspace is copied and loaded once, and asked by all of its tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kit.data import copy_example, data_folder
from leadline.cli import main
from leadline.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from leadline.ingest.load import LoadReport


class Loaded(NamedTuple):
    """A workspace with its data, and what became of each file by its name."""

    workspace: Workspace
    reports: dict[str, LoadReport]

    @property
    def read(self) -> dict[str, int]:
        """Rows read of each file that was loaded."""
        return {name: report.rows for name, report in self.reports.items() if report.status == "loaded"}


@pytest.fixture(scope="session")
def load_example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Loaded]]:
    """`load_example(name, folder)`: the example with a whole data folder loaded into it."""
    made: dict[str, Loaded] = {}

    def load(name: str, folder: str) -> Loaded:
        data = data_folder(folder)
        if name not in made:
            workspace = open_workspace(copy_example(name, tmp_path_factory.mktemp("examples")))
            reports = workspace.load([data])
            # Closed after writing, so that it opens again for reading, as the command line does.
            workspace.close()
            made[name] = Loaded(workspace, {report.file: report for report in reports})
        return made[name]

    yield load
    for loaded in made.values():
        loaded.workspace.close()


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Run `leadline query … --format json` here and decode what it prints."""

    def call(workspace: Workspace, *words: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as caught:
            main(["--workspace", str(workspace.path), "query", *words, "--format", "json"])
        out, err = capsys.readouterr()
        code = int(caught.value.code or 0)
        return code, json.loads(out) if code == 0 else err

    return call

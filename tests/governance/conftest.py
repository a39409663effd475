"""A part of the demo, loaded once for all tests of this folder: contacts, their stages, and what ads cost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.once import once
from leadline.cli import main
from leadline.demo.export import ads, around, crm
from leadline.demo.run import make_workspace as make_demo
from leadline.demo.simulate import simulate
from leadline.demo.world import World
from leadline.workspace import open_workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(7)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all workers: only its copies may be changed."""
    return once(tmp_path_factory, "governed", _load) / "fathomere"


def _load(place: Path) -> None:
    world, folder = simulate(7), place / "fathomere"
    folder.mkdir()
    make_demo(folder)
    exports = folder / "exports"
    exports.mkdir()
    with open_workspace(folder) as space:
        for writer in (crm.contacts, around.stage_log, ads.google_ads, ads.linkedin_ads):
            for name, content in writer(world):
                (exports / f"simulated_{name}").write_bytes(content)
                space.load([exports / f"simulated_{name}"])


@pytest.fixture
def demo(loaded: Path, tmp_path: Path) -> Path:
    """A copy of the demo for one test to change."""
    return Path(shutil.copytree(loaded, tmp_path / "fathomere"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call

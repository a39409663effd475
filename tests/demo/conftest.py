"""The demo's files and truth for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kit.fathomere import built
from leadline.demo import Truth
from leadline.demo.generate import EXPORTS, TRUTH


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    made = built(tmp_path_factory)
    folder = tmp_path_factory.mktemp("generated")
    shutil.copytree(made.folder / EXPORTS, folder / EXPORTS)
    shutil.copy(made.folder / TRUTH, folder)
    return folder, made.demo.truth

"""The demo's files and truth, generated once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.demo import Truth, generate


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, generate(folder)

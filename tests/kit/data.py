"""Data of others that some tests run on: a folder beside the checkout. They skip, saying so, where it is absent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT.parent / "shared" / "data"
EXAMPLES = CHECKOUT / "examples"


def data_folder(name: str) -> Path:
    """A folder of the shared data; skips the test where it is not there."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"needs the data folder {name}, which is not on this machine")
    return folder


def oracle(name: str) -> Any:
    """Cases with expected answers kept beside the data; skips the test where they are not there."""
    path = DATA.parent / "oracles" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"needs the cases {name}, which are not on this machine")
    return json.loads(path.read_text(encoding="utf-8"))


def copy_example(name: str, to: Path) -> Path:
    """A fresh copy of an example workspace, without what an earlier load may have left in it."""
    folder = to / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("*.duckdb*", "landing", ".leadline"))
    return folder

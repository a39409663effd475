"""The lock is complete, pinned by hash, and says nothing of where packages were fetched."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("postgres", "clickhouse", "spark")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_is_a_pin_or_its_hash(lock: Path) -> None:
    for line in lock.read_text().splitlines():
        assert re.fullmatch(r"([a-z0-9-]+==\S+( ; .+)? \\)|( {4}--hash=sha256:[0-9a-f]{64}( \\)?)", line), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_address_and_no_path(lock: Path) -> None:
    assert not re.search(r"://|file:|--(extra-)?index-url|--find-links|^/", lock.read_text(), flags=re.MULTILINE)


def test_lock_covers_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [
        *project["project"]["dependencies"],
        *(item for name, extra in extras.items() if name not in ENGINES for item in extra),
        *project["dependency-groups"]["dev"],
        *project["dependency-groups"]["build"],
        *project["build-system"]["requires"],
    ]
    assert named(wanted) <= set(pins((ROOT / "requirements" / "dev.txt").read_text()))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_s_lock_goes_on_top_of_the_other(engine: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"][engine]]
    if engine == "postgres":
        wanted += project["dependency-groups"]["servers"]
    own = pins((ROOT / "requirements" / f"{engine}.txt").read_text())
    shared = pins((ROOT / "requirements" / "dev.txt").read_text())
    assert named(wanted) <= set(own)
    assert {name: version for name, version in own.items() if name in shared} == {
        name: version for name, version in shared.items() if name in own
    }


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", item, maxsplit=1)[0].lower().replace("_", "-") for item in requirements}


def test_the_older_duckdb_is_of_the_other_major() -> None:
    newest = pins((ROOT / "requirements" / "dev.txt").read_text())["duckdb"]
    older = pins((ROOT / "requirements" / "duckdb1.txt").read_text())["duckdb"]
    assert newest.split(".")[0] == "2"
    assert older.split(".")[0] == "1"

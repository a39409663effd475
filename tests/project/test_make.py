"""The two commands of the README, as far as they can be shown without building an environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A `make test` around this one must not hand its flags down.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_says_what_there_is() -> None:
    shown = make().stdout
    for target in ("demo", "test", "lint", "bench", "docs", "lock", "clean"):
        assert re.search(rf"make {target}\s+\S", shown), target


def test_no_target_is_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert phony is not None
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))
    assert targets == set(phony[1].split())


@pytest.mark.parametrize("interpreter", ["false", "no-such-python"])
def test_an_old_or_missing_python_is_named(interpreter: str, tmp_path: Path) -> None:
    done = make("test", f"PYTHON={interpreter}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert interpreter in done.stderr
    assert not (tmp_path / "venv").exists()


def test_the_environment_is_renewed_when_the_lock_changes(tmp_path: Path) -> None:
    """The stamp's name is made of the contents of the lock and the project file."""
    copy = tmp_path / "copy"
    (copy / "requirements").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements/dev.txt"):
        shutil.copy(ROOT / name, copy / name)

    def stamp() -> str:
        done = subprocess.run(
            ["make", "-n", "setup"],
            cwd=copy,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"]},
        )
        return re.findall(r"touch (\S+)", done.stdout)[0]

    before = stamp()
    assert stamp() == before
    with (copy / "requirements" / "dev.txt").open("a") as lock:
        lock.write("# changed\n")
    assert stamp() != before


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in (ROOT / "README.md").read_text(encoding="utf-8")
        assert re.search(rf"make .*\b{target}\b", text)

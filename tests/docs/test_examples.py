"""Every command of the documentation is run, in order, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.pages import ROOT, steps

WALKS = [
    "README.md",
    "docs/quickstart.md",
    "docs/loading.md",
    "docs/channels.md",
    "docs/money.md",
    "docs/dimensions.md",
    "docs/time.md",
    "docs/coverage.md",
    "docs/plan.md",
    "docs/funnels.md",
    "docs/events.md",
    "docs/cohorts.md",
    "docs/reports.md",
]


def environment(folder: Path) -> dict[str, str]:
    """No terminal, no colours, and the `leadline` of this interpreter."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error",
    }


def run(commands: str, folder: Path, home: Path) -> tuple[Path, str]:
    """Run one block as a reader would; the folder it ends in, and what it printed."""
    script = f"set -e\n{commands}\npwd > '{home}/.here'\n"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(home),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return Path((home / ".here").read_text().strip()), done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", WALKS)
def test_walk_through(page: str, tmp_path: Path) -> None:
    taken = list(steps(ROOT / page))
    assert any(step.kind == "shell" for step in taken)
    here = tmp_path
    for step in taken:
        if step.kind == "file":
            target = here / step.target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
        elif not step.text.startswith("make "):
            here, printed = run(step.text, here, tmp_path)
            for expected in step.prints:
                assert expected in printed

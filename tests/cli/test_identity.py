"""`leadline identity`: show, try, merge, separate, and errors with a cure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    space = make_workspace(tmp_path / "w", today="2026-06-03")
    rows = [
        {"_key": str(n), "viewed_at": f"2026-05-0{n} 10:00", "visitor_id": f"v{n}", "person_id": f"u{n}"}
        for n in (1, 2)
    ]
    give(space, {"page_view": rows})

    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["-w", str(space.path), "identity", *args])
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_try_merge_show_and_take_back(run: Run) -> None:
    code, out, _ = run("merge", "u1", "u2", "--dry-run")
    assert code == 0
    assert "would be one person" in out
    assert "u2 -> u1" in out
    assert "metrics go on counting the ids" in out
    assert "Person u2" in run("show", "v2")[1]
    assert "are one person" in run("merge", "u1", "u2", "--by", "ada", "--reason", "two logins")[1]
    _, out, _ = run("show", "v2")
    assert "Person u1" in out
    assert "identity.merge" in out
    assert "by ada: two logins" in out
    done = json.loads(run("separate", "u1", "u2", "--format", "json")[1])
    assert done["changed"] == [["anonymous:v2", "u1", "u2"], ["user:u2", "u1", "u2"]]
    assert json.loads(run("show", "browser:v2", "--format", "json")[1])["person"] == "u2"


def test_ids_that_mean_nobody_are_errors_with_a_cure(run: Run) -> None:
    for given in ("guest", "user:guest", "u99", "email:no"):
        code, _, err = run("show", given)
        assert code == 2
        assert "fix:" in err
        assert len(err.splitlines()) <= 3

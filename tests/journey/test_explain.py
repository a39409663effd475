"""`leadline explain channel`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit import make_workspace
from leadline.cli import main


def say(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["explain", "channel", *args])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_text(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = say(capsys, "--source", "google", "--medium", "cpc", "--campaign", "summer-shop")
    assert code == 0
    assert out.splitlines()[0] == "Paid Shopping"
    assert "rule: ga4.paid-shopping" in out
    assert "source: google (a search source)" in out


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, out, _ = say(capsys, "--url", "https://a.example/?ttclid=1", "--format", "json")
    found = json.loads(out)
    assert (found["decision"]["rule"], found["origin"]["rule"]) == ("ga4.paid-social", "origin.ttclid")


def test_rules_of_the_workspace(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_workspace(tmp_path).close()
    (tmp_path / "channels.yaml").write_text("rules: [{id: own.a, channel: Mine, when: [{medium: cpc}]}]")
    _, out, _ = say(capsys, "-w", str(tmp_path), "--source", "google", "--medium", "cpc")
    assert out.startswith("Mine\n  rule: own.a")
    _, out, _ = say(capsys, "-w", str(tmp_path), "--source", "google", "--medium", "organic", "--preset", "matomo")
    assert out.startswith("Search Engines")


def test_nothing_to_explain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = say(capsys)
    assert (code, "[no-visit]" in err) == (2, True)
    code, _, err = say(capsys, "--source", "x", "--preset", "ga5")
    assert (code, "[unknown-channel-preset]" in err) == (2, True)
    code, _, err = say(capsys, "-w", str(tmp_path / "none"), "--source", "x")
    assert code == 2

"""`leadline goals`, `pace` and `sla` on a few rows: what a user types and sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    space = make_workspace(tmp_path / "w", today="2026-07-02")
    rows = [
        {"entered_at": f"2026-06-{day:02d}T10:00:00", "stage": "mql", "person_id": f"p{day}", "is_first": True,
         "owner": "Ada", "_key": f"p{day}"}
        for day in range(1, 31)
    ]  # fmt: skip
    touches = [{"touched_at": "2026-07-01T12:00:00", "person_id": "p1", "kind": "call"}]
    give(space, {"stage_entry": rows, "sales_touch": touches})
    for room, name, text in (
        ("goals", "g.csv", "metric,period,target\nmql,2026-06,40\n"),
        (
            "sla",
            "agreement.yaml",
            "between: [marketing, sales]\npromises:\n  first: {kind: touch, team: sales, within: 1 day}\n",
        ),
    ):
        (space.path / room).mkdir()
        (space.path / room / name).write_text(text, encoding="utf-8")
    return space.path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main([*args, "-w", str(folder)])
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_pace_as_table_json_and_curve(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("pace", "mql", "--period", "2026-06")
    assert code == 0
    assert "measured to Jun 30, 2026, day 30 of 30" in out
    assert "0.75" in out
    assert "✗ missed" in out
    _, out, _ = run("pace", "--period", "2026-06", "-f", "json")
    [pace] = json.loads(out)["paces"]["paces"]
    assert (pace["actual"], pace["goal"]["target"], pace["status"]) == (30, 40, "missed")
    target = tmp_path / "curve.svg"
    assert run("pace", "mql", "-p", "2026-06", "--svg", str(target))[0] == 0
    assert "30 reached by Jun 30, 2026" in target.read_text(encoding="utf-8")


def test_an_unknown_goal_says_where_to_set_it(run) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run("pace", "leads")
    assert code == 2
    assert "goals --template" in err


def test_goals_split_and_template(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "goals/g.csv:2" in run("goals")[1]
    assert run("goals", "--split", "week")[1].count("\nmql") == 5
    target = tmp_path / "new" / "2027.csv"
    assert run("goals", "mql", "--template", "-o", str(target))[0] == 0
    assert target.read_text(encoding="utf-8").count("\nmql,2027-") == 12
    assert run("goals", "mql", "--template", "-o", str(target))[0] == 2


def test_sla_from_ledger_to_signature(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("sla", "--period", "2026-06", "--breaches", "2")
    assert code == 0
    assert "Breaches, latest first (2 of 29)" in out
    assert run("sla", "dispute", "p7", "--reason", "called from the fair", "--by", "sales")[0] == 0
    assert "Still to sign: marketing" in run("sla", "sign", "2026-06", "--as", "sales")[1]
    _, out, _ = run("sla", "statement", "2026-06")
    assert "disputed: called from the fair" in out
    assert "- sales: signed 2026-07-02." in out
    assert "- marketing: not signed" in out


def test_the_scorecard_tells_how_far_goals_are(run) -> None:  # type: ignore[no-untyped-def]
    """Thirty of forty in June, and nothing runs: less than 85 %, so that something has to change."""
    code, out, _ = run("scorecard", "mql")
    assert code == 0
    assert "✗ act" in out
    assert "Agree what changes: 30 came where the goal was 40." in out
    _, out, _ = run("scorecard", "mql", "-f", "json")
    [kpi] = json.loads(out)["kpis"]
    assert (kpi["goal"]["attainment"], kpi["pace"], kpi["status"]) == (0.75, None, "act")


def test_check_reads_goals_promises_and_annotations(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    note = folder / "annotations" / "notes.yaml"
    note.parent.mkdir()
    note.write_text("- {date: 2026-06-12, text: Fair}\n", encoding="utf-8")
    code, out, _ = run("check")
    assert code == 0
    assert "✓ 1 goals, 1 promises, 1 annotations are sound" in out
    note.write_text("- {date: 2026-06-12, text: Fair}\n- {date: 2026-06-12, txt: Fair}\n", encoding="utf-8")
    (folder / "goals" / "g.csv").write_text("metric,period,target\nmql,2026-06,40\nmqls,2026-06,40\n", encoding="utf-8")
    (folder / "sla" / "hours.yaml").write_text("default:\n  timezone: Nowhere\n", encoding="utf-8")
    code, out, _ = run("check")
    assert code == 3
    for place in ("annotations/notes.yaml:2", "goals/g.csv:3", "sla/hours.yaml:1"):
        assert f"({place})" in out, place
    _, out, _ = run("check", "-f", "github")
    assert "::error file=goals/g.csv,line=3::There is no metric named 'mqls'" in out

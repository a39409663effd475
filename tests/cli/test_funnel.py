"""`leadline funnel` and `leadline path`: tables, JSON, people, pictures, errors in three lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kit import give, make_workspace
from leadline.cli import main
from leadline.journey.answer import told_people
from leadline.model.journey import MOST_STAGES
from leadline.timeline.question import MOST_STEPS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    space = make_workspace(tmp_path / "w", today="2026-06-03", settings="reveal_personal: false\n")
    rows = [
        {"person_id": person, "stage": stage, "entered_at": f"2026-05-{day:02} 10:00", "channel": channel}
        for person, stage, day, channel in (
            ("a@x.example", "lead", 1, "Email"), ("a@x.example", "mql", 3, "Email"), ("p2", "lead", 2, "Direct"),
            ("p3", "lead", 4, "Direct"), ("p3", "sql", 5, "Direct"),
        )
    ]  # fmt: skip
    give(space, {"stage_entry": [{**row, "_key": str(at)} for at, row in enumerate(rows)]})

    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["-w", str(space.path), *args])
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_a_table_and_the_same_as_json(run: Run) -> None:
    code, out, _ = run("funnel", "lead", "mql", "--window", "10 days", "--period", "2026-05")
    assert code == 0
    assert "2. mql" in out
    assert "33.3%" in out
    assert "2.0 days" in out
    assert "Data until" in out
    code, out, _ = run("funnel", "lead", "mql", "--window", "10 days", "--period", "2026-05", "--format", "json")
    answer = json.loads(out)
    assert [(row["people"], row["median"]) for row in answer["rows"]] == [(3, None), (1, 172_800)]
    assert answer["provenance"]["words"]["window"] == "10 days"


def test_stages_rows_and_picture(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "stages.svg"
    code, out, _ = run("funnel", "--stages", "--by", "channel", "--svg", str(picture))
    assert code == 0
    assert "All people" in out
    assert "inferred" in out
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_people_behind_a_bar(run: Run) -> None:
    """No address is shown, whether people are known by an id of ours or by what the source has."""
    code, out, err = run("funnel", "lead", "mql", "--people", "1")
    assert code == 0
    assert {"p2", "p3"} < set(out.split())
    assert "@" not in out
    assert "3 people" in err
    assert run("funnel", "lead", "mql", "--people", "1", "--stopped")[1].split() == ["p2", "p3"]
    by_row = run("funnel", "lead", "mql", "--people", "1", "--by", "channel", "--row", "Direct")[1]
    assert by_row.split() == ["p2", "p3"]
    assert run("funnel", "--stages", "--people", "2", "--format", "json")[1].count("p3") == 1
    code, out, err = run("funnel", "lead", "--people", "1", "--reveal")
    assert code == 5
    assert "reveal-not-allowed" in err
    assert not out


def test_addresses_are_masked_unless_revealed() -> None:
    assert told_people(["p2", "ann@x.example"], reveal=False) == ["p2", "•••"]
    assert told_people(["p2", "ann@x.example"], reveal=True) == ["ann@x.example", "p2"]


def test_paths(run: Run) -> None:
    code, out, _ = run("path", "--from", "lead", "--length", "2")
    assert code == 0
    assert "stage_entry/mql" in out
    assert "(nothing else)" in out
    code, out, _ = run("path", "--to", "mql", "--format", "json")
    assert json.loads(out)["rows"] == [
        {"way": ["stage_entry/lead"], "count": 1, "share": 1.0, "value": 0.0, "not_yet": 1}
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["funnel", "lead", "mqll"], ["unknown-event", "mql", "leadline funnel --events"]),
        (["funnel"], ["no-steps", "leadline funnel lead mql deal/won"]),
        (["funnel", "lead", "--window", "1 month"], ["bad-span", "14 days"]),
        (["funnel", "lead", "mql", "--by", "chanel"], ["unknown-property", "channel"]),
        (["funnel", "lead", "mql", "--by", "channel", "--at", "best"], ["unknown-touch", "step:2"]),
        (["funnel", "--stages", "lead"], ["stages-and-steps"]),
        (["funnel", "lead", "mql", "sql", "--gap", "1 day", "--gap", "1 day", "--gap", "1 day"], ["funnel-gaps"]),
        (["funnel", "lead", "mql", "--without", "sql between 2 and 1"], ["funnel-exclusion"]),
        (["path"], ["path-ends", "--to"]),
    ],
)
def test_errors_have_three_lines_and_a_cure(run: Run, args: list[str], words: list[str]) -> None:
    code, out, err = run(*args)
    assert code == 2
    assert not out
    assert len(err.strip().splitlines()) <= 3
    assert "fix:" in err
    assert all(word in err for word in words), err


def test_what_can_be_a_step(run: Run) -> None:
    code, out, _ = run("funnel", "--events")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["stage_entry/lead", "3"],
        ["stage_entry/mql", "1"],
        ["stage_entry/sql", "1"],
    ]


def test_check_reads_journeys(run: Run, tmp_path: Path) -> None:
    """A stage named twice is told with file and line, before anybody asks; a mended file counts at once."""
    folder = tmp_path / "w" / "journeys"
    folder.mkdir()
    (folder / "own.yaml").write_text("title: Own\nstages: [lead, mql, lead]\n", encoding="utf-8")
    code, _, err = run("check")
    assert code == 3
    assert "journey-stage-twice" in err
    assert "journeys/own.yaml:2" in err
    (folder / "own.yaml").write_text("title: Own\nstages: [lead, mql]\n", encoding="utf-8")
    code, out, _ = run("funnel", "--stages")
    assert code == 0
    assert "2. mql" in out
    assert "sql" not in out


def test_only_people_of_a_segment(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w" / "segments").mkdir()
    (tmp_path / "w" / "segments" / "people.yaml").write_text(
        "hot:\n  doc: an MQL\n  rule:\n    - {has: stage_entry, where: stage = 'mql'}\n", encoding="utf-8"
    )
    code, out, _ = run("funnel", "lead", "mql", "--where", "segment.hot", "--format", "json")
    assert code == 0
    assert [row["people"] for row in json.loads(out)["rows"]] == [1, 1]
    code, out, _ = run("path", "--to", "mql", "--where", "not segment.hot", "--format", "json")
    assert code == 0
    assert json.loads(out)["rows"] == []
    code, _, err = run("funnel", "lead", "--where", "channel = 'Email'")
    assert code == 2
    assert "journey-filter" in err


def test_a_journey_has_as_many_stages_as_a_funnel_can_tell_apart() -> None:
    assert MOST_STAGES == MOST_STEPS

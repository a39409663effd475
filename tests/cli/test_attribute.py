"""`leadline attribute` and `leadline event`: tables, JSON, pictures, errors in three lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kit import give, make_workspace
from leadline.cli import main

Run = Callable[..., tuple[int, str, str]]

ROWS = {
    "touch": [
        {"person_id": "ada", "touched_at": "2026-01-02", "channel": "Paid Search"},
        {"person_id": "ada", "touched_at": "2026-01-09", "channel": "Email"},
        {"person_id": "cem", "touched_at": "2026-01-05", "channel": "Paid Search"},
    ],
    "deal": [
        {"person_id": person, "created_at": "2026-01-10", "won_at": "2026-01-20", "status": "won", "amount": amount,
         "currency": "EUR"}
        for person, amount in (("ada", 1000), ("cem", 600), ("dan", 100))
    ],
    "ad": [{"date": "2026-01-03", "platform": "google_ads", "channel": channel, "spend": 200, "conversions": 3,
            "currency": "EUR"} for channel in ("Paid Search", "Email")],
    "event_member": [
        {"event_id": "w1", "event": "Clinic", "event_at": "2026-01-08 15:00", "person_id": person, "registered": True,
         "attended": person == "ada", "email": f"{person}@example.com"}
        for person in ("ada", "cem")
    ],
}  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    give(make_workspace(tmp_path / "w", today="2026-06-03"), ROWS)

    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([args[0], "-w", str(tmp_path / "w"), *args[1:]])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return call


def test_credit_as_a_table(run: Run) -> None:
    code, out, _ = run("attribute", "deal", "--period", "2026-H1", "--model", "first,last")
    assert code == 0
    assert "Deals won: value credited by channel, 2026-H1" in out
    assert "Unattributed" in out
    assert "add up to 3 conversions and €1,700.00 in all 2 models" in out


def test_a_shift_in_both_ways_of_writing_it(run: Run) -> None:
    models = ("--model", "first,last")
    _, one, _ = run("attribute", *models, "--shift", "10 from Email to Paid Search")
    _, other, _ = run("attribute", *models, "--from", "Email", "--to", "Paid Search", "--amount", "10")
    assert one == other
    assert "does it survive every model? depends" in one
    code, _, err = run("attribute", "--from", "Email")
    assert code == 2
    assert "--amount together" in err


def test_credit_as_json_and_svg(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "credit.svg"
    code, out, _ = run("attribute", "--count", "--format", "json", "--svg", str(picture), "--model", "linear")
    told = json.loads(out)
    assert code == 0
    assert told["by_value"] is False
    assert {row["channel"]: row["conversions"] for row in told["rows"]} == {
        "Email": 0.5, "Paid Search": 1.5, "Unattributed": 1,
    }  # fmt: skip
    assert ElementTree.parse(picture).getroot().get("role") == "img"


def test_an_event_as_text_json_and_svg(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "event.svg"
    code, out, _ = run("event", "clinic", "--people", "attended", "--svg", str(picture))
    assert code == 0
    assert "1 came: 50.0% of those who registered" in out
    assert "no source: needs who was invited" in out
    assert "ada@example.com" not in out
    assert ElementTree.parse(picture).getroot().get("role") == "img"
    _, out, _ = run("event", "--format", "json")
    told = json.loads(out)
    assert told["total"]["contribution"]["won_value"] == 1000
    assert told["people"] is None


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("attribute", "deals"), 2, "unknown-conversion"),
        (("attribute", "deal", "--by", "ad_group"), 2, "unknown-dimension-of-touches"),
        (("attribute", "deal", "--shift", "a lot"), 2, "bad-shift"),
        (("attribute", "deal", "--where", "channel = 'Email'"), 5, "filter-of-touches"),
        (("event", "Gala"), 2, "unknown-event"),
        (("event", "--people", "asleep"), 2, "unknown-step"),
        (("event", "--people", "attended", "--reveal"), 5, "reveal-not-allowed"),
    ],
)
def test_errors_are_three_lines_at_most(run: Run, args: tuple[str, ...], code: int, told: str) -> None:
    ended, out, err = run(*args)
    assert (ended, out) == (code, "")
    assert told in err
    assert len(err.strip().splitlines()) <= 3

"""`leadline cohort` and `leadline sessions` as scripts and people see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    space = make_workspace(tmp_path / "shop", today="2026-04-10")
    rows = [
        {
            "ordered_at": at, "customer_id": who, "is_sale": True, "amount": 10, "currency": "EUR", "order_id": at,
            "_key": at,
        }
        for at, who in (
            ("2026-01-10", "ann"), ("2026-02-11", "ann"), ("2026-01-12", "bob"), ("2026-03-13", "bob"),
            ("2026-02-14", "cem"), ("2026-04-09", "dan"),
        )
    ]  # fmt: skip
    views = [{"viewed_at": f"2026-03-0{day} 10:00", "visitor_id": "v", "_key": str(day)} for day in (1, 2)]
    give(space, {"order": rows, "page_view": views})
    return space.path


def test_a_table_with_blanks_and_the_reason(run: Run, shop: Path) -> None:
    code, out, _ = run("cohort", "-w", str(shop), "--start", "order", "--period", "2026-01..2026-03", "--upto", "2")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["Jan", "2026", "2", "100.0%", "50.0%", "50.0%"] in lines
    assert ["Feb", "2026", "1", "100.0%", "0.0%"] in lines
    assert ["Mar", "2026", "0", "–"] in lines  # nobody began, so there is no share
    assert ["All,", "weighted", "3", "100.0%", "33.3%", "50.0%"] in lines
    assert "Blank: not over by 2026-04-10" in out


def test_json_and_a_picture(run: Run, shop: Path, tmp_path: Path) -> None:
    picture = tmp_path / "map.svg"
    code, out, _ = run(
        "cohort", "-w", str(shop), "--start", "order", "--period", "2026-01..2026-02", "--upto", "2", "-f", "json",
        "--svg", str(picture),
    )  # fmt: skip
    assert code == 0
    told = json.loads(out)
    assert told["rows"][0]["values"] == [2, 1, 1]
    assert told["rows"][1]["values"] == [1, 0, None]
    assert told["average"] == [{"values": [1.0, pytest.approx(1 / 3), 0.5]}]
    assert told["provenance"]["question"]["start"] == "order"
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_the_lifecycle(run: Run, shop: Path) -> None:
    asked = ("cohort", "-w", str(shop), "--lifecycle", "--of", "order", "-g", "month", "-p", "2026-01..2026-03")
    code, out, _ = run(*asked)
    assert code == 0
    assert ["Mar", "2026", "1", "0", "0", "1", "-2"] in [line.split() for line in out.splitlines()]
    told = json.loads(run(*asked, "-f", "json")[1])
    assert told["rows"][2] == {
        "period": "2026-03-01", "active": 1, "new": 0, "returning": 0, "resurrecting": 1, "dormant": -2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--lifecycle",), "no-activity"),
        (("--lifecycle", "--of", "order", "--by", "channel"), "not-of-lifecycle"),
        (("--of", "order"), "of-without-lifecycle"),
        (("--start", "oder"), "unknown-event"),
        ((), "no-start"),
    ],
)
def test_what_cannot_be_asked_is_told_in_three_lines(run: Run, shop: Path, args: tuple[str, ...], said: str) -> None:
    code, _, err = run("cohort", "-w", str(shop), *args)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) <= 3


def test_visits(run: Run, shop: Path) -> None:
    """003-07."""
    code, out, _ = run("sessions", "-w", str(shop), "--preset", "ua")
    assert code == 0
    assert ["All", "2", "1", "1", "1", "0.0%", "100.0%", "1.00", "–"] in [line.split() for line in out.splitlines()]
    told = json.loads(run("sessions", "-w", str(shop), "-f", "json")[1])
    assert told["all"]["sessions"] == 2
    code, _, err = run("sessions", "-w", str(shop), "--where", "channel = 'Email'")
    assert code == 2
    assert "segments of people only" in err or "unknown" in err

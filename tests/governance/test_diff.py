"""Two definitions over one history: which numbers differ, when, where and by how much, and the records that moved."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace

Run = Callable[..., tuple[int, str, str]]

METRICS = """
big: sum(order.amount where amount > {least})
each: big / count(order where amount > {least})
takers: distinct(order.customer_id where amount > {least})
all: sum(order.amount)
"""
AMOUNTS = (("01", "Email", "5.10"), ("01", "Search", "20.20"), ("02", "Email", "8.30"), ("03", "Search", "40.40"))


def orders() -> list[dict[str, Any]]:
    return [
        {"ordered_at": f"2026-{month}-10T10:00:00", "order_id": f"o{n}", "customer_id": f"c{n}", "channel": channel,
         "email": f"c{n}@example.com", "amount": amount, "currency": "EUR"}
        for n, (month, channel, amount) in enumerate(AMOUNTS)
    ]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path / "new", metrics=METRICS.format(least=7))
    give(workspace, {"order": orders()})
    make_workspace(tmp_path / "old", metrics=METRICS.format(least=0))
    return workspace.path


def told(run: Run, *args: str) -> dict[str, Any]:
    code, out, err = run("diff", *args, "-f", "json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out, parse_float=Decimal)
    return found


def of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in answer["definitions"]["metrics"] if one["id"] == name)


def cells(one: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(cell["period"], *cell["members"], cell["was"], cell["now"]) for cell in one["cells"]]


def test_two_folders_over_the_data_of_the_new_one(run: Run, shop: Path) -> None:
    answer = told(run, str(shop.parent / "old"), str(shop))
    assert [one["id"] for one in answer["definitions"]["metrics"]] == ["big", "each", "takers"], "`all` is as it was"
    big = of(answer, "big")
    # Only January has an order of seven or less: 5.10 + 20.20 against 20.20.
    assert cells(big) == [("2026-01-01", Decimal("25.3"), Decimal("20.2"))]
    assert (big["was"], big["now"], big["compared"]) == (Decimal("74"), Decimal("68.9"), 3)
    assert big["changes"] == [
        {"part": "formula", "was": "sum(order.amount where amount > 0)", "now": "sum(order.amount where amount > 7)"}
    ]
    [moved] = big["moved"]
    assert (moved["fact"], moved["way"], moved["count"]) == ("order", "gone", 1)
    [row] = moved["rows"]
    assert row[moved["columns"].index("order_id")] == "o0"
    assert row[moved["columns"].index("email")] == "•••", "personal data stays masked"
    each = of(answer, "each")
    assert cells(each) == [("2026-01-01", Decimal("12.65"), Decimal("20.2"))]
    assert [one["part"] for one in each["changes"]] == ["formula", "metric big"]
    assert cells(of(answer, "takers")) == [("2026-01-01", 2, 1)]


def test_where_they_differ(run: Run, shop: Path) -> None:
    answer = told(run, str(shop.parent / "old"), str(shop), "--metric", "big", "--by", "channel")
    assert cells(of(answer, "big")) == [("2026-01-01", "Email", Decimal("5.1"), 0)]
    answer = told(
        run, str(shop.parent / "old"), str(shop), "-m", "big", "--grain", "year", "--where", "channel = 'Email'"
    )
    assert cells(of(answer, "big")) == [("2026-01-01", Decimal("13.4"), Decimal("8.3"))]
    answer = told(run, str(shop.parent / "old"), str(shop), "-m", "big", "--period", "2026-02")
    assert cells(of(answer, "big")) == []


def test_a_breakdown_that_a_metric_cannot_have_is_told_beside_the_others(run: Run, shop: Path) -> None:
    text = (shop / "metrics" / "own.yaml").read_text(encoding="utf-8") + "cost: sum(ad.spend where spend > 1)\n"
    (shop / "metrics" / "own.yaml").write_text(text, encoding="utf-8")
    old = shop.parent / "old" / "metrics" / "own.yaml"
    old.write_text(old.read_text(encoding="utf-8") + "cost: sum(ad.spend)\n", encoding="utf-8")
    answer = told(run, str(shop.parent / "old"), str(shop), "--by", "category")
    assert "no dimension 'category'" in of(answer, "cost")["problem"]
    assert of(answer, "big")["cells"]


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_a_revision_against_a_dirty_tree(run: Run, shop: Path) -> None:
    repository = shop.parent
    (repository / ".gitignore").write_text("*.duckdb*\n.leadline/\n", encoding="utf-8")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "First")
    git(repository, "tag", "v1")
    own = shop / "metrics" / "own.yaml"
    own.write_text(METRICS.format(least=30).replace("all:", "whole:"), encoding="utf-8")
    before = sorted(path.name for path in shop.iterdir())
    answer = told(run, "v1", "-w", str(shop))
    assert cells(of(answer, "big")) == [
        ("2026-01-01", Decimal("20.2"), 0), ("2026-02-01", Decimal("8.3"), 0)
    ]  # fmt: skip
    assert (of(answer, "all")["kind"], of(answer, "whole")["kind"]) == ("gone", "new")
    assert of(answer, "whole")["now"] == Decimal("74")
    git(repository, "commit", "-qam", "Second")
    _, out, _ = run("diff", "v1..main", "-w", str(shop))
    assert out.startswith("Definitions: v1 (")
    assert "All (all)\n  only in v1 (" in out
    assert run("diff", "HEAD", "-w", str(shop))[1].endswith("Every metric means the same.\n")
    assert sorted(path.name for path in shop.iterdir()) == before, "nothing is left behind"


def test_a_setting_that_moves_days_touches_every_metric(run: Run, shop: Path) -> None:
    old = shop.parent / "old"
    (old / "metrics" / "own.yaml").write_text(METRICS.format(least=7), encoding="utf-8")
    settings = (old / "leadline.yaml").read_text(encoding="utf-8")
    (old / "leadline.yaml").write_text(settings.replace("timezone: UTC", "timezone: Pacific/Auckland"), "utf-8")
    answer = told(run, str(old), str(shop), "-m", "all", "--grain", "day")
    # Ten in the morning UTC is eleven in the evening of the same day in Auckland, in summer.
    assert of(answer, "all")["cells"] == []
    assert of(answer, "all")["changes"][0]["part"] == "setting timezone"
    assert not of(answer, "all")["direct"]


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        (("HEAD",), 2, "no-repository"),
        ((), 2, "bad-usage"),
        (("a", "b", "c"), 2, "bad-usage"),
        (("{old}", "--metric", "bog"), 2, "unknown-metric"),
        (("{old}", "--grain", "decade"), 2, "unknown-grain"),
        (("--as-known-at", "..now"), 2, "bad-usage"),
        (("--as-known-at", "lately..now", "-m", "big"), 2, "bad-moment"),
    ],
)
def test_mistakes_name_the_way_out(run: Run, shop: Path, args: tuple[str, ...], code: int, error: str) -> None:
    given = [word.format(old=shop.parent / "old") for word in args]
    ended, _, err = run("diff", *given, "-w", str(shop))
    assert ended == code
    assert f"[{error}]" in err


def test_revisions_that_are_none(run: Run, shop: Path) -> None:
    git(shop, "init", "-q")
    for word in ("nope", "HEAD"):
        _, _, err = run("diff", word, "-w", str(shop))
        assert f"There is no revision '{word}'" in err
    (shop.parent / "elsewhere.txt").write_text("x", encoding="utf-8")
    git(shop, "commit", "--allow-empty", "-qm", "Nothing yet")
    _, _, err = run("diff", "HEAD", "-w", str(shop))
    assert "[no-workspace-then]" in err


def test_a_revision_whose_definitions_are_wrong_says_where(run: Run, shop: Path) -> None:
    (shop.parent / "old" / "metrics" / "own.yaml").write_text("big: sum(nothing.x)\n", encoding="utf-8")
    code, _, err = run("diff", str(shop.parent / "old"), str(shop))
    assert code == 3
    assert "old: metrics/own.yaml:1" in err


def test_a_dimension_that_was_never_loaded_is_told(run: Run, shop: Path) -> None:
    old = shop.parent / "old" / "leadline.yaml"
    old.write_text(old.read_text("utf-8") + "facts: {order: {partner: {doc: reseller}}}\n", encoding="utf-8")
    code, _, err = run("diff", str(old.parent), str(shop))
    assert code == 2
    assert "[other-columns]" in err


def test_without_git(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    _, _, err = run("diff", "HEAD", "-w", str(shop))
    assert "[no-git]" in err
    assert run("agree", "big", "--as", "sales", "-w", str(shop))[0] == 0, "signed by the login instead"

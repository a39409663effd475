"""The same definitions at two moments of knowledge: what data restated, told apart from what definitions changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.demo.export import ads
from leadline.demo.restate import restate as restated_world
from leadline.demo.world import World
from leadline.governance.diff import Asked, Side
from leadline.governance.restatement import restate
from leadline.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str, str]]


METRICS = "spent: sum(ad.spend)\nhalf: spent / 2\n"


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def ad(day: str, spend: str, key: str) -> dict[str, Any]:
    return {"date": day, "spend": spend, "currency": "EUR", "_key": key}


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Workspace, str]:
    """Four loads: the first is known, then one adds a day, one restates January, one changes nothing that is asked."""
    workspace = make_workspace(tmp_path / "shop", metrics=METRICS, today="2026-06-15")
    give(workspace, {"ad": [ad("2026-01-05", "10.10", "a"), ad("2026-01-06", "20.00", "b")]})
    moment = now()
    give(workspace, {"ad": [ad("2026-02-05", "5.00", "c")]})
    give(workspace, {"ad": [ad("2026-01-05", "11.35", "a"), ad("2026-01-06", "20.00", "b")]})
    give(workspace, {"stage_entry": [{"entered_at": "2026-01-01", "stage": "lead", "person_id": "p"}]})
    return workspace, moment


def asked(workspace: Workspace, names: list[str], first: str) -> Any:
    old, new = Side("then", workspace, first), Side("now", workspace)
    return restate(workspace, names, old, new, Asked())


def test_each_load_that_moved_a_number_is_named_with_what_it_did(shop: tuple[Workspace, str]) -> None:
    workspace, moment = shop
    found = asked(workspace, ["spent", "half"], moment)
    spent = next(one for one in found.diff.metrics if one.id == "spent")
    assert (spent.was, spent.now) == (Decimal("30.1"), Decimal("36.35"))
    assert [(str(cell.period), cell.was, cell.now) for cell in spent.cells] == [
        ("2026-01-01", Decimal("30.1"), Decimal("31.35")),
        ("2026-02-01", 0, 5),
    ]
    assert [(one.load.id, one.load.did) for one in found.effects] == [
        (2, (("ad", "1 new"),)),
        (3, (("ad", "1 changed"),)),
    ]
    assert [(name, str(cell.period), cell.difference) for name, cell in found.effects[1].cells] == [
        ("spent", "2026-01-01", Decimal("1.25")),
        ("half", "2026-01-01", pytest.approx(0.625)),
    ]
    assert [(one.way, one.count) for one in spent.moved] == [("gone", 1), ("come", 2)], "versions of records"


def test_differences_from_load_to_load_add_up(shop: tuple[Workspace, str]) -> None:
    workspace, moment = shop
    found = asked(workspace, ["spent"], moment)
    january = [
        cell.difference
        for one in found.effects
        for _, cell in one.cells
        if cell.period == dt.date(2026, 1, 1) and cell.difference is not None
    ]
    [whole] = [cell for cell in found.diff.metrics[0].cells if cell.period == dt.date(2026, 1, 1)]
    assert sum(january) == whole.difference


def test_a_load_taken_back_leaves_nothing_to_tell(shop: tuple[Workspace, str]) -> None:
    from leadline.warehouse.undo import undo_load

    workspace, moment = shop
    for load in (3, 2):
        undo_load(workspace.warehouse(write=True), load)
    workspace.close()
    found = asked(workspace, ["spent"], moment)
    assert found.effects == ()
    assert not found.diff.metrics[0].differs
    assert found.loads == 4, "two loads and their taking back"


def test_both_a_definition_and_data_are_told_apart(run: Run, shop: tuple[Workspace, str], tmp_path: Path) -> None:
    workspace, moment = shop
    old = make_workspace(tmp_path / "old", metrics=METRICS).path
    (workspace.path / "metrics" / "own.yaml").write_text(
        "spent: sum(ad.spend where spend > 10)\nhalf: spent / 2\n", encoding="utf-8"
    )
    options = ("--as-known-at", f"{moment}..now", "-w", str(workspace.path))
    code, out, _ = run("diff", str(old), *options, "-f", "json")
    assert code == 0
    [spent, _] = json.loads(out, parse_float=Decimal)["parts"]
    # Then 30.10; the data brought 1.25 + 5.00; the definition leaves out the 5.00.
    assert spent == {
        "metric": "spent", "was": Decimal("30.1"), "by_data": Decimal("6.25"), "by_definition": -5,
        "now": Decimal("31.35"),
    }  # fmt: skip
    _, out, _ = run("diff", str(old), *options)
    assert out.startswith("Was it the data, or the definition?")
    assert "€30.10  +€6.25" in out


@pytest.mark.slow
def test_the_platform_restates_last_month(run: Run, demo: Path, world: World, tmp_path: Path) -> None:
    """The old scorecard comes back exactly, and the load that moved it is named."""
    place = str(demo)
    (demo / "metrics" / "claimed.yaml").write_text("claimed: sum(ad.conversions)\n", encoding="utf-8")
    kpis = ("claimed", "cpa", "ad_spend", "leads")
    card = ("scorecard", *kpis, "-f", "json", "-w", place)
    _, before, _ = run(*card)
    moment = now()
    again = restated_world(world, "google_ads", dt.date(2026, 6, 1), seed=3)
    [(name, content)] = ads.google_ads(again)
    export = tmp_path / f"restated_{name}"
    export.write_bytes(content)
    with open_workspace(demo) as space:
        [report] = space.load([export])
        assert report.error is None
    _, after, _ = run(*card)
    assert after != before
    _, known, _ = run(*card, "--as-known-at", moment)
    assert json.loads(known)["as_known_at"] == moment
    assert _told(known) == _told(before), "exactly the old scorecard"

    _, out, _ = run("diff", "--as-known-at", f"{moment}..now", "--metric", ",".join(kpis), "-f", "json", "-w", place)
    data = json.loads(out, parse_float=Decimal)["data"]
    found = {one["id"]: one for one in data["diff"]["metrics"]}
    [cell] = found["claimed"]["cells"]
    days = {
        version: sum(one.claimed for one in of.ads if _in_june(one)) for version, of in (("was", world), ("now", again))
    }
    assert cell["period"] == "2026-06-01"
    assert (cell["now"] - cell["was"]) * 100 == days["now"] - days["was"]
    assert [bool(found[name]["cells"]) for name in kpis] == [True, True, False, False], "cost and leads stay"
    [effect] = data["effects"]
    assert effect["load"]["origin"].endswith("restated_google_ads_campaign_report.csv")
    assert effect["load"]["source"] == "google_ads"
    _, out, _ = run("diff", "--as-known-at", f"{moment}..now", "--metric", "cpa", "-w", place)
    assert "of google_ads, " in out
    assert "restated_google_ads_campaign_report.csv (ad " in out


def _told(card: str) -> Any:
    """A scorecard without what was asked of it: the moment of knowledge, and the statements that read history."""
    found = json.loads(card)
    return {name: value for name, value in found.items() if name not in ("as_known_at", "sql")}


def _in_june(one: Any) -> bool:
    return bool(one.campaign.platform == "google_ads" and one.day.replace(day=1) == dt.date(2026, 6, 1))

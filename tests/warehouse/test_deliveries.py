"""The fact `delivery` tells what loads brought, without anybody mapping it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.workspace import Workspace

FIRST = [{"date": "2026-01-05", "clicks": 3, "_key": "a"}, {"date": "2026-01-06", "clicks": 4, "_key": "b"}]
AGAIN = [{"date": "2026-01-05", "clicks": 3, "_key": "a"}, {"date": "2026-01-06", "clicks": 5, "_key": "b"}]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with make_workspace(tmp_path / "w") as opened:
        yield opened


def test_before_the_first_load_there_is_none(workspace: Workspace) -> None:
    workspace.warehouse(write=True)
    assert "delivery" not in workspace.states()
    assert workspace.query(["restatement_drift"]).rows == [(None,)]


def test_rows_delivered_again_count_as_changed_or_unchanged(workspace: Workspace) -> None:
    give(workspace, {"ad": FIRST}, source="ads")
    assert workspace.query(["restatement_drift"]).rows == [(None,)]
    give(workspace, {"ad": AGAIN}, source="ads")
    result = workspace.query(["restatement_drift"], by=["source", "filled"])
    assert result.rows == [("ads", "ad", 0.5)]


def test_as_known_at_an_earlier_load(workspace: Workspace) -> None:
    give(workspace, {"ad": FIRST}, source="ads")
    between = dt.datetime.now(dt.UTC)
    give(workspace, {"ad": AGAIN}, source="ads")
    assert workspace.query(["restatement_drift"], as_known_at=between).rows == [(None,)]


def test_lag_is_from_the_newest_covered_moment_to_the_load(workspace: Workspace) -> None:
    with workspace.warehouse(write=True).load("ads", "file", "content", "mapping") as load:
        load.merge("ad", "SELECT DATE '2026-01-05' AS date, 3 AS clicks, 1 AS _line, 'a' AS _key")
        load.cover("ad", dt.date(2026, 1, 1), dt.date(2026, 1, 6))
    workspace.close()
    [(hours,)] = workspace.query(["data_lag"]).rows
    passed = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.datetime(2026, 1, 6)
    assert float(str(hours)) == pytest.approx(passed / dt.timedelta(hours=1), abs=0.1)

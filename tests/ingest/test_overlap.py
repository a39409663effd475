"""Two reports of the same days at different levels would count everything twice: the second is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import make_workspace
from leadline.ingest.load import LoadReport
from leadline.warehouse.undo import loads_of_source, undo_load
from leadline.workspace import Workspace

HEAD = """\
# ----------------------------------------
# Traffic acquisition
# Account: A
# Property: shop
# ----------------------------------------
#
# All Users
# Start date: 20260501
# End date: 20260502
"""
BY_CHANNEL = f"""{HEAD}\
Date,Session primary channel group (Default Channel Group),Sessions,Engaged sessions
20260501,Direct,10,5
20260501,Email,7,5
20260502,Direct,11,6
"""
AGAIN = BY_CHANNEL.replace("Email,7,5", "Email,8,5")
BY_PAGE = f"""{HEAD}\
Date,Landing page,Sessions,Engaged sessions
20260501,/home,17,10
20260502,/home,11,6
"""
LATER = BY_PAGE.replace("202605", "202606")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "w", today="2026-07-01")


def load(workspace: Workspace, text: str, source: str | None = None) -> LoadReport:
    path = workspace.path / "report.csv"
    path.write_text(text, encoding="utf-8")
    [report] = workspace.load([path], source=source)
    return report


def sessions(workspace: Workspace) -> object:
    return workspace.query(["sessions"]).rows[0][0]


def test_the_same_sessions_by_another_dimension_are_refused(workspace: Workspace) -> None:
    assert load(workspace, BY_CHANNEL).status == "loaded"
    refused = load(workspace, BY_PAGE)
    assert refused.status == "refused"
    assert refused.error is not None
    assert refused.error.code == "session-overlap"
    assert "by channel" in str(refused.error)
    assert "by landing_page" in str(refused.error)
    assert sessions(workspace) == 28
    workspace.close()


def test_the_same_report_again_is_a_restatement(workspace: Workspace) -> None:
    load(workspace, BY_CHANNEL)
    assert load(workspace, AGAIN).status == "loaded"
    assert sessions(workspace) == 29
    workspace.close()


def test_other_days_may_be_by_another_dimension(workspace: Workspace) -> None:
    load(workspace, BY_CHANNEL)
    assert load(workspace, LATER).status == "loaded"
    assert sessions(workspace) == 56
    workspace.close()


def test_after_taking_the_first_back_the_second_loads(workspace: Workspace) -> None:
    load(workspace, BY_CHANNEL)
    warehouse = workspace.warehouse(write=True)
    for number in loads_of_source(warehouse, "ga4_report"):
        undo_load(warehouse, number)
    workspace.close()
    assert load(workspace, BY_PAGE).status == "loaded"
    assert sessions(workspace) == 28
    workspace.close()

"""Exports as vendors write them: which load, and which are refused with the reason and the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.figure import ask, figures
from leadline.workspace import Workspace


@pytest.fixture(scope="module")
def exports(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("vendor_exports", "vendor_exports")


@pytest.fixture(scope="module")
def workspace(exports: Any) -> Workspace:
    return exports.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("file", "source", "cure"),
    [
        ("google_ads_campaign_report_utf8.csv", "google_ads", "Day"),
        ("google_ads_campaign_report_utf16le_tsv.csv", "google_ads", "Day"),
        ("linkedin_campaign_performance_utf16le_tsv.csv", "linkedin_ads", "Daily"),
        ("meta_ads_manager_campaigns.csv", "meta_ads", "Day"),
        ("ga4_traffic_acquisition.csv", "ga4_report", "Date"),
    ],
)
def test_a_report_over_a_range_is_refused_with_the_cure(exports: Any, file: str, source: str, cure: str) -> None:
    """A month in one row would stand on one day."""
    report = exports.reports[file]
    assert report.status == "refused"
    assert report.source == source
    assert report.error.code == "aggregates-over-range"
    assert cure in report.error.fix
    assert report.error.why.startswith("line ")


def test_nothing_of_a_refused_file_stays(workspace: Workspace) -> None:
    con = workspace.warehouse().con
    for fact in ("ad", "session"):
        assert con.execute(f"SELECT count(*) FROM fact.{fact}").fetchone() == (0,)
    assert con.execute("SELECT count(*) FROM ledger.load WHERE status = 'refused'").fetchone() == (5,)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("registrations attendees attendance_rate", ("2", "1", "50.0 %")),
        # Two joins of 28 and 23 minutes are one person's 51.
        ("watch_minutes", ("51",)),
        ("registrations --period 2026-10-06", ("2",)),
    ],
)
def test_the_webinar_loads(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


def test_a_list_shorter_than_its_own_count_is_told(exports: Any) -> None:
    """The meeting says three registrants and lists two."""
    report = exports.reports["zoom_webinar_attendee_report.csv"]
    assert report.status == "loaded"
    assert [finding.rule for finding in report.findings if finding.severity == "warning"] == ["registrants-missing"]


def test_addresses_are_not_shown(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "attendees", "--by", "country")
    assert code == 0
    assert answer["rows"][0] == ["Germany", 1]
    code, told = cli(workspace, "attendees", "--by", "email")
    assert code != 0
    assert "@" not in told

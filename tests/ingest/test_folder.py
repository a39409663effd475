"""Loading a whole folder: what a source reads, what it looks up, and what is left alone with a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import make_workspace
from leadline.ingest.load import LoadReport
from leadline.workspace import Workspace, open_workspace

# Three maps, two of them to one fact, and a delivery that stands for everything there is.
SOURCE = """
title: People
mode: snapshot
currency: EUR
columns:
  id: text
  owner: text
  lead_at: date
  won_at: date
  worth: money
lookups:
  owners: {file: "owners*.csv", on: owners.owner = owner}
checks:
  - rule: owner-unknown
    that: owners.owner is not null
    what: the owner is unknown
    severity: warning
facts:
  - fact: stage_entry
    key: [id, "'lead'"]
    columns: {entered_at: lead_at, stage: "'lead'", person_id: id, region: owners.region}
  - fact: stage_entry
    key: [id, "'customer'"]
    where: won_at is not null
    columns: {entered_at: won_at, stage: "'customer'", person_id: id}
  - fact: deal
    key: id
    columns:
      created_at: lead_at
      closed_at: won_at
      deal_id: id
      amount: worth
"""

PEOPLE = "id,owner,lead_at,won_at,worth\n1,kim,2026-01-05,2026-02-20,10\n2,lee,2026-01-06,,20\n3,max,2026-01-07,,30\n"
OWNERS = "owner,region\nkim,North\nlee,South\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "workspace"
    make_workspace(folder, today="2026-06-15").close()
    (folder / "sources").mkdir()
    (folder / "sources" / "people.yaml").write_text(SOURCE, "utf-8")
    with open_workspace(folder) as opened:
        yield opened


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    (folder / "owners.csv").write_text(OWNERS, "utf-8")
    return folder


def load(workspace: Workspace, *paths: Path) -> dict[str, LoadReport]:
    return {report.file: report for report in workspace.load(paths)}


def stages(workspace: Workspace) -> list[tuple[str, str]]:
    con = workspace.warehouse().con
    return con.execute("SELECT person_id, stage FROM fact.stage_entry ORDER BY ALL").fetchall()


def test_two_maps_to_one_fact_under_snapshot_take_nothing_from_each_other(workspace: Workspace, data: Path) -> None:
    report = load(workspace, data)["people.csv"]
    assert [(fact.fact, fact.inserted, fact.removed) for fact in report.facts] == [
        ("stage_entry", 4, 0),
        ("deal", 3, 0),
    ]
    assert stages(workspace) == [("1", "customer"), ("1", "lead"), ("2", "lead"), ("3", "lead")]


def test_two_maps_that_give_one_key_are_refused(workspace: Workspace, data: Path) -> None:
    """Without the stage in its key the customer would take the place of the lead."""
    source = workspace.path / "sources" / "people.yaml"
    source.write_text(SOURCE.replace("[id, \"'lead'\"]", "id").replace("[id, \"'customer'\"]", "id"), "utf-8")
    report = load(workspace, data)["people.csv"]
    assert report.status == "refused"
    assert report.error is not None
    assert report.error.code == "duplicate-key"
    assert "stage_entry" in report.error.what


def test_a_newer_snapshot_removes_what_it_lacks_from_every_map(workspace: Workspace, data: Path) -> None:
    load(workspace, data)
    (data / "people.csv").write_text(
        "id,owner,lead_at,won_at,worth\n2,lee,2026-01-06,2026-03-01,20\n3,kim,2026-01-07,,30\n", "utf-8"
    )
    report = load(workspace, data)["people.csv"]
    changes = {fact.fact: (fact.inserted, fact.updated, fact.unchanged, fact.removed) for fact in report.facts}
    assert changes == {"stage_entry": (1, 1, 1, 2), "deal": (0, 1, 1, 1)}
    assert stages(workspace) == [("2", "customer"), ("2", "lead"), ("3", "lead")]


def test_a_warning_about_a_record_is_told_once_whatever_it_becomes(workspace: Workspace, data: Path) -> None:
    report = load(workspace, data)["people.csv"]
    warnings = [finding for finding in report.findings if finding.severity == "warning"]
    assert [(finding.rule, finding.line, finding.count) for finding in warnings] == [("owner-unknown", 4, 1)]


def test_a_deal_is_known_until_the_last_day_one_was_closed(workspace: Workspace, data: Path) -> None:
    load(workspace, data)
    (source,) = workspace.states()["deal"].sources
    assert source.through is not None
    assert source.through.date().isoformat() == "2026-02-20"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("LICENSE.txt", b"You may do with this, within reason,\nwhat you like, and more.\n"),
        ("other.csv", b"alpha,beta\n1,2\n"),
        ("headless.csv", b"1,2026-01-01,5.5\n2,2026-01-02,6.5\n"),
        ("chart.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64),
    ],
)
def test_what_no_source_reads_is_left_alone_in_a_folder_and_refused_when_named(
    workspace: Workspace, data: Path, name: str, content: bytes
) -> None:
    (data / name).write_bytes(content)
    reports = load(workspace, data)
    assert {file: report.status for file, report in reports.items()} == {
        "people.csv": "loaded", "owners.csv": "skipped", name: "skipped",
    }  # fmt: skip
    assert load(workspace, data / name)[name].status == "refused"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.csv", b"<!doctype html><html><title>Sign in</title></html>", "html-not-data"),
        ("people2.csv", b"", "empty-file"),
    ],
)
def test_what_should_have_been_data_is_refused_in_a_folder_too(
    workspace: Workspace, data: Path, name: str, content: bytes, code: str
) -> None:
    (data / name).write_bytes(content)
    report = load(workspace, data)[name]
    assert report.status == "refused"
    assert report.error is not None
    assert report.error.code == code


def test_a_file_that_is_looked_up_says_by_whom(workspace: Workspace, data: Path) -> None:
    assert load(workspace, data)["owners.csv"].source == "people"


def test_a_changed_lookup_is_a_new_delivery(workspace: Workspace, data: Path) -> None:
    load(workspace, data)
    (data / "owners.csv").write_text(OWNERS + "max,East\n", "utf-8")
    report = load(workspace, data)["people.csv"]
    assert report.status == "loaded"
    assert [finding.rule for finding in report.findings if finding.severity == "warning"] == []
    assert load(workspace, data)["people.csv"].status == "unchanged"

"""The page of promises: breaches by name, disputes, the statement and its signatures (001-01, 001-02)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.account import Accounts
from leadline.web.app import make_app

PASSWORD = "correct horse battery"
AGREEMENT = "between: [marketing, sales]\npromises:\n  first_touch: {kind: touch, team: sales, within: 4 hours}\n"


def lead(name: str, at: str) -> dict[str, Any]:
    return {"person_id": name, "stage": "mql", "entered_at": at, "email": f"{name}@x.example", "owner": f"Owner {name}",
            "_key": name}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three leads of June: `a` called after an hour, `b` after six, `c` never; sources tell to the fifth of July."""
    place = tmp_path / "w"
    (place / "sla").mkdir(parents=True)
    (place / "sla" / "agreement.yaml").write_text(AGREEMENT, encoding="utf-8")
    entries = [lead("a", "2026-06-08T07:00"), lead("b", "2026-06-09T07:00"), lead("c", "2026-06-10T07:00")]
    entries.append({"person_id": "z", "stage": "sal", "entered_at": "2026-07-05T20:00", "_key": "z"})
    calls = [("a", "2026-06-08T08:00"), ("b", "2026-06-09T13:00"), ("z", "2026-07-05T20:00")]
    touches = [{"person_id": name, "touched_at": at, "kind": "call", "_key": name} for name, at in calls]
    with make_workspace(place, today="2026-07-06") as workspace:
        give(workspace, {"stage_entry": entries, "sales_touch": touches}, source="crm")
    accounts = Accounts(place)
    for role in ("viewer", "editor", "admin"):
        accounts.add(role, PASSWORD, role)
    accounts.add("emea", PASSWORD, "viewer", "region = 'EMEA'")
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def log_in(client: TestClient, name: str) -> None:
    client.cookies.clear()
    client.post("/login", data={"name": name, "password": PASSWORD, "back": "/annotations"})


def breaches(page: str) -> list[str]:
    table = page.partition("Handed over")[2].partition("</table>")[0]
    return table.partition("<tbody>")[2].split("<tr>")[1:]


def test_breaches_with_owner_record_due_and_how_late(client: TestClient) -> None:
    log_in(client, "viewer")
    rows = breaches(client.get("/sla?period=2026-06").text)
    assert len(rows) == 2
    # `c` was due on the 10th at 11:00 and is longest open; `b` was due at 11:00 and done at 13:00.
    assert "<bdi>c</bdi>" in rows[0]
    assert "never touched" in rows[0]
    for part in ("<bdi>b</bdi>", "Owner b", "First touch", "Tue 2026-06-09 11:00", "2 h 00 min", "done Tue 2026-06-09"):
        assert part in rows[1], part


def test_names_are_for_those_who_may_see_them(client: TestClient) -> None:
    for role, shown in (("viewer", False), ("editor", False), ("admin", True)):
        log_in(client, role)
        assert ("b@x.example" in client.get("/sla?period=2026-06").text) == shown, role


def test_one_owner_alone(client: TestClient) -> None:
    log_in(client, "viewer")
    page = client.get("/sla?period=2026-06&owner=Owner+b").text
    assert len(breaches(page)) == 1
    assert "1 kept" not in page
    assert "33%" in page, "one of three kept, whoever is looked at"


def test_a_dispute_is_written_and_shown_and_changes_no_figure(client: TestClient, folder: Path) -> None:
    log_in(client, "viewer")
    assert ">Dispute<" not in client.get("/sla?period=2026-06").text
    told = {"record": "b", "promise": "first_touch", "by": "sales", "reason": 'met at, "the" fair', "period": "2026-06"}
    assert client.post("/sla/disputes", data=told).status_code == 403
    log_in(client, "editor")
    form = client.get("/sla?period=2026-06&record=b&promise=first_touch").text
    assert 'name="record" value="b"' in form
    page = client.post("/sla/disputes", data=told)
    assert (page.url.path, page.url.query) == ("/sla", b"period=2026-06")
    assert "met at, &#34;the&#34; fair" in page.text
    assert "33%" in page.text
    assert (folder / "sla" / "disputes.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        'b,first_touch,2026-06-09T07:00:00Z,"met at, ""the"" fair",sales,2026-07-06,'
    ]
    for wrong in ({"record": "a"}, {"reason": " "}, {"by": "nobody"}, {}):
        assert client.post("/sla/disputes", data=told | wrong).status_code == 400


def test_both_sign_the_statement_and_a_change_makes_it_stale(client: TestClient, folder: Path) -> None:
    log_in(client, "editor")
    for team in ("marketing", "sales"):
        page = client.post("/sla/signatures", data={"team": team, "period": "2026-06"}).text
    assert page.count(">signed<") == 2
    assert "editor" in page.partition('id="statement"')[2]
    assert 'action="/sla/signatures"' not in page
    with make_workspace(folder, today="2026-07-06") as workspace:
        late = {"person_id": "c", "touched_at": "2026-06-10T08:00", "kind": "call", "_key": "late"}
        give(workspace, {"sales_touch": [late]}, source="crm")
    page = client.get("/sla?period=2026-06").text
    assert page.count(">stale<") == 2
    assert page.count(">not signed<") == 2
    assert client.post("/sla/signatures", data={"team": "sales", "period": "this-month"}).status_code == 422


def test_some_rows_are_refused(client: TestClient) -> None:
    log_in(client, "emea")
    page = client.get("/sla")
    assert page.status_code == 422
    assert "rows-limited" in page.text


def test_without_promises_it_says_how_to_write_them(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new").close()
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        page = client.get("/sla")
        assert "Nothing is promised yet" in page.text
        assert "What to do" in client.get("/sla?period=soon").text or "Nothing is promised yet" in page.text

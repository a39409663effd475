"""The HTTP interface: the same answers as the workspace gives, declared parameters, problems, tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.api.endpoint import ENDPOINTS
from leadline.api.route import api_routes
from leadline.report.export import to_json
from leadline.web.app import make_app
from leadline.workspace import open_workspace

SESSIONS = [
    {"date": "2026-05-03", "sessions": 100, "channel": "Email"},
    {"date": "2026-05-04", "sessions": 30, "channel": "=cmd()"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("api") / "w"
    with make_workspace(place) as workspace:
        give(workspace, {"session": SESSIONS})
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder, more=api_routes()), base_url="http://localhost") as opened:
        yield opened


def test_a_query_is_answered_as_the_workspace_answers_it(client: TestClient, folder: Path) -> None:
    told = client.get("/api/v1/query?metrics=sessions&by=channel&period=2026-05").json()
    with open_workspace(folder) as workspace:
        known = json.loads(to_json(workspace.query(["sessions"], by=["channel"], period="2026-05")))
    assert told == known
    assert {row[0]: row[1] for row in told["rows"]} == {"Email": 100, "=cmd()": 30}


def test_csv_is_safe_for_a_spreadsheet(client: TestClient) -> None:
    text = client.get("/api/v1/query.csv?metrics=sessions&by=channel&period=2026-05").text
    assert "'=cmd()" in text
    assert "\n=cmd()" not in text


def test_a_misspelt_parameter_is_refused_not_ignored(client: TestClient) -> None:
    told = client.get("/api/v1/query?metrics=sessions&were=x")
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["code"] == "unknown-parameter"
    assert "where" in told.json()["fix"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("query", 400, "missing-parameter"),
        ("query?metrics=sesions", 400, "unknown-metric"),
        ("query?metrics=sessions&grain=decade", 400, "unknown-grain"),
        ("query?metrics=sessions&period=soon", 400, "bad-period"),
        ("query?metrics=sessions&where=channel%20%3D", 400, "bad-filter"),
        ("query?metrics=sessions&by=nothing", 400, "unknown-dimension"),
        ("query?metrics=sessions&total=maybe", 400, "bad-parameter"),
        ("records?metric=sessions&limit=0", 400, "bad-parameter"),
        ("metrics/nothing", 404, "unknown-metric"),
        ("sources/nothing/loads", 404, "unknown-source"),
        ("loads", 405, None),
    ],
)
def test_problems_name_code_and_cure(client: TestClient, address: str, status: int, code: str | None) -> None:
    told = client.get(f"/api/v1/{address}")
    assert told.status_code == status, told.text
    if code:
        assert told.json()["code"] == code
        assert told.json()["fix"]


def test_nothing_there_is_a_problem_too(client: TestClient) -> None:
    told = client.get("/api/v1/nothing")
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


def test_an_answer_known_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/api/v1/metrics")
    again = client.get("/api/v1/metrics", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_files_are_loaded_and_told_of(client: TestClient) -> None:
    told = client.post("/api/v1/loads?dry_run=true", files={"files": ("odd.csv", b"a,b\n1,2\n")})
    assert told.status_code == 200
    assert [report["status"] for report in told.json()] == ["refused"]
    assert told.json()[0]["error"]["fix"]
    none = client.post("/api/v1/loads")
    assert (none.status_code, none.json()["code"]) == (400, "no-files")


def test_the_document_names_every_endpoint_and_parameter(client: TestClient) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    for endpoint in ENDPOINTS:
        operation = told["paths"][f"/api/v1{endpoint.path}"][endpoint.method.lower()]
        assert [one["name"] for one in operation["parameters"]] == [one.name for one in endpoint.parameters]

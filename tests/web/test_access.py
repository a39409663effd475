"""Accounts, roles, rows, tokens, the audit log; who may reach what, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.errors import RefusedError, UsageError
from leadline.web import account
from leadline.web.account import Accounts
from leadline.web.app import DEEDS, FILES, PAGES, make_app
from leadline.web.visitor import ROLES

PASSWORD = "correct horse battery"
SESSIONS = [
    {"date": "2026-05-03", "sessions": 100, "region": "EMEA"},
    {"date": "2026-05-04", "sessions": 30, "region": "APAC"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("access") / "w"
    with make_workspace(place) as workspace:
        give(workspace, {"session": SESSIONS})
    accounts = Accounts(place)
    for role in ROLES:
        accounts.add(role, PASSWORD, role)
    accounts.add("emea", PASSWORD, "viewer", "region = 'EMEA'")
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost", follow_redirects=False) as opened:
        yield opened


def log_in(client: TestClient, name: str) -> None:
    answer = client.post("/login", data={"name": name, "password": PASSWORD, "back": "/"})
    assert answer.status_code == 303


PLACES = [
    *(("GET", page.path.replace("{source}", "test"), page.role) for page in PAGES),
    *(("GET", path, "viewer") for path, _, _ in FILES),
    *(("POST", deed.path.replace("{source}", "test"), deed.role) for deed in DEEDS),
]


@pytest.mark.parametrize(("method", "path", "needed"), PLACES)
def test_every_place_lets_in_who_may_and_nobody_else(client: TestClient, method: str, path: str, needed: str) -> None:
    stranger = client.request(method, path)
    assert (stranger.status_code, stranger.headers["location"][:7]) == (303, "/login?")
    for role in ROLES:
        client.cookies.clear()
        log_in(client, role)
        refused = ROLES.index(role) < ROLES.index(needed)  # type: ignore[arg-type]
        assert (client.request(method, path).status_code == 403) == refused, role


def test_rows_are_kept_from_those_who_may_not_see_them(client: TestClient) -> None:
    log_in(client, "emea")
    assert ",100" in client.get("/explore.csv?metrics=sessions&grain=month&period=2026").text
    by_region = client.get("/explore.csv?metrics=sessions&by=region&period=2026").text
    assert "EMEA" in by_region
    assert "APAC" not in by_region
    assert (
        "APAC"
        not in client.get(
            "/explore.csv?metrics=sessions&by=region&where=1%20%3D%201%20or%20region%20%3D%20'APAC'&period=2026"
        ).text
    )
    client.cookies.clear()
    log_in(client, "viewer")
    assert "APAC" in client.get("/explore.csv?metrics=sessions&by=region&period=2026").text


def test_a_wrong_name_or_password_is_refused_in_the_same_words(client: TestClient) -> None:
    wrong = client.post("/login", data={"name": "admin", "password": "wrong password"})
    nobody = client.post("/login", data={"name": "nobody", "password": "wrong password"})
    assert wrong.status_code == nobody.status_code == 403
    assert wrong.text == nobody.text
    assert "session" not in client.cookies


def test_logging_in_leads_back_and_nowhere_else(client: TestClient) -> None:
    for back, leads in (("/explore?metrics=leads", "/explore?metrics=leads"), ("//evil.example/", "/"),
                        ("https://evil.example/", "/"), ("/\\evil.example", "/")):  # fmt: skip
        answer = client.post("/login", data={"name": "admin", "password": PASSWORD, "back": back})
        assert answer.headers["location"] == leads


def test_logging_out_ends_the_session_itself(client: TestClient) -> None:
    log_in(client, "admin")
    secret = client.cookies["session"]
    assert client.get("/explore").status_code == 200
    client.post("/logout")
    client.cookies.set("session", secret)
    assert client.get("/explore").status_code == 303


def test_too_many_wrong_passwords_are_not_looked_at(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.add("ana", PASSWORD, "viewer")
    for _ in range(account.TRIES):
        with pytest.raises(RefusedError, match="wrong-password"):
            accounts.enter("ana", "wrong password", "192.0.2.1")
    with pytest.raises(RefusedError, match="too-many-tries"):
        accounts.enter("ana", PASSWORD, "192.0.2.2")


def test_a_token_sees_what_its_account_sees_with_at_most_its_role(client: TestClient, folder: Path) -> None:
    accounts = Accounts(folder)
    secret = accounts.add_token("bot", "emea", "viewer")
    with pytest.raises(UsageError, match="role-too-high"):
        accounts.add_token("bold", "emea", "admin")
    told = client.get(
        "/explore.csv?metrics=sessions&by=region&period=2026", headers={"authorization": f"Bearer {secret}"}
    )
    assert "EMEA" in told.text
    assert "APAC" not in told.text
    accounts.remove_token("bot")
    gone = client.get("/explore.csv?metrics=sessions", headers={"authorization": f"Bearer {secret}"})
    assert gone.status_code == 401
    assert gone.headers["content-type"] == "application/problem+json"


def test_secrets_are_not_in_the_file(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.add("ana", PASSWORD, "admin")
    secrets = (accounts.enter("ana", PASSWORD, ""), accounts.add_token("bot", "ana", "viewer"), PASSWORD)
    content = accounts.path.read_bytes()
    assert not [secret for secret in secrets if secret.encode() in content]
    assert accounts.path.stat().st_mode & 0o077 == 0
    told = [(entry.who, entry.what) for entry in accounts.audit()]
    assert ("ana", "logged in") in told


def test_a_new_password_ends_sessions_and_a_removed_account_all_it_had(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.add("ana", PASSWORD, "admin")
    secret, token = accounts.enter("ana", PASSWORD, ""), accounts.add_token("bot", "ana", "viewer")
    accounts.change("ana", password="another password")
    assert accounts.of_session(secret) is None
    assert accounts.of_token(token) is not None
    accounts.remove("ana")
    assert accounts.of_token(token) is None
    with pytest.raises(UsageError, match="short-password"):
        accounts.add("ben", "short", "viewer")


def test_without_accounts_this_machine_is_admin_and_a_proxy_is_not(tmp_path: Path) -> None:
    make_workspace(tmp_path / "open").close()
    with TestClient(make_app(tmp_path / "open"), base_url="http://localhost", follow_redirects=False) as client:
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 303

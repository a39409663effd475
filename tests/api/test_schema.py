"""The OpenAPI document against a running server: schemathesis asks what it promises, and what it does not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from kit import give, make_workspace
from leadline.api.endpoint import ENDPOINTS
from leadline.api.route import api_routes
from leadline.web.account import Accounts
from leadline.web.app import make_app

ASKED = {
    "admin": ("--phases", "examples,coverage,fuzzing", "--max-examples", "4"),
    "viewer": ("--phases", "examples,fuzzing", "--max-examples", "4"),
    "": ("--phases", "examples,fuzzing", "--max-examples", "4"),
}
"""Whose token asks, and how much: with all rights also at the edges of every parameter; random requests of each kind
of operation up to so many."""
EXCLUDED = {
    "positive_data_acceptance": "a text that fits the document may still name no metric or be no condition",
    "negative_data_rejection": "in an address `true` and `5` are texts like any other, so they fit where texts do",
}


class Running(uvicorn.Server):
    """A server in a thread of the test, which ends it."""

    def install_signal_handlers(self) -> None:
        return


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("schema") / "w"
    sessions = [{"date": "2026-05-03", "sessions": 100, "channel": "Email"}]
    stages = [{"person_id": "a", "stage": "lead", "entered_at": "2026-05-04T08:00", "_key": "a"}]
    with make_workspace(place) as workspace:
        give(workspace, {"session": sessions, "stage_entry": stages}, source="google_ads")
    return place


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    app = make_app(folder, more=api_routes())
    config = uvicorn.Config(app, port=0, log_level="error", server_header=False)
    socket = config.bind_socket()
    server = Running(config)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    socket.close()


@pytest.mark.slow
@pytest.mark.parametrize("role", ASKED)
def test_no_answer_breaks_the_document(folder: Path, address: str, tmp_path: Path, role: str) -> None:
    accounts, token = Accounts(folder), ""
    if not accounts.any():
        accounts.add("admin", "correct horse battery", "admin")
    if role:
        token = accounts.add_token(role, "admin", role)
    told = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{address}/api/v1/openapi.json", *ASKED[role],
            "--checks", "all", "--exclude-checks", ",".join(EXCLUDED), "--continue-on-failure",
            "--generation-deterministic", "--request-timeout", "20", "--no-color",
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert f"Tested: {len(ENDPOINTS)}" in told.stdout

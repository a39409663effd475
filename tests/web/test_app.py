"""The application around the pages: languages, themes, memory, guarding, errors."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.web.app import PAGES, make_app
from leadline.web.asset import FOREVER, address
from leadline.web.security import POLICY

SESSIONS = [{"date": f"2026-0{month}-03", "sessions": 100 * month} for month in (4, 5, 6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path / "w")
    give(workspace, {"session": SESSIONS})
    (tmp_path / "w" / "dashboards").mkdir()
    (tmp_path / "w" / "dashboards" / "scorecard.yaml").write_text("kpis: [sessions]\n", encoding="utf-8")
    return tmp_path / "w"


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def test_whoever_reads_the_address_may_use_it_at_once(folder: Path) -> None:
    command = [sys.executable, "-m", "leadline", "serve", "--port", "0", "-w", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = re.search(r"http://127\.0\.0\.1:(\d+)", server.stdout.readline())
            assert told is not None
            socket.create_connection(("127.0.0.1", int(told[1])), 10).close()
        finally:
            server.terminate()


def test_the_cockpit_shows_the_last_complete_period(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "500" in page.text
    assert "May 2026" in page.text
    assert page.headers["content-security-policy"] == POLICY
    assert "<script>" not in page.text
    assert "style=" not in page.text


def test_a_new_workspace_says_what_to_do(tmp_path: Path) -> None:
    make_workspace(tmp_path / "new")
    with TestClient(make_app(tmp_path / "new"), base_url="http://localhost") as client:
        page = client.get("/")
    assert page.status_code == 200
    assert "Nothing is loaded yet" in page.text


def test_a_language_is_asked_for_chosen_or_accepted(client: TestClient) -> None:
    assert '<html lang="ar" dir="rtl">' in client.get("/?lang=ar").text
    assert '<html lang="vi" dir="ltr">' in client.get("/", headers={"accept-language": "xx, vi;q=0.8, en;q=0.5"}).text
    chosen = client.post("/choose", data={"lang": "tr", "theme": "dark", "back": "/?period=2026"})
    assert chosen.history[0].headers["location"] == "/?period=2026"
    assert '<html lang="tr" dir="ltr" data-theme="dark">' in client.get("/").text


def test_choosing_leads_nowhere_else(client: TestClient) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example/"):
        answer = client.post("/choose", data={"lang": "en", "back": back}, follow_redirects=False)
        assert answer.headers["location"] == "/"


def test_a_page_is_remembered_until_data_change(client: TestClient, folder: Path) -> None:
    first = client.get("/")
    assert client.get("/", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    with make_workspace(folder) as workspace:
        give(workspace, {"session": [{"_key": "more", "date": "2026-05-20", "sessions": 7}]})
    assert "507" in client.get("/", headers={"if-none-match": first.headers["etag"]}).text


def test_assets_are_kept_for_good_under_their_content(client: TestClient) -> None:
    asset = client.get(address("app.css"))
    assert asset.headers["cache-control"] == FOREVER
    assert "--ll-main" in asset.text
    assert client.get("/static/app.0000000000.css").headers["cache-control"] == "no-cache"
    for name in ("../app.py", ".hidden", "nothing.css"):
        assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://localhost"}, 303),
        ({"origin": "http://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_posts_from_elsewhere_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.post("/choose", data={"lang": "en"}, headers=headers, follow_redirects=False)
    assert answer.status_code == status


def test_a_foreign_name_for_this_machine_is_refused(folder: Path) -> None:
    with TestClient(make_app(folder), base_url="http://rebound.example") as client:
        assert client.get("/").status_code == 403
    with TestClient(make_app(folder, hosts={"numbers.example"}), base_url="http://numbers.example:8000") as client:
        assert client.get("/").status_code == 200


def test_errors_are_pages_with_a_cure(client: TestClient) -> None:
    missing = client.get("/nowhere")
    assert missing.status_code == 404
    assert "There is no page /nowhere" in missing.text
    assert "What to do" in missing.text
    unknown = client.get("/sources/nobody")
    assert unknown.status_code == 404
    assert "There is no source named &#39;nobody&#39;" in unknown.text
    wrong = client.get("/?period=not-a-period")
    assert wrong.status_code == 400
    assert "not-a-period" in wrong.text
    script = client.get("/?period=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in script.text


def entries(page: str) -> dict[str, str]:
    """The entries of the navigation that say where the page is."""
    menu = page[page.index('<nav class="menu"') : page.index("</nav>")]
    return dict(re.findall(r'href="([^"]*)" aria-current="(page|true)"', menu))


def test_the_navigation_says_where_a_page_is(client: TestClient) -> None:
    assert entries(client.get("/").text) == {"/": "page"}
    assert entries(client.get("/goals").text) == {"/goals": "page"}
    for place, part_of in (
        ("/sla", "/goals"),
        ("/annotations", "/"),
        ("/journey/paths", "/journey"),
        ("/glossary/sessions.html", "/glossary"),
        ("/sources/test", "/sources"),
        ("/records?metric=sessions", "/explore"),
    ):
        assert entries(client.get(place).text) == {part_of: "true"}, place
    assert entries(client.get("/nowhere").text) == {}


def test_every_page_is_in_the_navigation_or_part_of_one_that_is() -> None:
    menu = {page.id for page in PAGES if page.menu}
    assert [page.id for page in PAGES if not page.menu and page.under not in menu] == ["present"]


def test_what_nobody_foresaw_is_a_page_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("leadline.web.page.cockpit.aimed_scorecard", broken)
    with TestClient(make_app(folder), base_url="http://localhost", raise_server_exceptions=False) as client:
        page = client.get("/")
    assert page.status_code == 500
    assert "did not foresee" in page.text
    assert "secret detail" not in page.text

"""The explorer: what it is asked, what it draws, the ways on, saved views, files, and what it brings from others."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from importlib import resources
from pathlib import Path

import duckdb
import msgspec
import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from kit import give, make_workspace
from leadline.catalogue import LANGUAGES
from leadline.errors import DefinitionError, UsageError
from leadline.model.saved import SavedView, drop_view, read_views, rename_view, save_view
from leadline.web.account import Accounts
from leadline.web.app import make_app
from leadline.web.asset import FOREVER, address, content

PASSWORD = "correct horse battery"
HOSTILE = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "O'Brien & Sons")
MAIL = "ana@example.com"
SESSIONS = [
    *({"_key": f"a{month}", "date": f"2026-0{month}-03", "sessions": 100 * month, "channel": "Email", "region": "EMEA"}
      for month in (3, 4, 5, 6)),
    *({"_key": f"b{at}", "date": "2026-05-04", "sessions": 10 + at, "channel": name, "region": "APAC"}
      for at, name in enumerate((*HOSTILE, MAIL))),
]  # fmt: skip
# The last of each is of June, so that May is over for all of them.
STAGES = [
    ("a", "2026-05-04", "Email", "lead"),
    ("a", "2026-05-04", "Email", "mql"),
    ("b", "2026-05-05", "Email", "lead"),
    ("c", "2026-05-06", "Direct", "lead"),
    ("d", "2026-06-14", "Direct", "lead"),
]
LEADS = [
    {"_key": f"{who}{stage}", "person_id": who, "stage": stage, "entered_at": f"{day}T08:00", "channel": channel}
    for who, day, channel, stage in STAGES
]
DEALS = [
    {"_key": "1", "deal_id": "1", "person_id": "a", "created_at": "2026-05-12", "won_at": "2026-05-20", "status": "won",
     "amount": "100.50", "currency": "EUR", "channel": "Email"},
    {"_key": "2", "deal_id": "2", "person_id": "b", "created_at": "2026-05-12", "won_at": "2026-06-14", "status": "won",
     "amount": "1", "currency": "EUR", "channel": "Email"},
]  # fmt: skip
MONTHS = "/explore?metrics=sessions&grain=month&period=2026-03..2026-06"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("explorer") / "w"
    with make_workspace(place) as workspace:
        give(workspace, {"session": SESSIONS, "stage_entry": LEADS, "deal": DEALS})
    (place / "dashboards").mkdir()
    (place / "dashboards" / "scorecard.yaml").write_text("kpis: [sessions]\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost") as opened:
        yield opened


def cells(page: str) -> list[list[str]]:
    """The body of the answer's table as text."""
    body = re.search(r'<table class="data sortable">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert body, page
    rows = re.findall(r"<tr>(.*?)</tr>", body[1], re.DOTALL)
    return [
        [unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def links(page: str, text: str) -> list[str]:
    """Where links with a text lead."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [unescape(href) for href, inner in found if unescape(re.sub("<[^>]*>", "", inner)).strip() == text]


def test_metrics_may_come_one_by_one_or_with_commas(client: TestClient) -> None:
    together = client.get("/explore?metrics=leads,mql&by=channel&period=2026-05")
    apart = client.get("/explore?metrics=leads&metrics=mql&metrics=&by=channel&by=&period=2026-05")
    assert cells(together.text) == cells(apart.text) == [["Email", "2", "1"], ["Direct", "1", "0"]]
    assert '<input type="checkbox" id="metric-mql" name="metrics" value="mql" checked>' in apart.text


def test_two_dimensions_and_the_metrics_that_fit_them(client: TestClient) -> None:
    page = client.get("/explore?metrics=sessions&by=region,channel&period=2026-05").text
    assert ["EMEA", "Email", "500"] in cells(page)
    assert 'id="by-2"' in page
    assert client.get("/explore?metrics=sessions&by=a,b,c,d").text.count("4 dimensions are more") >= 1
    assert "7 metrics are more" in client.get("/explore?metrics=a,b,c,d,e,f,g").text


def test_a_course_is_drawn_here_and_told_to_the_script(client: TestClient) -> None:
    page = client.get(MONTHS).text
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg" class="ll-chart"') == 2
    plot = json.loads(unescape(re.search(r'data-plot="(\{.*?\})"', page)[1]))  # type: ignore[index]
    assert plot["names"] == ["Mar 2026", "Apr 2026", "May 2026", "Jun 2026"]
    # May: 500 by mail, 10 to 13 from the four others.
    assert [line["values"] for line in plot["lines"]] == [[300.0, 400.0, 546.0, 600.0]]
    assert plot["lines"][0]["told"][2] == "546"
    assert plot["open"] == [3]
    assert plot["rtl"] is False
    arabic = client.get(f"{MONTHS}&lang=ar").text
    plot = json.loads(unescape(re.search(r'data-plot="(\{.*?\})"', arabic)[1]))  # type: ignore[index]
    assert (plot["rtl"], plot["locale"]) == (True, "ar-u-nu-latn")


def test_without_time_there_is_nothing_to_zoom(client: TestClient) -> None:
    page = client.get("/explore?metrics=sessions,leads&by=channel&period=2026").text
    assert "data-plot=" in page.partition("<body")[0], "the script knows where the library is"
    assert "data-plot=" not in page.partition("<body")[2]
    assert page.count('class="chart"') == 2, "one for each metric"


def test_members_have_one_colour_in_all_charts(client: TestClient) -> None:
    # The newest month has one lead by Direct and none by mail, and revenue by mail alone.
    page = client.get("/explore?metrics=leads,won_revenue&by=channel&grain=month&period=2026-04..2026-06").text
    plots = [json.loads(unescape(found)) for found in re.findall(r'data-plot="(\{.*?\})"', page)]
    first, second = ([line["label"] for line in plot["lines"]] for plot in plots)
    assert first == second == ["Direct", "Email"]


def test_heads_sort_and_say_so(client: TestClient) -> None:
    page = client.get("/explore?metrics=sessions&by=channel&period=2026-05").text
    assert [row[1] for row in cells(page)] == ["500", "13", "12", "11", "10"]
    assert 'aria-sort="descending"><a id="sort-sessions"' in page
    (back,) = links(page, "Website visits (sessions)↓")
    page = client.get(back).text
    assert [row[1] for row in cells(page)] == ["10", "11", "12", "13", "500"]
    assert 'aria-sort="ascending"><a id="sort-sessions"' in page
    (names,) = links(page, "Channel")
    assert [row[0] for row in cells(client.get(names).text)] == sorted([*HOSTILE, MAIL, "Email"])
    assert "There is no column" in client.get("/explore?metrics=sessions&by=channel&sort=nothing").text


def test_a_number_opens_the_records_of_its_cell_alone(client: TestClient) -> None:
    page = client.get("/explore?metrics=leads&by=channel&grain=month&period=2026-05").text
    (way,) = links(page, "2")
    records = client.get(way)
    assert records.status_code == 200
    assert "May 2026 · Email" in records.text
    assert records.text.count('<th scope="row">') == 2
    gone = client.get(way.replace("Email", "Nowhere"))
    assert gone.status_code == 400
    assert "no such row any more" in gone.text
    assert client.get("/records?metric=leads&by=channel&row=%7B").status_code == 400


@pytest.mark.parametrize("name", HOSTILE)
def test_a_member_opens_the_answer_about_it_alone(client: TestClient, name: str) -> None:
    page = client.get("/explore?metrics=sessions&by=channel&period=2026-05").text
    assert "<script>alert" not in page
    (way,) = links(page, name)
    assert cells(client.get(way).text) == [[str(10 + HOSTILE.index(name))]]


@pytest.mark.parametrize(
    ("asked", "cures"),
    [
        ("metrics=leads,sessions&by=lead_source", ["Without lead source", "Only Leads generated"]),
        ("metrics=leeds&grain=month", ["Leads generated instead"]),
        ("metrics=leads&where=chanel%20=%20'x'", ["Without the filter"]),
        ("metrics=leads&period=someday", ["Last 12 months"]),
        ("metrics=leads&by=nothing&where=chanel%20=%20'x'", ["Only Leads generated"]),
    ],
)
def test_a_question_without_an_answer_offers_some_that_have_one(
    client: TestClient, asked: str, cures: list[str]
) -> None:
    page = client.get(f"/explore?{asked}").text
    assert 'role="alert"' in page
    offered = page.partition('<ul class="cures">')[2].partition("</ul>")[0]
    ways = [unescape(href) for href in re.findall('href="([^"]*)"', offered)]
    assert ways
    assert [way for way in ways if 'role="alert"' in client.get(way).text] == [], "each has an answer"
    assert set(cures) <= {unescape(text) for text in re.findall(">([^<]+)</a>", offered)}


def test_rows_not_shown_are_told_of_and_can_be_asked_for(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "w") as workspace:
        give(
            workspace, {"session": [{"date": "2026-05-03", "sessions": at, "channel": f"c{at}"} for at in range(1, 61)]}
        )
    with TestClient(make_app(tmp_path / "w"), base_url="http://localhost") as client:
        page = client.get("/explore?metrics=sessions&by=channel&period=2026").text
        assert len(cells(page)) == 50
        assert "10 of 60 rows not shown" in page
        (more,) = links(page, "Show more rows")
        assert len(cells(client.get(more).text)) == 60
        (file,) = links(page, "CSV")
        assert client.get(file).text.count("\n") == 62, "head, rows, total"


def test_a_file_is_what_is_on_the_page(client: TestClient) -> None:
    asked = "metrics=sessions,won_revenue&by=channel&period=2026-05&sort=-sessions"
    shown = cells(client.get(f"/explore?{asked}").text)
    answer = client.get(f"/explore.csv?{asked}")
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="leadline-sessions-won_revenue-by-channel.csv"'
    )
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["Channel", "Website visits (sessions)", "Won revenue (bookings) (EUR)", "is_total"]
    assert [row[1] for row in rows[1:-1]] == [row[1] for row in shown] == ["10", "11", "12", "13", "500"]
    assert rows[1][0] == f"'{HOSTILE[0]}", "no formula"
    assert rows[5] == ["Email", "500", "100.5", "false"]
    assert rows[-1] == ["", "546", "100.5", "true"]


def test_a_csv_says_what_will_still_change(client: TestClient) -> None:
    rows = list(csv.reader(io.StringIO(client.get(MONTHS.replace("/explore", "/explore.csv")).text)))
    assert rows[0] == ["Month", "Website visits (sessions)", "Notes"]
    assert rows[1] == ["2026-03-01", "300", ""]
    assert rows[4][2] == "Website visits (sessions): period not finished yet: the value will still change"


def test_excel_and_parquet_tell_units_and_run_nothing(client: TestClient, tmp_path: Path) -> None:
    asked = "metrics=sessions,won_revenue&by=channel&period=2026-05"
    book = client.get(f"/explore.xlsx?{asked}&lang=vi").content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[1] for row in sheet[1:6]] == [500.0, 13.0, 12.0, 11.0, 10.0]
    assert HOSTILE[0] in [row[0] for row in sheet], "text as it is, and a cell of text"
    path = tmp_path / "a.parquet"
    path.write_bytes(client.get(f"/explore.parquet?{asked}").content)
    assert duckdb.sql(f"SELECT channel, sessions, won_revenue FROM '{path}'").fetchall()[0][:2] == ("Email", 500)
    told = duckdb.sql(
        f"SELECT decode(value) FROM parquet_kv_metadata('{path}') WHERE decode(key) = 'leadline'"
    ).fetchall()
    columns = {one["name"]: one for one in json.loads(told[0][0])["columns"]}
    assert (columns["won_revenue"]["unit"], columns["won_revenue"]["currency"]) == ("money", "EUR")
    assert client.get(f"/explore.json?{asked}").json()["columns"][0]["name"] == "channel"
    assert client.get("/explore.xlsx?metrics=leeds").status_code == 400


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_word_is_left_in_english(client: TestClient, code: str) -> None:
    every = "metrics=sessions,leads&by=channel&grain=month&compare=previous,year"
    for asked in (every, "metrics=leads&by=channel&gone=x", "metrics=leads&by=nothing&where=x%20=%201"):
        page = client.get(f"/explore?{asked}&lang={code}").text
        assert [line for line in page.splitlines() if "[en]" in line] == []


# ---- saved views


def test_a_view_is_saved_renamed_taken_away_and_taken_back(client: TestClient, folder: Path) -> None:
    asked = {"metrics": "leads,mql", "by": "channel", "grain": "", "period": "2026-05", "sort": "-leads"}
    saved = client.post("/explore/views", data={"do": "save", "name": " <b>Leads  now</b> ", **asked})
    assert str(saved.url).endswith("/explore?view=%3Cb%3ELeads%20now%3C%2Fb%3E")
    assert cells(saved.text) == [["Direct", "1", "0"], ["Email", "2", "1"]]
    assert "<b>Leads now" not in saved.text
    assert read_views(folder)[0] == SavedView(
        "<b>Leads now</b>", ("leads", "mql"), ("channel",), "", "2026-05", sort="-leads"
    )
    changed = client.get("/explore", params={"view": "<b>Leads now</b>", "metrics": "leads"})
    assert "Save the change of" in changed.text
    assert "Save the change of" not in saved.text
    renamed = client.post("/explore/views", data={"do": "rename", "view": "<b>Leads now</b>", "name": "Leads"})
    assert str(renamed.url).endswith("/explore?view=Leads")
    gone = client.post("/explore/views", data={"do": "delete", "view": "Leads"})
    assert read_views(folder) == ()
    assert "The view Leads is gone." in gone.text
    form = gone.text.partition('class="note undo"')[2].partition("</form>")[0]
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    client.post("/explore/views", data=fields)
    assert [view.name for view in read_views(folder)] == ["Leads"]
    assert read_views(folder)[0].sort == "-leads"
    assert links(client.get("/explore").text, "Leads") == ["/explore?view=Leads"]
    assert links(client.get("/").text, "Leads") == ["/explore?view=Leads"]
    drop_view(folder, "leads")
    assert links(client.get("/explore").text, "Leads") == [], "no page of before is shown"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"do": "save", "name": "", "metrics": "leads"}, "needs a name"),
        ({"do": "save", "name": "x" * 81, "metrics": "leads"}, "needs a name"),
        ({"do": "save", "name": "x"}, "without a metric"),
        ({"do": "save", "name": "x", "metrics": "leeds"}, "no metric named"),
        ({"do": "rename", "view": "none", "name": "x"}, "no saved view"),
        ({"do": "delete", "view": "none"}, "no saved view"),
        ({"do": "burn"}, "saved, renamed or deleted"),
    ],
)
def test_what_cannot_be_kept_is_refused(client: TestClient, folder: Path, fields: dict[str, str], told: str) -> None:
    answer = client.post("/explore/views", data=fields)
    assert answer.status_code == 400
    assert told in unescape(answer.text)
    assert read_views(folder) == ()


def test_a_shared_view_shows_everybody_what_they_may_see(tmp_path: Path) -> None:
    place = tmp_path / "w"
    with make_workspace(place) as workspace:
        give(workspace, {"session": SESSIONS})
    accounts = Accounts(place)
    accounts.add("ed", PASSWORD, "editor")
    accounts.add("emea", PASSWORD, "viewer", "region = 'EMEA'")
    accounts.add("root", PASSWORD, "admin")
    with TestClient(make_app(place), base_url="http://localhost") as client:
        asked = {"metrics": "sessions", "by": "channel", "period": "2026-05"}

        def enter(name: str) -> None:
            client.cookies.clear()
            client.post("/login", data={"name": name, "password": PASSWORD})

        enter("ed")
        view = str(client.post("/explore/views", data={"do": "save", "name": "Visits", **asked}).url)
        assert read_views(place)[0].author == "ed"
        seen = client.get(view).text
        assert MAIL not in seen, "addresses of people are dots"
        assert "•••" in seen
        assert MAIL not in client.get("/explore.csv", params=asked).text
        enter("emea")
        page = client.get(view).text
        assert cells(page) == [["Email", "500"]]
        assert "Save this view" not in page
        assert client.post("/explore/views", data={"do": "delete", "view": "Visits"}).status_code == 403
        enter("root")
        assert MAIL in client.get(view).text
        assert len(read_views(place)) == 1


def test_views_written_by_hand_are_read_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    hand = tmp_path / "views" / "ours.yaml"
    hand.write_text("# ours\n- name: Board\n  metrics: [leads]\n  by: [channel]\n", encoding="utf-8")
    assert [view.name for view in read_views(tmp_path, {"leads"})] == ["Board"]
    with pytest.raises(UsageError, match="view-exists"):
        save_view(tmp_path, SavedView("board", ("mql",)))
    save_view(tmp_path, SavedView("Mine: 'x' \\ \"y\" # no", ("mql",), where="channel = 'a, b'"))
    assert read_views(tmp_path)[1].where == "channel = 'a, b'"
    with pytest.raises(UsageError, match="view-exists"):
        rename_view(tmp_path, "Mine: 'x' \\ \"y\" # no", "BOARD")
    assert hand.read_text(encoding="utf-8").startswith("# ours")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\n", "are a list"),
        ("- {name: x, metrics: [leeds]}\n", "no metric named 'leeds'"),
        ("- {name: x, metrics: [leads], colour: red}\n", "no field 'colour'"),
        ("- {name: ' ', metrics: [leads]}\n", "has no name"),
        ("- {name: x, metrics: [leads]}\n- {name: X, metrics: [leads]}\n", "two views named"),
    ],
)
def test_a_wrong_file_of_views_names_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        read_views(tmp_path, {"leads"})
    assert told in error.value.what
    assert "views/a.yaml:" in error.value.why


# ---- what comes from others


def vendored() -> list[tuple[dict[str, object], str, str]]:
    folder = resources.files("leadline.web") / "static" / "vendor"
    told = json.loads((folder / "vendored.json").read_text(encoding="utf-8"))
    return [(one, name, file["sha256"]) for one in told for name, file in one["files"].items()]


@pytest.mark.parametrize(("one", "name", "sha256"), vendored(), ids=[name for _, name, _ in vendored()])
def test_what_comes_from_others_is_as_it_was_delivered(one: dict[str, object], name: str, sha256: str) -> None:
    data = content(name)
    assert data is not None
    assert hashlib.sha256(data).hexdigest() == sha256
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(one["version"]))
    assert one["licence"] in ("MIT", "0BSD")
    if name.endswith(".js"):
        licence = content(str(one["text"]))
        assert licence is not None
        assert b"without fee" in licence or b"free of charge" in licence


def test_nothing_lies_there_that_is_not_told_of() -> None:
    folder = resources.files("leadline.web") / "static" / "vendor"
    assert {entry.name for entry in folder.iterdir()} == {name for _, name, _ in vendored()} | {"vendored.json"}


def test_only_the_explorer_loads_them(client: TestClient) -> None:
    page = client.get(MONTHS).text
    assert f'<script src="{address("htmx.js")}" defer>' in page
    assert f'<script src="{address("uplot.js")}"' not in page, "it comes when there is something to zoom"
    config = json.loads(re.search(r"name=\"htmx-config\" content='(.*?)'", page)[1])  # type: ignore[index]
    assert config["allowEval"] is config["includeIndicatorStyles"] is config["allowScriptTags"] is False
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0, "no numbers are left in the browser's storage"
    assert client.get(address("uplot.js")).headers["cache-control"] == FOREVER
    for other in ("/", "/goals", "/glossary"):
        text = client.get(other).text
        assert "htmx" not in text
        assert "uplot" not in text
    assert "unsafe" not in client.get(MONTHS).headers["content-security-policy"]
    assert not re.search(r"<[^>]* (style|on\w+|hx-on\S*)=", page), "nothing inline"


def test_saved_views_are_plain_data() -> None:
    view = SavedView("a", ("leads",))
    assert msgspec.convert(msgspec.to_builtins(view), SavedView) == view

"""The weekly digest against answers worked out by hand, in six languages and on every surface."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kit import give
from leadline.catalogue import LANGUAGES
from leadline.cli import main
from leadline.errors import DefinitionError, UsageError
from leadline.language.read import read_language
from leadline.model.annotation import read_annotations
from leadline.report.digest import Digest, build_digest
from leadline.report.digest_html import MOST_BYTES, digest_html
from leadline.report.digest_lines import page_of
from leadline.report.digest_text import render_digest
from leadline.report.signal import Contribution, limits_of
from leadline.workspace import Workspace
from report.week import COMMAND, FIRST, LAST, METRICS, SCRIPT, TURNED, loaded_firm, make_firm, orders, reopened, weeks

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    space = loaded_firm(tmp_path_factory.mktemp("digest"))
    yield space
    space.close()


@pytest.fixture(scope="module")
def digest(firm: Workspace) -> Digest:
    return build_digest(firm)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def shown(space: Workspace, tag: str = "en", week: str | None = None) -> str:
    language = read_language(tag)
    return " ".join(render_digest(page_of(build_digest(space, week, language=language), language)).split())


def test_the_last_week_that_is_over(digest: Digest) -> None:
    assert (digest.week, digest.last) == (LAST, dt.date(2026, 7, 5))
    assert digest.send
    assert [line.kpi.value for line in digest.kpis] == [20, Decimal(2000)]
    assert [line.kpi.previous.base for line in digest.kpis] == [12, Decimal(1200)]


def test_natural_limits_by_hand() -> None:
    # Mean 11, every moving range 2: 11 - 2.66 · 2 and 11 + 2.66 · 2.
    found = limits_of([10, 12] * 6)
    assert found is not None
    assert (found.low, found.mean, found.high, found.weeks) == (pytest.approx(5.68), 11, pytest.approx(16.32), 12)
    assert limits_of([10, 12] * 3) is None, "six weeks say little"
    assert limits_of([0, 4] * 5).low == 0, "a count has nothing below nothing"  # type: ignore[union-attr]


def test_a_change_beyond_noise_and_why_it_adds_up(digest: Digest) -> None:
    placed = digest.signals[0]
    assert (placed.metric, placed.up, round(placed.limits.high, 2)) == ("placed", True, 16.32)
    assert placed.why is not None
    assert placed.why.dimension == "channel"
    assert placed.why.parts == (Contribution(SCRIPT, 7), Contribution(TURNED, 2), Contribution(COMMAND, -1))
    assert sum(part.difference for part in placed.why.parts) + placed.why.rest == placed.why.difference == 8
    assert placed.why.others == 0


def test_a_week_as_usual_is_no_news(firm: Workspace) -> None:
    found = build_digest(firm, "2026-W26")
    assert [line.kpi.value for line in found.kpis] == [12, Decimal(1200)]
    assert found.signals == ()
    assert "Nothing left the usual variation" in shown(firm, week="2026-W26")


def test_a_rate_names_no_parts(tmp_path: Path) -> None:
    space = make_firm(tmp_path, "worth", METRICS + "worth: {formula: gmv / placed, unit: money}\n")
    rows = [row for row in weeks() if not row["_key"].startswith(str(LAST))]
    give(space, {"order": [*rows, *orders(LAST, {SCRIPT: 6, COMMAND: 6}, 300)]}, source="shop")
    [signal] = build_digest(space).signals
    assert signal.why is None
    assert "No breakdown of it adds up" in shown(space)


@pytest.mark.parametrize("week", ["2026-W28", "2026-06", "today"])
def test_what_is_no_week_that_is_over(firm: Workspace, week: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_digest(firm, week)
    assert caught.value.code in ("week-not-over", "bad-week")


def test_a_late_source_is_named_and_its_numbers_left_out(tmp_path: Path) -> None:
    space = make_firm(tmp_path, "placed, ad_spend")
    days = [FIRST + dt.timedelta(days=at) for at in range(88)]
    spend = [
        {"date": str(day), "platform": "google_ads", "spend": 77, "currency": "EUR", "_key": str(day)} for day in days
    ]
    give(space, {"order": weeks()}, source="shop")
    give(space, {"ad": spend}, source="google_ads")
    found = build_digest(space)
    assert not found.send
    assert found.why == ("late-source",)
    assert [(late.source, late.through, late.metrics) for late in found.late] == [
        ("google_ads", dt.date(2026, 7, 2), ("ad_spend",))
    ]
    text = shown(space)
    assert "Not to be sent yet: google_ads came too late." in text
    assert "waits for google_ads, whose data ends Jul 2, 2026 · last whole week Jun 22 – 28, 2026: €539" in text
    assert "308" not in text, "four days of spend are no week"
    assert build_digest(space, "2026-W26").send


def test_a_source_that_feeds_no_part_of_a_ratio_is_not_waited_for(tmp_path: Path) -> None:
    """Spend an order: a returns desk writes to the same table, was silent all week, and never placed an order."""
    rate = "each: {formula: spent / bought, unit: money}\nspent: {formula: sum(ad.spend), unit: money}\n"
    bought = "bought: {formula: count(order where is_sale)}\n"
    space = make_firm(tmp_path, "each", METRICS + rate + bought)
    days = [FIRST + dt.timedelta(days=at) for at in range(91)]
    spend = [{"date": str(day), "platform": "x", "spend": 100, "currency": "EUR", "_key": str(day)} for day in days]
    back = [row | {"is_sale": False, "_key": f"r{row['_key']}"} for row in weeks() if row["ordered_at"] < "2026-07-02"]
    give(space, {"order": weeks()}, source="shop")
    give(space, {"ad": spend}, source="ads")
    give(space, {"order": back}, source="returns")
    found = build_digest(space)
    assert (found.send, found.late) == (True, ())
    # Seven days of 100 for the twenty orders of the week.
    assert [line.kpi.value for line in found.kpis] == [35]


def test_a_goal_at_risk_has_the_day_it_is_missed_on(tmp_path: Path) -> None:
    space = loaded_firm(tmp_path)
    (space.path / "goals").mkdir()
    (space.path / "goals" / "g.yaml").write_text(
        "goals:\n- {metric: gmv, period: 2026-07, target: 100000}\n- {metric: placed, period: 2026-Q2, target: 1}\n",
        encoding="utf-8",
    )
    [risk] = build_digest(reopened(space)).risks
    assert (risk.pace.goal.metric, risk.pace.status, risk.miss) == ("gmv", "act", dt.date(2026, 7, 31))
    assert "will be missed on Jul 31, 2026" in shown(space)


def test_promises_both_ways_with_the_worst_first(tmp_path: Path) -> None:
    space = loaded_firm(tmp_path)
    (space.path / "sla").mkdir()
    (space.path / "sla" / "agreement.yaml").write_text(
        "between: [marketing, sales]\npromises:\n"
        "  first_touch: {kind: touch, team: sales, within: 4 business hours}\n"
        "  leads: {kind: deliver, team: marketing, metric: placed, target: 100}\n",
        encoding="utf-8",
    )
    handed = {"a": "2026-06-29T09:00", "b": "2026-07-01T09:00", "c": "2026-07-02T09:00", "old": "2026-06-22T09:00"}
    entries = [
        {"person_id": who, "stage": "mql", "entered_at": f"{at}:00", "owner": "Ann", "_key": who}
        for who, at in handed.items()
    ]
    touched = {"c": "2026-07-02T10:00", "z": "2026-07-05T20:00"}
    touches = [{"person_id": who, "touched_at": f"{at}:00", "kind": "call", "_key": who} for who, at in touched.items()]
    entries.append({"person_id": "z", "stage": "sal", "entered_at": "2026-07-05T20:00:00", "_key": "z"})
    give(space, {"stage_entry": entries, "sales_touch": touches}, source="crm")
    found = build_digest(reopened(space)).promises
    assert found is not None
    [tally] = found.tallies
    assert (tally.kept, tally.breached, tally.open) == (1, 2, 0), "the one handed over a week before is no news"
    assert [item.record for item in found.worst] == ["a", "b"], "a has waited longest"
    [delivery] = found.deliveries
    assert (delivery.target, delivery.delivered) == (100, 14), "seven weekdays share 20 orders; five are of July"


def test_annotations_of_the_week(tmp_path: Path) -> None:
    space = loaded_firm(tmp_path)
    folder = space.path / "annotations"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "- {date: 2026-06-20, until: 2026-06-29, text: Experiment, metric: gmv}\n"
        "- {date: 2026-06-28, text: Before it}\n",
        encoding="utf-8",
    )
    (folder / "b.csv").write_text('date,text,metric\n2026-07-05,"Fair, Hall 4",\n2026-07-06,After it,gmv\n')
    found = build_digest(space).annotations
    assert [(one.text, one.metric) for one in found] == [("Experiment", "gmv"), ("Fair, Hall 4", "")]
    assert "Goods sold: Experiment" in shown(space)


@pytest.mark.parametrize(
    ("name", "text", "place", "said"),
    [
        ("a.yaml", "- {date: 2026-06-01, text: x}\n- {date: nonsense, text: x}\n", "a.yaml:2", ""),
        ("a.yaml", "- {date: 2026-06-01, text: x, colour: red}\n", "a.yaml:1", "colour"),
        ("a.yaml", "- {date: 2026-06-01, text: ''}\n", "a.yaml:1", "says nothing"),
        ("a.yaml", "- {date: 2026-06-01, text: x, metric: gvm}\n", "a.yaml:1", "gvm"),
        ("a.yaml", "- {date: 2026-06-01, until: 2026-05-01, text: x}\n", "a.yaml:1", "before it begins"),
        ("a.yaml", "date: 2026-06-01\n", "a.yaml:1", "list"),
        ("a.csv", "date,text\n2026-06-01,x\n2026-13-01,x\n", "a.csv:3", ""),
        ("a.csv", "day,text\n2026-06-01,x\n", "a.csv:1", "day"),
        ("a.csv", "date,text\n2026-06-01,x,y,z\n", "a.csv:2", "cells"),
    ],
)
def test_a_wrong_annotation_says_where(tmp_path: Path, name: str, text: str, place: str, said: str) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / name).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_annotations(tmp_path, {"gmv"})
    assert place in caught.value.why
    assert said in caught.value.what
    assert caught.value.fix


def test_restated_figures_and_rows_put_right(tmp_path: Path) -> None:
    space = make_firm(tmp_path)
    give(space, {"order": [row for row in weeks() if not row["_key"].startswith(str(LAST))]}, source="shop")
    week = dt.date(2026, 6, 22)
    [first, *_] = orders(week, {SCRIPT: 6, COMMAND: 6})
    give(space, {"order": [first | {"amount": 150}, *orders(LAST, {SCRIPT: 12})]}, source="shop")
    con = space.warehouse(write=True).con
    for number, moment in enumerate(("2026-06-29 05:00:00", "2026-07-06 05:00:00"), 1):
        con.execute("UPDATE ledger.load SET started_at = ?, ended_at = ? WHERE id = ?", [moment, moment, number])
    space = reopened(space)
    found = build_digest(space)
    assert [(one.metric, one.week, one.was, one.now) for one in found.restated] == [("gmv", week, 1200, 1250)]
    assert [(one.source, one.fact, one.updated, one.removed) for one in found.replaced] == [("shop", "order", 1, 0)]
    assert "Goods sold: restated, Jun 22 – 28, 2026: €1,200 → €1,250" in shown(space)


def test_definitions_that_changed_in_the_week(tmp_path: Path) -> None:
    own = (
        METRICS + "good: {formula: count(order where is_sale), name: Good orders, version: 2,\n"
        "  versions: [{until: 2026-06-30, formula: count(order)}]}\n"
    )
    space = make_firm(tmp_path, metrics=own)
    give(space, {"order": weeks()}, source="shop")
    [changed] = build_digest(space).redefined
    assert (changed.metric, changed.first, changed.was, changed.version) == ("good", dt.date(2026, 7, 1), 1, 2)
    assert "Good orders means something else from Jul 1, 2026 on (version 1 → 2)" in shown(space)
    assert build_digest(space, "2026-W26").redefined == ()


@pytest.mark.parametrize("tag", LANGUAGES)
def test_it_is_whole_in_every_language(firm: Workspace, tag: str) -> None:
    text = shown(firm, tag)
    assert "[en]" not in text.replace("Orders placed [en]", "").replace("Goods sold [en]", "")
    if tag != "en":
        assert "Weekly digest" not in text
        assert "beyond noise" not in text


@pytest.mark.parametrize("tag", ["en", "vi", "zh", "ar"])
def test_the_page_is_mail_safe(firm: Workspace, tag: str) -> None:
    html5lib = pytest.importorskip("html5lib")
    language = read_language(tag)
    text = digest_html(page_of(build_digest(firm, language=language), language), language)
    assert len(text.encode()) <= MOST_BYTES
    root = next(html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text).iter("html"))
    assert root.get("dir") == ("rtl" if tag == "ar" else "ltr")
    names = {element.tag for element in root.iter()}
    assert not names & {"script", "svg", "link", "iframe", "form", "object"}
    assert {"table", "img"} <= names
    assert all(image.get("src", "").startswith("data:image/png;base64,") for image in root.iter("img"))
    assert all(image.get("alt") for image in root.iter("img"))
    assert 'name="color-scheme" content="light dark"' in text
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text


def test_every_form_from_the_command_line(run: Run, firm: Workspace, tmp_path: Path) -> None:
    place = ("-w", str(firm.path))
    code, out, _ = run("digest", *place)
    assert code == 0
    assert "! " not in out.splitlines()[4]
    assert "How did we do?" in out
    data = json.loads(run("digest", "-f", "json", *place)[1])
    assert data["send"] is True
    assert data["signals"][0]["why"]["difference"] == 8
    for style in ("html", "eml", "slack", "teams"):
        file = tmp_path / f"digest.{style}"
        assert run("digest", "--week", "2026-W27", "-f", style, "-o", str(file), *place)[0] == 0
        assert file.stat().st_size > 1000
    assert run("digest", "--week", "2026-06", *place)[0] == 2
    assert run("digest", "-f", "pdf", *place)[0] == 2, "PDF is no text"

"""Wrong formulas, names, periods, workspaces and questions, as people make them: each is told in three lines at most.

What is printed must hold the code, the place, the cause and the cure, and never a traceback.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline.cli import main

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command as typed; its exit code and the lines of the error stream."""
    monkeypatch.delenv("LEADLINE_DEBUG", raising=False)

    def call(*args: str) -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        return int(caught.value.code or 0), capsys.readouterr().err.splitlines()

    return call


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path / "shop", metrics="own: sum(ad.spend)\n")
    give(workspace, {
        "ad": [{"date": "2026-01-05", "channel": "Display", "spend": 5, "clicks": 2, "currency": "EUR"},
               {"date": "2026-01-05", "channel": "Display", "spend": 7, "currency": "USD", "_key": "2"}],
        "order": [{"order_id": "1", "ordered_at": "2026-01-05", "amount": 9, "currency": "EUR", "is_sale": True}],
        "stage_entry": [{"person_id": "p", "stage": "lead", "entered_at": "2026-01-05"}],
    })  # fmt: skip
    return workspace.path


def told(code: int, lines: list[str], exit_code: int, name: str, *parts: str) -> None:
    """The rule that every error keeps."""
    text = "\n".join(lines)
    assert code == exit_code, text
    assert 1 <= len(lines) <= 3, text
    assert lines[0].startswith("Error: "), text
    assert re.search(rf"\[{name}\]$", lines[0]), text
    assert any(line.startswith("  fix: ") and len(line) > 10 for line in lines), text
    assert "Traceback" not in text
    for part in parts:
        assert part in text, f"{part!r} is not said:\n{text}"


FORMULAS = [
    # what is written, the code, and what the error must say: the place, the cause and the cure
    ("sum(ad.spend", "formula-syntax", ["own.yaml:1", "column 13", "')'"]),
    ("sum(ad.spend) / ", "formula-syntax", ["own.yaml:1", "the end", "a name"]),
    ("summ(ad.spend)", "formula-syntax", ["own.yaml:1", "▸", "did you mean sum"]),
    ("sum(ad.spend) sum(ad.clicks)", "formula-syntax", ["column 15", "expected"]),
    ("sum(spend)", "formula-meaning", ["own.yaml:1", "which fact", "ad.spend"]),
    ("sum(ads.spend)", "unknown-fact", ["own.yaml:1", "'ads'", "did you mean ad"]),
    ("sum(ad.spent)", "unknown-column", ["own.yaml:1", "'spent'", "did you mean spend"]),
    ("sum(ad.spend * order.amount)", "formula-meaning", ["own.yaml:1", "one fact", "two measures"]),
    ("sum(ad.channel)", "not-a-number", ["own.yaml:1", "text", "count()"]),
    ("sum(ad.reach)", "not-additive", ["own.yaml:1", "added up", "weight"]),
    ("count(ad where channel)", "not-a-condition", ["own.yaml:1", "where", "compare"]),
    ("count(ad where channel > 5)", "type-clash", ["own.yaml:1", "number with text", "single quotes"]),
    ("count(ad where chanel = 'x')", "unknown-column", ["'chanel'", "did you mean channel"]),
    ("count(deal at won)", "not-a-time", ["own.yaml:1", "'won'", "won_at"]),
    ("last(ad.spend)", "not-a-balance", ["own.yaml:1", "moments", "sum()"]),
    ("last(median(deal.amount))", "formula-meaning", ["last()", "for example"]),
    ("percentile(deal.amount, 90)", "formula-meaning", ["between 0 and 1", "0.9"]),
    ("prior(own_metric)", "unknown-metric", ["own.yaml:1", "own_metric"]),
    ("prior(sum(ad.spend), 1.5 months)", "formula-meaning", ["whole number", "1 year"]),
    ("reach(ad, order)", "no-entity", ["own.yaml:1", "nobody", "stage_entry"]),
    ("sum(ad.spend over 0 days)", "formula-meaning", ["length", "28 days"]),
    ("movement(subscription.mrr, gone)", "formula-meaning", ["'gone'", "churned"]),
    ("credited(sum(order.amount), linar)", "formula-meaning", ["'linar'", "did you mean linear"]),
    ("own + 1", "metric-cycle", ["own.yaml:1", "own → own", "break"]),
    ("count(ad) ; drop table ad", "formula-syntax", ["own.yaml:1", "';'", "expected"]),
    ("''", "formula-syntax", ["own.yaml:1", "expected"]),
]


@pytest.mark.parametrize(("formula", "name", "parts"), FORMULAS, ids=[case[0] for case in FORMULAS])
def test_wrong_formulas(run: Run, shop: Path, formula: str, name: str, parts: list[str]) -> None:
    (shop / "metrics" / "own.yaml").write_text(f'own: "{formula}"\n', encoding="utf-8")
    told(*run("query", "own", "-w", str(shop)), 3, name, *parts)


DEFINITIONS = [
    ("leadline.yaml", "name: [x\n", "bad-yaml", ["leadline.yaml:"]),
    ("leadline.yaml", "name: X\nname: Y\n", "bad-yaml", ["leadline.yaml:2", "twice"]),
    ("leadline.yaml", "nam: X\n", "bad-definition", ["leadline.yaml:1", "'nam'", "did you mean name"]),
    ("leadline.yaml", "timezone: Europe/Berln\n", "unknown-zone", ["leadline.yaml:1", "Europe/Berlin"]),
    ("leadline.yaml", "currency: Euro\n", "bad-definition", ["leadline.yaml:1", "'Euro'", "EUR"]),
    ("leadline.yaml", "week_start: wensday\n", "bad-definition", ["leadline.yaml:1", "wensday"]),
    ("leadline.yaml", "fiscal_year_start: 13\n", "bad-definition", ["leadline.yaml:1", "1 to 12", "April"]),
    ("leadline.yaml", "facts: {orders: {shop: {doc: x}}}\n", "unknown-fact", ["leadline.yaml:1", "did you mean order"]),
    ("leadline.yaml", "lookups: {x: {file: a, key: campaign}}\n", "bad-definition", ["leadline.yaml:1", "gives"]),
    ("leadline.yaml", "- a\n- b\n", "bad-definition", ["leadline.yaml:1"]),
    ("metrics/own.yaml", "own: {formul: count(ad)}\n", "bad-definition", ["own.yaml:1", "did you mean formula"]),
    ("metrics/own.yaml", "own: {formula: count(ad), better: more}\n", "bad-definition", ["own.yaml:1", "more"]),
    ("metrics/own.yaml", "own: 5\n", "bad-definition", ["own.yaml:1", "formula"]),
    ("metrics/own.yaml", "- own\n", "bad-definition", ["own.yaml:1", "formula"]),
    ("metrics/more.yaml", "own: count(ad)\n", "metric-twice", ["own.yaml:1", "more.yaml:1", "keep one"]),
    ("dashboards/d.yaml", "kpis: [ad_spent]\n", "unknown-metric", ["d.yaml:1", "ad_spend"]),
]


@pytest.mark.parametrize(("file", "text", "name", "parts"), DEFINITIONS, ids=[f"{c[0]} {c[1]}" for c in DEFINITIONS])
def test_wrong_definitions(run: Run, shop: Path, file: str, text: str, name: str, parts: list[str]) -> None:
    (shop / file).parent.mkdir(exist_ok=True)
    (shop / file).write_text(text, encoding="utf-8")
    told(*run("query", "ad_spend", "-w", str(shop)), 3, name, *parts)


QUESTIONS = [
    ("query ad_spent", 2, "unknown-metric", ["ad_spent", "ad_spend"]),
    ("query ad_clicks --by chanel", 2, "unknown-dimension", ["'chanel'", "channel"]),
    ("query ad_clicks --by date", 2, "time-as-dimension", ["'date'", "--grain"]),
    ("query ad_clicks --by channel,channel", 2, "dimension-twice", ["once"]),
    ("query roas leads --by platform", 5, "dimension-missing", ["platform", "without it", "lookups"]),
    ("query ad_clicks --where owner='x'", 5, "filter-missing", ["owner", "channel"]),
    ("query ad_clicks --where channel=", 2, "bad-filter", ["column 9", "the end"]),
    ("query ad_clicks --where channel=5", 2, "type-clash", ["channel = 5", "single quotes"]),
    ("query ad_clicks --where channel", 2, "not-a-condition", ["channel", "compare"]),
    ("query ad_clicks --period 2026-13", 2, "bad-period", ["2026-13", "2026-Q3"]),
    ("query ad_clicks --period lastweek", 2, "bad-period", ["lastweek", "last-28-days"]),
    ("query ad_clicks --period 2026-05..2026-01", 2, "bad-period", ["before it begins", "2026-01..2026-05"]),
    ("query ad_clicks --period 2026-02-30", 2, "bad-period", ["2026-02-30"]),
    ("query ad_clicks --grain fortnight", 2, "unknown-grain", ["fortnight", "week"]),
    ("query ad_clicks --compare next", 2, "unknown-comparison", ["next", "previous"]),
    ("query ad_clicks --compare previous", 5, "prior-without-period", ["--period"]),
    ("query ad_clicks --grain day --period 1900..2026", 5, "too-many-periods", ["1900", "coarser"]),
    ("query ad_clicks --as-known-at yesterday", 2, "bad-moment", ["yesterday", "2026-03-31"]),
    ("query ad_spend", 5, "mixed-currencies", ["EUR, USD", "--currency EUR", "--by currency"]),
    ("query ad_spend --currency EUR", 5, "no-rate", ["USD to EUR for 2026-01-05", "fx_rate"]),
    ("query ad_spend --currency euros", 2, "unknown-currency", ["euros", "EUR"]),
    ("query ad_clicks --sort spend", 2, "unknown-column", ["spend"]),
    ("query ad_clicks --limit 0", 2, "bad-value", ["--limit", "query --help"]),
    ("query ad_clicks --colour red", 2, "unknown-option", ["--colour", "query --help"]),
    ("query ad_clicks --format xml", 2, "bad-value", ["xml", "table", "query --help"]),
    ("query", 2, "missing-argument", ["METRIC", "query --help"]),
    ("qery ad_clicks", 2, "unknown-command", ["qery", "query"]),
    ("query ad_clicks --format parquet", 2, "bad-usage", ["--output"]),
    ("query ad_clicks --format csv --output no/such/folder/x.csv", 1, "cannot-use-file", ["no/such/folder/x.csv"]),
    ("explain ad_clicks --cell channel", 2, "bad-cell", ["channel", "channel=Email"]),
    ("explain ad_clicks --cell channel=Displai", 2, "unknown-cell", ["Displai", "did you mean Display"]),
    ("explain ad_clicks --cell channel=Display --grain day", 2, "cell-and-breakdown", ["--cell", "--period"]),
    ("explain ad_clicks --records --reveal", 5, "reveal-not-allowed", ["leadline.yaml", "reveal_personal"]),
    ("load no-such-file.csv", 2, "no-such-file", ["no-such-file.csv"]),
    ("facts oder", 2, "unknown-fact", ["oder", "order"]),
    ("undo 99", 2, "nothing-to-undo", ["99", "sources"]),
    ("scorecard nope", 2, "unknown-metric", ["nope", "nps"]),
]


@pytest.mark.parametrize(("words", "exit_code", "name", "parts"), QUESTIONS, ids=[case[0] for case in QUESTIONS])
def test_wrong_questions(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch, words: str, exit_code: int, name: str, parts: list[str]
) -> None:
    monkeypatch.chdir(shop)
    told(*run(*words.split()), exit_code, name, *parts)


def test_no_workspace(run: Run, tmp_path: Path) -> None:
    told(*run("query", "ad_clicks", "-w", str(tmp_path)), 2, "no-workspace", "leadline.yaml", "leadline init")


def test_a_warehouse_that_is_no_database(run: Run, shop: Path) -> None:
    (shop / "warehouse.duckdb").write_bytes(b"not a database at all" * 100)
    told(*run("query", "ad_clicks", "-w", str(shop)), 4, "warehouse-unreadable", "warehouse.duckdb", "backup")


def test_a_workspace_that_is_not_text(run: Run, shop: Path) -> None:
    (shop / "leadline.yaml").write_bytes(b"name: \xff\xfe\n")
    told(*run("query", "ad_clicks", "-w", str(shop)), 3, "bad-yaml", "leadline.yaml", "UTF-8")


def test_what_nobody_foresaw_ends_in_one_message(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    def broken(*_: object) -> None:
        raise ZeroDivisionError("boom\nbang")

    monkeypatch.setattr("leadline.workspace.measure.compile_query", broken)
    told(*run("query", "ad_clicks", "-w", str(shop)), 1, "unforeseen", "ZeroDivisionError: boom", "LEADLINE_DEBUG=1")
    monkeypatch.setenv("LEADLINE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["query", "ad_clicks", "-w", str(shop)])
    capsys.readouterr()


def test_there_are_at_least_fifty() -> None:
    assert len(FORMULAS) + len(DEFINITIONS) + len(QUESTIONS) >= 50
    assert sys.modules["leadline.cli"].DEBUG == "LEADLINE_DEBUG"


def test_personal_data_is_revealed_only_where_the_workspace_says_so(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(shop, settings="reveal_personal: true\n")
    give(workspace, {"order": [{"order_id": "2", "ordered_at": "2026-01-06", "amount": 1, "currency": "EUR",
                                "is_sale": True, "email": "ana@example.com", "_key": "2"}]})  # fmt: skip
    for option, seen in (("--records", False), ("--reveal", True)):
        with pytest.raises(SystemExit) as caught:
            main(["explain", "revenue", "--records", option, "-w", str(shop)])
        assert not caught.value.code
        assert ("ana@example.com" in capsys.readouterr().out) is seen

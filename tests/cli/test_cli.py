"""The command line: what scripts may rely on."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import give, make_workspace
from leadline import __version__
from leadline.cli import COMMANDS, main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(args))
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path / "shop")
    rows = [
        {
            "date": f"2026-0{month}-01",
            "platform": "google_ads",
            "channel": channel,
            "campaign": '=cmd|"x"',
            "clicks": 10 * month,
            "impressions": 1000,
            "spend": 2.5 * month,
            "currency": "EUR",
            "_key": f"{month}{channel}",
        }
        for month in (1, 2, 3)
        for channel in ("Paid Search", "Display")
    ]
    give(workspace, {"ad": rows}, source="google_ads")
    return workspace.path


def test_every_command_explains_itself_with_an_example(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in out
        code, text, _ = run(name, "--help")
        assert code == 0
        assert f"leadline {name}" in text


def test_version(run: Run) -> None:
    assert run("--version")[:2] == (0, f"leadline, version {__version__}\n")


def test_json_has_columns_rows_and_provenance(run: Run, shop: Path) -> None:
    code, out, _ = run(
        "query", "ad_spend", "cpc", "--by", "channel", "--period", "2026-Q1", "-f", "json", "-w", str(shop)
    )
    assert code == 0
    answer = json.loads(out)
    assert [column["name"] for column in answer["columns"]] == ["channel", "ad_spend", "cpc"]
    assert answer["rows"] == [["Display", 15.0, 0.25], ["Paid Search", 15.0, 0.25]]
    assert answer["provenance"]["metrics"]["cpc"]["hash"]
    assert answer["provenance"]["facts"]["ad"]["sources"]["google_ads"]["through"].startswith("2026-03-01")
    assert "sum(spend)" in answer["provenance"]["sql"][0]


def test_csv_guards_formulas_and_keeps_numbers_exact(run: Run, shop: Path) -> None:
    _, out, _ = run("query", "ad_spend", "--by", "campaign", "-f", "csv", "-w", str(shop))
    assert out.splitlines() == ["campaign,ad_spend", '"\'=cmd|""x""",30']


def test_what_bare_numbers_cannot_say_is_said_beside_them(run: Run, shop: Path) -> None:
    """The source ends on March 1."""
    query = ("query", "ad_spend", "-g", "month", "--period", "2026-02..2026-03", "-f", "csv", "-w", str(shop))
    _, out, err = run(*query)
    assert out.splitlines()[0] == "month,ad_spend"
    assert err == "Mind: period not finished yet: the value will still change (ad_spend 2026-03-01).\n"


def test_parquet_is_written_to_a_file(run: Run, shop: Path, tmp_path: Path) -> None:
    import duckdb

    target = tmp_path / "out.parquet"
    assert run("query", "ad_spend", "-g", "month", "-f", "parquet", "-o", str(target), "-w", str(shop))[0] == 0
    assert len(duckdb.sql(f"SELECT * FROM '{target}'").fetchall()) == 3
    assert run("query", "ad_spend", "-f", "parquet", "-w", str(shop))[0] == 2


def test_tables_show_units_and_no_colour_when_piped(run: Run, shop: Path) -> None:
    _, out, _ = run("query", "ad_spend", "ad_ctr", "--compare", "previous", "-g", "month", "-w", str(shop))
    assert "€5.00" in out
    assert "2.00%" in out or "2.0%" in out
    assert "\x1b" not in out


def test_sort_and_limit(run: Run, shop: Path) -> None:
    _, out, _ = run(
        "query", "ad_clicks", "-g", "month", "--sort", "ad_clicks", "--limit", "1", "-f", "csv", "-w", str(shop)
    )
    assert out.splitlines() == ["month,ad_clicks", "2026-03-01,60"]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["query", "ad_spnd"], 2, "ad_spend"),
        (["query", "ad_spend", "--by", "chanel"], 2, "channel"),
        (["query", "ad_spend", "--period", "2026-13"], 2, "last-28-days"),
        (["query", "ad_spend", "--grain", "fortnight"], 2, "week"),
        (["query", "ad_spend", "--where", "channel = "], 2, "a text"),
        (["query", "ad_spend", "--where", "clicks = 'x'"], 2, "single quotes"),
        (["query", "ad_spend", "--compare", "last"], 2, "previous"),
        (["query", "cac", "--by", "team"], 5, "no team"),
        (["query", "ad_spend", "--as-known-at", "yesterday"], 2, "2026-03-31"),
        (["query"], 2, "METRIC"),
        (["qury"], 2, "query"),
        (["load"], 2, "--source"),
        (["load", "no-such-file.csv"], 2, "no-such-file.csv"),
        (["facts", "deals"], 2, "deal"),
    ],
)
def test_errors_have_an_exit_code_and_a_cure(run: Run, shop: Path, args: list[str], code: int, words: str) -> None:
    found, out, err = run("-w", str(shop), *args)
    assert found == code
    assert words in err
    assert out == ""
    assert "Traceback" not in err


def test_the_cure_for_an_unknown_file_can_be_run_as_it_stands(run: Run, shop: Path, tmp_path: Path) -> None:
    odd = tmp_path / "my exports" / "odd.csv"
    odd.parent.mkdir()
    odd.write_text("order,day,total\n1,2026-01-05,49.90\n2,2026-01-06,12.00\n", encoding="utf-8")
    code, out, _ = run("-w", str(shop), "load", str(odd))
    assert code == 4
    cure = out.partition("leadline ")[2].splitlines()[0]
    assert cure == f"load --propose '{odd}'"
    assert run("-w", str(shop), *shlex.split(cure))[0] == 0
    assert (shop / "sources" / "odd.yaml").exists()


def test_without_a_workspace_the_way_to_one_is_shown(run: Run, tmp_path: Path) -> None:
    code, _, err = run("query", "ad_spend", "-w", str(tmp_path))
    assert code == 2
    assert "leadline init" in err


def test_explain_shows_the_way_from_words_to_records(run: Run, shop: Path) -> None:
    code, out, _ = run("explain", "cpc", "--period", "2026-02", "--records", "-w", str(shop))
    assert code == 0
    for part in ("ad_spend / ad_clicks", "sum(ad.spend) / sum(ad.clicks)", "lower is better", "€0.25", "FROM fact.ad",
                 "google_ads: 6 rows", "Records of ad (2)", "_line"):  # fmt: skip
        assert part in out
    _, text, _ = run("explain", "cpc", "--records", "-f", "json", "-w", str(shop))
    assert len(json.loads(text)["records"][0]["rows"]) == 6


def test_metrics_and_facts_can_be_searched(run: Run, shop: Path) -> None:
    assert "cpc" in run("metrics", "cost", "click", "-w", str(shop))[1]
    assert "No metric fits" in run("metrics", "zebra", "-w", str(shop))[1]
    available = json.loads(run("metrics", "--available", "-f", "json", "-w", str(shop))[1])
    assert {tuple(metric["facts"]) for metric in available} == {("ad",), ("delivery",)}
    assert "impressions" in run("facts", "ad", "-w", str(shop))[1]


def test_sources_and_check(run: Run, shop: Path) -> None:
    assert "google_ads" in run("sources", "-w", str(shop))[1]
    code, out, _ = run("check", "-w", str(shop))
    assert code == 0
    assert "are sound" in out
    (shop / "metrics").mkdir()
    (shop / "metrics" / "x.yaml").write_text("bad: sum(ad.nothing)\n", encoding="utf-8")
    code, _, err = run("check", "-w", str(shop))
    assert code == 3
    assert "metrics/x.yaml:1" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_code(run: Run, shell: str) -> None:
    code, out, _ = run("completion", shell)
    assert code == 0
    assert "_LEADLINE_COMPLETE" in out


def test_help_and_version_import_nothing_heavy() -> None:
    """STYLE 10: what `--help` must not import."""
    script = (
        "import sys\nfrom leadline.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'duckdb', '_duckdb', 'lark', 'babel', 'yaml', 'numpy', 'jinja2', 'msgspec', 'leadline.workspace'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout


def test_a_query_parses_nothing_and_draws_nothing(shop: Path) -> None:
    """A cold query needs neither the parser nor YAML, locales or templates."""
    script = (
        "import sys\nfrom leadline.cli import main\n"
        f"try:\n    main(['query', 'ad_spend', '-f', 'csv', '-w', {str(shop)!r}])\nexcept SystemExit:\n    pass\n"
        "heavy = {'lark', 'babel', 'yaml', 'numpy', 'jinja2', 'leadline.ingest', 'leadline.charts'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout

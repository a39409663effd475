"""Maven CRM: deals with lookups to products, teams and accounts, and a product that goes by two names.

The expected figures are those of hand-written SQL over the four files; `test_sql_agrees` runs some of it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.data import copy_example, data_folder
from kit.figure import ask, by_first, figures, table
from leadline.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def maven(load_example: Callable[[str, str], Any]) -> Any:
    return load_example("maven_crm", "maven_crm")


@pytest.fixture(scope="module")
def workspace(maven: Any) -> Workspace:
    return maven.workspace  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "won_deals won_revenue lost_deals win_rate sales_cycle",
            ("4,238", "10,005,534", "2,473", "63.1501 %", "57.0"),
        ),
        ("won_deals won_revenue win_rate --period 2017-Q1", ("531", "1,134,672", "82.0711 %")),
        ("won_deals won_revenue win_rate --period 2017-Q2", ("1,254", "3,086,111", "61.7126 %")),
        ("won_deals won_revenue win_rate --period 2017-Q3", ("1,257", "2,982,255", "61.4069 %")),
        ("won_deals won_revenue win_rate --period 2017-Q4", ("1,196", "2,802,496", "60.2519 %")),
        ("opportunities open_deals pipeline_value", ("8,800", "2,089", "4,966,215")),
        ("open_deals pipeline_value --period 2017", ("1,589", "3,892,229")),
        ("open_deals pipeline_value --period 2017-Q2", ("1,686", "4,206,052")),
        ("won_within_60_days --period 2017-Q1", ("18.2829 %",)),
        ("won_within_60_days --period 2017-Q2", ("28.5176 %",)),
        ("avg_deal_size --where \"region = 'West'\"", ("2,481.67",)),
        ("won_deals --where \"segment = 'technology'\"", ("671",)),
        ("won_revenue --where \"country = 'Philippines'\"", ("90,991",)),
        ("active_agents", ("30",)),
    ],
)
def test_figures(workspace: Workspace, question: str, expected: tuple[str, ...]) -> None:
    assert figures(ask(workspace, question), expected) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "won_revenue --by team",
            {
                "Cara Losch": "1,130,049",
                "Celia Rouche": "1,603,897",
                "Dustin Brinkmann": "1,094,363",
                "Melvin Marxen": "2,251,930",
                "Rocco Neubert": "1,960,545",
                "Summer Sewald": "1,964,750",
            },
        ),
        ("won_revenue --by region", {"Central": "3,346,293", "East": "3,090,594", "West": "3,568,647"}),
        (
            "won_revenue --by product",
            {
                "GTK 500": "400,612",
                "GTX Basic": "499,263",
                "GTX Plus Basic": "705,275",
                "GTX Plus Pro": "2,629,651",
                "GTX Pro": "3,510,578",
                "MG Advanced": "2,216,387",
                "MG Special": "43,768",
            },
        ),
        ("win_rate --by series", {"GTK": "60.0000 %", "GTX": "63.3935 %", "MG": "62.7221 %"}),
    ],
)
def test_lookups_break_down(workspace: Workspace, question: str, expected: dict[str, str]) -> None:
    assert table(ask(workspace, question), expected) == expected


def test_open_deals_without_an_account_stay_visible(workspace: Workspace) -> None:
    result = by_first(ask(workspace, "open_deals --by segment"))
    assert result[None] == 1_425
    assert sum(result.values()) == 2_089


def test_all_lookups_find_and_nothing_is_set_aside(maven: Any) -> None:
    report = maven.reports["sales_pipeline.csv"]
    assert report.rows == 8_800
    assert report.quarantined == 0
    assert [finding for finding in report.findings if finding.severity != "note"] == []
    assert {fact.fact: fact.inserted for fact in report.facts} == {"deal": 8_800, "stage_entry": 8_300 + 4_238}


def test_a_product_by_another_name_is_seen_without_the_mapping(tmp_path: Path) -> None:
    """GTXPro is GTX Pro in the price list: where nobody says so, 1,480 deals have no product, and the load says it."""
    data = data_folder("maven_crm")
    folder = copy_example("maven_crm", tmp_path)
    source = folder / "sources" / "opportunities.yaml"
    text = source.read_text("utf-8")
    plain = text.replace("case product when 'GTXPro' then 'GTX Pro' else product end", "product")
    assert plain != text
    source.write_text(plain, "utf-8")
    with open_workspace(folder) as workspace:
        report = next(one for one in workspace.load([data]) if one.file == "sales_pipeline.csv")
        assert [(finding.rule, finding.count) for finding in report.findings if finding.severity == "warning"] == [
            ("product-unknown", 1_480)
        ]
        assert by_first(ask(workspace, "won_deals --by product"))[None] == 729


def test_without_a_lookup_file_the_delivery_is_refused(tmp_path: Path) -> None:
    data = data_folder("maven_crm")
    lonely = tmp_path / "data"
    lonely.mkdir()
    shutil.copy(data / "sales_pipeline.csv", lonely)
    with open_workspace(copy_example("maven_crm", tmp_path)) as workspace:
        (report,) = workspace.load([lonely])
        assert report.status == "refused"
        assert report.error is not None
        assert report.error.code == "lookup-missing"


def test_sql_agrees(workspace: Workspace) -> None:
    import duckdb

    data = data_folder("maven_crm")
    with duckdb.connect() as con:
        expected = con.execute(
            f"SELECT regional_office, sum(close_value) FROM '{data}/sales_pipeline.csv' "
            f"JOIN '{data}/sales_teams.csv' USING (sales_agent) WHERE deal_stage = 'Won' "
            "AND close_date BETWEEN '2017-07-01' AND '2017-09-30' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    found = by_first(ask(workspace, "won_revenue --by region --period 2017-Q3"))
    assert {name: float(value) for name, value in found.items()} == {name: float(value) for name, value in expected}


def test_the_command_line_says_the_same(workspace: Workspace, cli: Callable[..., tuple[int, Any]]) -> None:
    code, answer = cli(workspace, "won_deals", "won_revenue", "--by", "region")
    assert code == 0
    assert answer["rows"] == [["Central", 1629, 3346293], ["East", 1171, 3090594], ["West", 1438, 3568647]]

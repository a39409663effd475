"""A workspace's files: every mistake with file, line and cure; the cache never answers with yesterday's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit import make_workspace
from leadline.errors import DefinitionError, LeadlineError, UsageError
from leadline.project import find_workspace, open_project, read_project
from leadline.workspace import open_workspace

CASES = [
    ("metrics/own.yaml", "a: [1, 2\n", "metrics/own.yaml:2", "not valid YAML"),
    ("metrics/own.yaml", "a:\n  formula: sum(ad.spnd)\n", "metrics/own.yaml:2", "spend"),
    ("metrics/own.yaml", "a:\n  formula: sum(ad.spend\n", "metrics/own.yaml:2", "')'"),
    ("metrics/own.yaml", "a:\n  formule: sum(ad.spend)\n", "metrics/own.yaml", "formula"),
    ("metrics/own.yaml", "a:\n  formula: sum(ad.spend)\n  betterr: higher\n", "metrics/own.yaml:3", "better"),
    ("metrics/own.yaml", "a:\n  formula: sum(ad.spend)\n  better: more\n", "metrics/own.yaml", "more"),
    ("metrics/own.yaml", "a: sum(ad.spend)\na: sum(ad.clicks)\n", "metrics/own.yaml:2", "given twice"),
    ("metrics/own.yaml", "a: b + 1\nb: a - 1\n", "metrics/own.yaml:1", "a → b → a"),
    ("metrics/own.yaml", "a: 7\n", "metrics/own.yaml:1", "formula"),
    ("metrics/own.yaml", "- a\n", "metrics/own.yaml:1", "formula"),
    ("metrics/own.yaml", "a: revenu * 2\n", "metrics/own.yaml:1", "revenue"),
    ("dashboards/scorecard.yaml", "kpis: [revenue, lead]\n", "dashboards/scorecard.yaml:1", "leads"),
    ("dashboards/scorecard.yaml", f"kpis: {['leads'] * 8}\n", "scorecard.yaml", "at most seven"),
    ("dashboards/scorecard.yaml", "kpi: [revenue]\n", "scorecard.yaml:1", "kpis"),
    ("leadline.yaml", "name: x\ntimezone: Europe/Berln\n", "leadline.yaml:2", "Europe/Berlin"),
    ("leadline.yaml", "name: x\ncurrency: euro\n", "leadline.yaml:2", "three capital letters"),
    ("leadline.yaml", "fiscal_year_start: 13\n", "leadline.yaml:1", "1 to 12"),
    ("leadline.yaml", "week_start: mon\n", "leadline.yaml:1", "mon"),
    ("leadline.yaml", "colour: red\n", "leadline.yaml:1", "colour"),
    ("leadline.yaml", "facts: {deals: {sector: {doc: x}}}\n", "leadline.yaml:1", "deal"),
    ("leadline.yaml", "facts: {deal: {stage: {doc: x}}}\n", "", "already has a column"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "place", "cure"), CASES)
def test_mistakes_name_file_line_and_cure(tmp_path: Path, file: str, text: str, place: str, cure: str) -> None:
    (tmp_path / "leadline.yaml").write_text("name: x\n", encoding="utf-8")
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LeadlineError) as caught:
        read_project(tmp_path)
    shown = str(caught.value)
    assert place in shown
    assert cure in shown
    assert len(shown.splitlines()) <= 5


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    make_workspace(tmp_path).close()
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "x.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(DefinitionError) as caught:
        read_project(tmp_path)
    assert "x.yaml" in caught.value.what


def test_the_workspace_is_found_from_below_and_missed_with_a_cure(tmp_path: Path) -> None:
    make_workspace(tmp_path / "w").close()
    below = tmp_path / "w" / "deep" / "er"
    below.mkdir(parents=True)
    assert find_workspace(below) == (tmp_path / "w").resolve()
    with pytest.raises(UsageError) as caught:
        find_workspace(tmp_path)
    assert "leadline init" in caught.value.fix


def test_changed_definitions_are_seen_at_once(tmp_path: Path) -> None:
    make_workspace(tmp_path, metrics="mine: sum(ad.spend)\n").close()
    assert open_project(tmp_path).metrics["mine"].formula == "sum(ad.spend)"
    (tmp_path / "metrics" / "own.yaml").write_text("mine: sum(ad.clicks) + 0\n", encoding="utf-8")
    assert open_project(tmp_path).metrics["mine"].formula == "sum(ad.clicks) + 0"
    assert open_project(tmp_path) == read_project(tmp_path)


def test_a_broken_cache_is_made_anew(tmp_path: Path) -> None:
    make_workspace(tmp_path).close()
    [cache] = (tmp_path / ".leadline").glob("*")
    cache.write_bytes(b"\x00 not a project")
    assert open_project(tmp_path) == read_project(tmp_path)


def test_own_metrics_replace_built_in_ones_and_say_so(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path, metrics="cpc: {formula: sum(ad.spend) / sum(ad.link_clicks), unit: money}\n")
    assert workspace.metrics["cpc"].origin == "metrics/own.yaml:1"
    assert workspace.metrics["ad_spend"].origin.startswith("catalogue/")


def test_own_dimensions_can_be_asked(tmp_path: Path) -> None:
    from kit import give

    settings = "facts:\n  deal:\n    sector: {doc: industry of the account}\n"
    with make_workspace(tmp_path, metrics="n: count(deal)\n", settings=settings) as workspace:
        give(workspace, {"deal": [{"deal_id": "1", "created_at": "2026-01-01", "sector": "retail"}]})
        assert workspace.query(["n"], by=["sector"]).rows == [("retail", 1)]


def test_a_dimension_declared_later_is_added_to_the_warehouse(tmp_path: Path) -> None:
    from kit import give

    with make_workspace(tmp_path, metrics="n: count(deal)\n") as workspace:
        give(workspace, {"deal": [{"deal_id": "1", "created_at": "2026-01-01"}]})
    with (tmp_path / "leadline.yaml").open("a", encoding="utf-8") as file:
        file.write("facts:\n  deal:\n    sector: {doc: industry of the account}\n")
    with open_workspace(tmp_path) as workspace:
        assert workspace.query(["n"], by=["sector"]).rows == [(None, 1)]

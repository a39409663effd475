"""The pages of the examples: every question is asked, every definition holds together, and no data lies beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.data import EXAMPLES, copy_example
from kit.figure import ask, figures
from leadline.ingest.definition import read_definitions
from leadline.workspace import open_workspace

DATA = {
    "cdnow_lifetimes": "cdnow_lifetimes",
    "dbt_ad_reporting": "fivetran/dbt_ad_reporting",
    "maven_crm": "maven_crm",
    "online_retail": "online_retail",
    "ravenstack_saas": "ravenstack_saas",
    "telco_churn": "telco_churn",
    "vendor_exports": "vendor_exports",
}
ROW = re.compile(r"^\| `leadline query (?P<question>[^`]+)` \| (?P<answer>[^|]+) \|$", re.MULTILINE)
TEXTS = {".yaml", ".md", ".gitignore"}


def questions() -> Iterator[Any]:
    for name in DATA:
        for number, row in enumerate(ROW.finditer((EXAMPLES / name / "README.md").read_text("utf-8")), start=1):
            yield pytest.param(name, row["question"], tuple(row["answer"].strip().split(" · ")), id=f"{name}-{number}")


@pytest.mark.parametrize(("name", "question", "answer"), list(questions()))
def test_the_page_tells_the_truth(
    load_example: Callable[[str, str], Any], name: str, question: str, answer: tuple[str, ...]
) -> None:
    assert figures(ask(load_example(name, DATA[name]).workspace, question), answer) == answer


def test_every_page_asks_something() -> None:
    asked = [str(parameter.id).rpartition("-")[0] for parameter in questions()]
    assert set(asked) == set(DATA) == {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert len(asked) >= 40


@pytest.mark.parametrize("name", DATA)
def test_definitions_hold_together(name: str, tmp_path: Path) -> None:
    """Whether or not the data is there: all definitions are sound, with at most seven KPIs."""
    folder = copy_example(name, tmp_path)
    with open_workspace(folder) as workspace:
        read_definitions(folder / "sources", workspace.facts)
        scorecard = workspace.project.dashboards["scorecard"]
        assert 1 <= len(scorecard.kpis) <= 7
        assert all(choice.metric in workspace.metrics and choice.why for choice in scorecard.left_out)
        own = [metric for metric in workspace.metrics.values() if metric.origin.startswith("metrics/")]
        assert all(metric.name and metric.stage and metric.timing for metric in own)


def test_definitions_only() -> None:
    """No data is kept, and nothing names a place on a machine."""
    kept = [
        path
        for path in EXAMPLES.rglob("*")
        if path.is_file() and not {".leadline", "landing"} & set(path.parts) and "duckdb" not in path.name
    ]
    assert {path.suffix or path.name for path in kept} <= TEXTS
    for path in kept:
        text = path.read_text("utf-8")
        assert len(text) < 20_000
        assert not re.search(r"https?://|/home/|C:\\", text), path

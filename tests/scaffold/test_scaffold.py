"""New workspaces: what `leadline init` writes for each business model."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from leadline.errors import UsageError
from leadline.project import read_project
from leadline.scaffold import MODELS, init_workspace

EXPECTED = {
    ".gitignore",
    "README.md",
    "leadline.yaml",
    "sources/README.md",
    "metrics/example.yaml",
    "dashboards/scorecard.yaml",
    "goals/goals.yaml",
    "sla/agreement.yaml",
    "sla/hours.yaml",
}


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_a_project_without_errors(tmp_path: Path, model: str) -> None:
    written = init_workspace(tmp_path / "shop", model)

    assert {str(path) for path in written} == EXPECTED
    assert names(tmp_path / "shop") == EXPECTED
    project = read_project(tmp_path / "shop")
    assert (project.settings.name, project.settings.model) == ("shop", model)
    assert project.settings.week_start == "monday"
    example = yaml.safe_load((tmp_path / "shop/metrics/example.yaml").read_text(encoding="utf-8"))
    assert set(example) <= set(project.metrics)


@pytest.mark.parametrize("model", MODELS)
def test_scorecard_is_small_and_covers_early_mid_and_late(tmp_path: Path, model: str) -> None:
    """000-11, 000-17 and 000-19: a few KPIs over the journey, early ones among them."""
    init_workspace(tmp_path, model)
    project = read_project(tmp_path)
    scorecard = project.dashboards["scorecard"]
    kpis = [project.metrics[kpi] for kpi in scorecard.kpis]

    assert 5 <= len(kpis) <= 7
    assert {kpi.timing for kpi in kpis} == {"early", "mid", "late"}
    assert len({kpi.stage for kpi in kpis}) >= 3
    timing = [["early", "mid", "late"].index(kpi.timing) for kpi in kpis]
    assert timing == sorted(timing), "early KPIs come first"


@pytest.mark.parametrize("model", MODELS)
def test_what_was_left_out_is_recorded_with_a_reason(tmp_path: Path, model: str) -> None:
    """000-01: what was chosen, what was left out, and why."""
    init_workspace(tmp_path, model)
    project = read_project(tmp_path)
    scorecard = project.dashboards["scorecard"]

    assert len(scorecard.left_out) >= 4
    for entry in scorecard.left_out:
        assert entry.metric in project.metrics, entry.metric
        assert entry.metric not in scorecard.kpis
        assert len(entry.why.split()) >= 5


def test_models_choose_different_kpis(tmp_path: Path) -> None:
    """000-02: a set per business."""
    chosen = set()
    for model in MODELS:
        init_workspace(tmp_path / model, model)
        chosen.add(read_project(tmp_path / model).dashboards["scorecard"].kpis)
    assert len(chosen) == len(MODELS)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    kept = tmp_path / "metrics/example.yaml"
    kept.write_text("mine: count(deal)\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("mine\n", encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        init_workspace(tmp_path, "plg")

    assert raised.value.code == "file-exists"
    assert "README.md, metrics/example.yaml" in raised.value.what
    assert names(tmp_path) == {"README.md", "metrics/example.yaml"}
    assert kept.read_text(encoding="utf-8") == "mine: count(deal)\n"


def test_other_files_of_the_folder_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine\n", encoding="utf-8")
    init_workspace(tmp_path, "lead_gen")
    assert names(tmp_path) == EXPECTED | {"notes.txt"}


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="not-a-folder"):
        init_workspace(tmp_path / "here", "plg")


def test_an_unknown_model_names_the_closest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        init_workspace(tmp_path / "x", "b2b-saas")
    assert "b2b_saas" in raised.value.fix
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ['Ada\'s "Shop": two', "no", "C:\\shop", "Çiğdem 店", "$model"])
def test_any_name_survives_as_it_is(tmp_path: Path, name: str) -> None:
    init_workspace(
        tmp_path, "ecommerce", name=name, timezone="Asia/Ho_Chi_Minh", currency="VND", languages=["vi", "en"]
    )
    settings = read_project(tmp_path).settings

    assert settings.name == name
    assert (settings.timezone, settings.currency, settings.languages) == ("Asia/Ho_Chi_Minh", "VND", ("vi", "en"))
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")


@pytest.mark.parametrize("model", MODELS)
def test_no_placeholder_is_left(tmp_path: Path, model: str) -> None:
    init_workspace(tmp_path, model)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "$" not in path.read_text(encoding="utf-8"), path


def test_data_stays_out_of_git(tmp_path: Path) -> None:
    init_workspace(tmp_path, "plg")
    settings = read_project(tmp_path).settings
    ignored = (tmp_path / ".gitignore").read_text(encoding="utf-8").split("\n")
    assert {settings.warehouse, f"{settings.landing}/", ".leadline/"} <= set(ignored)

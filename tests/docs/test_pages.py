"""The documentation cannot rot: links lead somewhere, generated pages are true, every field and word is explained."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from kit.pages import PAGES, ROOT, anchors, links
from leadline.catalogue import documents
from leadline.ingest import source as source_language
from leadline.model.parse import FUNCTIONS


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


@pytest.mark.parametrize("page", ["commands.md", "facts.md", "formats.md", "metrics.md", "errors.md"])
def test_generated_page_is_up_to_date(page: str, generator: ModuleType) -> None:
    assert page not in generator.stale(), "run `make docs`"


def test_every_page_is_reachable() -> None:
    """From the README or the index, in one step; decisions are listed in the index."""
    listed = {
        (ROOT / start).parent.joinpath(target.partition("#")[0]).resolve()
        for start in ("README.md", "docs/index.md")
        for target in links(ROOT / start)
        if not re.match(r"[a-z]+:", target)
    }
    for page in (ROOT / "docs").rglob("*.md"):
        if page.name not in {"index.md", "0000-template.md"}:
            assert page in listed, name(page)


@pytest.mark.parametrize(
    "kind", ["Source", "SourceColumn", "FactMap", "Lookup", "Context", "Check", "Checksum", "Totals", "Recognise"]
)
def test_every_field_of_the_mapping_language_is_explained(kind: str) -> None:
    text = (ROOT / "docs" / "loading.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_]+)`", text))
    assert set(getattr(source_language, kind).__struct_fields__) <= explained


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_word_of_the_formula_language_is_explained(function: str) -> None:
    assert f"`{function}(" in (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8")


def asked() -> list[tuple[str, str]]:
    """Every metric that a command in the documentation or in a help text asks for, with its page.

    `explain channel` is about a visit, not a metric.
    """
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = {
        (name(page), word)
        for page in pages
        for words in re.findall(r"^ *leadline (?:query|explain) ([a-z][a-z0-9_ ]*)", page.read_text("utf-8"), re.M)
        for word in words.split()
    }
    return sorted((page, word) for page, word in found if word != "channel")


@pytest.mark.parametrize(("page", "metric"), asked())
def test_every_metric_asked_for_exists(page: str, metric: str) -> None:
    assert metric in {known for document in documents() for known in document.data}

"""The examples of the pages run, and do what they say."""

from __future__ import annotations

import re

import pytest

from kit.pages import ROOT

BLOCK = re.compile(r"<!-- run -->\n```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["attribution", "identity"])
def test_examples_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), {})
    assert capsys.readouterr().out

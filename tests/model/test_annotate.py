"""Annotations written from a page read back, and nothing is written that would not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from leadline.errors import LeadlineError, UsageError
from leadline.model.annotate import FILE, add_annotation, of_metrics
from leadline.model.annotation import read_annotations

METRICS = ("leads", "mql")
DAY = dt.date(2026, 5, 12)


def test_those_of_a_metric_and_those_about_all_concern_it(tmp_path: Path) -> None:
    for text, metric in (("fair", ""), ("campaign", "leads"), ("score", "mql")):
        add_annotation(tmp_path, METRICS, DAY, text, metric=metric)
    found = read_annotations(tmp_path, METRICS)
    assert [one.text for one in of_metrics(found, ["leads"])] == ["campaign", "fair"]


@pytest.mark.parametrize("text", ["Fair: \"B2B\" {50 %}, 'more' # no comment", "معرض", "a\u0085b\x7f", "- x: [y]"])
def test_one_that_is_written_reads_back(tmp_path: Path, text: str) -> None:
    add_annotation(tmp_path, METRICS, DAY, "first")
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    add_annotation(tmp_path, METRICS, DAY, text, metric="mql")
    found = read_annotations(tmp_path, METRICS)
    (told,) = (one for one in found if one.metric == "mql")
    assert told.text == "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    assert told.origin == f"{FILE}:2"


def test_nothing_is_written_that_would_not_read_back(tmp_path: Path) -> None:
    add_annotation(tmp_path, METRICS, DAY, "first")
    before = (tmp_path / FILE).read_text(encoding="utf-8")
    for text, metric in (("", ""), ("x" * 201, ""), ("fair", "lead"), (" first ", "")):
        with pytest.raises(LeadlineError) as caught:
            add_annotation(tmp_path, METRICS, DAY, text, metric=metric)
        assert isinstance(caught.value, UsageError)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == before

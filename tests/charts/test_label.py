import re
from xml.etree import ElementTree

import pytest

from leadline.charts.label import clean, clean_lines, columns, escape, shorten, shorten_columns, text_width

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "]]></svg><script>",
    "&lt;already&amp;",
    "null\x00byte\x08\x1b[31mred",
    "lone\ud800surrogate\ufffe",
    "line\nend\rtab\t",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_label_becomes_plain_text(label: str) -> None:
    root = ElementTree.fromstring(f'<t a="{escape(label)}">{escape(label)}</t>')
    assert len(root) == 0
    assert root.text == root.get("a") == clean(label)
    assert not re.search("[\x00-\x1f\ud800-\udfff]", root.text or "")


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_bidirectional_overrides_are_taken_out(control: str) -> None:
    assert clean(f"invoice{control}gpj.exe") == "invoicegpj.exe"
    assert clean_lines(f"SELECT{control} 1\n  FROM t") == "SELECT 1\n  FROM t"


@pytest.mark.parametrize(
    "label", ["Paid Search", "البحث المدفوع", "\u200fعربي (2026)", "搜索广告", "tìm kiếm", "café ☕", "👩‍💻 dev"]
)
def test_honest_labels_stay_as_they_are(label: str) -> None:
    assert clean(label) == label


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("搜索", 4), ("e\u0301", 1), ("", 0)])
def test_columns_of_a_terminal(text: str, cells: int) -> None:
    assert columns(text) == cells


def test_shortened_text_fits_and_says_that_it_is_cut() -> None:
    for text in ("a long campaign name for the spring", "搜索广告搜索广告搜索广告"):
        cut = shorten(text, 12, 70)
        assert cut.endswith("…")
        assert text_width(cut, 12) <= 70
        assert columns(shorten_columns(text, 9)) <= 9
    assert shorten("short", 12, 70) == "short"
    assert shorten_columns("short", 9) == "short"

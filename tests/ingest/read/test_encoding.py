from __future__ import annotations

import pytest

HEAD = "Tag,Kampagne,Kosten\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("2026-01-01,Café Frühling,1\n", "cp1252"),
        ("2026-01-01,Größe,1\n2026-01-02,Straße,2\n", "cp1252"),
        ("2026-01-01,Été à la mer,5\n", "cp1252"),
        ("2026-01-01,“Quoted” – dash,5 €\n", "cp1252"),
        ("2026-01-01,España año,5\n", "cp1252"),
        ("2026-01-01,Весенняя распродажа Москва,1\n2026-01-02,Летняя распродажа обуви,2\n" * 5, "cp1251"),
        ("2026-01-01,春季促销活动上海北京广州,1\n2026-01-02,夏季新品发布会,2\n" * 5, "gb18030"),
        ("2026-01-01,春のセールキャンペーン東京,1\n2026-01-02,夏の新商品発表会です,2\n" * 5, "shift_jis"),
    ],
)
def test_legacy_encoding_is_guessed_and_told(tables, rows, text, encoding):
    [table] = tables(HEAD + text, encoding)
    assert [row[2] for row in rows(table)] == [line.split(",")[1] for line in text.splitlines()]
    assert ("warning", "encoding-guessed") in [(note.severity, note.rule) for note in table.notes]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-be", "gb18030", "cp1254"])
def test_encoding_option_is_taken_at_its_word(tables, rows, encoding):
    [table] = tables(HEAD + "2026-01-01,ü,1\n", encoding, encoding=encoding)
    assert rows(table)[0][2] == "ü"
    assert not table.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_needs_no_guess(tables, rows, encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    [table] = tables(mark + HEAD + "2026-01-01,Thổ Nhĩ Kỳ 广告,1\n", encoding)
    assert table.columns == ("Tag", "Kampagne", "Kosten")
    assert rows(table)[0][2] == "Thổ Nhĩ Kỳ 广告"
    assert not table.notes


def test_utf16_lines_are_the_delivered_ones(tables, rows):
    text = "\r\n".join(["Title", "", "a\tb", '1\t"x\r\ny"', "2\tz"]) + "\r\n"
    [table] = tables(text, "utf-16")
    assert rows(table) == [(4, "1", "x\r\ny"), (6, "2", "z")]


def test_broken_option_encoding_is_refused(refusal):
    assert refusal(HEAD.encode() + b"2026-01-01,\xe9,1\n", encoding="utf-8").code == "broken-byte"

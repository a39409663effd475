from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1, "day": "2026-01-02", "x": null}, {"id": 2, "day": "2026-01-03", "x": 1.5}]',
        '[\n  {"id": 1, "day": "2026-01-02"},\n  {"id": 2, "day": "2026-01-03", "x": 1.5}\n]',
        '{"id": 1, "day": "2026-01-02"}\n{"id": 2, "day": "2026-01-03", "x": 1.5}\n',
        '{"paging": {"next": 0}, "data": [{"id": 1, "day": "2026-01-02"}, {"id": 2, "day": "2026-01-03", "x": 1.5}]}',
        '\ufeff{\n"result": {"rows": [{"id": 1, "day": "2026-01-02"}, {"id": 2, "day": "2026-01-03", "x": 1.5}]}}',
    ],
)
def test_layouts_of_json(tables, rows, text):
    [table] = tables(text)
    assert (table.kind, table.text, table.columns, table.rows) == ("json", False, ("id", "day", "x"), 2)
    assert rows(table) == [(1, 1, "2026-01-02", None), (2, 2, "2026-01-03", 1.5)]


def test_blank_lines_between_objects_keep_the_lines(tables, rows):
    [table] = tables('\n{"a": 1}\n\n\n{"a": 2}\n')
    assert rows(table) == [(2, 1), (5, 2)]


def test_key_seen_late_is_a_column(tables):
    text = '{"a": 1}\n' * 30_000 + '{"a": 1, "late": "x"}\n'
    [table] = tables(text)
    assert table.columns == ("a", "late")


def test_one_object_is_one_row(tables):
    assert tables('{"a": 1, "b": "x"}\n')[0].rows == 1


def test_empty_list_is_a_note(tables):
    for text in ("[]", '{"data": []}'):
        [table] = tables(text)
        assert (table.rows, [note.rule for note in table.notes]) == (0, ["no-rows"])


def test_strings_that_look_like_dates_stay_strings(con, tables):
    [table] = tables('[{"d": "2026-01-02", "t": "2026-01-02T10:00:00Z", "u": "01/02/2026", "n": {"d": "2026-01-02"}}]')
    types = [row[1] for row in con.execute(f"describe select * from {table.relation}").fetchall()]
    assert types == ["BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "STRUCT(d VARCHAR)"]


def test_broken_record_is_named(refusal):
    for text in ('{"a": 1}\n{"a": 2}\n{"a": tru}\n{"a": 4}\n', '[{"a": 1},\n{"a": 2},\n{"a": tru},\n{"a": 4}]'):
        error = refusal(text)
        assert (error.code, "line 3" in error.what) == ("broken-json", True)


def test_formula_in_json(tables):
    [table] = tables('[{"name": "=1+1"}]')
    assert [note.rule for note in table.notes] == ["formula-cell"]


def test_utf16_json(tables, rows):
    [table] = tables('[{"a": "é"}]', "utf-16")
    assert rows(table) == [(1, "é")]


def test_bracketed_keyword_is_no_json(tables):
    [table] = tables("[Keyword],Clicks\n[running shoes],1\n")
    assert table.columns == ("[Keyword]", "Clicks")

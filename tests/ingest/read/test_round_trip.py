"""Whatever Python's csv module writes, in any encoding, stages back to the same cells with the right lines."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadline.ingest.read import ReadOptions, read

WIDE = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t\"',;|")
LATIN = st.sampled_from("abcXYZ019 éüßñÉ.,;:'\"-|\n\r\t%()")
ENCODINGS = {"utf-8": WIDE, "utf-8-sig": WIDE, "utf-16": WIDE, "utf-16-le": WIDE, "cp1252": LATIN}


def tables(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    # a text in the last column keeps rows from being blank, short or a lone first cell
    row = st.tuples(st.text(alphabet, max_size=12), st.text(alphabet, max_size=12), st.integers(0, 9999).map(str))
    return st.lists(row.map(list), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def engine():
    """One engine for all; its cursors have temporary tables of their own. Starting another takes longer than a file."""
    with duckdb.connect() as started:
        yield started


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_round_trip(engine, encoding, delimiter, ends):
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
    @example(cells=[["", "", "1"], ['"', "x", "2"]])
    @example(cells=[["a\nb", "", "1"], ["c", "\n", "2"]])
    @example(cells=[["# x", "y", "1"]])
    @given(cells=tables(ENCODINGS[encoding]))
    def holds(cells):
        text = io.StringIO()
        writer = csv.writer(
            text, delimiter=delimiter, lineterminator=ends, quoting=csv.QUOTE_ALL if ends == "\n" else 0
        )
        lines = []
        for row in [["First", "Second", "Number"], *cells]:
            lines.append(text.getvalue().count("\n") + 1)
            writer.writerow(row)
        options = ReadOptions(encoding=encoding if encoding in ("cp1252", "utf-16-le") else "", delimiter=delimiter)
        with tempfile.TemporaryDirectory() as folder, engine.cursor() as con:
            path = Path(folder) / "t.csv"
            path.write_bytes(text.getvalue().encode(encoding))
            [table] = read(con, path, options)
            staged = con.execute(f"select * from {table.relation} order by _line").fetchall()
        assert table.columns == ("First", "Second", "Number")
        assert staged == [(line, *(cell or None for cell in row)) for line, row in zip(lines[1:], cells, strict=True)]

    holds()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(engine, tmp_path, delimiter):
    @settings(max_examples=60, derandomize=True)
    @given(
        cells=st.lists(
            st.tuples(
                st.from_regex(r"[A-Za-z,;|. ]{1,12}", fullmatch=True), st.from_regex(r"\d{1,4}[.,]\d", fullmatch=True)
            ),
            min_size=2,
            max_size=20,
        )
    )
    def holds(cells):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([["Campaign", "Cost"], *cells])
        path = tmp_path / "t.csv"
        path.write_text(text.getvalue(), newline="")
        with engine.cursor() as con:
            [table] = read(con, path)
            staged = con.execute(f"select * exclude (_line) from {table.relation} order by _line").fetchall()
        assert table.delimiter == delimiter
        assert staged == cells

    holds()

"""Expressions: SQL over a row, and nothing that would make a load unrepeatable or reach outside."""

from __future__ import annotations

import duckdb
import pytest

from leadline.errors import DefinitionError
from leadline.ingest.expression import Expression, parse_expressions


def parse(text: str) -> Expression:
    with duckdb.connect() as con:
        return parse_expressions(con, [(text, "sources/x.yaml:7")])[0]


@pytest.mark.parametrize(
    ("text", "names", "bare"),
    [
        ("amount", ("amount",), "amount"),
        ('"Order ID"', ("Order ID",), "Order ID"),
        ("quantity * price", ("quantity", "price"), ""),
        ("case when a = 'x' then b end", ("a", "b"), ""),
        ("list_transform(tags, lambda t: t || suffix)", ("tags", "suffix"), ""),
        ("'constant'", (), ""),
        ("amount -- a remark", ("amount",), "amount"),
        ("order", ("order",), "order"),
        ("Close date", ("Close date",), "Close date"),
    ],
)
def test_columns_are_found(text: str, names: tuple[str, ...], bare: str) -> None:
    found = parse(text)
    assert set(found.names) == set(names)
    assert found.bare == bare


def test_lookups_and_context_are_told_apart() -> None:
    assert parse("teams.manager").columns == (("teams", "manager"),)
    assert parse("(SELECT topic FROM meeting)").relations == ("meeting",)


@pytest.mark.parametrize(
    "text",
    [
        "a) , (b",
        "a) FROM t WHERE (b",
        "a; DROP TABLE fact",
        "amount +",
        "Close date, Name",
        "now()",
        "random() * amount",
        "current_date - day",
        "(SELECT 1 FROM read_csv('/etc/passwd'))",
        "$1",
        "*",
    ],
)
def test_what_is_no_expression_over_a_row_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    assert "sources/x.yaml:7" in str(caught.value)


def test_one_bad_expression_among_good_ones_is_named() -> None:
    with duckdb.connect() as con, pytest.raises(DefinitionError, match="b:2"):
        parse_expressions(con, [("x", "a:1"), ("y +", "b:2"), ("v", "c:3")])

"""Source definitions: what is written is taken as written, and every mistake names file and line."""

from __future__ import annotations

import pytest

from leadline.errors import DefinitionError
from leadline.ingest.definition import decode_source, vendor_definitions
from leadline.model.facts import FACTS

GOOD = """\
title: Costs
files: costs*.csv
columns:
  No: text
  Amount: {type: money, scale: 100}
lookups:
  teams: {file: teams.csv, on: teams.id = No}
facts:
  - fact: cost
    key: No
    columns:
      date: Day
      team: "'marketing'"
      amount: Amount
"""


def test_short_forms_and_scalars_are_taken_as_written() -> None:
    source = decode_source(GOOD, "sources/costs.yaml", facts=FACTS).source
    assert source.name == "costs"
    assert source.files == ("costs*.csv",)
    assert source.facts[0].key == ("No",)
    assert list(source.columns) == ["No", "Amount"]
    assert source.columns["Amount"].scale == 100
    assert source.lookups["teams"].on == "teams.id = No"


def test_hash_changes_with_the_meaning_only() -> None:
    first = decode_source(GOOD, "a.yaml")
    assert decode_source("# a remark\n" + GOOD, "a.yaml").hash == first.hash
    assert decode_source(GOOD.replace("scale: 100", "scale: 10"), "a.yaml").hash != first.hash


@pytest.mark.parametrize(
    ("change", "to", "line", "words"),
    [
        ("title: Costs", "titel: Costs", 1, "did you mean title"),
        ("    key: No", "    keys: No", 10, "did you mean key"),
        ("{type: money, scale: 100}", "{type: money, skale: 100}", 5, "did you mean scale"),
        ("scale: 100", "scale: many", 5, "int"),
        ("type: money", "type: cash", 5, "cash"),
        ("  - fact: cost", "  - fact: costs", 9, "did you mean cost"),
        ("      amount: Amount", "      amuont: Amount", 14, "did you mean amount"),
        ("      amount: Amount", "      amount: Amount\n      amount: No", 15, "given twice"),
        ("    key: No", "    key: []", 9, "has no key"),
        ("columns:\n  No: text", "columns: [a\n  No: text", 4, "not valid YAML"),
    ],
)
def test_mistakes_name_file_line_and_cure(change: str, to: str, line: int, words: str) -> None:
    assert change in GOOD
    with pytest.raises(DefinitionError) as caught:
        decode_source(GOOD.replace(change, to, 1), "sources/costs.yaml", facts=FACTS)
    text = str(caught.value)
    assert f"sources/costs.yaml:{line}" in text, text
    assert words in text, text


def test_an_empty_file_says_how_to_begin() -> None:
    with pytest.raises(DefinitionError, match="facts:"):
        decode_source("", "sources/x.yaml")


def test_vendor_formats_decode_and_are_distinct() -> None:
    names = [definition.source.name for definition in vendor_definitions()]
    assert len(names) == len(set(names)) >= 12

"""Recognition: by headers and the lines above them; own sources first, and never a guess between two."""

from __future__ import annotations

import pytest
from msgspec import Struct

from leadline.errors import DataError
from leadline.ingest.definition import Definition, decode_source
from leadline.ingest.recognise import explain_unrecognised, names_file, recognise


class Piece(Struct, frozen=True):
    """What recognition sees of a table."""

    columns: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    name: str = ""
    file: str = "file.csv"


def vendor(name: str, rule: str, columns: str, more: str = "") -> Definition:
    text = (
        f"title: {name.title()}\nrecognise: {rule}\ncolumns: {columns}\n{more}"
        "facts:\n  - fact: cost\n    key: day\n    columns: {date: day}\n"
    )
    return decode_source(text, f"vendors/{name}.yaml", name=name)


DAY = "day: {headers: {en: [Day], de: [Tag]}, type: date}"
COST = "cost: {headers: {en: [Cost], de: [Kosten]}, type: money}"
SMALL = vendor("small", "{columns: [day, cost]}", f"{{{DAY}, {COST}}}")
LARGE = vendor(
    "large", "{columns: [day, cost], any_of: [clicks]}", f"{{{DAY}, {COST}, clicks: {{headers: {{en: [Clicks]}}}}}}"
)
MARKED = vendor("marked", "{columns: [day, cost], preamble: '^Report', preamble_required: true}", f"{{{DAY}, {COST}}}")
WITHOUT = vendor("without", "{columns: [day], without: [cost]}", f"{{{DAY}, {COST}}}")
SECTION = vendor("section", "{columns: [day, cost], section: details}", f"{{{DAY}, {COST}}}")
MEETING = vendor(
    "meeting", "{columns: [day]}", f"{{{DAY}}}", "context: {about: {columns: {topic: {headers: {en: [Topic]}}}}}\n"
)
ALL = (SMALL, LARGE, MARKED, WITHOUT, SECTION)


def named(*pieces: Piece, known: tuple[Definition, ...] = ALL) -> list[tuple[int, str]]:
    return [(at, fit.definition.source.name) for at, fit in recognise(pieces, (), lambda: known)]


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        (Piece(("Day", "Cost")), "small"),
        (Piece(("Tag", "Kosten")), "small"),
        (Piece(("Day", "Cost", "Clicks")), "large"),
        (Piece(("Day", "Cost"), ("Report of May",)), "marked"),
        (Piece(("Day", "Something")), "without"),
    ],
)
def test_the_closest_fit_wins(piece: Piece, name: str) -> None:
    assert named(piece, known=(SMALL, LARGE, MARKED, WITHOUT)) == [(0, name)]


def test_a_section_is_told_by_its_name() -> None:
    pieces = Piece(("Day", "Cost"), name="Summary"), Piece(("Day", "Cost"), name="Details")
    assert named(*pieces, known=(SECTION,)) == [(1, "section")]


def test_another_part_of_the_file_may_be_needed() -> None:
    alone, about = Piece(("Day", "Name")), Piece(("Topic", "Length"), name="Meeting")
    assert named(alone, known=(MEETING,)) == []
    [(at, fit)] = recognise((about, alone), (), lambda: (MEETING,))
    assert at == 1
    assert fit.context["about"][0] == 0


def test_what_nobody_knows_is_left_out_and_explained() -> None:
    piece = Piece(("Day", "Price"))
    assert named(piece, known=(SMALL,)) == []
    error = explain_unrecognised((piece,), (), (SMALL,), "x.csv")
    assert "Small (misses 'Cost'" in error.why
    assert "--propose x.csv" in error.fix


def test_two_equal_fits_are_an_error() -> None:
    twin = vendor("twin", "{columns: [day, cost]}", f"{{{DAY}, {COST}}}")
    with pytest.raises(DataError, match="Small and Twin"):
        named(Piece(("Day", "Cost")), known=(SMALL, twin))


def test_own_sources_go_first_and_vendors_are_not_even_asked() -> None:
    own = decode_source("facts: [{fact: cost, key: Day, columns: {date: Day, amount: Cost}}]", "sources/own.yaml")

    def never() -> tuple[Definition, ...]:
        raise AssertionError

    [(_, fit)] = recognise((Piece(("Day", "Cost")),), [(own, ("Day", "Cost"))], never)
    assert fit.definition.source.name == "own"


@pytest.mark.parametrize(
    ("pattern", "file", "fits"),
    [
        ("*pipeline*", "crm/sales_pipeline.csv", True),
        ("*.csv", "book.zip/Queries.csv", True),
        ("ads/*.csv", "data/ads/x.csv", True),
        ("ads/*.csv", "data/shop/x.csv", False),
    ],
)
def test_files_are_matched_by_name_or_end_of_path(pattern: str, file: str, fits: bool) -> None:
    source = decode_source(
        f'files: ["{pattern}"]\nfacts: [{{fact: cost, key: a, columns: {{date: a}}}}]', "s.yaml"
    ).source
    assert names_file(source, file) is fits

"""Search Console: the days of the property load, what adds up a range does not."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.ingest.vendors.archive import Zipped, broken_archive, with_other
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.writers import (
    Export,
    Locale,
    Mistake,
    broken_byte,
    drop_column,
    edit_cell,
    html_page,
    repeat_row,
    set_cell,
)

FIRST, DAYS = date(2025, 5, 4), 28
NAMES = ("date", "clicks", "impressions", "ctr", "position")
LANGUAGES = {
    "en": (("Date", "Clicks", "Impressions", "CTR", "Position"), "Chart.csv", "Top queries", "Top pages",
           ("Filter", "Value", "Search type", "Date")),
    "de": (("Datum", "Klicks", "Impressionen", "CTR", "Position"), "Diagramm.csv", "Häufigste Suchanfragen",
           "Häufigste Seiten", ("Filter", "Wert", "Suchtyp", "Datum")),
    "fr": (("Date", "Clics", "Impressions", "CTR", "Position"), "Graphique.csv", "Requêtes les plus fréquentes",
           "Pages les plus populaires", ("Filtre", "Valeur", "Type de recherche", "Date")),
    "nl": (("Datum", "Klikken", "Vertoningen", "CTR", "Positie"), "Diagram.csv", "Populairste zoekopdrachten",
           "Populairste pagina's", ("Filter", "Waarde", "Zoektype", "Datum")),
    "es": (("Fecha", "Clics", "Impresiones", "CTR", "Posición"), "Gráfico.csv", "Consultas principales",
           "Páginas principales", ("Filtro", "Valor", "Tipo de búsqueda", "Fecha")),
    "vi": (("Ngày", "Lượt nhấp", "Lượt hiển thị", "CTR", "Vị trí"), "Biểu đồ.csv", "Cụm từ tìm kiếm hàng đầu",
           "Trang hàng đầu", ("Bộ lọc", "Giá trị", "Loại tìm kiếm", "Ngày")),
    "tr": (("Tarih", "Tıklamalar", "Gösterimler", "TO", "Konum"), "Grafik.csv", "En çok yapılan sorgular",
           "En çok görüntülenen sayfalar", ("Filtre", "Değer", "Arama türü", "Tarih")),
    "zh": (("日期", "点击次数", "展示", "点击率", "排名"), "图表.csv", "热门查询", "排名靠前的网页",
           ("过滤器", "值", "搜索类型", "日期")),
}  # fmt: skip
COMMAS = {"de": ",", "fr": ",", "nl": ",", "es": ",", "vi": ",", "tr": ","}


def filters(language: str, *more: tuple[str, str]) -> Export:
    """The list of filters that lies in every archive."""
    filter_label, value_label, kind, day = LANGUAGES[language][4]
    rows = ((kind, "Web"), (day, "Last 28 days"), *more)
    return Export("Filters.csv", ("label", "value"), (filter_label, value_label), rows)


def performance(language: str, *, comma: bool = False) -> tuple[Zipped, Truth]:
    """The ZIP of a performance report; `comma` writes decimals with a comma, as some languages do."""
    rng = random.Random("search console")
    header, member, query, page, _ = LANGUAGES[language]
    locale = Locale(language, COMMAS[language] if comma else ".", "")
    rows = []
    for offset in range(DAYS):
        impressions = rng.randint(400, 4000) if offset != 9 else 0
        clicks = rng.randint(0, impressions // 8) if impressions else 0
        position = rng.randint(100, 4500) if impressions else 0
        rows.append(((FIRST + timedelta(offset)).isoformat(), str(clicks), str(impressions),
                     percent(locale, clicks, impressions), hundredths(locale, position)))  # fmt: skip
    side = []
    for name, label, values in (
        ("Queries.csv", query, ("shoes", "red shoes")),
        ("Pages.csv", page, ("https://a.example/",)),
    ):
        side.append(Export(name, ("", *NAMES[1:]), (label, *header[1:]), tuple(
            (value, "12", "480", percent(locale, 12, 480), hundredths(locale, 431)) for value in values)))  # fmt: skip
    export = Zipped(
        f"performance_{language}.zip", NAMES, header, tuple(rows), Locale(language),
        member=member, others=(*side, filters(language)),
    )  # fmt: skip
    sums = {"clicks": sum(int(row[1]) for row in rows), "impressions": sum(int(row[2]) for row in rows)}
    levels = {"level": {"property"}, "kind": {"organic"}}
    return export, Truth("search", DAYS, sums, levels, FIRST, FIRST + timedelta(DAYS - 1))


def hundredths(locale: Locale, number: int) -> str:
    """`number` / 100 as Search Console prints it: without trailing zeros."""
    text = f"{number / 100:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", locale.decimal)


def percent(locale: Locale, part: int, whole: int) -> str:
    """A click rate as Search Console prints it: at most two decimals."""
    return hundredths(locale, round(part / whole * 10000) if whole else 0) + "%"


def case(language: str, *, comma: bool = False) -> Case:
    export, truth = performance(language, comma=comma)
    return Case("search_console", f"{language}{', comma' if comma else ''}", export, (truth,))


ENGLISH = case("en")
CASES = [*(case(language) for language in LANGUAGES), *(case(language, comma=True) for language in COMMAS)]


def as_details(export: Export) -> Export:
    """The days table named by queries: nothing in the archive has a day any more."""
    return replace(export, header=("Top queries", *export.header[1:]))


MISTAKES = (
    edit_cell("clicks over impressions", "clicks", lambda e, _: str(int(e.cell(3, "impressions")) + 1), 3,
              rules=("clicks-exceed-impressions", "ctr")),
    set_cell("ctr", "96.5%", 4, rules=("ctr",)),
    edit_cell("impressions altered", "impressions", lambda _, text: str(int(text) * 3), 5, rules=("ctr",)),
    set_cell("position", "0.4", 6, rules=("position-impossible",)),
    set_cell("date", "2025-02-30", 7, title="a day that is not"),
    set_cell("date", "06/05/2025", 2, title="a day with day and month swapped"),
    set_cell("date", (FIRST + timedelta(2)).isoformat(), 8, rules=("duplicate-key",), title="a day twice"),
    set_cell("clicks", "-3", 9, title="clicks below zero"),
    repeat_row(),
    with_other("filtered by country", filters("en", ("Country", "Germany")), rules=("filtered-report",)),
    Mistake("no table of days", as_details, ("aggregates-over-range",)),
    drop_column("date"),
    broken_byte("date"),
    broken_archive(),
    html_page(),
)  # fmt: skip


@pytest.mark.parametrize("format", ["search_console", "search_console_details"])
def test_yaml_decodes(format: str) -> None:
    assert_decodes(format)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, ENGLISH, mistake)


def test_tables_over_the_whole_range_are_named_and_left_out(tmp_path: Path) -> None:
    outcome = deliver(tmp_path, ENGLISH.export.write(tmp_path))
    found = [finding for finding in outcome.findings if finding.rule == "table-skipped"]
    skipped = {finding.file.rpartition("/")[2]: finding for finding in found}
    assert set(skipped) == {"Queries.csv", "Pages.csv"}
    assert "range" in str(skipped["Queries.csv"])


def test_queries_with_days_load_at_their_own_level(tmp_path: Path) -> None:
    rows = tuple(((FIRST + timedelta(day)).isoformat(), query, "2", "80", "2.5%", "3.1")
                 for day in range(3) for query in ("shoes", "red shoes"))  # fmt: skip
    export = Export("by_query.csv", ("date", "query", *NAMES[1:]), ("Date", "Query", "Clicks", "Impressions", "CTR",
                                                                    "Position"), rows)  # fmt: skip
    values = {"level": {"query"}, "query": {"shoes", "red shoes"}}
    truth = Truth("search", 6, {"clicks": 12, "impressions": 480}, values)
    assert_loads(tmp_path, Case("search_console_details", "en", export, (truth,)))

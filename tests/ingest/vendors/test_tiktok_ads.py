"""TikTok Ads Manager: reports with "Total of N results" in eight languages, and mistakes planted in them."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.advertising import FIRST_DAY, advertise, total
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_keeps_total, assert_loads
from tests.ingest.vendors.writers import (
    Export,
    Locale,
    Mistake,
    alter_total,
    drop_column,
    drop_row,
    empty_file,
    file_mistakes,
    move_date,
    rename_column,
    repeat_row,
    set_cell,
)

NAMES = (
    "campaign", "ad_group", "ad_group_id", "date", "currency", "cost", "impressions", "all_clicks", "destination_clicks",
    "ctr", "cpc", "cpm", "conversions", "cost_per_conversion", "reach", "frequency", "video_views", "video_completes",
)  # fmt: skip
HEADERS = {
    "en": ("Campaign name", "Ad group name", "Ad group ID", "By Day", "Currency", "Cost", "Impressions", "Clicks (all)",
           "Clicks (destination)", "CTR (destination)", "CPC (destination)", "CPM", "Conversions", "Cost per conversion",
           "Reach", "Frequency", "Video views", "Video views at 100%"),
    "de": ("Kampagnenname", "Anzeigengruppenname", "Anzeigengruppen-ID", "Nach Tag", "Währung", "Kosten", "Impressionen",
           "Klicks (alle)", "Klicks (Ziel)", "CTR (Ziel)", "CPC (Ziel)", "CPM", "Conversions", "Kosten pro Conversion",
           "Reichweite", "Häufigkeit", "Videoaufrufe", "Videoaufrufe zu 100 %"),
    "fr": ("Nom de la campagne", "Nom du groupe d'annonces", "ID du groupe d'annonces", "Par jour", "Devise", "Coût",
           "Impressions", "Clics (tous)", "Clics (destination)", "CTR (destination)", "CPC (destination)", "CPM",
           "Conversions", "Coût par conversion", "Portée", "Fréquence", "Vues vidéo", "Vues vidéo à 100 %"),
    "nl": ("Campagnenaam", "Naam van advertentiegroep", "Advertentiegroep-ID", "Per dag", "Valuta", "Kosten",
           "Vertoningen", "Klikken (alle)", "Klikken (bestemming)", "CTR (bestemming)", "CPC (bestemming)", "CPM",
           "Conversies", "Kosten per conversie", "Bereik", "Frequentie", "Videoweergaven", "Videoweergaven van 100%"),
    "es": ("Nombre de la campaña", "Nombre del grupo de anuncios", "ID del grupo de anuncios", "Por día", "Moneda",
           "Costo", "Impresiones", "Clics (todos)", "Clics (destino)", "CTR (destino)", "CPC (destino)", "CPM",
           "Conversiones", "Costo por conversión", "Alcance", "Frecuencia", "Visualizaciones de video",
           "Visualizaciones de video al 100 %"),
    "vi": ("Tên chiến dịch", "Tên nhóm quảng cáo", "ID nhóm quảng cáo", "Theo ngày", "Đơn vị tiền tệ", "Chi phí",
           "Số lượt hiển thị", "Lượt nhấp (tất cả)", "Lượt nhấp (đích đến)", "CTR (đích đến)", "CPC (đích đến)", "CPM",
           "Lượt chuyển đổi", "Chi phí trên mỗi lượt chuyển đổi", "Số người tiếp cận", "Tần suất", "Lượt xem video",
           "Lượt xem video ở mức 100%"),
    "tr": ("Kampanya adı", "Reklam grubu adı", "Reklam grubu kimliği", "Güne göre", "Para birimi", "Maliyet",
           "Gösterimler", "Tıklamalar (tümü)", "Tıklamalar (hedef)", "CTR (hedef)", "CPC (hedef)", "CPM", "Dönüşümler",
           "Dönüşüm başına maliyet", "Erişim", "Sıklık", "Video görüntülemeleri", "Video görüntülemeleri %100"),
    "zh": ("推广系列名称", "广告组名称", "广告组 ID", "按天", "币种", "消耗", "展示量", "点击量（全部）", "点击量（目标页面）",
           "点击率（目标页面）", "平均点击成本（目标页面）", "千次展示成本 (CPM)", "转化量", "平均转化成本", "覆盖人数", "展示频次",
           "视频播放量", "100% 视频播放量"),
}  # fmt: skip
TOTALS = {
    "en": "Total of 42 results", "de": "Insgesamt 42 Ergebnisse", "fr": "Total de 42 résultats",
    "nl": "Totaal van 42 resultaten", "es": "Total de 42 resultados", "vi": "Tổng số 42 kết quả",
    "tr": "Toplam 42 sonuç", "zh": "共 42 条结果",
}  # fmt: skip
CURRENCIES = {"en": "USD", "vi": "VND", "tr": "TRY", "zh": "CNY"}
LOCALES = {
    "de": Locale("de", ",", "."), "nl": Locale("nl", ",", "."), "fr": Locale("fr", ",", "\u202f"),
    "es": Locale("es", ",", "."), "tr": Locale("tr", ",", "."), "vi": Locale("vi", ",", "."),
}  # fmt: skip


def report(language: str) -> Case:
    """A daily report by ad group with its total row; counts without groups."""
    locale = LOCALES.get(language, Locale(language))
    currency = CURRENCIES.get(language, "EUR")
    digits = 0 if currency == "VND" else 2
    rows = advertise(51, digits=digits)

    def amount(value: Decimal) -> str:
        return locale.number(value, digits, grouped=False)

    cells = tuple(
        (row.campaign, row.ad_group, row.ad_group_id, row.day.isoformat(), currency, amount(row.cost),
         str(row.impressions), str(row.clicks), str(row.link_clicks), locale.percent(row.link_clicks, row.impressions),
         amount(row.cost / row.link_clicks), amount(1000 * row.cost / row.impressions), str(row.purchases),
         amount(row.cost / row.purchases), str(row.reach), locale.number(Decimal(row.impressions) / row.reach, 2),
         str(row.views), str(row.completes))
        for row in rows
    )  # fmt: skip
    impressions, links, cost = total(rows, "impressions"), total(rows, "link_clicks"), total(rows, "cost")
    summary = (
        TOTALS[language], "-", "-", "-", currency, amount(cost), str(impressions), str(total(rows, "clicks")), str(links),
        locale.percent(links, impressions), amount(cost / links), amount(1000 * cost / impressions),
        str(total(rows, "purchases")), amount(cost / total(rows, "purchases")), "70000", locale.number(Decimal(12), 2),
        str(total(rows, "views")), str(total(rows, "completes")),
    )  # fmt: skip
    export = Export("tiktok.csv", NAMES, HEADERS[language], cells, locale, totals=(summary,), bom=b"\xef\xbb\xbf")
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": impressions,
            "clicks": total(rows, "clicks"),
            "link_clicks": links,
            "spend": cost,
            "conversions": total(rows, "purchases"),
            "video_views": total(rows, "views"),
            "video_completes": total(rows, "completes"),
        },
        values={
            "currency": {currency},
            "platform": {"tiktok_ads"},
            "channel": {"Paid Social"},
            "level": {"ad_group"},
            "ad_group_id": {row.ad_group_id for row in rows},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("tiktok_ads", language, export, (truth,))


CASES = tuple(report(language) for language in HEADERS)

MISTAKES: tuple[Mistake, ...] = (
    drop_column("date", rules=("aggregates-over-range",)),
    rename_column("date", "By Week", rules=("aggregates-over-range",)),
    alter_total("cost", "1.00"),
    alter_total("destination_clicks", "17"),
    drop_row(),
    set_cell("cost", "abc", rules=("not-a-number",)),
    set_cell("cost", "12,5", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("reach", "9999999", rules=("reach-exceeds-impressions",), title="more people than impressions"),
    set_cell("conversions", "-1", rules=("negative-count",)),
    set_cell("ctr", "42.00%", rules=("ctr",)),
    set_cell("cpc", "99.99", rules=("cpc",)),
    set_cell("frequency", "9.99", rules=("frequency",)),
    set_cell("currency", "EUR", rules=("mixed-currency",)),
    set_cell("date", "2025-13-05", rules=("not-a-date",)),
    move_date("date", 36_500, rules=("date-out-of-range",)),
    rename_column("cost", "Money"),
    repeat_row(),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    empty_file(),
    *file_mistakes("campaign"),
)


@dataclass(frozen=True)
class Book:
    """The same table as the Excel sheet that TikTok offers first: numbers as numbers, percentages as text."""

    export: Export
    name: str = "tiktok.xlsx"

    def write(self, folder: Path) -> Path:
        """Write the workbook; its path."""
        import xlsxwriter

        path = folder / self.name
        texts = {"campaign", "ad_group", "ad_group_id", "date", "currency", "ctr"}
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("Sheet1")
            for line, cells in enumerate((self.export.header, *self.export.rows, *self.export.totals)):
                for column, (name, cell) in enumerate(zip(self.export.names, cells, strict=True)):
                    if line and name not in texts:
                        sheet.write_number(line, column, float(cell))
                    else:
                        sheet.write_string(line, column, cell)
        return path


def test_workbook_loads_exactly(tmp_path: Path) -> None:
    case = CASES[0]
    assert_loads(tmp_path, Case(case.format, "en-xlsx", Book(case.export), case.truths))


def test_definition_is_whole() -> None:
    assert_decodes("tiktok_ads")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_planted_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CASES[0], mistake)


def test_what_is_called_total_is_no_total(tmp_path: Path) -> None:
    assert_keeps_total(tmp_path, CASES[0], "campaign", "ad", "campaign")

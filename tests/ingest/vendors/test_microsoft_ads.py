"""Microsoft Advertising: reports with their ten lines above and one below, in eight languages, and planted mistakes."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

from dataclasses import dataclass, replace
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
    file_mistakes,
    mixed_style,
    move_date,
    rename_column,
    repeat_row,
    set_cell,
)

NAMES = (
    "date", "account", "account_number", "campaign", "campaign_id", "campaign_type", "currency", "impressions", "clicks",
    "ctr", "cpc", "spend", "conversions", "conv_rate", "cpa", "conversion_value",
)  # fmt: skip


@dataclass(frozen=True)
class Language:
    """One interface language: its style, words above the header, header, campaign types, label of the total."""

    locale: Locale
    words: tuple[str, str, str, str]
    daily: str
    header: tuple[str, ...]
    types: tuple[str, str, str]
    total: str
    currency: str


LANGUAGES = (
    Language(
        Locale("en", day="%-m/%-d/%Y"), ("Report Name", "Report Time", "Report Aggregation", "Rows"), "Daily",
        ("Gregorian date", "Account name", "Account number", "Campaign name", "Campaign ID", "Campaign type",
         "Currency code", "Impressions", "Clicks", "CTR", "Avg. CPC", "Spend", "Conversions", "Conv. rate", "CPA",
         "Revenue"),
        ("Search", "Audience", "Shopping"), "Overall total - 3 campaigns", "USD",
    ),
    Language(
        Locale("de", ",", ".", "%d.%m.%Y"), ("Berichtsname", "Berichtszeit", "Berichtsaggregation", "Zeilen"), "Täglich",
        ("Gregorianisches Datum", "Kontoname", "Kontonummer", "Kampagnenname", "Kampagnen-ID", "Kampagnentyp",
         "Währungscode", "Impressionen", "Klicks", "CTR", "Durchschn. CPC", "Ausgaben", "Conversions", "Conversion-Rate",
         "CPA", "Umsatz"),
        ("Suche", "Zielgruppe", "Shopping"), "Gesamt", "EUR",
    ),
    Language(
        Locale("fr", ",", "\u202f", "%d/%m/%Y"),
        ("Nom du rapport", "Heure du rapport", "Agrégation du rapport", "Lignes"), "Quotidien",
        ("Date grégorienne", "Nom du compte", "Numéro de compte", "Nom de la campagne", "ID de campagne",
         "Type de campagne", "Code de devise", "Impressions", "Clics", "CTR", "CPC moyen", "Dépenses", "Conversions",
         "Taux de conversion", "CPA", "Revenus"),
        ("Recherche", "Audience", "Shopping"), "Total général", "EUR",
    ),
    Language(
        Locale("nl", ",", ".", "%-d-%-m-%Y"), ("Rapportnaam", "Rapporttijd", "Rapportaggregatie", "Rijen"), "Dagelijks",
        ("Gregoriaanse datum", "Accountnaam", "Accountnummer", "Campagnenaam", "Campagne-id", "Campagnetype", "Valutacode",
         "Weergaven", "Klikken", "CTR", "Gem. CPC", "Uitgaven", "Conversies", "Conversiepercentage", "CPA", "Omzet"),
        ("Zoeken", "Doelgroep", "Shopping"), "Totaal", "EUR",
    ),
    Language(
        Locale("es", ",", ".", "%d/%m/%Y"),
        ("Nombre del informe", "Hora del informe", "Agregación del informe", "Filas"), "Diario",
        ("Fecha gregoriana", "Nombre de la cuenta", "Número de cuenta", "Nombre de la campaña", "Id. de campaña",
         "Tipo de campaña", "Código de moneda", "Impresiones", "Clics", "CTR", "CPC medio", "Gasto", "Conversiones",
         "Tasa de conversión", "CPA", "Ingresos"),
        ("Búsqueda", "Público", "Shopping"), "Total", "EUR",
    ),
    Language(
        Locale("vi", ",", ".", "%d/%m/%Y"), ("Report Name", "Report Time", "Report Aggregation", "Rows"), "Daily",
        ("Ngày", "Tên tài khoản", "Số tài khoản", "Tên chiến dịch", "ID chiến dịch", "Loại chiến dịch", "Mã tiền tệ",
         "Lượt hiển thị", "Lượt nhấp", "CTR", "CPC trung bình", "Chi tiêu", "Lượt chuyển đổi", "Tỷ lệ chuyển đổi", "CPA",
         "Doanh thu"),
        ("Tìm kiếm", "Đối tượng", "Mua sắm"), "Tổng", "VND",
    ),
    Language(
        Locale("tr", ",", ".", "%d.%m.%Y"), ("Report Name", "Report Time", "Report Aggregation", "Rows"), "Daily",
        ("Tarih", "Hesap adı", "Hesap numarası", "Kampanya adı", "Kampanya kimliği", "Kampanya türü", "Para birimi kodu",
         "Gösterim sayısı", "Tıklama sayısı", "CTR", "Ort. TBM", "Harcama", "Dönüşümler", "Dönüşüm oranı", "CPA", "Gelir"),
        ("Arama", "Hedef kitle", "Alışveriş"), "Genel toplam", "TRY",
    ),
    Language(
        Locale("zh", day="%Y/%-m/%-d"), ("Report Name", "Report Time", "Report Aggregation", "Rows"), "Daily",
        ("公历日期", "帐户名称", "帐户编号", "广告系列名称", "广告系列 ID", "广告系列类型", "货币代码", "展示次数", "点击次数", "点击率",
         "平均每次点击成本", "支出", "转化次数", "转化率", "CPA", "收入"),
        ("搜索", "受众", "购物"), "总计", "CNY",
    ),
)  # fmt: skip


def report(language: Language) -> Case:
    """A daily campaign performance report with all lines around it."""
    locale = language.locale
    digits = 0 if language.currency == "VND" else 2
    rows = advertise(41, digits=digits)
    name, time, aggregation, count = language.words
    clicks, impressions, cost = total(rows, "clicks"), total(rows, "impressions"), total(rows, "cost")
    conversions = total(rows, "conversions")
    export = Export(
        name="Campaign_performance.csv",
        names=NAMES,
        header=language.header,
        rows=tuple(
            (locale.date(row.day), "Lead Line Ltd", "B012ABCD", row.campaign, row.campaign_id, language.types[row.number],
             language.currency, locale.number(row.impressions, grouped=False), locale.number(row.clicks, grouped=False),
             locale.percent(row.clicks, row.impressions), locale.number(row.cost / row.clicks, digits),
             locale.number(row.cost, digits), locale.number(row.conversions, 2),
             locale.percent(row.conversions, row.clicks), locale.number(row.cost / row.conversions, digits),
             locale.number(row.value, 2))
            for row in rows
        ),
        locale=locale,
        preamble=(
            f'"{name}: Campaign performance"',
            f'"{time}: {locale.date(FIRST_DAY)},{locale.date(rows[-1].day)}"',
            '"Time Zone: (GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"',
            '"Last Completed Available Day: 5/20/2025 12:50:00 PM (GMT)"',
            '"Last Completed Available Hour: 5/20/2025 12:50:00 PM (GMT)"',
            f'"{aggregation}: {language.daily}"',
            '"Report Filter: "',
            '"Potential Incomplete Data: false"',
            f'"{count}: {len(rows)}"',
            "",
        ),
        totals=(
            (language.total, "", "", "", "", "", "", locale.number(impressions), locale.number(clicks),
             locale.percent(clicks, impressions), locale.number(cost / clicks, digits), locale.number(cost, digits),
             locale.number(conversions, 2), locale.percent(conversions, clicks),
             locale.number(cost / conversions, digits), locale.number(total(rows, "value"), 2)),
        ),
        trailer=("", '"©2026 Microsoft Corporation. All rights reserved. "'),
        bom=b"\xef\xbb\xbf",
        quote_all=True,
    )  # fmt: skip
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": impressions,
            "clicks": clicks,
            "spend": cost,
            "conversions": conversions,
            "conversion_value": total(rows, "value"),
        },
        values={
            "currency": {language.currency},
            "platform": {"microsoft_ads"},
            "level": {"campaign"},
            "account_id": {"B012ABCD"},
            "channel": {"Paid Search", "Display", "Paid Shopping"},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("microsoft_ads", locale.language, export, (truth,))


CASES = tuple(report(language) for language in LANGUAGES)


def relabel(old: str, new: str) -> Mistake:
    """A line above the header says something else."""
    return Mistake(
        f"{old!r} is {new!r} above the header",
        lambda e: replace(e, preamble=tuple(line.replace(old, new) for line in e.preamble)),
        ("aggregates-over-range",) if "Aggregation" in new else ("rows-missing",),
    )


MISTAKES: tuple[Mistake, ...] = (
    drop_column("date", rules=("aggregates-over-range",)),
    relabel("Report Aggregation: Daily", "Report Aggregation: Weekly"),
    relabel("Rows: 42", "Rows: 43"),
    Mistake("row lost", lambda e: replace(e, rows=e.rows[:-1]), ("rows-missing", "control-total")),
    alter_total("spend", "1.00"),
    alter_total("clicks", "17"),
    set_cell("spend", "abc", rules=("not-a-number",)),
    set_cell("spend", "1.234,56", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("clicks", "-1", rules=("negative-count",)),
    set_cell("ctr", "42.00%", rules=("ctr",)),
    set_cell("cpc", "99.99", rules=("cpc",)),
    set_cell("conv_rate", "99.00%", rules=("conversion-rate",)),
    set_cell("currency", "EUR", rules=("mixed-currency",)),
    mixed_style("date", "25/5/2025", rules=("ambiguous-dates",)),
    move_date("date", 90, rules=("date-outside-report",)),
    move_date("date", 36_500, rules=("date-out-of-range", "date-outside-report")),
    rename_column("spend", "Money"),
    # Named by the report's own number of rows and its totals, so not by a line.
    replace(repeat_row(rules=("rows-missing", "control-total")), row=None),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    *file_mistakes("campaign"),
)


def test_definition_is_whole() -> None:
    assert_decodes("microsoft_ads")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


def test_report_of_one_day_is_no_range(tmp_path: Path) -> None:
    case = CASES[0]
    rows = case.export.rows[:3]
    preamble = tuple(
        '"Report Time: 5/1/2025"' if "Report Time" in line else line.replace("Rows: 42", "Rows: 3")
        for line in case.export.preamble
    )
    export = replace(case.export, rows=rows, totals=(), preamble=preamble)
    assert_loads(tmp_path, replace(case, export=export, truths=(Truth("ad", 3, first=FIRST_DAY, last=FIRST_DAY),)))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_planted_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CASES[0], mistake)


def test_what_is_called_total_is_no_total(tmp_path: Path) -> None:
    assert_keeps_total(tmp_path, CASES[0], "campaign", "ad", "campaign")

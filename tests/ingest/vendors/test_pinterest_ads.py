"""Pinterest Ads: exports with a Total row in eight languages, and mistakes planted in them."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

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
    "date", "campaign", "campaign_id", "ad_group", "currency", "spend", "impressions", "pin_clicks", "outbound_clicks",
    "ctr", "cpc", "cpm", "checkouts", "checkout_value", "reach",
)  # fmt: skip
HEADERS = {
    "en": ("Date", "Campaign name", "Campaign ID", "Ad group name", "Account currency", "Spend in account currency",
           "Impressions", "Pin clicks", "Outbound clicks", "Pin click rate", "CPC", "CPM", "Checkouts", "Checkout value",
           "Reach"),
    "de": ("Datum", "Kampagnenname", "Kampagnen-ID", "Anzeigengruppenname", "Kontowährung", "Ausgaben in Kontowährung",
           "Impressionen", "Pin-Klicks", "Ausgehende Klicks", "Pin-Klickrate", "CPC", "CPM", "Checkouts", "Checkout-Wert",
           "Reichweite"),
    "fr": ("Date", "Nom de la campagne", "ID de la campagne", "Nom du groupe d’annonces", "Devise du compte",
           "Dépenses dans la devise du compte", "Impressions", "Clics sur l’épingle", "Clics sortants",
           "Taux de clics sur l’épingle", "CPC", "CPM", "Achats", "Valeur des achats", "Portée"),
    "nl": ("Datum", "Campagnenaam", "Campagne-ID", "Naam van advertentiegroep", "Accountvaluta",
           "Uitgaven in accountvaluta", "Vertoningen", "Pinklikken", "Uitgaande klikken", "Pinklikpercentage", "CPC", "CPM",
           "Checkouts", "Checkoutwaarde", "Bereik"),
    "es": ("Fecha", "Nombre de la campaña", "ID de la campaña", "Nombre del grupo de anuncios", "Moneda de la cuenta",
           "Gasto en la moneda de la cuenta", "Impresiones", "Clics en el Pin", "Clics salientes",
           "Tasa de clics en el Pin", "CPC", "CPM", "Compras", "Valor de las compras", "Alcance"),
    "vi": ("Ngày", "Tên chiến dịch", "ID chiến dịch", "Tên nhóm quảng cáo", "Đơn vị tiền tệ",
           "Chi tiêu theo đơn vị tiền tệ của tài khoản", "Lượt hiển thị", "Lượt nhấp vào Ghim", "Lượt nhấp ra ngoài",
           "Tỷ lệ nhấp vào Ghim", "CPC", "CPM", "Lượt thanh toán", "Giá trị thanh toán", "Số người tiếp cận"),
    "tr": ("Tarih", "Kampanya adı", "Kampanya kimliği", "Reklam grubu adı", "Hesap para birimi",
           "Hesap para birimi cinsinden harcama", "Gösterimler", "Pin tıklamaları", "Giden tıklamalar",
           "Pin tıklama oranı", "CPC", "CPM", "Ödemeler", "Ödeme değeri", "Erişim"),
    "zh": ("日期", "广告活动名称", "广告活动 ID", "广告组名称", "账户货币", "以账户货币计算的支出", "展示次数", "Pin 图点击次数",
           "出站点击次数", "Pin 图点击率", "CPC", "CPM", "结账次数", "结账金额", "覆盖人数"),
}  # fmt: skip
TOTALS = {"en": "Total", "de": "Gesamt", "fr": "Total", "nl": "Totaal", "es": "Total", "vi": "Tổng", "tr": "Toplam", "zh": "总计"}  # fmt: skip
LOCALES = {
    "de": Locale("de", ",", "."), "nl": Locale("nl", ",", "."), "fr": Locale("fr", ",", "\u202f"),
    "es": Locale("es", ",", "."), "tr": Locale("tr", ",", "."), "vi": Locale("vi", ",", "."),
}  # fmt: skip
CURRENCIES = {"en": "USD", "vi": "SGD", "tr": "TRY", "zh": "CNY"}


def report(language: str) -> Case:
    """A daily export by ad group, the Total row last."""
    locale = LOCALES.get(language, Locale(language))
    currency = CURRENCIES.get(language, "EUR")
    rows = advertise(61)

    def amount(value: Decimal) -> str:
        return locale.number(value, 2, grouped=False)

    cells = tuple(
        (row.day.isoformat(), row.campaign, row.campaign_id, row.ad_group, currency, amount(row.cost),
         str(row.impressions), str(row.clicks), str(row.link_clicks), locale.percent(row.clicks, row.impressions),
         amount(row.cost / row.clicks), amount(1000 * row.cost / row.impressions), str(row.purchases),
         amount(row.value), str(row.reach))
        for row in rows
    )  # fmt: skip
    impressions, clicks, cost = total(rows, "impressions"), total(rows, "clicks"), total(rows, "cost")
    summary = (
        "", TOTALS[language], "", "", currency, amount(cost), str(impressions), str(clicks),
        str(total(rows, "link_clicks")), locale.percent(clicks, impressions), amount(cost / clicks),
        amount(1000 * cost / impressions), str(total(rows, "purchases")), amount(total(rows, "value")), "81000",
    )  # fmt: skip
    export = Export("pinterest.csv", NAMES, HEADERS[language], cells, locale, totals=(summary,), newline="\r\n")
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": impressions,
            "clicks": clicks,
            "link_clicks": total(rows, "link_clicks"),
            "spend": cost,
            "conversions": total(rows, "purchases"),
            "conversion_value": total(rows, "value"),
        },
        values={
            "currency": {currency},
            "platform": {"pinterest_ads"},
            "channel": {"Paid Social"},
            "level": {"ad_group"},
            "campaign_id": {row.campaign_id for row in rows},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("pinterest_ads", language, export, (truth,))


CASES = tuple(report(language) for language in HEADERS)

MISTAKES: tuple[Mistake, ...] = (
    drop_column("date", rules=("aggregates-over-range",)),
    rename_column("date", "Week", rules=("aggregates-over-range",)),
    alter_total("spend", "1.00"),
    alter_total("pin_clicks", "17"),
    drop_row(),
    set_cell("spend", "abc", rules=("not-a-number",)),
    set_cell("spend", "12,5", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("reach", "9999999", rules=("reach-exceeds-impressions",), title="more people than impressions"),
    set_cell("checkouts", "-1", rules=("negative-count",)),
    set_cell("ctr", "42.00%", rules=("ctr",)),
    set_cell("cpm", "0.01", rules=("cpm",)),
    set_cell("currency", "EUR", rules=("mixed-currency",)),
    set_cell("date", "2025-13-05", rules=("not-a-date",)),
    move_date("date", 36_500, rules=("date-out-of-range",)),
    rename_column("spend", "Money"),
    repeat_row(),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    empty_file(),
    *file_mistakes("campaign"),
)


def test_definition_is_whole() -> None:
    assert_decodes("pinterest_ads")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_planted_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CASES[0], mistake)


def test_what_is_called_total_is_no_total(tmp_path: Path) -> None:
    assert_keeps_total(tmp_path, CASES[0], "campaign", "ad", "campaign")

"""Meta Ads Manager: exports in eight languages, by day or by range, and mistakes planted in them."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.advertising import FIRST_DAY, advertise, total
from tests.ingest.vendors.harness import (
    Case,
    Truth,
    assert_caught,
    assert_decodes,
    assert_keeps_total,
    assert_loads,
    deliver,
)
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
    "starts", "ends", "day", "campaign", "ad_set", "ad_set_id", "results", "indicator", "reach", "frequency",
    "impressions", "spend", "clicks", "ctr", "link_clicks", "link_cpc", "cpm", "purchases", "purchase_value",
)  # fmt: skip
HEADERS = {
    "en": ("Reporting starts", "Reporting ends", "Day", "Campaign name", "Ad set name", "Ad set ID", "Results",
           "Result indicator", "Reach", "Frequency", "Impressions", "Amount spent (USD)", "Clicks (all)", "CTR (all)",
           "Link clicks", "CPC (cost per link click) (USD)", "CPM (cost per 1,000 impressions) (USD)", "Purchases",
           "Purchases conversion value"),
    "de": ("Berichtsstart", "Berichtsende", "Tag", "Kampagnenname", "Anzeigengruppenname", "Anzeigengruppen-ID",
           "Ergebnisse", "Ergebnisindikator", "Reichweite", "Frequenz", "Impressionen", "Ausgegebener Betrag (EUR)",
           "Klicks (alle)", "CTR (alle)", "Link-Klicks", "CPC (Kosten pro Link-Klick) (EUR)",
           "CPM (Kosten pro 1.000 Impressionen) (EUR)", "Käufe", "Conversion-Wert für Käufe"),
    "fr": ("Début des rapports", "Fin des rapports", "Jour", "Nom de la campagne", "Nom de l’ensemble de publicités",
           "ID de l’ensemble de publicités", "Résultats", "Indicateur de résultats", "Couverture", "Répétition",
           "Impressions", "Montant dépensé (EUR)", "Clics (tous)", "CTR (tous)", "Clics sur un lien",
           "CPC (coût par clic sur un lien) (EUR)", "CPM (Coût pour 1\u00a0000 impressions) (EUR)", "Achats",
           "Valeur de conversion des achats"),
    "nl": ("Start rapportage", "Einde rapportage", "Dag", "Campagnenaam", "Naam advertentieset", "Advertentieset-ID",
           "Resultaten", "Resultatenindicator", "Bereik", "Frequentie", "Weergaven", "Besteed bedrag (EUR)",
           "Klikken (alle)", "CTR (alle)", "Klikken op links", "CPC (kosten per klik op link) (EUR)",
           "CPM (kosten per 1.000 weergaven) (EUR)", "Aankopen", "Conversiewaarde van aankopen"),
    "es": ("Inicio del informe", "Fin del informe", "Día", "Nombre de la campaña", "Nombre del conjunto de anuncios",
           "Identificador del conjunto de anuncios", "Resultados", "Indicador de resultados", "Alcance", "Frecuencia",
           "Impresiones", "Importe gastado (MXN)", "Clics (todos)", "CTR (todos)", "Clics en el enlace",
           "CPC (costo por clic en el enlace) (MXN)", "CPM (costo por mil impresiones) (MXN)", "Compras",
           "Valor de conversión de compras"),
    "vi": ("Bắt đầu báo cáo", "Kết thúc báo cáo", "Ngày", "Tên chiến dịch", "Tên nhóm quảng cáo", "ID nhóm quảng cáo",
           "Kết quả", "Chỉ báo kết quả", "Người tiếp cận", "Tần suất", "Lượt hiển thị", "Số tiền đã chi tiêu (VND)",
           "Lượt click (tất cả)", "CTR (Tất cả)", "Lượt click vào liên kết",
           "CPC (chi phí trên mỗi lượt click vào liên kết) (VND)", "CPM (Chi phí trên mỗi 1.000 lượt hiển thị) (VND)",
           "Lượt mua", "Giá trị chuyển đổi từ lượt mua"),
    "tr": ("Rapor Başlangıcı", "Rapor Sonu", "Gün", "Kampanya Adı", "Reklam seti adı", "Reklam Seti No", "Sonuçlar",
           "Sonuç Göstergesi", "Erişim", "Sıklık", "Gösterim", "Harcanan Tutar (TRY)", "Tıklamalar (Tümü)", "CTR (Tümü)",
           "Bağlantı Tıklamaları", "CPC (Bağlantı Tıklaması Başına Ücret) (TRY)", "CPM (1000 Gösterim Başına Ücret) (TRY)",
           "Alışverişler", "Alışveriş dönüşüm değeri"),
    "zh": ("报告开始日期", "报告结束日期", "单日", "广告系列名称", "广告组名称", "广告组编号", "成效", "成效指标", "覆盖人数", "频次",
           "展示次数", "已花费金额 (USD)", "点击量（全部）", "点击率（全部）", "链接点击量", "单次链接点击费用 (USD)",
           "CPM（千次展示费用） (USD)", "购物次数", "购物转化价值"),
}  # fmt: skip
LEAD = "actions:offsite_conversion.fb_pixel_lead"
PURCHASE = "actions:offsite_conversion.fb_pixel_purchase"
CLICK = "actions:link_click"
DOTS = Locale("en", group="")


def plain(value: Decimal | int, digits: int = 6) -> str:
    """A number as Meta exports it in every language: a point, no groups, no trailing zeros."""
    text = DOTS.number(value, digits, grouped=False)
    return text.rstrip("0").rstrip(".") if "." in text else text


def daily_export(language: str) -> Case:
    """A daily export by ad set: leads, purchases and link clicks as results of three campaigns, with a summary row."""
    header = HEADERS[language]
    currency = header[NAMES.index("spend")][-4:-1]
    digits = 0 if currency == "VND" else 2
    rows = advertise(21, digits=digits)
    results = {0: "leads", 1: "purchases", 2: "link_clicks"}
    cells = tuple(
        (row.day.isoformat(), row.day.isoformat(), row.day.isoformat(), row.campaign, row.ad_group, row.ad_group_id,
         str(getattr(row, results[row.number])), (LEAD, PURCHASE, CLICK)[row.number], str(row.reach),
         plain(Decimal(row.impressions) / row.reach), str(row.impressions), plain(row.cost, digits), str(row.clicks),
         plain(Decimal(100 * row.clicks) / row.impressions), str(row.link_clicks), plain(row.cost / row.link_clicks),
         plain(1000 * row.cost / row.impressions), str(row.purchases) if row.number else "",
         plain(row.value, 2) if row.number else "")
        for row in rows
    )  # fmt: skip
    bought = [row for row in rows if row.number]
    impressions, spend, clicks = total(rows, "impressions"), total(rows, "cost"), total(rows, "clicks")
    links = total(rows, "link_clicks")
    summary = (
        FIRST_DAY.isoformat(), rows[-1].day.isoformat(), "", "", "", "", "", "", "54321", plain(Decimal(impressions) / 54321),
        str(impressions), plain(spend, 2), str(clicks), plain(Decimal(100 * clicks) / impressions), str(links),
        plain(spend / links), plain(1000 * spend / impressions), str(total(bought, "purchases")),
        plain(total(bought, "value"), 2),
    )  # fmt: skip
    export = Export(
        name="Ad-sets.csv",
        names=NAMES,
        header=header,
        rows=cells,
        totals=(summary,),
        totals_first=True,
        bom=b"\xef\xbb\xbf",
        quote_all=language == "en",
    )
    leads = [row for row in rows if row.number == 0]
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": impressions,
            "clicks": clicks,
            "link_clicks": links,
            "spend": spend,
            "leads": total(leads, "leads"),
            # Leads where they are the result, purchases elsewhere, never link clicks.
            "conversions": total(leads, "leads") + total(bought, "purchases"),
            "conversion_value": total(bought, "value"),
            "reach": total(rows, "reach"),
        },
        values={
            "currency": {currency},
            "platform": {"meta_ads"},
            "channel": {"Paid Social"},
            "level": {"ad_group"},
            "ad_group_id": {row.ad_group_id for row in rows},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("meta_ads", language, export, (truth,))


def one_day_export() -> Case:
    """An export without Day whose reporting range is a single day, and without a result indicator."""
    daily = daily_export("en")
    export = daily.export.without("day", "indicator")
    day = FIRST_DAY.isoformat()
    rows = advertise(21)[:3]
    summary = list(export.totals[0])
    summary[:2] = [day, day]
    for name, value in {"impressions": total(rows, "impressions"), "clicks": total(rows, "clicks"),
                        "link_clicks": total(rows, "link_clicks"), "purchases": total(rows[1:], "purchases")}.items():  # fmt: skip
        summary[export.index(name)] = str(value)
    summary[export.index("spend")] = plain(total(rows, "cost"), 2)
    summary[export.index("purchase_value")] = plain(total(rows[1:], "value"), 2)
    summary[export.index("frequency")] = summary[export.index("ctr")] = ""
    summary[export.index("link_cpc")] = summary[export.index("cpm")] = ""
    export = replace(export, rows=export.rows[:3], totals=(tuple(summary),))
    truth = Truth(
        "ad",
        3,
        sums={"spend": total(rows, "cost"), "conversions": total(rows[1:], "purchases")},
        first=FIRST_DAY,
        last=FIRST_DAY,
    )
    return Case("meta_ads", "one-day", export, (truth,))


CASES = (*(daily_export(language) for language in HEADERS), one_day_export())

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "without day, over a range",
        lambda e: replace(
            e.without("day"),
            rows=tuple((FIRST_DAY.isoformat(), "2025-05-31", *row[3:]) for row in e.rows[:3]),
            totals=(),
        ),
        ("aggregates-over-range",),
    ),
    drop_column("day", "starts", "ends", rules=("aggregates-over-range", "unrecognised")),
    alter_total("spend", "1.00"),
    alter_total("impressions", "17"),
    drop_row(),
    set_cell("spend", "abc", rules=("not-a-number",)),
    set_cell("spend", "12,5", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("reach", "9999999", rules=("reach-exceeds-impressions",), title="more people than impressions"),
    set_cell("link_clicks", "-1", rules=("negative-count",)),
    set_cell("ctr", "42.5", rules=("ctr",)),
    set_cell("cpm", "0.01", rules=("cpm",)),
    set_cell("frequency", "7.5", rules=("frequency",)),
    rename_column("link_cpc", "CPC (cost per link click) (EUR)", rules=("two-currencies", "mixed-currency")),
    rename_column("spend", "Money"),
    set_cell("day", "2025-13-05", rules=("not-a-date",)),
    move_date("day", 36_500, rules=("date-out-of-range",)),
    repeat_row(),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    empty_file(),
    *file_mistakes("campaign"),
)  # fmt: skip


def test_definition_is_whole() -> None:
    assert_decodes("meta_ads")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_planted_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CASES[0], mistake)


def test_days_of_an_account_without_names_are_no_totals(tmp_path: Path) -> None:
    """Trap: the summary row is known by its missing names, and these rows have none."""
    export = CASES[0].export.without("campaign", "ad_set", "ad_set_id")
    days = replace(export, rows=export.rows[::3], totals=())
    outcome = deliver(tmp_path, days.write(tmp_path))
    assert outcome.error is None
    assert outcome.con.execute("SELECT count(*), any_value(level) FROM fact.ad").fetchone() == (14, "account")


def test_nothing_but_a_summary_row_is_told(tmp_path: Path) -> None:
    export = CASES[0].export.without("day", "campaign", "ad_set", "ad_set_id")
    outcome = deliver(tmp_path, replace(export, rows=(), totals=export.rows[:1]).write(tmp_path))
    assert outcome.error is not None or outcome.marks


def test_what_is_called_total_is_no_total(tmp_path: Path) -> None:
    assert_keeps_total(tmp_path, CASES[0], "campaign", "ad", "campaign")

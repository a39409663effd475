"""LinkedIn Campaign Manager: UTF-16 exports in eight languages, old and new vocabulary, and mistakes planted in them."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

from dataclasses import dataclass, replace
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
    drop_column,
    empty_file,
    file_mistakes,
    mixed_style,
    move_date,
    rename_column,
    repeat_row,
    set_cell,
)

NAMES = (
    "date", "account", "currency", "campaign_id", "campaign", "ad_set_id", "ad_set", "spend", "impressions", "clicks",
    "ctr", "cpm", "cpc", "landing_clicks", "conversions", "leads", "cost_per_lead",
)  # fmt: skip


@dataclass(frozen=True)
class Language:
    """One interface language: its style, the four lines above the header, the header."""

    locale: Locale
    preamble: tuple[str, str, str, str]
    header: tuple[str, ...]
    currency: str
    percent: str = "%"


LANGUAGES = (
    Language(
        Locale("en", day="%-m/%-d/%Y"),
        ("Campaign Performance Report (in UTC)", "Report Start: May 1, 2025, 12:00 AM",
         "Report End: May 14, 2025, 11:59 PM", "Date Generated: June 1, 2025, 9:00 AM"),
        ("Start Date (in UTC)", "Account Name", "Currency", "Campaign ID", "Campaign Name", "Ad Set ID", "Ad Set Name",
         "Total Spent", "Impressions", "Clicks", "Click Through Rate", "Average CPM", "Average CPC",
         "Clicks to Landing Page", "Conversions", "Leads", "Cost per Lead"), "USD",
    ),
    Language(
        Locale("de", ",", ".", "%-d.%-m.%Y"),
        ("Bericht zur Kampagnen-Performance (in UTC)", "Startdatum des Berichts: 1. Mai 2025, 00:00",
         "Enddatum des Berichts: 14. Mai 2025, 23:59", "Erstellt am: 1. Juni 2025, 09:00"),
        ("Startdatum (in UTC)", "Kontoname", "Währung", "Kampagnen-ID", "Name der Kampagne", "Anzeigengruppen-ID",
         "Name der Anzeigengruppe", "Gesamtausgaben", "Impressions", "Klicks", "Klickrate", "Durchschnittlicher CPM",
         "Durchschnittlicher CPC", "Klicks zur Landing Page", "Conversions", "Leads", "Kosten pro Lead"), "EUR", "\u00a0%",
    ),
    Language(
        Locale("fr", ",", "\u202f", "%d/%m/%Y"),
        ("Rapport sur les performances des campagnes (en UTC)", "Début du rapport : 1 mai 2025 à 00:00",
         "Fin du rapport : 14 mai 2025 à 23:59", "Date de génération : 1 juin 2025 à 09:00"),
        ("Date de début (en UTC)", "Nom du compte", "Devise", "ID de la campagne", "Nom de la campagne",
         "ID de l’ensemble de publicités", "Nom de l’ensemble de publicités", "Total dépensé", "Impressions", "Clics",
         "Taux de clics", "CPM moyen", "CPC moyen", "Clics vers la page de destination", "Conversions", "Leads",
         "Coût par lead"), "EUR", "\u202f%",
    ),
    Language(
        Locale("nl", ",", ".", "%-d-%-m-%Y"),
        ("Prestatierapport campagne (in UTC)", "Begin rapport: 1 mei 2025, 00:00", "Einde rapport: 14 mei 2025, 23:59",
         "Datum gegenereerd: 1 juni 2025, 09:00"),
        ("Startdatum (in UTC)", "Accountnaam", "Valuta", "Campagne-ID", "Campagnenaam", "Advertentieset-ID",
         "Naam advertentieset", "Totaal besteed", "Weergaven", "Klikken", "Doorklikratio", "Gemiddelde CPM",
         "Gemiddelde CPC", "Klikken naar landingspagina", "Conversies", "Leads", "Kosten per lead"), "EUR",
    ),
    Language(
        Locale("es", ",", ".", "%-d/%-m/%Y"),
        ("Informe de rendimiento de la campaña (en UTC)", "Inicio del informe: 1 de mayo de 2025, 00:00",
         "Fin del informe: 14 de mayo de 2025, 23:59", "Fecha de generación: 1 de junio de 2025, 09:00"),
        ("Fecha de inicio (en UTC)", "Nombre de la cuenta", "Moneda", "ID de la campaña", "Nombre de la campaña",
         "ID del conjunto de anuncios", "Nombre del conjunto de anuncios", "Total gastado", "Impresiones", "Clics",
         "Porcentaje de clics", "CPM medio", "CPC medio", "Clics en la página de destino", "Conversiones",
         "Posibles clientes", "Coste por lead"), "EUR", "\u00a0%",
    ),
    Language(
        Locale("vi", ",", ".", "%-d/%-m/%Y"),
        ("Báo cáo hiệu suất chiến dịch (theo UTC)", "Bắt đầu báo cáo: 1 tháng 5, 2025, 00:00",
         "Kết thúc báo cáo: 14 tháng 5, 2025, 23:59", "Ngày tạo: 1 tháng 6, 2025, 09:00"),
        ("Ngày bắt đầu (theo UTC)", "Tên tài khoản", "Tiền tệ", "ID chiến dịch", "Tên chiến dịch", "ID nhóm quảng cáo",
         "Tên nhóm quảng cáo", "Tổng chi tiêu", "Lượt hiển thị", "Lượt nhấp", "Tỷ lệ nhấp", "CPM trung bình",
         "CPC trung bình", "Lượt nhấp vào trang đích", "Lượt chuyển đổi", "Khách hàng tiềm năng",
         "Chi phí cho mỗi khách hàng tiềm năng"), "SGD",
    ),
    Language(
        Locale("tr", ",", ".", "%d.%m.%Y"),
        ("Kampanya Performans Raporu (UTC)", "Rapor Başlangıcı: 1 Mayıs 2025 00:00", "Rapor Sonu: 14 Mayıs 2025 23:59",
         "Oluşturulma Tarihi: 1 Haziran 2025 09:00"),
        ("Başlangıç Tarihi (UTC)", "Hesap Adı", "Para Birimi", "Kampanya Kimliği", "Kampanya Adı", "Reklam Seti Kimliği",
         "Reklam Seti Adı", "Toplam Harcama", "Gösterim", "Tıklamalar", "Tıklama Oranı", "Ortalama CPM", "Ortalama CPC",
         "Açılış Sayfası Tıklamaları", "Dönüşümler", "Potansiyel Müşteriler", "Potansiyel Müşteri Başına Maliyet"), "TRY",
    ),
    Language(
        Locale("zh", day="%Y/%-m/%-d"),
        ("广告系列成效报告 (UTC)", "报告开始日期：2025年5月1日 00:00", "报告结束日期：2025年5月14日 23:59", "生成日期：2025年6月1日 09:00"),
        ("开始日期（UTC）", "账户名称", "货币", "广告系列 ID", "广告系列名称", "广告组 ID", "广告组名称", "总花费", "展示次数",
         "点击次数", "点击率", "平均千次展示费用", "平均单次点击费用", "落地页点击次数", "转化次数", "潜在客户", "单个潜在客户费用"),
        "CNY",
    ),
)  # fmt: skip


def report(language: Language, *, days: int = 14, name: str = "") -> Case:
    """A daily campaign performance report, as LinkedIn writes it: counts without groups, four lines, a blank one."""
    locale = language.locale
    rows = advertise(31, days=days)
    export = Export(
        name="campaign_performance_report.csv",
        names=NAMES,
        header=language.header,
        rows=tuple(
            (locale.date(row.day), "Lead Line Ltd", language.currency, "5001", "Outer campaign", row.campaign_id,
             row.campaign, locale.number(row.cost, 2, grouped=False), str(row.impressions), str(row.clicks),
             locale.percent(row.clicks, row.impressions, sign=language.percent),
             locale.number(1000 * row.cost / row.impressions, 2, grouped=False),
             locale.number(row.cost / row.clicks, 2, grouped=False), str(row.link_clicks), str(row.purchases),
             str(row.leads), locale.number(row.cost / row.leads, 2, grouped=False))
            for row in rows
        ),
        locale=locale,
        preamble=(*language.preamble, ""),
        encoding="utf-16-le",
        bom=b"\xff\xfe",
        delimiter="\t",
    )  # fmt: skip
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": total(rows, "impressions"),
            "clicks": total(rows, "clicks"),
            "link_clicks": total(rows, "link_clicks"),
            "spend": total(rows, "cost"),
            "conversions": total(rows, "purchases"),
            "leads": total(rows, "leads"),
        },
        values={
            "currency": {language.currency},
            "platform": {"linkedin_ads"},
            "channel": {"Paid Social"},
            "level": {"ad_group"},
            "campaign": {"Outer campaign"},
            "ad_group": {row.campaign for row in rows},
            "account": {"Lead Line Ltd"},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("linkedin_ads", name or locale.language, export, (truth,))


def old_vocabulary() -> Case:
    """The names before 2025: campaign group and campaign; the same rows under the same keys."""
    case = report(LANGUAGES[0])
    header = list(case.export.header)
    for name, text in (("campaign", "Campaign Group Name"), ("campaign_id", "Campaign Group ID"),
                       ("ad_set", "Campaign Name"), ("ad_set_id", "Campaign ID")):  # fmt: skip
        header[case.export.index(name)] = text
    return replace(case, language="old-names", export=replace(case.export, header=tuple(header)))


def day_or_month() -> tuple[Case, ...]:
    """Five days that all could be months: only language and the lines above tell which."""
    return tuple(
        report(language, days=5, name=f"ambiguous-{language.locale.language}")
        for language in LANGUAGES
        if language.locale.language in ("en", "es", "nl")
    )


CASES = (*(report(language) for language in LANGUAGES), old_vocabulary(), *day_or_month())
TWO_DAYS = replace(CASES[0].export, rows=tuple(row for row in CASES[0].export.rows if row[0] == "5/1/2025"))

MISTAKES: tuple[Mistake, ...] = (
    Mistake("a range on its first day", lambda e: replace(e, rows=TWO_DAYS.rows), ("aggregates-over-range",)),
    drop_column("date", rules=("aggregates-over-range",)),
    rename_column("date", "Period", rules=("aggregates-over-range",)),
    rename_column("spend", "Money"),
    set_cell("spend", "abc", rules=("not-a-number",)),
    set_cell("spend", "1.234,56", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("clicks", "-1", rules=("negative-count",)),
    set_cell("ctr", "42.00%", rules=("ctr",)),
    set_cell("cpc", "99.99", rules=("cpc",)),
    set_cell("cost_per_lead", "0.01", rules=("cost-per-lead",)),
    set_cell("currency", "EUR", rules=("mixed-currency",)),
    mixed_style("date", "25/5/2025", rules=("ambiguous-dates",)),
    move_date("date", 90, rules=("date-outside-report",)),
    move_date("date", 36_500, rules=("date-out-of-range", "date-outside-report")),
    repeat_row(),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    empty_file(),
    *file_mistakes("campaign"),
)


def test_definition_is_whole() -> None:
    assert_decodes("linkedin_ads")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_planted_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CASES[0], mistake)


def test_decimal_point_in_a_comma_file_is_caught(tmp_path: Path) -> None:
    assert_caught(tmp_path, CASES[1], set_cell("spend", "1,234.56", rules=("not-a-number",)))


def test_old_and_new_vocabulary_are_the_same_rows(tmp_path: Path) -> None:
    new, old = CASES[0].export, replace(old_vocabulary().export, name="old.csv")
    outcome = deliver(tmp_path, old.write(tmp_path), new.write(tmp_path))
    assert outcome.error is None
    assert outcome.con.execute("SELECT count(*), max(_load) FROM fact.ad").fetchone() == (42, 1)


def test_what_is_called_total_is_no_total(tmp_path: Path) -> None:
    assert_keeps_total(tmp_path, CASES[0], "ad_set", "ad", "ad_group")

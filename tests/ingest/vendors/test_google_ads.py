"""Google Ads: campaign, keyword and search terms reports, in eight languages, and mistakes planted in them."""
# ruff: noqa: E501 - tables of headers in eight languages

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.advertising import FIRST_DAY, Advertising, advertise, total
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
    edit_cell,
    empty_file,
    file_mistakes,
    mixed_style,
    move_date,
    rename_column,
    repeat_row,
    set_cell,
)

NAMES = (
    "campaign_status", "campaign", "campaign_type", "currency", "day", "clicks", "impressions", "ctr", "avg_cpc", "cost",
    "conversions", "cost_per_conv", "conv_rate", "conversion_value", "search_share",
)  # fmt: skip


@dataclass(frozen=True)
class Language:
    """One interface language of Google Ads: its style, the words of a report, the words of a percentage."""

    locale: Locale
    title: str
    range: str
    header: tuple[str, ...]
    types: tuple[str, str, str]
    total: str
    total_account: str
    currency: str
    enabled: str
    percent: str = "{}%"


LANGUAGES = (
    Language(
        Locale("en"), "Campaign report", '"May 1, 2025 - May 14, 2025"',
        ("Campaign status", "Campaign", "Campaign type", "Currency code", "Day", "Clicks", "Impr.", "CTR", "Avg. CPC",
         "Cost", "Conversions", "Cost / conv.", "Conv. rate", "Conv. value", "Search impr. share"),
        ("Search", "Performance Max", "Video"), "Total: Campaigns", "Total: Account", "USD", "Enabled",
    ),
    Language(
        Locale("de", ",", ".", "%d.%m.%Y"), "Kampagnenbericht", '"1. Mai 2025 - 14. Mai 2025"',
        ("Kampagnenstatus", "Kampagne", "Kampagnentyp", "Währungscode", "Tag", "Klicks", "Impr.", "CTR",
         "Durchschn. CPC", "Kosten", "Conversions", "Kosten/Conv.", "Conv.-Rate", "Conv.-Wert",
         "Anteil an mögl. Impr. im Suchnetzwerk"),
        ("Suchnetzwerk", "Performance Max", "Video"), "Gesamt: Kampagnen", "Gesamt: Konto", "EUR", "Aktiviert",
        "{}\u00a0%",
    ),
    Language(
        Locale("fr", ",", "\u202f", "%d/%m/%Y"), "Rapport sur les campagnes", '"1 mai 2025 - 14 mai 2025"',
        ("État de la campagne", "Campagne", "Type de campagne", "Code de la devise", "Jour", "Clics", "Impr.", "CTR",
         "CPC moy.", "Coût", "Conversions", "Coût/conv.", "Taux de conv.", "Valeur de conv.",
         "Taux d'impr. sur le Réseau de Recherche"),
        ("Réseau de Recherche", "Performance Max", "Vidéo"), "Total : Campagnes", "Total : Compte", "EUR", "Activée",
        "{}\u202f%",
    ),
    Language(
        Locale("nl", ",", ".", "%d-%m-%Y"), "Campagnerapport", '"1 mei 2025 - 14 mei 2025"',
        ("Campagnestatus", "Campagne", "Campagnetype", "Valutacode", "Dag", "Klikken", "Vert.", "CTR", "Gem. CPC",
         "Kosten", "Conversies", "Kosten/conv.", "Conv.percentage", "Conv.waarde", "Zoekvert.aandeel"),
        ("Zoeken", "Performance Max", "Video"), "Totaal: campagnes", "Totaal: account", "EUR", "Ingeschakeld",
    ),
    Language(
        Locale("es", ",", ".", "%d/%m/%Y"), "Informe de campaña", '"1 de mayo de 2025 - 14 de mayo de 2025"',
        ("Estado de la campaña", "Campaña", "Tipo de campaña", "Código de moneda", "Día", "Clics", "Impr.", "CTR",
         "CPC medio", "Coste", "Conversiones", "Coste/conv.", "Tasa de conv.", "Valor de conv.",
         "Cuota impr. de búsqueda"),
        ("Búsqueda", "Máximo rendimiento", "Vídeo"), "Total: Campañas", "Total: Cuenta", "EUR", "Habilitada",
        "{}\u00a0%",
    ),
    Language(
        Locale("vi", ",", "."), "Báo cáo chiến dịch", '"1 tháng 5, 2025 - 14 tháng 5, 2025"',
        ("Trạng thái chiến dịch", "Chiến dịch", "Loại chiến dịch", "Mã đơn vị tiền tệ", "Ngày", "Số lượt nhấp",
         "Lượt hiển thị", "CTR", "CPC trung bình", "Chi phí", "Lượt chuyển đổi", "Chi phí/lượt chuyển đổi",
         "Tỷ lệ chuyển đổi", "Giá trị chuyển đổi", "Tỷ lệ hiển thị trên Mạng Tìm kiếm"),
        ("Tìm kiếm", "Tối đa hoá hiệu suất", "Video"), "Tổng: Chiến dịch", "Tổng: Tài khoản", "VND", "Đã bật",
    ),
    Language(
        Locale("tr", ",", ".", "%d.%m.%Y"), "Kampanya raporu", '"1 Mayıs 2025 - 14 Mayıs 2025"',
        ("Kampanya durumu", "Kampanya", "Kampanya türü", "Para birimi kodu", "Gün", "Tıklamalar", "Göstr.", "TO",
         "Ort. TBM", "Maliyet", "Dönüşümler", "Maliyet / dönüşüm", "Dön. oranı", "Dön. değeri", "Arama göstr. payı"),
        ("Arama", "Maksimum Performans", "Video"), "Toplam: Kampanyalar", "Toplam: Hesap", "TRY", "Etkin", "%{}",
    ),
    Language(
        Locale("zh"), "广告系列报告", '"2025年5月1日 - 2025年5月14日"',
        ("广告系列状态", "广告系列", "广告系列类型", "货币代码", "天", "点击次数", "展示次数", "点击率", "平均每次点击费用",
         "费用", "转化次数", "每次转化费用", "转化率", "转化价值", "搜索网络展示次数份额"),
        ("搜索", "效果最大化广告", "视频"), "总计：广告系列", "总计：帐号", "CNY", "已启用",
    ),
)  # fmt: skip


def digits_of(language: Language) -> int:
    """Decimals of the language's currency."""
    return 0 if language.currency == "VND" else 2


def percent(language: Language, part: Decimal | int, whole: int) -> str:
    """A percentage as the language prints it."""
    return language.percent.format(language.locale.percent(part, whole, sign=""))


def cells(language: Language, row: Advertising) -> tuple[str, ...]:
    """A campaign report row; only searches have an impression share, one of three a bounded one."""
    locale, digits = language.locale, digits_of(language)
    share = (
        "--"
        if row.number
        else "< 10%"
        if row.day.day % 3 == 0
        else percent(language, row.impressions, row.impressions * 2)
    )
    return (
        language.enabled, row.campaign, language.types[row.number], language.currency, locale.date(row.day),
        locale.number(row.clicks), locale.number(row.impressions), percent(language, row.clicks, row.impressions),
        locale.number(row.cost / row.clicks, digits), locale.number(row.cost, digits), locale.number(row.conversions, 2),
        locale.number(row.cost / row.conversions, digits), percent(language, row.conversions, row.clicks),
        locale.number(row.value, 2), share,
    )  # fmt: skip


def total_cells(language: Language, rows: Sequence[Advertising], label: str) -> tuple[str, ...]:
    """A totals row over `rows`."""
    locale, digits = language.locale, digits_of(language)
    clicks, impressions, cost = total(rows, "clicks"), total(rows, "impressions"), total(rows, "cost")
    conversions = total(rows, "conversions")
    return (
        label, " --", " --", language.currency, " --", locale.number(clicks), locale.number(impressions),
        percent(language, clicks, impressions), locale.number(cost / clicks, digits), locale.number(cost, digits),
        locale.number(conversions, 2), locale.number(cost / conversions, digits), percent(language, conversions, clicks),
        locale.number(total(rows, "value"), 2), "< 10%",
    )  # fmt: skip


def campaign_report(language: Language, *, tabs: bool) -> Case:
    """The campaign report of one language: UTF-8 with commas, or UTF-16 with tabs."""
    rows = advertise(11, digits=digits_of(language))
    more = replace(rows[0], clicks=40, impressions=900)
    export = Export(
        name="report.csv",
        names=NAMES,
        header=language.header,
        rows=tuple(cells(language, row) for row in rows),
        locale=language.locale,
        preamble=(language.title, language.range.strip('"') if tabs else language.range),
        # The account total also counts a campaign that a filter hides.
        totals=(
            total_cells(language, rows, language.total),
            total_cells(language, [*rows, more], language.total_account),
        ),
        encoding="utf-16-le" if tabs else "utf-8",
        bom=b"\xff\xfe" if tabs else b"",
        delimiter="\t" if tabs else ",",
    )
    searches = [row for row in rows if not row.number and row.day.day % 3]
    truth = Truth(
        "ad",
        len(rows),
        sums={
            "impressions": total(rows, "impressions"),
            "clicks": total(rows, "clicks"),
            "link_clicks": total(rows, "clicks"),
            "spend": total(rows, "cost"),
            "conversions": total(rows, "conversions"),
            "conversion_value": total(rows, "value"),
            "eligible_impressions": 2 * total(searches, "impressions"),
        },
        values={
            "currency": {language.currency},
            "platform": {"google_ads"},
            "level": {"campaign"},
            "campaign": {row.campaign for row in rows},
            "channel": {"Paid Search", "Cross-network", "Paid Video"},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("google_ads", f"{language.locale.language}-{'tsv' if tabs else 'csv'}", export, (truth,))


KEYWORD_NAMES = (
    "keyword", "match_type", "campaign", "campaign_id", "ad_group", "ad_group_id", "currency", "day", "impressions",
    "clicks", "ctr", "cost", "avg_cpc",
)  # fmt: skip
KEYWORD_HEADERS = {
    "en": ("Search keyword", "Search keyword match type", "Campaign", "Campaign ID", "Ad group", "Ad group ID",
           "Currency code", "Day", "Impr.", "Clicks", "CTR", "Cost", "Avg. CPC"),
    "tr": ("Arama anahtar kelimesi", "Eşleme türü", "Kampanya", "Kampanya kimliği", "Reklam grubu",
           "Reklam grubu kimliği", "Para birimi kodu", "Gün", "Göstr.", "Tıklamalar", "TO", "Maliyet", "Ort. TBM"),
}  # fmt: skip
TERM_NAMES = (
    "search_term", "match_type", "keyword", "campaign", "ad_group", "currency", "day", "impressions", "clicks", "ctr",
    "cost", "avg_cpc", "conversions", "conv_rate",
)  # fmt: skip
TERM_HEADERS = {
    "en": ("Search term", "Match type", "Keyword", "Campaign", "Ad group", "Currency code", "Day", "Impr.", "Clicks",
           "CTR", "Cost", "Avg. CPC", "Conversions", "Conv. rate"),
    "de": ("Suchbegriff", "Übereinstimmungstyp", "Keyword", "Kampagne", "Anzeigengruppe", "Währungscode", "Tag", "Impr.",
           "Klicks", "CTR", "Kosten", "Durchschn. CPC", "Conversions", "Conv.-Rate"),
    "fr": ("Terme de recherche", "Type de correspondance", "Mot clé", "Campagne", "Groupe d'annonces",
           "Code de la devise", "Jour", "Impr.", "Clics", "CTR", "Coût", "CPC moy.", "Conversions", "Taux de conv."),
    "nl": ("Zoekterm", "Zoektype", "Zoekwoord", "Campagne", "Advertentiegroep", "Valutacode", "Dag", "Vert.", "Klikken",
           "CTR", "Kosten", "Gem. CPC", "Conversies", "Conv.percentage"),
    "es": ("Término de búsqueda", "Tipo de concordancia", "Palabra clave", "Campaña", "Grupo de anuncios",
           "Código de moneda", "Día", "Impr.", "Clics", "CTR", "Costo", "CPC prom.", "Conversiones",
           "Porcentaje de conv."),
    "vi": ("Cụm từ tìm kiếm", "Loại khớp", "Từ khóa", "Chiến dịch", "Nhóm quảng cáo", "Mã đơn vị tiền tệ", "Ngày",
           "Lượt hiển thị", "Số lượt nhấp", "CTR", "Chi phí", "CPC trung bình", "Lượt chuyển đổi", "Tỷ lệ chuyển đổi"),
    "tr": ("Arama terimi", "Eşleme türü", "Anahtar kelime", "Kampanya", "Reklam grubu", "Para birimi kodu", "Gün",
           "Göstr.", "Tıklamalar", "TO", "Maliyet", "Ort. TBM", "Dönüşümler", "Dön. oranı"),
    "zh": ("搜索字词", "匹配类型", "关键字", "广告系列", "广告组", "货币代码", "天", "展示次数", "点击次数", "点击率", "费用",
           "平均每次点击费用", "转化次数", "转化率"),
}  # fmt: skip
TERM_TITLES = {
    "en": ("Search terms report", "Total: Search terms", "Total: Other search terms"),
    "de": ("Bericht zu Suchbegriffen", "Gesamt: Suchbegriffe", "Gesamt: Andere Suchbegriffe"),
    "fr": ("Rapport sur les termes de recherche", "Total : Termes de recherche", "Total : Autres termes de recherche"),
    "nl": ("Rapport met zoektermen", "Totaal: zoektermen", "Totaal: andere zoektermen"),
    "es": ("Informe de términos de búsqueda", "Total: Términos de búsqueda", "Total: Otros términos de búsqueda"),
    "vi": ("Báo cáo cụm từ tìm kiếm", "Tổng: Cụm từ tìm kiếm", "Tổng: Cụm từ tìm kiếm khác"),
    "tr": ("Arama terimleri raporu", "Toplam: Arama terimleri", "Toplam: Diğer arama terimleri"),
    "zh": ("搜索字词报告", "总计：搜索字词", "总计：其他搜索字词"),
}


def keyword_report(language: Language) -> Case:
    """A keyword report with ids, tab-separated UTF-16, without totals."""
    locale, digits = language.locale, digits_of(language)
    rows = advertise(12, digits=digits)
    export = Export(
        name="keywords.csv",
        names=KEYWORD_NAMES,
        header=KEYWORD_HEADERS[locale.language],
        rows=tuple(
            (row.keyword, "Exact match", row.campaign, row.campaign_id, row.ad_group, row.ad_group_id,
             language.currency, locale.date(row.day), locale.number(row.impressions), locale.number(row.clicks),
             percent(language, row.clicks, row.impressions), locale.number(row.cost, digits),
             locale.number(row.cost / row.clicks, digits))
            for row in rows
        ),
        locale=locale,
        preamble=(language.title, language.range.strip('"')),
        encoding="utf-16-le",
        bom=b"\xff\xfe",
        delimiter="\t",
    )  # fmt: skip
    truth = Truth(
        "ad",
        len(rows),
        sums={"impressions": total(rows, "impressions"), "spend": total(rows, "cost")},
        values={
            "level": {"keyword"},
            "channel": {"Paid Search"},
            "keyword": {row.keyword for row in rows},
            "ad_group_id": {row.ad_group_id for row in rows},
            "currency": {language.currency},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("google_ads", f"keywords-{locale.language}", export, (truth,))


def terms_report(language: Language) -> Case:
    """A search terms report with its two totals: the terms shown, and the terms Google hides."""
    locale, digits = language.locale, digits_of(language)
    rows = advertise(13, digits=digits)
    title, shown, hidden = TERM_TITLES[locale.language]

    def numbers(some: Sequence[Advertising]) -> tuple[str, ...]:
        clicks, impressions, cost = total(some, "clicks"), total(some, "impressions"), total(some, "cost")
        conversions = total(some, "conversions")
        return (
            locale.number(impressions), locale.number(clicks), percent(language, clicks, impressions),
            locale.number(cost, digits), locale.number(cost / clicks, digits), locale.number(conversions, 2),
            percent(language, conversions, clicks),
        )  # fmt: skip

    export = Export(
        name="terms.csv",
        names=TERM_NAMES,
        header=TERM_HEADERS[locale.language],
        rows=tuple(
            (f"{row.keyword} near me", "Phrase match", row.keyword, row.campaign, row.ad_group, language.currency,
             locale.date(row.day), *numbers([row]))
            for row in rows
        ),
        locale=locale,
        preamble=(title, language.range),
        totals=tuple(
            (label, " --", " --", " --", " --", language.currency, " --", *numbers(some))
            for label, some in ((shown, rows), (hidden, rows[:5]))
        ),
    )  # fmt: skip
    truth = Truth(
        "search",
        len(rows),
        sums={
            "impressions": total(rows, "impressions"),
            "clicks": total(rows, "clicks"),
            "spend": total(rows, "cost"),
            "conversions": total(rows, "conversions"),
        },
        values={
            "kind": {"paid"},
            "platform": {"google_ads"},
            "query": {f"{row.keyword} near me" for row in rows},
            "currency": {language.currency},
        },
        first=FIRST_DAY,
        last=rows[-1].day,
    )
    return Case("google_ads_search_terms", locale.language, export, (truth,))


CASES = (
    *(campaign_report(language, tabs=False) for language in LANGUAGES),
    *(campaign_report(language, tabs=True) for language in LANGUAGES if language.locale.language in ("en", "de")),
    *(keyword_report(language) for language in LANGUAGES if language.locale.language in KEYWORD_HEADERS),
    *(terms_report(language) for language in LANGUAGES),
)

REPORT_MISTAKES = (
    drop_column("day", rules=("aggregates-over-range",)),
    alter_total("cost", "1.00"),
    alter_total("impressions", "17"),
    drop_row(),
    set_cell("cost", "abc", rules=("not-a-number",)),
    set_cell("cost", "1.234,56", rules=("not-a-number",), title="decimal comma among points"),
    set_cell("impressions", "12.5", rules=("not-a-number",), title="half an impression"),
    set_cell("impressions", "3", rules=("clicks-exceed-impressions",), title="more clicks than impressions"),
    set_cell("clicks", "-4", rules=("negative-count",)),
    set_cell("ctr", "42.00%", rules=("ctr",)),
    set_cell("avg_cpc", "99.99", rules=("cpc",)),
    set_cell("currency", "EUR", rules=("mixed-currency",)),
    set_cell("day", "2025-09-05", rules=("date-outside-report",), title="month and day swapped"),
    set_cell("day", "yesterday", rules=("not-a-date",)),
    set_cell("day", "", rules=("no-date", "no-time")),
    move_date("day", 60, rules=("date-outside-report",)),
    move_date("day", 36_500, rules=("date-out-of-range", "date-outside-report")),
    rename_column("cost", "Money"),
    rename_column("day", "Week", rules=("aggregates-over-range",)),
    repeat_row(),
    set_cell("campaign", "=HYPERLINK(A1)", rules=("formula-cell",)),
    empty_file(),
    *file_mistakes("campaign"),
)
SHARE_MISTAKES = (
    set_cell("search_share", "140.00%", 0, rules=("share-over-one",)),
    edit_cell("conversions tenfold", "conversions", lambda e, text: text.replace(".", ""), rules=("conversion-rate", "cost-per-conversion", "control-total")),
)  # fmt: skip
COMMA_MISTAKES: tuple[Mistake, ...] = (
    set_cell("cost", "1,234.56", rules=("not-a-number",), title="decimal point among commas"),
    mixed_style("day", "05/14/2025", rules=("ambiguous-dates",)),
    alter_total("conversions", "1,00"),
)

MISTAKES = (
    *((case, mistake) for case in CASES[:1] for mistake in (*REPORT_MISTAKES, *SHARE_MISTAKES)),
    *((case, mistake) for case in CASES if case.id == "google_ads-de-tsv" for mistake in (*COMMA_MISTAKES, *file_mistakes("campaign"))),
    *((case, mistake) for case in CASES if case.id == "google_ads_search_terms-en" for mistake in REPORT_MISTAKES),
)  # fmt: skip


@pytest.mark.parametrize("format", ["google_ads", "google_ads_search_terms"])
def test_definition_is_whole(format: str) -> None:
    assert_decodes(format)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_export_loads_exactly(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize(("case", "mistake"), MISTAKES, ids=lambda value: getattr(value, "id", None) or value.name)
def test_planted_mistake_is_caught(tmp_path: Path, case: Case, mistake: Mistake) -> None:
    assert_caught(tmp_path, case, mistake)


def test_two_levels_of_the_same_days_do_not_add_up(tmp_path: Path) -> None:
    """Trap: the keyword report holds the campaign report's spend once more."""
    campaigns, keywords = campaign_report(LANGUAGES[0], tabs=False), keyword_report(LANGUAGES[0])
    outcome = deliver(tmp_path, campaigns.export.write(tmp_path), keywords.export.write(tmp_path))
    assert outcome.error is not None
    assert outcome.error.code == "ad-overlap"
    assert outcome.con.execute("SELECT count(*), count(DISTINCT level) FROM fact.ad").fetchone() == (42, 1)


def test_same_report_in_another_language_changes_nothing(tmp_path: Path) -> None:
    """Rows are known by what they are of, not by how the interface spells it."""
    english, french = LANGUAGES[0], replace(LANGUAGES[2], currency="USD", types=LANGUAGES[0].types)
    first = campaign_report(english, tabs=False).export.write(tmp_path)
    second = replace(campaign_report(french, tabs=False).export, name="rapport.csv").write(tmp_path)
    outcome = deliver(tmp_path, first, second)
    assert outcome.error is None
    assert outcome.con.execute("SELECT count(*), max(_load) FROM fact.ad").fetchone() == (42, 1)


@pytest.mark.parametrize(
    ("case", "name", "column"),
    [(CASES[0], "campaign", "campaign"), (terms_report(LANGUAGES[0]), "search_term", "query")],
    ids=["campaign", "search term"],
)
def test_what_is_called_total_is_no_total(tmp_path: Path, case: Case, name: str, column: str) -> None:
    assert_keeps_total(tmp_path, case, name, case.truths[0].fact, column)


def test_totals_are_known_when_the_day_comes_first(tmp_path: Path) -> None:
    case = CASES[0]

    def day_first(cells: Sequence[str]) -> tuple[str, ...]:
        at = NAMES.index("day")
        return (cells[at], *cells[:at], *cells[at + 1 :])

    totals = tuple((row[0], "", *row[1:4], *row[5:]) for row in case.export.totals)
    export = replace(
        case.export,
        names=day_first(case.export.names),
        header=day_first(case.export.header),
        rows=tuple(map(day_first, case.export.rows)),
        totals=totals,
    )
    assert_loads(tmp_path, replace(case, export=export))

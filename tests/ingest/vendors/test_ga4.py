"""GA4 reports, free-form explorations and snapshots: what they say is loaded, what they cannot say is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.writers import (
    Export,
    Locale,
    Mistake,
    alter_total,
    drop_column,
    edit_cell,
    file_mistakes,
    repeat_row,
    set_cell,
)

FIRST, DAYS = date(2025, 3, 2), 9
CHANNELS = ("Direct", "Organic Search", "Paid Search", "Email", "Unassigned")
NAMES = (
    "date", "channel", "sessions", "engaged_sessions", "engagement_rate", "engagement_time", "events_per_session",
    "events", "key_events", "", "revenue",
)  # fmt: skip
HEADERS = {
    "en": (
        "Date", "Session primary channel group (Default Channel Group)", "Sessions", "Engaged sessions",
        "Engagement rate", "Average engagement time per session", "Events per session", "Event count", "Key events",
        "Session key event rate", "Total revenue",
    ),
    "de": (
        "Datum", "Sitzung – primäre Channelgruppe (Standard-Channelgruppe)", "Sitzungen", "Sitzungen mit Interaktionen",
        "Engagement-Rate", "Durchschnittliche Interaktionsdauer pro Sitzung", "Ereignisse pro Sitzung",
        "Ereignisanzahl", "Schlüsselereignisse", "Schlüsselereignisrate der Sitzung", "Gesamtumsatz",
    ),
    "fr": (
        "Date", "Groupe de canaux principal de la session (Groupe de canaux par défaut)", "Sessions",
        "Sessions avec engagement", "Taux d’engagement", "Temps d'engagement moyen par session",
        "Événements par session", "Nombre d'événements", "Événements clés", "Taux d'événement clé de la session",
        "Revenu total",
    ),
    "nl": (
        "Datum", "Primaire kanaalgroep van sessie (standaardkanaalgroep)", "Sessies", "Sessies met engagement",
        "Engagementpercentage", "Gemiddelde engagementtijd per sessie", "Gebeurtenissen per sessie",
        "Aantal gebeurtenissen", "Belangrijke gebeurtenissen", "Percentage belangrijke gebeurtenissen",
        "Totale opbrengst",
    ),
    "es": (
        "Fecha", "Grupo de canales principal de la sesión (Grupo de canales predeterminado)", "Sesiones",
        "Sesiones con interacción", "Porcentaje de interacciones", "Tiempo de interacción medio por sesión",
        "Eventos por sesión", "Número de eventos", "Eventos clave", "Tasa de eventos clave de la sesión",
        "Ingresos totales",
    ),
    "vi": (
        "Ngày", "Nhóm kênh chính của phiên (Nhóm kênh mặc định)", "Phiên", "Phiên có tương tác", "Tỷ lệ tương tác",
        "Thời gian tương tác trung bình mỗi phiên", "Sự kiện mỗi phiên", "Số sự kiện", "Sự kiện chính",
        "Tỷ lệ sự kiện chính của phiên", "Tổng doanh thu",
    ),
    "tr": (
        "Tarih", "Oturum birincil kanal grubu (Varsayılan Kanal Grubu)", "Oturumlar", "Etkileşimli oturumlar",
        "Etkileşim oranı", "Oturum başına ortalama etkileşim süresi", "Oturum başına etkinlik sayısı",
        "Etkinlik sayısı", "Önemli etkinlikler", "Oturum önemli etkinlik oranı", "Toplam gelir",
    ),
    "zh": (
        "日期", "会话主要渠道组（默认渠道组）", "会话数", "互动会话数", "互动率", "每次会话的平均互动时长",
        "每次会话的事件数", "事件数", "关键事件", "会话关键事件率", "总收入",
    ),
}  # fmt: skip
COMMENTS = {
    "en": ("All Users", "Start date", "End date"),
    "de": ("Alle Nutzer", "Startdatum", "Enddatum"),
    "fr": ("Tous les utilisateurs", "Date de début", "Date de fin"),
    "nl": ("Alle gebruikers", "Startdatum", "Einddatum"),
    "es": ("Todos los usuarios", "Fecha de inicio", "Fecha de finalización"),
    "vi": ("Tất cả người dùng", "Ngày bắt đầu", "Ngày kết thúc"),
    "tr": ("Tüm Kullanıcılar", "Başlangıç tarihi", "Bitiş tarihi"),
    "zh": ("所有用户", "开始日期", "结束日期"),
}
RULE = "# " + "-" * 40


def compact(day: date) -> str:
    return day.strftime("%Y%m%d")


def comments(language: str, title: str, first: date, last: date) -> tuple[str, ...]:
    """The lines GA4 writes above a report."""
    users, starts, ends = COMMENTS[language]
    return (
        RULE, f"# {title}", "# Account: Example", "# Property: shop-12", RULE, "# ", f"# {users}",
        f"# {starts}: {compact(first)}", f"# {ends}: {compact(last)}",
    )  # fmt: skip


def traffic(language: str, days: int = DAYS) -> tuple[Export, Truth]:
    """A traffic acquisition report by day and channel, and the truth it was written from."""
    rng = random.Random(f"ga4 {language}")
    rows, totals = [], dict.fromkeys(
        ("sessions", "engaged_sessions", "engaged_seconds", "events", "key_events", "revenue"), Decimal(0))  # fmt: skip
    for offset in range(days):
        for channel in CHANNELS:
            sessions = rng.randint(1, 400)
            engaged = rng.randint(0, sessions)
            seconds, events = rng.randint(0, 90) * sessions, sessions * 3 + rng.randint(0, 50)
            key_events, revenue = rng.randint(0, 9), Decimal(rng.randint(0, 90000)) / 100
            rows.append((
                compact(FIRST + timedelta(offset)), channel, str(sessions), str(engaged), repr(engaged / sessions),
                repr(seconds / sessions), repr(events / sessions), str(events), str(key_events),
                repr(key_events / sessions), str(revenue),
            ))  # fmt: skip
            counts = (sessions, engaged, seconds, events, key_events)
            for name, value in zip(totals, (*map(Decimal, counts), revenue), strict=True):
                totals[name] += value
    last = FIRST + timedelta(days - 1)
    title = "Traffic acquisition: Session primary channel group (Default Channel Group)"
    export = Export(
        f"ga4_{language}.csv", NAMES, HEADERS[language], tuple(rows), Locale(language, day="%Y%m%d"),
        preamble=comments(language, title, FIRST, last),
    )  # fmt: skip
    return export, Truth("session", len(rows), totals, {"channel": set(CHANNELS)}, FIRST, last)


def free_form(*, label: str = "") -> tuple[Export, Truth]:
    """A free-form exploration by day, source / medium and landing page, with its grand total above the rows."""
    rng = random.Random("ga4 free form")
    names = ("date", "source_medium", "landing_page", "sessions", "engaged_sessions", "revenue")
    rows = []
    for offset in range(DAYS):
        for source in ("google / organic", "(direct) / (none)", "newsletter / email"):
            for page in ("/", "/pricing?plan=pro"):
                sessions = rng.randint(1, 200)
                revenue = Decimal(rng.randint(0, 9999)) / 100
                rows.append((compact(FIRST + timedelta(offset)), source, page, str(sessions),
                             str(rng.randint(0, sessions)), str(revenue)))  # fmt: skip
    total = ("", "", label, *(str(sum(Decimal(row[at]) for row in rows)) for at in (3, 4, 5)))
    last = FIRST + timedelta(DAYS - 1)
    export = Export(
        "free_form.csv", names,
        ("Date", "Session source / medium", "Landing page + query string", "Sessions", "Engaged sessions",
         "Total revenue"),
        tuple(rows), Locale("en", day="%Y%m%d"),
        preamble=(RULE, "# Shop – Exploration 1", "# Free form 1", f"# {compact(FIRST)}-{compact(last)}", RULE, ""),
        totals=(total,), totals_first=True,
    )  # fmt: skip
    sums = {"sessions": Decimal(total[3]), "engaged_sessions": Decimal(total[4]), "revenue": Decimal(total[5])}
    values = {"medium": {"organic", "(none)", "email"}, "traffic_source": {"google", "(direct)", "newsletter"},
              "landing_page": {"/", "/pricing?plan=pro"}}  # fmt: skip
    return export, Truth("session", len(rows), sums, values, FIRST, last)


NTH = {
    "en": ("Nth day", "Active users", "New users"),
    "de": ("N. Tag", "Aktive Nutzer", "Neue Nutzer"),
    "fr": ("Nième jour", "Utilisateurs actifs", "Nouveaux utilisateurs"),
    "es": ("Día N", "Usuarios activos", "Usuarios nuevos"),
    "nl": ("Nde dag", "Actieve gebruikers", "Nieuwe gebruikers"),
    "vi": ("Ngày thứ N", "Người dùng đang hoạt động", "Người dùng mới"),
    "tr": ("N. gün", "Etkin kullanıcılar", "Yeni kullanıcılar"),
    "zh": ("第 N 天", "活跃用户数", "新用户数"),
}


def snapshot(language: str = "en") -> tuple[Export, Truth]:
    """A reports snapshot: two daily cards, then cards over the whole range."""
    rng = random.Random("ga4 snapshot")
    last = FIRST + timedelta(DAYS - 1)
    users, starts, ends = COMMENTS[language]
    block = ("# ", f"# {users}", f"# {starts}: {compact(FIRST)}", f"# {ends}: {compact(last)}")
    active = [rng.randint(50, 500) for _ in range(DAYS)]
    new = [rng.randint(1, count) for count in active]
    nth, active_label, new_label = NTH[language]
    trailer = (
        "", *block, f"{nth},{new_label}", *(f"{day:04},{count}" for day, count in enumerate(new)),
        "", *block, "Country,Active users", "Germany,310", "Türkiye,120",
        "", *block, f"{HEADERS['en'][1]},Sessions", "Direct,500", "Email,120",
        "", *block, "Page title and screen class,Views", "Home,900", "Pricing,400",
    )  # fmt: skip
    export = Export(
        f"snapshot_{language}.csv", ("nth_day", "users"), (nth, active_label),
        tuple((f"{day:04}", str(count)) for day, count in enumerate(active)), Locale(language),
        preamble=(RULE, "# Reports snapshot", "# Account: Example", "# Property: shop-12", RULE, *block),
        trailer=trailer,
    )  # fmt: skip
    sums = {"users": sum(active), "new_users": sum(new)}
    return export, Truth("session", 2 * DAYS, sums, {}, FIRST, last)


def case(format: str, language: str, made: tuple[Export, Truth]) -> Case:
    return Case(format, language, made[0], (made[1],))


REPORT = case("ga4_report", "en", traffic("en"))
FREE_FORM = case("ga4_report", "free form", free_form())
SNAPSHOT = case("ga4_snapshot", "en", snapshot())
CASES = [
    *(case("ga4_report", language, traffic(language)) for language in HEADERS),
    FREE_FORM,
    case("ga4_report", "free form, labelled total", free_form(label="Grand total")),
    *(case("ga4_snapshot", language, snapshot(language)) for language in NTH),
]


def one_day_without_date() -> Case:
    """A report of a single day needs no date column: the start date is the day."""
    export, truth = traffic("en", days=1)
    return case("ga4_report", "one day", (export.without("date"), truth))


def renamed_segment(export: Export) -> Export:
    lines = tuple("# Mobile traffic" if line == "# All Users" else line for line in export.preamble)
    return replace(export, preamble=lines)


def first_rows(export: Export) -> Export:
    """Explore exports the rows it shows: the grand total covers more than the file."""
    return export.with_rows(export.rows[:10])


MISTAKES = (
    drop_column("date", rules=("aggregates-over-range",)),
    set_cell("engaged_sessions", "9999", 3, rules=("engaged_sessions-exceed-sessions", "engagement-rate")),
    set_cell("engagement_rate", "0.999999", 4, rules=("engagement-rate",)),
    edit_cell("events altered", "events", lambda _, text: str(int(text) + 5000), 2, rules=("events-per-session",)),
    set_cell("date", "20250402", 5, rules=("date-outside-report",), title="a day after the end date"),
    set_cell("date", "20251303", 5, title="a month 13"),
    set_cell("date", "", 5, rules=("day-missing",), title="no day"),
    set_cell("sessions", "12x", 6, rules=("not-a-number",)),
    set_cell("sessions", "-4", 6, title="sessions below zero"),
    set_cell("revenue", "12,5,0", 7, title="a revenue nobody can read"),
    repeat_row(),
    Mistake("a segment only", renamed_segment, ("not-all-users",)),
    *file_mistakes("channel"),
)
FREE_FORM_MISTAKES = (
    alter_total("sessions", "999999"),
    alter_total("revenue", "1.00"),
    Mistake("only the rows shown", first_rows, ("control-total",)),
    drop_column("date"),
    set_cell("engaged_sessions", "9999", 3, rules=("engaged_sessions-exceed-sessions",)),
    repeat_row(),
)
SNAPSHOT_MISTAKES = (
    set_cell("nth_day", "0031", 3, rules=("date-outside-report",)),
    set_cell("nth_day", "x", 3),
    set_cell("users", "-4", 3, rules=("negative-count",)),
    set_cell("users", "1.2.3", 3),
    set_cell("nth_day", "0002", 3, rules=("duplicate-key",), title="a day twice"),
    Mistake("without the start date", lambda e: replace(e, preamble=e.preamble[:5]), ("start-date-missing",)),
)


@pytest.mark.parametrize("format", ["ga4_report", "ga4_snapshot"])
def test_yaml_decodes(format: str) -> None:
    assert_decodes(format)


@pytest.mark.parametrize("case", [*CASES, one_day_without_date()], ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_a_report_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, REPORT, mistake)


@pytest.mark.parametrize("mistake", FREE_FORM_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_a_free_form_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, FREE_FORM, mistake)


@pytest.mark.parametrize("mistake", SNAPSHOT_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_a_snapshot_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, SNAPSHOT, mistake)


def test_cards_over_the_whole_range_are_named_and_left_out(tmp_path: Path) -> None:
    outcome = deliver(tmp_path, SNAPSHOT.export.write(tmp_path))
    skipped = {finding.what: finding for finding in outcome.findings if finding.rule == "table-skipped"}
    assert len(skipped) == 3, outcome.findings
    assert any("Date" in finding.fix for finding in skipped.values())

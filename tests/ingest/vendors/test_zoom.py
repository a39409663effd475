"""Zoom's attendee report: a row a join becomes a member of the event, minutes counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.test_hubspot import contacts
from tests.ingest.vendors.writers import (
    Export,
    Locale,
    Mistake,
    broken_byte,
    drop_column,
    html_page,
    rename_column,
    set_cell,
    truncate,
)

BEGAN = datetime(2025, 10, 26, 12, 0)
NAMES = (
    "attended", "user_name", "first_name", "", "email", "", "registration_time", "approval_status", "join_time",
    "leave_time", "minutes", "", "country", "source",
)  # fmt: skip
HEADERS = {
    "en": ("Attended", "User Name (Original Name)", "First Name", "Last Name", "Email", "Phone", "Registration Time",
           "Approval Status", "Join Time", "Leave Time", "Time in Session (minutes)", "Is Guest",
           "Country/Region Name", "Source Name"),
    "de": ("Teilgenommen", "Benutzername (Originalname)", "Vorname", "Nachname", "E-Mail", "Telefon",
           "Registrierungszeit", "Genehmigungsstatus", "Beitrittszeit", "Zeit des Verlassens",
           "Zeit in der Sitzung (Minuten)", "Ist Gast", "Name des Landes/der Region", "Quellname"),
    "fr": ("Présent", "Nom d'utilisateur (nom d'origine)", "Prénom", "Nom", "E-mail", "Téléphone",
           "Heure d'inscription", "Statut d'approbation", "Heure d'arrivée", "Heure de départ",
           "Temps de session (minutes)", "Est invité", "Nom du pays/de la région", "Nom de la source"),
    "es": ("Asistió", "Nombre de usuario (nombre original)", "Nombre", "Apellido", "Correo electrónico", "Teléfono",
           "Hora de inscripción", "Estado de aprobación", "Hora de entrada", "Hora de salida",
           "Tiempo en la sesión (minutos)", "Es invitado", "Nombre de país/región", "Nombre de la fuente"),
    "nl": ("Bijgewoond", "Gebruikersnaam (oorspronkelijke naam)", "Voornaam", "Achternaam", "E-mail", "Telefoon",
           "Registratietijd", "Goedkeuringsstatus", "Deelnametijd", "Vertrektijd", "Tijd in sessie (minuten)",
           "Is gast", "Naam land/regio", "Bronnaam"),
    "vi": ("Đã tham dự", "Tên người dùng (Tên gốc)", "Tên", "Họ", "Email", "Điện thoại", "Thời gian đăng ký",
           "Trạng thái phê duyệt", "Thời gian tham gia", "Thời gian rời đi", "Thời gian trong phiên (phút)",
           "Là khách", "Tên quốc gia/khu vực", "Tên nguồn"),
    "tr": ("Katıldı", "Kullanıcı Adı (Orijinal Ad)", "Ad", "Soyadı", "E-posta", "Telefon", "Kayıt Zamanı",
           "Onay Durumu", "Katılma Zamanı", "Ayrılma Zamanı", "Oturumda Geçirilen Süre (dakika)", "Konuk mu",
           "Ülke/Bölge Adı", "Kaynak Adı"),
    "zh": ("已参加", "用户名（原名）", "名字", "姓氏", "电子邮件", "电话", "注册时间", "审批状态", "加入时间",
           "离开时间", "会话时间（分钟）", "是否为访客", "国家/地区名称", "来源名称"),
}  # fmt: skip
META = {
    "en": ("Topic", "Webinar ID", "Actual Start Time", "Actual Duration (minutes)", "# Registered", "Yes", "No"),
    "de": ("Thema", "Webinar-ID", "Tatsächliche Startzeit", "Tatsächliche Dauer (Minuten)", "# Registriert", "Ja",
           "Nein"),
    "fr": ("Sujet", "ID du webinaire", "Heure de début réelle", "Durée réelle (minutes)", "Nombre d'inscrits", "Oui",
           "Non"),
    "es": ("Tema", "ID del seminario web", "Hora real de inicio", "Duración real (minutos)", "# de inscritos", "Sí",
           "No"),
    "nl": ("Onderwerp", "Webinar-id", "Werkelijke begintijd", "Werkelijke duur (minuten)", "# geregistreerd", "Ja",
           "Nee"),
    "vi": ("Chủ đề", "ID hội thảo trực tuyến", "Thời gian bắt đầu thực tế", "Thời lượng thực tế (phút)",
           "Số người đăng ký", "Có", "Không"),
    "tr": ("Konu", "Webinar Kimliği", "Gerçek Başlangıç Zamanı", "Gerçek Süre (dakika)", "Kayıtlı Sayısı", "Evet",
           "Hayır"),
    "zh": ("主题", "网络研讨会 ID", "实际开始时间", "实际时长（分钟）", "注册人数", "是", "否"),
}  # fmt: skip
PATTERN, WORDS = "%m/%d/%Y %I:%M:%S %p", "%b %d, %Y %H:%M:%S"


def joined(name: str, *spans: tuple[int, int]) -> list[tuple[str, int, int]]:
    """Joins of one person as (name, minute of joining, minute of leaving), counted from the start."""
    return [(name, begin, end) for begin, end in spans]


# Ada joins twice; Bob's two devices overlap (10-50 and 30-70 are 60 minutes); Cem's second join lies in the first.
PEOPLE = [*joined("ada", (2, 30), (35, 58)), *joined("bob", (10, 50), (30, 70)), *joined("cem", (0, 60), (20, 40)),
          *joined("dao", (5, 75))]  # fmt: skip
MINUTES = {"ada": 51, "bob": 60, "cem": 60, "dao": 70}
ABSENT = ("eva", "finn", "gül")


def report(language: str, *, pattern: str = PATTERN, upper: bool = False) -> Case:
    """The attendee report of one webinar; `upper` writes an e-mail in capitals on the second join."""
    *labels, yes, no = META[language]
    header = HEADERS[language]

    def at(minutes: int) -> str:
        return (BEGAN + timedelta(minutes=minutes)).strftime(pattern)

    rows = []
    for number, (name, begin, end) in enumerate(PEOPLE):
        email = f"{name}@example.com"
        spelled = email.upper() if upper and number % 2 else email
        rows.append((yes, name.title(), name.title(), "X", spelled, "", at(-9000), "approved", at(begin), at(end),
                     str(end - begin), yes, "Germany", "Newsletter"))  # fmt: skip
    rows.extend((no, name.title(), name.title(), "X", f"{name}@example.com", "", at(-4000), "approved", "--", "--",
                 "--", "--", "", "Newsletter") for name in ABSENT)  # fmt: skip
    registered = len(MINUTES) + len(ABSENT)
    host = tuple(header[i] for i in (0, 1, 4, 8, 9, 10, 11, 12))

    def line(*cells: str) -> str:
        padded = [*cells, *[""] * (len(header) - len(cells))]
        return ",".join(f'"{cell}"' if "," in cell else cell for cell in padded)

    preamble = (
        line("Attendee Report"), line("Report Generated:", at(600)), line(*labels),
        line("Pricing, live", "812 3456 7890", BEGAN.strftime(pattern), "75", str(registered)),
        line("Host Details"), line(*host), line(yes, "Host", "host@example.com", at(-10), at(76), "86", no, "Germany"),
        line("Attendee Details"),
    )  # fmt: skip
    export = Export(f"attendees_{language}.csv", NAMES, header, tuple(rows), Locale(language), preamble=preamble,
                    bom=b"\xef\xbb\xbf")  # fmt: skip
    truth = Truth(
        "event_member", registered, {"minutes": Decimal(sum(MINUTES.values()))},
        {"event": {"Pricing, live"}, "kind": {"webinar"}, "status": {"approved"}, "attended": {True, False},
         "registered": {True}, "campaign": {"Newsletter"}},
        BEGAN.date(), BEGAN.date(),
    )  # fmt: skip
    return Case("zoom_webinar_attendees", f"{language}{' words' if pattern == WORDS else ''}", export, (truth,))


ENGLISH = report("en")
CASES = [*(report(language) for language in HEADERS), report("en", pattern=WORDS), report("en", upper=True)]


def without_webinar(export: Export) -> Export:
    """Only the attendee section, cut out of its report."""
    return replace(export, preamble=())


def not_started(export: Export) -> Export:
    began = BEGAN.strftime(PATTERN)
    return replace(export, preamble=tuple(line.replace(began, "--") for line in export.preamble))


def without_absent(export: Export) -> Export:
    return export.with_rows(export.rows[: len(PEOPLE)])


def clock(minutes: int) -> str:
    return (BEGAN + timedelta(minutes=minutes)).strftime(PATTERN)


MISTAKES = (
    set_cell("leave_time", clock(-30), 1, rules=("leave-before-join", "minutes-impossible")),
    set_cell("minutes", "400", 1, rules=("minutes-impossible",)),
    set_cell("minutes", "-5", 1),
    set_cell("join_time", "26/10/2025 12:05:00 PM", 1, title="day and month swapped"),
    set_cell("join_time", clock(-60 * 24 * 40), 1, rules=("join-off-event", "minutes-impossible")),
    set_cell("attended", "Maybe", 2, rules=("attended-unclear",)),
    set_cell("attended", "No", 2, rules=("attended-contradicts",)),
    set_cell("approval_status", "perhaps", 2, rules=("bad-status",)),
    set_cell("registration_time", clock(5000), 2, rules=("registered-after-leaving",)),
    Mistake("without the absent", without_absent, ("registrants-missing",)),
    Mistake("without the webinar's own lines", without_webinar),
    Mistake("a webinar that did not start", not_started, ("no-start-time",)),
    drop_column("email"),
    rename_column("join_time", "Entered"),
    truncate(),
    html_page(),
    broken_byte("user_name"),
)


def test_yaml_decodes() -> None:
    assert_decodes("zoom_webinar_attendees")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, ENGLISH, mistake)


def minutes_by_person(rows: Sequence[tuple[str, Decimal]]) -> dict[str, int]:
    return {email.partition("@")[0]: int(minutes) for email, minutes in rows}


def test_overlapping_joins_count_once(tmp_path: Path) -> None:
    outcome = deliver(tmp_path, ENGLISH.export.write(tmp_path))
    rows = outcome.con.execute("SELECT email, minutes FROM fact.event_member").fetchall()
    assert minutes_by_person(rows) == MINUTES | dict.fromkeys(ABSENT, 0)


def test_the_host_is_no_member(tmp_path: Path) -> None:
    outcome = deliver(tmp_path, ENGLISH.export.write(tmp_path))
    assert outcome.con.execute("SELECT count(*) FROM fact.event_member WHERE email LIKE 'host%'").fetchone() == (0,)


def test_an_attendee_is_the_contact_of_the_same_email(tmp_path: Path) -> None:
    contact = contacts("en", 3).export.with_cell(0, "email", "Ada@Example.com")
    outcome = deliver(tmp_path, ENGLISH.export.write(tmp_path), contact.write(tmp_path))
    same = outcome.con.execute(
        "SELECT count(DISTINCT member.person_id) FROM fact.event_member member "
        "JOIN fact.stage_entry entry ON member.person_id = entry.person_id"
    ).fetchone()
    assert same == (1,)

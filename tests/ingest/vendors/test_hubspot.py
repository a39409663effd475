"""HubSpot contacts become stage entries, deals become deals."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.vendors.harness import Case, Truth, assert_caught, assert_decodes, assert_loads, deliver
from tests.ingest.vendors.writers import Export, Locale, Mistake, drop_column, file_mistakes, repeat_row, set_cell

START = datetime(2025, 1, 12, 12, 0)
STAGES = ("subscriber", "lead", "mql", "sql", "opportunity", "customer")
CONTACT_NAMES = (
    "record_id", "", "", "email", "lifecycle_stage", "lead_status", "created",
    *(f"became_{stage}" for stage in STAGES), "source", "first_campaign", "owner", "company",
)  # fmt: skip
CONTACTS = {
    "en": (
        "Record ID", "First Name", "Last Name", "Email", "Lifecycle Stage", "Lead Status", "Create Date",
        "Became a Subscriber Date", "Became a Lead Date", "Became a Marketing Qualified Lead Date",
        "Became a Sales Qualified Lead Date", "Became an Opportunity Date", "Became a Customer Date",
        "Original Source", "First Touch Converting Campaign", "Contact owner", "Company Name",
    ),
    "internal": (
        "hs_object_id", "firstname", "lastname", "email", "lifecyclestage", "hs_lead_status", "createdate",
        "hs_lifecyclestage_subscriber_date", "hs_lifecyclestage_lead_date",
        "hs_lifecyclestage_marketingqualifiedlead_date", "hs_lifecyclestage_salesqualifiedlead_date",
        "hs_lifecyclestage_opportunity_date", "hs_lifecyclestage_customer_date", "hs_analytics_source",
        "hs_analytics_first_touch_converting_campaign", "hubspot_owner_id", "company",
    ),
    "de": (
        "Datensatz-ID", "Vorname", "Nachname", "E-Mail", "Lifecycle-Phase", "Lead-Status", "Erstellungsdatum",
        "Datum der Konversion zum Abonnenten", "Datum der Konversion zum Lead",
        "Datum der Konversion zum Marketing-Qualified-Lead", "Datum der Konversion zum Sales-Qualified-Lead",
        "Datum der Konversion zur Opportunity", "Datum der Konversion zum Kunden", "Originalquelle",
        "First-Touch-Konversionskampagne", "Zuständiger Mitarbeiter", "Unternehmensname",
    ),
    "fr": (
        "ID de fiche d'informations", "Prénom", "Nom", "E-mail", "Phase du cycle de vie", "Statut du lead",
        "Date de création", "Date de conversion en abonné", "Date de conversion en lead",
        "Date de conversion en lead qualifié par le marketing",
        "Date de conversion en lead qualifié par l'équipe commerciale", "Date de conversion en opportunité",
        "Date de conversion en client", "Source d’origine", "Campagne de conversion au premier point de contact",
        "Propriétaire du contact", "Nom de l'entreprise",
    ),
    "nl": (
        "Record-ID", "Voornaam", "Achternaam", "E-mail", "Levenscyclusfase", "Leadstatus", "Aanmaakdatum",
        "Werd abonnee op", "Werd lead op", "Werd marketing qualified lead op", "Werd sales qualified lead op",
        "Werd opportunity op", "Werd klant op", "Oorspronkelijke bron", "Converterende campagne bij eerste contact",
        "Contacteigenaar", "Bedrijfsnaam",
    ),
    "es": (
        "ID de registro", "Nombre", "Apellidos", "Correo", "Etapa del ciclo de vida", "Estado del lead",
        "Fecha de creación", "Fecha en la que se convirtió en suscriptor", "Fecha en la que se convirtió en lead",
        "Fecha en la que se convirtió en lead calificado por marketing",
        "Fecha en la que se convirtió en lead calificado por ventas", "Fecha en la que se convirtió en oportunidad",
        "Fecha en la que se convirtió en cliente", "Fuente original", "Campaña de conversión de primer contacto",
        "Propietario del contacto", "Nombre de la empresa",
    ),
}  # fmt: skip
LABELS = {
    "en": ("Subscriber", "Lead", "Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Customer"),
    "internal": ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"),
    "de": ("Abonnent", "Lead", "Marketing-Qualified-Lead", "Sales-Qualified-Lead", "Opportunity", "Kunde"),
    "fr": ("Abonné", "Lead", "Lead qualifié par le marketing", "Lead qualifié par l'équipe commerciale", "Opportunité",
           "Client"),
    "nl": ("Abonnee", "Lead", "Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Klant"),
    "es": ("Suscriptor", "Lead", "Lead calificado por marketing", "Lead calificado por ventas", "Oportunidad",
           "Cliente"),
}  # fmt: skip
SOURCES = {
    "en": ("Organic Search", "Paid Search", "Email Marketing", "Organic Social", "Referrals", "Direct Traffic"),
    "internal": ("ORGANIC_SEARCH", "PAID_SEARCH", "EMAIL_MARKETING", "SOCIAL_MEDIA", "REFERRALS", "DIRECT_TRAFFIC"),
    "de": ("Organische Suche", "Bezahlte Suche", "E-Mail-Marketing", "Organische Social-Media", "Verweise",
           "Direkter Traffic"),
    "fr": ("Recherche naturelle", "Recherche payante", "E-mail marketing", "Réseaux sociaux", "Sites référents",
           "Trafic direct"),
    "nl": ("Organisch zoeken", "Betaald zoeken", "E-mailmarketing", "Organic Social", "Verwijzingen", "Direct verkeer"),
    "es": ("Búsqueda orgánica", "Búsqueda de pago", "Marketing por correo electrónico", "Redes sociales orgánicas",
           "Referencias", "Tráfico directo"),
}  # fmt: skip
CHANNELS = {"Organic Search", "Paid Search", "Email", "Organic Social", "Referral", "Direct"}
DEAL_NAMES = ("record_id", "deal_name", "amount", "currency", "deal_stage", "pipeline", "created", "closed", "owner",
              "company", "loss_reason", "source")  # fmt: skip
DEALS = {
    "en": ("Record ID", "Deal Name", "Amount", "Currency", "Deal Stage", "Pipeline", "Create Date", "Close Date",
           "Deal owner", "Company Name", "Closed Lost Reason", "Original Source Type"),
    "internal": ("hs_object_id", "dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "createdate",
                 "closedate", "hubspot_owner_id", "Company Name", "closed_lost_reason", "hs_analytics_source"),
    "de": ("Datensatz-ID", "Deal-Name", "Betrag", "Währung", "Deal-Phase", "Pipeline", "Erstellungsdatum",
           "Abschlussdatum", "Zuständiger Mitarbeiter", "Unternehmensname", "Grund für Verlust", "Originalquelle"),
    "fr": ("ID de fiche d'informations", "Nom de la transaction", "Montant", "Devise", "Phase de la transaction",
           "Pipeline", "Date de création", "Date de fermeture", "Propriétaire de la transaction", "Nom de l'entreprise",
           "Raison de la perte", "Source d'origine"),
    "nl": ("Record-ID", "Dealnaam", "Bedrag", "Valuta", "Dealfase", "Pipeline", "Aanmaakdatum", "Sluitingsdatum",
           "Dealeigenaar", "Bedrijfsnaam", "Reden voor verlies", "Oorspronkelijke bron"),
    "es": ("ID de registro", "Nombre del negocio", "Valor", "Moneda", "Etapa del negocio", "Pipeline",
           "Fecha de creación", "Fecha de cierre", "Propietario del negocio", "Nombre de la empresa",
           "Motivo del cierre perdido", "Fuente original"),
}  # fmt: skip
DEAL_STAGES = {
    "en": ("Closed Won", "Closed Lost", "Contract Sent"),
    "internal": ("closedwon", "closedlost", "contractsent"),
    "de": ("Abgeschlossen und gewonnen", "Abgeschlossen und verloren", "Vertrag gesendet"),
    "fr": ("Fermée gagnée", "Fermée perdue", "Contrat envoyé"),
    "nl": ("Gesloten gewonnen", "Gesloten verloren", "Contract verzonden"),
    "es": ("Cierre ganado", "Cierre perdido", "Contrato enviado"),
}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def contacts(language: str, count: int = 40) -> Case:
    """Contacts at all depths of the lifecycle, the first of them a customer with every date."""
    rng = random.Random(f"hubspot {language}")
    rows, entries, sources = [], {"contact": count, **dict.fromkeys(STAGES, 0)}, set()
    for number in range(count):
        created = START + timedelta(days=number, minutes=rng.randint(0, 300))
        depth = len(STAGES) if number < 4 else rng.randint(1, len(STAGES))
        dates, moment = [], created
        for stage in STAGES[:depth]:
            dates.append(stamp(moment))
            entries[stage] += 1
            moment += timedelta(days=rng.randint(0, 20), minutes=rng.randint(1, 90))
        dates += [""] * (len(STAGES) - depth)
        at = rng.randrange(len(SOURCES[language])) if number >= 6 else number
        sources.add(at)
        rows.append((
            str(51000 + number), "Ada", f"No {number}", f"Ada.{number}@example.com", LABELS[language][depth - 1], "New",
            stamp(created), *dates, SOURCES[language][at], rng.choice(("Spring", "")), "Kim Lee", f"Firm {number % 9}",
        ))  # fmt: skip
    export = Export(f"contacts_{language}.csv", CONTACT_NAMES, CONTACTS[language], tuple(rows), Locale(language),
                    quote_all=True)  # fmt: skip
    truth = Truth(
        "stage_entry", sum(entries.values()), {}, {"stage": set(entries), "channel": CHANNELS},
        START.date(), None,
    )  # fmt: skip
    return Case("hubspot_contacts", language, export, (truth,))


def deals(language: str, count: int = 30) -> Case:
    """Deals won, lost and open; only the first two are closed."""
    rng = random.Random(f"hubspot deals {language}")
    rows, total, states = [], Decimal(0), {"won": 0, "lost": 0, "open": 0}
    for number in range(count):
        state = ("won", "lost", "open")[number % 3]
        states[state] += 1
        created = START + timedelta(days=number)
        amount = Decimal(rng.randint(100000, 9000000)) / 100
        total += amount
        rows.append((
            str(900 + number), f"Deal {number}", str(amount), "EUR", DEAL_STAGES[language][number % 3],
            "Sales Pipeline", stamp(created), stamp(created + timedelta(days=rng.randint(1, 90))), "Kim Lee",
            f"Firm {number % 7}", "Price" if state == "lost" else "", SOURCES[language][number % 6],
        ))  # fmt: skip
    export = Export(f"deals_{language}.csv", DEAL_NAMES, DEALS[language], tuple(rows), Locale(language), quote_all=True)
    values = {"status": set(states), "currency": {"EUR"}, "channel": CHANNELS}
    last = (START + timedelta(days=count - 1)).date()
    truth = Truth("deal", count, {"amount": total}, values, START.date(), last)
    return Case("hubspot_deals", language, export, (truth,))


CONTACT_CASES = [contacts(language) for language in CONTACTS]
DEAL_CASES = [deals(language) for language in DEALS]
CONTACT_MISTAKES = (
    set_cell("became_customer", "2024-11-02 10:00", 2, rules=("negative-lag", "stage-before-creation")),
    set_cell("became_customer", "2025-01-14 12:00", 3, rules=("negative-lag", "stage-before-creation")),
    set_cell("became_customer", "", 1, rules=("stage-without-date",), title="a customer without the date"),
    set_cell("became_lead", "2025-02-31 10:00", 2, title="a day that is not"),
    set_cell("created", "31.12.2025 8:00", 4, title="a date written another way"),
    set_cell("email", "ada at example", 5, rules=("email-malformed",)),
    set_cell("record_id", "51003", 7, rules=("duplicate-key",), title="two contacts of one ID"),
    set_cell("record_id", "", 7, rules=("no-id",)),
    repeat_row(),
    drop_column("record_id"),
    *file_mistakes("company"),
)
DEAL_MISTAKES = (
    set_cell("closed", "2024-06-01 09:00", 3, rules=("negative-lag",), title="won before created"),
    set_cell("closed", "", 3, rules=("closed-without-date",), title="won without a date"),
    set_cell("amount", "12k", 4, rules=("not-a-number",)),
    set_cell("amount", "-500", 4, rules=("negative-amount",)),
    set_cell("amount", "", 3, rules=("won-without-amount",), title="won without an amount"),
    set_cell("created", "13/13/2025", 5, title="a month 13"),
    set_cell("created", "", 5, rules=("no-creation-date",), title="no creation date"),
    set_cell("currency", "EURO", 6, rules=("bad-currency",)),
    set_cell("record_id", "903", 7, rules=("duplicate-key",), title="two deals of one ID"),
    repeat_row(),
    *file_mistakes("deal_name"),
)


@pytest.mark.parametrize("format", ["hubspot_contacts", "hubspot_deals"])
def test_yaml_decodes(format: str) -> None:
    assert_decodes(format)


@pytest.mark.parametrize("case", [*CONTACT_CASES, *DEAL_CASES], ids=lambda case: case.id)
def test_clean_export_loads_with_the_right_sums(tmp_path: Path, case: Case) -> None:
    assert_loads(tmp_path, case)


@pytest.mark.parametrize("mistake", CONTACT_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_contacts_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, CONTACT_CASES[0], mistake)


@pytest.mark.parametrize("mistake", DEAL_MISTAKES, ids=lambda mistake: mistake.name)
def test_mistake_in_deals_is_caught(tmp_path: Path, mistake: Mistake) -> None:
    assert_caught(tmp_path, DEAL_CASES[0], mistake)


def test_each_stage_has_as_many_entries_as_dates(tmp_path: Path) -> None:
    case = CONTACT_CASES[0]
    outcome = deliver(tmp_path, case.export.write(tmp_path))
    found = dict(outcome.con.execute("SELECT stage, count(*) FROM fact.stage_entry GROUP BY stage").fetchall())
    expected = {"contact": len(case.export.rows)}
    for stage in STAGES:
        at = case.export.index(f"became_{stage}")
        expected[stage] = sum(bool(row[at]) for row in case.export.rows)
    assert found == expected


def test_one_person_is_one_id_in_all_stages(tmp_path: Path) -> None:
    case = CONTACT_CASES[0]
    outcome = deliver(tmp_path, case.export.write(tmp_path))
    people = outcome.con.execute("SELECT count(DISTINCT person_id) FROM fact.stage_entry").fetchone()[0]
    assert people == len(case.export.rows)


def test_won_revenue_and_closing_days_are_those_of_won_deals(tmp_path: Path) -> None:
    case = DEAL_CASES[2]
    outcome = deliver(tmp_path, case.export.write(tmp_path))
    won = [row for number, row in enumerate(case.export.rows) if number % 3 == 0]
    got = outcome.con.execute(
        "SELECT sum(amount), count(won_at), count(expected_close_at), count(lost_at) FROM fact.deal "
        "WHERE status = 'won'").fetchone()  # fmt: skip
    assert got == (sum(Decimal(row[2]) for row in won), len(won), 0, 0)

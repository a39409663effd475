"""The written files against the truth: every total is found again by plain parsing, without the product's code."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from leadline.demo import Truth, generate

Sums = dict[tuple[str, str, str], Decimal]
BERLIN = ZoneInfo("Europe/Berlin")
CRM_CHANNELS = {
    "Organic Search": "Organic Search",
    "Direct Traffic": "Direct",
    "Referrals": "Referral",
    "Organic Social": "Organic Social",
    "Email Marketing": "Email",
    "Paid Search": "Paid Search",
    "Paid Social": "Paid Social",
}
SEARCH_CAMPAIGNS = ("Search |", "Bing |")


def records(path: Path, *, encoding: str = "utf-8-sig", skip: int = 0, delimiter: str = ",") -> list[dict[str, str]]:
    lines = path.read_bytes().decode(encoding).splitlines()[skip:]
    return list(csv.DictReader(lines, delimiter=delimiter))


def only(folder: Path, part: str) -> Path:
    (path,) = files(folder, part)
    return path


def files(folder: Path, part: str) -> list[Path]:
    return sorted(path for path in (folder / "exports").iterdir() if part in path.name)


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def utc_month(text: str) -> str:
    moment = datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=UTC)
    return f"{moment.astimezone(BERLIN):%Y-%m}"


def channel_of(campaign: str) -> str:
    return "Paid Search" if campaign.startswith(SEARCH_CAMPAIGNS) else "Paid Social"


def add_ad(sums: Sums, month: str, campaign: str, **amounts: str) -> None:
    for measure, text in amounts.items():
        sums[measure, month, channel_of(campaign)] += number(text or "0")
        sums[f"{measure} of campaign", month, campaign] += number(text or "0")


def ads(folder: Path) -> Sums:
    sums: Sums = defaultdict(Decimal)
    google = records(only(folder, "google_ads"), encoding="utf-16", skip=2, delimiter="\t")
    for row in google:
        if not row["Day"].startswith("Total:"):
            add_ad(sums, row["Day"][:7], row["Campaign"], spend=row["Cost"], clicks=row["Clicks"],
                   impressions=row["Impr."], claimed_conversions=row["Conversions"])  # fmt: skip
    for row in records(only(folder, "Campaign_performance"), skip=9):
        date = row["Gregorian date"]
        if date[0].isdigit():
            month = f"{datetime.strptime(date, '%m/%d/%Y'):%Y-%m}"
            add_ad(sums, month, row["Campaign name"], spend=row["Spend"], clicks=row["Clicks"],
                   impressions=row["Impressions"], claimed_conversions=row["Conversions"])  # fmt: skip
    for path in files(folder, "Fathomere-Campaigns"):
        for row in records(path):
            add_ad(sums, row["Day"][:7], row["Campaign name"], spend=row["Amount spent (EUR)"],
                   clicks=row["Clicks (all)"], impressions=row["Impressions"],
                   claimed_conversions=row["Results"])  # fmt: skip
    for row in records(only(folder, "account_"), encoding="utf-16", skip=5, delimiter="\t"):
        month = f"{datetime.strptime(row['Start Date (in UTC)'], '%m/%d/%Y'):%Y-%m}"
        add_ad(sums, month, row["Campaign Name"], spend=row["Total Spent"], clicks=row["Clicks"],
               impressions=row["Impressions"], claimed_conversions=row["Conversions"])  # fmt: skip
    return sums


def visits(folder: Path) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for path in files(folder, "Traffic_acquisition"):
        for row in records(path, skip=9):
            month = f"{row['Date'][:4]}-{row['Date'][4:6]}"
            channel = row["Session primary channel group (Default Channel Group)"]
            sums["sessions", month, channel] += number(row["Sessions"])
            sums["sessions of campaign", month, row["Session campaign"]] += number(row["Sessions"])
            sums["engaged_sessions", month, channel] += number(row["Engaged sessions"])
            sums["new_users", month, channel] += number(row["New users"])
            sums["key_events", month, channel] += number(row["Key events"])
    for path in files(folder, "Performance-on-Search"):
        with zipfile.ZipFile(path) as archive:
            days = csv.DictReader(io.StringIO(archive.read("Dates.csv").decode()))
            for row in days:
                sums["search_clicks", row["Date"][:7], "Organic Search"] += number(row["Clicks"])
                sums["search_impressions", row["Date"][:7], "Organic Search"] += number(row["Impressions"])
    return sums


def journey(folder: Path) -> Sums:
    sums: Sums = defaultdict(Decimal)
    stages = {
        "contacts": "Create Date",
        "leads": "Became a Lead Date",
        "mqls": "Became a Marketing Qualified Lead Date",
        "sqls": "Became a Sales Qualified Lead Date",
        "opportunities": "Became an Opportunity Date",
        "new_customers": "Became a Customer Date",
    }
    touched = defaultdict(list)
    for row in records(only(folder, "sales_activities")):
        sums["sales_touches", row["Activity date"][:7], ""] += 1
        if row["Sent by sequence"] == "No":
            touched[row["Contact email"]].append(local(row["Activity date"]))
    for row in records(only(folder, "all-contacts")):
        channel = CRM_CHANNELS[row["Original Source"]]
        for measure, column in stages.items():
            if row[column]:
                sums[measure, row[column][:7], channel] += 1
        lead, mql = row["Became a Lead Date"], row["Became a Marketing Qualified Lead Date"]
        if mql and local(mql) <= local(lead) + timedelta(days=90):
            sums["leads_mql_in_90_days", lead[:7], channel] += 1
        if mql and any(local(mql) <= at <= local(mql) + timedelta(days=14) for at in touched[row["Email"]]):
            sums["mqls_worked_in_14_days", mql[:7], channel] += 1
    for row in records(only(folder, "all-deals")):
        channel = CRM_CHANNELS[row["Original Source"]]
        sums["deals_created", row["Create Date"][:7], channel] += 1
        sums["pipeline_created", row["Create Date"][:7], channel] += number(row["Amount"])
        if row["Deal Stage"].startswith("Closed"):
            sums[f"deals_{row['Deal Stage'].split()[1]}", row["Close Date"][:7], channel] += 1
        if row["Deal Stage"] == "Closed won":
            sums["won_amount", row["Close Date"][:7], channel] += number(row["Amount"])
    return sums


def local(text: str) -> datetime:
    """A moment in UTC, so that differences are true across a change of the clock."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN).astimezone(UTC)


def mail(folder: Path) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for row in records(only(folder, "simulated_campaigns.csv")):
        month = f"{datetime.strptime(row['Send Date'], '%b %d, %Y %I:%M %p'):%Y-%m}"
        sums["mailings", month, ""] += 1
        for measure, column in {
            "emails_sent": "Total Recipients",
            "emails_delivered": "Successful Deliveries",
            "email_opens": "Unique Opens",
            "email_clicks": "Unique Clicks",
            "unsubscribes": "Unsubscribes",
        }.items():
            sums[measure, month, ""] += number(row[column])
    for path in files(folder, "attendee_"):
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        month = f"{datetime.strptime(rows[3][2], '%m/%d/%Y %I:%M:%S %p'):%Y-%m}"
        header = rows.index(next(row for row in rows if row[0] == "Attendee Details")) + 1
        people: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for cells in rows[header + 1 :]:
            row = dict(zip(rows[header], cells, strict=True))
            joined = people[row["Email"].lower()]
            if row["Attended"] == "Yes":
                joined.append((zoom_time(row["Join Time"]), zoom_time(row["Leave Time"])))
        sums["registrations", month, ""] += len(people)
        sums["attendees", month, ""] += sum(bool(times) for times in people.values())
        present = {
            (email, joined + timedelta(minutes=minute))
            for email, times in people.items()
            for joined, left in times
            for minute in range(round((left - joined).total_seconds() / 60))
        }
        sums["minutes_attended", month, ""] += len(present)
        assert len(people) == int(rows[3][4]), "the file's own count of registrations"
    return sums


def zoom_time(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p")


def money(folder: Path) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for row in records(only(folder, "payments")):
        month = utc_month(row["Created date (UTC)"])
        if row["Status"] == "Failed":
            sums["failed_payments", month, ""] += 1
            continue
        sums["payments", month, ""] += 1
        sums["charged", month, ""] += number(row["Amount"])
        sums["refunded", month, ""] += number(row["Amount Refunded"])
    for row in records(only(folder, "costs"), delimiter=";"):
        month = f"{datetime.strptime(row['Booked on'], '%d.%m.%Y'):%Y-%m}"
        amount = Decimal(row["Actual (EUR)"].replace(".", "").replace(",", "."))
        sums[f"{row['Team']}_cost", month, ""] += amount
        if row["Category"] == "media":
            sums["media_cost", month, ""] += amount
    for row in records(only(folder, "nps_responses")):
        month, score = utc_month(row["Submitted at"]), int(row["How likely are you to recommend us?"])
        sums["survey_answers", month, ""] += 1
        sums["promoters", month, ""] += score > 8
        sums["detractors", month, ""] += score < 7
    users = defaultdict(set)
    for row in records(only(folder, "product_events")):
        month = utc_month(row["time"])
        sums["product_events", month, ""] += 1
        sums[f"product_{row['event']}", month, ""] += int(row["count"])
        users[month].add(row["user"])
    for month, active in users.items():
        sums["active_users", month, ""] += len(active)
    return sums


READERS: tuple[tuple[Callable[[Path], Sums], tuple[str, ...]], ...] = (
    (ads, ("spend", "clicks", "impressions", "claimed_conversions")),
    (visits, ("sessions", "engaged_sessions", "new_users", "key_events", "search_clicks", "search_impressions")),
    (
        journey,
        ("contacts", "leads", "mqls", "sqls", "opportunities", "new_customers", "deals_created", "pipeline_created",
         "deals_won", "deals_lost", "won_amount", "leads_mql_in_90_days", "mqls_worked_in_14_days", "sales_touches"),
    ),
    (mail, ("mailings", "emails_sent", "emails_delivered", "email_opens", "email_clicks", "unsubscribes",
            "registrations", "attendees", "minutes_attended")),
    (money, ("payments", "failed_payments", "charged", "refunded", "marketing_cost", "sales_cost", "media_cost",
             "survey_answers", "promoters", "detractors", "product_events", "product_signup", "product_activated",
             "product_key_action", "active_users")),
)  # fmt: skip


def told(truth: Truth, measure: str) -> dict[tuple[str, str], Decimal]:
    """The truth of a measure as month and channel, without the cells that are 0."""
    if measure in truth.by_month:
        cells = {(month, ""): value for month, value in truth.by_month[measure].items()}
    else:
        months = truth.by_channel[measure].items()
        cells = {(month, channel): value for month, channels in months for channel, value in channels.items()}
    return {cell: Decimal(value) for cell, value in cells.items() if value}


@pytest.mark.parametrize(("read", "measures"), READERS, ids=[reader.__name__ for reader, _ in READERS])
def test_files_hold_exactly_the_truth(
    demo: tuple[Path, Truth], read: Callable[[Path], Sums], measures: tuple[str, ...]
) -> None:
    folder, truth = demo
    sums = read(folder)
    for measure in measures:
        found = {(month, label): value for (name, month, label), value in sums.items() if name == measure and value}
        assert found == told(truth, measure), measure


def test_campaigns_hold_exactly_the_truth(demo: tuple[Path, Truth]) -> None:
    folder, truth = demo
    sums = ads(folder) | visits(folder)
    for measure in ("spend", "clicks", "impressions", "sessions"):
        for month, campaigns in truth.by_campaign[measure].items():
            for campaign, value in campaigns.items():
                assert sums[f"{measure} of campaign", month, campaign] == value, (measure, month, campaign)


def stretches(folder: Path) -> Iterator[tuple[str, Decimal, datetime, datetime]]:
    never = datetime(9999, 1, 1, tzinfo=UTC)
    for row in records(only(folder, "simulated_subscriptions.csv")):
        monthly = number(row["Amount"]) / (12 if row["Interval"] == "year" else 1)
        # A free trial is worth nothing: what is paid begins at its end, unless it was left then.
        paid_from = row["Trial End (UTC)"] or row["Start Date (UTC)"]
        if row["Trial End (UTC)"] and row["Ended At (UTC)"] == row["Trial End (UTC)"]:
            continue
        began = datetime.fromisoformat(paid_from).replace(tzinfo=UTC)
        ended = datetime.fromisoformat(row["Ended At (UTC)"]).replace(tzinfo=UTC) if row["Ended At (UTC)"] else never
        yield row["Customer Email"], monthly, began, ended


def test_balances_hold_exactly_the_truth(demo: tuple[Path, Truth]) -> None:
    folder, truth = demo
    known = list(stretches(folder))
    for month, mrr in truth.by_month["mrr"].items():
        year, number_of_month = map(int, month.split("-"))
        following = (year + number_of_month // 12, number_of_month % 12 + 1)
        end = datetime(*following, 1, tzinfo=BERLIN).astimezone(UTC)
        active = [(email, monthly) for email, monthly, began, ended in known if began < end <= ended]
        assert sum(monthly for _, monthly in active) == mrr, month
        assert len({email for email, _ in active}) == truth.by_month["paying_customers"][month], month


def test_lost_customers_are_those_who_did_not_come_back(demo: tuple[Path, Truth]) -> None:
    folder, truth = demo
    last: dict[str, datetime] = {}
    for email, _, _, ended in stretches(folder):
        last[email] = max(ended, last.get(email, ended))
    lost = Counter(f"{ended.astimezone(BERLIN):%Y-%m}" for ended in last.values() if ended.year < 9999)
    assert lost == {month: count for month, count in truth.by_month["lost_customers"].items() if count}


def test_recurring_revenue_moves_add_up(demo: tuple[Path, Truth]) -> None:
    """MRR(end) = MRR(start) + new + expansion + reactivation − contraction − churn, in every month."""
    _, truth = demo
    months = sorted(truth.by_month["mrr"])
    for before, month in pairwise(months):
        gains = sum(truth.value(f"{kind}_mrr", month) for kind in ("new", "expansion", "reactivation"))
        losses = sum(truth.value(f"{kind}_mrr", month) for kind in ("contraction", "churned"))
        assert truth.value("mrr", before) + gains - losses == truth.value("mrr", month), month
    assert all(truth.by_month[f"{kind}_mrr"] for kind in ("new", "expansion", "reactivation", "contraction", "churned"))


def test_one_campaign_is_broken_and_goes_on_spending(demo: tuple[Path, Truth]) -> None:
    folder, truth = demo
    broken = truth.broken
    since = f"{broken.broken_from}"
    rows = [
        row
        for path in files(folder, "Fathomere-Campaigns")
        for row in records(path)
        if row["Campaign name"] == broken.campaign
    ]
    contacts = [
        row["Create Date"]
        for row in records(only(folder, "all-contacts"))
        if row["First Touch Converting Campaign"] == broken.campaign
    ]
    assert sum(number(row["Amount spent (EUR)"]) for row in rows if row["Day"] >= since) == broken.spend > 1000
    assert broken.leads == 0
    assert max(contacts)[:10] < since
    assert sum(created >= "2026-01" for created in contacts) > 30


def test_people_join_across_tools_by_email(demo: tuple[Path, Truth]) -> None:
    folder, _ = demo
    contacts = [row["Email"] for row in records(only(folder, "all-contacts"))]
    known = set(contacts)
    assert len(known) == len(contacts)
    for part, column in {
        "all-deals": "Associated Contact Emails",
        "payments": "Customer Email",
        "simulated_subscriptions.csv": "Customer Email",
        "sales_activities": "Contact email",
        "nps_responses": "Email",
    }.items():
        emails = {row[column] for row in records(only(folder, part))}
        assert emails, part
        assert emails <= known, part


def test_nobody_in_it_can_be_reached(demo: tuple[Path, Truth]) -> None:
    """Every address is under `.example`, which belongs to nobody."""
    folder, _ = demo
    for part, column in {"all-contacts": "Email", "product_events": "user"}.items():
        assert all(row[column].endswith(".example") for row in records(only(folder, part)))


def test_everything_says_that_it_is_simulated(demo: tuple[Path, Truth]) -> None:
    folder, truth = demo
    assert all(path.name.startswith("simulated_") for path in (folder / "exports").iterdir())
    assert "imulated" in truth.notice
    assert json.loads((folder / "truth.json").read_text(encoding="utf-8"))["notice"] == truth.notice


def test_quirks_of_the_vendors_are_there(demo: tuple[Path, Truth]) -> None:
    folder, _ = demo
    google = only(folder, "google_ads").read_bytes()
    linkedin = only(folder, "account_").read_bytes()
    assert google.startswith(b"\xff\xfe")
    assert linkedin.startswith(b"\xff\xfe")
    text = google.decode("utf-16")
    for quirk in ("Campaign report\r\n1 July 2024 - 5 July 2026\r\n", '\t"1,', "\t --", "< 10%", "Total: Account"):
        assert quirk in text, quirk
    assert linkedin.decode("utf-16").splitlines()[4] == ""
    assert files(folder, "Fathomere-Campaigns")[0].read_bytes().startswith(b"\xef\xbb\xbf")
    assert files(folder, "Traffic_acquisition")[0].read_text(encoding="utf-8").startswith("# ---")
    attended = [row for path in files(folder, "attendee_") for row in path.read_text(encoding="utf-8-sig").splitlines()]
    joins = Counter(row.split(",")[4] for row in attended if row.startswith("Yes,"))
    assert max(joins.values()) > 1, "somebody joined twice"
    assert any(email != email.lower() for email in joins), "somebody wrote the address with capitals"
    sent = {row["Send Date"][13:] for row in records(only(folder, "simulated_campaigns.csv"))}
    assert {moment[:2] for moment in sent} == {"09", "10", "11"}, "local time, winter and summer"
    assert ";31." in only(folder, "costs").read_text(encoding="utf-8-sig")


def test_same_seed_same_bytes(demo: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = demo
    again = generate(tmp_path)
    assert again == truth
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(paths) == len(truth.files) + 1
    for path in paths:
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes(), path


def test_another_seed_gives_another_company(demo: tuple[Path, Truth], tmp_path: Path) -> None:
    _, truth = demo
    other = generate(tmp_path, seed=8)
    assert other.company == truth.company
    assert other.by_channel["leads"] != truth.by_channel["leads"]


def test_what_happened_is_what_the_parameters_say(demo: tuple[Path, Truth]) -> None:
    """The true rates show in the totals: nobody changed the simulation without its parameters."""
    _, truth = demo
    before = [month for month in truth.by_channel["leads"] if "2024-07" <= month <= "2025-06"]
    for channel in ("Organic Search", "Paid Search", "Paid Social", "Referral"):
        leads = sum(truth.value("leads", month, channel) for month in before)
        mqls = sum(truth.value("leads_mql_in_90_days", month, channel) for month in before)
        assert mqls / leads == pytest.approx(truth.company.channel(channel).mql, rel=0.25), channel
    for channel in truth.company.channels:
        if channel.visits > 100:
            sessions = sum(truth.value("sessions", month, channel.name) for month in before)
            contacts = sum(truth.value("contacts", month, channel.name) for month in before)
            assert contacts / sessions == pytest.approx(channel.form_rate, rel=0.1), channel.name

"""Advertising, mailings and website visits, day by day, and the form fills that come of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from leadline.demo.clock import Clock
from leadline.demo.company import Campaign, Channel, Company
from leadline.demo.dice import Dice
from leadline.demo.world import AdDay, Mailing, SearchDay, VisitDay, Webinar

NO_CAMPAIGN = "(not set)"
ENGAGEMENT = 0.58
BROKEN_ENGAGEMENT = 0.11
LIST_AT_START = 640

NEWSLETTERS = (
    "Fewer dashboards, better questions", "What a lead costs you", "The quarter in numbers",
    "How teams agree on an MQL",
    "Field notes from customer calls", "Three reports to delete", "Product news", "Reading a funnel without fooling "
    "yourself",
)  # fmt: skip
TOPICS = (
    "Forecasting without wishful thinking", "A funnel both teams believe", "Budget season clinic",
    "From spreadsheet to shared numbers", "Customer story: half the reports", "Pipeline reviews that end on time",
)  # fmt: skip


def webinars(company: Company, clock: Clock) -> list[Webinar]:
    """The webinars: third Thursday of every other month at four in the afternoon, none in July."""
    planned: list[Webinar] = []
    day = company.crm_since
    while day <= company.ends:
        if day.weekday() == 3 and 15 <= day.day <= 21 and day.month in (1, 3, 5, 9, 11):
            topic = TOPICS[len(planned) % len(TOPICS)]
            starts_at = clock.utc(datetime(day.year, day.month, day.day, 16, 0))
            planned.append(Webinar(f"8{41200760000 + len(planned) * 137:011d}", topic, starts_at, 60))
        day += timedelta(days=1)
    return planned


def simulate(
    company: Company, clock: Clock, planned: list[Webinar], dice: Dice
) -> tuple[list[AdDay], list[VisitDay], list[SearchDay], list[Mailing]]:
    """All days since the CRM was set up; the ad and web tools were connected only when the two years start."""
    ads: list[AdDay] = []
    visits: list[VisitDay] = []
    search: list[SearchDay] = []
    mailings: list[Mailing] = []
    listed = LIST_AT_START
    email = company.channel("Email")
    day = company.crm_since
    while day <= company.ends:
        season = company.season(day)
        today = []
        for campaign in company.campaigns:
            ad, visit = _advertise(company, campaign, day, season, dice)
            ads.append(ad)
            today.append(visit)
        for channel in company.channels:
            if channel.visits:
                sessions = dice.poisson(dice.around(channel.visits * season, 0.07))
                today.append(_visit(day, channel.name, NO_CAMPAIGN, sessions, channel.form_rate, dice))
                if channel.name == "Organic Search":
                    search.append(_search(day, sessions, dice))
        sent = _mail(company, clock, planned, day, len(mailings), listed, dice)
        mailings.extend(sent)
        today.extend(_mailing_visits(company, email, mailings[-6:], day, dice))
        listed += sum(visit.forms for visit in today)
        listed -= sum(mailing.unsubscribes + mailing.hard_bounces for mailing in sent)
        visits.extend(visit for visit in today if visit.sessions)
        day += timedelta(days=1)
    return ads, visits, search, mailings


def _advertise(company: Company, campaign: Campaign, day: date, season: float, dice: Dice) -> tuple[AdDay, VisitDay]:
    """A campaign's day: clicks follow the budget, visits the clicks, forms the visits, unless the page is broken."""
    # Ad budgets breathe half as much as demand does: they are set by people, not by the market.
    budget = campaign.budget * (0.5 + 0.5 * season)
    clicks = dice.poisson(dice.around(budget / campaign.cpc, 0.12))
    cents = round(100 * clicks * dice.around(campaign.cpc, 0.06)) if clicks else 0
    impressions = max(clicks, round(dice.around(clicks / campaign.ctr, 0.10)))
    link_clicks = clicks
    if campaign.platform == "meta_ads":
        clicks += dice.binomial(clicks, 0.4)
        impressions = max(impressions, clicks)
    reach = round(impressions * dice.uniform(0.72, 0.86))
    broken = campaign.broken_from is not None and day >= campaign.broken_from
    sessions = dice.binomial(link_clicks, company.tracked_clicks)
    rate = 0.0 if broken else campaign.form_rate
    visit = _visit(
        day, campaign.channel, campaign.name, sessions, rate, dice, BROKEN_ENGAGEMENT if broken else ENGAGEMENT
    )
    # A platform goes on claiming people who saw an ad and came by another way, also when the page is broken.
    claimed = round(100 * dice.around(visit.forms * campaign.claim, 0.05))
    if campaign.platform in ("meta_ads", "linkedin_ads"):
        claimed = 100 * dice.poisson(visit.forms * campaign.claim + (0.2 if broken else 0))
    return AdDay(day, campaign, impressions, reach, clicks, link_clicks, cents, claimed), visit


def _visit(
    day: date, channel: str, campaign: str, sessions: int, rate: float, dice: Dice, engagement: float = ENGAGEMENT
) -> VisitDay:
    forms = dice.binomial(sessions, rate)
    engaged = max(forms, dice.binomial(sessions, engagement))
    users = max(1, round(sessions * dice.uniform(0.86, 0.93))) if sessions else 0
    return VisitDay(
        day, channel, campaign, sessions, engaged,
        seconds=_seconds(engaged, sessions, dice),
        users=users,
        new_users=dice.binomial(users, 0.66),
        events=sessions * 3 + dice.poisson(sessions * 1.8),
        key_events=forms,
        forms=forms,
    )  # fmt: skip


def _seconds(engaged: int, sessions: int, dice: Dice) -> int:
    """Foreground seconds of a day's sessions: about two minutes if engaged, a few seconds if not."""
    return round(engaged * dice.uniform(95, 135) + (sessions - engaged) * dice.uniform(2, 6))


def _search(day: date, sessions: int, dice: Dice) -> SearchDay:
    # Search Console counts clicks, the web tool sessions: never the same number.
    clicks = round(sessions * dice.uniform(1.02, 1.10))
    return SearchDay(day, round(clicks / dice.uniform(0.021, 0.027)), clicks, round(dice.uniform(105, 142)))


def _mail(
    company: Company, clock: Clock, planned: list[Webinar], day: date, count: int, listed: int, dice: Dice
) -> list[Mailing]:
    """The mailings of a day: a newsletter every other Tuesday, an invitation and a reminder for each webinar."""
    sent = []
    if day.weekday() == 1 and day.isocalendar().week % 2 == 0:
        title = NEWSLETTERS[day.isocalendar().week // 2 % len(NEWSLETTERS)]
        sent.append(("newsletter", f"Newsletter {day:%Y-%m-%d}", title, 9, listed, 1.0))
    for webinar in planned:
        event = clock.local(webinar.starts_at).date()
        if day == event - timedelta(days=14):
            title = f"Invitation: {webinar.topic} ({event:%b %Y})"
            sent.append(("invitation", title, f"Join us: {webinar.topic}", 10, listed, 0.9))
        elif day == event - timedelta(days=1):
            title = f"Reminder: {webinar.topic} ({event:%b %Y})"
            sent.append(("reminder", title, f"Tomorrow: {webinar.topic}", 11, min(listed, 90), 1.7))
    mailings: list[Mailing] = []
    for kind, title, subject, hour, recipients, pull in sent:
        if recipients < 20:
            continue
        hard = dice.binomial(recipients, 0.004)
        soft = dice.binomial(recipients - hard, 0.007)
        delivered = recipients - hard - soft
        opens = dice.binomial(delivered, min(0.9, dice.around(company.open_rate * (0.7 + 0.3 * pull), 0.05)))
        clicks = dice.binomial(opens, min(0.9, dice.around(company.click_to_open * pull, 0.08)))
        mailings.append(
            Mailing(
                id=f"{count + len(mailings) + 1:06x}d0c",
                kind=kind,
                title=title,
                subject=subject,
                sent_at=clock.utc(datetime(day.year, day.month, day.day, hour, 5 * dice.randrange(6))),
                recipients=recipients,
                soft_bounces=soft,
                hard_bounces=hard,
                opens=opens,
                total_opens=opens + dice.poisson(opens * 0.6),
                clicks=clicks,
                total_clicks=clicks + dice.poisson(clicks * 0.35),
                unsubscribes=dice.binomial(delivered, 0.0016),
                complaints=dice.binomial(delivered, 0.0001),
            )
        )
    return mailings


def _mailing_visits(company: Company, email: Channel, recent: list[Mailing], day: date, dice: Dice) -> list[VisitDay]:
    """Sessions that a mailing brings on its day and the two after it."""
    visits = []
    for mailing in recent:
        age = (day - mailing.sent_at.date()).days
        if 0 <= age <= 2:
            sessions = dice.binomial(mailing.total_clicks, company.tracked_clicks * (0.62, 0.24, 0.14)[age])
            if sessions:
                visits.append(_visit(day, email.name, mailing.title, sessions, email.form_rate, dice))
    return visits

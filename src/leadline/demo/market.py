"""What others say and search for: mentions, press and reviews, ranks and market figures, and pages of the blog seen."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from leadline.demo.clock import Clock, month_starts
from leadline.demo.company import Company
from leadline.demo.dice import Dice
from leadline.demo.world import Mention, PageSeen, Query, Reading, SearchDay, Subscription

BRAND = "Fathomere"
RIVALS = ("Plumbob", "Soundwell")
# Mentions a week at the start, and how they are meant.
TALK = {BRAND: (9.0, (0.42, 0.47, 0.11)), "Plumbob": (21.0, (0.35, 0.5, 0.15)), "Soundwell": (12.0, (0.4, 0.48, 0.12))}
SENTIMENTS = ("positive", "neutral", "negative")
OUTLETS = (("Handelsblick", "national"), ("Marketing Monat", "trade"), ("Daten und Vertrieb", "trade"),
           ("Startup-Anzeiger", "online"))  # fmt: skip
REVIEW_SITES = ("g2", "capterra", "omr")
KEYWORDS = (
    ("what is an mql", 14.0), ("marketing report template", 12.0), ("lead to customer rate", 16.0),
    ("pipeline review agenda", 11.0), ("mql vs sql", 22.0), ("cost per lead benchmark", 28.0),
    ("marketing dashboard examples", 35.0), ("b2b funnel metrics", 18.0), ("sales cycle length", 24.0),
    ("marketing scorecard", 9.0), ("webinar metrics", 19.0), ("lead response time", 13.0),
)  # fmt: skip
# Query, share of all clicks, share of all impressions, position in tenths, cents a click.
QUERIES = (
    ("fathomere", 0.10, 0.021, 12, 95), ("fathomere pricing", 0.03, 0.006, 14, 140),
    ("fathomere login", 0.05, 0.008, 11, 40), ("marketing report template", 0.06, 0.09, 81, 210),
    ("what is an mql", 0.05, 0.08, 67, 160), ("lead to customer rate", 0.03, 0.06, 94, 280),
    ("pipeline review agenda", 0.02, 0.03, 79, 230),
)  # fmt: skip
PAGES = (("/blog/what-is-an-mql", "blog"), ("/blog/lead-response-time", "blog"), ("/guides/funnel", "guide"),
         ("/customers/half-the-reports", "case study"), ("/blog", "home"), ("/pricing", "pricing"))  # fmt: skip
BLOG_DAYS = 66
MARKET = 41_000_000_000
TARGET = 260_000


def talk(company: Company, clock: Clock, dice: Dice) -> list[Mention]:
    """Mentions by week, brand and sentiment, and press pieces and reviews one by one."""
    found: list[Mention] = []

    def add(day: date, kind: str, network: str, brand: str, **more: object) -> None:
        hour, minute = 8 + dice.randrange(10), dice.randrange(60)
        at = clock.utc(datetime.combine(day, time(hour, minute)))
        told = {"outlet": "", "tier": "", "influencer": False, "copied": False, "sentiment": "", "count": 1,
                "displays": 0, "stars": 0} | more  # fmt: skip
        found.append(Mention(f"M{len(found) + 1:05d}", at, kind, network, brand=brand, **told))  # type: ignore[arg-type]

    day = company.starts
    while day <= company.ends:
        years = (day - company.starts).days / 365.25
        for brand, (weekly, shares) in TALK.items():
            growth = 1.24 if brand == BRAND else 1.06
            count = dice.poisson(weekly * growth**years)
            for sentiment, share in zip(SENTIMENTS, shares, strict=True):
                part = dice.binomial(count, share)
                if part:
                    displays = round(dice.around(part * 420, 0.3))
                    add(day, "social", "linkedin", brand, sentiment=sentiment, count=part, displays=displays)
            if dice.chance(0.11):
                add(day, "social", "linkedin", brand, influencer=True, sentiment="positive",
                    displays=round(dice.around(9000, 0.4)))  # fmt: skip
            if dice.chance(0.14):
                outlet, tier = dice.choice(OUTLETS)
                add(day, "press", "", brand, outlet=outlet, tier=tier)
                if dice.chance(0.3):
                    add(day, "press", "", brand, outlet="Presseportal", tier="online", copied=True)
        if dice.chance(0.75):
            add(day, "review", dice.choice(REVIEW_SITES), BRAND, stars=dice.pick((5, 4, 3, 2, 1), (52, 29, 10, 5, 4)))
        day += timedelta(days=7)
    return found


def read(company: Company, subscriptions: list[Subscription], clock: Clock, dice: Dice) -> list[Reading]:
    """Readings at each month's end: ranks, backlinks, searches for brands, the market, and customers' health."""
    found: list[Reading] = []
    domains, ranks = 180.0, dict(KEYWORDS)
    for first in month_starts(company.starts, company.ends):
        last = min(company.ends, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        years = (last - company.starts).days / 365.25
        for keyword in ranks:
            ranks[keyword] = max(1.0, dice.around(ranks[keyword] * 0.97, 0.10))
            found.append(Reading(last, "keyword_rank", keyword, BRAND, "rank tracker", float(round(ranks[keyword]))))
        domains += dice.poisson(4.5)
        found.append(Reading(last, "referring_domains", "fathomere.example", BRAND, "backlink tool", domains))
        for brand, volume, growth in ((BRAND, 1300, 1.24), ("Plumbob", 5400, 1.05), ("Soundwell", 2900, 1.08)):
            searched = round(dice.around(volume * growth**years, 0.06), -1)
            found.append(Reading(last, "search_volume", brand.lower(), brand, "keyword planner", searched))
        found.append(Reading(last, "target_population", "revenue teams, DACH and Benelux", "", "own estimate", TARGET))
        # A month's twelfth of the year, so that the market can be set against own revenue month by month.
        market = round(MARKET * 1.09**years / 12 / 1_000_000) * 1_000_000
        found.append(Reading(last, "market_revenue", "reporting software, Europe", "", "market study", cents=market))
        found.extend(_health(subscriptions, last, clock, dice))
    return found


def _health(subscriptions: list[Subscription], day: date, clock: Clock, dice: Dice) -> list[Reading]:
    """A score from 0 to 100 for each customer of that day: lower for those who will soon leave."""
    end = clock.midnight(day + timedelta(days=1))
    found = []
    for one in subscriptions:
        if one.kind == "plan" and one.starts_at < end and (one.ends_at is None or one.ends_at >= end):
            leaving = one.ends_at is not None and one.ends_at - end < timedelta(days=90)
            score = min(100, max(0, round(dice.gauss(48 if leaving else 74, 12))))
            found.append(Reading(day, "health_score", one.customer, "", "success tool", float(score)))
    return found


def search(search_days: list[SearchDay], company: Company, dice: Dice) -> list[Query]:
    """The best-known queries week by week; what others searched stays unknown."""
    weeks: dict[date, tuple[int, int]] = {}
    for day in search_days:
        if company.starts <= day.day:
            monday = day.day - timedelta(days=day.day.weekday())
            clicks, impressions = weeks.get(monday, (0, 0))
            weeks[monday] = (clicks + day.clicks, impressions + day.impressions)
    found = []
    for monday, (clicks, impressions) in sorted(weeks.items()):
        for text, of_clicks, of_impressions, position, price in QUERIES:
            seen = dice.poisson(impressions * of_impressions)
            clicked = min(seen, dice.poisson(clicks * of_clicks))
            at = max(10, position + dice.randrange(-6, 7)) if position > 20 else position
            found.append(Query(max(monday, company.starts), text, seen, clicked, at, clicked * price))
    return found


def browse(company: Company, clock: Clock, dice: Dice) -> list[PageSeen]:
    """Pages of the blog and around it, seen since the tracking of single pages was switched on in spring."""
    found: list[PageSeen] = []
    for offset in range(BLOG_DAYS):
        day = company.ends - timedelta(days=BLOG_DAYS - 1 - offset)
        for number in range(dice.poisson(46 * company.season(day))):
            visitor = f"v{dice.randrange(9000):05d}"
            at = clock.visit(day, dice)
            for _ in range(1 + dice.poisson(1.1)):
                page, kind = dice.pick(PAGES, (30, 16, 18, 9, 14, 13))
                seconds = round(dice.around(38, 0.8))
                depth = min(100, round(dice.triangular(5, 130, 70)))
                found.append(PageSeen(at, visitor, f"{day:%y%m%d}-{number}", page, kind, seconds, depth))
                at += timedelta(seconds=seconds + 2)
    return found

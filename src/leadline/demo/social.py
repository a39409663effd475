"""Own channels: posts, articles and episodes, who follows them, and work with influencers."""

from __future__ import annotations

from datetime import date, timedelta

from leadline.demo.clock import month_starts
from leadline.demo.company import Company
from leadline.demo.dice import Dice
from leadline.demo.world import Audience, Collab, Mailing, Post

PROFILE = "fathomere"
# Network, kind of post, weekday, every so many weeks, displays at the start.
RHYTHM = (
    ("linkedin", "image", 1, 1, 3400),
    ("linkedin", "link", 3, 1, 2600),
    ("instagram", "image", 2, 1, 900),
    ("youtube", "video", 4, 2, 1500),
    ("blog", "blog", 0, 1, 0),
    ("podcast", "podcast", 2, 4, 0),
)
# Followers at the start, and how many come a month.
FOLLOWERS = {"linkedin": (4200, 95), "instagram": (800, 14), "youtube": (560, 17), "blog": (310, 9)}
INFLUENCERS = (
    ("linkedin", "Marta Grell", 21_000), ("linkedin", "Okan Dere", 9_400), ("youtube", "Numbers with Noor", 33_000),
    ("linkedin", "The pipeline notes", 15_500),
)  # fmt: skip
RATE_CARD = {"linkedin": 90, "youtube": 45}


def publish(company: Company, dice: Dice) -> list[Post]:
    """Everything published on own channels since the two years began."""
    posts: list[Post] = []
    for offset in range((company.ends - company.starts).days + 1):
        day = company.starts + timedelta(days=offset)
        for network, kind, weekday, weeks, displays in RHYTHM:
            if day.weekday() == weekday and day.isocalendar().week % weeks == 0:
                posts.append(_post(company, day, network, kind, displays, f"{network}-{len(posts) + 1:05d}", dice))
    return posts


def _post(company: Company, day: date, network: str, kind: str, displays: int, name: str, dice: Dice) -> Post:
    """One post: reactions follow displays, displays the season and luck. Articles and episodes have no such figures."""
    impressions = round(dice.around(displays * company.season(day), 0.35)) if displays else 0
    reach = round(impressions * dice.uniform(0.62, 0.8))
    plays = dice.binomial(impressions, 0.24) if kind == "video" else 0
    hooks = dice.binomial(plays, 0.52)
    return Post(
        day, network, PROFILE, name, kind, impressions, reach,
        likes=dice.binomial(impressions, 0.019),
        comments=dice.binomial(impressions, 0.0023),
        shares=dice.binomial(impressions, 0.0018),
        saves=dice.binomial(impressions, 0.0011),
        clicks=dice.binomial(impressions, 0.013 if kind == "link" else 0.004),
        views=dice.binomial(hooks, 0.7),
        plays=plays,
        hooks=hooks,
        seconds=round(hooks * dice.uniform(38, 62)),
    )  # fmt: skip


def follow(company: Company, mailings: list[Mailing], dice: Dice) -> list[Audience]:
    """Sizes of the audiences: of profiles at each month's end, of the mailing list whenever a newsletter went out."""
    found: list[Audience] = []
    sizes = {network: float(start) for network, (start, _) in FOLLOWERS.items()}
    for first in month_starts(company.starts, company.ends):
        last = min(company.ends, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        for network, (_, gain) in FOLLOWERS.items():
            sizes[network] += dice.around(gain * company.season(first), 0.25) * ((last - first).days + 1) / 30
            found.append(Audience(last, network, "blog" if network == "blog" else PROFILE, round(sizes[network])))
    for mailing in mailings:
        if mailing.kind == "newsletter" and mailing.sent_at.date() >= company.starts:
            found.append(Audience(mailing.sent_at.date(), "email", "Everyone", mailing.recipients))
    return found


def collaborate(company: Company, dice: Dice) -> list[Collab]:
    """Work with influencers: a piece every other month, some of it promoted."""
    pieces: list[Collab] = []
    for number, first in enumerate(month_starts(company.starts, company.ends)):
        day = first + timedelta(days=4 + dice.randrange(18))
        if number % 2 or day > company.ends:
            continue
        network, name, followers = INFLUENCERS[number // 2 % len(INFLUENCERS)]
        followers = round(followers * (1 + 0.012 * number))
        impressions = round(dice.around(followers * 0.7, 0.3))
        conversions = dice.poisson(3.2)
        pieces.append(
            Collab(
                day, network, name, "Benchmark report", followers, impressions,
                engagements=dice.binomial(impressions, 0.021),
                fee=round(followers * dice.uniform(4.5, 7.0)),
                product=0,
                boost=50_000 if dice.chance(0.4) else 0,
                conversions=conversions,
                revenue=sum(dice.choice((180_00, 620_00)) for _ in range(conversions) if dice.chance(0.5)),
                rate=RATE_CARD[network],
            )
        )  # fmt: skip
    return pieces

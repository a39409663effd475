"""Own channels and the public: posts, audiences, influencers, mentions, readings, search queries and pages seen."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.demo.clock import Clock
from leadline.demo.export.text import File, Row, money, table, utf8
from leadline.demo.world import World


def social_posts(world: World) -> Iterator[File]:
    """Posts, articles and episodes, a row each; cells are empty where a network has no such figure."""
    rows: list[Row] = [
        ("Published", "Network", "Profile", "Post ID", "Type", "Impressions", "Reach", "Likes", "Comments", "Shares",
         "Saves", "Link clicks", "Plays", "3-second plays", "Views", "Watch time (s)"),
    ]  # fmt: skip
    for post in world.posts:
        seen = (post.impressions, post.reach, post.likes, post.comments, post.shares, post.saves, post.clicks)
        video = (post.plays, post.hooks, post.views, post.seconds)
        rows.append(
            (f"{post.day}", post.network, post.profile, post.id, post.kind,
             *(str(value) if post.impressions else "" for value in seen),
             *(str(value) if post.kind == "video" else "" for value in video))
        )  # fmt: skip
    yield "social_posts.csv", utf8(table(rows))


def audiences(world: World) -> Iterator[File]:
    """Sizes of profiles and lists, read at each month's end or with each newsletter."""
    rows: list[Row] = [("Day", "Network", "Profile or list", "Followers")]
    rows.extend((f"{one.day}", one.network, one.profile, str(one.followers)) for one in world.audiences)
    yield "audience_sizes.csv", utf8(table(rows))


def influencers(world: World) -> Iterator[File]:
    """Work with influencers, a row a piece; conversions and revenue by code and link, from own records."""
    rows: list[Row] = [
        ("Published", "Network", "Influencer", "Campaign", "Followers", "Impressions", "Engagements", "Fee (EUR)",
         "Products (EUR)", "Promotion (EUR)", "Conversions", "Revenue (EUR)", "Rate card (EUR)"),
    ]  # fmt: skip
    for one in world.collabs:
        rows.append(
            (f"{one.day}", one.network, one.influencer, one.campaign, str(one.followers), str(one.impressions),
             str(one.engagements), money(one.fee), money(one.product), money(one.boost), str(one.conversions),
             money(one.revenue), money(one.rate))
        )  # fmt: skip
    yield "influencers.csv", utf8(table(rows))


def mentions(world: World) -> Iterator[File]:
    """What the monitoring tool found: mentions of three brands, press pieces and reviews, in UTC."""
    rows: list[Row] = [
        ("ID", "Time (UTC)", "Kind", "Site", "Outlet", "Tier", "Brand", "Influencer", "Copy", "Sentiment", "Mentions",
         "Impressions", "Stars"),
    ]  # fmt: skip
    for one in world.mentions:
        rows.append(
            (one.id, f"{one.at:%Y-%m-%d %H:%M}", one.kind, one.network, one.outlet, one.tier, one.brand,
             "yes" if one.influencer else "no", "yes" if one.copied else "no", one.sentiment, str(one.count),
             str(one.displays) if one.displays else "", str(one.stars) if one.stars else "")
        )  # fmt: skip
    yield "brand_mentions.csv", utf8(table(rows))


def readings(world: World) -> Iterator[File]:
    """Figures from outside, read at each month's end; money stands in a column of its own."""
    rows: list[Row] = [("Day", "Figure", "Subject", "Brand", "Tool", "Value", "Amount (EUR)")]
    for one in world.readings:
        rows.append(
            (f"{one.day}", one.figure, one.subject, one.brand, one.tool,
             "" if one.value is None else f"{one.value:.0f}", "" if one.cents is None else money(one.cents))
        )  # fmt: skip
    yield "readings.csv", utf8(table(rows))


def search_queries(world: World) -> Iterator[File]:
    """The best-known search queries by week, with what their clicks would cost as ads."""
    rows: list[Row] = [("Week from", "Query", "Impressions", "Clicks", "Position", "Traffic cost (EUR)")]
    for one in world.queries:
        rows.append(
            (f"{one.day}", one.text, str(one.impressions), str(one.clicks), f"{one.position / 10:.1f}",
             money(one.cents))
        )  # fmt: skip
    yield "seo_queries.csv", utf8(table(rows))


def pages(world: World) -> Iterator[File]:
    """Pages of the blog and around it, one row each time one was seen, in local time."""
    clock = Clock(world.company.timezone)
    rows: list[Row] = [("time", "visitor", "visit", "page", "kind", "seconds", "scrolled")]
    for one in world.pages:
        rows.append(
            (f"{clock.local(one.at):%Y-%m-%d %H:%M:%S}", one.visitor, one.session, one.page, one.kind,
             str(one.seconds), f"{one.depth / 100:.2f}")
        )  # fmt: skip
    yield "blog_pages.csv", utf8(table(rows))

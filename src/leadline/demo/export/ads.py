"""Reports of the advertising platforms, a row a campaign and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadline.demo.export.text import MONTHS, File, Row, long_date, money, percent, ratio, table, tabs, utf8, utf16
from leadline.demo.world import AdDay, World

IMPRESSION_SHARE = {"Search | Brand": 82, "Search | Generic": 23, "Search | Competitor": 7}


def _days(world: World, platform: str) -> list[AdDay]:
    return [ad for ad in world.ads if ad.campaign.platform == platform and ad.day >= world.company.starts]


def google_ads(world: World) -> Iterator[File]:
    """Campaign report by day: UTF-16, tabs, two lines above the header, ` --` for nothing, totals at the end."""
    company = world.company
    ads = _days(world, "google_ads")
    rows: list[Row] = [
        ("Day", "Campaign", "Campaign ID", "Campaign type", "Currency code", "Clicks", "Impr.", "CTR", "Avg. CPC",
         "Cost", "Conversions", "Cost / conv.", "Conv. rate", "Conv. value", "Search impr. share",
         "Search lost IS (budget)", "Search lost IS (rank)", "Viewable impr.", "Measurable impr."),
    ]  # fmt: skip
    for ad in ads:
        rows.append(
            (
                f"{ad.day}",
                ad.campaign.name,
                ad.campaign.id,
                "Search",
                company.currency,
                *_google_cells([ad]),
                *_share(ad),
                *_seen(ad),
            )
        )
    for label in ("Total: Campaigns", "Total: Account", "Total: Search"):
        kind = "Search" if label == "Total: Search" else " --"
        rows.append((label, " --", " --", kind, company.currency, *_google_cells(ads), *[" --"] * 5))
    preamble = f"Campaign report\n{long_date(company.starts)} - {long_date(company.ends)}\n"
    yield "google_ads_campaign_report.csv", utf16(tabs(rows, preamble))


def _google_cells(ads: list[AdDay]) -> tuple[str, ...]:
    clicks, impressions = sum(ad.clicks for ad in ads), sum(ad.impressions for ad in ads)
    cents, claimed = sum(ad.cents for ad in ads), sum(ad.claimed for ad in ads)
    return (
        f"{clicks:,}",
        f"{impressions:,}",
        percent(clicks, impressions),
        ratio(cents, 100 * clicks) if clicks else " --",
        money(cents, grouped=True),
        money(claimed, grouped=True),
        ratio(cents, claimed),
        percent(claimed, 100 * clicks),
        "0.00",
    )


def _share(ad: AdDay) -> tuple[str, str, str]:
    """Shares of the possible displays that were had, lost to budget and lost to rank; together one, in hundredths."""
    share = IMPRESSION_SHARE[ad.campaign.name] * 100 + ad.day.toordinal() * 97 % 900 - 450
    budget = (10_000 - share) * 30 // 100
    rank = 10_000 - share - budget
    return _bounded(share), _bounded(budget), _bounded(rank)


def _bounded(share: int) -> str:
    """A share as this platform prints it: nothing exact below a tenth or above nine."""
    return "< 10%" if share < 1000 else "> 90%" if share > 9000 else f"{share / 100:.2f}%"


def _seen(ad: AdDay) -> tuple[str, str]:
    """Displays that were seen, of those of which it could be measured."""
    measurable = ad.impressions * 94 // 100
    return f"{measurable * (61 + ad.day.toordinal() % 7) // 100:,}", f"{measurable:,}"


def microsoft_ads(world: World) -> Iterator[File]:
    """Campaign performance report by day: a block about the report above the header, a copyright line at the end."""
    company = world.company
    ads = _days(world, "microsoft_ads")
    rows: list[Row] = [
        ("Gregorian date", "Account name", "Campaign name", "Campaign ID", "Campaign type", "Currency code",
         "Impressions", "Clicks", "CTR", "Avg. CPC", "Spend", "Conversions", "Revenue"),
    ]  # fmt: skip
    for ad in ads:
        rows.append(
            (f"{ad.day.month}/{ad.day.day}/{ad.day.year}", company.name, ad.campaign.name, ad.campaign.id,
             "Search & content", company.currency, str(ad.impressions), str(ad.clicks),
             percent(ad.clicks, ad.impressions), ratio(ad.cents, 100 * ad.clicks), money(ad.cents),
             money(ad.claimed), "0.00")
        )  # fmt: skip
    about = [
        ("Report Name: Campaign performance report",),
        (f"Report Time: {company.starts.month}/{company.starts.day}/{company.starts.year},"
         f"{company.ends.month}/{company.ends.day}/{company.ends.year}",),
        ("Time Zone: (GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",),
        (f"Last Completed Available Day: {company.ends.month}/{company.ends.day}/{company.ends.year} 11:59:00 PM"
         " (GMT)",),
        ("Report Aggregation: Day",),
        ("Report Filter:",),
        ("Potential Incomplete Data: false",),
        (f"Rows: {len(ads)}",),
    ]  # fmt: skip
    text = table(about, newline="\r\n", quote_all=True) + "\r\n"
    text = table(rows, newline="\r\n", quote_all=True, preamble=text)
    text += f'\r\n"©{company.ends.year} Microsoft Corporation. All rights reserved."\r\n'
    yield "Campaign_performance_report.csv", utf8(text, mark=True)


def meta_ads(world: World) -> Iterator[File]:
    """Campaigns by day, a file a year: byte-order mark, the currency inside the headers, rates as bare numbers."""
    company, code = world.company, world.company.currency
    for first, last in company.years:
        rows: list[Row] = [
            ("Campaign name", "Campaign ID", "Day", "Attribution setting", "Results", "Result indicator", "Reach",
             "Frequency", "Cost per results", f"Amount spent ({code})", "Impressions",
             f"CPM (cost per 1,000 impressions) ({code})", "Link clicks", f"CPC (cost per link click) ({code})",
             "CTR (link click-through rate)", "Clicks (all)", "CTR (all)", f"CPC (all) ({code})", "Reporting starts",
             "Reporting ends"),
        ]  # fmt: skip
        for ad in _days(world, "meta_ads"):
            if first <= ad.day <= last:
                rows.append(_meta_row(ad))
        name = f"Fathomere-Campaigns-{_short(first)}-{_short(last)}.csv"
        yield name, utf8(table(rows), mark=True)


def _meta_row(ad: AdDay) -> tuple[str, ...]:
    results = ad.claimed // 100
    return (
        ad.campaign.name, ad.campaign.id, f"{ad.day}", "7-day click or 1-day view",
        str(results) if results else "",
        "actions:offsite_conversion.fb_pixel_lead" if results else "",
        str(ad.reach),
        ratio(ad.impressions, ad.reach, 6),
        ratio(ad.cents, 100 * results, 6) if results else "",
        money(ad.cents),
        str(ad.impressions),
        ratio(10 * ad.cents, ad.impressions, 6),
        str(ad.link_clicks),
        ratio(ad.cents, 100 * ad.link_clicks, 6) if ad.link_clicks else "",
        ratio(100 * ad.link_clicks, ad.impressions, 6),
        str(ad.clicks),
        ratio(100 * ad.clicks, ad.impressions, 6),
        ratio(ad.cents, 100 * ad.clicks, 6) if ad.clicks else "",
        f"{ad.day}",
        f"{ad.day}",
    )  # fmt: skip


def _short(day: date) -> str:
    return f"{day.day}-{MONTHS[day.month - 1][:3]}-{day.year}"


def linkedin_ads(world: World) -> Iterator[File]:
    """Campaign performance by day: UTF-16, tabs, four lines and an empty one above the header, American dates."""
    company = world.company
    rows: list[Row] = [
        ("Start Date (in UTC)", "Account Name", "Currency", "Campaign ID", "Campaign Name", "Ad Set ID",
         "Ad Set Name", "Campaign Type", "Campaign Status", "Total Spent", "Impressions", "Clicks",
         "Click Through Rate", "Average CPM", "Average CPC", "Conversions", "Leads", "Clicks to Landing Page"),
    ]  # fmt: skip
    for ad in _days(world, "linkedin_ads"):
        rows.append(
            (f"{ad.day:%m/%d/%Y}", company.name, company.currency, ad.campaign.id, ad.campaign.name,
             f"{ad.campaign.id}01", "Decision makers", "Sponsored Update", "Active", money(ad.cents),
             str(ad.impressions), str(ad.clicks),
             percent(ad.clicks, ad.impressions), ratio(10 * ad.cents, ad.impressions),
             ratio(ad.cents, 100 * ad.clicks), str(ad.claimed // 100), "0", str(ad.link_clicks))
        )  # fmt: skip
    made = company.ends
    preamble = (
        "Campaign Performance Report (in UTC)\n"
        f"Report Start: {_american(company.starts)}, 12:00 AM\n"
        f"Report End: {_american(company.ends)}, 11:59 PM\n"
        f"Date Generated: {_american(made)}, 11:59 PM\n"
        "\n"
    )
    yield "account_508812345_campaign_performance_report.csv", utf16(tabs(rows, preamble))


def _american(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"

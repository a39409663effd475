"""The simulated company: every parameter that makes its numbers what they are.

Fathomere does not exist. These are the true effects that a measurement of the demo's files should find again; they are
written to `truth.json` beside the totals that came of them.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct


class Channel(Struct, frozen=True):
    """What a channel truly does.

    `visits` are sessions a day at the start that no campaign and no mailing brings, `form_rate` form fills (new
    contacts) a session; `mql`, `sql`, `opportunity` and `win` the chances of each next step; `churn` multiplies the
    plan's churn. `crm_name` is how the CRM calls the channel.
    """

    name: str
    crm_name: str
    visits: float
    form_rate: float
    mql: float
    sql: float
    opportunity: float
    win: float
    churn: float = 1.0


class Campaign(Struct, frozen=True):
    """An advertising campaign: euros a day at the start, price and pull of its ads, and form fills per session.

    `claim` is how many conversions the platform claims for each true lead. From `broken_from` on its landing page
    produces no leads while the money goes on being spent.
    """

    id: str
    name: str
    platform: str
    channel: str
    budget: float
    cpc: float
    ctr: float
    form_rate: float
    claim: float
    broken_from: date | None = None


class Plan(Struct, frozen=True):
    """A price list entry: cents a month, share among buyers, and the chance of leaving each month."""

    name: str
    cents: int
    share: float
    churn: float


class Lag(Struct, frozen=True):
    """Days between two steps: lognormal, by its median and the spread of its logarithm."""

    median: float
    sigma: float


class Company(Struct, frozen=True):
    """All parameters of the simulation. Money is in euro cents unless it says otherwise."""

    name: str
    notice: str
    currency: str
    timezone: str
    starts: date
    ends: date
    crm_since: date
    growth_per_year: float
    weekday: tuple[float, ...]
    month: tuple[float, ...]
    channels: tuple[Channel, ...]
    campaigns: tuple[Campaign, ...]
    plans: tuple[Plan, ...]
    add_on_cents: int
    price_rise_on: date
    price_rise: float
    yearly_share: float
    yearly_discount: float
    lags: dict[str, Lag]
    subscriber_share: float
    subscriber_to_lead: float
    tracked_clicks: float
    webinar_signup: float
    webinar_show_up: float
    webinar_mql_lift: float
    mql_tightened_on: date
    mql_tightened: float
    sql_after_tightening: float
    work_rate: float
    open_rate: float
    click_to_open: float
    failed_payment: float
    refund: float
    add_on_per_month: float
    add_on_drop_per_month: float
    upgrade_per_month: float
    reactivation: float
    owners: tuple[str, ...]

    @property
    def years(self) -> tuple[tuple[date, date], ...]:
        """First and last day of each year that the tools' reports cover; the last one runs to the end of the data."""
        second = self.starts.replace(year=self.starts.year + 1)
        return (self.starts, second - timedelta(days=1)), (second, self.ends)

    def channel(self, name: str) -> Channel:
        """The channel of that name."""
        return next(channel for channel in self.channels if channel.name == name)

    def season(self, day: date) -> float:
        """Demand on `day` against an average day of the first year: growth, month of the year and day of the week."""
        years = (day - self.starts).days / 365.25
        growth: float = (1 + self.growth_per_year) ** years
        # Months blend into each other at mid-month, so that no first of a month jumps.
        position = day.month - 1 + (day.day - 15.5) / 30.5
        low = int(position // 1)
        share = position - low
        yearly = self.month[low % 12] * (1 - share) + self.month[(low + 1) % 12] * share
        return growth * yearly * self.weekday[day.weekday()]


BROKEN_CAMPAIGN = "Prospecting | Buyer guide"

FATHOMERE = Company(
    name="Fathomere (simulated)",
    notice="Simulated data of a company that does not exist. Every figure was generated from a seed; none is real.",
    currency="EUR",
    timezone="Europe/Berlin",
    starts=date(2024, 7, 1),
    ends=date(2026, 7, 5),
    crm_since=date(2023, 10, 1),
    growth_per_year=0.24,
    weekday=(1.14, 1.24, 1.20, 1.13, 0.93, 0.40, 0.46),
    month=(1.05, 1.04, 1.07, 0.99, 0.98, 0.95, 0.90, 0.82, 1.08, 1.11, 1.09, 0.80),
    channels=(
        Channel("Organic Search", "Organic Search", 205.0, 0.0150, 0.40, 0.55, 0.68, 0.36),
        Channel("Direct", "Direct Traffic", 118.0, 0.0120, 0.38, 0.58, 0.70, 0.38),
        Channel("Referral", "Referrals", 27.0, 0.0300, 0.52, 0.62, 0.72, 0.44, 0.7),
        Channel("Organic Social", "Organic Social", 34.0, 0.0080, 0.22, 0.45, 0.60, 0.28),
        Channel("Email", "Email Marketing", 14.0, 0.0130, 0.42, 0.55, 0.66, 0.34, 0.9),
        Channel("Paid Search", "Paid Search", 0.0, 0.0, 0.40, 0.54, 0.68, 0.34),
        Channel("Paid Social", "Paid Social", 0.0, 0.0, 0.24, 0.44, 0.60, 0.27, 1.35),
    ),
    campaigns=(
        Campaign("20418833101", "Search | Brand", "google_ads", "Paid Search", 34.0, 1.15, 0.092, 0.058, 1.10),
        Campaign("20418833102", "Search | Generic", "google_ads", "Paid Search", 118.0, 2.90, 0.041, 0.033, 1.10),
        Campaign("20418833103", "Search | Competitor", "google_ads", "Paid Search", 46.0, 3.60, 0.027, 0.019, 1.15),
        Campaign("402915577", "Bing | Generic", "microsoft_ads", "Paid Search", 22.0, 2.10, 0.033, 0.030, 1.05),
        Campaign("120209155500010", BROKEN_CAMPAIGN, "meta_ads", "Paid Social", 74.0, 1.05, 0.011, 0.014, 1.55,
                 date(2026, 4, 13)),
        Campaign("120209155500020", "Retargeting | Demo", "meta_ads", "Paid Social", 31.0, 1.35, 0.016, 0.029, 1.80),
        Campaign("317204404", "Leaders | Benchmark report", "linkedin_ads", "Paid Social", 108.0, 6.80, 0.006, 0.036,
                 1.30),
        Campaign("317204405", "Leaders | Webinar", "linkedin_ads", "Paid Social", 52.0, 7.60, 0.005, 0.047, 1.30),
    ),
    plans=(
        Plan("Starter", 180_00, 0.44, 0.032),
        Plan("Team", 620_00, 0.36, 0.017),
        Plan("Business", 1_900_00, 0.17, 0.009),
        Plan("Enterprise", 4_800_00, 0.03, 0.005),
    ),
    add_on_cents=140_00,
    price_rise_on=date(2025, 7, 1),
    price_rise=0.07,
    yearly_share=0.3,
    yearly_discount=0.1,
    lags={
        "subscriber_to_lead": Lag(21.0, 0.9),
        "lead_to_mql": Lag(4.0, 1.0),
        "mql_to_touch": Lag(0.3, 1.1),
        "mql_to_sql": Lag(4.0, 0.8),
        "sql_to_opportunity": Lag(5.0, 0.7),
        "opportunity_to_won": Lag(36.0, 0.55),
        "opportunity_to_lost": Lag(44.0, 0.7),
        "won_to_start": Lag(2.5, 0.6),
        "start_to_active": Lag(6.0, 0.9),
    },
    subscriber_share=0.16,
    subscriber_to_lead=0.45,
    tracked_clicks=0.88,
    webinar_signup=0.13,
    webinar_show_up=0.43,
    webinar_mql_lift=1.5,
    mql_tightened_on=date(2025, 10, 1),
    mql_tightened=0.84,
    sql_after_tightening=1.14,
    work_rate=0.87,
    open_rate=0.34,
    click_to_open=0.085,
    failed_payment=0.03,
    refund=0.008,
    add_on_per_month=0.012,
    add_on_drop_per_month=0.015,
    upgrade_per_month=0.006,
    reactivation=0.07,
    owners=("Amara Okafor", "Jonas Feld", "Lucía Prieto", "Tomasz Zawada", "Ines Vautrin", "Deniz Aksoy"),
)  # fmt: skip

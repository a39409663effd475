"""People: names that belong to nobody, the stages they pass, webinars they join, and what sales does with them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta

from leadline.demo.clock import Clock
from leadline.demo.company import Company, Lag
from leadline.demo.dice import Dice
from leadline.demo.traffic import NO_CAMPAIGN
from leadline.demo.world import Activity, Deal, Member, Person, VisitDay, Webinar

FIRST = (
    "Ada", "Bruno", "Chloé", "Dmitri", "Elif", "Farah", "Günther", "Hana", "Ingrid", "João", "Kenji", "Leïla", "Mateus",
    "Nadia", "Øyvind", "Priya", "Quentin", "Rosa", "Søren", "Thi Mai", "Umut", "Vera", "Wiktor", "Xin", "Yusuf", "Zoë",
    "Anouk", "Björn", "Carmen", "Dario", "Emre", "Fatima", "Greta", "Hugo", "Iris", "Jakub", "Klara", "Linh", "Marek",
    "Noor",
)  # fmt: skip
LAST = (
    "Abel", "Brandt", "Castellanos", "Duarte", "Eklund", "Ferrand", "Grüner", "Haddad", "Ivanova", "Jansen", "Kowalski",
    "Lindqvist", "Moreau", "Nguyen", "Ortega", "Petrov", "Quist", "Rossi", "Şahin", "Tanaka", "Uzun", "Vandamme",
    "Weiss", "Xu", "Yilmaz", "Zanetti", "Almeida", "Bergström", "Conti", "Dvořák", "Esposito", "Fischer", "García",
    "Holm", "Iyer", "Jokinen", "Keller", "Löwe", "Marin", "Novak", "Olsen", "Pereira", "Reyes", "Sato", "Toth", "Varga",
)  # fmt: skip
COMPANY_HEAD = (
    "Ambra", "Borea", "Caldo", "Drava", "Elmo", "Fjora", "Galva", "Hesta", "Isola", "Junga", "Karsa", "Lumi", "Mora",
    "Nordo", "Orvi", "Pelta", "Quilo", "Rivo", "Salda", "Tirra", "Ulvo", "Velda", "Wexo", "Ysera", "Zorra",
)  # fmt: skip
COMPANY_MIDDLE = ("", "bel", "cor", "dan", "fin", "gal", "lin", "mar", "nex", "pol", "ren", "sol", "tec", "ver")
COMPANY_TAIL = ("Logistik", "Foods", "Software", "Health", "Partners", "Systems", "& Söhne", "Energy", "Textiles",
                "Robotics")  # fmt: skip
COUNTRIES = ("Germany", "Netherlands", "France", "Spain", "Poland", "Sweden", "Italy", "Türkiye", "United Kingdom")
COUNTRY_SHARE = (30, 13, 13, 9, 8, 8, 8, 4, 7)
LOSS_REASONS = ("No decision", "Price", "Competitor", "Missing feature", "Timing")
OPEN_STAGES = ("Appointment scheduled", "Qualified to buy", "Presentation scheduled", "Contract sent")


def simulate(
    company: Company, clock: Clock, visits: list[VisitDay], planned: list[Webinar], dice: Dice
) -> tuple[list[Person], list[Member], list[Activity], list[Deal]]:
    """Every contact with its stages, and the webinars, activities and deals that belong to it.

    Nothing that would happen after the company's last day is recorded: young cohorts are unfinished, as in life.
    """
    horizon = clock.midnight(company.ends + timedelta(days=1))
    names = _names(dice)
    people: list[Person] = []
    members: list[Member] = []
    activities: list[Activity] = []
    deals: list[Deal] = []
    for visit in visits:
        for _ in range(visit.forms):
            created = clock.visit(visit.day, dice)
            first, last, email, employer = next(names)
            person_id = str(51_000_001 + 37 * len(people))
            destiny, joined = _stages(company, clock, visit, created, planned, horizon, dice)
            stages = {stage: moment for stage, moment in destiny.items() if moment < horizon}
            person = Person(
                person_id, first, last, email, employer,
                country=dice.pick(COUNTRIES, COUNTRY_SHARE),
                owner=dice.choice(company.owners),
                channel=visit.channel,
                campaign="" if visit.campaign == NO_CAMPAIGN else visit.campaign,
                created_at=created,
                stages=stages,
                visits=1 + dice.poisson(2.2),
            )  # fmt: skip
            people.append(person)
            members.extend(Member(webinar, person, registered, joins) for webinar, registered, joins in joined)
            activities.extend(_activities(company, clock, person, len(activities), horizon, dice))
            if "opportunity" in stages:
                deals.append(_deal(company, clock, person, destiny.get("customer"), len(deals), horizon, dice))
    return people, members, activities, deals


def _names(dice: Dice) -> Iterator[tuple[str, str, str, str]]:
    """First name, last name, e-mail and employer, each e-mail once; every domain is under `.example`."""
    taken: set[str] = set()
    employers: list[str] = []
    while True:
        # One contact in four works where another contact does.
        if employers and dice.chance(0.25):
            employer = dice.choice(employers)
        else:
            employer = f"{dice.choice(COMPANY_HEAD)}{dice.choice(COMPANY_MIDDLE)} {dice.choice(COMPANY_TAIL)}"
            employers.append(employer)
        first, last = dice.choice(FIRST), dice.choice(LAST)
        name = f"{_plain(first)}.{_plain(last)}"
        domain = f"{_plain(employer)}.example"
        email, again = f"{name}@{domain}", 1
        while email in taken:
            again += 1
            email = f"{name}{again}@{domain}"
        taken.add(email)
        yield first, last, email, employer


def _plain(name: str) -> str:
    letters = name.replace("ø", "o").replace("Ø", "O").replace("&", "and").replace("ı", "i").lower()
    letters = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    return letters.replace(" ", "-")


def _after(moment: datetime, lag: Lag, dice: Dice) -> datetime:
    return moment + timedelta(days=dice.around(lag.median, lag.sigma))


Joined = tuple[Webinar, datetime, tuple[tuple[datetime, datetime], ...]]


def _stages(
    company: Company, clock: Clock, visit: VisitDay, created: datetime, planned: list[Webinar], horizon: datetime,
    dice: Dice,
) -> tuple[dict[str, datetime], list[Joined]]:  # fmt: skip
    """The stages a new contact enters, also after the last day, and the webinars it signs up for."""
    channel, lags = company.channel(visit.channel), company.lags
    reached: dict[str, datetime] = {}
    webinar_lead = "Webinar" in visit.campaign or visit.campaign.startswith(("Invitation", "Reminder"))
    joined = _webinars(company, clock, created, planned, webinar_lead, horizon, dice)
    attended = [joins[-1][1] for _, _, joins in joined if joins]

    entered = created
    subscriber = not webinar_lead and dice.chance(company.subscriber_share)
    goes_on = not subscriber or dice.chance(company.subscriber_to_lead)
    if subscriber:
        reached["subscriber"] = created
        entered = clock.awake(_after(created, lags["subscriber_to_lead"], dice) + timedelta(hours=1), dice)
    if goes_on:
        reached["lead"] = entered

    tightened = clock.local(entered).date() >= company.mql_tightened_on
    chance = channel.mql * (company.mql_tightened if tightened else 1) * (company.webinar_mql_lift if attended else 1)
    if goes_on and dice.chance(chance):
        entered = clock.awake(_after(entered, lags["lead_to_mql"], dice) + timedelta(hours=1), dice)
        if attended and attended[0] > entered:
            entered = clock.awake(attended[0] + timedelta(hours=1 + dice.randrange(40)), dice)
        reached["mql"] = entered
        if dice.chance(channel.sql * (company.sql_after_tightening if tightened else 1)):
            entered = clock.working(_after(entered, lags["mql_to_sql"], dice) + timedelta(hours=2), dice)
            reached["sql"] = entered
            if dice.chance(channel.opportunity):
                entered = clock.working(_after(entered, lags["sql_to_opportunity"], dice) + timedelta(hours=2), dice)
                reached["opportunity"] = entered
                if dice.chance(channel.win):
                    won = _after(entered, lags["opportunity_to_won"], dice) + timedelta(hours=4)
                    reached["customer"] = clock.working(won, dice)
    return reached, joined


def _webinars(
    company: Company, clock: Clock, created: datetime, planned: list[Webinar], keen: bool, horizon: datetime, dice: Dice
) -> list[Joined]:
    """Registrations: the next webinar for some, and one more for some of those who came."""
    joined: list[Joined] = []
    chance = 0.75 if keen else company.webinar_signup
    earliest = created
    for webinar in planned:
        if webinar.starts_at < earliest + timedelta(hours=4) or webinar.starts_at >= horizon:
            continue
        if not dice.chance(chance):
            break
        # A keen contact's form is the registration itself; others sign up some time before the event.
        span = min((webinar.starts_at - earliest).total_seconds() / 60 - 60, 30_000)
        registered = webinar.starts_at - timedelta(minutes=60 + int(dice.random() * span))
        registered = created if keen and not joined else clock.awake(registered, dice)
        joins = _joins(webinar, dice) if dice.chance(company.webinar_show_up) else ()
        joined.append((webinar, registered, joins))
        if not joins:
            break
        chance, earliest = 0.38, webinar.starts_at
    return joined


def _joins(webinar: Webinar, dice: Dice) -> tuple[tuple[datetime, datetime], ...]:
    """Times in the room: whole minutes, with a lost connection for one in five and two devices for one in twenty."""
    start = webinar.starts_at
    enter = dice.randrange(12) - 4
    leave = min(webinar.minutes, max(enter + 5, round(dice.triangular(10, webinar.minutes + 8, webinar.minutes))))
    if dice.chance(0.2) and leave - enter > 20:
        cut = enter + 8 + dice.randrange(leave - enter - 15)
        parts = [(enter, cut), (cut + 2, leave)]
    elif dice.chance(0.06) and leave - enter > 20:
        # On two devices at once: the minutes overlap and must count once.
        parts = [(enter, leave), (enter + 5, leave - 5)]
    else:
        parts = [(enter, leave)]
    seconds = dice.randrange(60)
    return tuple(
        (start + timedelta(minutes=a, seconds=seconds), start + timedelta(minutes=b, seconds=seconds)) for a, b in parts
    )


def _activities(
    company: Company, clock: Clock, person: Person, count: int, horizon: datetime, dice: Dice
) -> list[Activity]:
    """Calls, mails and meetings of sales with a qualified lead; some leads are never worked."""
    qualified = person.stages.get("mql")
    if qualified is None:
        return []
    done: list[Activity] = []

    def add(at: datetime, kind: str, outcome: str, automated: bool = False) -> None:
        if at < horizon:
            done.append(Activity(f"A{count + len(done) + 1:06d}", at, kind, outcome, automated, person))

    if dice.chance(0.3):
        add(clock.awake(qualified + timedelta(minutes=20), dice), "email", "sent", True)
    if "sql" in person.stages or dice.chance(company.work_rate - 0.5):
        at = clock.working(_after(qualified, company.lags["mql_to_touch"], dice), dice)
        if "sql" in person.stages and at >= person.stages["sql"]:
            at = qualified + timedelta(minutes=30)
        add(at, dice.pick(("call", "email"), (3, 2)), dice.choice(("connected", "no answer", "left message")))
        for _ in range(dice.poisson(1.2)):
            at = clock.working(at + timedelta(days=1 + dice.randrange(4)), dice)
            add(at, dice.pick(("call", "email"), (1, 1)), dice.choice(("connected", "no answer", "replied")))
    if "sql" in person.stages:
        add(person.stages["sql"], "meeting", "held")
    if "opportunity" in person.stages:
        add(clock.working(person.stages["opportunity"] + timedelta(days=5), dice), "meeting", "held")
    return done


def _deal(
    company: Company, clock: Clock, person: Person, won: datetime | None, count: int, horizon: datetime, dice: Dice
) -> Deal:
    """The deal of an opportunity: won, lost, or still open at the end; `won` may lie beyond it."""
    created = person.stages["opportunity"]
    plan = dice.pick(company.plans, [plan.share for plan in company.plans])
    lost = clock.working(_after(created, company.lags["opportunity_to_lost"], dice) + timedelta(hours=4), dice)
    cents = list_price(company, plan.cents, clock.local(won or created).date() >= company.price_rise_on)
    if plan.name in ("Business", "Enterprise"):
        cents = cents * dice.choice((100, 95, 90)) // 100
    if won is not None and won < horizon:
        status, stage, closed = "won", "Closed won", won
    elif won is None and lost < horizon and not dice.chance(0.02):
        status, stage, closed = "lost", "Closed lost", lost
    else:
        status, stage, closed = "open", dice.choice(OPEN_STAGES), None
    return Deal(
        id=str(9_300_000_001 + 53 * count),
        person=person,
        plan=plan.name,
        cents=cents * 12,
        created_at=created,
        status=status,
        stage=stage,
        closed_at=closed,
        expected_close=closed or max(created, horizon) + timedelta(days=3 + dice.randrange(60)),
        loss_reason=dice.choice(LOSS_REASONS) if status == "lost" else "",
    )


def list_price(company: Company, cents: int, raised: bool) -> int:
    """A monthly list price in cents, before or after the price rise."""
    return round(cents * (1 + company.price_rise)) if raised else cents

"""The simulation from end to end: traffic makes people, people make deals, deals make customers."""

from __future__ import annotations

from leadline.demo import customers, people, traffic
from leadline.demo.clock import Clock
from leadline.demo.company import FATHOMERE, Company
from leadline.demo.dice import Dice
from leadline.demo.world import World


def simulate(seed: int = 7, company: Company = FATHOMERE) -> World:
    """Everything that happens to `company`, the same for the same seed."""
    clock = Clock(company.timezone)
    planned = traffic.webinars(company, clock)
    ads, visits, search, mailings = traffic.simulate(company, clock, planned, Dice(seed, "traffic"))
    contacts, members, activities, deals = people.simulate(company, clock, visits, planned, Dice(seed, "people"))
    subscriptions = customers.subscribe(company, clock, deals, Dice(seed, "subscriptions"))
    return World(
        company=company,
        seed=seed,
        ads=tuple(ads),
        visits=tuple(visits),
        search=tuple(search),
        mailings=tuple(mailings),
        people=tuple(contacts),
        members=tuple(members),
        activities=tuple(activities),
        deals=tuple(deals),
        subscriptions=tuple(subscriptions),
        payments=tuple(customers.charge(company, clock, subscriptions, Dice(seed, "payments"))),
        usage=tuple(customers.use(company, clock, subscriptions, Dice(seed, "usage"))),
        answers=tuple(customers.ask(company, clock, subscriptions, Dice(seed, "answers"))),
        costs=tuple(customers.spend(company, clock, ads, deals, Dice(seed, "costs"))),
    )

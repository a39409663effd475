"""The simulation from end to end: traffic makes people, people make deals, deals make customers."""

from __future__ import annotations

from datetime import timedelta

from leadline.demo import advocacy, customers, market, people, plan, social, traffic
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
    payments = customers.charge(company, clock, subscriptions, Dice(seed, "payments"))
    usage = customers.use(company, clock, subscriptions, Dice(seed, "usage"))
    answers = customers.ask(company, clock, subscriptions, Dice(seed, "answers"))
    costs = customers.spend(company, clock, ads, deals, Dice(seed, "costs"))
    # What follows draws from dice of its own, so that nothing above depends on it.
    horizon = clock.midnight(company.ends + timedelta(days=1))
    subscriptions, trials = customers.try_out(company, clock, subscriptions, contacts, Dice(seed, "trials"))
    usage = customers.use_more(clock, usage, horizon, Dice(seed, "features"))
    costs += plan.further_costs(company, clock, payments, Dice(seed, "overheads"))
    invitations = advocacy.invite(contacts, subscriptions, horizon, Dice(seed, "invitations"))
    touches = advocacy.touches(clock, contacts, members, invitations, Dice(seed, "touches"))
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
        payments=tuple(payments),
        usage=tuple(usage),
        answers=tuple(answers),
        costs=tuple(costs),
        trials=tuple(trials),
        replies=tuple(advocacy.survey(company, clock, subscriptions, Dice(seed, "replies"))),
        posts=tuple(social.publish(company, Dice(seed, "posts"))),
        audiences=tuple(social.follow(company, mailings, Dice(seed, "audiences"))),
        collabs=tuple(social.collaborate(company, Dice(seed, "collabs"))),
        mentions=tuple(market.talk(company, clock, Dice(seed, "mentions"))),
        readings=tuple(market.read(company, subscriptions, clock, Dice(seed, "readings"))),
        queries=tuple(market.search(search, company, Dice(seed, "queries"))),
        pages=tuple(market.browse(company, clock, Dice(seed, "pages"))),
        contacts=tuple(touches),
        entries=tuple(
            advocacy.entries(
                clock, contacts, activities, touches, subscriptions, usage, answers, horizon, Dice(seed, "entries")
            )
        ),
        invitations=tuple(invitations),
        targets=tuple(plan.aim(company, clock, contacts, deals, payments, Dice(seed, "targets"))),
    )

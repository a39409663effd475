"""Which channel a visit belongs to, and which rule said so.

`decide` names the channel of a source, medium and campaign by rules (GA4's default channel group unless told
otherwise); `explain` starts from what a visit really brings, an address and a referrer, and says every step.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from leadline.journey.origin import Origin, origin_of
from leadline.journey.rule import Rule, Rules, load_rules, lower


class Decision(Struct, frozen=True):
    """A channel, the id of the rule that named it (`ga4.paid-search`; `ga4.otherwise` when none held), why, and the
    input it was named by. `category` is the kind of source the rules know it as, empty when they do not.
    """

    channel: str
    rule: str
    reason: str
    source: str
    medium: str
    campaign: str
    category: str


class Explanation(Struct, frozen=True):
    """A decision and where its source, medium and campaign came from."""

    decision: Decision
    origin: Origin


def decide(
    source: str | None, medium: str | None, campaign: str | None = None, *, rules: Rules | None = None
) -> Decision:
    """The channel of a visit. Nothing is trimmed or guessed: an empty source is not `(direct)`."""
    rules = rules or ga4()
    given = (source or "", medium or "", campaign or "")
    low = {name: lower(value) for name, value in zip(("source", "medium", "campaign"), given, strict=True)}
    low["category"] = rules.categories.get(low["source"], "")
    for rule in rules.rules:
        for clause in rule.when:
            if all(test.holds(low[name]) for name, test in clause.items()):
                reason = " and ".join(f"{name} {test}" for name, test in clause.items())
                return Decision(rule.channel, rule.id, reason, *given, low["category"])
    return Decision(rules.otherwise, otherwise_id(rules), "no rule holds", *given, low["category"])


def explain(
    *,
    source: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    url: str | None = None,
    referrer: str | None = None,
    own_hosts: tuple[str, ...] = (),
    rules: Rules | None = None,
) -> Explanation:
    """The channel of a visit from all it brings; `own_hosts` are the hosts whose referrals are not sources."""
    origin = origin_of(source=source, medium=medium, campaign=campaign, url=url, referrer=referrer, own_hosts=own_hosts)
    return Explanation(decide(origin.source, origin.medium, origin.campaign, rules=rules), origin)


def otherwise_id(rules: Rules) -> str:
    """Id of the decision made when no rule holds."""
    return f"{rules.preset}.otherwise"


def rule_named(rules: Rules, rule_id: str) -> Rule | None:
    """The rule of a decision; None for the decision made when none holds."""
    return next((rule for rule in rules.rules if rule.id == rule_id), None)


@lru_cache(maxsize=1)
def ga4() -> Rules:
    """GA4's default channel group, alone."""
    return load_rules()

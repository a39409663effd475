"""Which account a row belongs to, as SQL: the one rule of everything that follows accounts instead of persons.

A row belongs to the account it names itself, else to the one its person was with at that moment: the account last named
beside the person, and before the first such record the first one.
"""

from __future__ import annotations

REGISTRY = "SELECT person, account, since FROM identity.employer"
"""Who was with whom since when, by the names of persons that the registry gives."""

BY_IDS = (
    "SELECT DISTINCT member.id AS person, employer.account, employer.since FROM identity.employer AS employer "
    "JOIN identity.member AS member ON member.person = employer.person WHERE member.kind <> 'anonymous'"
)
"""The same by the ids that rows have."""

NOBODY = "SELECT NULL AS person, NULL AS account, NULL AS since WHERE 1 = 0"


def belonging(named: str) -> str:
    """CTEs that end in `belongs`: spells of persons with accounts, from rows `named` of person, account and `since`.

    A spell lasts until `until` (None: to this day); the one with `nth` 1 holds before its `since` too. Of two accounts
    named at one moment the smaller id holds.
    """
    return (
        f"named AS (\n    {named}\n),\n"
        "named_at AS (SELECT person, since, min(account) AS account FROM named GROUP BY person, since),\n"
        "named_after AS (\n"
        "  SELECT named_at.*, lag(account) OVER (PARTITION BY person ORDER BY since) AS before FROM named_at\n"
        "),\n"
        "belongs AS (\n"
        "  SELECT person, account, since,\n"
        "    lead(since) OVER (PARTITION BY person ORDER BY since) AS until,\n"
        "    row_number() OVER (PARTITION BY person ORDER BY since) AS nth\n"
        "  FROM named_after WHERE before IS NULL OR before <> account\n"
        ")"
    )


def was_with(person: str, at: str) -> str:
    """The condition that joins a row to the spell of its person at the moment `at`."""
    return (
        f"belongs.person = {person} AND (belongs.nth = 1 OR belongs.since <= {at}) "
        f"AND (belongs.until IS NULL OR {at} < belongs.until)"
    )

"""Who is who: ids that belong to one person, by evidence and by command, the same whatever the order of arrival.

Evidence is two ids seen together (a visitor and the user who logged in, a user and an e-mail address). Commands come
from people or systems: `merge` says two ids are one person, `separate` says they are not.

The rules, in words:

1. An id that stands for nobody (empty, `0000`, `null`, `guest`, …) never links; each such use is counted.
2. Commands are the last word on their pair: the newest one holds, and `separate` wins a tie. Merges are made first,
   in the order of their time; one that would bring together what another command separates is refused.
3. Evidence is followed in the order of its own time, not of its arrival. A pair that would give a person more ids of a
   kind than `limits` allows (one user, five addresses) is refused and recorded: the earlier evidence keeps the id. A
   kiosk's visitor id thus belongs to its first user, and swallows nobody.
4. Users merged by command count as one user.
5. A person is named by its earliest user, else its earliest address, else its earliest visitor id; ties go to the
   smaller id.

The partition is a pure function of the set of evidence and commands, so delivering something twice or shuffled changes
nothing, and taking a command back (or separating) restores what was before. Every decision is in the result.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

Kind = Literal["user", "email", "anonymous"]
Action = Literal["merge", "separate"]
KINDS: tuple[Kind, ...] = ("user", "email", "anonymous")
LIMITS: Mapping[Kind, int] = {"user": 1, "email": 5}
"""Most ids of a kind a person may have; kinds left out may have any number."""

_NOBODY = re.compile(
    r"[0-]*|-1|null|nil|none|undefined|unknown|anonymous|guest|n/?a|nan|true|false|\(not set\)|\[object object\]"
)


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESS_ID = re.compile(r"p_[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Id(Struct, frozen=True, order=True, cache_hash=True):
    """An id and its kind. The value of an e-mail id is made from a hash of the address (`email_id`)."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Link(Struct, frozen=True, order=True):
    """Two ids seen together at a time (microseconds since 1970, UTC)."""

    at: int
    left: Id
    right: Id


class Command(Struct, frozen=True, order=True):
    """A word on two ids: one person, or two."""

    at: int
    action: Action
    left: Id
    right: Id


class Decision(Struct, frozen=True):
    """What became of a piece of evidence or a command. `rule` is `identity.link`, `identity.merge`,
    `identity.separate`, or why it was refused: `identity.limit.user`, `identity.separated`, `identity.overruled`.
    """

    at: int
    left: Id
    right: Id
    rule: str

    @property
    def refused(self) -> bool:
        return self.rule not in ("identity.link", "identity.merge", "identity.separate")


class Identities(Struct, frozen=True):
    """The persons: id → person, every decision in order, and how often an id that stands for nobody was used."""

    person_of: Mapping[Id, str]
    decisions: tuple[Decision, ...]
    nobody: int = 0

    def people(self) -> list[list[Id]]:
        """The ids of each person, both in order."""
        groups: dict[str, list[Id]] = {}
        for each, person in self.person_of.items():
            groups.setdefault(person, []).append(each)
        return sorted(sorted(ids) for ids in groups.values())

    def conflicts(self) -> list[Decision]:
        """Evidence and commands that were refused."""
        return [decision for decision in self.decisions if decision.refused]


class Observed(Struct):
    """Evidence being gathered: ids with the time they were first seen, links, commands, and uses of ids that stand for
    nobody. All are sets, so that evidence delivered twice is there once.
    """

    seen: dict[Id, int] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)
    commands: set[Command] = field(default_factory=set)
    nobody: set[tuple[object, ...]] = field(default_factory=set)

    def see(self, at: int, *, anonymous: str | None = None, user: str | None = None, email: str | None = None) -> None:
        """A record that carries any of these ids. Ids of one record belong together."""
        found: list[Id] = []
        given: tuple[tuple[Kind, str | None], ...] = (("user", user), ("email", email), ("anonymous", anonymous))
        for kind, value in given:
            if value is None:
                continue
            each = email_id(value) if kind == "email" else plain_id(kind, value)
            if each is None:
                self.nobody.add((at, kind, anonymous, user, email))
                continue
            if each not in found:
                found.append(each)
            self.seen[each] = min(at, self.seen.get(each, at))
        # The first id stands for the others: a user for its address and its browser.
        self.links.update(Link(at, *sorted((found[0], other))) for other in found[1:])

    def say(self, at: int, action: Action, left: Id, right: Id) -> None:
        """A command; the ids it names are known from then on."""
        for each in (left, right):
            self.seen[each] = min(at, self.seen.get(each, at))
        self.commands.add(Command(at, action, *sorted((left, right))))

    def resolve(self, limits: Mapping[Kind, int] = LIMITS) -> Identities:
        """The persons that follow."""
        return resolve(self.links, self.commands, self.seen, limits, nobody=len(self.nobody))


def plain_id(kind: Kind, value: str) -> Id | None:
    """A user's or visitor's id as given, but for space around it; None when it stands for nobody.

    A user's id that is an e-mail address, or was made of one, is that address.
    """
    text = value.strip()
    if kind == "user" and (_ADDRESS.fullmatch(text) or _ADDRESS_ID.fullmatch(text)):
        return email_id(text)
    return None if _NOBODY.fullmatch(text.lower()) else Id(kind, text)


def email_id(address: str) -> Id | None:
    """The id of an e-mail address, trimmed and in lower case; None when it is no address.

    It is the id that mappings give by `person(email, id)`: `p_` and 16 hexadecimal digits of the SHA-256. Such an id,
    or the whole hash, is taken for the address it was made of. Dots and `+tags` count: what they mean differs by
    provider.
    """
    text = address.strip().lower()
    if _ADDRESS_ID.fullmatch(text):
        return Id("email", text)
    if _SHA256.fullmatch(text):
        return Id("email", f"p_{text[:16]}")
    if not _ADDRESS.fullmatch(text):
        return None
    return Id("email", f"p_{hashlib.sha256(text.encode()).hexdigest()[:16]}")


def resolve(
    links: Iterable[Link],
    commands: Iterable[Command] = (),
    seen: Mapping[Id, int] | None = None,
    limits: Mapping[Kind, int] = LIMITS,
    *,
    nobody: int = 0,
) -> Identities:
    """The persons that follow from evidence and commands; see the rules above. `seen` adds ids that no link has."""
    first: dict[tuple[Id, Id], int] = {}
    for link in links:
        pair = (link.left, link.right) if link.left < link.right else (link.right, link.left)
        first[pair] = min(link.at, first.get(pair, link.at))
    times = dict(seen or {})
    for (left, right), at in first.items():
        times[left], times[right] = min(at, times.get(left, at)), min(at, times.get(right, at))
    last: dict[tuple[Id, Id], Command] = {}
    given = sorted(set(commands))
    for command in given:
        pair = (command.left, command.right) if command.left < command.right else (command.right, command.left)
        known = last.get(pair)
        if known is None or (command.at, command.action) > (known.at, known.action):
            # "separate" sorts after "merge", so it wins a tie.
            last[pair] = command
        for each in pair:
            times[each] = min(command.at, times.get(each, command.at))

    forest = _Forest(times, limits)
    decisions = []
    for pair, command in last.items():
        if command.action == "separate":
            forest.separate(*pair)
            decisions.append(Decision(command.at, *pair, "identity.separate"))
    decisions += [
        Decision(command.at, command.left, command.right, "identity.overruled")
        for command in given
        if command not in last.values()
    ]
    merges = [command for command in last.values() if command.action == "merge"]
    for command in sorted(merges):
        rule = forest.join(command.left, command.right, counted=False) or "identity.merge"
        decisions.append(Decision(command.at, command.left, command.right, rule))
    forest.count_users_as_one()
    for (left, right), at in sorted(first.items(), key=lambda item: (item[1], _rank(item[0]), item[0])):
        rule = forest.join(left, right, counted=True) or "identity.link"
        decisions.append(Decision(at, left, right, rule))
    names = forest.names(times)
    persons = {each: names[forest.find(each)] for each in sorted(times)}
    ordered = sorted(decisions, key=lambda item: (item.at, item.left, item.right, item.rule))
    return Identities(persons, tuple(ordered), nobody)


class Owners(Struct, frozen=True):
    """Who used a device when: for events that carry a visitor id alone.

    The owner is the user last seen on the device at that moment; before anyone was seen, the first one; without any
    user, the person of the visitor id. A shared device thus has several owners over time and one person (its first).
    """

    times: Mapping[str, tuple[int, ...]]
    users: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, links: Iterable[Link]) -> Owners:
        """From the links between visitors and users; of two at one moment the larger id counts, by rule."""
        uses: dict[str, set[tuple[int, str]]] = {}
        for link in links:
            for visitor, user in ((link.left, link.right), (link.right, link.left)):
                if visitor.kind == "anonymous" and user.kind == "user":
                    uses.setdefault(visitor.value, set()).add((link.at, user.value))
        ordered = {visitor: sorted(each) for visitor, each in uses.items()}
        return cls(
            {visitor: tuple(at for at, _ in each) for visitor, each in ordered.items()},
            {visitor: tuple(user for _, user in each) for visitor, each in ordered.items()},
        )

    def at(self, visitor: str, moment: int) -> str | None:
        """The user of a device at a moment; None when nobody was ever seen on it."""
        times = self.times.get(visitor)
        if not times:
            return None
        return self.users[visitor][max(bisect.bisect_right(times, moment) - 1, 0)]


class _Forest:
    """Union-find over ids, with what each tree may not be joined with and how many ids of a kind it has."""

    def __init__(self, ids: Iterable[Id], limits: Mapping[Kind, int]) -> None:
        self.parent = {each: each for each in ids}
        self.limits = limits
        self.joined: dict[Id, Counter[str]] = {}
        self.apart: dict[Id, set[Id]] = {}

    def find(self, each: Id) -> Id:
        root = each
        while self.parent[root] != root:
            root = self.parent[root]
        while self.parent[each] != root:
            self.parent[each], each = root, self.parent[each]
        return root

    def counts(self, root: Id) -> Counter[str]:
        """How many ids of each kind a tree has."""
        return self.joined.get(root) or Counter([root.kind])

    def separate(self, left: Id, right: Id) -> None:
        """Forbid two ids to meet; called before anything is joined."""
        self.apart.setdefault(left, set()).add(right)
        self.apart.setdefault(right, set()).add(left)

    def join(self, left: Id, right: Id, *, counted: bool) -> str:
        """Join the trees of two ids; returns the rule that forbids it, or nothing."""
        one, other = self.find(left), self.find(right)
        if one == other:
            return ""
        if len(self.apart.get(one, ())) > len(self.apart.get(other, ())):
            one, other = other, one
        if any(self.find(enemy) == other for enemy in self.apart.get(one, ())):
            return "identity.separated"
        if counted:
            some, more = self.counts(one), self.counts(other)
            for kind, most in self.limits.items():
                if some[kind] and more[kind] and some[kind] + more[kind] > most:
                    return f"identity.limit.{kind}"
        self.joined[other] = self.counts(one) + self.counts(other)
        self.joined.pop(one, None)
        self.parent[one] = other
        if one in self.apart:
            self.apart.setdefault(other, set()).update(self.apart.pop(one))
        return ""

    def count_users_as_one(self) -> None:
        """After the merges: users that are one person by command count as one."""
        for counts in self.joined.values():
            if counts["user"]:
                counts["user"] = 1

    def names(self, times: Mapping[Id, int]) -> dict[Id, str]:
        """The name of each tree: its earliest user, else address, else visitor id."""
        best: dict[Id, tuple[int, int, Id]] = {}
        for each, at in times.items():
            root, key = self.find(each), (KINDS.index(each.kind), at, each)
            if root not in best or key < best[root]:
                best[root] = key
        return {root: person_name(each) for root, (_, _, each) in best.items()}


def person_name(each: Id) -> str:
    """The person named by an id: a user's or address's id as it is, a visitor's with its kind before it."""
    return f"{each.kind}:{each.value}" if each.kind == "anonymous" else each.value


def _rank(pair: tuple[Id, Id]) -> int:
    """Evidence of one moment: a user's browser before a user's address before a browser's address."""
    kinds = {pair[0].kind, pair[1].kind}
    return 0 if kinds == {"user", "anonymous"} else 1 if "user" in kinds else 2

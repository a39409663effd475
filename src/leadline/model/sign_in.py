"""`sign_in:` of `leadline.yaml`: the identity provider that people sign in with, and which of them get in as what.

The client secret is not in the file: it is read from an environment variable, whose name the file may give.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct, field

from leadline.errors import DefinitionError
from leadline.model.document import Document

Standing = Literal["viewer", "editor", "admin"]
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """What a group may: its role, and the condition that all its queries are put under."""

    role: Standing
    rows: str = ""


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Sign-in by OpenID Connect.

    `name` is on the button, `address` where browsers reach this server (needed behind a proxy). `claim` says where the
    provider tells of groups, with dots into nested ones; the first of `groups` that a person is in counts, `others` is
    the role of those in none (empty: they are refused). A mail address counts when `verified_by`, another claim, says
    so. `hours` is the longest a session lasts before the provider is asked again.
    """

    issuer: str
    client_id: str
    name: str = "OpenID Connect"
    secret_variable: str = "LEADLINE_SIGN_IN_SECRET"  # noqa: S105
    address: str = ""
    domains: tuple[str, ...] = ()
    claim: str = "groups"
    groups: dict[str, Standing | Grant] = field(default_factory=dict)
    others: Literal["", "viewer", "editor", "admin"] = ""
    verified_by: str = "email_verified"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    hours: float = 12

    def granted(self, groups: frozenset[str]) -> Grant | None:
        """What members of these groups may; None for nothing."""
        for group, grant in self.groups.items():
            if group in groups:
                return grant if isinstance(grant, Grant) else Grant(grant)
        return Grant(self.others) if self.others else None


def is_safe_address(text: str) -> bool:
    """Whether an address is encrypted, or of this machine."""
    parts = urlsplit(text)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL))


def check_sign_in(given: SignIn | None, document: Document) -> None:
    """`DefinitionError` with the line for what could let in the wrong people, or nobody."""
    if given is None:
        return
    from leadline.model.parse import parse_condition

    def wrong(what: str, fix: str, *at: str) -> DefinitionError:
        return DefinitionError("bad-sign-in", what, why=document.place("sign_in", *at), fix=fix)

    for name, text in (("issuer", given.issuer), ("address", given.address)):
        if (text or name == "issuer") and not (is_safe_address(text) and text.isprintable() and not {*"?#"} & {*text}):
            raise wrong(f"The {name} of sign-in is no https address.", "write it with https:// and no query", name)
    if not given.client_id:
        raise wrong("Sign-in needs a client id.", "take it from the provider's registration", "client_id")
    if given.secret_variable and not _VARIABLE.match(given.secret_variable):
        # What stands there may be the secret itself, so it is not shown.
        fix = "write the name of an environment variable, and set the secret there"
        raise wrong("secret_variable is no name of a variable.", fix, "secret_variable")
    if "openid" not in given.scopes:
        raise wrong("The scopes lack openid.", "write `scopes: [openid, email, profile]`", "scopes")
    if not given.groups and not given.others:
        raise wrong("Nobody could sign in: no group has a role.", "add `groups:`, or `others: viewer`")
    if given.others and not given.domains:
        raise wrong(
            "Whoever has an account there would get in.", "add `domains:`, or give roles by `groups:` alone", "others"
        )
    for domain in given.domains:
        if not re.fullmatch(r"[^\s@*]+\.[^\s@*.]+", domain):
            raise wrong(f"{domain!r} is no domain.", "write what follows the @, for example example.com", "domains")
    if not 0 < given.hours <= 24 * 14:
        raise wrong("A session lasts up to 14 days.", "write `hours: 12`", "hours")
    for group, grant in given.groups.items():
        if isinstance(grant, Grant) and grant.rows:
            try:
                parse_condition(grant.rows)
            except DefinitionError as error:
                raise wrong(error.what, error.fix, "groups", group, "rows") from None

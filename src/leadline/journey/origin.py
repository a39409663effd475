"""Source, medium and campaign of a visit, from the address it landed on and the referrer that sent it.

Order of evidence: what the caller gives; Google's own click ids, which override hand-written parameters as they do in
GA4; `utm_*` parameters; the click ids of other networks; the referrer; nothing at all, which is `(direct)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from msgspec import Struct

from leadline.errors import UsageError
from leadline.model.document import read_document

Kind = Literal["search", "social", "assistant", "other"]
NOT_SET = "(not set)"


class ClickId(Struct, frozen=True):
    """What a click id in a landing address proves. `medium` is empty when it marks paid and unpaid clicks alike."""

    source: str
    medium: str
    overrides: bool
    """Whether it is believed before `utm_*` parameters, as GA4 believes automatic tagging."""


CLICK_IDS: dict[str, ClickId] = {
    "gclid": ClickId("google", "cpc", overrides=True),
    "gbraid": ClickId("google", "cpc", overrides=True),
    "wbraid": ClickId("google", "cpc", overrides=True),
    "dclid": ClickId("doubleclick", "cpm", overrides=True),
    "msclkid": ClickId("bing", "cpc", overrides=False),
    "ttclid": ClickId("tiktok", "cpc", overrides=False),
    "li_fat_id": ClickId("linkedin", "cpc", overrides=False),
    "twclid": ClickId("twitter", "cpc", overrides=False),
    # Meta puts fbclid on every link that leaves its apps, so it tells the network, not who paid.
    "fbclid": ClickId("facebook", "", overrides=False),
}
UTM = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign"}
_SECOND_LEVEL = r"(?:(?:com?|org|net|edu|gov)\.)?[a-z]{2,3}"


class Origin(Struct, frozen=True):
    """Where a visit came from. `rule` names the evidence (`origin.utm`, `origin.gclid`, `origin.referrer.search`, …),
    `evidence` quotes it, `notes` say what was seen and not followed.
    """

    source: str
    medium: str
    campaign: str
    rule: str
    evidence: str
    notes: tuple[str, ...] = ()


class Referrer(Struct, frozen=True):
    """What a referring host is; `name` is the source it stands for."""

    kind: Kind
    name: str


def origin_of(
    *,
    source: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    url: str | None = None,
    referrer: str | None = None,
    own_hosts: tuple[str, ...] = (),
) -> Origin:
    """Source, medium and campaign of a visit; `UsageError` for an address that cannot be read."""
    landing = _split(url, "url")
    parameters = {name.lower(): value for name, value in parse_qsl(landing.query)} if landing else {}
    if source is not None or medium is not None:
        return _given(source, medium, campaign, parameters)
    own = {_bare(host) for host in own_hosts} | ({_bare(landing.hostname or "")} if landing else set())
    utm = {field: parameters[name] for name, field in UTM.items() if parameters.get(name)}
    named = campaign or utm.get("campaign", "")
    clicks = [name for name in CLICK_IDS if parameters.get(name)]
    automatic = [name for name in clicks if CLICK_IDS[name].overrides]
    notes: list[str] = []
    if automatic:
        if "source" in utm or "medium" in utm:
            written = f"{utm.get('source', NOT_SET)} / {utm.get('medium', NOT_SET)}"
            notes.append(f"{automatic[0]} overrides utm {written}, as automatic tagging does in GA4")
        return _clicked(automatic[0], named, notes)
    if utm:
        evidence = ", ".join(f"{name}={parameters[name]}" for name in UTM if parameters.get(name))
        return Origin(utm.get("source", NOT_SET), utm.get("medium", NOT_SET), named, "origin.utm", evidence)
    paying = [name for name in clicks if CLICK_IDS[name].medium]
    if paying:
        return _clicked(paying[0], named, notes)
    host = _host(_split(referrer, "referrer"))
    if host and any(_same_site(_bare(host), site) for site in own):
        notes.append(f"the referrer {host} is the site itself")
        host = ""
    if clicks:
        notes.append(f"{clicks[0]} marks paid and unpaid clicks alike, so it does not make the visit a paid one")
    if host:
        return _referred(host, named, notes)
    if clicks:
        return Origin(CLICK_IDS[clicks[0]].source, "referral", named, f"origin.{clicks[0]}", clicks[0], tuple(notes))
    return Origin(
        "(direct)", "(none)", named or "(direct)", "origin.direct", "no parameters, no referrer", tuple(notes)
    )


def referrer_kind(host: str) -> Referrer:
    """What a host is; `other`, under its own name, when nobody knows it."""
    name, bare = host.lower().removeprefix("www."), _bare(host)
    patterns, below = _referrers()
    for pattern, found in patterns:
        if pattern.fullmatch(bare):
            return found
    labels = bare.split(".")
    for start in range(len(labels) - 1):
        known = below.get(".".join(labels[start:]))
        if known is not None:
            return Referrer(known, name)
    return Referrer("other", name)


def _given(source: str | None, medium: str | None, campaign: str | None, parameters: Mapping[str, str]) -> Origin:
    """What the caller says; a medium that was left out may still be told by a click id of the address."""
    paying = [name for name, click in CLICK_IDS.items() if click.medium and parameters.get(name)]
    if medium is None and paying:
        evidence = f"source as given, medium by {paying[0]}"
        return Origin(source or "", CLICK_IDS[paying[0]].medium, campaign or "", f"origin.{paying[0]}", evidence)
    return Origin(source or "", medium or "", campaign or "", "origin.given", "given as they are")


def _clicked(name: str, campaign: str, notes: list[str]) -> Origin:
    click = CLICK_IDS[name]
    return Origin(click.source, click.medium, campaign, f"origin.{name}", name, tuple(notes))


def _referred(host: str, campaign: str, notes: list[str]) -> Origin:
    found = referrer_kind(host)
    rule = f"origin.referrer.{found.kind}"
    match found.kind:
        case "search":
            return Origin(found.name, "organic", campaign or "(organic)", rule, host, tuple(notes))
        case "assistant":
            return Origin(found.name, "ai-assistant", campaign or "(ai-assistant)", rule, host, tuple(notes))
        case _:
            return Origin(found.name, "referral", campaign or "(referral)", rule, host, tuple(notes))


def _split(address: str | None, what: str) -> SplitResult | None:
    if not address:
        return None
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        _ = parts.hostname
    except ValueError as error:
        raise UsageError(
            "bad-address", f"The {what} {address!r} is no web address.", why=str(error), fix="give it with https://"
        ) from None
    return parts


def _host(parts: SplitResult | None) -> str:
    return (parts.hostname or "") if parts else ""


def _same_site(host: str, site: str) -> bool:
    """Whether one host is the other or lies below it."""
    return host == site or host.endswith(f".{site}") or site.endswith(f".{host}")


def _bare(host: str) -> str:
    """A host without `www.` or `m.`."""
    host = host.lower().rstrip(".")
    return host.removeprefix("www.").removeprefix("m.")


@cache
def _referrers() -> tuple[list[tuple[re.Pattern[str], Referrer]], Mapping[str, Kind]]:
    """Patterns of search engines, and the kind of hosts that stand for all below them."""
    text = resources.files("leadline.journey").joinpath("presets", "referrers.yaml").read_text(encoding="utf-8")
    data = read_document(text, "journey/presets/referrers.yaml").data
    patterns = [
        (re.compile(re.escape(host).replace(r"\{\}", _SECOND_LEVEL)), Referrer("search", name))
        for name, hosts in data["search"].items()
        for host in hosts.split(", ")
    ]
    below: dict[str, Kind] = {}
    for hosts in data["social"].values():
        below |= dict.fromkeys(hosts.split(", "), "social")
    for hosts in data["assistant"].values():
        below |= dict.fromkeys(hosts.split(", "), "assistant")
    return patterns, below

"""The digest as a mail, and sending it: plain text and HTML side by side, pictures attached to the HTML.

Sending takes its settings from the environment, so that no password stands in a file of the workspace. The connection
is encrypted before anything is said, unless the host is this machine and encryption was turned off for it.
"""

from __future__ import annotations

import email.utils
import smtplib
import ssl
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, cast

from msgspec import Struct

from leadline.charts.label import clean
from leadline.errors import LeadlineError, UsageError
from leadline.language.language import Language
from leadline.report.digest_html import SCALE, digest_html
from leadline.report.digest_lines import Page
from leadline.report.digest_text import render_digest
from leadline.report.picture import png_of

PREFIX = "LEADLINE_SMTP_"
"""Environment: HOST, PORT, USER, PASSWORD, FROM, TO (with commas) and TLS (starttls, tls, or none for this machine)."""
_DOMAIN = "digest.leadline"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 30
Tls = Literal["starttls", "tls", "none"]
_TLS: tuple[Tls, ...] = ("starttls", "tls", "none")


class Post(Struct, frozen=True):
    """How to send: the server and who writes to whom."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Tls = "starttls"

    def __repr__(self) -> str:
        """Never the password."""
        return f"Post({self.host}:{self.port}, {self.tls}, from {self.sender} to {', '.join(self.to)})"


def read_post(environment: Mapping[str, str]) -> Post:
    """The settings of the environment; `UsageError` naming what is missing or wrong."""
    given = {name: environment.get(PREFIX + name, "").strip() for name in ("HOST", "FROM", "TO", "PORT", "USER", "TLS")}
    missing = [PREFIX + name for name in ("HOST", "FROM", "TO") if not given[name]]
    if missing:
        raise UsageError(
            "no-mail-settings",
            "The digest cannot be sent: it is not said how.",
            why=f"the environment lacks {', '.join(missing)}",
            fix="see docs/reports.md, Sending",
        )
    tls = next((word for word in _TLS if word == (given["TLS"].lower() or "starttls")), None)
    if tls is None:
        raise UsageError("bad-mail-settings", f"{PREFIX}TLS is {given['TLS']!r}.", fix="write starttls, tls or none")
    if tls == "none" and given["HOST"] not in _LOCAL:
        raise UsageError(
            "bad-mail-settings",
            "A digest is not sent through the net without encryption.",
            why=f"{PREFIX}TLS is none and the host is {given['HOST']}",
            fix="use starttls or tls",
        )
    port = given["PORT"] or ("465" if tls == "tls" else "587")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError("bad-mail-settings", f"{PREFIX}PORT is {port!r}.", fix="write a number, such as 587")
    to = tuple(_address(one) for one in given["TO"].split(",") if one.strip())
    password = environment.get(PREFIX + "PASSWORD", "")
    sender = _address(given["FROM"])
    return Post(given["HOST"], sender, to, int(port), given["USER"], password, tls)


def digest_mail(page: Page, language: Language, *, sender: str = "", to: tuple[str, ...] = ()) -> EmailMessage:
    """The digest as a mail of its own text and HTML; `sender` and `to` are left out of one to be looked at."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = clean(f"{language.say('Weekly digest')}: {page.title}, {page.period}")
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain=_DOMAIN)
    message["Content-Language"] = language.tag
    if sender:
        message["From"] = sender
    if to:
        message["To"] = ", ".join(to)
    message.set_content(render_digest(page) + "\n", cte="quoted-printable")
    pictures: list[tuple[str, bytes]] = []

    def attached(svg: str, number: int) -> str:
        pictures.append((f"chart-{number}@{_DOMAIN}", png_of(svg, scale=SCALE)))
        return f"cid:{pictures[-1][0]}"

    message.add_alternative(digest_html(page, language, draw=attached), subtype="html", cte="quoted-printable")
    page_part = cast("EmailMessage", list(message.iter_parts())[1])
    for number, (name, data) in enumerate(pictures):
        page_part.add_related(
            data, "image", "png", cid=f"<{name}>", filename=f"chart-{number}.png", disposition="inline"
        )
    return message


def send(message: EmailMessage, post: Post) -> None:
    """Hands a mail to the server; `LeadlineError` with the server's words when it will not have it."""
    context = ssl.create_default_context()
    try:
        if post.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(post.host, post.port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT)
        with server:
            if post.tls == "starttls":
                server.starttls(context=context)
            if post.user:
                server.login(post.user, post.password)
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise LeadlineError(
            "mail-not-sent",
            f"{post.host}:{post.port} did not take the digest.",
            why=clean(str(error)) or type(error).__name__,
            fix=f"check the {PREFIX}… settings, then send it again: nothing was sent",
        ) from error


def _address(text: str) -> str:
    """A mail address, with a name or without, that cannot bring a header of its own."""
    name, address = email.utils.parseaddr(text)
    try:
        if not text.strip().isprintable():
            raise ValueError("a line end")
        return str(Address(clean(name), addr_spec=address))
    except (ValueError, IndexError, HeaderParseError):
        raise UsageError(
            "bad-mail-settings", f"{text.strip()!r} is no mail address.", fix="write name@example.com"
        ) from None

"""The digest as mail and chat message, sent to servers of this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from leadline.cli import main
from leadline.errors import LeadlineError, UsageError
from leadline.language.read import read_language
from leadline.report.digest import build_digest
from leadline.report.digest_html import MOST_BYTES
from leadline.report.digest_lines import Page, Said, Section, page_of
from leadline.report.mail import Post, digest_mail, read_post, send
from leadline.report.webhook import MOST_BLOCKS, MOST_CARD_BYTES, MOST_CHARACTERS, encode, payload, post
from leadline.workspace import Workspace
from report.week import COMMAND, loaded_firm, make_firm, weeks

ENGLISH = read_language("en")
SETTINGS = {
    "LEADLINE_SMTP_HOST": "127.0.0.1",
    "LEADLINE_SMTP_FROM": "Numbers <n@x.io>",
    "LEADLINE_SMTP_TO": "a@x.io, b@x.io",
}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    space = loaded_firm(tmp_path_factory.mktemp("mail"))
    yield space
    space.close()


@pytest.fixture(scope="module")
def page(firm: Workspace) -> Page:
    return page_of(build_digest(firm, language=ENGLISH), ENGLISH)


@pytest.fixture
def server() -> Iterator[tuple[int, list[Any]]]:
    """An SMTP server on this machine: its port, and what it was handed."""
    from aiosmtpd.controller import Controller

    class Box:
        def __init__(self) -> None:
            self.got: list[Any] = []

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            self.got.append(envelope)
            return "250 taken"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, box.got
    finally:
        controller.stop()


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """A webhook on this machine: its address, and what was posted; `/no` refuses."""

    class Hook(BaseHTTPRequestHandler):
        got: ClassVar[list[Any]] = []

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(404 if self.path == "/no" else 200)
            self.end_headers()
            self.wfile.write(b"no_service" if self.path == "/no" else b"ok")

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    Hook.got = []
    listener = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}", Hook.got
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(args))
    return int(caught.value.code or 0)


def parsed(message: EmailMessage) -> EmailMessage:
    found = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("tag", ["en", "vi", "ar"])
def test_text_and_page_side_by_side_with_pictures_inside(firm: Workspace, tag: str) -> None:
    language = read_language(tag)
    words = page_of(build_digest(firm, language=language), language)
    message = parsed(digest_mail(words, language, sender="n@x.io", to=("a@x.io",)))
    assert message.get_content_type() == "multipart/alternative"
    text, related = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert words.sections[0].title in text.get_content()
    html, *images = related.iter_parts()
    markup = html.get_content()
    assert len(markup.encode()) <= MOST_BYTES
    assert images
    for image in images:
        assert image.get_content_type() == "image/png"
        assert image.get_content().startswith(b"\x89PNG")
        assert f"cid:{image['Content-ID'].strip('<>')}" in markup
    assert markup.count('src="cid:') == len(images)
    assert "data:image" not in markup
    assert max(map(len, message.as_bytes().splitlines())) <= 998, "longer lines are cut on the way"


def test_labels_from_data_do_no_harm_in_a_mail(page: Page) -> None:
    message = parsed(digest_mail(page, ENGLISH))
    text, related = message.iter_parts()
    markup = next(related.iter_parts()).get_content()
    assert "<script" not in markup
    assert "&lt;script&gt;alert(1)" in markup
    for part in (markup, text.get_content()):
        assert "\u202e" not in part
    assert COMMAND in text.get_content(), "plain text runs nothing and stays as it is"


def test_a_name_cannot_bring_a_header(tmp_path: Path) -> None:
    space = make_firm(tmp_path, settings="")
    title = Page("Evil\r\nBcc: all@x.io", "W27", "", "", (Section("kpis", "t", (Said("a"),)),))
    message = digest_mail(title, ENGLISH, sender="n@x.io", to=("a@x.io",))
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    space.close()


def test_it_is_handed_to_the_server(page: Page, server: tuple[int, list[Any]]) -> None:
    port, got = server
    settings = read_post(SETTINGS | {"LEADLINE_SMTP_PORT": str(port), "LEADLINE_SMTP_TLS": "none"})
    send(digest_mail(page, ENGLISH, sender=settings.sender, to=settings.to), settings)
    [envelope] = got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("n@x.io", ["a@x.io", "b@x.io"])
    assert b"Subject: Weekly digest" in envelope.content


def test_without_encryption_nothing_is_handed_over(page: Page, server: tuple[int, list[Any]]) -> None:
    port, got = server
    settings = read_post(SETTINGS | {"LEADLINE_SMTP_PORT": str(port)})
    with pytest.raises(LeadlineError) as caught:
        send(digest_mail(page, ENGLISH, sender=settings.sender, to=settings.to), settings)
    assert caught.value.code == "mail-not-sent"
    assert got == []
    with pytest.raises(UsageError, match="without encryption"):
        read_post(SETTINGS | {"LEADLINE_SMTP_HOST": "mail.example.com", "LEADLINE_SMTP_TLS": "none"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LEADLINE_SMTP_HOST": ""}, "LEADLINE_SMTP_HOST"),
        ({"LEADLINE_SMTP_TO": "nobody"}, "nobody"),
        ({"LEADLINE_SMTP_FROM": "a@x.io\nBcc: b@x.io"}, "Bcc"),
        ({"LEADLINE_SMTP_PORT": "smtp"}, "smtp"),
        ({"LEADLINE_SMTP_TLS": "maybe"}, "maybe"),
    ],
)
def test_wrong_settings_are_named(change: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_post(SETTINGS | change)
    assert said in f"{caught.value.what} {caught.value.why}"
    assert caught.value.fix


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Post("h", "a@x.io", ("b@x.io",), password="secret"))


def test_sending_from_the_command_line(
    firm: Workspace, server: tuple[int, list[Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port, got = server
    for name, value in (SETTINGS | {"LEADLINE_SMTP_PORT": str(port), "LEADLINE_SMTP_TLS": "none"}).items():
        monkeypatch.setenv(name, value)
    assert run("digest", "-w", str(firm.path)) == 0
    assert run("digest", "--send", "--dry-run", "-w", str(firm.path)) == 0
    assert "Would send “Weekly digest: Test, Jun 29" in capsys.readouterr().out
    assert got == [], "nothing is sent unless asked"
    assert run("digest", "--send", "-w", str(firm.path)) == 0
    assert len(got) == 1
    assert "Sent" in capsys.readouterr().out


def test_a_digest_that_waits_is_not_sent_unless_asked(
    tmp_path: Path, hook: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kit import give

    address, got = hook
    space = make_firm(tmp_path)
    give(space, {"order": [row for row in weeks() if row["ordered_at"] < "2026-07-01"]}, source="shop")
    space.close()
    monkeypatch.setenv("LEADLINE_WEBHOOK_URL", f"{address}/ok")
    assert run("digest", "--post", "slack", "-w", str(space.path)) == 5
    told = capsys.readouterr().err
    assert "shop came too late" in told
    assert "--late" in told
    assert got == []
    assert run("digest", "--post", "slack", "--late", "-w", str(space.path)) == 0
    assert "shop came too late" in json.dumps(got[0][2])


def test_posting(page: Page, hook: tuple[str, list[Any]]) -> None:
    address, got = hook
    post(payload(page, "slack"), {"LEADLINE_WEBHOOK_URL": f"{address}/services/T0/B0/secret"})
    [(path, kind, message)] = got
    assert path == "/services/T0/B0/secret"
    assert kind.startswith("application/json")
    assert message["blocks"][0]["text"]["text"].startswith("Test · Jun 29")
    with pytest.raises(LeadlineError) as caught:
        post(payload(page, "teams"), {"LEADLINE_WEBHOOK_URL": f"{address}/no"})
    assert caught.value.code == "not-posted"
    assert "404 no_service" in caught.value.why
    assert "/no" not in str(caught.value).replace("no_service", ""), "the address is a secret"


@pytest.mark.parametrize("address", ["", "http://example.com/x", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_https_is_posted_to(page: Page, address: str) -> None:
    with pytest.raises(UsageError):
        post(payload(page, "slack"), {"LEADLINE_WEBHOOK_URL": address})


def long(lines: int, length: int) -> Page:
    said = tuple(Said("KPI", "1", "x" * length) for _ in range(lines))
    return Page("T" * 400, "W27", "", "", tuple(Section(str(at), "S" * 400, said) for at in range(30)))


@pytest.mark.parametrize(("lines", "length"), [(1, 10), (40, 200), (3, 9000)])
def test_a_message_keeps_the_limits_of_the_tools(lines: int, length: int) -> None:
    slack = payload(long(lines, length), "slack")
    assert len(slack["blocks"]) <= MOST_BLOCKS
    for block in slack["blocks"]:
        most = 150 if block["type"] == "header" else MOST_CHARACTERS
        assert 0 < len(block["text"]["text"]) <= most
    assert len(encode(payload(long(lines, length), "teams")).encode()) <= MOST_CARD_BYTES


def test_labels_from_data_are_no_markup_in_a_chat(page: Page) -> None:
    slack, teams = payload(page, "slack"), payload(page, "teams")
    assert {block["text"]["type"] for block in slack["blocks"]} == {"plain_text"}
    assert "<!channel>" in json.dumps(slack["blocks"]), "as letters, in a text without markup"
    evil = Page("<!channel> & co", "W27", "", "", ())
    assert payload(evil, "slack")["text"] == "&lt;!channel&gt; &amp; co · W27", "the one text Slack reads markup in"
    body = teams["attachments"][0]["content"]["body"]
    assert {block["type"] for block in body} == {"RichTextBlock"}
    assert {run["type"] for block in body for run in block["inlines"]} == {"TextRun"}
    assert "\\u202e" not in json.dumps([slack, teams])

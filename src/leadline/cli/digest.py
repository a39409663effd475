"""`leadline digest`: the week on Monday morning, as page, mail, chat message or paper."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.cli.common import language_option, opened, workspace_option

if TYPE_CHECKING:
    from leadline.language.language import Language
    from leadline.report.digest import Digest
    from leadline.report.digest_lines import Page

_FORMATS = ("text", "html", "eml", "pdf", "slack", "teams", "json")


@click.command("digest")
@click.option("--week", metavar="WEEK", help="A week that is over, such as 2026-W26.  [default: the last one]")
@click.option("--format", "-f", "style", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--send", is_flag=True, help="Send it by mail, as LEADLINE_SMTP_… in the environment say.")
@click.option("--post", type=click.Choice(["slack", "teams"]), help="Post it to LEADLINE_WEBHOOK_URL.")
@click.option("--dry-run", is_flag=True, help="With --send or --post: say what would happen, and do nothing.")
@click.option("--late", is_flag=True, help="Send or post it even though a source is late; it says so itself.")
@language_option
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    week: str | None,
    style: str,
    output: Path | None,
    send: bool,
    post: str | None,
    dry_run: bool,
    late: bool,
    language: str | None,
    workspace: str | None,
) -> None:
    """Tell a week in seven parts: KPIs, what changed beyond noise, goals at risk, promises, problems.

    It is made as of the Monday after the week. While a KPI waits for a late source its number is left
    out and nothing is sent. Nothing is ever sent without --send or --post.

    \b
    leadline digest
    leadline digest --week 2026-W26 --language vi --format html -o digest.html
    leadline digest --format pdf -o digest.pdf
    leadline digest --week 2026-W26 --send --dry-run
    """
    from leadline.language.read import workspace_language
    from leadline.report.digest import build_digest

    space = opened(ctx, workspace)
    spoken = workspace_language(space, "en" if style == "json" and not language else language)
    digest = build_digest(space, week, language=spoken)
    if send or post:
        _deliver(digest, spoken, send=send, post=post, dry_run=dry_run, late=late)
        return
    if style == "json":
        from leadline.report.export import encode_json

        _give(encode_json(digest) + "\n", output)
        return
    from leadline.report.digest_lines import page_of

    _render(page_of(digest, spoken), spoken, style, output)


def _render(page: Page, spoken: Language, style: str, output: Path | None) -> None:
    if style == "text":
        from leadline.report.digest_text import render_digest
        from leadline.report.table import PLAIN, style_for

        _give(render_digest(page, PLAIN if output else style_for(sys.stdout)) + "\n", output)
    elif style in ("slack", "teams"):
        from leadline.report.webhook import encode, payload

        _give(encode(payload(page, "slack" if style == "slack" else "teams")) + "\n", output)
    elif style == "html":
        from leadline.report.digest_html import digest_html

        _give(digest_html(page, spoken), output)
    elif style == "eml":
        from leadline.report.mail import digest_mail

        _give(digest_mail(page, spoken).as_bytes(), output)
    else:
        from leadline.report.digest_html import digest_html
        from leadline.report.pdf import pdf_of

        if output is None:
            raise click.UsageError("PDF is not text: name a file with --output FILE.")
        _give(pdf_of(digest_html(page, spoken, paper=True)), output)


def _give(data: str | bytes, output: Path | None) -> None:
    if output is None:
        click.echo(data, nl=False)
        return
    unfinished = output.with_name(output.name + ".part")
    unfinished.write_bytes(data.encode() if isinstance(data, str) else data)
    unfinished.replace(output)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1024:,.0f} KB).", err=True)


def _deliver(digest: Digest, spoken: Language, *, send: bool, post: str | None, dry_run: bool, late: bool) -> None:
    from leadline.errors import RefusedError
    from leadline.report.digest_lines import page_of

    page = page_of(digest, spoken)
    if not digest.send and not (late and digest.why == ("late-source",)):
        raise RefusedError(
            "digest-not-sent",
            page.warning,
            why="a digest with numbers missing would be read as news",
            fix="load what is late and send it again, or send it as it is with --late"
            if digest.why == ("late-source",)
            else "load data for the KPIs first",
        )
    if send:
        from leadline.report import mail

        settings = mail.read_post(os.environ)
        message = mail.digest_mail(page, spoken, sender=settings.sender, to=settings.to)
        if not dry_run:
            mail.send(message, settings)
        size = len(message.as_bytes()) / 1024
        done = "Would send" if dry_run else "Sent"
        click.echo(
            f"{done} “{message['Subject']}” ({size:,.0f} KB) to {', '.join(settings.to)} "
            f"through {settings.host}:{settings.port}."
        )
    if post:
        from leadline.report import webhook

        body = webhook.payload(page, "slack" if post == "slack" else "teams")
        if not dry_run:
            webhook.post(body, os.environ)
        done = "Would post" if dry_run else "Posted"
        click.echo(f"{done} “{page.title} · {page.period}” ({len(webhook.encode(body).encode()):,} bytes) to {post}.")

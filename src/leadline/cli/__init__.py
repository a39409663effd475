"""The command line: thin commands over `leadline.workspace`.

Commands are imported when they are called, so that `leadline --version` and `--help` cost next to nothing. Exit codes:
0 done, 1 unexpected failure, 2 the request is off, 3 a definition is wrong, 4 data was refused, 5 the question has no
right answer, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from leadline.errors import LeadlineError, UsageError
from leadline.version import __version__

DEBUG = "LEADLINE_DEBUG"
"""Environment variable that lets tracebacks through."""
COMMANDS: dict[str, str] = {
    "init": "Make a new workspace.",
    "load": "Load exports, files and tables.",
    "undo": "Take a load back.",
    "rollup": "Keep large facts counted up by day.",
    "query": "Measure metrics by dimensions, grain and period.",
    "explain": "Show where a number comes from, down to its records.",
    "cohort": "Follow people by the period they began in: retention, value kept, lifecycle.",
    "funnel": "Show who gets from step to step, and how far people come along a journey.",
    "path": "Show the commonest ways to an event, or from one.",
    "sessions": "Count visits from single page views: engaged, bounced, pages, new, returning.",
    "identity": "Show who is who, and correct it by hand.",
    "scorecard": "Show the KPIs of the workspace, seven at most.",
    "event": "Follow events and webinars from invitation to revenue.",
    "attribute": "Credit conversions to touches by every model, with cost.",
    "serve": "Show the workspace as pages in a browser.",
    "account": "Say who may see the pages, and as what.",
    "report": "Write the scorecard as a self-contained HTML page.",
    "coverage": "List which questions today's sources answer.",
    "plan": "Turn goals into at most seven KPIs, and keep the record.",
    "metrics": "List the metrics that can be asked.",
    "digest": "Tell a week in seven parts, as page, mail, chat message or PDF.",
    "chart": "Draw metrics as SVG or PNG.",
    "glossary": "Write what every metric means as pages, in six languages.",
    "facts": "List the facts and their columns.",
    "sources": "List sources, their loads and what they cover.",
    "check": "Check definitions, agreements and data.",
    "agree": "Sign what a number means, for a team.",
    "diff": "Show what a change of definition or a restatement does.",
    "goals": "List goals, or write a table of them to fill in.",
    "pace": "Hold goals against what is due by now.",
    "sla": "Show which promises between marketing and sales were kept.",
    "demo": "See it work on a simulated company.",
    "completion": "Print shell completion code.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"leadline.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from leadline.errors import closest

            near = closest(args[0], COMMANDS)
            if near and "No such command" in str(error):
                raise click.UsageError(f"{error.message} Did you mean {' or '.join(near)}?", ctx) from None
            raise


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="leadline")
@click.option("-w", "--workspace", metavar="DIR", default=None, help="Workspace folder (default: here or above).")
@click.pass_context
def cli(ctx: click.Context, workspace: str | None) -> None:
    """Marketing and sales numbers defined once and measured from raw records.

    \b
    Start:    leadline init my-company && cd my-company
    Load:     leadline load ~/Downloads/*.csv
    Ask:      leadline query ad_spend cpc --by channel --grain month --compare previous
    Trust:    leadline explain cpc --period 2026-05 --records
    """
    ctx.obj = workspace


def main(args: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    # Text of six languages must come out whole whatever the terminal's settings say.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        code = cli.main(args=args, prog_name="leadline", standalone_mode=False)
    except LeadlineError as error:
        code = _tell(error)
    except click.ClickException as error:
        code = _tell_usage(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except BrokenPipeError:
        # The reader of a pipe has seen enough; the interpreter must not complain while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        code = _tell_system(error)
    except Exception as error:  # noqa: BLE001 - the last door: nobody is left who could handle it
        code = _tell_unforeseen(error)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(error: LeadlineError) -> int:
    click.echo(f"Error: {error}", err=True)
    return error.exit_code


_USAGE: tuple[tuple[type[click.ClickException], str], ...] = (
    (click.NoSuchOption, "unknown-option"),
    (click.MissingParameter, "missing-argument"),
    (click.BadParameter, "bad-value"),
    (click.FileError, "cannot-open"),
    (click.ClickException, "bad-usage"),
)


def _tell_usage(error: click.ClickException) -> int:
    """What click found wrong, in the words and lines of all other errors."""
    message = error.format_message()
    if "\n" in message:
        # A group without a command: its help is the answer.
        error.show()
        return error.exit_code
    code = next(code for kind, code in _USAGE if isinstance(error, kind))
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "leadline"
    if "No such command" in message:
        code = "unknown-command"
    what = message if message.endswith((".", "?", ")")) else f"{message}."
    _tell(UsageError(code, what, why=f"the command was `{path}`", fix=f"see `{path} --help`"))
    return error.exit_code


def _tell_system(error: OSError) -> int:
    """What the operating system refused: a file that is not there, a folder that may not be written to."""
    _debug()
    what = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
    return _tell(LeadlineError("cannot-use-file", what, why="the system says so", fix="check the path and its rights"))


def _tell_unforeseen(error: Exception) -> int:
    _debug()
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{at.tb_frame.f_globals.get('__name__', '?')}, line {at.tb_lineno}" if at is not None else "unknown"
    return _tell(
        LeadlineError(
            "unforeseen",
            f"Leadline met something it did not foresee: {type(error).__name__}: {error}",
            why=f"in {place}; no data was changed by halves",
            fix=f"run it again with {DEBUG}=1 to see the traceback, and report it with that",
        )
    )


def _debug() -> None:
    """Let an exception through, with its traceback, when that was asked for."""
    if os.environ.get(DEBUG):
        raise

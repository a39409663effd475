"""`leadline completion`: shell completion."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print completion code for a SHELL.

    \b
    eval "$(leadline completion bash)"          # in ~/.bashrc
    leadline completion fish > ~/.config/fish/completions/leadline.fish
    """
    from click.shell_completion import get_completion_class

    from leadline.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"No completion for {shell}.")
    click.echo(kind(cli, {}, "leadline", "_LEADLINE_COMPLETE").source())

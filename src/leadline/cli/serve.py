"""`leadline serve`: the workspace as pages."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.cli.common import workspace_option


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; other than loopback needs accounts."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8321, show_default=True, help="0 takes a free one.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name this server answers to besides localhost.")
@workspace_option
@click.pass_context
def command(ctx: click.Context, host: str, port: int, names: tuple[str, ...], workspace: str | None) -> None:
    """Show the workspace as pages in a browser, on this machine alone unless told otherwise.

    \b
    leadline serve
    leadline serve --port 9000 -w my-company
    """
    import uvicorn

    from leadline.api.route import api_routes
    from leadline.errors import UsageError
    from leadline.project import find_workspace
    from leadline.web.account import Accounts
    from leadline.web.app import make_app
    from leadline.web.security import LOOPBACK
    from leadline.web.sso import Doorman

    folder = find_workspace(Path(workspace or ctx.obj or "."))
    doorman = Doorman(folder)
    if doorman.rules is not None:
        doorman.provider()  # tells now what it lacks
    elif host not in LOOPBACK and not Accounts(folder).any():
        raise UsageError(
            "no-accounts",
            f"Listening on {host} would show the numbers to everybody on the network.",
            why="the workspace has no accounts",
            fix="add one first: leadline account add NAME --role admin, or name a provider by `sign_in:`",
        )
    # Listening everywhere gives no name: those it is to be called by are said with --name.
    own = () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104
    app = make_app(folder, more=api_routes(), hosts={*LOOPBACK, *names, *own})
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=False)
    bound = config.bind_socket()
    # Whoever reads the address may use it at once: the first requests wait until the pages are ready.
    bound.listen(config.backlog)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"{folder.name}: http://{shown}:{bound.getsockname()[1]}/  (Ctrl-C ends it)")
    uvicorn.Server(config).run(sockets=[bound])

"""The application: its pages, how a request becomes a page, and how an error does."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from leadline.errors import EXIT_DATA, EXIT_DEFINITION, EXIT_REFUSED, EXIT_USAGE, LeadlineError, UsageError
from leadline.web import sso
from leadline.web.account import Accounts
from leadline.web.asset import serve_asset
from leadline.web.door import (
    ForbiddenError,
    StrangerError,
    allowed,
    login,
    login_back,
    login_with,
    logout,
    logout_with,
    to_login,
    visitor_of,
)
from leadline.web.house import House
from leadline.web.page import (
    annotate,
    channels,
    cockpit,
    cohorts,
    explorer,
    explorer_file,
    explorer_saved,
    glossary,
    goals,
    journey,
    path,
    pipeline,
    present,
    records,
    sla,
    sources,
)
from leadline.web.question import Deed, Page, Question
from leadline.web.render import error_view, render, surroundings
from leadline.web.security import LOOPBACK, Guard
from leadline.web.send import Download, asked_for, received
from leadline.web.visitor import Visitor, spoken, told_language, told_theme
from leadline.workspace import Workspace

PAGES: tuple[Page, ...] = (
    cockpit.PAGE, journey.PAGE, channels.PAGE, cohorts.PAGE, pipeline.PAGE, goals.PAGE, explorer.PAGE,
    glossary.PAGE, sources.PAGE, sla.PAGE, annotate.PAGE, present.PAGE, journey.PEOPLE, path.PAGE, glossary.METRIC,
    records.PAGE, sources.ONE,
)  # fmt: skip
DEEDS: tuple[Deed, ...] = (sources.LOAD, sla.DISPUTE, sla.SIGN, annotate.ADD, explorer_saved.KEEP)
FILES = tuple((f"/explore.{ending}", make, kind) for ending, (make, kind) in explorer_file.FILES.items())
"""Answers as files: where, what makes them, what they are."""

STATUS = {EXIT_USAGE: 400, EXIT_DEFINITION: 422, EXIT_DATA: 422, EXIT_REFUSED: 422}
CHOICE_AGE = 365 * 86_400


def make_app(folder: Path, *, hosts: Collection[str] = LOOPBACK, more: Sequence[Route] = ()) -> Starlette:
    """The pages of the workspace in `folder`, and `more` routes, answering to the names in `hosts`."""
    house = House(folder)

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        await house.ask(lambda workspace: workspace.today)
        yield
        house.close()

    routes = [Route(page.path, _endpoint(page), name=page.id) for page in PAGES]
    routes += [Route(path, _file(make, kind), name=path) for path, make, kind in FILES]
    routes += [Route(deed.path, _doing(deed), name=deed.id, methods=["POST"]) for deed in DEEDS]
    routes += [
        Route("/static/{name}", serve_asset, name="static"),
        Route("/choose", choose, name="choose", methods=["POST"]),
        Route("/login", login, name="login", methods=["GET", "POST"]),
        Route(sso.START, login_with, name="login_with"),
        Route(sso.CALLBACK, login_back, name="login_back"),
        Route(sso.OUT, logout_with, name="logout_with"),
        Route("/logout", logout, name="logout", methods=["POST"]),
        *more,
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=hosts), Middleware(GZipMiddleware, minimum_size=1000)],
        exception_handlers={404: _missing, LeadlineError: _failed, StrangerError: to_login, Exception: _unforeseen},
        lifespan=living,
    )
    app.state.house = house
    app.state.accounts = Accounts(folder)
    app.state.doorman = sso.Doorman(folder)
    return app


def _endpoint(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        house: House = request.app.state.house
        visitor = allowed(request, page.role)
        given = asked_for(request)
        path = {name: str(value) for name, value in request.path_params.items()}

        def make(workspace: Workspace) -> str:
            language = spoken(workspace, visitor)
            question = Question(workspace, visitor, language, path, given)
            view = page.show(question)
            title = str(view.pop("title", "") or language.say(page.title))
            name = workspace.settings.name or workspace.path.name
            here = surroundings(language, visitor, name, PAGES, page, title, _address(request))
            return render(page.template, view, here)

        key = (page.id, tuple(sorted(path.items())), tuple(sorted(given.items())), visitor)
        try:
            text = await (house.keep(key, make) if page.kept else house.ask(make))
        except UsageError as error:
            if not path:
                raise
            # What the address itself names is not there.
            return await _error_page(request, error, 404)
        return _tagged(request, text)

    return answer


def _doing(deed: Deed) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        house: House = request.app.state.house
        visitor = allowed(request, deed.role)
        path = {name: str(value) for name, value in request.path_params.items()}
        async with received(request) as sent:

            def work(workspace: Workspace) -> tuple[str, str]:
                language = spoken(workspace, visitor)
                view = deed.do(Question(workspace, visitor, language, path, dict(request.query_params)), sent)
                back = str(view.pop("to", ""))
                if back:
                    return "", back
                title = str(view.pop("title", "") or language.say(deed.title))
                name = workspace.settings.name or workspace.path.name
                here = surroundings(language, visitor, name, PAGES, None, title, "/")
                return render(deed.template, view, here), ""

            text, back = await house.change(work)
        request.app.state.accounts.note(visitor.name, deed.id, ", ".join(path.name for path in sent.files))
        return RedirectResponse(back, 303) if back else HTMLResponse(text)

    return answer


def _file(make: Callable[[Question], Download], kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        house: House = request.app.state.house
        visitor = allowed(request, "viewer")
        given = asked_for(request)

        def work(workspace: Workspace) -> Download:
            return make(Question(workspace, visitor, spoken(workspace, visitor), {}, given))

        made = await house.ask(work)
        headers = {"content-disposition": f'attachment; filename="{made.name}"', "cache-control": "private, no-store"}
        if isinstance(made.content, str | bytes):
            return Response(made.content, media_type=kind, headers=headers)
        return StreamingResponse(made.content, media_type=kind, headers=headers)

    return answer


def _tagged(request: Request, text: str) -> Response:
    """A page with a tag of its content: a browser that has it gets a word instead."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "accept-language, cookie"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(text, headers=headers)


async def choose(request: Request) -> Response:
    """Remember a language or a theme, and go back to the page it was chosen on."""
    form = await request.form()
    back = str(form.get("back") or "/")
    response = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)
    for name in ("lang", "theme"):
        value = form.get(name)
        if isinstance(value, str):
            response.set_cookie(name, value[:20], max_age=CHOICE_AGE, samesite="lax", httponly=True)
    return response


async def _missing(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        body = {"title": f"There is nothing at {request.url.path}.", "status": 404, "fix": "see /api/v1/openapi.json"}
        return JSONResponse(body, 404, media_type="application/problem+json")
    error = LeadlineError("no-page", f"There is no page {request.url.path}.", fix="choose one from the navigation")
    return await _error_page(request, error, 404)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, LeadlineError)
    status = 403 if isinstance(error, ForbiddenError) else STATUS.get(error.exit_code, 500)
    return await _error_page(request, error, status)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """What nobody foresaw: said as such, and raised again for the server's log."""
    what = f"Leadline met something it did not foresee: {type(error).__name__}."
    told = LeadlineError("unforeseen", what, fix="look at the server's log, and report it with what it says")
    if request.url.path.startswith("/api/"):
        body = {"title": told.what, "status": 500, "code": told.code, "fix": told.fix}
        return JSONResponse(body, 500, media_type="application/problem+json")
    return await _error_page(request, told, 500)


async def _error_page(request: Request, error: LeadlineError, status: int) -> Response:
    house: House = request.app.state.house
    visitor = visitor_of(request) or Visitor("", "viewer", "", told_language(request), told_theme(request))

    def make(workspace: Workspace) -> str:
        language = spoken(workspace, visitor)
        name = workspace.settings.name or workspace.path.name
        title = language.say("This did not work")
        here = surroundings(language, visitor, name, PAGES, None, title, "/")
        return render("error.html.j2", {"error": error_view(error)}, here)

    try:
        return HTMLResponse(await house.ask(make), status)
    except LeadlineError as worse:
        # The workspace itself cannot be opened, so there is neither its language nor its name.
        return Response(str(worse), 500, media_type="text/plain; charset=utf-8")


def _address(request: Request) -> str:
    """Path and query of a request, to come back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")

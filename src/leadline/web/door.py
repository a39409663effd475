"""The door: who sends a request, whether they may, and how they log in.

A workspace without accounts is open to this machine and to nobody else: whoever sits at it is admin. With accounts,
pages need a session and programs a token (`Authorization: Bearer ll_…`). The same holds as soon as the workspace names
a provider to sign in with.
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from leadline.errors import LeadlineError, RefusedError
from leadline.web import sso
from leadline.web.account import SESSION_SECONDS, Accounts
from leadline.web.house import House
from leadline.web.render import error_view, render, surroundings
from leadline.web.visitor import Role, Visitor, spoken, told_language, told_theme
from leadline.workspace import Workspace

COOKIE = "session"
HERE = frozenset({"127.0.0.1", "::1", "testclient"})


class StrangerError(Exception):
    """A request by nobody known."""


class ForbiddenError(RefusedError):
    """A visitor who is known and may not."""


def visitor_of(request: Request) -> Visitor | None:
    """Who sends a request; None for nobody known."""
    accounts: Accounts = request.app.state.accounts
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    found: Visitor | None
    if scheme:
        found = accounts.of_token(secret.strip()) if scheme.lower() == "bearer" else None
    elif accounts.any() or request.app.state.doorman.rules is not None:
        found = accounts.of_session(request.cookies.get(COOKIE, ""))
    else:
        # The address is the connection's own; behind a proxy there must be accounts.
        near = request.client is not None and request.client.host in HERE and "forwarded" not in _names(request)
        found = Visitor("", "admin") if near else None
    return found and replace(found, language=told_language(request), theme=told_theme(request))


def allowed(request: Request, role: Role) -> Visitor:
    """The visitor, if they have at least this role. Raises `StrangerError` or `ForbiddenError`."""
    visitor = visitor_of(request)
    if visitor is None:
        raise StrangerError
    if not visitor.may(role):
        raise ForbiddenError(
            "not-allowed", f"This needs the role {role}; you are {visitor.role}.", fix="ask an admin for it"
        )
    return visitor


async def to_login(request: Request, _: Exception) -> Response:
    """Strangers at a page are sent to the login, programs told so."""
    if "authorization" in request.headers or request.url.path.startswith("/api/"):
        body = {"title": "Log in first.", "status": 401, "detail": "Send `Authorization: Bearer TOKEN`."}
        headers = {"www-authenticate": "Bearer"}
        return JSONResponse(body, 401, headers, media_type="application/problem+json")
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?back={quote(back, safe='')}", 303)


async def login(request: Request) -> Response:
    """The form, and what it sends."""
    accounts: Accounts = request.app.state.accounts
    back = _inside(request.query_params.get("back", "/"))
    if request.method == "GET":
        return await _form(request, back, None, 200)
    form = await request.form()
    back = _inside(str(form.get("back") or "/"))
    address = request.client.host if request.client else ""
    try:
        secret = accounts.enter(str(form.get("name") or ""), str(form.get("password") or ""), address)
    except LeadlineError as error:
        return await _form(request, back, error, 403)
    return _opened(request, back, secret, SESSION_SECONDS)


async def login_with(request: Request) -> Response:
    """To the provider."""
    back = _inside(request.query_params.get("back", "/"))
    try:
        return await sso.there(request, back)
    except LeadlineError as error:
        if error.why:
            request.app.state.accounts.note("", "sign-in refused", f"{error.code}: {error.why}")
        return await _form(request, back, error, 503)


async def login_back(request: Request) -> Response:
    """Back from the provider: in, or told why not."""
    try:
        secret, back, hours = await sso.came_back(request)
        response = _opened(request, _inside(back), secret, int(hours * 3600))
    except LeadlineError as error:
        response = await _form(request, "/", error, 403)
    response.delete_cookie(sso.COOKIE, path=sso.START)
    return response


async def logout_with(request: Request) -> Response:
    """Out of the provider too."""
    try:
        return await sso.sign_out(request)
    except LeadlineError as error:
        return await _form(request, "/", error, 503)


def _opened(request: Request, back: str, secret: str, seconds: int) -> Response:
    response = RedirectResponse(back, 303, headers={"cache-control": "no-store"})
    secure = request.app.state.doorman.is_secure(request)
    response.set_cookie(COOKIE, secret, max_age=seconds, httponly=True, samesite="lax", secure=secure)
    return response


async def logout(request: Request) -> Response:
    """End the session."""
    accounts: Accounts = request.app.state.accounts
    accounts.leave(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login?left=1" if request.app.state.doorman.rules else "/login", 303)
    response.delete_cookie(COOKIE)
    return response


async def _form(request: Request, back: str, error: LeadlineError | None, status: int) -> Response:
    house: House = request.app.state.house
    visitor = Visitor("", "viewer", "", told_language(request), told_theme(request))
    rules = request.app.state.doorman.rules
    view = {
        "back": back,
        "error": error and error_view(error),
        "provider": rules.name if rules else "",
        "start": sso.start_address(back),
        "out": sso.OUT if "left" in request.query_params else "",
    }

    def make(workspace: Workspace) -> str:
        language = spoken(workspace, visitor)
        name = workspace.settings.name or workspace.path.name
        around = surroundings(language, visitor, name, (), None, language.say("Log in"), "/login")
        return render("login.html.j2", view, around)

    return HTMLResponse(await house.ask(make), status, headers={"cache-control": "no-store"})


def _inside(back: str) -> str:
    """An address within this site."""
    # Browsers leave out tabs and line ends, so that "/\t/elsewhere" would be "//elsewhere".
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable() else "/"


def _names(request: Request) -> set[str]:
    """Names of headers; those of proxies as one."""
    return {"forwarded" if name.startswith(("x-forwarded", "forwarded")) else name for name in request.headers}

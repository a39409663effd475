"""The door: who sends a request, whether they may, and how they log in.

A workspace without accounts is open to this machine and to nobody else: whoever sits at it is admin. With accounts,
pages need a session and programs a token (`Authorization: Bearer ll_…`).
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from leadline.errors import LeadlineError, RefusedError
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
    elif accounts.any():
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
    response = RedirectResponse(back, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure)
    return response


async def logout(request: Request) -> Response:
    """End the session."""
    accounts: Accounts = request.app.state.accounts
    accounts.leave(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


async def _form(request: Request, back: str, error: LeadlineError | None, status: int) -> Response:
    house: House = request.app.state.house
    visitor = Visitor("", "viewer", "", told_language(request), told_theme(request))

    def make(workspace: Workspace) -> str:
        language = spoken(workspace, visitor)
        name = workspace.settings.name or workspace.path.name
        around = surroundings(language, visitor, name, (), "", language.say("Log in"), "/login")
        return render("login.html.j2", {"back": back, "error": error and error_view(error)}, around)

    return HTMLResponse(await house.ask(make), status, headers={"cache-control": "no-store"})


def _inside(back: str) -> str:
    """An address within this site."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"


def _names(request: Request) -> set[str]:
    """Names of headers; those of proxies as one."""
    return {"forwarded" if name.startswith(("x-forwarded", "forwarded")) else name for name in request.headers}

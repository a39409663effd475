"""What every answer carries and every request must meet: policy headers, a known host, and no post from elsewhere.

A page runs only scripts and styles served from here. A state-changing request must say that it comes from this site:
browsers send `Sec-Fetch-Site` (or at least `Origin`) with every post, and a page elsewhere cannot forge it, so no
token has to be carried in forms. Requests with an API token are not sent by browsers on their own and are exempt.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})


class Guard:
    """Middleware: refuses foreign hosts and foreign posts, adds the policy headers.

    `hosts` are the names this server answers to; a name it does not know may be a page elsewhere that points a name of
    its own at this machine.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(request)
        if refusal:
            await PlainTextResponse(refusal, 403)(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)

    def _refusal(self, request: Request) -> str:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if "*" not in self.hosts and host not in self.hosts:
            return f"This server does not answer to the name {host!r}; start it with --host {host} to let it."
        if request.method in SAFE or "authorization" in request.headers:
            return ""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return "" if site in ("same-origin", "none") else "This request comes from another site."
        origin = request.headers.get("origin")
        if origin is None or urlsplit(origin).netloc == request.headers.get("host"):
            return ""
        return "This request comes from another site."

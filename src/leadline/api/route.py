"""Endpoints as routes beside the pages: parameters read, question asked on the workspace's thread, answer tagged."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leadline.api.declare import Endpoint
from leadline.api.document import PREFIX, openapi
from leadline.api.endpoint import ENDPOINTS
from leadline.errors import LeadlineError
from leadline.web.app import STATUS
from leadline.web.door import ForbiddenError, allowed
from leadline.web.house import House
from leadline.web.question import Question, Sent
from leadline.web.send import received
from leadline.web.visitor import Visitor, spoken
from leadline.workspace import Workspace


def api_routes() -> Sequence[Route]:
    """All routes under `/api/v1`."""
    routes = [Route(PREFIX + each.path, _endpoint(each), methods=[each.method], name=each.id) for each in ENDPOINTS]
    return [*routes, Route(f"{PREFIX}/openapi.json", document, name="openapi")]


async def document(_: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(openapi())


def problem(error: LeadlineError, status: int = 0) -> Response:
    """An error as `application/problem+json`; its status is that of its kind, unless given."""
    status = status or (403 if isinstance(error, ForbiddenError) else STATUS.get(error.exit_code, 500))
    body = {"title": error.what, "status": status, "code": error.code, "detail": error.why, "fix": error.fix}
    return JSONResponse(body, status, media_type="application/problem+json")


def _endpoint(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            visitor = allowed(request, endpoint.role)
            given = endpoint.read(dict(request.query_params), {k: str(v) for k, v in request.path_params.items()})
            body = await _ask(request, endpoint, visitor, given)
        except LeadlineError as error:
            in_path = {one.name for one in endpoint.parameters if one.place == "path"}
            # What the address itself names is not there.
            missing = in_path and error.code in ("unknown-metric", "unknown-source")
            return problem(error, 404 if missing else 0)
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "authorization, cookie, accept-language"}
        if request.method == "GET" and request.headers.get("if-none-match", "").removeprefix("W/") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=endpoint.media, headers=headers)

    return answer


async def _ask(request: Request, endpoint: Endpoint, visitor: Visitor, given: dict[str, Any]) -> bytes:
    house: House = request.app.state.house

    def work(workspace: Workspace, sent: Sent) -> bytes:
        found = endpoint.answer(Question(workspace, visitor, spoken(workspace, visitor)), given, sent)
        return found.encode() if isinstance(found, str) else msgspec.json.encode(found)

    if endpoint.method == "GET":
        key = (endpoint.id, repr(sorted(given.items())), visitor)
        return await house.keep(key, lambda workspace: work(workspace, Sent()))
    async with received(request) as sent:
        body = await house.change(lambda workspace: work(workspace, sent))
    request.app.state.accounts.note(visitor.name, endpoint.id, ", ".join(path.name for path in sent.files))
    return body

"""Sign-in with a provider, as addresses of this site: there, back, and out.

Nothing is told to the browser but what its owner can mend; the rest is in the audit log. The way there is a link, not a
form: pages forbid forms that end elsewhere.
"""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from leadline.errors import LeadlineError, RefusedError
from leadline.model.sign_in import SignIn
from leadline.project import SETTINGS_FILE, open_project
from leadline.web.account import Accounts
from leadline.web.errand import SECONDS, Errands
from leadline.web.oidc import Person, Provider

START, CALLBACK, OUT = "/login/with", "/login/with/back", "/login/with/out"
COOKIE = "sign_in"


class Doorman:
    """The sign-in of a workspace: its rules, read again when `leadline.yaml` changes, and the provider they name.

    While the definitions of the workspace cannot be read, the rules that were read last go on: a slip of the pen must
    not open a door.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.errands = Errands(folder)
        self._lock = threading.Lock()
        self._read: tuple[int, int] | None = None
        self._rules: SignIn | None = None
        self._provider: Provider | None = None

    @property
    def rules(self) -> SignIn | None:
        """`sign_in:` of the workspace. Raises `DefinitionError` when it could never be read."""
        with self._lock:
            try:
                facts = (self.folder / SETTINGS_FILE).stat()
                stamp = (facts.st_mtime_ns, facts.st_size)
                if stamp != self._read:
                    self._rules, self._read = open_project(self.folder).settings.sign_in, stamp
            except (OSError, LeadlineError):
                if self._read is None:
                    raise
            return self._rules

    def provider(self) -> Provider:
        """The provider. Raises `UsageError` when the extra or the client secret is missing."""
        rules = self.rules
        if rules is None:
            raise RefusedError("no-sign-in", "This workspace has no sign-in with a provider.", fix="use a password")
        with self._lock:
            if self._provider is None or self._provider.settings != rules:
                self._provider = Provider(rules)
            return self._provider

    def address(self, request: Request, path: str) -> str:
        """A path of this site as browsers reach it."""
        told = self.rules.address if self.rules else ""
        return f"{told.rstrip('/') or f'{request.url.scheme}://{request.url.netloc}'}{path}"

    def is_secure(self, request: Request) -> bool:
        """Whether browsers reach this site encrypted."""
        return urlsplit(self.address(request, "/")).scheme == "https"


async def there(request: Request, back: str) -> Response:
    """Send the browser to the provider, to come back to the page `back`."""
    doorman: Doorman = request.app.state.doorman
    provider = doorman.provider()
    errand = await run_in_threadpool(doorman.errands.begin, back)
    place = await run_in_threadpool(provider.way_there, errand, doorman.address(request, CALLBACK))
    response = RedirectResponse(place, 303, headers={"cache-control": "no-store"})
    response.set_cookie(
        COOKIE, errand.browser, max_age=SECONDS, path=START, httponly=True, samesite="lax",
        secure=doorman.is_secure(request),
    )  # fmt: skip
    return response


async def came_back(request: Request) -> tuple[str, str, float]:
    """A session for who came back, the page they asked for, and the hours it lasts.

    Raises `RefusedError` for whom nobody vouches for or the rules keep out; the audit log tells why.
    """
    doorman: Doorman = request.app.state.doorman
    accounts: Accounts = request.app.state.accounts
    given = dict(request.query_params)
    provider = doorman.provider()
    callback, browser = doorman.address(request, CALLBACK), request.cookies.get(COOKIE, "")

    def work() -> tuple[str, str, float]:
        person: Person | None = None
        try:
            errand = doorman.errands.end(given.get("state", ""), browser)
            person = provider.person(errand, given, callback)
            return _let_in(accounts, provider.settings, person), errand.back, provider.settings.hours
        except RefusedError as error:
            accounts.note(person.mail if person else "", "sign-in refused", f"{error.code}: {error.why or error.what}")
            raise

    return await run_in_threadpool(work)


def _let_in(accounts: Accounts, rules: SignIn, person: Person) -> str:
    if person.grant is None:
        accounts.expel(person.identity)
        raise RefusedError("no-role", f"{person.mail} has no role here.", fix="ask an admin for a group that has one")
    grant = person.grant
    secret = accounts.admit(person.identity, person.mail, grant.role, grant.rows, rules.hours)
    accounts.note(person.mail, "signed in", f"{rules.name}, {grant.role}{f', {grant.rows}' if grant.rows else ''}")
    return secret


async def sign_out(request: Request) -> Response:
    """Send the browser to where it signs out of the provider too."""
    doorman: Doorman = request.app.state.doorman
    place = await run_in_threadpool(doorman.provider().way_out, doorman.address(request, "/login"))
    return RedirectResponse(place or "/login", 303, headers={"cache-control": "no-store"})


def start_address(back: str) -> str:
    """Where the button leads."""
    return START if back == "/" else f"{START}?back={quote(back, safe='')}"

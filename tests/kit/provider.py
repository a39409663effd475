"""An identity provider on loopback: discovery, keys, codes that work once, ID tokens that a test may spoil."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

CLIENT, SECRET = "leadline-tests", "not a secret of anybody"
Claims = dict[str, Any]


class IdentityProvider:
    """`claims` is what it says of whoever signs in; `twist` spoils the claims, `sign` makes the token."""

    def __init__(self) -> None:
        self.issuer = ""
        self.reset({})

    def reset(self, claims: Claims) -> None:
        """As it was at first, and saying `claims` of people."""
        self.claims = dict(claims)
        self.twist: Callable[[Claims], None] = lambda claims: None
        self.key = _key("first")
        self.sign: Callable[[Claims], str] = self.signed
        self.metadata: Claims = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def rotate(self) -> None:
        self.key = _key("second")

    def signed(self, claims: Claims) -> str:
        from joserfc import jwt

        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def code(self, address: str) -> dict[str, str]:
        """What somebody brings back who was sent to `address` and signed in."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def documents(self) -> dict[str, Any]:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/out",
                **self.metadata,
            },
            "/keys": {"keys": [self.key.as_dict(private=False), {"kty": "yet to come", "kid": "x"}]},
        }

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to a code; None for one that is refused."""
        asked = self._codes.pop(form.get("code", ""), None)
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or authorization != f"Basic {known}"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or asked["code_challenge_method"] != "S256"
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return None
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims}
        self.twist(said)
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": self.sign(said)}


@cache
def _key(kid: str) -> RSAKey:
    """Made once: a key takes longer than a test."""
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            self.answer(provider.documents().get(self.path))

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
            told = provider.token(form, self.headers.get("authorization", ""))
            self.answer(told or {"error": "invalid_grant"}, 200 if told else 400)

        def answer(self, body: Any, status: int = 200) -> None:
            text = json.dumps(body).encode()
            self.send_response(status if body is not None else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

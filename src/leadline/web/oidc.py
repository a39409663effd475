"""OpenID Connect: the provider's documents, the way there, and who comes back.

The authorization code flow with PKCE (RFC 7636), state and nonce. Requests and ID tokens are authlib's and joserfc's;
here is what they leave to the caller: which addresses and algorithms are trusted, when keys are fetched again, and what
is made of the claims. Nothing about the person is taken from anywhere but a signed ID token.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leadline.errors import RefusedError, UsageError
from leadline.model.sign_in import Grant, SignIn, is_safe_address
from leadline.web.errand import Errand

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures that only the provider can make: none with a shared secret, and not `none`."""
LEEWAY = 60
"""Seconds that clocks may differ."""
TIMEOUT = 10
KEPT = 3600
"""Seconds that the provider's documents are believed."""
LARGEST = 1 << 20
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderError(RefusedError):
    """The provider did not vouch for somebody, or cannot be understood; `why` is for the audit log."""


class Person(Struct, frozen=True):
    """Who came back: `identity` is issuer and subject, `grant` what their groups may (None for nothing)."""

    identity: tuple[str, str]
    mail: str
    grant: Grant | None


class Provider:
    """A provider as `sign_in:` has it. Any number of threads may call; calls wait for the network."""

    def __init__(self, settings: SignIn) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        _extra()
        _secret(settings)

    def way_there(self, errand: Errand, callback: str) -> str:
        """The address of the provider's own sign-in page."""
        with self._session(callback) as session:
            found: str = session.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=errand.state,
                nonce=errand.nonce,
                code_verifier=errand.verifier,
            )[0]
        return found

    def way_out(self, back: str) -> str:
        """Where one signs out of the provider too; empty if it has no such place."""
        from requests import Request

        place = self._metadata().get("end_session_endpoint")
        if not isinstance(place, str) or not is_safe_address(place):
            return ""
        words = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return str(Request("GET", place, params=words).prepare().url)

    def person(self, errand: Errand, answer: Mapping[str, str], callback: str) -> Person:
        """Who comes back with this answer. Raises `ProviderError`, or `RefusedError` for whom the rules keep out."""
        metadata, told = self._metadata(), answer.get("iss")
        # RFC 9207: an answer of another provider must not be taken to this one.
        expected = metadata.get("authorization_response_iss_parameter_supported") is True
        if (told is not None or expected) and told != self.settings.issuer:
            raise self._failure(f"the answer is of {told or 'no provider'}")
        if "error" in answer:
            raise self._failure(f"it answered {answer['error']}")
        if not answer.get("code"):
            raise self._failure("the answer has no code")
        token = self._token(metadata, errand, answer["code"], callback)
        return self._judged(self._claims(token, errand))

    def _token(self, metadata: Mapping[str, Any], errand: Errand, code: str, callback: str) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError
        from requests import RequestException

        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        with self._session(callback) as session:
            if _secret(self.settings) and "client_secret_basic" not in ways and "client_secret_post" in ways:
                session.token_endpoint_auth_method = "client_secret_post"  # noqa: S105
            try:
                token: Mapping[str, Any] = session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=errand.verifier,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
            except (AuthlibBaseError, RequestException, ValueError) as error:
                raise self._failure(f"no token for the code: {error}") from None
        return token

    def _claims(self, token: Mapping[str, Any], errand: Errand) -> dict[str, Any]:
        """The claims of the ID token, of a known signature and meant for this sign-in."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jws import JWSRegistry

        # Headers that nobody asked for are not used, as RFC 7515 has it, and no reason to keep somebody out.
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        text, settings = token.get("id_token"), self.settings
        if not isinstance(text, str):
            raise self._failure("the answer has no ID token")
        try:
            try:
                read = jwt.decode(text, self._keys(), registry=registry)
            except InvalidKeyIdError:
                # Keys are changed now and then: one that is not known may be new.
                read = jwt.decode(text, self._keys(renew=True), registry=registry)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": settings.issuer},
                    "aud": {"essential": True, "value": settings.client_id},
                    "sub": {"essential": True},
                    "nonce": {"essential": True, "value": errand.nonce},
                },
                {"nonce": errand.nonce, "client_id": settings.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError) as error:
            raise self._failure(f"its ID token: {error}") from None
        return dict(claims)

    def _judged(self, claims: Mapping[str, Any]) -> Person:
        """What the rules of the workspace make of somebody."""
        settings, mail = self.settings, claims.get("email")
        if not isinstance(mail, str) or mail.count("@") != 1 or not mail.isprintable() or not 3 <= len(mail) <= 100:
            raise RefusedError("no-mail", f"{settings.name} does not say your mail address.", fix="ask an admin")
        if claims.get(settings.verified_by) not in (True, "true", 1, "1"):
            raise RefusedError(
                "mail-not-verified",
                f"{settings.name} does not say that {mail} is yours.",
                fix=f"verify the address at {settings.name}, then sign in again",
            )
        mail = mail.lower()
        if settings.domains and mail.partition("@")[2] not in {domain.lower() for domain in settings.domains}:
            raise RefusedError("foreign-domain", f"{mail} is of another organisation.", fix="use your address here")
        identity = (settings.issuer, str(claims["sub"]))
        return Person(identity, mail, settings.granted(_groups(claims, settings.claim)))

    def _keys(self, *, renew: bool = False) -> KeySet:
        from joserfc.jwk import KeySet

        found = self._document(self._metadata()["jwks_uri"], renew=renew).get("keys")
        # Keys for other uses, or of kinds yet to come, are no hindrance.
        fit = [
            key
            for key in (found if isinstance(found, list) else ())
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
        ]
        return KeySet.import_key_set({"keys": fit})

    def _metadata(self) -> dict[str, Any]:
        """The discovery document, of the issuer that it is asked from."""
        issuer = self.settings.issuer
        found = self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise self._failure(f"its discovery document is of the issuer {found.get('issuer')!r}")
        for name in _NEEDED:
            if not isinstance(found.get(name), str) or not is_safe_address(found[name]):
                raise self._failure(f"its discovery document has no safe {name}")
        return found

    def _document(self, address: str, *, renew: bool = False) -> dict[str, Any]:
        with self._lock:
            at, kept = self._kept.get(address, (0.0, {}))
        if kept and not renew and time.monotonic() - at < KEPT:
            return kept
        fetched = self._fetched(address)
        with self._lock:
            self._kept[address] = (time.monotonic(), fetched)
        return fetched

    def _fetched(self, address: str) -> dict[str, Any]:
        import requests

        try:
            with requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                if answer.status_code != 200:
                    raise self._failure(f"{address} answers {answer.status_code}")
                text = b""
                for part in answer.iter_content(1 << 16):
                    text += part
                    if len(text) > LARGEST:
                        raise self._failure(f"{address} answers more than a megabyte")
                found = json.loads(text)
        except (requests.RequestException, ValueError) as error:
            raise self._failure(f"{address}: {error}") from None
        if not isinstance(found, dict):
            raise self._failure(f"{address} is no JSON object")
        return found

    def _session(self, callback: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.settings.client_id,
            _secret(self.settings) or None,
            scope=" ".join(self.settings.scopes),
            redirect_uri=callback,
            code_challenge_method="S256",
        )

    def _failure(self, why: str) -> ProviderError:
        return ProviderError(
            "sign-in-failed",
            f"Signing in with {self.settings.name} did not work.",
            why=why,
            fix="try again; an admin sees the reason with `leadline account audit`",
        )


def _groups(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The texts of a claim; dots lead into nested ones, unless a claim is called so."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    return frozenset(one for one in listed if isinstance(one, str))


def _secret(settings: SignIn) -> str:
    """The client secret, empty for a client that has none."""
    if not settings.secret_variable:
        return ""
    secret = os.environ.get(settings.secret_variable, "")
    if not secret:
        raise UsageError(
            "no-client-secret",
            f"Signing in with {settings.name} needs the client secret.",
            why=f"the environment variable {settings.secret_variable} is not set",
            fix=f"set {settings.secret_variable}, or write `secret_variable: ''` for a client without one",
        )
    return secret


def _extra() -> None:
    for name in ("authlib", "joserfc", "requests"):
        if find_spec(name) is None:
            raise UsageError("needs-extra", f"Sign-in by a provider needs {name}.", fix="pip install 'leadline[sso]'")

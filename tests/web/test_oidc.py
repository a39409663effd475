"""Sign-in with a provider: the way in, what it gives, and every way it must not be had."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.testclient import TestClient

from kit import give, make_workspace
from kit.provider import CLIENT, SECRET, Claims, IdentityProvider, identity_provider
from leadline.errors import DefinitionError, UsageError
from leadline.project import open_project
from leadline.web import oidc
from leadline.web.account import Accounts
from leadline.web.app import make_app
from leadline.web.errand import Errands
from leadline.web.sso import CALLBACK, OUT, START

PASSWORD = "correct horse battery"
RULES = """
sign_in:
  name: House
  issuer: {issuer}
  client_id: leadline-tests
  secret_variable: HOUSE_SECRET
  domains: [example.com]
  groups:
    leadline-admins: admin
    emea: {{role: viewer, rows: "region = 'EMEA'"}}
  hours: 8
"""
ANA = {"sub": "1", "email": "Ana@example.com", "email_verified": True, "groups": ["leadline-admins", "emea"]}
BEN = {"sub": "2", "email": "ben@example.com", "email_verified": True, "groups": ["emea"]}


@pytest.fixture(scope="module")
def server() -> Iterator[IdentityProvider]:
    with identity_provider() as made:
        yield made


@pytest.fixture
def provider(server: IdentityProvider) -> IdentityProvider:
    server.reset(ANA)
    return server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: IdentityProvider) -> Path:
    place = tmp_path_factory.mktemp("oidc") / "w"
    with make_workspace(place) as opened:
        give(opened, {"session": [
            {"date": "2026-05-03", "sessions": 100, "region": "EMEA"},
            {"date": "2026-05-04", "sessions": 30, "region": "APAC"},
        ]})  # fmt: skip
    with (place / "leadline.yaml").open("a", encoding="utf-8") as file:
        file.write(RULES.format(issuer=server.issuer))
    return place


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The workspace, with nobody in it yet and the rules above."""
    monkeypatch.setenv("HOUSE_SECRET", SECRET)
    (home / "access.sqlite").unlink(missing_ok=True)
    rules = (home / "leadline.yaml").read_text(encoding="utf-8")
    yield home
    if (home / "leadline.yaml").read_text(encoding="utf-8") != rules:
        (home / "leadline.yaml").write_text(rules, encoding="utf-8")


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder), base_url="http://localhost", follow_redirects=False) as opened:
        yield opened


def begin(client: TestClient, back: str = "/") -> str:
    """Where the button leads: the provider's address."""
    answer = client.get(START, params={"back": back})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_back(client: TestClient, answer: dict[str, str]) -> httpx2.Response:
    return client.get(CALLBACK, params=answer)


def sign_in(client: TestClient, provider: IdentityProvider, back: str = "/") -> httpx2.Response:
    return come_back(client, provider.code(begin(client, back)))


def refused(client: TestClient, answer: httpx2.Response) -> str:
    assert answer.status_code == 403
    assert "session" not in client.cookies
    assert client.get("/explore").status_code == 303
    return answer.text


def reasons(folder: Path) -> str:
    return "\n".join(f"{entry.who}|{entry.what}|{entry.detail}" for entry in Accounts(folder).audit())


def test_who_signs_in_gets_the_role_of_their_group(
    client: TestClient, provider: IdentityProvider, folder: Path
) -> None:
    page = client.get("/login?back=/explore")
    assert "Sign in with House" in page.text
    assert f'href="{START}?back=%2Fexplore"' in page.text
    answer = sign_in(client, provider, "/explore?metrics=leads")
    assert (answer.status_code, answer.headers["location"]) == (303, "/explore?metrics=leads")
    cookie = answer.headers.get_list("set-cookie")[0]
    assert "HttpOnly" in cookie
    assert "Max-Age=28800" in cookie
    assert "ana@example.com" in client.get("/explore").text
    told = [(one.name, one.role, one.rows) for one in Accounts(folder).all()]
    assert told == [("ana@example.com", "admin", "")]
    assert "ana@example.com|signed in|House, admin" in reasons(folder)


def test_the_way_there_carries_challenge_state_and_nonce_and_no_secret(client: TestClient) -> None:
    address = httpx2.URL(begin(client))
    words = dict(address.params)
    assert words["response_type"] == "code"
    assert words["code_challenge_method"] == "S256"
    assert words["redirect_uri"] == f"http://localhost{CALLBACK}"
    assert words["scope"] == "openid email profile"
    assert min(len(words[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert SECRET not in str(address)
    assert "code_verifier" not in words


def test_rows_of_a_group_are_kept_as_those_of_an_account(client: TestClient, provider: IdentityProvider) -> None:
    provider.claims = dict(BEN)
    assert sign_in(client, provider).status_code == 303
    told = client.get("/explore.csv?metrics=sessions&by=region&period=2026").text
    assert "EMEA" in told
    assert "APAC" not in told
    assert client.post("/load").status_code in (403, 404)


def spoil(**changes: Any) -> Callable[[Claims], None]:
    def twist(claims: Claims) -> None:
        claims.update(changes)
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    return twist


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT, "another-client"]}, "azp"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "azp"),
        ({"azp": "another-client"}, "azp"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"exp": int(time.time()) - 3600}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": int(time.time()) + 3600}, "in the future"),
        ({"nbf": int(time.time()) + 3600}, "not yet valid"),
        ({"sub": None}, "sub"),
        ({"at_hash": "of another access token"}, "at_hash"),
    ],
)  # fmt: skip
def test_a_token_for_another_sign_in_is_refused(
    client: TestClient, provider: IdentityProvider, folder: Path, changes: Claims, why: str
) -> None:
    provider.twist = spoil(**changes)
    page = refused(client, sign_in(client, provider))
    assert "did not work" in page
    entry = next(entry for entry in Accounts(folder).audit() if entry.what == "sign-in refused")
    assert entry.detail.startswith("sign-in-failed: its ID token:")
    assert why in entry.detail
    assert "its ID token" not in page, "why is for the audit log"


def test_clocks_may_differ_by_a_minute_and_no_more(client: TestClient, provider: IdentityProvider) -> None:
    provider.twist = spoil(exp=int(time.time()) - 30)
    assert sign_in(client, provider).status_code == 303
    client.cookies.clear()
    provider.twist = spoil(exp=int(time.time()) - 90)
    refused(client, sign_in(client, provider))


def unsigned(provider: IdentityProvider, claims: Claims) -> str:
    registry = JWSRegistry(algorithms=["none"])
    return jwt.encode({"alg": "none"}, claims, OctKey.import_key("x" * 32), algorithms=["none"], registry=registry)


def with_public_key_as_secret(provider: IdentityProvider, claims: Claims) -> str:
    key = OctKey.import_key(provider.key.as_pem(private=False).replace(b"-----", b""))
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, key, algorithms=["HS256"])


def with_client_secret(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def by_another_key(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, RSAKey.generate_key(2048))


def by_a_key_of_its_own(provider: IdentityProvider, claims: Claims) -> str:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "kid": "own", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key)


def changed_afterwards(provider: IdentityProvider, claims: Claims) -> str:
    head, _, tail = provider.signed(claims).split(".")
    _, body, _ = provider.signed({**claims, "groups": ["leadline-admins"], "email": "eve@example.com"}).split(".")
    return f"{head}.{body}.{tail}"


def nonsense(provider: IdentityProvider, claims: Claims) -> str:
    return "no token"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "forge",
    [unsigned, with_public_key_as_secret, with_client_secret, by_another_key, by_a_key_of_its_own, changed_afterwards,
     nonsense],
)  # fmt: skip
def test_a_forged_token_is_refused(
    client: TestClient, provider: IdentityProvider, folder: Path, forge: Callable[[IdentityProvider, Claims], str]
) -> None:
    provider.claims = dict(BEN) if forge is changed_afterwards else dict(ANA)
    provider.sign = lambda claims: forge(provider, claims)
    refused(client, sign_in(client, provider))
    assert "its ID token: " in reasons(folder), reasons(folder)


def test_an_answer_works_once(client: TestClient, provider: IdentityProvider) -> None:
    answer = provider.code(begin(client))
    cookie = client.cookies["sign_in"]
    assert come_back(client, answer).status_code == 303
    client.cookies.clear()
    client.cookies.set("sign_in", cookie, path=START)
    assert "is over already" in refused(client, come_back(client, answer))


def test_a_code_works_once_even_in_a_sign_in_of_its_own(client: TestClient, provider: IdentityProvider) -> None:
    answer = provider.code(begin(client))
    assert come_back(client, answer).status_code == 303
    client.cookies.clear()
    again = provider.code(begin(client)) | {"code": answer["code"]}
    refused(client, come_back(client, again))


def test_the_code_of_another_sign_in_does_not_fit(client: TestClient, provider: IdentityProvider) -> None:
    # Somebody else's fresh code, put into one's own answer: its challenge is of another verifier.
    stolen = provider.code(begin(client))
    mine = provider.code(begin(client))
    refused(client, come_back(client, mine | {"code": stolen["code"]}))


def test_an_answer_of_another_browser_is_refused(client: TestClient, provider: IdentityProvider) -> None:
    answer = provider.code(begin(client))
    client.cookies.clear()
    refused(client, come_back(client, answer))
    begin(client)
    refused(client, come_back(client, answer))


def test_an_answer_without_state_or_with_an_old_one_is_refused(
    client: TestClient, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = provider.code(begin(client))
    refused(client, come_back(client, {"code": answer["code"]}))
    late = time.time() + 601
    monkeypatch.setattr("leadline.web.errand.time.time", lambda: late)
    refused(client, come_back(client, answer))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"email_verified": False}, "does not say that ana@example.com is yours"),
        ({"email_verified": None}, "does not say that ana@example.com is yours"),
        ({"email_verified": "false"}, "does not say that ana@example.com is yours"),
        ({"email": None}, "does not say your mail address"),
        ({"email": "ana@evil.example@example.com"}, "does not say your mail address"),
        ({"email": "ana@example.com.evil.example"}, "is of another organisation"),
        ({"email": "ana@sub.example.com"}, "is of another organisation"),
        ({"email": "ana@notexample.com"}, "is of another organisation"),
        ({"groups": ["strangers"]}, "has no role here"),
        ({"groups": None}, "has no role here"),
        ({"groups": "leadline-admins-not"}, "has no role here"),
        ({"groups": {"leadline-admins": True}}, "has no role here"),
    ],
)
def test_who_may_not_come_in_is_told_why(
    client: TestClient, provider: IdentityProvider, folder: Path, changes: Claims, text: str
) -> None:
    provider.twist = spoil(**changes)
    assert text.lower() in refused(client, sign_in(client, provider)).lower()
    assert Accounts(folder).all() == []


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
                                  "/\t/evil.example", "\n//evil.example"])  # fmt: skip
def test_signing_in_leads_back_and_nowhere_else(client: TestClient, provider: IdentityProvider, back: str) -> None:
    assert sign_in(client, provider, back).headers["location"] == "/"


def test_an_error_of_the_provider_is_not_shown_as_it_is(
    client: TestClient, provider: IdentityProvider, folder: Path
) -> None:
    state = provider.code(begin(client))["state"]
    page = refused(client, come_back(client, {"state": state, "error": "<script>", "error_description": "<b>x</b>"}))
    assert "script>alert" not in page
    assert "<b>x" not in page
    assert "it answered <script>" in reasons(folder)


def test_an_answer_of_another_provider_is_refused(client: TestClient, provider: IdentityProvider) -> None:
    refused(client, come_back(client, provider.code(begin(client)) | {"iss": "https://evil.example"}))
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    client.app.state.doorman.provider()._kept.clear()  # type: ignore[attr-defined]
    refused(client, sign_in(client, provider))
    answer = provider.code(begin(client)) | {"iss": provider.issuer}
    assert come_back(client, answer).status_code == 303


def test_new_keys_of_the_provider_are_fetched_once(
    client: TestClient, provider: IdentityProvider, folder: Path
) -> None:
    assert sign_in(client, provider).status_code == 303
    provider.rotate()
    client.cookies.clear()
    assert sign_in(client, provider).status_code == 303
    assert provider.asked.count("/keys") == 2
    provider.sign = lambda claims: by_a_key_of_its_own(provider, claims)
    client.cookies.clear()
    refused(client, sign_in(client, provider))
    assert provider.asked.count("/keys") == 3, reasons(folder)


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None},
     {"authorization_endpoint": "javascript:alert(1)"}],
)  # fmt: skip
def test_a_discovery_document_that_is_off_is_not_followed(
    client: TestClient, provider: IdentityProvider, metadata: Claims
) -> None:
    provider.metadata = metadata
    answer = client.get(START)
    assert (answer.status_code, answer.headers.get("location")) == (503, None)


def test_a_provider_that_is_away_leaves_the_password(client: TestClient, folder: Path) -> None:
    text = (folder / "leadline.yaml").read_text()
    (folder / "leadline.yaml").write_text(text.replace("issuer: http://127.0.0.1:", "issuer: http://127.0.0.1:1#")
                                          .replace("1#", "1 #"))  # fmt: skip
    Accounts(folder).add("local", PASSWORD, "viewer")
    assert client.get(START).status_code == 503
    assert client.post("/login", data={"name": "local", "password": PASSWORD}).status_code == 303


def test_a_mail_address_alone_is_nobodys_account(client: TestClient, provider: IdentityProvider, folder: Path) -> None:
    accounts = Accounts(folder)
    accounts.add("ana@example.com", PASSWORD, "viewer")
    assert "There is another account" in refused(client, sign_in(client, provider))
    accounts.remove("ana@example.com")
    assert sign_in(client, provider).status_code == 303
    client.cookies.clear()
    # The address was given to somebody else: another subject.
    provider.claims = {**ANA, "sub": "another"}
    refused(client, sign_in(client, provider))


def test_a_new_address_stays_the_same_person(client: TestClient, provider: IdentityProvider, folder: Path) -> None:
    sign_in(client, provider)
    first = client.cookies["session"]
    secret = Accounts(folder).add_token("bot", "ana@example.com", "viewer")
    client.cookies.clear()
    provider.claims = {**ANA, "email": "ana.smith@example.com", "groups": ["emea"]}
    assert sign_in(client, provider).status_code == 303
    accounts = Accounts(folder)
    assert [(one.name, one.role) for one in accounts.all()] == [("ana.smith@example.com", "viewer")]
    assert accounts.tokens() == [("bot", "ana.smith@example.com", "viewer")]
    old, token = accounts.of_session(first), accounts.of_token(secret)
    assert (old and old.role, token and token.rows) == ("viewer", "region = 'EMEA'")


def test_who_lost_their_group_is_out_at_once(client: TestClient, provider: IdentityProvider, folder: Path) -> None:
    sign_in(client, provider)
    before = client.cookies["session"]
    assert Accounts(folder).of_session(before) is not None
    provider.claims = {**ANA, "groups": []}
    sign_in(client, provider)
    assert Accounts(folder).of_session(before) is None


def test_a_session_ends_after_its_hours_used_or_not(
    client: TestClient, provider: IdentityProvider, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    sign_in(client, provider)
    # Asked of the accounts themselves: a browser forgets the cookie then, but whoever copied it does not.
    secret, accounts = client.cookies["session"], Accounts(folder)
    for hours, lasts in ((4, True), (7.9, True), (8.1, False)):
        monkeypatch.setattr("leadline.web.account.time.time", lambda at=now + hours * 3600: at)
        assert (accounts.of_session(secret) is not None) is lasts, hours


def test_an_account_from_outside_has_no_password(client: TestClient, provider: IdentityProvider, folder: Path) -> None:
    sign_in(client, provider)
    client.cookies.clear()
    for password in ("", PASSWORD):
        answer = client.post("/login", data={"name": "ana@example.com", "password": password})
        assert answer.status_code == 403
    with pytest.raises(UsageError, match="from-outside"):
        Accounts(folder).change("ana@example.com", password=PASSWORD)


def test_signing_out_ends_the_session_and_leads_on_to_the_provider(
    client: TestClient, provider: IdentityProvider
) -> None:
    sign_in(client, provider)
    left = client.post("/logout")
    assert client.get("/explore").status_code == 303
    page = client.get(left.headers["location"])
    assert "Sign out of House too" in page.text
    out = httpx2.URL(client.get(OUT).headers["location"])
    assert str(out).startswith(f"{provider.issuer}/out?")
    assert dict(out.params) == {"client_id": CLIENT, "post_logout_redirect_uri": "http://localhost/login"}


def test_with_a_provider_this_machine_is_nobody(client: TestClient, folder: Path) -> None:
    assert Accounts(folder).any() is False
    assert client.get("/").status_code == 303
    text = (folder / "leadline.yaml").read_text()
    (folder / "leadline.yaml").write_text(f"{text}\nnonsense: [")
    assert client.get("/explore").status_code == 303, "a slip of the pen opens no door"


def test_behind_a_proxy_addresses_are_those_of_the_proxy(
    client: TestClient, provider: IdentityProvider, folder: Path
) -> None:
    text = (folder / "leadline.yaml").read_text()
    (folder / "leadline.yaml").write_text(text.replace("  hours: 8", "  address: https://numbers.example"))
    answer = client.get(START)
    assert dict(httpx2.URL(answer.headers["location"]).params)["redirect_uri"] == f"https://numbers.example{CALLBACK}"
    assert "Secure" in answer.headers["set-cookie"]


def test_the_secret_is_in_no_file_and_on_no_page(client: TestClient, provider: IdentityProvider, folder: Path) -> None:
    sign_in(client, provider)
    pages = [client.get(path).text for path in ("/", "/login", "/explore")]
    assert not [page for page in pages if SECRET in page]
    found = [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert found == []


def test_what_is_missing_is_named(folder: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = open_project(folder).settings.sign_in
    assert settings is not None
    monkeypatch.delenv("HOUSE_SECRET")
    with pytest.raises(UsageError, match="HOUSE_SECRET is not set"):
        oidc.Provider(settings)
    monkeypatch.setattr(oidc, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'leadline\[sso\]'"):
        oidc.Provider(settings)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("issuer: http", "issuer: ftp"), "no https address"),
        (("issuer: http://127.0.0.1", "issuer: http://provider.example"), "no https address"),
        (("secret_variable: HOUSE_SECRET", "secret_variable: s3cret-of-house!"), "no name of a variable"),
        (("  domains: [example.com]\n", "  others: viewer\n"), "Whoever has an account there"),
        (("domains: [example.com]", "domains: ['*.example.com']"), "is no domain"),
        (("region = 'EMEA'", "region ="), "the end is not expected here"),
        (("leadline-admins: admin", "leadline-admins: owner"), "owner"),
        (("hours: 8", "hours: 1000"), "14 days"),
        (("client_id", "client"), "no field 'client'"),
    ],
)
def test_rules_that_are_off_are_told_with_their_line(folder: Path, change: tuple[str, str], text: str) -> None:
    file = folder / "leadline.yaml"
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(DefinitionError, match=r"leadline\.yaml:\d+") as told:
        open_project(folder)
    assert text in str(told.value)
    assert "s3cret" not in str(told.value)


def test_groups_are_found_where_providers_put_them(folder: Path) -> None:
    claims = {"realm_access": {"roles": ["a", 5]}, "https://x.example/roles": "b", "groups": ["c", "d"]}
    assert oidc._groups(claims, "realm_access.roles") == {"a"}
    assert oidc._groups(claims, "https://x.example/roles") == {"b"}
    assert oidc._groups(claims, "groups") == {"c", "d"}
    assert oidc._groups(claims, "nothing.there") == frozenset()


def test_many_sign_ins_under_way_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadline.web.errand.MOST", 3)
    errands = Errands(tmp_path)
    begun = [errands.begin("/") for _ in range(5)]
    assert errands.end(begun[4].state, begun[4].browser).back == "/"
    content = errands.path.read_bytes()
    assert begun[3].state.encode() not in content

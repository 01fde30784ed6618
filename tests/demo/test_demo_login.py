"""Logging in to the built-in Trakt: codes, the page that allows them, tokens."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import Clock
from tests.demos import Demo, make_headers


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Connections of one program."""
    with requests.Session() as opened:
        yield opened


def post(session: requests.Session, trakt: Demo, path: str, **fields: str) -> requests.Response:
    """Send *fields* as the known client does."""
    body = {"client_id": trakt.client_id, "client_secret": trakt.client_secret, **fields}
    return session.post(trakt.url + path, json=body, timeout=60)


def start(session: requests.Session, trakt: Demo) -> dict[str, Any]:
    """Begin a login."""
    answer = post(session, trakt, "/oauth/device/code")
    assert answer.status_code == 200
    return dict(answer.json())


def poll(session: requests.Session, trakt: Demo, device: dict[str, Any]) -> requests.Response:
    """Ask whether a login was allowed."""
    return post(session, trakt, "/oauth/device/token", code=device["device_code"])


def renew(session: requests.Session, trakt: Demo, refresh_token: str) -> requests.Response:
    """Ask for a new token."""
    path, grant = "/oauth/token", "refresh_token"
    return post(session, trakt, path, refresh_token=refresh_token, grant_type=grant)


def allows(session: requests.Session, trakt: Demo, access_token: str) -> bool:
    """Whether a token opens the calendar."""
    answer = session.get(f"{trakt.url}/calendars/my/shows", headers=make_headers(trakt, access_token), timeout=60)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def test_a_login_waits_until_it_is_allowed(trakt: Demo, clock: Clock, session: requests.Session) -> None:
    """A poll is answered with an empty 400 until the code is allowed, then once with a token."""
    device = start(session, trakt)
    pending = poll(session, trakt, device)
    assert (pending.status_code, pending.content) == (400, b"")
    trakt.approve(device["user_code"])
    clock.pass_by(seconds=5)
    token = poll(session, trakt, device)
    assert token.status_code == 200
    assert token.json()["expires_in"] == 604_800
    assert token.json()["created_at"] == clock.now.timestamp()
    assert allows(session, trakt, token.json()["access_token"])
    clock.pass_by(seconds=5)
    assert poll(session, trakt, device).status_code == 409


def test_polling_too_fast_is_refused(trakt: Demo, clock: Clock, session: requests.Session) -> None:
    """A poll before the interval has passed is a 429, and the next in time is not."""
    device = start(session, trakt)
    assert device["interval"] == 5
    poll(session, trakt, device)
    clock.pass_by(seconds=4)
    assert poll(session, trakt, device).status_code == 429
    clock.pass_by(seconds=1)
    assert poll(session, trakt, device).status_code == 400


def test_a_denied_login_is_told_so(trakt: Demo, session: requests.Session) -> None:
    """A denied code is a 418, an unknown one a 404."""
    device = start(session, trakt)
    trakt.deny(device["user_code"])
    assert poll(session, trakt, device).status_code == 418
    assert poll(session, trakt, {"device_code": "nobody's"}).status_code == 404


def test_a_code_grows_old(trakt: Demo, clock: Clock, session: requests.Session) -> None:
    """After its ten minutes a code is a 410 and can no longer be allowed."""
    device = start(session, trakt)
    clock.pass_by(seconds=device["expires_in"])
    assert poll(session, trakt, device).status_code == 410
    with pytest.raises(LookupError):
        trakt.approve(device["user_code"])


@pytest.mark.parametrize(("choice", "status"), [("allow", 200), ("deny", 418)])
def test_a_person_decides_on_the_page(trakt: Demo, session: requests.Session, choice: str, status: int) -> None:
    """The page shows the code of its address; pressing a button decides the login."""
    device = start(session, trakt)
    address = device["verification_url"]
    shown = session.get(f"{address}/{device['user_code']}", timeout=60)
    assert f'value="{device["user_code"]}"' in shown.text
    form = {"code": device["user_code"].lower(), "choice": choice}
    assert session.post(address, data=form, timeout=60).status_code == 200
    assert poll(session, trakt, device).status_code == status
    assert session.post(address, data=form, timeout=60).status_code == 404


def test_the_page_escapes_what_it_shows(trakt: Demo, session: requests.Session) -> None:
    """A code with markup in it stays text."""
    shown = session.get(f"{trakt.url}/activate/%22%3E%3Cscript%3E", timeout=60)
    assert "&quot;" in shown.text
    assert "<script>" not in shown.text


def test_a_refresh_token_works_once(trakt: Demo, session: requests.Session) -> None:
    """Renewing gives another pair; the used refresh token is an invalid grant."""
    old = trakt.grant()
    new = renew(session, trakt, old["refresh_token"])
    assert new.status_code == 200
    assert new.json()["refresh_token"] != old["refresh_token"]
    assert allows(session, trakt, new.json()["access_token"])
    again = renew(session, trakt, old["refresh_token"])
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"


def test_access_tokens_last_a_week(trakt: Demo, clock: Clock, session: requests.Session) -> None:
    """An access token is refused after seven days, and its refresh token is still good."""
    token = trakt.grant()
    clock.pass_by(days=7, seconds=-1)
    assert allows(session, trakt, token["access_token"])
    clock.pass_by(seconds=1)
    assert not allows(session, trakt, token["access_token"])
    assert renew(session, trakt, token["refresh_token"]).status_code == 200


def test_tokens_can_be_expired_at_once(trakt: Demo, session: requests.Session) -> None:
    """Expired by hand, access tokens end and refresh tokens do not."""
    token = trakt.grant()
    trakt.expire_tokens()
    assert not allows(session, trakt, token["access_token"])
    assert renew(session, trakt, token["refresh_token"]).status_code == 200


def test_a_revoked_token_is_gone(trakt: Demo, session: requests.Session) -> None:
    """Revoking ends both halves of a token."""
    token = trakt.grant()
    assert post(session, trakt, "/oauth/revoke", token=token["access_token"]).json() == {}
    assert not allows(session, trakt, token["access_token"])
    assert renew(session, trakt, token["refresh_token"]).status_code == 400


def test_the_secret_may_be_left_out_but_not_wrong(trakt: Demo, session: requests.Session) -> None:
    """No client secret is fine, a wrong one or a wrong client is invalid_client."""
    url = f"{trakt.url}/oauth/device/code"
    assert session.post(url, json={"client_id": trakt.client_id}, timeout=60).status_code == 200
    for fields, status in (
        ({"client_id": trakt.client_id, "client_secret": "wrong"}, 401),
        ({"client_id": "nobody"}, 401),
        ({}, 400),
    ):
        refused = session.post(url, json=fields, timeout=60)
        assert (refused.status_code, refused.json()["error"]) == (status, "invalid_client")


def test_only_json_is_understood(trakt: Demo, session: requests.Session) -> None:
    """A form is a 412, broken JSON an invalid request."""
    url = f"{trakt.url}/oauth/token"
    assert session.post(url, data={"client_id": trakt.client_id}, timeout=60).status_code == 412
    broken = session.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=60)
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_request")

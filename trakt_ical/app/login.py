"""Logs an account in and out: by a code that the user enters on another page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from trakt_ical.app.app import App
from trakt_ical.app.sources import check_required_settings, list_secrets, make_connection
from trakt_ical.errors import SettingsError, TraktIcalError
from trakt_ical.fetch.source import SOURCES, LoginMethod
from trakt_ical.fetch.v2.source import open_client
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.login import Login, fetch_account_settings
from trakt_ical.trakt.signing import refuse_plain_http
from trakt_ical.trakt.token import Token


@contextlib.contextmanager
def open_login(app: App) -> Iterator[Login]:
    """Open the conversation that gives, renews and revokes tokens. Raises SettingsError where there is none."""
    settings = app.settings
    capabilities = SOURCES[settings.api].capabilities
    if capabilities.login is not LoginMethod.DEVICE_CODE:
        raise SettingsError(f"{capabilities.name} has no login: it takes username and password from the settings.")
    check_required_settings(app)
    refuse_plain_http(settings.auth_url, plain_http=settings.plain_http)
    # Never with the environment's short time-outs: a refresh token works once, so if the answer to a renewal is not
    # waited for, the login is lost.
    client = Client(
        settings.auth_url, secrets=list_secrets(settings), now=app.environment.now, sleep=app.environment.sleep
    )
    with client:
        yield Login(client, client_id=settings.client_id, client_secret=settings.client_secret)


def renew_token(app: App, token: Token) -> Token:
    """Return the token that follows *token*."""
    with open_login(app) as login:
        return login.renew(token)


def log_in(app: App, token: Token) -> Token:
    """Keep a new *token*, with the name of the account that it belongs to."""
    app.token_file.save(token)
    try:
        token = msgspec.structs.replace(token, username=_fetch_username(app))
    except TraktIcalError:
        app.token_file.remove()  # calendars of a login without a name would belong to nobody
        raise
    app.token_file.save(token)
    return token


def _fetch_username(app: App) -> str:
    # Without the answer cache: as long as nobody knows whose login it is, its answers would be kept as nobody's.
    with open_client(make_connection(app), keep=False) as client:
        return fetch_account_settings(client).user.username


def log_out(app: App) -> None:
    """Revoke the token, and forget it and the answers that it was given."""
    with app.token_file.lock(), open_login(app) as login:
        token = app.token_file.load()
        try:
            login.revoke(token)
        finally:
            app.forget_answers()
            app.token_file.remove()

"""Logs an account in and out: by a code that the user enters on another page."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator

import msgspec

from trakt_ical.app.context import App
from trakt_ical.app.open_source import (
    check_required_settings,
    choose_patience,
    find_client_id,
    find_server_url,
    list_secrets,
    make_connection_with,
    make_token_signer,
)
from trakt_ical.errors import BrokenAnswer, LoginNeeded, NotKept, SettingsError, TraktIcalError
from trakt_ical.fetch.sources import SOURCES, LoginMethod
from trakt_ical.fetch.v2.source import open_client
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.device_login import Login, fetch_account_settings
from trakt_ical.trakt.signing import BearerSigner, list_token_secrets, refuse_plain_http
from trakt_ical.trakt.token import OtherServer, Token

log = logging.getLogger(__name__)

ANSWER_LIMIT = 50  # seconds; two renewals must be over before others stop waiting for the token's lock


@contextlib.contextmanager
def open_login(app: App) -> Iterator[Login]:
    """Open the conversation that gives, renews and revokes tokens. Raises SettingsError where there is none."""
    settings = app.settings
    capabilities = SOURCES[settings.api].capabilities
    if capabilities.login is not LoginMethod.DEVICE_CODE:
        how = "takes username and password from the settings"
        if capabilities.login is LoginMethod.NONE:
            how = "needs none. To log in at Trakt, set api to v2"
        raise SettingsError(f"{capabilities.name} has no login: it {how}.")
    check_required_settings(app)
    refuse_plain_http(settings.auth_url, plain_http=settings.plain_http)
    # Never with the environment's short time-outs: a refresh token works once, so if the answer to a renewal is not
    # waited for, the login is lost.
    client = Client(
        settings.auth_url,
        secrets=[*list_secrets(settings), *list_token_secrets(_find_token(app))],
        now=app.environment.now,
        sleep=app.environment.sleep,
        answer_limit=ANSWER_LIMIT,
        patience=choose_patience(app),
    )
    with app.name_in_errors(), client:
        # A secret belongs to the app of the settings. The one for everybody has none.
        secret = settings.client_secret if settings.client_id else ""
        yield Login(client, client_id=find_client_id(settings), client_secret=secret)


def renew_token(app: App, token: Token) -> Token:
    """Return the token that follows *token*."""
    with open_login(app) as login:
        return login.renew(token)


@contextlib.contextmanager
def open_new_login(app: App) -> Iterator[Login]:
    """Open the conversation that gives a token. Raises OutputError where there is no room to keep one."""
    with open_login(app) as login:
        with app.token_file.lock(), app.token_file.reserve():
            pass
        yield login


def log_in(app: App, token: Token) -> Token:
    """Keep a new *token*, with the name of the account that it belongs to, in place of the old one.

    Where Trakt does not say the name, a login that works stays as it was and TraktIcalError is raised. Without one the
    new token is kept, and its name asked for when it is used.
    """
    fault: TraktIcalError | None = None
    try:
        token = msgspec.structs.replace(token, username="", server=app.server)
        token = msgspec.structs.replace(token, username=_fetch_username(app, token))
    except LoginNeeded:
        raise
    except TraktIcalError as error:
        fault = error
    # In one step under the lock: a renewal that is on its way would otherwise put the successor of the old token in
    # place of the new one.
    with app.token_file.lock():
        if fault is not None and find_login(app):
            log.warning("The previous login stays in use.")
            raise fault
        app.token_file.save(token)
    if fault is not None:
        log.warning("%s The next command asks Trakt for the name of the account.", fault)
    return token


def complete_login(app: App) -> Token:
    """Return the token, and keep it, with the name of its account where that is not known yet."""
    if app.environment.reach.offline:
        raise NotKept
    token = make_token_signer(app).load_token()
    if token.username:
        return token
    named = msgspec.structs.replace(token, username=_fetch_username(app, token), server=app.server)
    with app.token_file.lock():
        current = app.token_file.load()
        if current.access_token == token.access_token:  # else somebody has logged in or renewed meanwhile
            app.token_file.save(named)
    return named


def find_login(app: App) -> Token | None:
    """Return the token that is kept, None where there is none that works."""
    token = _find_token(app)
    return None if token is None or token.is_over else token


def _find_token(app: App) -> Token | None:
    try:
        return app.token_file.load()
    except OtherServer:  # a new login would take its place
        raise
    except (LoginNeeded, SettingsError):
        return None


def _fetch_username(app: App, token: Token) -> str:
    # Without the answer cache: as long as nobody knows whose login it is, its answers would be kept as nobody's.
    signer = BearerSigner(find_server_url(app.settings), token, plain_http=app.settings.plain_http)
    connection = make_connection_with(app, "my", signer, app.folders.cache)
    with app.name_in_errors(), open_client(connection, keep=False) as client:
        name = fetch_account_settings(client).user.username
    name = "".join(filter(str.isprintable, name)).strip()  # it is written to terminals, one line each
    if not name:  # a calendar of nobody's would be refused once the name is known
        raise BrokenAnswer("Trakt does not say the name of the account.")
    return name


def find_shared_users(app: App, others: Iterable[App]) -> Iterator[str]:
    """Yield a sentence for each of *others* that is logged in as the same user as *app*: hardly anybody wants that."""
    token = _find_token(app) if app.capabilities.login is LoginMethod.DEVICE_CODE else None
    if token is None or not token.username:
        return
    for other in others:
        is_comparable = (other.settings.api, other.server) == (app.settings.api, app.server)
        found = _find_token(other) if is_comparable else None
        if found is not None and found.username == token.username:
            yield (
                f"Both {app.description} and {other.description} are logged in as {token.username}, so their calendars "
                f"have the same shows. To log in somebody else: {app.login_command}"
            )


def log_out(app: App) -> None:
    """Revoke the token, and forget it and the answers that it was given."""
    with app.token_file.lock(), open_login(app) as login:
        token = app.token_file.load()
        try:
            login.revoke(token)
        finally:
            if token.username:  # else nobody was given any, and to find that out would take a request
                app.forget_answers()
                app.forget_facts()
            app.token_file.remove()

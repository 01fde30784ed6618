"""Asks the source the least that needs a login, which also tells about the connection, the clock and the limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from trakt_ical.app.context import App
from trakt_ical.app.doctor.finding import Finding, make_failure, make_warning
from trakt_ical.app.open_source import make_connection
from trakt_ical.errors import LoginNeeded, SettingsError, TraktIcalError, WrongClock
from trakt_ical.fetch.sources import SOURCES, LoginMethod
from trakt_ical.http import parse_http_date
from trakt_ical.trakt.client import SKEW_WARNED, Answer
from trakt_ical.trakt.reach import Patience
from trakt_ical.wording import IMPORT_AGAIN, describe_past, describe_span

ONE_REPEAT = Patience((1,), limit=5)  # a hiccup is no finding, and nobody waits half a minute for an outage to end
FEW_LEFT = 0.1  # of the requests that are allowed in a span
CLOCK_REMEDY = "Let this computer set its clock by the network; a wrong clock ends logins and gives wrong days."


def check_source(app: App) -> Iterator[Finding]:
    """Ask the source of *app* the least that needs the login."""
    server = app.capabilities.server
    # The world's calendar needs no login, and then nobody is told to get one.
    calendar = "my" if any(each.settings.source == "my" for each in app.calendars) else "all"
    try:
        answer = (
            SOURCES[app.settings.api]
            .load_adapter()
            .ask_least(replace(make_connection(app, calendar), patience=ONE_REPEAT))
        )
    except LoginNeeded as error:
        yield make_failure("login", error)
        return
    except SettingsError as error:
        yield make_failure("settings", error)
        return
    except WrongClock as error:
        yield make_failure("clock", error, CLOCK_REMEDY)
        return
    except TraktIcalError as error:
        remedy = "Look at your connection and at https://status.trakt.tv; details: trakt-ical doctor -v"
        yield make_failure("reachability", error, remedy)
        yield from _describe_unasked_login(app)
        return
    yield Finding(subject="reachability", message=f"{server} answers.")
    if calendar == "my":
        yield _describe_login(app)
    yield from _check_clock(app, answer)
    yield from _check_limits(server, answer)


def _describe_login(app: App) -> Finding:
    """Return the finding about a login, or a list, that the source has just accepted."""
    server = app.capabilities.server
    match app.capabilities.login:
        case LoginMethod.DEVICE_CODE:
            message = f"Logged in as {app.token_file.load().username or 'an unknown user'}; {server} accepts it."
        case LoginMethod.PASSWORD:
            message = f"{server} accepts the API key, and {app.settings.username or 'nobody'} as user."
        case LoginMethod.NONE:
            imported, now = app.load_imported_list(), app.environment.now()
            message = f"{server} needs none. The list of shows was imported {describe_past(imported.imported_at, now)}."
            if imported.is_old(now):
                return make_warning("login", message, IMPORT_AGAIN)
    return Finding(subject="login", message=message)


def _describe_unasked_login(app: App) -> Iterator[Finding]:
    if app.capabilities.login is LoginMethod.DEVICE_CODE:
        token = app.token_file.load()  # the source was asked with it
        message = f"The login of {token.username or 'an unknown user'} could not be checked."
        yield make_warning("login", message, f"Try again when {app.capabilities.server} answers.")


def _check_clock(app: App, answer: Answer) -> Iterator[Finding]:
    date = parse_http_date(answer.headers.get("Date"))
    if date is None:
        return
    skew = app.environment.now() - date
    if abs(skew) < SKEW_WARNED:
        yield Finding(subject="clock", message="The clock of this computer is right.")
        return
    word = "ahead of" if skew > timedelta() else "behind"
    message = f"The clock of this computer is {describe_span(abs(skew))} {word} that of {app.capabilities.server}."
    yield make_warning("clock", message, CLOCK_REMEDY)


def _check_limits(server: str, answer: Answer) -> Iterator[Finding]:
    """Tell how many requests are left, where the source says so."""
    try:
        limits = json.loads(answer.headers.get("X-Ratelimit", ""))
        limit, left, period = (int(limits[name]) for name in ("limit", "remaining", "period"))
    except (ValueError, TypeError, KeyError):
        yield Finding(subject="limits", message=f"{server} does not limit your requests now.")
        return
    message = f"{left} of {limit} requests in {describe_span(timedelta(seconds=period))} are left."
    if left < limit * FEW_LEFT:
        remedy = "Other programs use the same account or Client ID. Let them ask less often."
        yield make_warning("limits", message, remedy)
    else:
        yield Finding(subject="limits", message=message)

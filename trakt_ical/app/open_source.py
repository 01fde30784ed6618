"""Opens the source that the settings name: the only place where settings become a connection."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import replace

from trakt_ical.app.context import App
from trakt_ical.config import SECRETS, Settings
from trakt_ical.errors import AppNeeded, NotKept, SettingsError, TraktIcalError
from trakt_ical.fetch.sources import SOURCES, Connection, LoginMethod, Source
from trakt_ical.files import JsonFile
from trakt_ical.trakt.cache import delete_abandoned
from trakt_ical.trakt.reach import JOB, PERSON, KeptOnly, Patience
from trakt_ical.trakt.signing import PasswordSigner, TokenSigner, refuse_plain_http
from trakt_ical.wording import IMPORT_AGAIN

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from trakt_ical.fetch.imported.imported_list import ImportedList

log = logging.getLogger(__name__)

SECONDS_PER_MINUTE = 60
ASK_ALWAYS = timedelta(0)  # no kept answer is that young: each request is sent

NO_CLIENT_ID = "There is no client_id in {file}."
NO_SERVER = (
    "Trakt's own server of {source} was switched off in 2014. Name one that speaks it with api_url, or try --demo."
)
NO_VALUE = "No {setting}. {source} needs one: set {setting} or TRAKT_ICAL_{variable}."


@contextlib.contextmanager
def open_source(app: App, calendar: str = "my", max_age: timedelta = ASK_ALWAYS, **changes: Any) -> Iterator[Source]:
    """Open the source of *calendar*, `my` or `all`. Kept answers younger than *max_age* are not asked for again.

    *changes* replace what the connection has by itself. Raises SettingsError where a setting is missing, LoginNeeded
    where nobody is logged in.
    """
    changes["run_limit"] = app.settings.run_limit * SECONDS_PER_MINUTE
    connection = replace(make_connection(app, calendar, max_age), **changes)
    delete_abandoned(app.folders.cache / "answers", app.environment.now().timestamp())
    with app.name_in_errors(), SOURCES[app.settings.api].load_adapter().open_source(connection) as source:
        yield source


def make_connection(app: App, calendar: str = "my", max_age: timedelta = ASK_ALWAYS) -> Connection:
    """Return what an adapter is opened with. Raises SettingsError or LoginNeeded as `open_source` does."""
    # The missing setting is named before anybody is sent to `login`, which would miss it as well.
    check_required_settings(app)
    # The world's calendar is the same for everybody and needs no login, so nobody is made to log in for it.
    signer = make_signer(app) if calendar == "my" else None
    return make_connection_with(app, calendar, signer, app.find_answers_folder(calendar), max_age)


def make_connection_with(
    app: App, calendar: str, signer: AuthBase | None, folder: Path, max_age: timedelta = ASK_ALWAYS
) -> Connection:
    """Return what an adapter is opened with that signs with *signer* and keeps answers in *folder*."""
    settings, url = app.settings, find_server_url(app.settings)
    if "api_key" in SOURCES[settings.api].required:  # a part of each address, whether or not requests are signed
        refuse_plain_http(url, plain_http=settings.plain_http)
    return Connection(
        url=url,
        calendar=calendar,
        folder=folder,
        facts=app.find_facts_folder(folder),
        max_age=max_age,
        signer=signer,
        now=app.environment.now,
        sleep=app.environment.sleep,
        timeout=app.environment.timeout,
        patience=choose_patience(app),
        kept_only=KeptOnly() if app.environment.reach.offline else None,
        secrets=list_secrets(settings),
        client_id=find_client_id(settings),
        api_key=settings.api_key,
        username=settings.username,
        password=settings.password,
        owner=settings.owner or settings.username,
        imported=_load_list(app) if app.capabilities.needs_list else None,
        choices=dict(settings.shows),
    )


def choose_patience(app: App) -> Patience:
    """Return how often requests are sent again: a person waits for less than a job does."""
    return PERSON if app.environment.has_terminal() else JOB


def _load_list(app: App) -> ImportedList:
    """Return the imported list; one that is old costs a warning."""
    imported = app.load_imported_list()
    if imported.is_old(now := app.environment.now()):
        log.warning("Your list of shows is %d days old. %s", (now - imported.imported_at).days, IMPORT_AGAIN)
    return imported


def check_required_settings(app: App) -> None:
    """Raise SettingsError with what to do, where the source needs a setting that has no value."""
    entry = SOURCES[app.settings.api]
    for name in entry.required:
        if name == "client_id":
            if not find_client_id(app.settings):
                raise AppNeeded(NO_CLIENT_ID.format(file=app.resolved.file))
            continue
        setting = "username" if name == "owner" and not app.settings.owner else name  # your own calendar by default
        if getattr(app.settings, setting) in ("", ".", ".."):  # dots would name another path of the server
            sentence = NO_SERVER if setting == "api_url" else NO_VALUE
            raise SettingsError(
                sentence.format(setting=setting, variable=setting.upper(), source=entry.capabilities.name)
            )
    if entry.capabilities.needs_list:
        app.load_imported_list()


def make_signer(app: App) -> AuthBase | None:
    """Return what proves to the source that the user asks; None where the source is asked without a login."""
    settings = app.settings
    match SOURCES[settings.api].capabilities.login:
        case LoginMethod.DEVICE_CODE:
            return make_token_signer(app)
        case LoginMethod.PASSWORD if settings.username and settings.password:
            return PasswordSigner(
                find_server_url(settings), settings.username, settings.password, plain_http=settings.plain_http
            )
    return None


def make_token_signer(app: App) -> TokenSigner:
    """Return what signs with the login, and renews it."""
    from trakt_ical.app.login import renew_token  # which imports this module

    return TokenSigner(
        find_server_url(app.settings),
        app.token_file,
        functools.partial(renew_token, app),
        plain_http=app.settings.plain_http,
        now=app.environment.now,
    )


def find_server_url(settings: Settings) -> str:
    """Return the address of the server that *settings* name, else that of the source itself."""
    return settings.api_url or SOURCES[settings.api].url


def find_client_id(settings: Settings) -> str:
    """Return the Client ID that *settings* name, else the one for everybody; "" where there is none."""
    return settings.client_id or SOURCES[settings.api].public_client_id


def list_secrets(settings: Settings) -> list[str]:
    """Return the values that may never appear in an error or the log."""
    return [getattr(settings, name) for name in SECRETS]


def find_calendar_zone(app: App, source: Source, name: str) -> tzinfo:
    """Return the zone *name*, for "" that of the account of *app*, else that of this computer."""
    if name:
        return ZoneInfo(name)
    try:
        zone = source.find_zone()
    except NotKept:
        return load_account_zone(app) or find_system_zone()
    if isinstance(zone, ZoneInfo):
        _keep_account_zone(app, zone)
    return zone or find_system_zone()


def load_account_zone(app: App) -> tzinfo | None:
    """Return the zone that the account of *app* had when its source was asked last, None where nobody knows."""
    try:
        name = _open_zone_file(app).load_if_readable(logging.DEBUG)
        return ZoneInfo(name) if name else None
    except (TraktIcalError, ValueError, OSError, ZoneInfoNotFoundError):
        return None


def _keep_account_zone(app: App, zone: ZoneInfo) -> None:
    """Keep *zone*: a server that starts while the source is down shows the right hours."""
    file = _open_zone_file(app)
    if file.load_if_readable(logging.DEBUG) != zone.key:
        file.save_if_possible(zone.key)


def _open_zone_file(app: App) -> JsonFile[str]:
    return JsonFile(app.find_facts_folder(app.find_answers_folder("my")) / "zone.json", str, "kept time zone")


def find_system_zone() -> tzinfo:
    """Return the zone of this computer. Raises SettingsError where it does not say."""
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (ValueError, OSError, LookupError) as error:
        raise SettingsError("The time zone of this computer is not known. Set timezone.") from error

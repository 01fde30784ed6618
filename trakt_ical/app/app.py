"""Opens the app for one run: with the user's own settings and folders, or with the built-in Trakt and its own."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trakt_ical import config, files
from trakt_ical.app.environment import Environment, Folders
from trakt_ical.config import Calendar, Resolved, Settings
from trakt_ical.errors import LoginNeeded, SettingsError, TraktIcalError

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from trakt_ical.pipeline import Source
    from trakt_ical.trakt.client import Client
    from trakt_ical.trakt.login import Login
    from trakt_ical.trakt.token import Token, TokenFile


log = logging.getLogger(__name__)

FRESH = timedelta(0)  # no kept answer is as young as that: each is asked for again
NO_CLIENT_ID = (
    "No client_id. Make an app at https://app.trakt.tv/settings/apps and put its Client ID into {file} "
    '(client_id = "…") or TRAKT_ICAL_CLIENT_ID. To look around without an account: trakt-ical --demo export'
)
NO_V1_SERVER = (
    "Trakt's own server of API v1 was switched off in 2014. Name one that speaks it with api_url, or try --demo."
)


@dataclass(frozen=True)
class OpenSource:
    """One Trakt, open for one run: its *source* of calendars, and the zone of days where a calendar names none."""

    client: Client
    source: Source
    usual_zone: Callable[[], tzinfo]

    def zone(self, name: str) -> tzinfo:
        """The zone called *name*, the usual one for ""."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(name) if name else self.usual_zone()


@dataclass(frozen=True)
class App:
    """The parts, made as the settings say."""

    resolved: Resolved
    folders: Folders
    environment: Environment

    @property
    def settings(self) -> Settings:
        """Return the settings that hold where a calendar sets nothing else."""
        return self.resolved.settings

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """The calendars that the settings name, or the one that they need not name."""
        return self.resolved.calendars

    @property
    def token_file(self) -> TokenFile:
        """Where the login of API v2 is kept."""
        from trakt_ical.trakt.token import TokenFile

        named = self.settings.token_file
        return TokenFile(Path(named).expanduser() if named else self.folders.data / "token.json")

    def owner(self, source: str) -> str:
        """Whose calendar *source* is: the login's, v1's owner, or "" for the world's. Raises LoginNeeded."""
        if source == "all":
            return ""
        if self.settings.api == "v1":
            return self.settings.owner or self.settings.username
        return self.token_file.load().username

    def forget_answers(self) -> None:
        """Empty the answer cache, but for the answers to other accounts."""
        for source in ("my", "all"):
            with contextlib.suppress(LoginNeeded):
                shutil.rmtree(self.answers(source), ignore_errors=True)

    @contextlib.contextmanager
    def login(self) -> Iterator[Login]:
        """The way to a token, at the server that logs in."""
        from trakt_ical.trakt.client import Client
        from trakt_ical.trakt.login import Login
        from trakt_ical.trakt.signing import refuse_plain_http

        settings = self.settings
        if settings.api == "v1":
            raise SettingsError("API v1 has no login: it takes username and password from the settings.")
        if not settings.client_id:
            raise SettingsError(NO_CLIENT_ID.format(file=self.folders.file))
        refuse_plain_http(settings.auth_url, plain_http=settings.plain_http)
        client = Client(
            settings.auth_url,
            secrets=self._secrets(),
            now=self.environment.now,
            sleep=self.environment.sleep,
        )  # with the client's own timeout: a refresh token works once, and the login is lost with its answer
        with client:
            yield Login(client, client_id=settings.client_id, client_secret=settings.client_secret)

    def log_in(self, token: Token) -> Token:
        """Keep a new *token*, with the name of whom it belongs to."""
        import msgspec

        from trakt_ical.trakt.login import fetch_account_settings

        self.token_file.save(token)
        try:
            with self._client(self._token_signer(), None) as client:
                token = msgspec.structs.replace(token, username=fetch_account_settings(client).user.username)
        except TraktIcalError:
            self.token_file.remove()  # a login of nobody would make calendars of nobody
            raise
        self.token_file.save(token)
        return token

    def log_out(self) -> None:
        """Revoke the token and forget it, and the answers that it was given."""
        with self.token_file.locked(), self.login() as login:
            token = self.token_file.load()
            try:
                login.revoke(token)
            finally:
                self.forget_answers()
                self.token_file.remove()

    def trakt(self, source: str = "my", young: timedelta = FRESH) -> contextlib.AbstractContextManager[OpenSource]:
        """The calendars of *source*, `my` or `all`, for one run; answers that are *young* are not asked for again."""
        return self._v1(young) if self.settings.api == "v1" else self._v2(source, young)

    @contextlib.contextmanager
    def _v1(self, young: timedelta) -> Iterator[OpenSource]:
        from trakt_ical.fetch.v1.reader import Source
        from trakt_ical.trakt.signing import PasswordSigner

        settings = self.settings
        if not settings.api_url:
            raise SettingsError(NO_V1_SERVER)
        for name in ("api_key", "username" if not settings.owner else "owner"):
            if getattr(settings, name) in ("", ".", ".."):
                raise SettingsError(f"No {name}. API v1 needs one: set {name} or TRAKT_ICAL_{name.upper()}.")
        signer = None
        if settings.username and settings.password:
            signer = PasswordSigner(
                settings.api_url, settings.username, settings.password, plain_http=settings.plain_http
            )
        with self._client(signer, self.answers("my"), young) as client:
            source = Source(client, api_key=settings.api_key, owner=settings.owner or settings.username)
            yield OpenSource(client, source, find_system_zone)

    @contextlib.contextmanager
    def _v2(self, name: str, young: timedelta) -> Iterator[OpenSource]:
        from trakt_ical.fetch.v2.source import Source

        mine, folder = name == "my", self.answers(name)
        with self._client(self._token_signer() if mine else None, folder, young) as client:
            source = Source(client, target=name, folder=folder, now=self.environment.now())
            account = functools.cache(lambda: _fetch_account_zone(client) or find_system_zone())
            yield OpenSource(client, source, account if mine else find_system_zone)

    def _client(self, signer: AuthBase | None, cache_folder: Path | None, young: timedelta = FRESH) -> Client:
        from trakt_ical.trakt.client import Client

        settings = self.settings
        headers = {"Content-Type": "application/json"}
        if settings.api == "v2":
            if not settings.client_id:
                raise SettingsError(NO_CLIENT_ID.format(file=self.folders.file))
            headers |= {"trakt-api-version": "2", "trakt-api-key": settings.client_id}
        return Client(
            settings.api_url or config.V2_URL,
            headers=headers,
            auth=signer,
            cache_folder=cache_folder,
            young=young,
            secrets=self._secrets(),
            now=self.environment.now,
            sleep=self.environment.sleep,
            timeout=self.environment.timeout,
        )

    def _token_signer(self) -> AuthBase:
        from trakt_ical.trakt.signing import TokenSigner

        return TokenSigner(
            self.settings.api_url or config.V2_URL,
            self.token_file,
            self._renewed,
            plain_http=self.settings.plain_http,
            now=self.environment.now,
        )

    def _renewed(self, token: Token) -> Token:
        with self.login() as login:
            return login.renew(token)

    def _secrets(self) -> list[str]:
        return [getattr(self.settings, name) for name in config.SECRETS]

    def answers(self, source: str) -> Path:
        """The folder of the answer cache for *source* of this account at this server; v1's is one for whoever asks."""
        settings = self.settings
        asking = settings.username if settings.api == "v1" else self.owner(source)
        key = "\n".join((settings.api, urlsplit(settings.api_url).hostname or "", source, asking)).encode()
        return self.folders.cache / "answers" / hashlib.blake2b(key, digest_size=12).hexdigest()


def _fetch_account_zone(client: Client) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from trakt_ical.trakt.login import fetch_account_settings

    known = fetch_account_settings(client).account
    name = known.timezone if known else None
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        log.warning("Trakt's time zone for your account is not known here: %s. Using this computer's.", name)
        return None


def find_system_zone() -> tzinfo:
    """The zone of this computer. Raises SettingsError where it does not tell."""
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (ValueError, OSError, LookupError) as error:
        raise SettingsError("This computer does not tell its time zone. Set timezone.") from error


START_WAIT = 60  # seconds
# A first real export in the folder where somebody tried --demo would be refused if both wrote one file:
# it holds the calendar of another account.
DEMO_OUTPUT = "trakt-demo.ics"


@contextlib.contextmanager
def open_app(flags: Mapping[str, Any], *, demo: bool, environment: Environment) -> Iterator[App]:
    """The app as *flags*, environment and settings file say; with *demo*, beside a running built-in Trakt."""
    if not demo:
        yield _make_app(flags, Folders.of_user(), None, environment)
        return
    folders = Folders.of_demo()
    with run_demo_server(folders, environment) as account:
        yield _make_app(flags, folders, account, environment)


def make_app_at_rest(flags: Mapping[str, Any], *, demo: bool, environment: Environment) -> App:
    """The app for who only looks at what earlier runs kept: with *demo* no built-in Trakt is started."""
    folders = Folders.of_demo() if demo else Folders.of_user()
    account = {"api_url": "http://127.0.0.1", "username": "demo", "token_file": str(_demo_token(folders))}
    return _make_app(flags, folders, account if demo else None, environment)


def _demo_token(folders: Folders) -> Path:
    return folders.data / "token.json"


def _make_app(
    flags: Mapping[str, Any], folders: Folders, account: Mapping[str, str] | None, environment: Environment
) -> App:
    resolved = config.resolve(
        flags=flags,
        environ=environment.environ,
        default_file=folders.file,
        account=account,
        output=None if account is None else DEMO_OUTPUT,
    )
    for warning in resolved.warnings:
        log.warning("%s", warning)
    return App(resolved, folders, environment)


@contextlib.contextmanager
def run_demo_server(folders: Folders, environment: Environment, port: int = 0) -> Iterator[dict[str, str]]:
    """Run the built-in Trakt; gives the settings of its account, which starts logged in."""
    import msgspec

    from trakt_ical.demo import Demo
    from trakt_ical.trakt.token import Token, TokenFile

    try:
        folders.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"The folder {folders.data} cannot be made: {error.strerror}.") from error
    token_file = _demo_token(folders)
    with contextlib.ExitStack() as stack:
        with files.lock(folders.data / "start", wait=START_WAIT):  # of several first starts one is the first
            demo = stack.enter_context(Demo(port=port, state_file=folders.data / "state.json", now=environment.now))
            if demo.fresh:
                token = msgspec.convert(demo.grant(), Token)
                TokenFile(token_file).save(msgspec.structs.replace(token, username=demo.username))
        yield {
            "api_url": demo.url,
            "auth_url": demo.url,
            "client_id": demo.client_id,
            "client_secret": demo.client_secret,
            "api_key": demo.api_key,
            "username": demo.username,
            "password": demo.password,
            "token_file": str(token_file),
        }

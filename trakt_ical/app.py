"""Puts the parts together as the settings say: which client, signed how, feeding which source into which calendar."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trakt_ical import config
from trakt_ical.config import Resolved, Settings
from trakt_ical.errors import SettingsError
from trakt_ical.model import DateRange
from trakt_ical.transform.rules import Rules

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from trakt_ical.pipeline import Calendar, Progress, Source
    from trakt_ical.trakt.client import Client
    from trakt_ical.trakt.login import Login
    from trakt_ical.trakt.token import Token, TokenFile

log = logging.getLogger(__name__)

NO_CLIENT_ID = (
    "No client_id. Make an app at https://app.trakt.tv/settings/apps and put its Client ID into {file} "
    '(client_id = "…") or TRAKT_ICAL_CLIENT_ID. To look around without an account: trakt-ical --demo export'
)
NO_V1_SERVER = (
    "Trakt's own server of API v1 was switched off in 2014. Name one that speaks it with api_url, or try --demo."
)


@dataclass(frozen=True)
class Outside:
    """What a run takes from the world: clock, patience, environment."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class Folders:
    """Where a user's files are: the settings *file*, *data* (the login) and *cache* (Trakt's answers)."""

    file: Path
    data: Path
    cache: Path

    @classmethod
    def of_user(cls) -> Folders:
        """Where the platform wants them."""
        import platformdirs

        dirs = platformdirs.PlatformDirs("trakt-ical", appauthor=False)
        return cls(dirs.user_config_path / "config.toml", dirs.user_data_path, dirs.user_cache_path)

    @classmethod
    def of_demo(cls) -> Folders:
        """A folder of its own for the built-in Trakt."""
        folder = cls.of_user().data / "demo"
        return cls(folder / "config.toml", folder, folder / "cache")


@contextlib.contextmanager
def opened(flags: Mapping[str, Any], *, demo: bool, outside: Outside) -> Iterator[App]:
    """The app as *flags*, environment and settings file say; with *demo*, beside a running built-in Trakt."""
    if not demo:
        yield _app(flags, Folders.of_user(), None, outside)
        return
    folders = Folders.of_demo()
    with demo_server(folders, outside) as account:
        yield _app(flags, folders, account, outside)


def _app(flags: Mapping[str, Any], folders: Folders, account: Mapping[str, str] | None, outside: Outside) -> App:
    resolved = config.resolve(flags=flags, environ=outside.environ, default_file=folders.file, account=account)
    for warning in resolved.warnings:
        log.warning("%s", warning)
    return App(resolved, folders, outside)


@contextlib.contextmanager
def demo_server(folders: Folders, outside: Outside, port: int = 0) -> Iterator[dict[str, str]]:
    """Run the built-in Trakt; gives the settings of its account, which starts logged in."""
    import msgspec

    from trakt_ical.demo import Demo
    from trakt_ical.trakt.token import Token, TokenFile

    try:
        folders.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"The folder {folders.data} cannot be made: {error.strerror}.") from error
    with Demo(port=port, state_file=folders.data / "state.json", now=outside.now) as demo:
        token_file = folders.data / "token.json"
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


@dataclass(frozen=True)
class Exported:
    """What an export came to: the calendar, and whether it changed the file."""

    calendar: Calendar
    changed: bool


@dataclass(frozen=True)
class App:
    """The parts, made as the settings say."""

    resolved: Resolved
    folders: Folders
    outside: Outside

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.resolved.settings

    @property
    def token_file(self) -> TokenFile:
        """Where the login of API v2 is kept."""
        from trakt_ical.trakt.token import TokenFile

        named = self.settings.token_file
        return TokenFile(Path(named).expanduser() if named else self.folders.data / "token.json")

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
        client = Client(settings.auth_url, secrets=self._secrets(), now=self.outside.now, sleep=self.outside.sleep)
        with client:
            yield Login(client, client_id=settings.client_id, client_secret=settings.client_secret)

    def log_in(self, token: Token) -> Token:
        """Keep a new *token*, with the name of whom it belongs to."""
        import msgspec

        from trakt_ical.trakt.login import account

        self.token_file.save(token)
        with self._client(self._token_signer(), None) as client:
            token = msgspec.structs.replace(token, username=account(client).user.username)
        self.token_file.save(token)
        return token

    def log_out(self) -> None:
        """Revoke the token and forget it, and the answers that it was given."""
        with self.token_file.locked(), self.login() as login:
            token = self.token_file.load()
            try:
                login.revoke(token)
            finally:
                shutil.rmtree(self._answers(token.username), ignore_errors=True)
                self.token_file.remove()

    def export(self, first: date | None, days: int | None, progress: Progress = lambda done, of: None) -> Exported:
        """Make the calendar and write it to the output, unless that is "-".

        *first* and *days* stand in for the settings `back` and `ahead` where given.
        Raises TraktIcalError; the old file is then as it was.
        """
        from trakt_ical import pipeline
        from trakt_ical.export import file
        from trakt_ical.export.ics import Look

        with self._source() as (source, zone):
            today = self.outside.now().astimezone(zone).date()
            wanted = date_range(self.settings, today, first, days)
            calendar = pipeline.make(source, wanted, zone, self._rules(), Look(), progress)
        changed = self.settings.output != "-" and file.write(Path(self.settings.output).expanduser(), calendar.octets)
        return Exported(calendar, changed)

    def _rules(self) -> Rules:
        return Rules(default_runtime=timedelta(minutes=self.settings.default_runtime), spoilers=self.settings.spoilers)

    def _source(self) -> contextlib.AbstractContextManager[tuple[Source, tzinfo]]:
        return self._v1() if self.settings.api == "v1" else self._v2()

    @contextlib.contextmanager
    def _v1(self) -> Iterator[tuple[Source, tzinfo]]:
        from trakt_ical.fetch.v1.reader import Source
        from trakt_ical.trakt.signing import PasswordSigner

        settings = self.settings
        if not settings.api_url:
            raise SettingsError(NO_V1_SERVER)
        for name in ("api_key", "username" if not settings.owner else "owner"):
            if not getattr(settings, name):
                raise SettingsError(f"No {name}. API v1 needs one: set {name} or TRAKT_ICAL_{name.upper()}.")
        signer = None
        if settings.username and settings.password:
            signer = PasswordSigner(
                settings.api_url, settings.username, settings.password, plain_http=settings.plain_http
            )
        with self._client(signer, self._answers(settings.username if signer else "")) as client:
            source = Source(client, api_key=settings.api_key, owner=settings.owner or settings.username)
            yield source, self._own_zone() or _system_zone()

    @contextlib.contextmanager
    def _v2(self) -> Iterator[tuple[Source, tzinfo]]:
        from trakt_ical.fetch.v2.source import Source

        settings = self.settings
        mine = settings.source == "my"
        answers = self._answers(self.token_file.load().username if mine else "")
        with self._client(self._token_signer() if mine else None, answers) as client:
            zone = self._own_zone() or (_account_zone(client) if mine else None) or _system_zone()
            yield Source(client, target=settings.source, kinds=settings.kind), zone

    def _client(self, signer: AuthBase | None, cache_folder: Path | None) -> Client:
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
            secrets=self._secrets(),
            now=self.outside.now,
            sleep=self.outside.sleep,
        )

    def _token_signer(self) -> AuthBase:
        from trakt_ical.trakt.signing import TokenSigner

        return TokenSigner(
            self.settings.api_url or config.V2_URL,
            self.token_file,
            self._renewed,
            plain_http=self.settings.plain_http,
            now=self.outside.now,
        )

    def _renewed(self, token: Token) -> Token:
        with self.login() as login:
            return login.renew(token)

    def _secrets(self) -> list[str]:
        return [getattr(self.settings, name) for name in config.SECRETS]

    def _answers(self, account: str) -> Path:
        """The folder of the answer cache for *account*, "" for what anybody may see."""
        key = f"{urlsplit(self.settings.api_url).hostname}\n{self.settings.source}\n{account}".encode()
        return self.folders.cache / "answers" / hashlib.blake2b(key, digest_size=12).hexdigest()

    def _own_zone(self) -> tzinfo | None:
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.settings.timezone) if self.settings.timezone else None


def date_range(settings: Settings, today: date, first: date | None, days: int | None) -> DateRange:
    """The days to show: from *first* on (*days*, else 7, as API v1 has it), *days* from *today* on, or as set."""
    try:
        if first is None and days is None:
            return DateRange(today - timedelta(days=settings.back), settings.back + settings.ahead + 1)
        wanted = DateRange(first or today, days or 7)
        wanted.widened(1)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"These days cannot be asked for: {error}") from error
    return wanted


def _account_zone(client: Client) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from trakt_ical.trakt.login import account

    name = account(client).account.timezone
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        log.warning("Trakt's time zone for your account is not known here: %s. Using this computer's.", name)
        return None


def _system_zone() -> tzinfo:
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (ValueError, OSError, LookupError) as error:
        raise SettingsError(f"This computer does not tell its time zone ({error}). Set timezone.") from error

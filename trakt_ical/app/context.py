"""The app of one run: the settings of one account, its folders and environment; or those of the built-in Trakt."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from trakt_ical import config, files
from trakt_ical.app.environment import Environment, Folders, find_folders
from trakt_ical.config import BUILT_IN, Calendar, Resolved, Settings
from trakt_ical.config.accounts import describe_account
from trakt_ical.errors import LOGIN, LoginNeeded, SettingsError
from trakt_ical.fetch.sources import SOURCES, Capabilities, LoginMethod
from trakt_ical.http import name_server
from trakt_ical.trakt.token import Token, TokenFile

if TYPE_CHECKING:
    from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedListFile


log = logging.getLogger(__name__)

START_WAIT = 60  # seconds
# A first real export in the folder where somebody tried --demo would be refused if both wrote one file:
# it holds the calendar of another account.
DEMO_OUTPUT = "trakt-demo.ics"
NO_LIST = (
    "{source} needs a list of your shows, and none was imported. Export your shows at "
    "https://app.trakt.tv/settings/data (Export now), or use any other list. Then run: {command}"
)


class App(msgspec.Struct, frozen=True):
    """What each job of a run starts from: one account, with its calendars.

    Nothing that an App keeps or finds is another account's, so a job that has one App cannot mix up two people.
    """

    resolved: Resolved
    folders: Folders
    environment: Environment

    @property
    def settings(self) -> Settings:
        """The settings that hold where a calendar sets nothing else."""
        return self.resolved.settings

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """The calendars that the settings name; a single one without a name where they name none."""
        return self.resolved.calendars

    @property
    def push_names(self) -> list[str]:
        """The pushes that the calendars name, each once."""
        return list({each.settings.push: None for each in self.calendars if each.settings.push})

    @property
    def account(self) -> str:
        """The name of the account, "" for the one that the settings above all tables describe."""
        return self.settings.account

    @property
    def settings_file(self) -> str:
        """The settings file, by the one path that names it from every folder."""
        return os.path.realpath(self.resolved.file)

    @property
    def capabilities(self) -> Capabilities:
        """What the source of the settings can do."""
        return SOURCES[self.settings.api].capabilities

    @property
    def calendar_api(self) -> str:
        """The API whose calendars these are: who changes from API v2 to TVmaze keeps files, feeds and addresses."""
        return SOURCES[self.settings.api].stands_for or self.settings.api

    @property
    def token_file(self) -> TokenFile:
        """Where the login is kept."""
        chosen = self.settings.token_file
        path = Path(chosen).expanduser() if chosen else self.account_folder / "token.json"
        return TokenFile(path, self.server, self.login_command)

    def load_token(self) -> Token:
        """Return the login. Raises LoginNeeded, which names calendars of a household that may lack an account."""
        try:
            return self.token_file.load()
        except LoginNeeded as error:
            stray = [calendar.name for calendar in self.calendars if calendar.name]
            if self.account or not self.is_one_of_several or not stray:
                raise
            raise LoginNeeded(
                f"{error.reason} No account is named by {' and '.join(f'[calendar.{name}]' for name in stray)}. "
                'Put account = "NAME" there, or log in to the account above all tables.',
                self.login_command,
            ) from error

    @property
    def server(self) -> str:
        """The name of the server that is asked, with its port where that is not the usual one."""
        return self._name_server(self.settings.api_url or SOURCES[self.calendar_api].url)

    def _name_server(self, url: str) -> str:
        # The built-in Trakt of --demo has another port at each start, and is the same one all the same.
        is_built_in = self.resolved.base.find_origin("api_url") == BUILT_IN
        return (urlsplit(url).hostname or "") if is_built_in else name_server(url)

    @property
    def login_command(self) -> str:
        """How the user logs this account in."""
        return self.complete_command(LOGIN)

    def complete_command(self, command: str) -> str:
        """Return *command* with the option that makes it about this account, where there are others."""
        return f"{command} --account {shlex.quote(self.account)}" if self.is_one_of_several else command

    @property
    def is_one_of_several(self) -> bool:
        """Whether the settings have other accounts too, so that messages must say which one they are about."""
        return len(self.resolved.accounts) > 1

    @property
    def description(self) -> str:
        """The account in words."""
        return describe_account(self.account)

    @contextlib.contextmanager
    def name_in_errors(self) -> Iterator[None]:
        """Let an error about a missing login say how to log this account in."""
        try:
            yield
        except LoginNeeded as error:
            raise LoginNeeded(error.reason, self.login_command) from error

    @property
    def account_folder(self) -> Path:
        """Where the account keeps what it has only one of, such as its login."""
        return self.folders.data / "accounts" / self.account if self.account else self.folders.data

    @property
    def imported_list_file(self) -> ImportedListFile:
        """Where the list of shows that `import` read is kept."""
        from trakt_ical.fetch.imported.imported_list import ImportedListFile

        return ImportedListFile(self.account_folder / "shows.json")

    def find_owner(self, source: str) -> str:
        """Return whose calendar *source* is, "" for the world's. Raises LoginNeeded."""
        if source == "all":
            return ""
        if self.capabilities.login is LoginMethod.DEVICE_CODE:
            token = self.load_token()
            if not token.username:
                from trakt_ical.app.login import complete_login  # it imports this module

                token = complete_login(self)
            return token.username
        if self.capabilities.needs_list:
            return self.settings.owner or self.load_imported_list().owner or self.account
        return self.settings.owner or self.settings.username

    def load_imported_list(self) -> ImportedList:
        """Return the list of shows that `import` read. Raises SettingsError where there is none."""
        imported = self.imported_list_file.load()
        if imported is None:
            command = self.complete_command("trakt-ical import FILE")
            raise SettingsError(NO_LIST.format(source=self.capabilities.name, command=command))
        return imported

    def forget_answers(self) -> None:
        """Delete the kept answers to this account."""
        for source in ("my", "all"):
            with contextlib.suppress(LoginNeeded):
                shutil.rmtree(self.find_answers_folder(source), ignore_errors=True)

    def forget_facts(self) -> None:
        """Delete the lists and dates that were kept for this account, which outlive the answers."""
        for source in ("my", "all"):
            with contextlib.suppress(LoginNeeded):
                shutil.rmtree(self.find_facts_folder(self.find_answers_folder(source)), ignore_errors=True)

    def find_facts_folder(self, answers: Path) -> Path:
        """Return the folder of what is kept beside the folder *answers*, and outlives it."""
        return self.folders.data / "facts" / answers.name

    def find_answers_folder(self, source: str) -> Path:
        """Return the folder of the answer cache for *source* of this account at this server. Raises LoginNeeded."""
        settings = self.settings
        # Answers of one account must never serve another one. With a password one may ask for the calendar of another
        # owner, and the answer still depends on who asks (what was watched), so there the asker counts.
        by_password = self.capabilities.login is LoginMethod.PASSWORD
        asking = settings.username if by_password else self.find_owner(source)
        parts = [settings.api, self._name_server(settings.api_url), source, asking]
        # Two accounts may be one user, and to log out one of them must not take the other's away.
        parts += [self.account] if self.account else []
        key = "\n".join(parts).encode()
        return self.folders.cache / "answers" / hashlib.blake2b(key, digest_size=12).hexdigest()


class Accounts(msgspec.Struct, frozen=True):
    """The accounts of one run, each to be had as an `App` of its own.

    *flags* are those of the command line; *demo_account* is that of the built-in Trakt, None without it.
    """

    resolved: Resolved
    folders: Folders
    environment: Environment
    flags: Mapping[str, Any]
    demo_account: Mapping[str, str] | None

    def reload(self) -> Accounts:
        """Return the accounts as the settings file has them now. Raises SettingsError."""
        return _resolve_accounts(self.flags, self.folders, self.demo_account, self.environment)

    def open_chosen(self) -> App:
        """Return the account that a command for one account is about. Raises SettingsError where it is not clear."""
        return self.open_account(self.resolved.choose_account())

    def open_account(self, name: str) -> App:
        """Return the account *name*, which the settings have."""
        return App(self.resolved.select_account(name), self.folders, self.environment)

    def open_all(self) -> list[App]:
        """Return each account that calendars belong to, in the order of the calendars; if one is chosen, it alone."""
        chosen = self.resolved.account
        return self.open_owners() if chosen is None else [self.open_account(chosen)]

    def open_others(self, app: App) -> list[App]:
        """Return every known account but that of *app*, whichever is chosen."""
        every = msgspec.structs.replace(self, resolved=msgspec.structs.replace(self.resolved, account=None))
        return [other for other in every.open_known() if other.account != app.account]

    def open_owners(self) -> list[App]:
        """Return each account that calendars belong to, whichever is chosen."""
        return [self.open_account(name) for name in {each.settings.account: None for each in self.resolved.calendars}]

    def open_known(self) -> list[App]:
        """Return every account that the settings describe or calendars belong to; if one is chosen, it alone."""
        apps = self.open_all()
        if self.resolved.account is not None:
            return apps
        used = {app.account for app in apps}
        return apps + [self.open_account(name) for name in self.resolved.accounts if name and name not in used]


@contextlib.contextmanager
def open_app(flags: Mapping[str, Any], *, demo: bool, environment: Environment) -> Iterator[App]:
    """Open the one account that *flags*, environment and settings file choose, as `open_accounts` does."""
    with open_accounts(flags, demo=demo, environment=environment) as accounts:
        yield accounts.open_chosen()


@contextlib.contextmanager
def open_accounts(flags: Mapping[str, Any], *, demo: bool, environment: Environment) -> Iterator[Accounts]:
    """Open the accounts that *flags*, environment and settings file give; with *demo*, that of a built-in Trakt.

    The built-in Trakt runs until the end. Raises SettingsError.
    """
    folders = find_folders(flags.get("home"), environment.environ, demo=demo)
    if not demo:
        yield _resolve_accounts(flags, folders, None, environment)
        return
    with run_demo_server(folders, environment) as account:
        yield _resolve_accounts(flags, folders, account, environment)


def make_app_at_rest(flags: Mapping[str, Any], *, demo: bool, environment: Environment) -> App:
    """Return the app for reading what earlier runs kept: with *demo*, no built-in Trakt is started."""
    folders = find_folders(flags.get("home"), environment.environ, demo=demo)
    account = {"api_url": "http://127.0.0.1", "username": "demo", "token_file": str(_find_demo_token(folders))}
    return _resolve_accounts(flags, folders, account if demo else None, environment).open_chosen()


def _find_demo_token(folders: Folders) -> Path:
    return folders.data / "token.json"


def _resolve_accounts(
    flags: Mapping[str, Any], folders: Folders, account: Mapping[str, str] | None, environment: Environment
) -> Accounts:
    resolved = config.resolve_settings(
        flags=flags,
        environ=environment.environ,
        default_file=folders.file,
        account=account,
        output=None if account is None else DEMO_OUTPUT,
    )
    for warning in resolved.warnings:
        log.warning("%s", warning)
    return Accounts(resolved, folders, environment, flags, account)


@contextlib.contextmanager
def run_demo_server(folders: Folders, environment: Environment, port: int = 0) -> Iterator[dict[str, str]]:
    """Run the built-in Trakt and yield the settings of its account, which starts logged in."""
    from trakt_ical.demo import Demo  # few runs need it

    try:
        files.make_private_folder(folders.data)
    except OSError as error:
        raise SettingsError(
            f"The folder {folders.data} cannot be made: {error.strerror}. "
            "To keep the program's files in another folder, set TRAKT_ICAL_HOME or use --home."
        ) from error
    token_file = _find_demo_token(folders)
    with contextlib.ExitStack() as stack:
        # Several first starts at a time would each make a state and a token, and the last would win with a token that
        # its state does not know.
        with files.lock(folders.data / "start", wait=START_WAIT):
            demo = stack.enter_context(Demo(port=port, state_file=folders.data / "state.json", now=environment.now))
            if demo.fresh:
                token = msgspec.convert(demo.grant(), Token)
                with TokenFile(token_file).lock():
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

"""What every command shares: the app it runs on, its notes and its log, its calendars, and options made of settings."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trakt_ical.cli.terminal import write_note
from trakt_ical.wording import PROGRAM, complete_commands, suggest_nearest

if TYPE_CHECKING:
    from trakt_ical.app.context import Accounts, App
    from trakt_ical.app.environment import Environment
    from trakt_ical.config import Calendar

C = TypeVar("C", bound=Callable[..., Any])


def _make_environment() -> Environment:
    from trakt_ical.app.environment import Environment

    return Environment()


@dataclass(frozen=True)
class Run:
    """One run of the command line: its general options, and the *environment* that a test may replace."""

    demo: bool = False
    home: str | None = None
    config: str | None = None
    verbose: bool = False
    quiet: bool = False
    environment: Environment = field(default_factory=_make_environment)

    @property
    def program(self) -> str:
        """How to start the next command so that it uses the same server, settings and files."""
        words = [PROGRAM]
        if self.demo:
            words.append("--demo")
        if self.home:
            words += ["--home", quote(self.home)]
        if self.config:
            words += ["--config", quote(self.config)]
        return " ".join(words)

    @property
    def chosen_home(self) -> str | None:
        """The folder of all files that an option or the environment names, None where none does."""
        from trakt_ical.config import HOME

        return self.home or self.environment.environ.get(HOME)

    @property
    def chosen_config(self) -> str | None:
        """The settings file that an option or the environment names, None where none does."""
        from trakt_ical.config import CONFIG

        return self.config or self.environment.environ.get(CONFIG)

    @contextlib.contextmanager
    def app(self, flags: Mapping[str, Any]) -> Iterator[App]:
        """Open the one account that *flags*, environment and settings file choose. Raises SettingsError."""
        with self.accounts(flags) as accounts:
            yield accounts.open_chosen()

    @contextlib.contextmanager
    def accounts(self, flags: Mapping[str, Any]) -> Iterator[Accounts]:
        """Open the accounts that *flags*, environment and settings file give. Raises SettingsError."""
        from msgspec.structs import replace

        from trakt_ical.app.context import open_accounts

        environment = replace(self.environment, program=self.program)
        flags = {**flags, "home": self.home, "config": self.config}
        if flags.pop("offline", False):
            environment = _forbid_requests(environment, demo=self.demo)
        with open_accounts(flags, demo=self.demo, environment=environment) as accounts:
            yield accounts

    def complete_advice(self, text: str) -> str:
        """Return *text* with the general options of this run in each command that it advises."""
        return complete_commands(text, self.program)

    def say(self, text: str) -> None:
        """Write *text* to stderr unless the user asked for quiet."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write *text* to stderr even where the user asked for quiet."""
        write_note(self.complete_advice(text))


def _forbid_requests(environment: Environment, *, demo: bool) -> Environment:
    """Return *environment* for a run that sends no request. Raises click.UsageError."""
    from msgspec.structs import replace

    from trakt_ical.trakt.reach import Reach

    if demo:
        raise click.UsageError("--offline cannot be combined with --demo: the built-in Trakt is always there.")
    return replace(environment, reach=Reach(offline=True))


@contextlib.contextmanager
def show_log(run: Run) -> Iterator[None]:
    """Show the package's log on stderr: warnings, with its *verbose* everything, with *quiet* errors only."""
    log, handler = logging.getLogger("trakt_ical"), NoteHandler()
    handler.setFormatter(_NoteFormatter(run))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if run.verbose else logging.ERROR if run.quiet else logging.WARNING)
    # Otherwise a handler that somebody gave the root logger would write each line a second time.
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
        log.propagate = True


class NoteHandler(logging.Handler):
    """Writes each record as one line to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        write_note(self.format(record))


class _NoteFormatter(logging.Formatter):
    """Makes `Warning: …`; in a *verbose* log `12:03:44 WARNING …`, so that lines can be told apart and timed."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        head = f"{record.levelname.capitalize()}:"
        if self._run.verbose:
            head = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname}"
        return f"{head} {self._run.complete_advice(record.getMessage())}"


def find_calendar(apps: Sequence[App], name: str) -> tuple[App, Calendar]:
    """Return the calendar called *name*, in any capitals, with its account.

    Raises click.UsageError, which suggests the nearest name.
    """
    calendars = [(app, calendar) for app in apps for calendar in app.calendars]
    for app, calendar in calendars:
        if calendar.title.casefold() == name.casefold():
            return app, calendar
    titles = [calendar.title for _, calendar in calendars]
    raise click.UsageError(
        f"There is no calendar {name}. Your settings have: {', '.join(titles)}.{suggest_nearest(name, titles)}"
    )


def find_calendar_or_first(accounts: Accounts, name: str | None) -> tuple[App, Calendar]:
    """Return the calendar called *name*, or without one the first of the chosen account, with its account.

    Raises click.UsageError for an unknown name, SettingsError where it is not clear which account is meant.
    """
    if name:
        return find_calendar(accounts.open_all(), name)
    app = accounts.open_chosen()
    return app, app.calendars[0]


def find_calendars_with_output(apps: Sequence[App], names: Sequence[str]) -> list[tuple[App, Calendar]]:
    """Return the calendars called *names*, or without names all that have an output, each with its account.

    Raises click.UsageError for an unknown name, SettingsError for a calendar without an output.
    """
    from trakt_ical.errors import SettingsError

    found = [find_calendar(apps, name) for name in names]
    chosen = list({calendar.name: (app, calendar) for app, calendar in found}.values())
    for _, calendar in chosen:
        if not _has_place(calendar):
            raise SettingsError(
                f"The calendar {calendar.title} has no output. Set output in its table, or give a file with -o."
            )
    chosen = chosen or [(app, calendar) for app in apps for calendar in app.calendars if _has_place(calendar)]
    if not chosen:
        raise SettingsError("None of your calendars has an output. Set output in a [calendar.NAME] table.")
    return chosen


def _has_place(calendar: Calendar) -> bool:
    return bool(calendar.settings.output or calendar.settings.push)


def setting_option(*names: str, setting: str, **attributes: Any) -> Callable[[C], C]:
    """Make an option for *setting*: help, choices and the default that the help names come from the settings."""
    from trakt_ical.config import FIELDS

    field = FIELDS[setting]
    if field.metadata["choices"]:
        attributes.setdefault("type", click.Choice(field.metadata["choices"]))
    elif isinstance(field.default, int):
        attributes.setdefault("type", int)
    default = ", ".join(field.default) if isinstance(field.default, tuple) else str(field.default)
    text = field.metadata["help"] + (f"  [default: {default}]" if default else "")
    return click.option(*names, setting, help=text, **attributes)


account_option = click.option("--account", metavar="NAME", help="Use only the account NAME, an [account.NAME] table.")
"""The option that chooses the account."""


offline_option = click.option("--offline", is_flag=True, help="Send no request: show what was fetched last.")
"""The option for commands that can do with kept answers."""


def check_freshness(flags: Mapping[str, Any], *, fresh: bool) -> None:
    """Refuse with click.UsageError that answers be *fresh* and from an earlier run."""
    if fresh and flags["offline"]:
        raise click.UsageError("--fresh and --offline exclude each other.")


def account_options(command: C) -> C:
    """Add the options that choose the account, its API and its server."""
    for option in (
        account_option,
        setting_option("--api-url", setting="api_url", metavar="URL"),
        setting_option("--api", setting="api"),
    ):
        command = option(command)
    return command

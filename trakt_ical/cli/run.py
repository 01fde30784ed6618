"""What every command shares: the app it runs on, the log it shows, and the options it takes its settings from."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trakt_ical.cli.terminal import write_note

if TYPE_CHECKING:
    from trakt_ical.app.app import App
    from trakt_ical.app.environment import Environment
    from trakt_ical.config import Calendar


def find_calendar(app: App, name: str) -> Calendar:
    """The calendar called *name*, whatever its capitals. Raises click.UsageError with the nearest name."""
    for calendar in app.calendars:
        if calendar.title.casefold() == name.casefold():
            return calendar
    from trakt_ical.config.checks import suggest_nearest

    titles = [calendar.title for calendar in app.calendars]
    raise click.UsageError(
        f"There is no calendar {name}; the settings name {', '.join(titles)}.{suggest_nearest(name, titles)}"
    )


def find_one(app: App, name: str | None) -> Calendar:
    """The calendar called *name*, the first one where there is no name."""
    return find_calendar(app, name) if name else app.calendars[0]


def find_with_output(app: App, names: Sequence[str]) -> list[Calendar]:
    """The calendars called *names*, all that have an output where there are none.

    Raises click.UsageError, or SettingsError where one has no output.
    """
    from trakt_ical.errors import SettingsError

    chosen = list({calendar.name: calendar for calendar in (find_calendar(app, name) for name in names)}.values())
    for calendar in chosen:
        if not calendar.settings.output:
            raise SettingsError(f"The calendar {calendar.title} has no output. Set output, or name one with -o.")
    chosen = chosen or [calendar for calendar in app.calendars if calendar.settings.output]
    if not chosen:
        raise SettingsError("No calendar of the settings has an output. Set output in its table.")
    return chosen


C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Run:
    """One run of the command line: its general options and the world that it takes place in."""

    demo: bool
    verbose: bool
    quiet: bool
    environment: Environment | None

    @property
    def called(self) -> str:
        """How the next command is called that shall see the same Trakt and the same files."""
        return "trakt-ical --demo" if self.demo else "trakt-ical"

    @contextlib.contextmanager
    def app(self, flags: Mapping[str, Any]) -> Iterator[App]:
        """The app as the settings and *flags* say."""
        from trakt_ical.app.app import open_app
        from trakt_ical.app.environment import Environment

        with open_app(flags, demo=self.demo, environment=self.environment or Environment()) as app:
            yield app

    def say(self, text: str) -> None:
        """Tell the user, on stderr: stdout carries data alone."""
        if not self.quiet:
            write_note(text)

    def show_log(self, ctx: click.Context) -> None:
        """Show the package's log on stderr, for as long as *ctx* lives."""
        log = logging.getLogger("trakt_ical")
        shown = _LogHandler()
        log.addHandler(shown)
        log.setLevel(logging.DEBUG if self.verbose else logging.ERROR if self.quiet else logging.WARNING)
        log.propagate = False

        @ctx.call_on_close
        def hide() -> None:
            log.removeHandler(shown)
            log.setLevel(logging.NOTSET)
            log.propagate = True


class _LogHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        word = f"{record.levelname.capitalize()}: " if record.levelno >= logging.WARNING else ""
        write_note(word + record.getMessage())


def setting_option(*names: str, setting: str, **attributes: Any) -> Callable[[C], C]:
    """An option for *setting*, with the help, choices and default of the settings and none of its own."""
    from trakt_ical.config import FIELDS

    field = FIELDS[setting]
    if field.metadata["choices"]:
        attributes.setdefault("type", click.Choice(field.metadata["choices"]))
    elif isinstance(field.default, int):
        attributes.setdefault("type", int)
    default = field.default
    shown = ", ".join(default) if isinstance(default, tuple) else str(default)
    text = field.metadata["help"] + (f"  [default: {shown}]" if shown else "")
    return click.option(*names, setting, help=text, **attributes)


def account_options(command: C) -> C:
    """The options that say which Trakt is meant, and which settings file."""
    for option in (
        setting_option("--api-url", setting="api_url", metavar="URL"),
        setting_option("--api", setting="api"),
        click.option("--config", metavar="FILE", help="The settings file."),
    ):
        command = option(command)
    return command

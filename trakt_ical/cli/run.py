"""What every command shares: the app it runs on, the log it shows, and the options it takes its settings from."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trakt_ical.cli.terminal import note

if TYPE_CHECKING:
    from trakt_ical.app.outside import Outside
    from trakt_ical.app.parts import App

C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Run:
    """One run of the command line: its general options and the world that it takes place in."""

    demo: bool
    verbose: bool
    quiet: bool
    outside: Outside | None

    @property
    def called(self) -> str:
        """How the next command is called that shall see the same Trakt and the same files."""
        return "trakt-ical --demo" if self.demo else "trakt-ical"

    @contextlib.contextmanager
    def app(self, flags: Mapping[str, Any]) -> Iterator[App]:
        """The app as the settings and *flags* say."""
        from trakt_ical.app.opening import opened
        from trakt_ical.app.outside import Outside

        with opened(flags, demo=self.demo, outside=self.outside or Outside()) as app:
            yield app

    def say(self, text: str) -> None:
        """Tell the user, on stderr: stdout carries data alone."""
        if not self.quiet:
            note(text)

    def show_log(self, ctx: click.Context) -> None:
        """Show the package's log on stderr, for as long as *ctx* lives."""
        log = logging.getLogger("trakt_ical")
        shown = _Shown()
        log.addHandler(shown)
        log.setLevel(logging.DEBUG if self.verbose else logging.ERROR if self.quiet else logging.WARNING)
        log.propagate = False

        @ctx.call_on_close
        def hide() -> None:
            log.removeHandler(shown)
            log.setLevel(logging.NOTSET)
            log.propagate = True


class _Shown(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        word = f"{record.levelname.capitalize()}: " if record.levelno >= logging.WARNING else ""
        note(word + record.getMessage())


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

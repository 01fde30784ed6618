"""What a schedule runs: `trakt-ical export` with the settings of this run, by its lasting path; and who runs it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from trakt_ical.app.context import Accounts
from trakt_ical.app.schedulers.cron import Cron
from trakt_ical.app.schedulers.launchd import Launchd
from trakt_ical.app.schedulers.plan import Plan, Scheduler
from trakt_ical.app.schedulers.systemd import Systemd
from trakt_ical.app.schedulers.windows import TaskScheduler
from trakt_ical.config import CONFIG, HOME, PREFIX
from trakt_ical.errors import SettingsError

LOG = "export.log"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")


def find_program(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that start this program, wherever a scheduler starts it."""
    running = Path(sys.argv[0])
    named = shutil.which("trakt-ical", path=environ.get("PATH"))
    # A link stays where it is when pipx or uv put a new version behind it, so it is not followed.
    if named and running.exists() and os.path.realpath(named) == os.path.realpath(running):
        return (os.path.abspath(named),)
    if running.name.startswith("trakt-ical") and running.exists():
        return (os.path.abspath(running),)
    return sys.executable, "-m", "trakt_ical"


def name_schedule(*, demo: bool, home: str | None, config: str | None) -> str:
    """Return the name of the schedule for these general options: each has one of its own."""
    parts = ["trakt-ical", *(["demo"] if demo else [])]
    parts += [_UNFIT.sub("-", Path(each).absolute().with_suffix("").name) for each in (home, config) if each]
    return "-".join(parts)


def check_name(name: str) -> str:
    """Return *name* if each scheduler can call a schedule so. Raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(f"A schedule cannot be called {name!r}. Use up to 64 letters, digits, . _ and -.")
    return name


def make_plan(accounts: Accounts, words: Sequence[str], *, name: str, hours: int, environ: Mapping[str, str]) -> Plan:
    """Return the plan called *name* that runs the program with the general options *words* each *hours*.

    Raises SettingsError where an export by itself makes no sense: without an output, or to standard output; and where
    no scheduler could be told the way to it.
    """
    if not any(calendar.has_output for app in accounts.open_all() for calendar in app.calendars):
        raise SettingsError("A schedule needs an output that is a file. Set output, or output in a [calendar.NAME].")
    folder, command = Path.cwd(), (*find_program(environ), *words, "export")
    # A line break would end the line of a crontab or a unit, and what follows it would be a line of its own.
    if _CONTROL.search("".join((str(folder), *command))):
        raise SettingsError("A schedule cannot be made for a path that has line breaks or other control characters.")
    # The same minute at each installation, another one for each user and computer.
    seed = hashlib.blake2b(f"{folder}\n{name}\n{accounts.folders.data}".encode(), digest_size=2).digest()
    return Plan(
        name=name,
        command=command,
        folder=folder,
        hours=hours,
        minute=int.from_bytes(seed) % 60,
        log=accounts.folders.data / LOG,
    )


def list_lost_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables of this shell that settings come from, and that no scheduler knows."""
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in (CONFIG, HOME))


def list_schedulers(environ: Mapping[str, str]) -> Iterator[Scheduler]:
    """Return all schedulers, the best first."""
    yield Systemd(environ)
    yield Launchd()
    yield TaskScheduler()
    yield Cron()


def choose_scheduler(name: str | None, environ: Mapping[str, str]) -> Scheduler:
    """Return the scheduler *name*, or the best one that this computer has. Raises SettingsError where it has none."""
    for scheduler in list_schedulers(environ):
        if scheduler.name == name or (name is None and scheduler.is_available()):
            return scheduler
    raise SettingsError(
        "This computer has no scheduler that trakt-ical knows (systemd, launchd, the Task Scheduler, cron). "
        "Run trakt-ical export by whatever starts your jobs; trakt-ical schedule show prints examples."
    )

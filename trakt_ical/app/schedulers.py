"""The programs that start others by the clock: systemd, launchd, the Windows Task Scheduler, cron.

Each writes what it needs with a mark that holds a hash of the rest. What has no such mark, or another hash, was written
or changed by somebody else, and is left alone.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import logging
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import escape

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError, SettingsError

log = logging.getLogger(__name__)

MARK = "Written by trakt-ical schedule"
_MARKED = re.compile(rf"{MARK} ([0-9a-f]{{16}})")
PATIENCE = 30  # seconds that a scheduler's own program may take
# Spreads the requests of all users over some minutes, so that Trakt does not get them at the same second.
JITTER = timedelta(minutes=10)
LINGER = "The schedule stops when you log out of this computer. To keep it running, run: loginctl enable-linger {user}"


class Plan(msgspec.Struct, frozen=True):
    """What a schedule called *name* runs: the words of *command*, in *folder*, each *hours* from *minute* on.

    *log* takes what the command writes where the scheduler itself keeps nothing.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    hours: int
    minute: int
    log: Path

    def list_hours(self) -> range:
        """Return the hours of the day at which the command runs."""
        return range(0, 24, self.hours)


class ScheduleStatus(msgspec.Struct, frozen=True):
    """How a schedule is: *installed*, *next_run* and *last_run* in the scheduler's words ("" unknown), and *notes*."""

    scheduler: str
    installed: bool
    next_run: str = ""
    last_run: str = ""
    notes: tuple[str, ...] = ()


class Scheduler(Protocol):
    """A program that starts others by the clock. Each method raises OutputError where that program fails."""

    name: str

    def is_available(self) -> bool:
        """Whether this computer has it, and the user may use it."""
        ...

    def render(self, plan: Plan) -> dict[str, str]:
        """Return what is written for *plan*: the texts, by the places they go to."""
        ...

    def install(self, plan: Plan) -> None:
        """Start *plan* by the clock, in place of what was installed under its name."""
        ...

    def remove(self, name: str) -> bool:
        """Remove the schedule *name*, and return whether there was one."""
        ...

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:
        """Return how the schedule *name* is."""
        ...


def _run(*words: str, text: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Run a scheduler's own program and return what it prints. Raises OutputError with its own words."""
    log.info("Running %s", shlex.join(words))
    try:
        # No shell: each word reaches the program as it is.
        done = subprocess.run(  # noqa: S603
            words, input=text, capture_output=True, text=True, timeout=PATIENCE, env=environ, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it did not end"
        raise OutputError(f"{words[0]} cannot be run: {reason}.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OutputError(f"{words[0]} failed: {said[0].rstrip('.') if said else f'status {done.returncode}'}.")
    return done.stdout


def _hash_text(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _is_ours(text: str) -> bool:
    """Whether *text* has our mark, and the hash of everything but the mark."""
    found = _MARKED.search(text)
    return bool(found) and found is not None and found[1] == _hash_text(_MARKED.sub(MARK, text))


def _mark(text: str) -> str:
    """Return *text*, which has the bare mark in it, with its hash."""
    return text.replace(MARK, f"{MARK} {_hash_text(text)}", 1)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read: {getattr(error, 'strerror', error)}.") from error


def _refuse_foreign(text: str | None, place: str) -> None:
    if text is not None and not _is_ours(text):
        raise OutputError(
            f"{place} was not written by trakt-ical schedule, or was changed since. It is left as it is. "
            "Remove it yourself, or choose another name with --name."
        )


def _write_marked(texts: Mapping[str, str]) -> None:
    """Write *texts* to their paths, none of which may hold what is not ours. Raises OutputError."""
    for place in texts:
        _refuse_foreign(_read(Path(place)), place)
    for place, text in texts.items():
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            files.write_whole(Path(place), text.encode(), mode=0o644)
        except OSError as error:
            raise OutputError(f"{place} cannot be written: {error.strerror}.") from error


def _remove_marked(*places: Path) -> bool:
    """Remove the files at *places*, none of which may hold what is not ours; return whether there were any."""
    there = {place: text for place in places if (text := _read(place)) is not None}
    for place, text in there.items():
        _refuse_foreign(text, str(place))
    for place in there:
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{place} cannot be removed: {error.strerror}.") from error
    return bool(there)


def _find_user_home() -> Path:
    """Return the user's home folder, in which a scheduler looks for schedules. Raises SettingsError."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise SettingsError("Your user has no home folder, in which this scheduler looks for schedules.") from error


def _name_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user has no name
        return str(os.getuid())


class Systemd:
    """A timer of the user's own systemd. It catches up on what was missed while the computer was off."""

    name = "systemd"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def is_available(self) -> bool:
        if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
            return False
        try:
            self._control("show-environment")  # inside a container, or under su, nobody answers
        except OutputError as error:
            log.info("%s", error)
            return False
        return True

    def render(self, plan: Plan) -> dict[str, str]:
        command = " ".join(map(_quote_for_systemd, plan.command))
        service = (
            f"# {MARK}\n[Unit]\nDescription=Calendar of trakt-ical ({plan.name})\n\n"
            f"[Service]\nType=oneshot\nWorkingDirectory={_escape_percent(str(plan.folder))}\nExecStart={command}\n"
            # The export itself ends by run_limit; a mistake there must not keep the next one from starting for ever.
            "TimeoutStartSec=2h\n"
        )
        timer = (
            f"# {MARK}\n[Unit]\nDescription=Keeps the calendar of trakt-ical up to date ({plan.name})\n\n"
            f"[Timer]\nOnCalendar=*-*-* {','.join(f'{hour:02d}' for hour in plan.list_hours())}:{plan.minute:02d}:00\n"
            f"RandomizedDelaySec={int(JITTER.total_seconds())}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
        service_path, timer_path = self._find_paths(plan.name)
        return {str(service_path): _mark(service), str(timer_path): _mark(timer)}

    def install(self, plan: Plan) -> None:
        _write_marked(self.render(plan))
        self._control("daemon-reload")
        self._control("enable", "--now", f"{plan.name}.timer")

    def remove(self, name: str) -> bool:
        service_path, timer_path = self._find_paths(name)
        for path in (service_path, timer_path):
            _refuse_foreign(_read(path), str(path))
        if _read(timer_path) is not None:
            self._control("disable", "--now", f"{name}.timer")
        is_removed = _remove_marked(service_path, timer_path)
        if is_removed:
            self._control("daemon-reload")
        return is_removed

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:  # noqa: ARG002  systemd knows the time
        if _read(self._find_paths(name)[1]) is None:
            return ScheduleStatus(self.name, installed=False)
        timer = self._show(f"{name}.timer", "NextElapseUSecRealtime", "LastTriggerUSec", "ActiveState")
        service = self._show(f"{name}.service", "Result", "ExecMainStatus")
        last = timer.get("LastTriggerUSec", "")
        if last:
            last += f", ended with status {service.get('ExecMainStatus', '?')} ({service.get('Result', '?')})"
        notes = [] if timer.get("ActiveState") == "active" else ["The timer is not active. Install it again."]
        if not self._is_lingering():
            notes.append(LINGER.format(user=_name_user()))
        return ScheduleStatus(self.name, True, timer.get("NextElapseUSecRealtime", ""), last, tuple(notes))

    def _find_paths(self, name: str) -> tuple[Path, Path]:
        config = self._environ.get("XDG_CONFIG_HOME", "")
        base = Path(config) if os.path.isabs(config) else _find_user_home() / ".config"
        units = base / "systemd" / "user"
        return units / f"{name}.service", units / f"{name}.timer"

    def _control(self, *words: str) -> str:
        environ = dict(self._environ)
        # Missing under su and in jobs, though the user's manager is there all the same (systemd issue 40604).
        runtime = Path(f"/run/user/{os.getuid()}")
        if "XDG_RUNTIME_DIR" not in environ and runtime.is_dir():
            environ["XDG_RUNTIME_DIR"] = str(runtime)
        return _run("systemctl", "--user", *words, environ=environ)

    def _show(self, unit: str, *properties: str) -> dict[str, str]:
        rows = self._control("show", unit, f"--property={','.join(properties)}").splitlines()
        return {name: value for name, _, value in (row.partition("=") for row in rows)}

    def _is_lingering(self) -> bool:
        # systemd keeps a file for each user whose programs go on after he logs out.
        return Path("/var/lib/systemd/linger", _name_user()).exists()


def _quote_for_systemd(word: str) -> str:
    """Return *word* as ExecStart= takes it: in quotes, with its own specifiers and variables escaped."""
    escaped = _escape_percent(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@+=:,./$%-]+", escaped) else f'"{escaped}"'


def _escape_percent(text: str) -> str:
    return text.replace("%", "%%")


class Launchd:
    """An agent of macOS. It runs once after the Mac was asleep."""

    name = "launchd"

    def is_available(self) -> bool:
        return sys.platform == "darwin"

    def render(self, plan: Plan) -> dict[str, str]:
        body = plistlib.dumps(
            {
                "Label": plan.name,
                "ProgramArguments": list(plan.command),
                "WorkingDirectory": str(plan.folder),
                # StartInterval would not catch up after sleep; StartCalendarInterval does.
                "StartCalendarInterval": [{"Hour": hour, "Minute": plan.minute} for hour in plan.list_hours()],
                "StandardErrorPath": str(plan.log),
                "ProcessType": "Background",
            },
            sort_keys=False,
        ).decode()
        head, _, rest = body.partition("<plist")
        return {str(self._find_path(plan.name)): _mark(f"{head}<!-- {MARK} -->\n<plist{rest}")}

    def install(self, plan: Plan) -> None:
        path = self._find_path(plan.name)
        is_there = _read(path) is not None
        _write_marked(self.render(plan))
        if is_there:
            with contextlib.suppress(OutputError):  # it is not loaded
                _run("launchctl", "bootout", f"gui/{os.getuid()}/{plan.name}")
        _run("launchctl", "bootstrap", f"gui/{os.getuid()}", str(path))

    def remove(self, name: str) -> bool:
        path = self._find_path(name)
        _refuse_foreign(_read(path), str(path))
        if _read(path) is None:
            return False
        with contextlib.suppress(OutputError):  # it is not loaded
            _run("launchctl", "bootout", f"gui/{os.getuid()}/{name}")
        return _remove_marked(path)

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:
        text = _read(self._find_path(name))
        if text is None:
            return ScheduleStatus(self.name, installed=False)
        try:
            printed = _run("launchctl", "print", f"gui/{os.getuid()}/{name}")
        except OutputError:
            return ScheduleStatus(self.name, True, notes=("It is not loaded. Install it again.",))
        found = re.search(r"last exit code = (\S+)", printed)
        last = f"ended with status {found[1]}" if found and found[1].isdecimal() else ""
        times = plistlib.loads(text.encode())["StartCalendarInterval"]
        return ScheduleStatus(
            self.name, True, _find_next([(each["Hour"], each["Minute"]) for each in times], now), last
        )

    def _find_path(self, name: str) -> Path:
        return _find_user_home() / "Library" / "LaunchAgents" / f"{name}.plist"


class TaskScheduler:
    """A task of Windows. It catches up on what was missed, and also runs on battery."""

    name = "windows"

    def is_available(self) -> bool:
        return sys.platform == "win32"

    def render(self, plan: Plan) -> dict[str, str]:
        arguments = subprocess.list2cmdline(plan.command[1:])
        text = f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{MARK}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Repetition>
        <Interval>PT{plan.hours}H</Interval>
        <Duration>P1D</Duration>
      </Repetition>
      <StartBoundary>2026-01-01T00:{plan.minute:02d}:00</StartBoundary>
      <RandomDelay>PT{int(JITTER.total_seconds()) // 60}M</RandomDelay>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT2H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(plan.command[0])}</Command>
      <Arguments>{escape(arguments)}</Arguments>
      <WorkingDirectory>{escape(str(plan.folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""
        return {plan.name: _mark(text)}

    def install(self, plan: Plan) -> None:
        self._refuse_foreign_task(plan.name)
        # schtasks reads a file, in the encoding that it names.
        path = plan.log.with_name(f"{plan.name}.xml")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.render(plan)[plan.name], encoding="utf-16")
            _run("schtasks", "/Create", "/TN", plan.name, "/XML", str(path), "/F")
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def remove(self, name: str) -> bool:
        if not self._refuse_foreign_task(name):
            return False
        _run("schtasks", "/Delete", "/TN", name, "/F")
        return True

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:  # noqa: ARG002  Windows knows the time
        if self._read_task(name) is None:
            return ScheduleStatus(self.name, installed=False)
        # In the order of the columns, since their names are those of the system's language.
        rows = _run("schtasks", "/Query", "/TN", name, "/V", "/FO", "CSV", "/NH").splitlines()
        columns = re.findall(r'"([^"]*)"', rows[0]) if rows else []
        next_run, last, result = (columns[number] if len(columns) > number else "" for number in (2, 5, 6))
        return ScheduleStatus(self.name, True, next_run, f"{last}, ended with status {result}" if last else "")

    def _read_task(self, name: str) -> str | None:
        try:
            return _run("schtasks", "/Query", "/TN", name, "/XML")
        except OutputError:
            return None  # there is no such task

    def _refuse_foreign_task(self, name: str) -> bool:
        """Return whether there is a task *name*. Raises OutputError where it is not ours."""
        text = self._read_task(name)
        # Windows writes a task anew in a form of its own, so the mark alone counts here, and not the hash.
        if text is not None and not _MARKED.search(text):
            _refuse_foreign("", f"The task {name}")
        return text is not None


class Cron:
    """Two lines in the user's crontab. It does not catch up on what was missed while the computer was off."""

    name = "cron"

    def is_available(self) -> bool:
        return shutil.which("crontab") is not None

    def render(self, plan: Plan) -> dict[str, str]:
        # cron takes % for the end of the line.
        folder, command = (
            text.replace("%", r"\%") for text in (shlex.quote(str(plan.folder)), shlex.join(plan.command))
        )
        hours = ",".join(map(str, plan.list_hours()))
        return {"crontab": _mark(f"# {MARK}: {plan.name}\n{plan.minute} {hours} * * * cd {folder} && {command}\n")}

    def install(self, plan: Plan) -> None:
        before, _, after = self._split(plan.name)
        self._write(before + self.render(plan)["crontab"] + after)

    def remove(self, name: str) -> bool:
        before, ours, after = self._split(name)
        if ours:
            self._write(before + after)
        return bool(ours)

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:
        _, ours, _ = self._split(name)
        if not ours:
            return ScheduleStatus(self.name, installed=False)
        minute, hours, *_ = ours.splitlines()[1].split()
        note = "cron does not catch up on what it missed while the computer was off."
        times = [(int(hour), int(minute)) for hour in hours.split(",")]
        return ScheduleStatus(self.name, True, _find_next(times, now), notes=(note,))

    def _split(self, name: str) -> tuple[str, str, str]:
        """Return the crontab before our lines for *name*, those, and after them. Raises OutputError."""
        lines = self._read().splitlines(keepends=True)
        first = re.compile(rf"# {MARK} [0-9a-f]{{16}}: {re.escape(name)}")
        for number, line in enumerate(lines):
            if first.fullmatch(line.rstrip("\n")):
                ours = "".join(lines[number : number + 2])
                _refuse_foreign(ours if ours.endswith("\n") else ours + "\n", f"Line {number + 2} of your crontab")
                return "".join(lines[:number]), ours, "".join(lines[number + 2 :])
        text = "".join(lines)
        return text + ("\n" if text and not text.endswith("\n") else ""), "", ""

    def _read(self) -> str:
        try:
            return _run("crontab", "-l")
        except OutputError as error:
            if "no crontab" in str(error):
                return ""
            raise

    def _write(self, text: str) -> None:
        _run("crontab", "-", text=text)


def _find_next(times: list[tuple[int, int]], now: datetime) -> str:
    """Return when the next of *times* (hour and minute by the clock of this computer) comes after *now*."""
    today = now.astimezone().replace(second=0, microsecond=0, tzinfo=None)
    days = (today.replace(hour=hour, minute=minute) + timedelta(days=day) for day in (0, 1) for hour, minute in times)
    return f"{min(each for each in days if each > today):%Y-%m-%d %H:%M}"


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

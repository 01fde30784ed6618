"""A timer of the user's own systemd."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from trakt_ical.app.schedulers.marked_files import (
    MARK,
    add_mark,
    find_user_home,
    name_user,
    read_file,
    refuse_foreign,
    remove_marked,
    run_program,
    write_marked,
)
from trakt_ical.app.schedulers.plan import JITTER, Plan, ScheduleStatus
from trakt_ical.errors import OutputError

log = logging.getLogger(__name__)

LINGER = "The schedule stops when you log out of this computer. To keep it running, run: loginctl enable-linger {user}"


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
        return {str(service_path): add_mark(service), str(timer_path): add_mark(timer)}

    def install(self, plan: Plan) -> None:
        write_marked(self.render(plan))
        self._control("daemon-reload")
        self._control("enable", "--now", f"{plan.name}.timer")

    def remove(self, name: str) -> bool:
        service_path, timer_path = self._find_paths(name)
        for path in (service_path, timer_path):
            refuse_foreign(read_file(path), str(path))
        if read_file(timer_path) is not None:
            self._control("disable", "--now", f"{name}.timer")
        is_removed = remove_marked(service_path, timer_path)
        if is_removed:
            self._control("daemon-reload")
        return is_removed

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:  # noqa: ARG002  systemd knows the time
        if read_file(self._find_paths(name)[1]) is None:
            return ScheduleStatus(self.name, installed=False)
        timer = self._show(f"{name}.timer", "NextElapseUSecRealtime", "LastTriggerUSec", "ActiveState")
        service = self._show(f"{name}.service", "Result", "ExecMainStatus")
        last = _add_offset(timer.get("LastTriggerUSec", ""))
        if last:
            last += f", ended with status {service.get('ExecMainStatus', '?')} ({service.get('Result', '?')})"
        notes = [] if timer.get("ActiveState") == "active" else ["The timer is not active. Install it again."]
        if not self._is_lingering():
            notes.append(LINGER.format(user=name_user()))
        next_run = _add_offset(timer.get("NextElapseUSecRealtime", ""))
        return ScheduleStatus(self.name, True, next_run, last, tuple(notes))

    def _find_paths(self, name: str) -> tuple[Path, Path]:
        config = self._environ.get("XDG_CONFIG_HOME", "")
        base = Path(config) if os.path.isabs(config) else find_user_home() / ".config"
        units = base / "systemd" / "user"
        return units / f"{name}.service", units / f"{name}.timer"

    def _control(self, *words: str) -> str:
        environ = dict(self._environ)
        # Missing under su and in jobs, though the user's manager is there all the same (systemd issue 40604).
        runtime = Path(f"/run/user/{os.getuid()}")
        if "XDG_RUNTIME_DIR" not in environ and runtime.is_dir():
            environ["XDG_RUNTIME_DIR"] = str(runtime)
        return run_program("systemctl", "--user", *words, environ=environ)

    def _show(self, unit: str, *properties: str) -> dict[str, str]:
        rows = self._control("show", unit, f"--property={','.join(properties)}").splitlines()
        return {name: value for name, _, value in (row.partition("=") for row in rows)}

    def _is_lingering(self) -> bool:
        # systemd keeps a file for each user whose programs go on after he logs out.
        return Path("/var/lib/systemd/linger", name_user()).exists()


def _add_offset(text: str) -> str:
    """Return the time in *text* in ISO 8601 with its offset; *text* where systemd wrote something else.

    systemd writes `Thu 2026-11-26 00:09:42 CET`, by the clock of this computer. What CET is, only people know.
    """
    found = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)
    return datetime.fromisoformat(found[0]).astimezone().isoformat(sep=" ") if found else text


def _quote_for_systemd(word: str) -> str:
    """Return *word* as ExecStart= takes it: in quotes, with its own specifiers and variables escaped."""
    escaped = _escape_percent(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@+=:,./$%-]+", escaped) else f'"{escaped}"'


def _escape_percent(text: str) -> str:
    return text.replace("%", "%%")

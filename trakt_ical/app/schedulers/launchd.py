"""A launch agent of macOS."""

from __future__ import annotations

import contextlib
import os
import plistlib
import re
import sys
from datetime import datetime
from pathlib import Path

from trakt_ical.app.schedulers.marked_files import (
    MARK,
    add_mark,
    find_user_home,
    read_file,
    refuse_foreign,
    remove_marked,
    run_program,
    write_marked,
)
from trakt_ical.app.schedulers.plan import Plan, ScheduleStatus, find_next
from trakt_ical.errors import OutputError


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
        return {str(self._find_path(plan.name)): add_mark(f"{head}<!-- {MARK} -->\n<plist{rest}")}

    def install(self, plan: Plan) -> None:
        path = self._find_path(plan.name)
        is_there = read_file(path) is not None
        write_marked(self.render(plan))
        if is_there:
            with contextlib.suppress(OutputError):  # it is not loaded
                run_program("launchctl", "bootout", f"gui/{os.getuid()}/{plan.name}")
        run_program("launchctl", "bootstrap", f"gui/{os.getuid()}", str(path))

    def remove(self, name: str) -> bool:
        path = self._find_path(name)
        text = read_file(path)
        refuse_foreign(text, str(path))
        if text is None:
            return False
        with contextlib.suppress(OutputError):  # it is not loaded
            run_program("launchctl", "bootout", f"gui/{os.getuid()}/{name}")
        return remove_marked(path)

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:
        text = read_file(self._find_path(name))
        if text is None:
            return ScheduleStatus(self.name, installed=False)
        try:
            printed = run_program("launchctl", "print", f"gui/{os.getuid()}/{name}")
        except OutputError:
            return ScheduleStatus(self.name, True, notes=("It is not loaded. Install it again.",))
        found = re.search(r"last exit code = (\S+)", printed)
        last = f"ended with status {found[1]}" if found and found[1].isdecimal() else ""
        times = plistlib.loads(text.encode())["StartCalendarInterval"]
        return ScheduleStatus(self.name, True, find_next([(each["Hour"], each["Minute"]) for each in times], now), last)

    def _find_path(self, name: str) -> Path:
        return find_user_home() / "Library" / "LaunchAgents" / f"{name}.plist"

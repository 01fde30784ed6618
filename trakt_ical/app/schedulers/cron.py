"""Two lines in the user's crontab."""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import datetime

from trakt_ical.app.schedulers.marked_files import (
    MARK,
    add_mark,
    refuse_foreign,
    run_program,
)
from trakt_ical.app.schedulers.plan import Plan, ScheduleStatus, find_next
from trakt_ical.errors import OutputError


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
        return {"crontab": add_mark(f"# {MARK}: {plan.name}\n{plan.minute} {hours} * * * cd {folder} && {command}\n")}

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
        return ScheduleStatus(self.name, True, find_next(times, now), notes=(note,))

    def _split(self, name: str) -> tuple[str, str, str]:
        """Return the crontab before our lines for *name*, those, and after them. Raises OutputError."""
        lines = self._read().splitlines(keepends=True)
        first = re.compile(rf"# {MARK} [0-9a-f]{{16}}: {re.escape(name)}")
        for number, line in enumerate(lines):
            if first.fullmatch(line.rstrip("\n")):
                ours = "".join(lines[number : number + 2])
                refuse_foreign(ours if ours.endswith("\n") else ours + "\n", f"Line {number + 2} of your crontab")
                return "".join(lines[:number]), ours, "".join(lines[number + 2 :])
        text = "".join(lines)
        return text + ("\n" if text and not text.endswith("\n") else ""), "", ""

    def _read(self) -> str:
        try:
            return run_program("crontab", "-l")
        except OutputError as error:
            if "no crontab" in str(error):
                return ""
            raise

    def _write(self, text: str) -> None:
        run_program("crontab", "-", text=text)

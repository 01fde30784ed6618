"""A task of the Windows Task Scheduler."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from datetime import datetime
from xml.sax.saxutils import escape

from trakt_ical.app.schedulers.marked_files import (
    MARK,
    MARKED,
    add_mark,
    refuse_foreign,
    run_program,
)
from trakt_ical.app.schedulers.plan import JITTER, Plan, ScheduleStatus
from trakt_ical.errors import OutputError


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
      <StartBoundary>2026-01-01T00:{plan.minute:02d}:00</StartBoundary>
      <Repetition>
        <Interval>PT{plan.hours}H</Interval>
        <Duration>P1D</Duration>
      </Repetition>
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
        return {plan.name: add_mark(text)}

    def install(self, plan: Plan) -> None:
        self._refuse_foreign_task(plan.name)
        # schtasks reads a file, in the encoding that it names.
        path = plan.log.with_name(f"{plan.name}.xml")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.render(plan)[plan.name], encoding="utf-16")
            run_program("schtasks", "/Create", "/TN", plan.name, "/XML", str(path), "/F")
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def remove(self, name: str) -> bool:
        if not self._refuse_foreign_task(name):
            return False
        run_program("schtasks", "/Delete", "/TN", name, "/F")
        return True

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:  # noqa: ARG002  Windows knows the time
        if self._read_task(name) is None:
            return ScheduleStatus(self.name, installed=False)
        # In the order of the columns, since their names are those of the system's language.
        rows = run_program("schtasks", "/Query", "/TN", name, "/V", "/FO", "CSV", "/NH").splitlines()
        columns = re.findall(r'"([^"]*)"', rows[0]) if rows else []
        next_run, last, result = (columns[number] if len(columns) > number else "" for number in (2, 5, 6))
        return ScheduleStatus(self.name, True, next_run, f"{last}, ended with status {result}" if last else "")

    def _read_task(self, name: str) -> str | None:
        try:
            return run_program("schtasks", "/Query", "/TN", name, "/XML")
        except OutputError:
            return None  # there is no such task

    def _refuse_foreign_task(self, name: str) -> bool:
        """Return whether there is a task *name*. Raises OutputError where it is not ours."""
        text = self._read_task(name)
        # Windows writes a task anew in a form of its own, so the mark alone counts here, and not the hash.
        if text is not None and not MARKED.search(text):
            refuse_foreign("", f"The task {name}")
        return text is not None

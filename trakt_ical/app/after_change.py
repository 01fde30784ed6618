"""Runs the command of `after_change`, by which users hand a changed calendar on: rclone, git, ntfy and the like."""

from __future__ import annotations

import logging
import subprocess

from trakt_ical.app.context import App
from trakt_ical.config import HOOK_FILE, HOOK_NAME, Calendar
from trakt_ical.errors import OutputError
from trakt_ical.export.stores.protocol import Store

log = logging.getLogger(__name__)

PATIENCE = 600  # seconds; an upload over a slow line takes minutes, and a run must end


def run_after_change(app: App, calendar: Calendar, store: Store) -> OutputError | None:
    """Run the command of *calendar*, which changed in *store*; return what went wrong, None where nothing did."""
    command = calendar.settings.after_change
    environ = dict(app.environment.environ) | {HOOK_FILE: store.name, HOOK_NAME: calendar.title}
    log.info("Running after_change of %s: %s", calendar.title, command)
    try:
        # A shell, since users write pipes and quote variables. It is their own settings file.
        done = subprocess.run(  # noqa: S602
            command, shell=True, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return _describe(calendar, f"it did not end within {PATIENCE // 60} minutes")
    except (OSError, ValueError) as error:
        return _describe(calendar, str(getattr(error, "strerror", error)))
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    for line in said:
        log.info("after_change: %s", line)
    if done.returncode == 0:
        return None
    status = f"status {done.returncode}"
    return _describe(calendar, f"{said[-1].rstrip('.')} ({status})" if said else status)


def _describe(calendar: Calendar, reason: str) -> OutputError:
    return OutputError(f"The calendar {calendar.title} was written, but its after_change failed: {reason}.")

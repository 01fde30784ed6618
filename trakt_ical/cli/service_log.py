"""How `serve` writes its log: lines with time and level for people, JSON for programs, priorities for the journal."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import MemoryHandler

import msgspec

from trakt_ical.cli.run import NoteHandler, Run
from trakt_ical.feed.refresh_log import service

PRIORITIES = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7}
"""What sd-daemon(3) calls the levels."""
REPEATED_AFTER = 24 * 3600  # seconds until a warning that comes at each refresh is written again
MOST_KEPT = 1000  # warnings that are known to be repeated, or wait for a format


class ServiceLog:
    """Writes the package's log, in place of what other commands show, once `choose_format` says how.

    What is logged before that, while the settings are read, is held until then. By default the log is what the service
    did and what is wrong, with -v everything, with -q errors only.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._handler = NoteHandler() if run.verbose else _QuietHandler()
        self._held = MemoryHandler(MOST_KEPT, flushLevel=logging.CRITICAL + 1)
        self._log = logging.getLogger("trakt_ical")
        # Each refresh tries several times before it fails, and then reports that itself.
        self._tries = logging.getLogger("trakt_ical.trakt.tries")
        self.has_format = False

    def choose_format(self, log_format: str) -> None:
        """Write what was held, and all that comes, as *log_format* says."""
        self.has_format = True
        self._handler.setFormatter(_JsonFormatter(self._run) if log_format == "json" else _LineFormatter(self._run))
        self._replace(self._held, self._handler)
        self._held.setTarget(self._handler)
        self._held.flush()

    def __enter__(self) -> ServiceLog:
        self._before = next(each for each in self._log.handlers if isinstance(each, NoteHandler))
        self._replace(self._before, self._held)
        if not self._run.verbose:
            self._tries.setLevel(logging.ERROR)
            service.setLevel(logging.ERROR if self._run.quiet else logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        self._replace(self._handler if self.has_format else self._held, self._before)
        self._held.setTarget(self._before)  # what is still held comes before the error that ended the start
        self._held.close()
        for each in (self._tries, service):
            each.setLevel(logging.NOTSET)

    def _replace(self, old: logging.Handler, new: logging.Handler) -> None:
        self._log.removeHandler(old)
        self._log.addHandler(new)


class _LineFormatter(logging.Formatter):
    """Makes `2026-11-25 13:00:02 INFO …`; the journal of systemd knows the time, and gets the level as its priority."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._is_journal = writes_to_journal(os.environ)

    def format(self, record: logging.LogRecord) -> str:
        message = self._run.complete_advice(record.getMessage())
        if account := getattr(record, "account", ""):
            message = f"{account}: {message}"
        if self._is_journal:
            return f"<{PRIORITIES.get(record.levelname, 6)}>{message}"
        return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(record.created))} {record.levelname} {message}"


class _JsonFormatter(logging.Formatter):
    """Makes one JSON object: time, level, message, account, and what the record is about."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "message": self._run.complete_advice(record.getMessage()),
        }
        if account := getattr(record, "account", ""):
            line["account"] = account
        return msgspec.json.encode(line | getattr(record, "fields", {})).decode()


class _QuietHandler(NoteHandler):
    """Leaves out a warning that was written within the last day: what is wrong with a clock or a list is so each hour.

    It is no filter, since filters that come later say whose the warning is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[object, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno != logging.WARNING or record.name == service.name or self._is_new(record):
            super().emit(record)

    def _is_new(self, record: logging.LogRecord) -> bool:
        key = record.name, record.getMessage(), getattr(record, "account", "")
        if record.created - self._written.get(key, -REPEATED_AFTER) < REPEATED_AFTER:
            return False
        if len(self._written) >= MOST_KEPT:
            self._written.clear()
        self._written[key] = record.created
        return True


def writes_to_journal(environ: Mapping[str, str]) -> bool:
    """Whether stderr is the stream to systemd's journal that *environ* names."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"

"""How `serve` writes its log: lines with time and level for people, JSON for programs, priorities for the journal."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from trakt_ical.cli.run import NoteHandler, Run
from trakt_ical.feed.refresh_log import service

PRIORITIES = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7}
"""What sd-daemon(3) calls the levels."""
REPEATED_AFTER = 24 * 3600  # seconds until a warning that comes at each refresh is written again
MOST_KEPT = 1000  # warnings that are known to be repeated


@contextlib.contextmanager
def write_service_log(run: Run, log_format: str) -> Iterator[None]:
    """Write the package's log as *log_format* says, in place of what other commands show.

    By default that is what the service did and what is wrong, with -v everything, with -q errors only.
    """
    log, handler = logging.getLogger("trakt_ical"), NoteHandler() if run.verbose else _QuietHandler()
    handler.setFormatter(_JsonFormatter(run) if log_format == "json" else _LineFormatter(run))
    # Each refresh tries several times before it fails, and then reports that itself.
    tries = logging.getLogger("trakt_ical.trakt.tries")
    before = log.handlers[:]
    log.handlers = [each for each in before if not isinstance(each, NoteHandler)] + [handler]
    if not run.verbose:
        tries.setLevel(logging.ERROR)
        service.setLevel(logging.ERROR if run.quiet else logging.INFO)
    try:
        yield
    finally:
        log.handlers = before
        for each in (tries, service):
            each.setLevel(logging.NOTSET)


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

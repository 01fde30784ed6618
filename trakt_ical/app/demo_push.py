"""What `--demo push` pushes to: a small Radicale on a loopback port, which runs as long as the command."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trakt_ical import files
from trakt_ical.app.export import ExportOptions, Job, export
from trakt_ical.app.feeds import open_feed_store
from trakt_ical.app.push import push_stored
from trakt_ical.app.push_state import open_push_state
from trakt_ical.config import PushTarget
from trakt_ical.errors import OutputError, SettingsError, TraktIcalError

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.export.mirror import PushResult
    from trakt_ical.fetch.sources import Progress

START_TIME = 30  # seconds; it takes one
NAME = "demo"


def push_demo(app: App, *, tell: Progress, dry_run: bool) -> tuple[PushResult, Path]:
    """Export the calendars of the built-in Trakt and push them to a Radicale; return also where that keeps its files.

    Raises SettingsError where Radicale is not installed.
    """
    folder = app.folders.data / "radicale"
    jobs = [Job(calendar, open_feed_store(app, calendar)) for calendar in app.calendars]
    with _run_radicale(folder) as target:
        for outcome in export(app, jobs, ExportOptions(force=True)):
            if isinstance(outcome, TraktIcalError):
                raise outcome
        stores = {job.calendar.title: job.store for job in jobs if job.store}
        try:
            return push_stored(_add_push(app, target), NAME, stores=stores, tell=tell, dry_run=dry_run), folder
        finally:
            path = open_push_state(app, target).path  # of no more use: the next Radicale has another address
            for each in (path, path.with_name(f"{path.name}.lock")):
                each.unlink(missing_ok=True)


def _add_push(app: App, target: PushTarget) -> App:
    """Return *app* with all of its calendars pushed to *target*."""
    calendars = tuple(
        msgspec.structs.replace(each, settings=dataclasses.replace(each.settings, push=target.name))
        for each in app.calendars
    )
    resolved = msgspec.structs.replace(app.resolved, calendars=calendars, pushes={target.name: target})
    return msgspec.structs.replace(app, resolved=resolved)


@contextlib.contextmanager
def _run_radicale(folder: Path) -> Iterator[PushTarget]:
    if importlib.util.find_spec("radicale") is None:
        raise SettingsError("--demo push needs an extra, Radicale. Run: pip install 'trakt-ical[caldav]'")
    try:
        files.make_private_folder(folder)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ["--config", "", "--hosts", f"127.0.0.1:{port}", "--auth-type", "none", "--logging-level", "error"]
    command = [sys.executable, "-m", "radicale", *options, "--storage-filesystem-folder", str(folder)]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)  # noqa: S603  this program
    try:
        _wait_until_ready(process, port)
        yield PushTarget(NAME, f"http://127.0.0.1:{port}/", NAME, NAME)
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIME
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise OutputError("Radicale did not start.")

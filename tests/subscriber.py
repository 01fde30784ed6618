"""A subscriber to a feed at the terminal: vdirsyncer fetches it, khal lists its events."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

VDIRSYNCER = """
[general]
status_path = "{folder}/status"
[pair feed]
a = "remote"
b = "local"
collections = null
conflict_resolution = "a wins"
partial_sync = "revert"
[storage remote]
type = "http"
url = "{url}"
[storage local]
type = "filesystem"
path = "{folder}/calendar"
fileext = ".ics"
"""
KHAL = """
[calendars]
[[feed]]
path = {folder}/calendar
[sqlite]
path = {folder}/khal.db
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""


class ListedEvent(NamedTuple):
    """An event as khal lists it."""

    uid: str
    start: str
    title: str
    status: str


class Subscriber:
    """Subscribes to the feed at *url*; what it keeps is in *folder*."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "calendar").mkdir(parents=True)
        (folder / "vdirsyncer").write_text(VDIRSYNCER.format(folder=folder, url=url))
        (folder / "khal").write_text(KHAL.format(folder=folder))
        self._run("vdirsyncer", "discover", typed="y\n" * 5)

    def refresh(self, first: str, days: str) -> list[ListedEvent]:
        """Fetch the feed, and return the events of *days* (as khal says it, `5d`) from *first* on."""
        self._run("vdirsyncer", "sync")
        row = "{uid}\t{start}\t{title}\t{status}"
        rows = self._run("khal", "list", "--day-format", "", "--format", row, first, days).splitlines()
        return [ListedEvent(*(part.strip() for part in row.split("\t"))) for row in rows if "\t" in row]

    def _run(self, program: str, *arguments: str, typed: str = "") -> str:
        command = [Path(sys.executable).with_name(program), "-c", self.folder / program, *arguments]
        environ = {**os.environ, "HOME": str(self.folder), "TZ": "UTC"}
        done = subprocess.run(
            command, input=typed, capture_output=True, text=True, check=False, env=environ, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

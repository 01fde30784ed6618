"""Real CalDAV servers for tests: Radicale, with a login, and Xandikos, without one."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests

from tests.ports import find_port

USER, PASSWORD = "user", "wörd"
START_TIME = 60  # seconds; they take 2 on an idle machine


@dataclass
class CalDavServer:
    """A running server at *url* that keeps its files in *folder*; `restart` with *empty* forgets all of them."""

    name: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        users = self.folder.with_name(f"{self.folder.name}-users")
        users.write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
        command = {
            "radicale": [
                *("radicale", "--config", "", "--hosts", f"127.0.0.1:{self.port}", "--auth-type", "htpasswd"),
                *("--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain", "--auth-delay", "0"),
                *("--storage-filesystem-folder", str(self.folder), "--logging-level", "error"),
            ],
            "xandikos": [
                *("xandikos", "-d", str(self.folder), "--defaults", "-p", str(self.port), "-l", "127.0.0.1"),
            ],
        }[self.name]
        log = self.folder.with_name(f"{self.folder.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIME
        while True:
            try:
                requests.get(self.url, timeout=5)
                return
            except requests.RequestException:
                assert self.process.poll() is None, "the CalDAV server ended"
                assert time.monotonic() < deadline, "the CalDAV server did not start"
                time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def ask(self, method: str, url: str, body: str = "", **headers: str) -> requests.Response:
        """Send a request as another program of the same user."""
        return requests.request(
            method, url, data=body.encode(), headers=headers, auth=(USER.encode(), PASSWORD.encode()), timeout=60
        )

    def rename(self, url: str, name: str) -> None:
        """Give the collection at *url* another *name*."""
        change = f"<D:set><D:prop><D:displayname>{name}</D:displayname></D:prop></D:set>"
        body = f'<D:propertyupdate xmlns:D="DAV:">{change}</D:propertyupdate>'
        assert self.ask("PROPPATCH", url, body, **{"Content-Type": "application/xml"}).status_code == 207

    def read_events(self, url: str) -> dict[str, str]:
        """Return the events of the collection at *url* by their addresses."""
        listed = self.ask("PROPFIND", url, Depth="1")
        assert listed.status_code == 207, listed.text
        hrefs = [urljoin(url, each) for each in re.findall(r"<(?:\w+:)?href>([^<]+\.ics)</", listed.text)]
        return {href: self.ask("GET", href).content.decode() for href in dict.fromkeys(hrefs)}


@contextlib.contextmanager
def run_caldav_server(name: str, folder: Path) -> Iterator[CalDavServer]:
    """Run the server *name*, `radicale` or `xandikos`, on the files in *folder*."""
    server = CalDavServer(name, folder, find_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()

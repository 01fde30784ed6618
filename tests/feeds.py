"""A running feed for tests: the service over real HTTP on a loopback port, refreshed when the test says so."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests
import uvicorn.server

from tests.conftest import Clock, Line
from trakt_ical.app.context import open_accounts
from trakt_ical.app.environment import Environment
from trakt_ical.app.feed_service import FeedService
from trakt_ical.app.serve import ServedAccounts
from trakt_ical.feed.feed_store import FeedFolder
from trakt_ical.feed.refresher import Refresher
from trakt_ical.feed.secrets import make_feed_url, make_page_url
from trakt_ical.feed.server import REQUEST_TIMEOUT, WebServer, open_listeners
from trakt_ical.http import ListenAddress
from trakt_ical.wording import PROGRAM

HERE = ListenAddress("127.0.0.1", 0)
TIMEOUT = (5, 1)  # seconds that Trakt has to connect, and between two reads


async def _sleep_briefly(seconds: float) -> None:
    await asyncio.sleep(seconds / 20)


# uvicorn looks ten times a second whether it should end, and then waits as long again; hundreds of tests end one.
IMPATIENT = SimpleNamespace(**{**vars(asyncio), "sleep": _sleep_briefly})


@dataclass
class RunningFeed:
    """A server that listens at *base*; its refreshers work when they are told to, by the test's *clock*."""

    accounts: ServedAccounts
    base: str
    clock: Clock

    @property
    def service(self) -> FeedService:
        """The feeds of the first account, which is the only one of most tests."""
        return self.accounts.services[0]

    def find_service(self, account: str) -> FeedService:
        """The feeds of the account of that name."""
        return next(service for service in self.accounts.services if service.account == account)

    @property
    def folder(self) -> FeedFolder:
        """Where the feeds are kept."""
        folder = self.service.store.folder
        assert folder is not None
        return folder

    @property
    def url(self) -> str:
        """The address of the one calendar."""
        (name, secret), *_ = self.service.store.secrets.calendars.items()
        return make_feed_url(self.base, secret, name)

    @property
    def path(self) -> str:
        """The same without host and port."""
        return urlsplit(self.url).path

    @property
    def page(self) -> str:
        """The address of the page."""
        return make_page_url(self.base, self.service.store.secrets.page)

    def get(self, url: str = "", headers: Mapping[str, str] | None = None, method: str = "GET") -> requests.Response:
        """The answer to a request of a client that asks for nothing by itself; the calendar's without *url*."""
        return requests.request(
            method, url or self.url, headers={"Accept-Encoding": "identity", **(headers or {})}, timeout=60
        )

    def refresh(self) -> None:
        """Let the refresher do what is due now."""
        self.service.refresher.step()

    def renew(self) -> None:
        """Make and serve the next copy at once, due or not."""
        self.service.refresh()
        self.service.reload()

    def pass_in_steps(self, **span: float) -> Iterator[datetime]:
        """Let a *span* of the clock go by, the refresher at work; tells the moment after each of its steps."""
        end = self.clock.now + timedelta(**span)
        while self.clock.now < end:
            steps = iter((False, True))  # one step, and the time until the next

            def wait(seconds: float, steps: Iterator[bool] = steps) -> bool:
                self.clock.pass_by(seconds=seconds)
                return next(steps)

            run_refresher(self.service.refresher, wait)
            yield self.clock.now


def run_refresher(refresher: Refresher, wait: Callable[[float], bool]) -> None:
    """Let *refresher* work until *wait*, which gets the seconds until something is due, says that it is over."""
    while not wait(refresher.find_pause()):
        refresher.step()


def reload_all(accounts: ServedAccounts) -> None:
    """Serve what is on disk now, of all calendars at once: a server looks at a few of them each second."""
    for service in accounts.services:
        service.reload()


@contextlib.contextmanager
def run_feed(
    line: Line,
    *,
    request_timeout: float = REQUEST_TIMEOUT,
    program: str = PROGRAM,
    **settings: Any,
) -> Iterator[RunningFeed]:
    """The feed of *line*'s account, with *settings*; clients have *request_timeout* seconds to send a request.

    *program* is how its user starts the program.
    """
    environ = line.environ | {f"TRAKT_ICAL_{name.upper()}": str(value) for name, value in settings.items()}
    environment = Environment(line.clock, line.clock.sleep, environ, TIMEOUT, program=program)
    with contextlib.ExitStack() as stack:
        apps = stack.enter_context(open_accounts({}, demo=False, environment=environment)).open_all()
        listeners = stack.enter_context(open_listeners([HERE]))
        accounts = stack.enter_context(contextlib.closing(ServedAccounts(apps)))
        accounts.open()
        application = accounts.application
        proxies = apps[0].settings.trusted_proxies
        server = WebServer(application, listeners, lambda: reload_all(accounts), proxies, request_timeout)
        stack.enter_context(mock.patch.object(uvicorn.server, "asyncio", IMPATIENT))
        thread = threading.Thread(target=server.run, name="web")
        thread.start()
        try:
            yield RunningFeed(accounts, ListenAddress(*listeners[0].getsockname()[:2]).url, line.clock)
        finally:
            server.stop()
            thread.join(60)
            application.close()
            assert not thread.is_alive()


@contextlib.contextmanager
def run_demo_process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `trakt-ical --demo` with *arguments* as a process of its own; gives it and the address that it serves at."""
    command = [sys.executable, "-m", "trakt_ical", "--demo", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = (re.search(r"http://\S+\d", line) for line in process.stderr)  # a warning may stand before it
            told = next(filter(None, lines))
            yield process, told[0]
        finally:
            process.kill()
